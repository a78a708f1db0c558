"""Every exception of every client has a kind; nothing goes by uncaught."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.asking import Kind, ModelFailed
from agents.classify import classify


class Refused(Exception):
    """What the SDKs raise for a status."""

    def __init__(self, status: int, said: str = "", **headers: str) -> None:
        super().__init__(said)
        self.status_code = status
        self.response = httpx.Response(status, headers={"retry-after": headers["after"]} if headers else {})


@given(st.integers(100, 599), st.text(max_size=20))
def test_every_status_has_a_kind(status: int, said: str) -> None:
    assert isinstance(classify(Refused(status, said)), ModelFailed)


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (307, "", Kind.BAD_RESPONSE), (400, "", Kind.REQUEST), (401, "", Kind.AUTH), (403, "", Kind.AUTH),
        (404, "", Kind.GONE), (408, "", Kind.TIMEOUT), (409, "", Kind.SERVER), (410, "", Kind.GONE),
        (422, "", Kind.REQUEST), (429, "", Kind.RATE_LIMIT), (500, "", Kind.SERVER), (503, "", Kind.SERVER),
        (504, "", Kind.SERVER), (504, "Request queue is full", Kind.RATE_LIMIT),
    ],
)  # fmt: skip
def test_a_status_means_what_the_provider_documents(status: int, said: str, kind: Kind) -> None:
    assert classify(Refused(status, said)).kind is kind


def test_a_failure_is_its_own_kind() -> None:
    failure = ModelFailed(Kind.BUDGET, "spent")
    assert classify(failure) is failure


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError("slow"), Kind.TIMEOUT),
        (ConnectionResetError("gone"), Kind.CONNECTION),
        (httpx.ReadTimeout("slow"), Kind.TIMEOUT),
        (httpx.RemoteProtocolError("cut"), Kind.CONNECTION),
        (AttributeError("'str' object has no attribute 'model_dump'"), Kind.BAD_RESPONSE),
        (IndexError("list index out of range"), Kind.BAD_RESPONSE),
        (json.JSONDecodeError("x", "", 0), Kind.BAD_RESPONSE),
        (RuntimeError("anything"), Kind.BAD_RESPONSE),
    ],
)
def test_every_exception_has_a_kind(error: Exception, kind: Kind) -> None:
    assert classify(error).kind is kind


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert classify(Refused(429, after="7")).retry_after_s == 7.0
    assert classify(Refused(429, after="Wed, 21 Oct 2015 07:28:00 GMT")).retry_after_s == 0.0
    assert classify(Refused(429, after="soon")).retry_after_s is None
