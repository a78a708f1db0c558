"""A job is what its submitter typed, and nothing in it can drive a terminal or hide."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quorate.domain.jobs import WALLTIME_S_MAX, Attribute, Job
from tests.quorate.ledger.build import job

TEXTS = st.text(max_size=80)
HIDDEN = {*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF}


@given(TEXTS)
def test_text_is_kept_to_the_letter_or_refused(text):
    try:
        kept = job(description=text).description
    except ValidationError:
        assert any(
            unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"} or ord(c) in HIDDEN for c in text
        )
    else:
        assert kept == text


@pytest.mark.parametrize(
    "bad", ["\x00", "\x1b[2J", "\x7f", "\x9b", "\u202e", "\u200b", "\ufeff", "\u2028", "\x85", "\u2066"]
)
@pytest.mark.parametrize("field", ["name", "application", "description", "submitter"])
def test_what_could_drive_a_terminal_is_refused(field, bad):
    with pytest.raises(ValidationError, match="not allowed"):
        job(**{field: f"a{bad}b"})
    with pytest.raises(ValidationError, match="not allowed"):
        Attribute(name="a", value=bad)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nodes", 0), ("nodes", -1), ("nodes", 1_000_001), ("gpus_per_node", -1), ("gpus_per_node", 1_001),
        ("memory_gib_per_node", -1), ("memory_gib_per_node", 1_000_001), ("walltime_s", 0),
        ("walltime_s", WALLTIME_S_MAX + 1), ("type", "quantum"), ("submitter_key", "ab"), ("submitter_key", "A" * 64),
        ("submitted_at_s", -1), ("id", "a b"), ("id", "x" * 65), ("id", ""),
    ],
)  # fmt: skip
def test_a_figure_outside_its_bounds_is_refused(field, value):
    with pytest.raises(ValidationError):
        Job.model_validate({"id": "j", "nodes": 1, "walltime_s": 1, field: value})


def test_the_title_is_the_name_or_the_id():
    assert (job("j1").title, job("j1", name="Climate").title) == ("j1", "Climate")
