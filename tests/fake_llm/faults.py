"""The faults that a provider, a network or a model can show, by name; `name:argument` gives seconds or a size.

`once` says what one occurrence must come to, `always` what a persistent one must: the abstention's code.
"""

from dataclasses import dataclass
from typing import Literal

from tests.fake_llm.dialect import GOOD_BID

Layer = Literal["http", "wire", "body", "model"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the matrix."""

    name: str
    """As asked for: `429:0.05`."""
    layer: Layer
    """Where it happens: a status, the connection, the response body, or the model's own text."""
    always: str
    """The abstention code if it never stops; `bid` if it harms nothing; `or` where the two clients may differ."""
    once: Literal["bid", "abstention"]
    """What must come of it if it happens one time only."""
    streamed: str | None = None
    """The code if it never stops and the answer is streamed, where that differs."""


FAULTS: tuple[Fault, ...] = (
    Fault("400", "http", "provider_refused", "abstention"),
    Fault("context", "http", "provider_refused", "abstention"),
    Fault("401", "http", "provider_refused", "abstention"),
    Fault("403", "http", "provider_refused", "abstention"),
    Fault("404", "http", "model_gone", "abstention"),
    Fault("410", "http", "model_gone", "abstention"),
    Fault("408", "http", "provider_unreachable", "bid"),
    Fault("429", "http", "rate_limited", "bid"),
    Fault("429:0.05", "http", "rate_limited", "bid"),
    Fault("429queue:0.05", "http", "rate_limited", "bid"),
    Fault("500", "http", "provider_unreachable", "bid"),
    Fault("502html", "http", "provider_unreachable", "bid"),
    Fault("503", "http", "provider_unreachable", "bid"),
    Fault("504", "http", "provider_unreachable", "bid"),
    Fault("504queue", "http", "rate_limited", "bid"),
    Fault("redirect", "http", "provider_unreachable", "bid"),
    Fault("hang", "wire", "provider_unreachable", "bid"),
    Fault("reset", "wire", "provider_unreachable", "bid"),
    Fault("cut", "wire", "provider_unreachable", "bid"),
    Fault("slow:0.05", "wire", "bid", "bid"),
    Fault("html", "body", "provider_unreachable", "bid"),
    Fault("contenttype", "body", "bid or provider_unreachable", "bid"),
    Fault("brokenjson", "body", "provider_unreachable", "bid"),
    Fault("error200", "body", "provider_unreachable", "bid"),
    Fault("nochoices", "body", "provider_unreachable", "bid"),
    Fault("stream_cut", "body", "bid", "bid", streamed="provider_unreachable"),
    Fault("stream_error", "body", "bid", "bid", streamed="provider_unreachable"),
    Fault("nousage", "body", "bid", "bid"),
    Fault("nofinish", "body", "provider_unreachable", "bid"),
    Fault("length", "model", "reply_truncated", "bid"),
    Fault("length_whole", "model", "reply_truncated", "bid"),
    Fault("filter", "model", "provider_refused", "bid"),
    Fault("partial", "model", "reply_unreadable", "bid"),
    Fault("malformed", "model", "reply_unreadable", "bid"),
    Fault("fenced", "model", "bid", "bid"),
    Fault("fenced_prose", "model", "reply_unreadable", "bid"),
    Fault("think", "model", "bid", "bid"),
    Fault("think_open", "model", "reply_unreadable", "bid"),
    Fault("prose", "model", "reply_unreadable", "bid"),
    Fault("refusal", "model", "reply_unreadable", "bid"),
    Fault("empty", "model", "reply_empty", "bid"),
    Fault("null", "model", "reply_empty", "bid"),
    Fault("dupkeys", "model", "reply_unreadable", "bid"),
    Fault("extrakeys", "model", "reply_unreadable", "bid"),
    Fault("missing", "model", "reply_unreadable", "bid"),
    Fault("wrongtype", "model", "reply_unreadable", "bid"),
    Fault("boolean", "model", "reply_unreadable", "bid"),
    Fault("nan", "model", "reply_unreadable", "bid"),
    Fault("infinite", "model", "reply_unreadable", "bid"),
    Fault("outofrange", "model", "reply_unreadable", "bid"),
    Fault("negative", "model", "reply_unreadable", "bid"),
    Fault("two", "model", "reply_unreadable", "bid"),
    Fault("array", "model", "reply_unreadable", "bid"),
    Fault("surrogate", "model", "reply_unreadable", "bid"),
    Fault("deep", "model", "reply_unreadable", "bid"),
    Fault("huge:200000", "model", "reply_unreadable", "bid"),
)

_REASON = '"reasoning": "Enough suitable nodes are free for this job.", "evidence": [], "forecast": null'

TEXTS: dict[str, str] = {
    "partial": GOOD_BID[: len(GOOD_BID) // 2],
    "length": GOOD_BID[: len(GOOD_BID) // 2],
    "length_whole": GOOD_BID,
    "filter": "",
    "malformed": GOOD_BID.replace('"score": 0.71', '"score": 0.71,'),
    "fenced": f"```json\n{GOOD_BID}\n```",
    "fenced_prose": f"Here is my bid:\n```json\n{GOOD_BID}\n```\nI would in fact say 0.2.",
    "think": f"<think>Maybe 0.2? No, more.</think>\n{GOOD_BID}",
    "think_open": f"<think>Maybe 0.2? {GOOD_BID}",
    "prose": "I would bid 0.71 for this job.",
    "refusal": "I'm sorry, but I can't help with that.",
    "empty": "",
    "null": "",
    "dupkeys": GOOD_BID.replace('"score": 0.71', '"score": 0.99, "score": 0.71'),
    "extrakeys": GOOD_BID.replace('"score": 0.71', '"score": 0.71, "override": true'),
    "missing": '{"reasoning": "Enough nodes.", "evidence": [], "forecast": null}',
    "wrongtype": f'{{"score": "0.71", {_REASON}}}',
    "boolean": f'{{"score": true, {_REASON}}}',
    "nan": f'{{"score": NaN, {_REASON}}}',
    "infinite": f'{{"score": 1e999, {_REASON}}}',
    "outofrange": f'{{"score": 71, {_REASON}}}',
    "negative": f'{{"score": -0.1, {_REASON}}}',
    "two": f"{GOOD_BID}\n{GOOD_BID}",
    "array": f"[{GOOD_BID}]",
    "surrogate": GOOD_BID.replace("Enough", "\\ud800"),
    "deep": '{"score": ' + "[" * 9000 + "]" * 9000 + "}",
}
"""What the model writes under a fault of its own."""
