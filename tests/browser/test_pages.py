"""Every page, both schemes: readable, operable, and nobody else is asked for anything."""

import pytest

from tests.browser.conftest import AXE, WALK, View

PAGES = {
    "run": "/?run=demo",
    "run of every kind": "/?run=kinds",
    "decision": "/decision?run=demo&job=job_007",
    "decision by equivocation": "/decision?run=kinds&job=job_004",
    "decision without a quorum": "/decision?run=kinds&job=job_009",
    "decision repaired": "/decision?run=kinds&job=job_007&agent=HPC_RESOURCE_00",
    "live": "/live?run=demo",
    "agents": "/agents?run=demo",
    "what-if": "/what-if?run=demo",
    "two runs": "/what-if?run=kinds&b=demo",
    "prompt lab": "/what-if?run=demo&q=lab",
    "ledger": "/ledger?run=demo",
    "submit": "/submit",
    "evals": "/evals",
    "unknown run": "/?run=nobody",
}
AXE_RUN = """async () => {
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
  const found = await axe.run(document, { runOnly })
  const where = node => `${node.target.join(" ")} ${node.html.slice(0, 120)}`
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(where).join(" | ")}`)
}"""
FOREIGN = ("empty-table-header",)
"""Rules broken inside Streamlit's own data grid, which we cannot change: its canvas twin has an empty header cell."""


def violations(view: View) -> list[str]:
    view.page.add_script_tag(path=str(AXE))
    return [found for found in view.page.evaluate(AXE_RUN) if not found.startswith(FOREIGN)]


def findings(view: View) -> dict[str, list[object]]:
    """Return what is wrong with a page as it stands: contrast, accessibility, requests to elsewhere, errors."""
    contrast = view.page.evaluate(WALK)
    assert contrast["checked"] > 5
    return {"contrast": contrast["failures"], "axe": violations(view), "outside": view.outside, "errors": view.errors}


NOTHING: dict[str, list[object]] = {"contrast": [], "axe": [], "outside": [], "errors": []}
OVERFLOW = (
    "(() => { const m = document.querySelector('[data-testid=stMain]');"
    " return [m.scrollWidth - m.clientWidth, document.documentElement.scrollWidth - innerWidth] })()"
)
SETTLED_MS = 400
"""A chart redraws itself after a change of scheme or size."""


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_is_readable_in_both_schemes_fits_320_pixels_and_asks_nobody(open_view, path):
    view = open_view("light").go(path)
    view.full()
    assert findings(view) == NOTHING, "light"
    view.page.emulate_media(color_scheme="dark")
    view.settle(SETTLED_MS)
    assert findings(view) == NOTHING, "dark"
    view.page.set_viewport_size({"width": 320, "height": 720})
    view.settle(SETTLED_MS)
    assert max(view.page.evaluate(OVERFLOW)) <= 0
    assert (view.outside, view.errors) == ([], [])


@pytest.mark.parametrize("path", [PAGES["run of every kind"], PAGES["decision"]])
def test_a_page_opened_in_a_dark_window_of_320_pixels_is_the_same_to_a_reader(open_view, path):
    view = open_view("dark", (320, 720)).go(path)
    view.full()
    assert max(view.page.evaluate(OVERFLOW)) <= 0
    assert findings(view) == NOTHING


def test_a_request_to_elsewhere_would_be_noticed_and_get_nothing(open_view):
    view = open_view().go(PAGES["unknown run"])
    answer = view.page.evaluate("fetch('http://example.com/x').then(() => 'answered', () => 'nothing')")
    assert (answer, view.outside) == ("nothing", ["http://example.com/x"])
