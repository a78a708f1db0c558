// More jobs than buttons: a canvas draws them from numbers alone, with wheel, drag and keys to move, and the nodes in
// use hour by hour on top. A number travels as the difference from the one before where that is smaller.
const HOWS = ["unanimous", "contested", "re-voted", "equivocation"]
const TOP = 54, ROW = 64, STRIP = 42, STRIP_BINS = 400

function sums(list) {
  const found = new Float64Array(list.length)
  let sum = 0
  for (let i = 0; i < list.length; i++) found[i] = sum += Number(list[i])
  return found
}

// Nodes in use in each hour (or the least multiple of hours that the strip can show), as a mean over it.
function hourly(start, end, nodes, total) {
  const wide = Math.max(1, Math.ceil(total / STRIP_BINS)), bins = new Float64Array(Math.max(1, Math.ceil(total / wide)))
  for (let i = 0; i < start.length; i++) {
    for (let k = Math.floor(start[i] / wide); k < bins.length && k * wide < end[i]; k++)
      bins[k] += (nodes[i] * (Math.min(end[i], (k + 1) * wide) - Math.max(start[i], k * wide))) / wide
  }
  return { bins, wide }
}

function draw(d, body, say, send, memory) {
  const column = name => d.table.getChild(name).toArray()
  const starts = sums(column("start")), numbers = sums(column("number")), count = starts.length
  const row = column("row"), lane = column("lane"), how = column("how"), nodes = column("nodes")
  const start = starts.map(s => s / 3600), end = column("length").reduce((all, s, i) => { all[i] = start[i] + Number(s) / 3600; return all }, new Float64Array(count))
  const lanes = d.rows.map(() => 1)
  for (let i = 0; i < count; i++) lanes[row[i]] = Math.max(lanes[row[i]], lane[i] + 1)
  const canvas = el("canvas")
  canvas.tabIndex = 0
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", `${count.toLocaleString("en")} jobs over ${hours(d.end)} hours. Arrow keys move, plus and minus zoom, space plays.`)
  body.replaceChildren(canvas)
  const pen = canvas.getContext("2d"), total = d.end / 3600
  const { bins, wide } = hourly(start, end, nodes, total), most = Math.max(d.nodes, ...bins)
  const view = memory.view?.of === d.key ? memory.view : (memory.view = { of: d.key, from: 0, to: total })
  let width = 0, height = 0, at = d.at / 60, queued = false
  const left = () => (width < 520 ? 48 : 112), room = () => width - left() - 8
  const X = h => left() + (room() * (h - view.from)) / (view.to - view.from)
  const over = h => left() + (room() * h) / total
  const soon = () => { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; paint() }) } }
  const fit = () => {
    if (body.clientWidth === width) return
    width = body.clientWidth
    height = TOP + ROW * d.rows.length + 30
    const ratio = window.devicePixelRatio || 1
    canvas.width = width * ratio
    canvas.height = height * ratio
    canvas.style.height = `${height}px`
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    paint()
  }
  const paint = () => {
    const style = getComputedStyle(body), colour = name => style.getPropertyValue(name).trim()
    const fills = ["--st-blue-color", "--st-orange-color", "--st-orange-text-color", "--st-violet-color", "--st-gray-color"].map(colour)
    const text = colour("--st-text-color"), muted = colour("--st-gray-text-color"), panel = colour("--st-secondary-background-color")
    const right = left() + room()
    pen.clearRect(0, 0, width, height)
    pen.font = `13px ${style.fontFamily}`
    pen.textAlign = "left"
    pen.fillStyle = panel
    pen.fillRect(left(), 2, room(), STRIP)
    pen.fillStyle = fills[0]
    bins.forEach((value, k) => pen.fillRect(over(k * wide), 2 + STRIP - (STRIP * value) / most, (room() * wide) / total + 0.4, (STRIP * value) / most))
    pen.strokeStyle = text
    pen.lineWidth = 1.5
    pen.strokeRect(over(view.from), 2, over(view.to) - over(view.from), STRIP)
    pen.fillStyle = muted
    pen.fillText("nodes", 0, 20)
    if (width >= 520) pen.fillText("by the hour", 0, 37)
    d.rows.forEach((one, i) => {
      pen.fillStyle = panel
      pen.fillRect(left(), TOP + i * ROW, room(), ROW - 6)
      pen.fillStyle = text
      pen.fillText(width < 520 ? one.short : `${one.short} ${one.type}`, 0, TOP + i * ROW + ROW / 2)
    })
    for (let hue = 0; hue < fills.length; hue++) {
      pen.fillStyle = fills[hue]
      for (let i = 0; i < count; i++) {
        if (Math.min(how[i], 4) !== hue || end[i] < view.from || start[i] > view.to) continue
        const tall = (ROW - 8) / lanes[row[i]], a = Math.max(left(), X(start[i]))
        pen.globalAlpha = start[i] > at ? 0.3 : 1
        pen.fillRect(a, TOP + 1 + row[i] * ROW + lane[i] * tall, Math.max(0.6, Math.min(right, X(end[i])) - a), Math.max(0.6, tall - (tall > 3 ? 1 : 0)))
      }
    }
    pen.globalAlpha = 1
    pen.fillStyle = muted
    pen.textAlign = "center"
    ticks(view.from, view.to, room()).forEach(t => pen.fillText(`${hours(t * 3600)} h`, Math.min(right - 14, X(t)), height - 12))
    pen.strokeStyle = text
    pen.setLineDash([5, 4])
    pen.beginPath()
    pen.moveTo(over(at), 0)
    pen.lineTo(over(at), STRIP + 4)
    if (at >= view.from && at <= view.to) { pen.moveTo(X(at), STRIP + 6); pen.lineTo(X(at), height - 30) }
    pen.stroke()
    pen.setLineDash([])
  }
  const show = (from, span) => { view.from = Math.max(0, Math.min(total - span, from)); view.to = view.from + span; soon() }
  const zoom = (factor, centre) => {
    const span = Math.min(total, Math.max(total / 5000, (view.to - view.from) * factor))
    show(centre - (span * (centre - view.from)) / (view.to - view.from), span)
  }
  const pan = by => show(view.from + by, view.to - view.from)
  const hour = x => view.from + ((x - left()) / room()) * (view.to - view.from)
  const find = (x, y) => {
    const h = hour(x), r = Math.floor((y - TOP - 1) / ROW), tall = (ROW - 8) / (lanes[r] ?? 1), l = Math.floor((y - TOP - 1 - r * ROW) / tall)
    for (let i = 0; i < count; i++) if (row[i] === r && lane[i] === l && start[i] <= h && h <= end[i]) return i
    return -1
  }
  const centre = x => { const span = view.to - view.from; show(((x - left()) / room()) * total - span / 2, span) }
  canvas.onwheel = event => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.25 : 0.8, hour(event.offsetX)) }
  let drag = null
  canvas.onpointerdown = event => {
    drag = { x: event.clientX, moved: false, strip: event.offsetY <= STRIP + 4 }
    if (drag.strip) centre(event.offsetX)
    canvas.setPointerCapture(event.pointerId)
  }
  canvas.onpointermove = event => {
    if (!drag) { const i = find(event.offsetX, event.offsetY); say.textContent = i < 0 ? d.hint : `Job ${numbers[i]}: ${d.rows[row[i]].short}, ${nodes[i]} nodes, ${clock(starts[i])} to ${clock(end[i] * 3600)}, ${HOWS[how[i]] ?? "other"}`; return }
    if (drag.strip) return centre(event.offsetX)
    if (Math.abs(event.clientX - drag.x) > 3) { drag.moved = true; pan((-(event.clientX - drag.x) / room()) * (view.to - view.from)); drag.x = event.clientX }
  }
  canvas.onpointerup = event => { const i = !drag || drag.moved || drag.strip ? -1 : find(event.offsetX, event.offsetY); drag = null; if (i >= 0) send("open_index", i) }
  canvas.onpointercancel = () => { drag = null }
  canvas.onkeydown = event => {
    const span = view.to - view.from, middle = (view.from + view.to) / 2
    const act = { ArrowRight: () => pan(span / 8), ArrowLeft: () => pan(-span / 8), "+": () => zoom(0.8, middle), "=": () => zoom(0.8, middle), "-": () => zoom(1.25, middle), Home: () => pan(-total), End: () => pan(total) }[event.key]
    if (act) { event.preventDefault(); act() }
  }
  fit()
  return { fit, starts: [...starts], numbers, moveTo: s => { if (at !== s / 3600) { at = s / 3600; soon() } } }
}
