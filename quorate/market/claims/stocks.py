# ruff: noqa: E501 - words of a class stand together
"""Amounts of memory and numbers of GPUs that are nobody's, whatever words stand round them.

What can be said truly of a stock is a closed list: what a node has or is asked to have, that times any number of nodes
that matters, the gaps between what is there and what is asked, and what is left over. A figure that comes near none of
them is wrong, be it the cluster's, the job's or a sum of both.
"""

import re
from collections.abc import Iterator
from itertools import product

from quorate.market.claims.context import around, elsewhere, supposed, unsaid
from quorate.market.claims.counting import counts
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import Known
from quorate.market.claims.volumes import OTHER_BYTES, stored


def _sizes(known: Known) -> set[int]:
    """Every number of nodes by which a stock may be multiplied."""
    groups, job, free = known.groups or (), known.job_nodes or 0, known.nodes_free or 0
    sizes = {
        1,
        job,
        known.nodes or 0,
        free,
        known.suitable or 0,
        known.suitable_free or 0,
        max(0, free - job),
        max(0, (known.nodes or 0) - free),
    }
    return sizes | {size for group in groups for size in (group.nodes or 0, group.free or 0)}


def _closed(known: Known, each: list[int], asked: int, total: int) -> list[float]:
    """Every amount of one stock that a bid may speak of; `each` is what the kinds of node have of it."""
    sizes, job = _sizes(known), known.job_nodes or 0
    gaps = {abs(one - two) for one, two in product((*each, asked), repeat=2)}
    alls = {size * one for size in sizes for one in (*each, asked)} | {
        size * gap for size in (*sizes, job) for gap in gaps
    }
    kinds = {(group.nodes or 0) * one for group, one in zip(known.groups or (), each, strict=True)}
    rests = {abs(whole - job * one) for whole in (total, sum(kinds), *kinds) for one in (*each, asked)}
    free = sum((group.free or 0) * one for group, one in zip(known.groups or (), each, strict=True))
    return sorted(float(value) for value in {*each, asked, total, free, *gaps, *alls, *kinds, *rests} if value)


_SPOKEN = re.compile(
    r" (?:T:memory|NODE|PER|HAVE|MY|I|MINE|REQ|JOB|SELFID|ram|dram|TOTAL|overall|adds|altogether|sum|CLUSTER) "
)
_ELSE = re.compile(r" (?:IF|OTHER|OTHERID|CLUSTERS|STO|T:storage|hbm|gpu memory|T:gpu T:memory) ")


def memory(scene: Scene) -> Iterator[Found]:
    """Return each amount of memory that is no fact."""
    known, tokens, groups = scene.known, scene.sentence.tokens, scene.known.groups
    each = [group.memory_gib for group in groups or () if group.memory_gib is not None]
    if not groups or len(each) < len(groups) or known.job_memory_gib_per_node is None:
        return
    truths = (each[0], *_closed(known, each, known.job_memory_gib_per_node, known.memory_gib or 0))
    right, sums = Truth("memory_per_node", "the cluster's memory per node", truths, "GiB"), places(scene.sentence)
    for index, token in enumerate(tokens):
        if token.tag == "Q:mem" and index not in sums and not _other_bytes(scene, index):
            yield judged(scene, index, token, right)


def _other_bytes(scene: Scene, index: int) -> bool:
    """Whether bytes are of something else, of somebody else, or of a case that is only supposed."""
    tokens, near = scene.sentence.tokens, around(scene, index)
    start, end = scene.sentence.clause(index)
    tags = scene.sentence.slice(max(start, index - 8), min(end, index + 8))
    words = {one.raw.lower() for one in tokens[max(0, index - 6) : index + 6]}
    other = stored(near, tokens[index].raw) or words & OTHER_BYTES or _ELSE.search(tags)
    if other or elsewhere(near) or supposed(near) or unsaid(scene, index):
        return True
    first = max(0, index - 14)
    beside = any(one.tag == "Q:mem" for at, one in enumerate(tokens[first : index + 14], first) if at != index)
    return not (beside or _SPOKEN.search(scene.sentence.tags) or " T:memory " in scene.sentence.tags + scene.earlier)


_COUNTED = re.compile(
    r"^ N (?:[a-z]\S* |REQ |TOTAL |FREE |(?:out )?P:of (?:MY |THE |ITS |ALL |SELFID |'S |[a-z]\S* ){0,3}(?:N )?|MY |P:of |THE |ITS |SELFID |'S |JOB ){0,3}?(?:GPUS|T:gpu (?!NODE|CLUSTER|JOB|TYPEN|T:memory|HW)) "
)
_BARE = re.compile(
    r"^ N (?:[.,;:)!|><]|(?:THE |THIS |IT )?(?:JOB |IT |WH )?REQ |<=|>=|AND|C:\S+|-> |BE |here |there |THIS |available |FREE |exist|sit|ok |PER|EACH|IN (?:A |PER |EACH |ALL )|P:on (?:A |PER |EACH |ALL )|P:to (?:A|PER) |P:of (?:them|these|those|THESE|WH)|P:for (?:A|THE|THIS) |P:against|P:versus|P:vs|IN TOTAL|installed|P:across|over|HEDGE|/ NODE|$)"
)
_NO_GPUS = re.compile(r" (?:IF|OTHER|OTHERID|CLUSTERS|RULE) ")
_ELSEWHERE = frozenset(
    {
        "NODE",
        "CORE",
        "Q:mem",
        "T:memory",
        "JOBS",
        "BG",
        "FREE",
        "BUSY",
        "Q:time",
        "TIMEN",
        "Q:pct",
        "STO",
        "T:storage",
        "NET",
        "Q:bw",
        "score",
    }
)


_ONE_NODE = frozenset({"PER", "/", "A", "EACH"})
_SOME_NODES = frozenset({"MY", "T:gpu", "THE"})
_GPU_WHAT = frozenset({"CLUSTER", "JOB", "TYPEN", "SPECN", "T:memory"})
_LABELS = frozenset(
    {
        "criterion",
        "check",
        "step",
        "point",
        "item",
        "rule",
        "option",
        "reason",
        "round",
        "factor",
        "part",
        "question",
        "number",
        "no",
        "version",
        "phase",
        "level",
    }
)


def of_gpus(scene: Scene, index: int) -> bool:
    """Whether GPUs were spoken of last before a bare number; a node that something is in or on is not spoken of."""
    tokens = scene.sentence.tokens
    if index and tokens[index - 1].raw.lower() in _LABELS:
        return False
    for at in range(index - 1, max(-1, index - 16), -1):
        tag = tokens[at].tag
        if tag == "GPUS" or (tag == "T:gpu" and tokens[at + 1].tag not in _GPU_WHAT):
            return True
        if (tag in _ELSEWHERE or _titled(tokens, at)) and not _passing(tokens, at):
            return False
    return scene.noun == "GPUS" and index < 5


def _titled(tokens: tuple[Token, ...], at: int) -> bool:
    """`Network:` opens another topic."""
    return tokens[at].tag == ":" and at > 0 and tokens[at - 1].tag not in {"NODE", "PER", "A", ")", "GPUS", "T:gpu"}


def _passing(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a word changes no topic: `per node`, `in our nodes`, `use`."""
    if tokens[at].raw.lower() == "use":
        return True
    if tokens[at].tag != "NODE" or not at:
        return False
    some = tokens[at - 1].tag in _SOME_NODES and tokens[at - 2].tag not in {"N", "P:of"}
    return some or tokens[at - 1].tag in _ONE_NODE


def _listed(scene: Scene, index: int) -> bool:
    """`(3) Memory` counts nothing."""
    around_it = [token.tag for token in scene.sentence.tokens[max(0, index - 1) : index + 2]]
    return around_it[-1:] == [")"] and (len(around_it) < 3 or around_it[0] == "(")


_EACH_AFTER = re.compile(
    r"^ N (?:GPUS |T:gpu |BE |[a-z]\S* )?(?:PER(?! JOB)|EACH|/ NODE|P:on (?:A |PER |EACH)|IN (?:A |PER |EACH)|P:to (?:A |PER )NODE)"
)
_EACH_BEFORE = re.compile(
    r" (?:A|PER|EACH|single|one) (?:P:of )?(?:[a-z]\S* |MY |THE |THESE |T:gpu |ITS |those ){0,3}(?:NODE |those )?(?:[a-z]\S* |WH )?(?:HAVE|P:with|BE HAVE) (?:[a-z]\S* |ONLY |ABOUT ){0,2}$"
)
_PER_NODE = re.compile(
    r" (?:GPUS|T:gpu) (?:BE |REQ |[a-z]\S* )?(?:PER |P:on PER |IN PER |IN EACH |P:on EACH |/ NODE |(?:IN |P:to )?A NODE )(?!.* (?:GPUS|T:gpu|TOTAL|together|altogether|sum) )"
)


_SUM = re.compile(r" N (?:GPUS )?(?:IN |BE |P:of )?(?:THE |them )?(?:TOTAL|sum|together) ")


def _per_node(scene: Scene, index: int) -> bool:
    """Whether a number of GPUs is one node's: by its own words, or because GPUs per node were spoken of."""
    before = scene.sentence.slice(index - 14, index)
    if _EACH_AFTER.match(scene.sentence.slice(index, index + 6)) or _EACH_BEFORE.search(before):
        return True
    return _PER_NODE.search(before) is not None and not _SUM.match(scene.sentence.slice(index, index + 5))


def _each(known: Known, each: list[int]) -> tuple[float, ...]:
    """What a number of GPUs of one node may be."""
    asked = known.job_gpus_per_node or 0
    return tuple(float(value) for one in each for value in (one, asked, abs(one - asked)))


def gpus(scene: Scene) -> Iterator[Found]:
    """Return each number of GPUs that is no fact."""
    known, sums, tokens = scene.known, places(scene.sentence), scene.sentence.tokens
    each = [group.gpus for group in known.groups or () if group.gpus is not None]
    if len(each) < max(1, len(known.groups or ())) or None in (known.job_gpus_per_node, known.gpus):
        return
    if _NO_GPUS.search(scene.sentence.tags):
        return
    for index, token in enumerate(tokens):
        if token.tag != "N" or index in sums or token.quantity is None or token.quantity.number <= 1:
            continue
        named = _COUNTED.match(scene.sentence.slice(index, index + 9)) is not None
        if (named or _stands_for_gpus(scene, index)) and not _of_others(scene, index):
            truths = (float(known.gpus or 0), *_truths(scene, index, each, named), 0.0)
            yield judged(scene, index, token, Truth("gpu_total", "the cluster's GPUs", truths))


def _stands_for_gpus(scene: Scene, index: int) -> bool:
    return index > 0 and _BARE.match(scene.sentence.slice(index, index + 7)) is not None and of_gpus(scene, index)


def _of_others(scene: Scene, index: int) -> bool:
    near = around(scene, index)
    return elsewhere(near) or supposed(near) or unsaid(scene, index) or _listed(scene, index)


def _truths(scene: Scene, index: int, each: list[int], named: bool) -> tuple[float, ...]:
    """What a number of GPUs may be: one node's, any, or a number of nodes where it is only by the topic one of GPUs."""
    known = scene.known
    nodes = tuple(float(value) for role in counts(known).values() for value in role if value)
    if _per_node(scene, index):
        return (*_each(known, each), *nodes)
    closed = _closed(known, each, known.job_gpus_per_node or 0, known.gpus or 0)
    return tuple(closed) if named else (*closed, *nodes)
