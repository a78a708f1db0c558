"""The strict reader of a model's bid: exactly one closed JSON object, or a sentence that says what is wrong.

Nothing is guessed, closed, clamped or converted. What is taken off (a code fence around the whole, thoughts in
front) is noted. Numbers are read as decimals, so that 0.85 is 8,500 basis points and not a neighbour of it.
"""

import json
import re
import unicodedata
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from agents.asking import Kind, ModelFailed, Shape, plain
from agents.wire import JsonObject
from quorate.domain.bidding import CLAIMS_MAX, FACT_NAMES, REASONING_CHARS_MAX, Claim, FactName, FactValue, Forecast
from quorate.domain.values import BASIS_POINTS, Value

REPLY_CHARS_MAX = 20_000
"""A bid takes about 600 characters; a thousand times that is an attack or a loop, and is not even read."""

FAULT_CHARS_MAX = 300
"""A fault goes back to the model in the repair call; what it quotes from the reply is short."""

SECONDS_MAX = 10**9

FENCE = re.compile(r"\A```(?:json|JSON)?[ \t]*\n(.*)\n[ \t]*```\Z", re.DOTALL)
THOUGHTS = re.compile(r"\A<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    return Decimal(value)


def _integer(value: int | Decimal) -> int:
    """Return a whole number of a size that is worth computing with: 1e999999999 is one of a gigabyte."""
    if not -SECONDS_MAX <= value <= SECONDS_MAX or value != int(value):
        raise ValueError(f"must be a whole number of at most {SECONDS_MAX}")
    return int(value)


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a whole number")
    return _integer(value)


def _spoken(text: str) -> str:
    if any(unicodedata.category(character) == "Cs" for character in text):
        raise ValueError("holds half a character")
    spoken = plain(text, len(text) + 1)
    if not spoken:
        raise ValueError("is empty")
    return spoken


def _fact_value(value: object) -> object:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | Decimal):
        return _integer(value)
    raise ValueError("must be a whole number, a word, true or false")


Share = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=1)]
Seconds = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=SECONDS_MAX)]
Spoken = Annotated[str, Field(strict=True, max_length=REASONING_CHARS_MAX), AfterValidator(_spoken)]


_R = TypeVar("_R", bound=Value)


class Quantiles(Value):
    """A duration as the model expects it, s."""

    p50: Seconds
    p90: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> "Quantiles":
        if self.p90 < self.p50:
            raise ValueError("p90 is smaller than p50")
        return self


class ReplyForecast(Value):
    """The model's own forecast."""

    start_s: Quantiles
    """Delay from award to start."""
    run_s: Quantiles
    """Run time."""
    success: Share
    """Probability that the job completes."""


class ReplyClaim(Value):
    """One fact that the reply rests on."""

    fact: FactName
    value: Annotated[FactValue, BeforeValidator(_fact_value)]


class ReplyBid(Value):
    """A bid as a model writes it."""

    score: Share
    reasoning: Spoken
    evidence: Annotated[tuple[ReplyClaim, ...], Field(max_length=CLAIMS_MAX)]
    forecast: ReplyForecast | None = None

    @property
    def score_bp(self) -> int:
        """The score in basis points, halves to even."""
        return round(self.score * BASIS_POINTS)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The evidence as the library's values."""
        return tuple(Claim(fact=claim.fact, value=claim.value) for claim in self.evidence)

    def expected(self) -> Forecast | None:
        """Return the forecast as the library's value, by the model's name."""
        if self.forecast is None:
            return None
        told = self.forecast
        return Forecast(
            start_p50_s=told.start_s.p50,
            start_p90_s=told.start_s.p90,
            run_p50_s=told.run_s.p50,
            run_p90_s=told.run_s.p90,
            success_bp=round(told.success * BASIS_POINTS),
            author="model",
        )


class ReplyVote(Value):
    """A second opinion as a model writes it."""

    approves: Annotated[bool, Field(strict=True)]
    reasoning: Spoken


class Parsed(Value):
    """A reply that could be read."""

    bid: ReplyBid
    notes: tuple[str, ...] = ()
    """What was taken off before reading."""


def parse_bid(text: str) -> Parsed:
    """Read a bid; ModelFailed(UNREADABLE) with one sentence if it is not exactly one.

    >>> parse_bid('{"score": 0.85, "reasoning": "Nodes are free.", "evidence": []}').bid.score_bp
    8500
    """
    value, notes = _object(text)
    return Parsed(bid=_checked(ReplyBid, value), notes=notes)


def parse_vote(text: str) -> tuple[ReplyVote, tuple[str, ...]]:
    """Read a second opinion; ModelFailed(UNREADABLE) if it is not exactly one."""
    value, notes = _object(text)
    return _checked(ReplyVote, value), notes


def _unreadable(fault: str) -> ModelFailed:
    return ModelFailed(Kind.UNREADABLE, plain(fault, FAULT_CHARS_MAX))


def _object(text: str) -> tuple[JsonObject, tuple[str, ...]]:
    if len(text) > REPLY_CHARS_MAX:
        raise _unreadable(f"the reply has {len(text)} characters; at most {REPLY_CHARS_MAX} are read")
    body, notes = _bare(text)
    try:
        value = json.loads(body, object_pairs_hook=_closed, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _unreadable(f"the reply is not one JSON object: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _unreadable("the reply is nested too deeply") from None
    except ValueError as error:  # our own two hooks, and integers of thousands of digits
        raise _unreadable(f"the reply is not one JSON object: {error}") from None
    if not isinstance(value, dict):
        raise _unreadable(f"the reply is a JSON {type(value).__name__}, not an object")
    return value, notes


def _bare(text: str) -> tuple[str, tuple[str, ...]]:
    notes = []
    body = text.strip().removeprefix("\ufeff")
    while match := THOUGHTS.match(body):
        body = body[match.end() :].strip()
        notes.append(f"{match.group(1)} tags taken off")
    if match := FENCE.match(body):
        body = match.group(1).strip()
        notes.append("code fence taken off")
    return body, tuple(notes)


def _closed(pairs: list[tuple[str, object]]) -> JsonObject:
    keys = [name for name, _ in pairs]
    twice = next((name for name in keys if keys.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the key {twice!r} occurs more than once")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _checked(kind: type[_R], value: JsonObject) -> _R:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or "the reply"
        raise _unreadable(_said(first["type"], path, first["msg"])) from None


def _said(kind: str, path: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return f"{path} is not a field of the reply"
        case "missing":
            return f"{path} is missing"
        case _:
            return f"{path}: {message.removeprefix('Value error, ')}"


def bid_shape() -> Shape:
    """Return the strict schema of a bid: closed, every field required, nothing for a model to anchor on."""
    fact = {"type": "string", "enum": list(FACT_NAMES)}
    value = {"anyOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "string"}]}
    seconds = _closed_schema({"p50": {"type": "integer"}, "p90": {"type": "integer"}})
    forecast = _closed_schema({"start_s": seconds, "run_s": seconds, "success": {"type": "number"}})
    schema = _closed_schema(
        {
            "score": {"type": "number", "description": "from 0 (unfit) to 1 (ideal)"},
            "reasoning": {"type": "string", "description": f"at most {REASONING_CHARS_MAX} characters"},
            "evidence": {"type": "array", "items": _closed_schema({"fact": fact, "value": value})},
            "forecast": {"anyOf": [forecast, {"type": "null"}]},
        }
    )
    return Shape("bid", "The bid of one cluster for one job.", schema)


def vote_shape() -> Shape:
    """Return the strict schema of a second opinion."""
    fields: dict[str, object] = {"approves": {"type": "boolean"}, "reasoning": {"type": "string"}}
    return Shape("opinion", "A second opinion on one proposal.", _closed_schema(fields))


def _closed_schema(properties: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
