# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""How many times, how much more: comparisons of what is there with what is asked, told as a factor or as a difference.

A factor is held against every ratio of the things that its clause names, either way round; a difference against every
gap between what is there and what is asked. Only what none of them comes near is wrong.
"""

import re
from collections.abc import Iterable, Iterator

from quorate.market.claims.gist import Gist, gists
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import Known

_FACTORS = {"twice": 2.0, "double": 2.0, "doubles": 2.0, "doubled": 2.0, "thrice": 3.0, "triple": 3.0, "triples": 3.0, "quadruple": 4.0, "quadruples": 4.0,
            "twofold": 2.0, "threefold": 3.0, "fourfold": 4.0, "fivefold": 5.0, "tenfold": 10.0}  # fmt: skip
_NAMES = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TIMES = re.compile(rf" (?P<n>\d+(?:\.\d+)?|{'|'.join(_NAMES)}) ?(?:times|fold) ")
_WORD = re.compile(rf" (?P<word>{'|'.join(_FACTORS)}) ")
_NO_FACTOR = re.compile(
    r" (?:fast|faster|slower|speed|day|week|month|hour|score|penalty|cost|costs|over|again|run twice|tried|checked|rank|ranks|each way|cores?|bandwidth|storage|network|walltime|time|long|longer|as busy|half|replicas|copies) "
)
_ABOVE = re.compile(r" (?:more than|over|at least|well over|better than|exceeds) (?:the |\w+ )?$")
_BELOW = re.compile(r" (?:less than|under|at most|not even|below|barely|short of|almost|nearly|close to) (?:the )?$")


_NEXT = re.compile(
    r" ?(?:\w+ ){0,2}?(?P<memory>memory|ram|\d+ (?:gib|gb)) |(?: ?(?:\w+ ){0,2}?(?P<gpus>gpus|accelerators) )"
)
_MEMORY, _GPUS, _NODES = frozenset({"MEMORY"}), frozenset({"GPUS", "GPU"}), frozenset({"NODE", "FREE", "BUSY", "ASKED"})


def _things(gist: Gist, rest: str) -> frozenset[str]:
    """What a factor compares: the thing named right after it, else all that its clause names, else anything."""
    following = _NEXT.match(rest)
    if following is not None:
        return _MEMORY if following["memory"] else _GPUS
    named = frozenset(name for name in _MEMORY | _GPUS | _NODES if gist.has(name))
    return named or _MEMORY | _GPUS | _NODES


def _ratios(known: Known, things: frozenset[str]) -> Iterator[tuple[float | None, float | None]]:
    """Pairs of these things that a factor may compare."""
    groups = known.groups or ()
    if things & _MEMORY:
        yield from ((group.memory_gib, known.job_memory_gib_per_node) for group in groups)
        yield known.memory_gib, _product(known.job_nodes, known.job_memory_gib_per_node)
        yield from ((one.memory_gib, two.memory_gib) for one in groups for two in groups)
    if things & _GPUS:
        yield from ((group.gpus, known.job_gpus_per_node) for group in groups)
        yield known.gpus, _product(known.job_nodes, known.job_gpus_per_node)
        yield known.gpus, known.nodes
        yield from ((one.gpus, two.gpus) for one in groups for two in groups)
    if things & _NODES:
        counts = _node_counts(known)
        yield from ((one, two) for one in counts for two in counts)


def _node_counts(known: Known) -> list[int | None]:
    free, job = known.nodes_free, known.job_nodes
    busy = None if known.nodes is None or free is None else known.nodes - free
    left = None if free is None or job is None else free - job
    counts = [
        known.nodes,
        free,
        known.suitable,
        known.suitable_free,
        busy,
        known.nodes_allocated,
        known.nodes_background,
        job,
        left,
    ]
    return counts + [size for group in known.groups or () for size in (group.nodes, group.free)]


def _product(one: int | None, two: int | None) -> int | None:
    return None if one is None or two is None else one * two


def _true_factors(known: Known, things: frozenset[str]) -> list[float]:
    both = [(one, two) for one, two in _ratios(known, things) if one and two]
    return [ratio for one, two in both for ratio in (one / two, two / one)]


def factors(scene: Scene) -> Iterator[Found]:
    """Return each factor that no comparison of what its clause names comes near."""
    for gist in gists(scene):
        match = _TIMES.search(gist.words) or _WORD.search(gist.words)
        if match is None or _NO_FACTOR.search(gist.words) or not _complete(gist):
            continue
        said, ahead = _said(match), gist.words[: match.start() + 1]
        truths = _true_factors(scene.known, _things(gist, gist.words[match.end() - 1 :]))
        if not truths or not gist.has("NEED", "JOB", "SELF", "ASKED"):
            continue
        right = close((said,), truths, 0.0, 0.15) or _holds(said, ahead, truths)
        fact = None if right else f"nothing here is {said:g} times of what is compared"
        yield Found("arithmetic", f"{said:g} times", gist.clause.first, gist.clause.last, fact)


def _holds(said: float, ahead: str, truths: Iterable[float]) -> bool:
    if _ABOVE.search(ahead):
        return any(truth >= said * 0.98 for truth in truths)
    return _BELOW.search(ahead) is not None and any(said * 0.7 <= truth <= said * 1.02 for truth in truths)


def _complete(gist: Gist) -> bool:
    """Whether every figure that is not in the clause is known, so that none is missed."""
    known = gist.known
    return None not in (known.nodes, known.nodes_free, known.job_nodes, known.gpus, known.memory_gib) and bool(
        known.groups
    )


def _said(match: re.Match[str]) -> float:
    groups = match.groupdict()
    if groups.get("word"):
        return _FACTORS[groups["word"]]
    number = str(groups["n"])
    return float(_NAMES.index(number) + 2) if number in _NAMES else float(number)


def differences(scene: Scene) -> Iterator[Found]:
    """Return each `N more than it needs`, `N fewer than asked` that no gap is."""
    for gist in gists(scene):
        if " than " not in gist.words:
            continue
        tokens = scene.sentence.tokens
        for at in range(gist.clause.first, gist.clause.last):
            if tokens[at].tag not in {"N", "Q:mem"} or not _differs(scene, at, gist.clause.last):
                continue
            truths = _gaps(scene.known, gist, tokens[at].tag == "Q:mem")
            quantity = tokens[at].quantity
            if truths and quantity is not None:
                right = close(quantity.values, truths, 0.0, 0.02)
                fact = (
                    None if right else f"the difference is {min(truths, key=lambda gap: abs(gap - quantity.number)):g}"
                )
                yield Found("arithmetic", f"a difference of {tokens[at].raw}", at, at + 1, fact)


_DIFFERS = re.compile(
    r"^(?:N|Q:mem) (?:FREE |NODE |GPUS |T:gpu |PER NODE |A NODE |T:memory |EACH |P:of )*(?:MORE|LESS|more|fewer|less) (?:FREE |NODE |GPUS |T:gpu |T:memory |PER NODE |A NODE )*(?:P:than )?(?:THE |what |THIS |JOB |IT |BE |WH )*(?:REQ|JOB|IT|wanted|asked)"
)


def _differs(scene: Scene, at: int, end: int) -> bool:
    tags = scene.sentence.slice(at, min(end, at + 14)).strip() + " "
    told = " ".join(token.raw.lower() for token in scene.sentence.tokens[at : at + 8])
    return _DIFFERS.match(tags) is not None and "exceed" not in told


def _gaps(known: Known, gist: Gist, memory: bool) -> list[float]:
    groups, job = known.groups or (), known.job_nodes
    if memory:
        pairs = [(group.memory_gib, known.job_memory_gib_per_node) for group in groups]
        pairs.append((known.memory_gib, _product(job, known.job_memory_gib_per_node)))
    else:
        pairs = [(base, job) for base in (known.nodes, known.nodes_free, known.suitable, known.suitable_free)]
        pairs += [(size, job) for group in groups for size in (group.nodes, group.free)]
        pairs += [(group.gpus, known.job_gpus_per_node) for group in groups] + [
            (known.gpus, _product(job, known.job_gpus_per_node))
        ]
    return [abs(one - two) for one, two in pairs if one is not None and two is not None]
