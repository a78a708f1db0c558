"""Schema quorate.run/1: every field is documented, and a report reads back as it was written."""

import json
import re

from pydantic import BaseModel

from quorate.ledger import report
from quorate.ledger.report import RUN_SCHEMA, RunReport
from tests.conftest import ROOT
from tests.quorate.ledger.test_fold import a_run

GUIDE = (ROOT / "docs/guide/run-json.md").read_text("utf-8")
ROWS = [thing for thing in vars(report).values() if isinstance(thing, type) and issubclass(thing, BaseModel)]
ROWS = [row for row in ROWS if row.__module__ == report.__name__]


def sections():
    """The text under each heading of the guide."""
    parts = re.split(r"^##+ (.+)$", GUIDE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(row):
    text = next(text for title, text in sections().items() if f"`{row.__name__}`" in title)
    return set(re.findall(r"^\| `([a-z_]+)` \|", text, flags=re.MULTILINE))


def test_every_row_has_its_section_and_every_field_its_line():
    for row in ROWS:
        names = {field.serialization_alias or field.alias or name for name, field in row.model_fields.items()}
        assert documented(row) == names, row.__name__


def test_the_guide_names_no_row_that_does_not_exist():
    titles = {name for title in sections() for name in re.findall(r"`(\w+)`", title)}
    assert titles == {row.__name__ for row in ROWS}


def test_a_report_reads_back_as_written():
    made = a_run().report()
    text = made.model_dump_json(by_alias=True)
    assert RunReport.model_validate_json(text) == made
    assert json.loads(text)["schema"] == RUN_SCHEMA == "quorate.run/1"


def test_what_the_project_promises_is_there():
    told = json.loads(a_run().report().model_dump_json(by_alias=True))
    assert {"schema", "seed", "federation", "decisions", "occupancy", "reputation", "summary"} <= set(told)
    assert {"clusters", "totals"} <= set(told["federation"])
    promised = {
        "job", "outcome", "height", "cluster", "reasons", "bids", "votes", "approvals", "members", "weight_approving",
        "weight_total", "rounds", "bids_s", "votes_s",
    }  # fmt: skip
    assert promised <= set(told["decisions"][0])
    assert {"cluster", "score", "reputation", "weighted", "author", "reasoning", "abstained"} <= set(
        told["decisions"][0]["bids"][0]
    )
    assert {"cluster", "approves", "grounds"} <= set(told["decisions"][0]["votes"][0])
    assert {"nodes", "jobs", "background", "free", "gpus", "gpus_jobs", "gpus_background", "gpus_free"} <= set(
        told["occupancy"]["c0"]
    )
