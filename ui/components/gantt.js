// Jobs over time, coloured by how each was decided. Up to 2,000 jobs every bar is a button; above that a canvas draws
// them from numbers alone, with wheel and drag to zoom and an overview of running nodes on top.
const HOWS = ["unanimous", "contested", "re-voted", "equivocation"]
const LANE = 26, PAD = 6

function el(name, cls, text) {
  const node = document.createElement(name)
  if (cls) node.className = cls
  if (text !== undefined) node.textContent = text
  return node
}

const hours = s => (s / 3600).toFixed(s % 3600 ? 1 : 0)
const clock = s => `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`

function ticks(from, to, room) {
  const span = Math.max(1e-6, to - from), wanted = Math.max(2, Math.floor(room / 70))
  const step = [1 / 60, 1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 4, 6, 12, 24, 48, 96, 168, 336, 720, 1440].find(s => span / s <= wanted) ?? span / wanted
  const list = []
  for (let t = Math.ceil(from / step) * step; t <= to + 1e-9; t += step) list.push(t)
  return list
}

function frame(d, body, lanes) {
  const chart = el("div", "chart")
  d.rows.forEach((row, i) => {
    const line = el("div", "row"), name = el("div", "name")
    name.append(el("b", "", row.short), el("span", "type", ` ${row.type}`))
    const track = el("div", "track")
    track.style.height = `${PAD * 2 + LANE * Math.max(1, lanes[i])}px`
    line.append(name, track)
    chart.append(line)
  })
  const axis = el("div", "axis")
  chart.append(axis)
  body.replaceChildren(chart)
  return { chart, axis, tracks: [...chart.querySelectorAll(".track")] }
}

function small(d, body, say, send) {
  const lanes = d.rows.map((_, i) => 1 + Math.max(-1, ...[...d.bars, ...d.ghosts].filter(b => b.row === i).map(b => b.lane)))
  const { chart, axis, tracks } = frame(d, body, lanes)
  const end = Math.max(1, d.end)
  const place = (node, bar) => {
    node.style.left = `${(100 * bar.start) / end}%`
    node.style.width = `max(4px, ${(100 * (bar.end - bar.start)) / end}%)`
    node.style.top = `${PAD + bar.lane * LANE}px`
  }
  d.ghosts.forEach(bar => { const node = el("div", "ghost"); place(node, bar); tracks[bar.row]?.append(node) })
  const order = [...d.bars].sort((a, b) => a.row - b.row || a.start - b.start)
  const buttons = order.map((bar, i) => {
    const button = el("button", `bar ${bar.how.replace(" ", "-")}${bar.ended ? "" : " open"}`)
    place(button, bar)
    button.type = "button"
    button.tabIndex = i ? -1 : 0
    bar.full = `${bar.number} · ${bar.title}`
    bar.said = `Job ${bar.number}, ${bar.title}: ${d.rows[bar.row].short}, ${bar.nodes} nodes, ${clock(bar.start)} to ${clock(bar.end)}${bar.ended ? "" : " at the latest"}, ${bar.how}`
    button.setAttribute("aria-label", bar.said)
    button.onclick = () => send("open", bar.job)
    button.onfocus = button.onmouseenter = () => { say.textContent = bar.said }
    tracks[bar.row].append(button)
    return button
  })
  chart.onkeydown = event => {
    const at = buttons.indexOf(event.target), row = order[at]?.row
    if (at < 0) return
    const down = order.findIndex(b => b.row > row), ups = order.filter(b => b.row < row), up = ups.length ? order.findIndex(b => b.row === ups.at(-1).row) : -1
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: down < 0 ? at : down, ArrowUp: up < 0 ? at : up, Home: 0, End: buttons.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = buttons[Math.min(Math.max(0, to), buttons.length - 1)]
    buttons[at].tabIndex = -1
    next.tabIndex = 0
    next.focus()
  }
  const pen = document.createElement("canvas").getContext("2d")
  const moveTo = s => tracks.forEach(track => { track.style.setProperty("--at", `${(100 * s) / end}%`) })
  const fit = () => {
    const room = tracks[0]?.clientWidth ?? 0
    if (!room) return
    pen.font = `600 13px ${getComputedStyle(chart).fontFamily}`
    order.forEach((bar, i) => {
      const width = (room * (bar.end - bar.start)) / end - 16
      const label = pen.measureText(bar.full).width <= width ? bar.full : pen.measureText(String(bar.number)).width <= width ? String(bar.number) : ""
      if (buttons[i].textContent !== label) buttons[i].textContent = label
    })
    axis.replaceChildren(...ticks(0, end / 3600, room).map(t => { const tick = el("span", "tick", hours(t * 3600)); tick.style.left = `${(100 * t * 3600) / end}%`; return tick }), el("span", "unit", "hours since the first job"))
  }
  moveTo(d.at)
  fit()
  return { fit, moveTo }
}

function large(d, body, say, send) {
  const columns = ["start", "end", "row", "lane", "how", "nodes"].map(name => d.table.getChild(name).toArray())
  const [start, end, row, lane, how, nodes] = columns, count = start.length
  const lanes = d.rows.map(() => 1)
  for (let i = 0; i < count; i++) lanes[row[i]] = Math.max(lanes[row[i]], lane[i] + 1)
  const canvas = el("canvas", "large")
  canvas.tabIndex = 0
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", `${count.toLocaleString("en")} jobs over ${hours(d.end)} hours. Arrow keys move, plus and minus zoom.`)
  body.replaceChildren(canvas)
  const pen = canvas.getContext("2d"), total = d.end / 3600
  let from = 0, to = total, width = 0, height = 0
  const left = () => (width < 520 ? 40 : 96), band = () => (height - 92) / d.rows.length
  const colour = name => getComputedStyle(body).getPropertyValue(name).trim()
  const X = h => left() + ((width - left() - 8) * (h - from)) / (to - from)
  const overview = () => {
    const bins = new Float32Array(200)
    for (let i = 0; i < count; i++) {
      const a = Math.max(0, Math.floor((start[i] / total) * 200)), b = Math.min(199, Math.floor((end[i] / total) * 200))
      for (let k = a; k <= b; k++) bins[k] += nodes[i]
    }
    return bins
  }
  const bins = overview(), most = Math.max(1, ...bins)
  const fit = () => {
    width = body.clientWidth
    height = 92 + 64 * d.rows.length
    const ratio = window.devicePixelRatio || 1
    canvas.width = width * ratio
    canvas.height = height * ratio
    canvas.style.height = `${height}px`
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    paint()
  }
  const paint = () => {
    const fills = ["--st-blue-color", "--st-orange-color", "--st-orange-text-color", "--st-violet-color", "--st-gray-color"].map(colour)
    const text = colour("--st-text-color"), muted = colour("--st-gray-text-color"), panel = colour("--st-secondary-background-color")
    pen.clearRect(0, 0, width, height)
    pen.font = `13px ${getComputedStyle(body).fontFamily}`
    pen.fillStyle = fills[0]
    bins.forEach((value, k) => pen.fillRect(left() + ((width - left() - 8) * k) / 200, 40 - (36 * value) / most, (width - left() - 8) / 200 + 0.5, (36 * value) / most))
    pen.strokeStyle = text
    pen.strokeRect(left() + ((width - left() - 8) * from) / total, 2, ((width - left() - 8) * (to - from)) / total, 40)
    d.rows.forEach((one, i) => {
      pen.fillStyle = panel
      pen.fillRect(left(), 52 + i * band(), width - left() - 8, band() - 6)
      pen.fillStyle = text
      pen.fillText(width < 520 ? one.short : `${one.short} ${one.type}`, 0, 52 + i * band() + band() / 2)
    })
    for (let i = 0; i < count; i++) {
      if (end[i] < from || start[i] > to) continue
      const tall = (band() - 8) / lanes[row[i]], a = Math.max(left(), X(start[i]))
      pen.fillStyle = fills[how[i]] ?? fills[4]
      pen.fillRect(a, 53 + row[i] * band() + lane[i] * tall, Math.max(0.6, Math.min(width - 8, X(end[i])) - a), Math.max(0.6, tall - (tall > 3 ? 1 : 0)))
    }
    pen.fillStyle = muted
    ticks(from, to, width - left()).forEach(t => pen.fillText(`${hours(t * 3600)} h`, X(t), height - 14))
    if (d.at / 3600 >= from && d.at / 3600 <= to) { pen.fillStyle = text; pen.fillRect(X(d.at / 3600), 52, 1, height - 88) }
  }
  const zoom = (factor, centre) => {
    const span = Math.min(total, Math.max(total / 5000, (to - from) * factor)), share = (centre - from) / (to - from)
    from = Math.max(0, Math.min(total - span, centre - span * share))
    to = from + span
    requestAnimationFrame(paint)
  }
  const pan = by => { const span = to - from; from = Math.max(0, Math.min(total - span, from + by)); to = from + span; requestAnimationFrame(paint) }
  const hour = x => from + ((x - left()) / (width - left() - 8)) * (to - from)
  const find = event => {
    const box = canvas.getBoundingClientRect(), h = hour(event.clientX - box.left), y = event.clientY - box.top - 53, r = Math.floor(y / band())
    const tall = (band() - 8) / (lanes[r] ?? 1), l = Math.floor((y - r * band()) / tall)
    for (let i = 0; i < count; i++) if (row[i] === r && lane[i] === l && start[i] <= h && h <= end[i]) return i
    return -1
  }
  canvas.onwheel = event => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.25 : 0.8, hour(event.offsetX)) }
  let drag = null
  canvas.onpointerdown = event => { drag = { x: event.clientX, moved: false }; canvas.setPointerCapture(event.pointerId) }
  canvas.onpointermove = event => {
    if (!drag) { const i = find(event); say.textContent = i < 0 ? d.hint : `Job ${i + 1}: ${d.rows[row[i]].short}, ${nodes[i]} nodes, ${clock(start[i] * 3600)} to ${clock(end[i] * 3600)}, ${HOWS[how[i]] ?? "other"}`; return }
    if (Math.abs(event.clientX - drag.x) > 3) { drag.moved = true; pan((-(event.clientX - drag.x) / (width - left() - 8)) * (to - from)); drag.x = event.clientX }
  }
  canvas.onpointerup = event => { const i = drag?.moved ? -1 : find(event); drag = null; if (i >= 0) send("open_index", i) }
  canvas.onkeydown = event => {
    const act = { ArrowRight: () => pan((to - from) / 8), ArrowLeft: () => pan((from - to) / 8), "+": () => zoom(0.8, (from + to) / 2), "-": () => zoom(1.25, (from + to) / 2), Home: () => pan(-total), End: () => pan(total) }[event.key]
    if (act) { event.preventDefault(); act() }
  }
  fit()
  return { fit, moveTo: () => {} }
}

export default function (component) {
  const { data: d, parentElement, setTriggerValue } = component
  const body = parentElement.querySelector(".body"), say = parentElement.querySelector(".say")
  const memory = (parentElement.memory ??= {})
  const send = (name, value) => setTriggerValue(name, value)
  say.textContent = d.hint
  const view = d.table ? large(d, body, say, send) : small(d, body, say, send)
  memory.observer?.disconnect()
  memory.observer = new ResizeObserver(() => view.fit())
  memory.observer.observe(body)
  return () => memory.observer?.disconnect()
}
