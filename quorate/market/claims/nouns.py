# ruff: noqa: E501 - words of a class stand together
"""What a bare number counts: the noun after it, the key before it, or what was counted last."""

import re
from dataclasses import dataclass

from quorate.market.claims.context import roles_of
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Scene

_COUNTED = frozenset({"NODE", "GPUS", "CORE"})
_INSIDE = frozenset({"FREE", "TOTAL", "REQ", "BUSY", "BG", "HIGH", "HW", "THIS", "MY", "THE", "INT", "SPECV", "HOM", "HET",
                     "CPU", "CPUONLY", "T:gpu", "P:of", "ITS", "ALL", "SELFID", "CLUSTER", "SAME", "T:memory", "x", "ONLY"})  # fmt: skip
_LINKS = frozenset(
    {":", "=", "BE", "(", "P:of", "P:at", "->", "P:to", "TOTAL", "ABOUT", "ONLY", "P:by", "~", "HAVE", "EQ"}
)
_KEYS = frozenset({"FREE", "BUSY", "BG", "REQ", "TOTAL", "AFTER", "LOAD", "JOB", "MY", "CLUSTER", "'S", "count", "number",
                   "THE", "LEAVE", "size", "stands", "amounts", "comes", "THIS", "currently", "P:for", "P:on", "P:in", "IN",
                   "P:with", "A", "P:to", "C:out_of", "P:out_of", "out", "pool", "tally", "CPU", "CPUONLY", "capacity", "figure", "PER", "/", ")", "T:gpu"})  # fmt: skip
_GPU_WHAT = frozenset({"NODE", "CORE", "HW", "SPECV", "INT", "JOB", "JOBS", "T:memory", "CLUSTER", "TYPEN"})
"""What makes `GPU` before it an adjective."""
WORDS_INSIDE_MAX = 2


@dataclass(frozen=True, slots=True)
class Noun:
    """What a number counts."""

    tag: str
    """`NODE`, `GPUS`, `CORE`."""
    head: int
    """How many tokens after the number belong to its noun phrase, 0 if the noun stands before."""
    how: str
    """`after`, `key`, `last`."""


def after(tokens: tuple[Token, ...], index: int) -> Noun | None:
    """Return the noun that follows a number: `320 idle compute nodes`, `4 of my nodes`."""
    plain = 0
    if index and tokens[index - 1].tag.startswith(("NET:", "GEN:")):
        return None
    for at in range(index + 1, min(len(tokens), index + 7)):
        tag = tokens[at].tag
        if tag in _COUNTED:
            hours = at + 1 < len(tokens) and tokens[at + 1].raw.lower().startswith(("hour", "sec", "min"))
            return None if hours else Noun(tag, at - index, "after")
        if tag == "T:gpu" and at == index + 1 and at + 1 < len(tokens) and tokens[at + 1].tag not in _GPU_WHAT:
            return Noun("GPUS", 1, "after")
        if tag in _INSIDE:
            continue
        plain += 1
        if not (tag[:1].islower() and tag.isalpha()) or plain > WORDS_INSIDE_MAX:
            return None
    return None


def key(tokens: tuple[Token, ...], index: int) -> Noun | None:
    """Return the noun before a number that is its value: `Free nodes: 201`, `the node count stands at 320`."""
    if index == 0 or tokens[index - 1].tag not in _LINKS:
        return None
    if index + 1 < len(tokens) and tokens[index + 1].tag in {*_COUNTED, "JOB", "JOBS", "TIMEN", "T:memory", "T:gpu"}:
        return None
    has = False
    for at in range(index - 1, max(-1, index - 9), -1):
        tag = tokens[at].tag
        has |= tag == "HAVE"
        if tag in _COUNTED:
            if tag == "NODE" and (has or (at > 0 and tokens[at - 1].tag in {"PER", "/"})):
                continue
            return None if tokens[at - 1].tag in {"NO", "NOT"} else Noun(tag, 0, "key")
        if tag == "T:gpu" and at + 1 < index and tokens[at + 1].tag in {"count", "PER", ":", "=", "/", "REQ", "demand"}:
            return Noun("GPUS", 0, "key")
        if tag not in _LINKS and tag not in _KEYS and not roles_of(tokens[at]):
            return None
    return None


_WHICH = frozenset(
    {
        "P:by",
        "IN",
        "P:of",
        "WH",
        "them",
        "THESE",
        "BE",
        "will",
        "HEDGE",
        "still",
        "currently",
        "THIS",
        "stay",
        "stays",
        "stand",
        "stands",
        "sit",
        "sits",
        "lie",
        "P:at",
        "THE",
        "NOT",
    }
)
_TELLING = frozenset({"free", "busy", "left", "background", "jobs"})


def last(scene: Scene, index: int) -> Noun | None:
    """Return what was counted last, if a role stands beside the number: `201 are free`, `leaving 66`, `Total: 275`."""
    before, after = scene.sentence.slice(index - 4, index), scene.sentence.slice(index + 1, index + 6)
    if _AFTER_JOB.search(before) and _WOULD_BE.match(after):
        return counted_last(scene, index)
    if (_OUT_OF.search(before) and _I_HAVE.match(after)) or (_SHARE_OF.search(before) and _ENDS.match(after)):
        return counted_last(scene, index)
    if _OF_THEM.match(after) or _TOTAL_AFTER.match(after) or (_HAS.search(before) and _ENDS.match(after)):
        return counted_last(scene, index)
    if _KEYED.search(before) and _ENDS.match(after):
        return counted_last(scene, index)
    quantity = scene.sentence.tokens[index].quantity
    named = counted_last(scene, index, sure=True) if quantity and quantity.number else None
    if _ASKED_AFTER.match(after) or (_ASKED_BEFORE.search(before) and _ENDS.match(after)):
        return named
    return counted_last(scene, index) if _told(scene, index) else None


_ENDS = re.compile(r" (?:$|[,.;:)!|] |AND |C:\S+ |P:for (?:OTHER|others)|[a-z]\S* P:for (?:themselves|OTHER))")
_OUT_OF = re.compile(r" (?:P:of|P:out_of|C:out_of) (?:THE |MY )?$")
_SHARE_OF = re.compile(r" Q:pct P:of (?:MY|THE|ALL) $")
_AFTER_JOB = re.compile(r" AFTER (?:THE |THIS |WH )?(?:JOB )?(?:, )?$")
_WOULD_BE = re.compile(r" (?:HEDGE|will) (?:still )?BE [.,;)]")
_I_HAVE = re.compile(r" (?:WH )?(?:I|SELFID|CLUSTER) (?:HAVE|RUN|run|make|own|manage)")
_OF_THEM = re.compile(r" P:of (?:them|these|those|THESE|THEM) ")
_TOTAL_AFTER = re.compile(r" TOTAL (?:[,.;)]|AND|$)")
_HAS = re.compile(
    r" (?:(?:I|CLUSTER|SELFID) HAVE|LEAVE|LEAVE I P:with|LEAVE THE CLUSTER P:with) (?:ONLY |ABOUT |still )?$"
)
_KEYED = re.compile(
    r" (?:FREE|BUSY|TOTAL|left|BG|AFTER) (?:capacity |now |count )?(?::|=|P:of|P:at|BE|->|\() (?:ONLY |ABOUT )?$"
)
_ASKED_AFTER = re.compile(r" (?:BE )?(?:REQ|wanted|asked)(?! (?:PER|GPUS|T:gpu|T:memory))")
_ASKED_BEFORE = re.compile(
    r" (?:JOB|IT|WH|that) (?:HEDGE |will |would )?(?:REQ|RUN|use|uses|JOBS|BUSY|hold|holds|claim|claims) (?:ONLY |ABOUT )?$"
)


def _told(scene: Scene, index: int) -> bool:
    """Whether a role follows at once: `201 are free`, `10 by jobs`."""
    tokens, at = scene.sentence.tokens, index + 1
    while at < len(tokens) and at - index < 5 and tokens[at].tag in _WHICH and not _TELLING & {*roles_of(tokens[at])}:
        at += 1
    passive = at > index + 1 and tokens[at - 1].tag in {"P:by", "IN"}
    if (
        at >= len(tokens)
        or not _TELLING & {*roles_of(tokens[at])}
        or (tokens[at].tag in {"JOBS", "JOB"} and not passive)
    ):
        return False
    follows = tokens[at + 1].tag if at + 1 < len(tokens) else ""
    return follows not in {"T:memory", "GPUS", "T:gpu", "CORE", "Q:mem", "JOBS", "JOB", "STO", "T:storage"} or passive


_ONE_EACH = frozenset({"PER", "/", "A", "EACH"})


_TOPIC = re.compile(
    r"^ (?:out )?P:of (?:MY |THE |ALL |ITS |THESE )*N (?:\S+ )?(NODE|GPUS|CORE) , | N (?:\S+ )?(NODE|GPUS|CORE) , P:of WH "
)
"""`Of our 768 GPUs, ...`, `1,200 GPUs, of which ...`: the numbers that follow count the same."""


def counted_last(scene: Scene, index: int, sure: bool = False) -> Noun | None:
    """Return what was counted last before a number; nodes if nothing was, unless it must be `sure`."""
    tokens = scene.sentence.tokens
    topic = _TOPIC.search(scene.sentence.slice(0, index))
    if topic is not None:
        return Noun(topic[1] or topic[2], 0, "last")
    for back in range(index - 1, max(-1, index - 25), -1):
        tag = tokens[back].tag
        if (
            tag == "T:gpu"
            and back
            and tokens[back - 1].raw.lower() in {"single", "one"}
            and tokens[back + 1].tag != "NODE"
        ):
            return Noun("GPUS", 0, "last")
        if tag == "T:gpu" and back and tokens[back - 1].tag == "N" and tokens[back + 1].tag != "NODE":
            return Noun("GPUS", 0, "last")
        if tag in _COUNTED and not (tag == "NODE" and {one.tag for one in tokens[max(0, back - 3) : back]} & _ONE_EACH):
            return Noun(tag, 0, "last")
        if tag in {"Q:mem", "T:memory"}:
            return None
    if scene.noun == "NODE" and sure:
        return Noun("NODE", 0, "last")
    open_ = scene.noun in {"", "NODE"} or (scene.noun == "MEMORY" and _told(scene, index))
    return Noun("NODE", 0, "last") if open_ and not sure else None


def each(scene: Scene, index: int) -> Noun | None:
    """Return GPUs or cores for `we have eight on each`, `4 per node`, if they were counted last."""
    tokens = scene.sentence.tokens
    if _EACH.match(scene.sentence.slice(index, index + 5)) is None:
        return None
    for back in range(index - 1, max(-1, index - 25), -1):
        tag = tokens[back].tag
        if tag in {"GPUS", "CORE", "T:gpu"}:
            return Noun(tag.replace("T:gpu", "GPUS"), 0, "last")
        if tag in {"Q:mem", "T:memory"}:
            return None
    return Noun(scene.noun, 0, "last") if scene.noun in {"GPUS", "CORE"} else None


_EACH = re.compile(r" N (?:P:of them )?(?:(?:P:on |IN |P:at )?(?:PER|EACH|A NODE|/ NODE)|PER )")
