"""What a model, a submitter or a peer writes is text on every page, in every chart label and in every download."""

import csv
import html
import io
import re
import unicodedata

import pytest

from tests.ui import factory
from tests.ui.hostile import STRINGS
from tests.ui.screen import bodies, page
from ui import charts, words
from ui.runs import load
from ui.safe import csv_text, md, visible
from ui.viewmodel.decision import bid_bars
from ui.viewmodel.run import decision_lines, types_of
from ui.viewmodel.theatre import matrix, mermaid, message_rows, theatre

PAGES = ("run", "decision", "live", "agents", "what-if", "ledger", "submit", "evals")
OURS = re.compile(r"</?(?:style|h1|h2|h3|p|strong|pre|ins|del|mark|ul|li|a|dl|dt|dd|div)\b[^<>]*>")
"""The only tags that a page's own HTML holds."""

FOLDS = len(STRINGS) // 10


def hostile(batch: int) -> factory.Words:
    """Return foreign text that joins ten of the strings, so that ten runs carry all of them."""
    text = " ".join(STRINGS[batch * 10 : batch * 10 + 10])
    return factory.Words(title=_allowed(text), reasoning=text, grounds=text, prompt=text, reply=text)


def _allowed(text: str) -> str:
    """Return as much of a text as a job's name may hold."""
    plain = "".join(c for c in text if c == " " or unicodedata.category(c)[0] not in "CZ")
    return plain[:116] or "x"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    for batch in range(FOLDS + 1):
        said = hostile(batch)
        shown = factory.report(("void", "contested", "repaired", "equivocation"), said, run=f"run-{batch}")
        folder = root / shown.run
        folder.mkdir()
        lenient = shown.model_dump_json(warnings=False).encode("utf-8", "surrogatepass")
        (folder / "run.json").write_bytes(lenient)
        trace = (event.model_dump_json(by_alias=True, warnings=False) + "\n" for event in factory.events(shown, said))
        (folder / "trace.jsonl").write_text("".join(trace), "utf-8")
    return root


def test_there_are_a_hundred_strings():
    assert len(STRINGS) >= 100


@pytest.mark.parametrize("text", STRINGS, ids=range(len(STRINGS)))
def test_a_string_is_text_in_every_form_that_is_shown(text):
    said = factory.Words(title=text, reasoning=text, grounds=text, prompt=text, reply=text)
    report = factory.report(("void", "contested"), said)
    events = factory.events(report, said)
    names, types = words.names_of(report), types_of(report)
    row = report.decisions[0]
    shown = theatre(report.decisions[1], report, events)
    assert text in decision_lines(report)[0].title
    assert matrix(report.decisions[1], report, events).rows[0].cells[0].text.endswith(text)
    assert any(text in line[3] for line in message_rows(shown))
    charts.bids(bid_bars(row, names, types)).to_json()
    assert "evil.example" not in mermaid(shown)
    cells = next(iter(csv.reader(io.StringIO(csv_text(("x",), [(text,)]).split("\r\n", 1)[1]))), [""])
    assert not cells[0].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert not re.search(r"(?<!\\)[*_`\[<$#]", md(text))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("batch", range(FOLDS + 1))
def test_a_page_holds_no_tag_but_its_own(root, name, batch):
    app = page(name, root, run=f"run-{batch}", job="job_001", agent="HPC_RESOURCE_00")
    assert not app.exception
    assert not any("cannot be shown" in body for body in bodies(app))
    for body in bodies(app):
        bare = OURS.sub("", re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL))
        assert "<" not in bare
        assert ">" not in bare


def test_the_whole_text_is_still_there(root):
    report = load(root, "run-0").report
    title = report.decisions[0].job.title
    app = page("decision", root, run="run-0", job="job_001")
    heads = [html.unescape(body) for body in bodies(app) if body.startswith("<h1")]
    assert visible(title) in heads[0]
