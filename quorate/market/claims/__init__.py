"""What a bid's prose claims about the cluster, the job, the rules and plain arithmetic, and what of it is false.

A language model's figures are mostly right and its categories often wrong, so numbers alone catch little. A text is
cut into sentences, a sentence into tags (`words`: one class of words, one tag), pronouns are resolved where only one
reading is possible, and rules over tags find claims. A number is read by what it counts (`nouns`) and by the roles
that the words round it give (`context`): a number of nodes, GPUs, bytes or percent that no reading has is false,
however it is worded (`tally`, `gauges`, `volumes`); sums are worked out (`formulas`). Types, penalties and fit are
known by their usual wordings first, then by the notions that meet in a clause (`notions`, `judgements`), at last by its
gist, all words for giving room being one concept (`gist`, `gist_rules`); factors and differences are held against every
pair that they may compare (`margins`). What is refuted is read once more by another eye (`doubts`). A claim is refuted
only where the facts are known and leave no true reading: the precise figure of a known group, an approximate one, a
job's where it could be the job's. Hedges (`may`, `would`), conditions (`if`), comparisons (`unlike a GPU
cluster`), opinions (`well suited`, `ample`) and other clusters' properties claim nothing.

| kind | says | refuted when |
|---|---|---|
| own_type | I am a T cluster; my type is (not) T; my T-focused design | the type is another (or just this one) |
| specialisation | specialised in, designed for, focused on T | the type is none of which that may be said |
| type_match | the types match, differ; the job is (not) my specialisation | it is not so; the job states no type |
| penalty_rule | a mismatch penalty applies, or does not | the types match, or do not |
| job_type | the job's type is T; the job has no type | its type is another, or known to be none; it has one |
| identity | as CLUSTER_X, I ...; CLUSTER_X is my name | the bidder is another member |
| heterogeneity | mixed nodes; nodes all alike; N kinds of nodes | one group of nodes; several; another number |
| gpu_presence | no GPUs, GPU-less; my GPUs; the job needs no GPUs | it has some; it has none; it asks for some |
| high_memory | high-memory, large-memory nodes | no node above 512 GiB, and the type is not memory |
| gpus_per_node, memory_per_node, cores | N per node; on every node | no group has it; some group does not |
| gpu_total, memory_total, cores | N in all | neither the total nor any part that could be meant |
| node_count, free_nodes, job_nodes | N nodes in all, free, asked for | another number (exact; `about`: 6 %) |
| background, occupancy | N nodes or N % busy; all free; none free | another figure (1 point), also after the job |
| share_of_cluster | the job is N % of the cluster, of its free nodes | more than 1 point off |
| walltime | runs N minutes, hours, seconds | more than 2 % off; a wait or a forecast only if a unit was misread |
| interconnect | the network's name; N Gb/s a link | another name, generation or bandwidth (GB/s is 8 Gb/s) |
| storage | N PB of storage | more than 2 % off |
| capacity | it fits, does not; enough or too few nodes, GPUs, memory | nodes that have what is asked say otherwise |
| arithmetic | a x b = c, a + b, a - b, a of b (c %), nodes left | the sum is another (shares: 1 point) |

T covers the words bids use for a type (`words`); of soft ones (compute-intensive, data-intensive, simulation) several
types may say so truly. `HPC system` names what every supercomputer is; `hpc cluster`, said of oneself, is a type.
Known limits: English only; irony, metaphor and claims that need the job's description are not read; ellipsis (`we
have eight on each`) only for the noun counted last; a number in two roles by its words may be either.
Measure: `python tests/quorate/market/claims_measure.py`, `python -m evals
gold`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from quorate.market.claims import (
    gist_rules,
    holders,
    judgements,
    loads,
    margins,
    nobodys,
    notions,
    sides,
    stocks,
    waste,
)
from quorate.market.claims.capacity import capacity
from quorate.market.claims.doubts import doubted
from quorate.market.claims.lexer import Names, Sentence, names, sentences
from quorate.market.claims.numbers import numbers
from quorate.market.claims.presence import gpu_presence, heterogeneity, high_memory, occupancy_words
from quorate.market.claims.relations import penalties, type_matches
from quorate.market.claims.rules import Found, Scene, corrected, counted, resolved
from quorate.market.claims.sums import networks, sums
from quorate.market.claims.terse import terse
from quorate.market.claims.types import identities, job_types, own_types
from quorate.market.claims.values import ClaimKind, Known, KnownGroup, ProseClaim, Refutation, Rival, known

__all__ = ["ClaimKind", "Known", "KnownGroup", "ProseClaim", "Refutation", "Rival", "claims", "known", "refuted"]

_READERS: tuple[tuple[Callable[[Scene], Iterator[Found]], re.Pattern[str]], ...] = tuple(
    (reader, re.compile(needs))
    for reader, needs in (
        (identities, " OTHERID "),
        (own_types, " T:"),
        (type_matches, " (?:TYPEN|SPECN|MINE|MIS|SAME|MATCHV|P:same_as|SPECV|T:[^ ]+) "),
        (penalties, " PENALTY "),
        (job_types, " (?:TYPEN|JOB|REQ) "),
        (heterogeneity, " (?:NODE|HET|HOM) "),
        (gpu_presence, " (?:GPUS|T:gpu|T:accel|CPUONLY|CPU) "),
        (high_memory, " (?:T:memory|fat) "),
        (occupancy_words, " (?:NODE|FREE|BUSY|BG|LOAD|empty|booked) "),
        (capacity, " (?:RUN|ENOUGH|SHORT|JOB|NO|HAVE|infeasible|impossible|REQ|short|out|CAN|MORE|Q:mem|nothing) "),
        (numbers, " (?:N|Q:[^ ]+) "),
        (sums, " (?:N|Q:mem) "),
        (networks, " NET:"),
    )
)
"""Each reader with the tags without which it has nothing to read."""


_NOTIONS: tuple[Callable[[Scene], Iterator[Found]], ...] = (
    notions.own_types, notions.job_types, notions.type_matches, notions.penalties, notions.identities,
    judgements.capacity, judgements.gpu_presence, judgements.heterogeneity, judgements.occupancy,
)  # fmt: skip
"""Readers of what no rule has read: each is heard only where nobody else found a claim of its kind in the sentence."""

_GISTS: tuple[Callable[[Scene], Iterator[Found]], ...] = (
    margins.factors, margins.differences, sides.types, sides.pairs, sides.purposes, sides.contrasts,
    sides.likewise, loads.loads, stocks.memory, stocks.gpus, holders.nodes, holders.every, nobodys.times,
    waste.unused, waste.parts,
    nobodys.shares, nobodys.remainders, gist_rules.heterogeneity,
    gist_rules.capacity, gist_rules.penalties, gist_rules.type_matches, gist_rules.gpu_presence, gist_rules.occupancy,
)  # fmt: skip
"""Readers of what a clause says by its gist: heard only in clauses in which nobody else found a claim of its kind."""


def _names(known: Known) -> Names:
    jobs = (known.job, known.job_name, known.job_application)
    return names(known.cluster, tuple(rival.id for rival in known.rivals), tuple(name for name in jobs if name))


def _found(text: str, known: Known) -> Iterator[tuple[Sentence, Found]]:
    before = noun = earlier = ""
    for sentence in sentences(text, _names(known)):
        sentence, before = resolved(sentence, before)
        scene = Scene(sentence, known, noun, earlier)
        noun, earlier = counted(sentence, noun), sentence.tags
        if sentence.tokens[-1].tag == "?":
            continue
        yield from ((sentence, _reconsidered(scene, found)) for found in _read(scene))


def _reconsidered(scene: Scene, found: Found) -> Found:
    return replace(found, fact=None) if found.fact is not None and doubted(scene, found) else found


def _read(scene: Scene) -> Iterator[Found]:
    """Yield what one sentence says; a short segment that another reader understood is not told twice."""
    start, end = corrected(scene.sentence)
    told: list[Found] = []
    kinds: set[ClaimKind] = set()
    for reader, needs in _READERS:
        if needs.search(scene.sentence.tags):
            told += [found for found in reader(scene) if not start <= found.first < end]
    short = [
        found
        for found in terse(scene)
        if not start <= found.first < end
        and not any(
            one.kind == found.kind
            and one.first < found.last
            and found.first < one.last
            and (found.fact is None or one.fact is not None)
            for one in told
        )
    ]
    untyped = any(found.asserted == "the job has no type" for found in (*told, *short))
    told, short = ([found for found in some if not (untyped and found.kind == "type_match")] for some in (told, short))
    yield from told
    yield from short
    if untyped:
        kinds.add("type_match")
    kinds |= {found.kind for found in (*told, *short)}
    late = [found for reader in _NOTIONS for found in reader(scene) if found.kind not in kinds]
    late = [found for found in late if not start <= found.first < end]
    yield from late
    loose = [found for found in late if found.kind != "capacity" or found.fact is not None]
    yield from _by_gist(scene, (*told, *short, *loose), (start, end))


def _by_gist(scene: Scene, told: tuple[Found, ...], taken_back: tuple[int, int]) -> Iterator[Found]:
    start, end = taken_back
    for reader in _GISTS:
        for found in reader(scene):
            same = (one for one in told if one.kind == found.kind)
            if not start <= found.first < end and not any(
                one.first < found.last and found.first < one.last for one in same
            ):
                yield found


def claims(text: str, known: Known) -> tuple[ProseClaim, ...]:
    """Return every checkable claim of a text, in reading order of its sentences; each once."""
    made = (
        ProseClaim(
            kind=found.kind,
            sentence=sentence.text,
            asserted=found.asserted,
            span=(sentence.tokens[found.first].start, sentence.tokens[max(found.first, found.last - 1)].end),
        )
        for sentence, found in _found(text, known)
    )
    return tuple(dict.fromkeys(made))


def refuted(text: str, known: Known) -> tuple[Refutation, ...]:
    """Return the claims that the facts contradict, in reading order of their sentences; each once."""
    made = (
        Refutation(kind=found.kind, sentence=sentence.text, says=found.asserted, fact=found.fact)
        for sentence, found in _found(text, known)
        if found.fact is not None
    )
    return tuple(dict.fromkeys(made))
