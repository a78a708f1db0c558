// The consensus theatre: lanes, model calls, proposals and votes, and the weight that climbs to two thirds, on one
// time axis. Playback and its position in the address stay in the browser. Foreign text goes in as text nodes only.
const NS = "http://www.w3.org/2000/svg"
const GLYPH = { approve: "✓", finalize: "✓", skip: "✕" }

function svg(name, attrs, ...children) {
  const node = document.createElementNS(NS, name)
  for (const [key, value] of Object.entries(attrs ?? {})) node.setAttribute(key, value)
  for (const child of children) node.append(child)
  return node
}

const span = at => (at < 1000 ? `${Math.round(at)} ms` : `${(at / 1000).toFixed(2)} s`)
const when = (d, at) => (!d.timed ? `#${Math.round(at)}` : at < 0 ? `−${span(-at)}` : span(at))

// Pixels along the time axis: what opened the call, the bids, the rounds. Bidding takes a third; inside a round, place is
// a third time and two thirds order, so that votes of one millisecond can still be told apart.
function layout(d, from, length) {
  const gap = 16, hasBids = d.capsules.length > 0, free = length - gap * d.bands.length
  const weights = d.bands.map(band => (band.deciding ? 3 : 1))
  const sum = weights.reduce((a, b) => a + b, 0) || 1
  const bids = { x: from, w: hasBids ? free * (d.bands.length ? 0.3 : 1) : 0 }
  let x = from
  const bands = d.bands.map((band, i) => {
    if (!band.opening && x <= bids.x) x = bids.x + bids.w
    const w = ((free - bids.w) * weights[i]) / sum, place = { x: band.opening ? x : x + gap, w }
    x = place.x + w + (band.opening ? gap : 0)
    if (band.opening) bids.x = x
    return place
  })
  const bidEnd = Math.max(d.called + 1, ...d.capsules.map(c => c.end))
  const bid = at => bids.x + 6 + (Math.max(0, bids.w - 52) * (Math.min(at, bidEnd) - d.called)) / (bidEnd - d.called)
  const own = d.bands.map((_, i) => d.marks.map((m, k) => [m, k]).filter(([m]) => m.band === i))
  const mark = d.marks.map((m, k) => {
    const band = d.bands[m.band], place = bands[m.band], list = own[m.band]
    const rank = list.findIndex(([, index]) => index === k)
    const order = list.length > 1 ? rank / (list.length - 1) : 0.5
    const time = band.end > band.start ? (m.at - band.start) / (band.end - band.start) : order
    return place.x + 14 + (place.w - 32) * (0.35 * time + 0.65 * order)
  })
  return { bids, bands, bid, mark, bidEnd }
}

function events(d) {
  const list = d.capsules.map((c, k) => ({ at: c.end, capsule: k, text: `${d.lanes[c.lane].short} answers ${c.label}: ${c.text}` }))
  d.marks.forEach((m, k) => list.push({ at: m.at, mark: k, text: m.text }))
  list.sort((a, b) => a.at - b.at || (a.mark ?? -1) - (b.mark ?? -1))
  if (d.decided !== null) list.push({ at: d.decided, done: true, text: `decided: ${d.verdict}` })
  return list
}

function draw(d, width) {
  const phone = width < 620, n = d.lanes.length
  const lane = phone ? Math.max(18, (width - 118) / n) : 36, gutter = phone ? 34 : 96, head = phone ? 52 : 40
  const length = phone ? Math.max(420, 150 + 150 * d.bands.length) : width - gutter - 78
  const L = layout(d, phone ? head : gutter, length)
  const cross = i => (phone ? gutter + 14 + i * lane : head + 18 + i * lane)
  const P = (along, i) => (phone ? [cross(i), along] : [along, cross(i)])
  const far = cross(n - 1) + 18, near = cross(0) - 18
  const curve = phone ? { from: far + 14, size: width - far - 26 } : { from: far + 96, size: -82 }
  const weightAt = w => curve.from + (curve.size * w) / Math.max(d.total, 0.001)
  const height = phone ? head + length + 26 : far + 128
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" })
  root.append(svg("title", {}, document.createTextNode(d.alt)))
  const text = (x, y, words, cls = "", anchor = "start") => root.append(svg("text", { x, y, class: cls, "text-anchor": anchor }, document.createTextNode(words)))
  const line = (a, b, cls) => svg("line", { x1: a[0], y1: a[1], x2: b[0], y2: b[1], class: cls })
  const rect = (a0, a1, c0, c1, cls, r = 6) => phone
    ? svg("rect", { x: c0, y: a0, width: Math.max(0, c1 - c0), height: Math.max(0, a1 - a0), rx: r, class: cls })
    : svg("rect", { x: a0, y: c0, width: Math.max(0, a1 - a0), height: Math.max(0, c1 - c0), rx: r, class: cls })

  d.bands.forEach((band, i) => {
    const place = L.bands[i]
    root.append(rect(place.x, place.x + place.w, near, far, `band${band.deciding ? "" : " early"}`))
    if (phone) {
      root.append(svg("text", { class: "label", transform: `translate(12 ${place.x + place.w / 2}) rotate(-90)`, "text-anchor": "middle" }, document.createTextNode(band.label)))
    } else {
      text(place.x + 4, head - 14, band.label, band.deciding ? "strong" : "label")
      text(place.x, height - 6, when(d, band.start), "tick")
    }
  })
  if (d.capsules.length) {
    if (phone) root.append(svg("text", { class: "label", transform: `translate(12 ${L.bids.x + L.bids.w / 2}) rotate(-90)`, "text-anchor": "middle" }, document.createTextNode("Bids")))
    else { text(L.bids.x, head - 14, "Bids", "strong"); text(L.bids.x, height - 6, when(d, d.called), "tick"); text(L.bid(L.bidEnd), height - 6, when(d, L.bidEnd), "tick", "middle") }
  }
  d.lanes.forEach((one, i) => {
    root.append(line(P(phone ? head : gutter, i), P((phone ? head : gutter) + length, i), "lane"))
    if (phone) { text(cross(i), 14, one.short, "strong", "middle"); text(cross(i), 28, one.weight, "tick", "middle") }
    else { text(0, cross(i) + 4, one.short, "strong"); text(38, cross(i) + 4, one.type, "label") }
  })

  const parts = new Map()
  const put = (key, node) => { root.append(node); parts.set(key, [...(parts.get(key) ?? []), node]); return node }
  d.capsules.forEach((c, k) => {
    const key = `c${k}`, end = P(L.bid(c.end), c.lane)
    put(key, svg("line", { x1: P(L.bid(c.start), c.lane)[0], y1: P(L.bid(c.start), c.lane)[1], x2: end[0], y2: end[1], class: "call" }))
    put(key, svg("circle", { cx: end[0], cy: end[1], r: 5.5, class: `answer ${c.state}` }))
    put(key, svg("text", phone ? { x: end[0], y: end[1] + 18, class: "tick", "text-anchor": "middle" } : { x: end[0] + 10, y: end[1] + 4, class: "tick" }, document.createTextNode(phone && c.state === "none" ? "–" : c.label)))
  })
  d.marks.forEach((m, k) => {
    const key = `m${k}`, at = P(L.mark[k], m.lane), reach = m.kind === "propose" ? 26 : 16
    const path = d.lanes.map((_, i) => i === m.lane ? "" : `M${at}L${P(L.mark[k] + reach, i)}`).join("")
    put(key, svg("path", { d: path, class: `fan ${m.kind}${m.conflict ? " conflict" : ""}` }))
    const small = phone ? 0.85 : 1
    if (m.kind === "propose") {
      put(key, svg("path", { d: `M0-8L8 0L0 8L-8 0Z`, transform: `translate(${at}) scale(${small})`, class: `mark propose${m.conflict ? " conflict" : ""}` }))
      return
    }
    put(key, svg("circle", { cx: at[0], cy: at[1], r: (m.kind === "approve" ? 7 : 9.5) * small, class: `mark ${m.kind}${m.conflict ? " conflict" : ""}` }))
    put(key, svg("text", { x: at[0], y: at[1] + 3.5, class: `glyph ${m.kind}${m.conflict ? " conflict" : ""}`, "text-anchor": "middle" }, document.createTextNode(m.conflict ? "≠" : GLYPH[m.kind])))
  })

  const edge = (phone ? head : gutter) + length
  const C = (along, w) => (phone ? [weightAt(w), along] : [along, weightAt(w)])
  root.append(line(C(phone ? head : gutter, d.needed), C(edge, d.needed), "quorum"))
  if (phone) { text(weightAt(d.needed), 14, "2/3", "strong", "middle"); text(weightAt(d.needed), 28, d.neededText, "tick", "middle") }
  else {
    text(edge + 8, weightAt(d.needed) + 4, "2/3", "strong"); text(edge + 8, weightAt(d.needed) + 18, `of ${d.totalText}`, "tick")
    text(0, weightAt(d.needed) + 4, "finalizing", "label"); text(0, weightAt(d.needed) + 18, "weight", "label")
  }
  d.bands.forEach((band, i) => {
    if (!band.deciding) return
    const place = L.bands[i], end = place.x + place.w
    for (const [name, points] of [["approving", d.approving], ["finalizing", d.finalizing]]) {
      const mine = points.filter(p => p.band === i)
      let path = `M${C(place.x, 0)}`, last = 0
      for (const p of mine) { path += `L${C(L.mark[p.mark], last)}L${C(L.mark[p.mark], p.weight)}`; last = p.weight }
      path += `L${C(end, last)}`
      if (name === "finalizing") root.append(svg("path", { d: `${path}L${C(end, 0)}Z`, class: "area" }))
      root.append(svg("path", { d: path, class: `step ${name}` }))
      if (name === "finalizing" && !(d.crossing !== null && d.marks[d.crossing].band === i) && !phone)
        text(place.x + place.w / 2, weightAt(0) - 6, `${last.toFixed(3)}: no quorum`, "label", "middle")
    }
  })
  if (d.crossing !== null) {
    const at = C(L.mark[d.crossing], d.finalizing.find(p => p.mark === d.crossing)?.weight ?? d.needed)
    const on = C(L.mark[d.crossing], d.needed)
    root.append(svg("circle", { cx: on[0], cy: on[1], r: 4.5, class: "crossing" }))
    if (!phone) text(at[0] - 8, on[1] - 8, `crosses 2/3 at ${when(d, d.marks[d.crossing].at)}`, "strong", "end")
  }
  if (d.decided !== null && d.bands.length) {
    const x = L.bands.at(-1).x + L.bands.at(-1).w
    put("done", phone ? svg("line", { x1: near, y1: x, x2: far, y2: x, class: "commit" }) : svg("line", { x1: x, y1: near, x2: x, y2: far, class: "commit" }))
    if (phone) put("done", svg("text", { x: far, y: x + 16, class: "strong", "text-anchor": "end" }, document.createTextNode(`decided ${d.verdict}`)))
    else { put("done", svg("text", { x: x + 8, y: (near + far) / 2 - 2, class: "label" }, document.createTextNode("decided"))); put("done", svg("text", { x: x + 8, y: (near + far) / 2 + 15, class: "strong" }, document.createTextNode(d.verdict))) }
  }
  const cursor = svg("line", { class: "cursor", visibility: "hidden" })
  root.append(cursor)
  const along = e => (e.done ? L.bands.at(-1).x + L.bands.at(-1).w : e.capsule !== undefined ? L.bid(d.capsules[e.capsule].end) : L.mark[e.mark])
  const show = (list, k) => {
    list.forEach((e, i) => (parts.get(e.done ? "done" : e.capsule !== undefined ? `c${e.capsule}` : `m${e.mark}`) ?? []).forEach(node => {
      node.classList.toggle("later", i > k); node.classList.toggle("now", i === k && k < list.length - 1)
    }))
    const at = k < list.length - 1 && list[k] ? along(list[k]) : null
    cursor.setAttribute("visibility", at === null ? "hidden" : "visible")
    if (at !== null) for (const [key, value] of Object.entries(phone ? { x1: near, x2: far, y1: at, y2: at } : { x1: at, x2: at, y1: near, y2: weightAt(0) })) cursor.setAttribute(key, value)
  }
  return { root, show }
}

// A drawing that leaves the page takes its colours with it.
function save(root, name) {
  const copy = root.cloneNode(true), from = root.querySelectorAll("*"), to = copy.querySelectorAll("*")
  const kept = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "font-size", "font-weight", "font-family"]
  from.forEach((node, i) => { const style = getComputedStyle(node); kept.forEach(key => to[i].setAttribute(key, style.getPropertyValue(key))) })
  copy.setAttribute("xmlns", NS)
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }))
  link.download = `${name.replace(/[^A-Za-z0-9._-]+/g, "_")}.svg`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

export default function (component) {
  const { data: d, parentElement } = component
  const $ = name => parentElement.querySelector(name)
  const stage = $(".stage"), slider = $("input"), play = $(".play"), say = $(".say")
  const list = events(d)
  const memory = (parentElement.memory ??= {})
  clearInterval(memory.timer)
  if (memory.of !== d.key) {
    const asked = Number(new URLSearchParams(window.location.search).get("ev"))
    memory.of = d.key
    memory.k = asked >= 1 && asked <= list.length ? asked - 1 : list.length - 1
  }
  slider.max = Math.max(1, list.length)
  let scene = null
  const go = (k, write = true) => {
    memory.k = Math.min(Math.max(0, k), list.length - 1)
    slider.value = memory.k + 1
    const e = list[memory.k]
    say.textContent = e ? `${memory.k + 1} of ${list.length} · ${when(d, e.at)} · ${e.text}` : "no messages in the trace"
    slider.setAttribute("aria-valuetext", say.textContent)
    scene?.show(list, memory.k)
    if (!write) return
    const url = new URL(window.location.href)
    if (memory.k === list.length - 1) url.searchParams.delete("ev")
    else url.searchParams.set("ev", memory.k + 1)
    window.history.replaceState(window.history.state, "", url)
  }
  const stop = () => { clearInterval(memory.timer); memory.timer = null; play.textContent = "▶ Replay" }
  const render = () => {
    const width = Math.floor(stage.clientWidth)
    if (width < 50 || width === memory.width && stage.firstChild && memory.drawn === d) return
    memory.width = width
    memory.drawn = d
    scene = draw(d, width)
    stage.replaceChildren(scene.root)
    go(memory.k, false)
  }
  stop()
  memory.drawn = null
  render()
  memory.observer?.disconnect()
  memory.observer = new ResizeObserver(render)
  memory.observer.observe(stage)
  slider.oninput = () => { stop(); go(Number(slider.value) - 1) }
  $(".back").onclick = () => { stop(); go(memory.k - 1) }
  $(".next").onclick = () => { stop(); go(memory.k + 1) }
  $(".save").onclick = () => scene && save(scene.root, d.key)
  play.onclick = () => {
    if (memory.timer) return stop()
    if (memory.k >= list.length - 1) go(0)
    play.textContent = "❚❚ Pause"
    memory.timer = setInterval(() => (memory.k >= list.length - 1 ? stop() : go(memory.k + 1)), 240)
  }
  return () => { clearInterval(memory.timer); memory.observer?.disconnect() }
}
