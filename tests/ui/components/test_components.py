import re
import shutil
import subprocess
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui import factory
from ui import components
from ui.components import _columns, _differences, _narrow, _squeezed, _text, minutes_shown
from ui.viewmodel.run import bars

NAMES = ("theatre", "votes", "gantt")
SCRIPTS = sorted(path.stem for path in components.HERE.glob("*.js"))


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40))
def test_numbers_keep_their_value_in_the_narrowest_type(numbers):
    assert [int(n) for n in _narrow(numbers)] == numbers


@given(st.lists(st.integers(0, 2**31 - 1), max_size=40))
def test_differences_add_up_to_the_numbers(numbers):
    assert list(accumulate(_differences(numbers))) == numbers


@pytest.mark.parametrize("name", SCRIPTS)
def test_foreign_text_enters_a_component_as_text_nodes_only(name):
    source = (components.HERE / f"{name}.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", source)


def test_a_component_asks_nobody_outside():
    for path in [path for ending in ("js", "css", "html") for path in components.HERE.glob(f"*.{ending}")]:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_component_takes_its_colours_from_the_theme(name):
    css = (components.HERE / f"{name}.css").read_text("utf-8")
    # The one fixed colour is the ink on orange, which is dark in both schemes.
    assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", css)) <= {"#141A21"}


def test_ten_thousand_jobs_travel_in_at_most_fourteen_bytes_each():
    placed = bars(factory.many(10_000))
    frame = _columns(placed)
    assert len(frame) == 10_000
    assert frame.memory_usage(index=False).sum() <= 14 * 10_000
    starts = np.cumsum(frame["start"].astype("int64"))
    assert list(starts) == [bar.start_s for bar in placed]
    assert list(starts + frame["length"]) == [bar.end_s for bar in placed]
    assert list(np.cumsum(frame["number"].astype("int64"))) == [bar.number for bar in placed]


def test_an_axis_has_at_least_one_minute_and_ends_after_the_last_second():
    assert [minutes_shown(end) for end in (0, 1, 60, 61, 31_080)] == [1, 1, 1, 2, 518]


def test_a_script_keeps_its_texts_and_its_line_ends():
    assert _squeezed("a = b ? { c: [1, 2] } : d - -e") == "a=b?{c:[1,2]}:d - -e"
    assert "`${bar.number} · ${bar.title}`" in _text("gantt.js")
    assert _text("gantt.js").count("\n") > 50


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_as_it_travels_is_a_script(name, tmp_path):
    if shutil.which("node") is None:
        pytest.skip("no Node.js here to read a script with")
    script = tmp_path / f"{name}.mjs"
    script.write_text(_text(f"{name}.js"), "utf-8")
    subprocess.run(["node", "--check", str(script)], check=True)
