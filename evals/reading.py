"""The lenient reader of anybody's replies: a score wherever it stands, and every text beside it.

The live path reads strictly (`agents.parsing`). Here somebody wants to know what a log says, so code fences, thoughts,
prose round the JSON, other names for the score and further keys are all read. What stays unreadable: no score at all,
a score that is no number, JSON that breaks off.
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

REPLY_CHARS_MAX = 200_000
"""A bid takes under a thousand characters; what is two hundred times as long is no bid."""

DEPTH_MAX = 12
"""Deeper nesting says nothing about a bid and costs time."""

SCORE_NAMES = (
    "score", "bid_score", "bidscore", "bid", "bid_value", "value", "my_bid", "my_score", "final_score", "final_bid",
    "score_value", "suitability", "suitability_score", "fit_score", "fitness", "fitness_score", "utility", "rating",
    "normalized_score", "overall_score", "bid_amount", "amount", "confidence_score", "confidence",
)  # fmt: skip
"""Names under which a score stands, most telling first."""

DECLINES = ("abstain", "abstains", "abstained", "decline", "declined", "no_bid", "refuse", "refuses", "skip")

THOUGHT = re.compile(r"<(/?)(?:think|thinking|thoughts?|scratchpad|reasoning)\b[^<>]{0,80}>", re.IGNORECASE)
FENCE = re.compile(r"```[A-Za-z0-9_-]*")
TRAILING_COMMA = re.compile(r",(\s*[}\]])")
SPOKEN_SCORE = re.compile(
    r"\b(?:bid[ _-]?score|suitability[ _-]?score|score|bid)\b[\"'*`\s]*"
    r"(?:is|of|at|to|would be|should be|[:=])?[\"'*`\s:=]*([01]?\.\d+|[01](?![\d.%])|\d{1,3}(?:\.\d+)?\s?%)",
    re.IGNORECASE,
)

How = Literal["json", "json_in_text", "prose", "none"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says."""

    how: How
    score: float | None
    """As written, also outside 0..1; None if there is none."""
    field: str
    """The name under which it stood."""
    declines: bool
    """Whether it says that it does not bid."""
    body: dict[str, Plain] | None
    """The JSON object that was read."""
    texts: tuple[str, ...]
    """Everything it says in words, thoughts left out."""
    fault: str = ""
    """Why it cannot be read; empty if it can."""


def name_of(key: str) -> str:
    """Return a key in one spelling: `bidScore`, `Bid Score` and `bid-score` are `bid_score`.

    >>> name_of("bidScore"), name_of("GPUs per node")
    ('bid_score', 'gpus_per_node')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", key.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def without_thoughts(text: str) -> str:
    """Return the reply without what stands in think tags: scratch paper is not said to anybody.

    A closing tag without an opening one ends thoughts that began with the reply; an opening one that is never
    closed hides the rest.

    >>> without_thoughts("<think>0.3?</think>0.9")
    '0.9'
    """
    kept: list[str] = []
    inside, begin = False, 0
    for tag in THOUGHT.finditer(text):
        if tag.group(1):
            kept = kept if inside else []
            inside, begin = False, tag.end()
        elif not inside:
            kept.append(text[begin : tag.start()])
            inside = True
    return "\n".join(kept) if inside else "\n".join((*kept, text[begin:])).lstrip("\n")


def _loads(text: str) -> Plain:
    """Read JSON, or what Python programs print in its place; ValueError if it is neither."""
    try:
        value: Plain = json.loads(text, strict=False)
    except json.JSONDecodeError:
        mended = TRAILING_COMMA.sub(r"\1", text)
        try:
            value = json.loads(mended, strict=False)
        except json.JSONDecodeError:
            if len(text) > 20_000:
                raise
            value = _literal(mended)
    return value


def _literal(text: str) -> Plain:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes in a stranger's text are no news to our terminal
        try:
            value: Plain = ast.literal_eval(text)
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            raise ValueError("neither JSON nor a Python literal") from None
    return value


def _closing(text: str, start: int) -> int | None:
    """Return the index after the brace that closes the one at `start`, None if none does."""
    depth, quoted, escaped = 0, False, False
    for index in range(start, len(text)):
        character = text[index]
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def _objects(text: str) -> Iterator[tuple[int, int, dict[str, Plain]]]:
    """Yield (start, end, object) for every JSON object that stands whole in the text, outermost ones only."""
    start, tries = text.find("{"), 0
    while start >= 0 and tries < 50:
        tries += 1
        end = _closing(text, start)
        if end is not None:
            try:
                value = _loads(text[start:end])
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield start, end, {str(key): inner for key, inner in value.items()}
                start = text.find("{", end)
                continue
        start = text.find("{", start + 1)


def _number(value: Plain) -> float | None:
    """Return a score written as a number, `"0.85"`, `"85 %"` or `"0.85/1"`; None if it is nothing of that."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        number = float(value) if abs(value) < 1e300 else float("inf")
        return number if number == number and abs(number) != float("inf") else None
    if not isinstance(value, str):
        return None
    found = re.fullmatch(r"\s*([+-]?\d{0,6}(?:\.\d{0,12})?)\s*(%|/\s*1(?:\.0+)?)?\s*", value)
    if found is None or not re.search(r"\d", found.group(1)):
        return None
    return float(found.group(1)) / (100 if found.group(2) == "%" else 1)


def _scored(body: dict[str, Plain], depth: int = 0) -> tuple[str, Plain] | None:
    """Return (name, value) of the score in one object, looking into nested ones last."""
    named = {name_of(key): (key, value) for key, value in reversed(body.items())}
    for name in SCORE_NAMES:
        if name in named and not isinstance(named[name][1], dict | list):
            return named[name]
    if depth > DEPTH_MAX:
        return None
    for value in body.values():
        inner = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(inner, dict) and (found := _scored(inner, depth + 1)) is not None:
            return found
    return None


def _declines(body: dict[str, Plain]) -> bool:
    for key, value in body.items():
        if name_of(key) in DECLINES and value is True:
            return True
        if name_of(key) in {"decision", "action", "outcome", "kind", "status", "bid"} and isinstance(value, str):
            word = name_of(value)
            if word in DECLINES or word in {"abstention", "reject", "none", "not_eligible"}:
                return True
    return False


KEYED_CHARS_MAX = 60
"""A longer text is a sentence and needs no key to be understood."""

KEYED = frozenset({
    "type", "types", "cluster_type", "job_type", "type_match", "match", "penalty", "nodes", "free", "free_nodes",
    "share",
    "gpus", "gpu", "memory", "mem", "storage", "network", "interconnect", "fit", "fits", "capacity", "load",
    "utilization", "cores", "walltime", "runtime", "gpus_per_node", "memory_per_node", "heterogeneous", "hardware",
})  # fmt: skip
"""Keys without which a short value says nothing: `"gpus": "4 per node"`."""


def words_in(value: Plain, depth: int = 0) -> Iterator[str]:
    """Yield every text in a value, in order."""
    if depth > DEPTH_MAX:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        named = "value" in value and isinstance(value.get("fact", value.get("name")), str)
        for key, inner in value.items():
            if named and key in {"fact", "name"}:
                continue  # the name of a fact says nothing without its value
            if isinstance(inner, str) and len(inner) <= KEYED_CHARS_MAX and name_of(key) in KEYED:
                yield f"{name_of(key).replace('_', ' ')}: {inner}"
            else:
                yield from words_in(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from words_in(inner, depth + 1)


def _texts(text: str, start: int, end: int, body: dict[str, Plain]) -> tuple[str, ...]:
    around = (FENCE.sub("", text[:start]), *words_in(body), FENCE.sub("", text[end:]))
    return tuple(piece.strip() for piece in around if len(piece.strip()) > 1)


def _from_object(text: str, start: int, end: int, body: dict[str, Plain]) -> Reading:
    found, declines = _scored(body), _declines(body)
    texts = _texts(text, start, end, body)
    bare = not FENCE.sub("", text[:start] + text[end:]).strip()
    how: How = "json" if bare else "json_in_text"
    if found is None:
        return Reading(how, None, "", declines, body, texts, "" if declines else "the JSON holds no score")
    score = _number(found[1])
    if score is None and not declines:
        shown = json.dumps(found[1], default=str)[:40]
        return Reading(how, None, found[0], False, body, texts, f"{found[0]} is {shown}, no number")
    return Reading(how, score, found[0], declines, body, texts)


def _from_prose(text: str) -> Reading:
    texts = (FENCE.sub("", text).strip(),) if text.strip() else ()
    broken = "{" in text and re.search(r"\{\s*[\"']", text) is not None
    if broken:
        return Reading("none", None, "", False, None, texts, "the JSON breaks off or is malformed")
    if (bare := _number(FENCE.sub("", text))) is not None:
        return Reading("prose", bare, "the whole reply", False, None, ())
    found = SPOKEN_SCORE.search(text)
    if found is None:
        return Reading("none", None, "", False, None, texts, "no score stands in it" if text.strip() else "it is empty")
    return Reading("prose", _number(found.group(1).replace(" ", "")), "score in prose", False, None, texts)


def read(reply: str) -> Reading:
    """Read one reply; a reply that says nothing has a `fault`, and never a score made up for it."""
    if len(reply) > REPLY_CHARS_MAX:
        return Reading("none", None, "", False, None, (), f"it has {len(reply)} characters; {REPLY_CHARS_MAX} are read")
    text = without_thoughts(reply)
    objects = list(_objects(text))
    telling = [found for found in objects if _scored(found[2]) is not None or _declines(found[2])]
    if telling:
        return _from_object(text, *telling[-1])  # a model that corrects itself writes its answer last
    return _from_object(text, *objects[-1]) if objects else _from_prose(text)
