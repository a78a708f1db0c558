"""Statements turned over: true ones made false, false ones made true, and the same said in other figures.

A labelled true claim becomes false if its figure is changed, or if the facts are changed under it; a labelled false one
may become true by other facts. So every wording of the gold bids is a case of recall or of precision that nobody had to
label. Look at what is missed with `python -m tests.evals.flips [CLASS ...]`.
"""

import json
import random
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.knowing import known_from
from quorate.domain.clusters import CLUSTER_TYPES, ClusterType
from quorate.market.claims import Known, KnownGroup, refuted

GOLD = Path(__file__).parents[2] / "evals" / "gold"
SETS = ("dev-2", "dev-3", "dev-4")
"""The sets that may be read. The first set's `dev` is left out: half of its texts are derived from each other."""

FIGURES = frozenset({
    "gpu_presence", "gpus_per_node", "node_count", "free_nodes", "share_of_cluster", "memory_per_node", "memory_total",
    "cores", "walltime_unit", "interconnect", "storage", "occupancy", "arithmetic",
})  # fmt: skip
"""Classes whose claims become false with their figure."""

_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty", "thirty", "forty")
_OTHER = (
    "five", "nine", "seven", "eleven", "thirteen", "twelve", "nineteen", "fourteen", "seventeen", "twenty-one",
    "thirty-five", "fifty-three", "seventy-one",
)  # fmt: skip
_WORDS = dict(zip(_SMALL, _OTHER, strict=True))
_FIGURE = re.compile(rf"(?<![\w.,-])(?:\d[\d,]*(?:\.\d+)?(?![\d.]*[A-Za-z_]*-\d)|\b(?:{'|'.join(_WORDS)})\b(?!-))")
_BOUND = re.compile(
    r"(?:more|less|fewer|over|under|above|below|least|most|than|exceed\w*|beyond|within|up to|about|roughly|almost|"
    r"nearly|around|~|≥|≤|>|<)\W+(?:\w+\W+)?$",
    re.IGNORECASE,
)
"""What makes a figure a bound, on whose right side another one is true too."""
_WISH = re.compile(r"\b(?:job|need\w*|want\w*|ask\w*|request\w*|requir\w*|demand\w*|call\w*)\b", re.IGNORECASE)
_NONE = re.compile(
    r"\b(?:no|none|not|without|lack\w*|CPU|zero|nothing|any|never|less|free|bare|rest|other|remaining|absent)\b|n't",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One claim under facts that turn it over."""

    id: str
    kind: str
    """Its class."""
    text: str
    """The whole reply."""
    sentence: str
    known: Known


def _records(names: Iterable[str]) -> Iterator[tuple[dict, dict]]:
    for name in names:
        labels = {line["id"]: line for line in _lines(name, "labels.jsonl")}
        yield from ((record, labels[record["id"]]) for record in _lines(name, "bids.jsonl"))


def _lines(name: str, file: str) -> list[dict]:
    return [json.loads(line) for line in (GOLD / name / file).read_text("utf-8").splitlines()]


def _other_type(*taken: ClusterType | None) -> ClusterType:
    return next(name for name in CLUSTER_TYPES if name not in taken)


def _regrouped(known: Known, **changed: int) -> tuple[KnownGroup, ...]:
    return tuple(group.model_copy(update=changed) for group in known.groups or ())


def _fitting(known: Known) -> dict[str, object]:
    """Facts under which the job fits if it did not, and the reverse."""
    if known.fits:
        return {
            "groups": _regrouped(known, gpus=0, memory_gib=1, free=0),
            "nodes_free": 0,
            "gpus": 0,
            "memory_gib": known.nodes,
        }
    groups = _regrouped(known, gpus=16, memory_gib=8192, nodes=5000, free=5000)
    return {"groups": groups, "nodes_free": 5000 * len(groups), "nodes": 5000 * len(groups)}


def _kinds(known: Known) -> dict[str, object]:
    groups = known.groups or ()
    if len(groups) > 1:
        return {"groups": (groups[0].model_copy(update={"nodes": known.nodes, "free": known.nodes_free}),)}
    one, nodes = groups[0], groups[0].nodes or 0
    fat = one.model_copy(update={"nodes": 10, "memory_gib": 2 * (one.memory_gib or 0), "free": 0})
    return {"groups": (one.model_copy(update={"nodes": nodes - 10}), fat)}


def _gpus(known: Known, sentence: str) -> dict[str, object]:
    if _WISH.search(sentence):
        return {}
    if known.gpus and not _NONE.search(sentence):
        return {"gpus": 0, "groups": _regrouped(known, gpus=0)}
    return {"gpus": 4 * (known.nodes or 0), "groups": _regrouped(known, gpus=4)} if _NONE.search(sentence) else {}


def turned(kind: str, known: Known, sentence: str) -> Known | None:
    """Return facts that make a claim of this class false if it was true, and the reverse; None if there are none."""
    own, asked, said = known.type, known.job_type, sentence.lower()
    changed: dict[str, object] = {}
    if kind in {"type_match", "penalty_rule"} and own and asked:
        changed = {"job_type": _other_type(own) if own == asked else own}
    elif kind in {"own_type", "specialisation"} and own and re.search(rf"\b{own}\b", said):
        changed = {"type": _other_type(own, asked)}
    elif kind == "job_type" and asked and re.search(rf"\b{asked}\b", said):
        changed = {"job_type": _other_type(own, asked)}
    elif kind == "capacity" and known.fits is not None:
        changed = _fitting(known)
    elif kind == "heterogeneity" and known.groups:
        changed = _kinds(known)
    elif kind == "gpu_presence" and known.groups:
        changed = _gpus(known, sentence)
    return known.model_copy(update=changed) if changed else None


def _facts_of(known: Known) -> set[float]:
    """Every figure that a wrong one must not hit by chance: facts, their sums and differences, and hours of minutes."""
    groups, job = known.groups or (), known.job_nodes or 0
    nodes = {known.nodes or 0, known.nodes_free or 0, known.nodes_allocated or 0, known.nodes_background or 0, job}
    nodes |= {size or 0 for group in groups for size in (group.nodes, group.free)}
    each = {size or 0 for group in groups for size in (group.gpus, group.cores, group.memory_gib)}
    each |= {known.job_gpus_per_node or 0, known.job_memory_gib_per_node or 0}
    seconds = known.job_walltime_s or 0
    found = {float(one) for one in (*nodes, *each, known.gpus or 0, known.cores or 0, known.memory_gib or 0)}
    found |= {float(abs(one - two)) for one in nodes for two in nodes} | {
        float(one * two) for one in nodes for two in each
    }
    found |= {seconds / part for part in (1, 60, 3600)} | {size / 1024 for size in found if size >= 512}
    return found


def misstated(case: Case, chance: random.Random) -> Case | None:
    """Return the claim with one of its figures changed; None if it holds none, or only a bound."""
    sentence = case.sentence
    figures = [one for one in _FIGURE.finditer(sentence) if not _BOUND.search(sentence[: one.start()])]
    if not figures:
        return None
    figure = chance.choice(figures)
    wrong = _WORDS.get(figure.group()) or _wrong(
        float(figure.group().rstrip(",").replace(",", "")), sentence[figure.end() :], case.known
    )
    said = sentence[: figure.start()] + wrong + sentence[figure.end() :]
    return Case(case.id, case.kind, case.text.replace(sentence, said), said, case.known)


def _wrong(right: float, after: str, known: Known) -> str:
    percent = re.match(r"\s?(?:%|per ?cent)", after) is not None
    value = round((right + 17 if right < 70 else right - 23) if percent else right * 1.37 + 3)
    taken = _facts_of(known)
    while any(abs(value - one) <= 0.03 * one for one in taken) and not percent:
        value = round(value * 1.09 + 1)
    return str(value)


def false_cases(names: Iterable[str] = SETS, seed: int = 1) -> Iterator[Case]:
    """Yield true claims of clean replies, each turned false."""
    chance = random.Random(seed)
    for record, label in _records(names):
        known = known_from(record["job"], record["cluster"])
        for claim in label["claims"] if not label["false"] else ():
            case = Case(record["id"], claim["class"], record["reply"], claim["sentence"], known)
            if record["reply"].count(claim["sentence"]) != 1:
                continue
            facts = turned(case.kind, known, case.sentence)
            if facts is not None:
                yield Case(case.id, case.kind, case.text, case.sentence, facts)
            elif case.kind in FIGURES and (wrong := misstated(case, chance)):
                yield wrong


def true_cases(names: Iterable[str] = SETS) -> Iterator[Case]:
    """Yield false claims, each turned true by other facts."""
    for record, label in _records(names):
        known = known_from(record["job"], record["cluster"])
        for claim in label["claims"]:
            if claim["false"] and claim["class"] in {"type_match", "penalty_rule", "capacity", "heterogeneity"}:
                facts = turned(claim["class"], known, claim["sentence"])
                if facts is not None and record["reply"].count(claim["sentence"]) == 1:
                    yield Case(record["id"], claim["class"], record["reply"], claim["sentence"], facts)


_GROUPED = re.compile(r"(?<![\d.,-])\d{1,3},\d{3}(?![\d,])")
_LONG = re.compile(r"(?<![\w.,:/-])[1-9]\d{3}(?![\w.,:/-])")
_RESTATED = (
    (_GROUPED, lambda match: match.group().replace(",", "")),
    (_LONG, lambda match: f"{int(match.group()):,}"),
    (re.compile(r"\bGiB\b"), lambda _: "GB"),
    (re.compile(r"(?<=\d) ?%"), lambda _: " percent"),
    (re.compile(r"(?<=\d) (?:hours|h)\b(?! and| \d)"), lambda _: " hrs"),
    (re.compile(r"\bdoesn't\b"), lambda _: "does not"),
    (re.compile(r"\bdoes not\b"), lambda _: "doesn't"),
    (re.compile(r"(?<=[a-z]) free nodes\b"), lambda _: " idle nodes"),
)  # fmt: skip


def restated_cases(names: Iterable[str] = SETS) -> Iterator[Case]:
    """Yield clean replies restated in other figures, units and contractions; `sentence` is the reply as it was."""
    for record, label in _records(names):
        for pattern, other in _RESTATED if not label["false"] else ():
            said = pattern.sub(other, record["reply"])
            if said != record["reply"]:
                yield Case(
                    record["id"], pattern.pattern, said, record["reply"], known_from(record["job"], record["cluster"])
                )


def caught(case: Case, alike: bool = False) -> bool:
    """Whether something is refuted in the sentence of a claim; `alike`: something of its own class."""
    return any(
        _overlap(case.sentence, found.sentence) and (not alike or found.kind == case.kind)
        for found in refuted(case.text, case.known)
    )


def _overlap(claim: str, sentence: str) -> bool:
    middle = claim[len(claim) // 3 : len(claim) // 3 + 30]
    return claim[:30] in sentence or sentence[:30] in claim or (len(claim) > 60 and middle in sentence)


def sampled(cases: Iterable[Case], each_max: int, seed: int = 1) -> dict[str, list[Case]]:
    """Return up to `each_max` cases a class, drawn by the seed."""
    every: dict[str, list[Case]] = {}
    for case in cases:
        every.setdefault(case.kind, []).append(case)
    chance = random.Random(seed)
    return {kind: chance.sample(some, min(each_max, len(some))) for kind, some in sorted(every.items())}


def shares(cases: dict[str, list[Case]], alike: bool = False) -> dict[str, tuple[int, int]]:
    """Return, for each class, how many cases are caught, of how many."""
    return {kind: (sum(caught(case, alike) for case in some), len(some)) for kind, some in cases.items()}


def report(title: str, cases: dict[str, list[Case]], missed: bool, show: set[str]) -> Iterator[str]:
    """Yield a line a class, and under those of `show` each case that is missed, or caught if none should be."""
    for kind, some in cases.items():
        hits = [caught(case, alike=not missed) for case in some]
        yield f"{title} {kind:18} {sum(hits):4} of {len(hits):4}  {100 * sum(hits) / len(hits):5.1f} %"
        yield from (_shown(case) for case, hit in zip(some, hits, strict=True) if hit != missed and kind in show)


def _shown(case: Case) -> str:
    at = case.text.find(case.sentence)
    end = at + len(case.sentence)
    return f"    {case.id} <{case.text[max(0, at - 70) : at]}>  [{case.sentence}]  <{case.text[end : end + 40]}>"


if __name__ == "__main__":
    wanted = {*sys.argv[1:]}
    sys.stdout.writelines(f"{line}\n" for line in report("made false", sampled(false_cases(), 10**6), True, wanted))
    sys.stdout.writelines(f"{line}\n" for line in report("made true ", sampled(true_cases(), 10**6), False, wanted))
