// Two walks over everything that is on the page, shadow roots included: text against what lies under it, and width.
() => {
  const rgba = text => {
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = 1
    const pen = canvas.getContext("2d", { willReadFrequently: true })
    pen.clearRect(0, 0, 1, 1)
    pen.fillStyle = text
    pen.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, under) => {
    const a = top[3] + under[3] * (1 - top[3])
    return a ? [0, 1, 2].map(i => (top[i] * top[3] + under[i] * under[3] * (1 - top[3])) / a).concat(a) : [0, 0, 0, 0]
  }
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) }
  const up = node => node.assignedSlot ?? node.parentElement ?? (node.getRootNode().host || null)
  const seen = node => {
    for (let n = node; n; n = up(n)) {
      const style = getComputedStyle(n)
      if (style.display === "none" || style.visibility === "hidden" || Number(style.opacity) < 0.05) return false
      if (n.getAttribute?.("aria-hidden") === "true" || n.disabled || n.getAttribute?.("aria-disabled") === "true" || n.tagName === "CAPTION") return false
      const box = n.getBoundingClientRect()
      if (box.width <= 1 && box.height <= 1) return false
    }
    return true
  }
  const behind = node => {
    let colour = [0, 0, 0, 0]
    const box = node.getBoundingClientRect(), root = node.getRootNode()
    if (node.namespaceURI?.endsWith("svg")) {
      // What lies under a text in a drawing is a shape, not an ancestor.
      for (const shape of root.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)) {
        if (shape === node || shape.tagName === "text" || shape.tagName === "tspan" || !shape.namespaceURI?.endsWith("svg") || shape.tagName === "svg") continue
        const style = getComputedStyle(shape)
        if (style.fill === "none" || style.fill.startsWith("url")) continue
        const fill = rgba(style.fill)
        fill[3] *= Number(style.fillOpacity) * Number(style.opacity)
        colour = over(colour, fill)
      }
    }
    const x = box.x + box.width / 2, y = box.y + box.height / 2
    for (let n = node; n && colour[3] < 0.999; n = up(n)) {
      // An ancestor that the text hangs out of (a slider's thumb under its value) is not what lies behind it.
      const around = n.getBoundingClientRect()
      if (x < around.left || x > around.right || y < around.top || y > around.bottom) continue
      colour = over(colour, rgba(getComputedStyle(n).backgroundColor))
    }
    return over(colour, rgba(getComputedStyle(document.querySelector(".stApp")).backgroundColor))
  }
  const failures = []
  let checked = 0
  const walk = root => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const node = texts.currentNode, element = node.parentElement
      if (!element || !node.textContent.trim() || ["STYLE", "SCRIPT", "TITLE", "NOSCRIPT"].includes(element.tagName) || element.tagName === "title" || !seen(element)) continue
      const box = element.getBoundingClientRect()
      if (!box.width || !box.height) continue
      const style = getComputedStyle(element), drawn = element.namespaceURI?.endsWith("svg")
      const ground = behind(element)
      let ink = rgba(drawn ? style.fill : style.color)
      for (let n = element; n; n = up(n)) ink[3] *= Number(getComputedStyle(n).opacity)
      ink = over(ink, ground)
      const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      checked += 1
      const found = ratio(ink, ground)
      if (found < (large ? 3 : 4.5) - 0.01) failures.push({ text: node.textContent.trim().slice(0, 40), ratio: Number(found.toFixed(2)), tag: element.tagName, cls: String(element.getAttribute("class")).slice(0, 40), ink: ink.map(Math.round), ground: ground.map(Math.round) })
    }
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) walk(element.shadowRoot)
  }
  walk(document.body)
  return { checked, failures }
}
