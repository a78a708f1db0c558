// The votes as a table: members by rounds. One tab stop, arrows inside; the reason behind a vote is read out below.
const GLYPH = { approve: "✓", finalize: "✓", skip: "✕", "no vote": "–", equivocated: "≠" }
const KIND = { approve: "Approve", finalize: "Finalize" }

function el(name, cls, text) {
  const node = document.createElement(name)
  if (cls) node.className = cls
  if (text !== undefined) node.textContent = text
  return node
}

function head(d) {
  const rounds = el("tr"), kinds = el("tr")
  for (const [name, cls] of [["Agent", "who"], ["Weight", "weight"]]) {
    const th = el("th", cls, name)
    th.scope = "col"
    th.rowSpan = 2
    rounds.append(th)
  }
  d.columns.forEach((column, i) => {
    if (i % 2 === 0) {
      const th = el("th", "round", column.label)
      th.scope = "colgroup"
      th.colSpan = 2
      rounds.append(th)
    }
    const th = el("th", "kind", KIND[column.kind])
    th.scope = "col"
    kinds.append(th)
  })
  const thead = el("thead")
  thead.append(rounds, kinds)
  return thead
}

function row(d, one) {
  const tr = el("tr"), name = el("th", "who")
  name.scope = "row"
  name.append(el("b", "", one.short), el("span", "type", ` ${one.type}`))
  const weight = el("td", "weight"), track = el("span", "track"), fill = el("span", "fill")
  fill.style.width = `${Math.min(100, one.power * 100)}%`
  track.append(fill)
  weight.append(track, el("span", "number", one.weight))
  tr.append(name, weight)
  one.cells.forEach((cell, i) => {
    const td = el("td"), button = el("button", `cell ${cell.state.replace(" ", "-")}`, GLYPH[cell.state])
    const leads = i % 2 === 0 && one.proposed.includes(d.columns[i].round)
    if (leads) button.prepend(el("span", "lead", "◆"))
    button.type = "button"
    button.tabIndex = -1
    button.setAttribute("aria-label", `${cell.text}${leads ? "; proposer" : ""}`)
    td.append(button)
    tr.append(td)
  })
  return tr
}

function foot(d) {
  const tr = el("tr"), label = el("th", "who")
  label.scope = "row"
  label.colSpan = 2
  label.append(el("span", "", "Agreeing weight"), el("span", "type line", `2/3 of ${d.total.toFixed(3)} = ${d.needed.toFixed(3)}`))
  tr.append(label)
  for (const column of d.columns) {
    const td = el("td"), bar = el("div", `bar${column.quorum ? " enough" : ""}`), fill = el("div", "fill"), mark = el("div", "mark")
    fill.style.width = `${d.total ? Math.min(100, (100 * column.weight) / d.total) : 0}%`
    mark.style.left = `${d.total ? (100 * d.needed) / d.total : 0}%`
    bar.append(fill, mark)
    td.append(bar, el("div", "sum", `${column.weight.toFixed(3)}${column.quorum ? " ✓" : ""}`), el("div", "sum heads", `${column.heads} of ${d.members}`))
    tr.append(td)
  }
  const tfoot = el("tfoot")
  tfoot.append(tr)
  return tfoot
}

export default function (component) {
  const { data: d, parentElement } = component
  const table = parentElement.querySelector("table"), say = parentElement.querySelector(".say")
  const body = el("tbody")
  d.rows.forEach(one => body.append(row(d, one)))
  const caption = el("caption", "", d.caption)
  table.replaceChildren(caption, head(d), body, foot(d))
  say.textContent = "Choose a vote to read the reason behind it."
  const cells = [...body.rows].map(tr => [...tr.querySelectorAll("button")])
  if (!cells.length || !cells[0].length) return
  let at = [0, 0]
  cells[0][0].tabIndex = 0
  const focus = (r, c) => {
    cells[at[0]][at[1]].tabIndex = -1
    at = [Math.min(Math.max(0, r), cells.length - 1), Math.min(Math.max(0, c), cells[0].length - 1)]
    const cell = cells[at[0]][at[1]]
    cell.tabIndex = 0
    cell.focus()
  }
  cells.forEach((line, r) => line.forEach((button, c) => {
    button.onclick = () => { focus(r, c); say.textContent = d.rows[r].cells[c].text }
  }))
  body.onkeydown = event => {
    const [r, c] = at
    const moves = { ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], Home: [r, 0], End: [r, cells[0].length - 1] }
    if (!moves[event.key]) return
    event.preventDefault()
    focus(...moves[event.key])
  }
}
