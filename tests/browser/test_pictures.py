"""Where things stand: a page's geometry against the recorded one, at two sizes and in both schemes.

QUORATE_RECORD=1 writes what is measured into geometry.json; look at `make pictures` before you commit that.
"""

import json
import os
from pathlib import Path

import pytest

RECORD = Path(__file__).parent / "geometry.json"
SIZES = {"desktop": (1360, 900), "phone": (390, 844)}
PATHS = {"run": "/?run=kinds", "decision": "/decision?run=kinds&job=job_004"}
SELECTORS = {
    "run": ("h1.q-head", ".q-tiles", "[data-testid=stSlider]", "[data-testid=stDataFrame]", ".gantt"),
    "decision": ("h1.q-head", ".votes table", ".theatre .stage svg", "[data-testid=stExpander]"),
}
TOLERANCE_PX = 6
"""A font's hinting moves a line by a pixel or two; a lost card moves everything by more."""


def boxes(view, selectors) -> dict[str, list[int]]:
    found = {}
    for selector in selectors:
        box = view.page.locator(selector).first.bounding_box()
        assert box is not None, selector
        found[selector] = [round(box[side]) for side in ("x", "y", "width", "height")]
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PATHS)
def test_things_stand_where_they_stood_in_both_schemes(open_view, name, size):
    measured = {}
    for scheme in ("light", "dark"):
        view = open_view(scheme, SIZES[size]).go(PATHS[name])
        view.settle(900)
        measured[scheme] = boxes(view, SELECTORS[name])
    assert measured["light"] == measured["dark"]
    known = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    if os.environ.get("QUORATE_RECORD"):
        known[f"{name}-{size}"] = measured["light"]
        RECORD.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
    for selector, box in known[f"{name}-{size}"].items():
        moved = [abs(a - b) for a, b in zip(measured["light"][selector], box, strict=True)]
        assert max(moved) <= TOLERANCE_PX, (selector, measured["light"][selector], box)


def test_the_three_answers_are_seen_without_scrolling(open_view):
    for size in SIZES.values():
        view = open_view("light", size).go("/decision?run=demo&job=job_007")
        last = view.page.get_by_text("Is somebody lying?").locator("xpath=ancestor::*[@data-testid='stHtml'][1]")
        box = last.bounding_box()
        assert box["y"] + box["height"] <= size[1]
