import re

import pytest

from tests.ui import factory
from ui import components
from ui.components import _columns
from ui.viewmodel.run import bars

NAMES = ("theatre", "votes", "gantt")


@pytest.mark.parametrize("name", NAMES)
def test_foreign_text_enters_a_component_as_text_nodes_only(name):
    source = (components.HERE / f"{name}.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", source)


@pytest.mark.parametrize("name", NAMES)
def test_a_component_asks_nobody_outside(name):
    for ending in ("js", "css", "html"):
        text = (components.HERE / f"{name}.{ending}").read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_component_takes_its_colours_from_the_theme(name):
    css = (components.HERE / f"{name}.css").read_text("utf-8")
    # The one fixed colour is the ink on orange, which is dark in both schemes.
    assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", css)) <= {"#141A21"}


def test_ten_thousand_jobs_travel_in_fourteen_bytes_each():
    frame = _columns(bars(factory.many(10_000)))
    assert len(frame) == 10_000
    assert frame.memory_usage(index=False).sum() == 14 * 10_000
