// The moment on the chart of jobs: played, dragged or typed here, without a byte. The server is told when it comes to
// rest. What the address says stands above what is remembered, so that the slider of the page and this one agree.
const PLAY_MS = 16_000, STEP_MS = 700, REST_MS = 400, LOOK_MS = 250

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

// The words of `moment_words`: minutes are whole here.
function words(minute, starts, newest) {
  const h = Math.floor(minute / 60), rest = minute % 60
  let low = 0, high = starts.length
  while (low < high) { const mid = (low + high) >> 1; starts[mid] <= minute * 60 ? (low = mid + 1) : (high = mid) }
  const time = [h ? `${h.toLocaleString("en")} h` : "", rest || !h ? `${rest} min` : ""].filter(Boolean).join(" ")
  return time + (low ? `, after job ${newest[low - 1]}` : ", before the first job")
}

function moment(d, root, memory, view, tell) {
  const $ = name => root.querySelector(name), button = $(".play"), slider = $(".moment"), when = $(".when")
  const last = d.last, order = view.starts.map((s, i) => [s, view.numbers[i]]).sort((a, b) => a[0] - b[0])
  const starts = order.map(one => one[0]), newest = []
  order.forEach(([, number], i) => newest.push(Math.max(number, newest[i - 1] ?? 0)))
  const stops = [...new Set(starts.map(s => Math.ceil(s / 60))), last].sort((a, b) => a - b)
  const asked = () => { const at = new URLSearchParams(window.location.search).get("at"); return at === null ? d.at : Math.min(last, Math.max(0, Number(at) || 0)) }
  const show = minute => {
    memory.at = minute
    const whole = Math.round(minute)
    slider.value = whole
    view.moveTo(minute * 60)
    const said = words(whole, starts, newest)
    if (when.textContent !== said) { when.textContent = said; slider.setAttribute("aria-valuetext", said) }
  }
  const rest = () => { memory.seen = asked(); memory.at = Math.round(memory.at); show(memory.at); if (memory.at !== memory.told) tell((memory.told = memory.at)) }
  const halt = () => {
    cancelAnimationFrame(memory.frame)
    clearInterval(memory.timer)
    memory.playing = false
    button.textContent = "▶ Play"
  }
  const pause = () => { if (memory.playing) { halt(); rest() } }
  const play = () => {
    if (memory.at >= last) show(0)
    memory.playing = true
    button.textContent = "❚❚ Pause"
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      memory.timer = setInterval(() => { const next = stops.find(s => s > memory.at) ?? last; show(next); if (next >= last) pause() }, STEP_MS)
      return
    }
    const from = memory.at, begun = performance.now()
    const frame = now => {
      show(Math.min(last, from + (last * Math.max(0, now - begun)) / PLAY_MS))
      if (memory.at >= last) pause()
      else memory.frame = requestAnimationFrame(frame)
    }
    memory.frame = requestAnimationFrame(frame)
  }
  const by = minutes => { pause(); show(Math.min(last, Math.max(0, Math.round(memory.at) + minutes))); clearTimeout(memory.resting); memory.resting = setTimeout(rest, REST_MS) }
  const step = Math.max(1, Math.round(last / 100))
  halt()
  root.classList.toggle("still", !d.play)
  if (!d.play) return view.moveTo(d.at * 60)
  slider.max = last
  button.onclick = () => (memory.playing ? pause() : play())
  slider.oninput = () => { halt(); show(Number(slider.value)) }
  slider.onchange = () => { clearTimeout(memory.resting); rest() }
  root.onkeydown = event => {
    const on = event.composedPath()[0]
    if (event.key === " " && (on === slider || on.tagName === "CANVAS")) { event.preventDefault(); button.click() }
    const move = on === slider && { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: 10 * step, PageDown: -10 * step, Home: -last, End: last }[event.key]
    if (move) { event.preventDefault(); by(move) }
  }
  if (memory.of !== d.key) { memory.of = d.key; memory.seen = asked(); memory.at = memory.told = memory.seen }
  clearInterval(memory.look)
  memory.look = setInterval(() => {
    const now = asked()
    if (now === memory.seen) return
    memory.seen = now
    if (!memory.playing) show((memory.told = now))
  }, LOOK_MS)
  show(memory.at)
}

export default function (component) {
  const { data: d, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".gantt"), body = root.querySelector(".body"), say = root.querySelector(".say")
  const memory = (parentElement.memory ??= {})
  say.textContent = d.hint
  const view = draw(d, body, say, setTriggerValue, memory)
  moment(d, root, memory, view, minute => setTriggerValue("at", minute))
  memory.observer?.disconnect()
  memory.observer = new ResizeObserver(() => view.fit())
  memory.observer.observe(body)
  return () => { memory.observer?.disconnect(); clearInterval(memory.look); clearInterval(memory.timer); clearTimeout(memory.resting); cancelAnimationFrame(memory.frame) }
}
