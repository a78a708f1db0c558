"""Statements without a sentence round them: `share 12%; 200/320 free; type ok; mem: no; gpu/ai`.

A sentence is cut into segments at commas, semicolons and brackets. A segment counts only if a rule covers it whole:
short answers are read where nothing else stands beside them, so prose is left to the other readers.
"""

import re
from collections.abc import Callable, Iterator

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import terse_truths as truths
from quorate.market.claims.amounts import compound
from quorate.market.claims.capacity import part_fact, why
from quorate.market.claims.figures import judged
from quorate.market.claims.lexer import Token
from quorate.market.claims.nouns import counted_last
from quorate.market.claims.presence import listed_with_job
from quorate.market.claims.rules import Found, Scene, conditional, match_fact, match_wrong, type_fact
from quorate.market.claims.tallies import tallied
from quorate.market.claims.terse_rules import (
    ALIKE,
    ALL_FREE,
    CAPACITY,
    CHARGED,
    DEDUCTS,
    EITHER,
    FORMULA,
    HAS_GPUS,
    IDLE,
    JOB,
    MATCHES,
    MIXED,
    MOSTLY,
    NO_GPUS,
    NONE_FREE,
    NUMBERS,
    OWN,
    PAIRS,
    SPARED,
)
from quorate.market.claims.terse_truths import Segment
from quorate.market.claims.values import Known

SEGMENT_TOKENS_MAX = 14
"""A longer segment is prose."""

_EDGES = frozenset({";", ",", "|", "(", ")", "[", "]", "\u2014", "\u2013", "--", "&", "\u00b7"})
_OWN_TAG = {"full": "full", "left": "left", "remaining": "left", "remain": "left", "remains": "left",
            "running": "running",
            "nevertheless": "nevertheless", "missing": "missing"}  # fmt: skip
_LEAD = re.compile(
    r"(?:C:\S+|AND|THE|THIS|so|then|also|P:given|yes|here|now|first|second|third|finally|\.|!|-|#|\+|\*)$"
)
_TAIL = re.compile(r"(?:\.|!|go|here|too|:)$")


_SO = frozenset({"C:so", "so", "C:therefore", "C:thus", "C:hence", "->", "P:with"})


_HEAD = re.compile(
    r"(?!(?:feasible|possible|runnable|share|running|penalty|network|link|links|fit) )"
    r"(?:[a-z]\S* |N |THE |MY |P:\S+ |A |NOT |LASTS ){1,8}"
)
"""What stands before a colon and says nothing of what follows: `Step 2:`, `Verdict:`."""


def _parts(token: Token) -> bool:
    tag = token.tag
    return (
        tag in _EDGES or tag == "AND" or (tag.startswith("C:") and token.raw.lower() not in {"nevertheless", "out of"})
    )


def _tag(token: Token) -> str:
    return _OWN_TAG.get(token.raw.lower(), token.tag)


def segments(scene: Scene) -> Iterator[Segment]:
    """Yield the runs between marks, without words that only lead in or out; every token is visited once."""
    tokens, begin = scene.sentence.tokens, 0
    for index in range(len(tokens) + 1):
        if index < len(tokens) and not _parts(tokens[index]):
            continue
        first, last = begin, index
        loose = any(0 < at < len(tokens) and tokens[at].tag == "AND" for at in (begin - 1, index))
        concluded = begin > 0 and tokens[begin - 1].tag in _SO
        begin = index + 1
        if last - first > SEGMENT_TOKENS_MAX:
            continue
        while first < last and _LEAD.match(tokens[first].tag):
            concluded |= tokens[first].tag in _SO
            first += 1
        while last > first and _TAIL.match(tokens[last - 1].tag):
            last -= 1
        colon = next((at for at in range(last - 2, first, -1) if tokens[at].tag == ":"), None)
        if colon and _HEAD.fullmatch("".join(token.tag + " " for token in tokens[first:colon])):
            first = colon + 1
        if last > first:
            yield Segment(scene, first, "".join(_tag(token) + " " for token in tokens[first:last]), loose, concluded)


def terse(scene: Scene) -> Iterator[Found]:
    """Return what short segments say."""
    tags = scene.sentence.tags
    if " IF " in tags or re.search(r" (?:OTHER|OTHERID|RULE|CLUSTERS) ", tags):
        return
    formula = FORMULA.search(tags)
    if formula:
        first, last = scene.sentence.covered(formula)
        yield _match_claim(scene.known, (formula["sign"] or formula["sign2"]) == "= ", first, last)
    guessed = conditional(scene.sentence)
    for segment in segments(scene):
        if guessed and not re.search(r"(?:left|LEAVE|AFTER) ", segment.tags):
            continue
        for reader in _LOOSE if segment.loose else _READERS:
            found = reader(segment)
            if found is not None:
                yield found
                break


def _number(segment: Segment) -> Found | None:
    for pattern, maker in NUMBERS:
        match = pattern.fullmatch(" " + segment.tags, 1)
        if match is None:
            continue
        shifted = segment.first + segment.tags[: match.start("n") - 1].count(" ")
        token = segment.scene.sentence.tokens[shifted]
        by_role = tallied(segment.scene).get(shifted)
        part = token.tag == "Q:time" and compound(segment.scene, shifted)
        if (by_role is not None and by_role[1]) or part or _counts_other(segment, shifted):
            return None
        truth = maker(segment, token)
        if truth is not None and token.quantity is not None:
            return judged(segment.scene, shifted, token, truth)
    return None


def _counts_other(segment: Segment, index: int) -> bool:
    """Whether a bare number counts what was counted last, and that was no nodes: `4 GPUs per node, 2 used`."""
    token = segment.scene.sentence.tokens[index]
    if token.tag != "N" or "NODE " in segment.tags or "GPUS " in segment.tags or "CORE " in segment.tags:
        return False
    noun = counted_last(segment.scene, index)
    return noun is not None and noun.tag != "NODE"


def _whole(pattern: re.Pattern[str], segment: Segment) -> re.Match[str] | None:
    return pattern.fullmatch(" " + segment.tags, 1)


def _found(segment: Segment, kind: truths.Kind, asserted: str, fact: str | None) -> Found:
    return Found(kind, asserted, segment.first, segment.last, fact)


_NOTHING_IDLE = re.compile(r"\W*(?:nothing|none)\W+idle\W*", re.IGNORECASE)
"""Said of hardware that a job would use to the full as often as of nodes: nobody can tell which."""

_OPINION = re.compile(r"\b(?:adequate|ample|plenty|plentiful|abundant)\b")


def _capacity(segment: Segment) -> Found | None:
    known = segment.scene.known
    for pattern, says in CAPACITY:
        match = _whole(pattern, segment)
        if match is None or _OPINION.search(_raw(segment)):
            continue
        thing = match.groupdict().get("thing") or ""
        fact = _thing_fact(known, thing, says)
        return _found(segment, "capacity", f"{thing or 'the job'} {'fits' if says else 'does not fit'}", fact)
    return None


def _thing_fact(known: Known, thing: str, says: bool) -> str | None:
    if thing in {"NODE", "GPUS", "T:gpu", "T:memory"}:
        return part_fact(known, "GPUS" if thing == "T:gpu" else thing, says, True)
    return why(known) if known.fits is not None and known.fits != says else None


def _match(segment: Segment) -> Found | None:
    for pattern, says in MATCHES:
        if _whole(pattern, segment):
            return _match_claim(segment.scene.known, says, segment.first, segment.last)
    return None


def _match_claim(known: Known, says: bool, first: int, last: int) -> Found:
    asserted = f"the types {'match' if says else 'do not match'}"
    return Found("type_match", asserted, first, last, match_wrong(known, says))


def _pair(segment: Segment) -> Found | None:
    known = segment.scene.known
    for pattern, _ in PAIRS:
        match = _whole(pattern, segment)
        if match is None:
            continue
        said = sorted(match[name].strip().removeprefix("T:") for name in ("a", "b"))
        true = sorted(kind for kind in (known.type, known.job_type) if kind)
        wrong = len(true) == 2 and said != true
        asserted = f"the types are {said[0]} and {said[1]}"
        fact = match_wrong(known, True) if known.job_untyped else match_fact(known) if wrong else None
        return _found(segment, "type_match", asserted, fact)
    return None


def _types(segment: Segment) -> Found | None:
    known = segment.scene.known
    tables: tuple[tuple[tuple[re.Pattern[str], ...], truths.Kind, tuple[str | None, ...]], ...] = (
        (OWN, "own_type", (known.type,)), (JOB, "job_type", (known.job_type,)),
        (EITHER, "own_type", (known.type, known.job_type)))  # fmt: skip
    for patterns, kind, true in tables:
        match = next((found for pattern in patterns if (found := _whole(pattern, segment))), None)
        if match is None:
            continue
        said = match["t"].strip().removeprefix("T:")
        if _everyday(segment, match) or said not in CLUSTER_TYPES:
            return None
        if kind == "job_type" and known.job_untyped:
            return _found(segment, kind, f"type is {said}", type_fact(known, said))
        wrong = None not in true and said not in true and not _soft_job(segment, match, said, known)
        fact = f"the cluster's type is {known.type}" if kind == "own_type" else f"the job's type is {known.job_type}"
        return _found(segment, kind, f"type is {said}", fact if wrong else None)
    return None


def _everyday(segment: Segment, match: re.Match[str]) -> bool:
    """`HPC cluster` and `HPC job` are what everybody calls them."""
    token = segment.scene.sentence.tokens[segment.first + segment.tags[: match.start("t") - 1].count(" ")]
    return token.raw != "hpc" and token.tag == "T:hpc" and "TYPEN" not in segment.tags


def _soft_job(segment: Segment, match: re.Match[str], said: str, known: Known) -> bool:
    """`gpu job` may tell what the job uses."""
    return (
        segment.tags == match["t"] + "JOB "
        and said in {"gpu", "ai", "hpc"}
        and (said != "gpu" or bool(known.job_gpus_per_node))
    )


def _penalty(segment: Segment) -> Found | None:
    known = segment.scene.known
    spared, charged = _whole(SPARED, segment), _whole(CHARGED, segment) or _whole(DEDUCTS, segment)
    if spared and _number_but_zero(segment):
        spared, charged = None, spared
    if not spared and not charged:
        return None
    if segment.tags == "PENALTY " and not segment.concluded:
        return None
    applies = not spared
    wrong = known.match is not None and known.match == applies
    says = "a mismatch penalty applies" if applies else "no mismatch penalty applies"
    return _found(segment, "penalty_rule", says, match_fact(known) if wrong else None)


def _number_but_zero(segment: Segment) -> bool:
    tokens = segment.scene.sentence.tokens[segment.first : segment.last]
    return any(token.quantity is not None and token.quantity.number != 0 for token in tokens)


def _hardware(segment: Segment) -> Found | None:
    known = segment.scene.known
    for pattern, mixed in ((MIXED, True), (ALIKE, False)):
        if _whole(pattern, segment):
            wrong = known.heterogeneous is not None and known.heterogeneous != mixed
            fact = (
                "the cluster's nodes differ: it is heterogeneous"
                if known.heterogeneous
                else "the cluster's nodes are all alike: it is homogeneous"
            )
            asserted = f"the nodes are {'mixed' if mixed else 'alike'}"
            return _found(segment, "heterogeneity", asserted, fact if wrong else None)
    if _whole(NO_GPUS, segment) and not _number_but_zero(segment) and not listed_with_job(segment.scene, segment.first):
        return _found(segment, "gpu_presence", "no GPUs", f"the cluster has {known.gpus} GPUs" if known.gpus else None)
    if _whole(HAS_GPUS, segment):
        fact = "the cluster has no GPUs"
        return _found(segment, "gpu_presence", "the cluster has GPUs", fact if known.gpus == 0 else None)
    return None


def _occupancy(segment: Segment) -> Found | None:
    known = segment.scene.known
    if None in (known.nodes, known.nodes_free) or not known.nodes:
        return None
    free = known.nodes_free or 0
    fact = f"{free} of {known.nodes} nodes are free"
    if _whole(IDLE, segment) and not _number_but_zero(segment):
        taken = (
            re.search(r"\b(?:running|run|runs|allocated|reserved|committed)\b", _raw(segment)) is None
            and free != known.nodes
        )
        wrong = bool(known.nodes_allocated) or taken
        running = f"{known.nodes_allocated} nodes run jobs; {fact}"
        return _found(segment, "occupancy", "no job runs", running if wrong else None)
    if _whole(ALL_FREE, segment) and "CLUSTER FREE" not in segment.tags:
        return _found(segment, "occupancy", "all nodes are free", fact if free != known.nodes else None)
    if _whole(NONE_FREE, segment) and _NOTHING_IDLE.fullmatch(_raw(segment)) is None:
        return _found(segment, "occupancy", "no node is free", fact if free else None)
    for pattern, busy in MOSTLY:
        if _whole(pattern, segment):
            wrong = (free > 0.6 * known.nodes) if busy else (free < 0.4 * known.nodes)
            return _found(segment, "occupancy", f"mostly {'busy' if busy else 'free'}", fact if wrong else None)
    return None


def _raw(segment: Segment) -> str:
    return " ".join(token.raw.lower() for token in segment.scene.sentence.tokens[segment.first : segment.last])


_READERS: tuple[Callable[[Segment], Found | None], ...] = (
    _occupancy, _hardware, _penalty, _pair, _match, _capacity, _types, _number,
)  # fmt: skip
_LOOSE = (_occupancy, _hardware, _capacity, _number)
