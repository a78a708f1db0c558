// Jobs over time, coloured by how each was decided: every bar is a button.
const LANE = 26, PAD = 6

function frame(d, body, lanes) {
  const chart = el("div", "chart")
  d.rows.forEach((row, i) => {
    const line = el("div", "row"), name = el("div", "name"), track = el("div", "track")
    name.append(el("b", "", row.short), el("span", "type", ` ${row.type}`))
    track.style.height = `${PAD * 2 + LANE * Math.max(1, lanes[i])}px`
    track.append(el("div", "lane"))
    line.append(name, track)
    chart.append(line)
  })
  const axis = el("div", "axis")
  chart.append(axis)
  body.replaceChildren(chart)
  return { chart, axis, tracks: [...chart.querySelectorAll(".lane")] }
}

function draw(d, body, say, send) {
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
  const moveTo = s => {
    chart.style.setProperty("--at", Math.min(1, s / end))
    order.forEach((bar, i) => buttons[i].classList.toggle("later", bar.start > s))
  }
  fit()
  return { fit, moveTo, starts: d.bars.map(b => b.start), numbers: d.bars.map(b => b.number) }
}
