"""Kinds of failure and the codes that they become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.asking import CODES, REPAIRABLE, RETRYABLE, Kind, ModelFailed, plain, problem
from quorate.domain.bidding import AbstentionCode


def test_every_kind_becomes_an_abstention_that_the_library_knows() -> None:
    known = {value for name, value in vars(AbstentionCode).items() if name.isupper() and isinstance(value, str)}
    assert set(CODES) == set(Kind)
    assert set(CODES.values()) <= known


def test_no_failure_is_both_retried_and_repaired() -> None:
    assert not RETRYABLE & REPAIRABLE


@given(st.text(max_size=200), st.integers(1, 50))
def test_plain_text_is_short_and_cannot_drive_a_terminal(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most
    assert "\n" not in shown
    assert "\x1b" not in shown
    shown.encode()


@pytest.mark.parametrize(
    ("text", "finish", "refused", "kind"),
    [
        ("x", "stop", None, None),
        ("x", "tool_calls", None, None),
        ("x", "length", None, Kind.TRUNCATED),
        ("x", None, None, Kind.BAD_RESPONSE),
        ("x", "strange", None, Kind.BAD_RESPONSE),
        (" \n", "stop", None, Kind.EMPTY),
        ("x", "content_filter", None, Kind.REFUSAL),
        ("x", "stop", "I will not", Kind.REFUSAL),
    ],
)
def test_a_reply_counts_only_if_it_is_whole(
    text: str, finish: str | None, refused: str | None, kind: Kind | None
) -> None:
    found = problem(text, finish, refused)
    assert (found and found[0]) == kind


def test_a_failure_is_a_sentence() -> None:
    assert str(ModelFailed(Kind.TIMEOUT, "no answer within 20 s")) == "timeout: no answer within 20 s"
