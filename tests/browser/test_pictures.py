"""How pages look: where things stand, and each pixel, against what was recorded at two sizes and in both schemes.

Geometry gates everywhere. Pixels gate where browser, fonts and Streamlit have the recorded versions; elsewhere the test
skips and says which differs. QUORATE_RECORD=1 writes what is seen into geometry.json and references/; look at the
pictures before you commit that.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import streamlit
from PIL import Image

from scripts.pictures import reduced
from tests.browser.conftest import opening

HERE = Path(__file__).parent
GEOMETRY = HERE / "geometry.json"
REFERENCES = HERE / "references"
VERSIONS = REFERENCES / "versions.json"
RECORD = bool(os.environ.get("QUORATE_RECORD"))
SIZES = {"desktop": (1360, 900), "phone": (390, 844)}
PATHS = {
    "run": "/?run=kinds",
    "decision": "/decision?run=kinds&job=job_004",
    "agents": "/agents?run=kinds",
    "live": "/live",
}
SELECTORS = {
    "run": ("h1.q-head", ".q-tiles", "[data-testid=stSlider]", "[data-testid=stDataFrame]", ".gantt"),
    "decision": ("h1.q-head", ".votes table", ".theatre .stage svg", "[data-testid=stExpander]"),
    "agents": ("h1.q-head", "[data-testid=stVegaLiteChart]", "[data-testid=stDataFrame]"),
    "live": ("h1.q-head", "[data-testid=stButton]"),
}
TOLERANCE_PX = 6
"""A font's hinting moves a line by a pixel or two; a lost card moves everything by more."""
COLOURS = 48
"""A reference keeps so many; what is compared is brought to the same ones first."""
APART = 24
"""Two pixels are alike where no channel differs by more, of 255."""
STRANGE = 80
"""A pixel further than this from every colour of the reference has a colour that was not there."""
SHARE_MAX = 0.005


@dataclass(frozen=True)
class Seen:
    """One page at one size in one scheme."""

    boxes: dict[str, list[int]]
    picture: Image.Image


def boxes(view, selectors) -> dict[str, list[int]]:
    found = {}
    for selector in selectors:
        box = view.page.locator(selector).first.bounding_box()
        assert box is not None, selector
        found[selector] = [round(box[side]) for side in ("x", "y", "width", "height")]
    return found


def look(view, name) -> Seen:
    view.settle(700)
    taken = view.page.screenshot(animations="disabled", caret="hide")
    return Seen(boxes(view, SELECTORS[name]), Image.open(io.BytesIO(taken)).convert("RGB"))


@pytest.fixture(scope="module")
def seen(contexts, base) -> dict[str, Seen]:
    """Every page of these once at each size, in light and then in dark."""
    found = {}
    for name, path in PATHS.items():
        for size, window in SIZES.items():
            with opening(contexts, base) as opened:
                view = opened("light", window).go(path)
                boxes_before = boxes(view, SELECTORS[name])
                view.full()
                for scheme in ("light", "dark"):
                    view.page.emulate_media(color_scheme=scheme)
                    found[f"{name}-{size}-{scheme}"] = look(view, name)
                assert boxes_before.keys() == found[f"{name}-{size}-light"].boxes.keys()
    if RECORD:
        record(found)
    return found


def record(found: dict[str, Seen]) -> None:
    REFERENCES.mkdir(exist_ok=True)
    for key, one in found.items():
        reduced(one.picture, COLOURS).save(REFERENCES / f"{key}.png", optimize=True)
    known = {key.removesuffix("-light"): one.boxes for key, one in found.items() if key.endswith("-light")}
    GEOMETRY.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def versions(contexts) -> dict[str, str]:
    """Return what decides how a pixel comes out."""
    listed = ""
    if shutil.which("fc-list"):
        command = ["fc-list", "--format", "%{family} %{style} %{fontversion}\n"]
        listed = "".join(
            sorted(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())
        )
    fonts = hashlib.blake2b(listed.encode(), digest_size=8).hexdigest()
    return {"chromium": contexts.browser.version, "fonts": fonts, "streamlit": streamlit.__version__}


def share_apart(new: Image.Image, reference: Image.Image) -> float:
    """Return the share of pixels that differ, 1 where the sizes do."""
    if new.size != reference.size:
        return 1.0
    brought = new.quantize(palette=reference, dither=Image.Dither.NONE).convert("RGB")
    exact, ours, theirs = (np.asarray(image, dtype=np.int16) for image in (new, brought, reference.convert("RGB")))
    moved = np.abs(ours - theirs).max(axis=2) > APART
    strange = np.abs(exact - ours).max(axis=2) > STRANGE
    return float((moved | strange).mean())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PATHS)
def test_things_stand_where_they_stood_in_both_schemes(seen, name, size):
    light, dark = (seen[f"{name}-{size}-{scheme}"].boxes for scheme in ("light", "dark"))
    assert light == dark
    for selector, box in json.loads(GEOMETRY.read_text("utf-8"))[f"{name}-{size}"].items():
        moved = [abs(a - b) for a, b in zip(light[selector], box, strict=True)]
        assert max(moved) <= TOLERANCE_PX, (selector, light[selector], box)


def test_every_picture_is_the_recorded_one_to_half_a_percent(seen, contexts):
    now = versions(contexts)
    if RECORD:
        VERSIONS.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", "utf-8")
    known = json.loads(VERSIONS.read_text("utf-8"))
    different = {part: (known[part], now[part]) for part in known if known[part] != now.get(part)}
    if different:
        pytest.skip(f"PIXELS NOT COMPARED, only geometry was: recorded with other versions (then, now): {different}")
    apart = {key: share_apart(one.picture, Image.open(REFERENCES / f"{key}.png")) for key, one in seen.items()}
    assert {key: round(share, 4) for key, share in apart.items() if share > SHARE_MAX} == {}


def test_a_picture_with_another_card_would_be_noticed():
    blue, white = (37, 89, 175), Image.new("RGB", (200, 100), "white")
    card, other = white.copy(), white.copy()
    card.paste(blue, (0, 0, 20, 10))
    other.paste(blue, (100, 50, 200, 100))
    assert share_apart(card, reduced(card, COLOURS)) == 0
    assert share_apart(card, reduced(white, COLOURS)) == 0.01 > SHARE_MAX
    assert share_apart(card, reduced(other, COLOURS)) > SHARE_MAX
    assert share_apart(Image.new("RGB", (200, 101), "white"), reduced(white, COLOURS)) == 1.0


def test_the_three_answers_are_seen_without_scrolling(open_view):
    for size in SIZES.values():
        view = open_view("light", size).go("/decision?run=demo&job=job_007")
        last = view.page.get_by_text("Is somebody lying?").locator("xpath=ancestor::*[@data-testid='stHtml'][1]")
        box = last.bounding_box()
        assert box["y"] + box["height"] <= size[1]
