# ruff: noqa: E501 - words of a class stand together
"""What occupies nodes, told in one breath: `61 run jobs and 32 carry background work`; and figures that are nobody's.

A number is that of the nodes in jobs, or under background load, if that is the first such word after it; no noun is
needed. An amount of memory that is no fact of the cluster's, nor of the job's, nor a gap or a total of either, is wrong
wherever memory is spoken of.
"""

import re
from collections.abc import Iterator

from quorate.market.claims.context import around, elsewhere, supposed
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.tally import minus
from quorate.market.claims.values import Known
from quorate.market.claims.volumes import OTHER_BYTES, stored

_WORK = re.compile(
    r"^ N (?:NODE |NODE BE |NODE WH )?(?:BE |IN |P:by |P:with |P:under |P:on |RUN |HAVE |BUSY |THE |OTHER |AND |P:to |P:of |WH |because P:of |C:because P:of |P:due_to |due |(?!jobs|job)[a-z]\S* ){0,5}?(?P<what>JOBS |JOB |BG |BUSY P:by JOBS )"
)
_LISTED = re.compile(r"^ N (?:NODE )?(?P<what>JOBS NODE|JOBS|BG|P:with JOBS|IN JOBS) ")
_NOT_NODES = frozenset({"GPUS", "CORE", "T:memory", "REQ", "HEDGE", "T:gpu", "PER", "TIMEN"})


def _role(scene: Scene, index: int) -> str:
    tags = scene.sentence.slice(index, index + 9)
    match = _WORK.match(tags)
    listed = _LISTED.match(tags) if " BG " in scene.sentence.slice(index - 8, index + 10) else None
    match = listed or match
    if match is None or set(match.group().split()) & _NOT_NODES:
        return ""
    what = match["what"].split()[-1]
    if what == "BG":
        return "background"
    bare = match.group().split()[1:2] in (["JOBS"], ["JOB"], ["OTHER"]) and listed is None
    jobs = "JOBS" in match.group() or re.search(r" (?:IN|P:by|P:to) (?:THE |OTHER )?JOB ", match.group()) is not None
    return "jobs" if jobs and not bare else ""


def _truth(known: Known, role: str) -> Truth:
    taken = minus(known.nodes, known.nodes_free)
    if role == "background":
        return Truth("background", "nodes busy with background load", (known.nodes_background,))
    return Truth("occupancy", "nodes in jobs", (known.nodes_allocated, taken))


def loads(scene: Scene) -> Iterator[Found]:
    """Return each number of nodes that run jobs or carry background load."""
    if " BG " not in scene.sentence.tags and " JOBS " not in scene.sentence.tags:
        return
    sums = places(scene.sentence)
    for index, token in enumerate(scene.sentence.tokens):
        if token.tag != "N" or index in sums or not (role := _role(scene, index)):
            continue
        near = around(scene, index)
        asked = {"JOB", "REQ", "HEDGE", "will"} & {one.tag for one in near.left[-4:]}
        if not (asked or elsewhere(near) or supposed(near) or "HEDGE" in near.tagged):
            yield judged(scene, index, token, _truth(scene.known, role))


def _memories(known: Known) -> list[float]:
    """Every amount of memory that a bid may speak of."""
    groups, asked, job = known.groups or (), known.job_memory_gib_per_node, known.job_nodes or 0
    each = [group.memory_gib for group in groups if group.memory_gib is not None]
    sizes = [group.nodes or 0 for group in groups] + [group.free or 0 for group in groups]
    counts = {job, known.nodes or 0, known.nodes_free or 0, known.suitable or 0, known.suitable_free or 0, 1, *sizes}
    values = [float(count * one) for count in counts for one in (*each, asked or 0)]
    gaps = [abs(one - two) for one in (*each, asked or 0) for two in (*each, asked or 0)]
    totals = [known.memory_gib or 0, sum((group.free or 0) * (group.memory_gib or 0) for group in groups)]
    return [value for value in (*values, *gaps, *(job * gap for gap in gaps), *totals) if value]


_SPOKEN = re.compile(
    r" (?:T:memory|NODE|PER|HAVE|MY|I|MINE|REQ|JOB|SELFID|ram|dram|TOTAL|overall|adds|altogether|sum|CLUSTER) "
)
_ELSE = re.compile(
    r" (?:IF|OTHER|OTHERID|CLUSTERS|HEDGE|STO|T:storage|hbm|gpu memory|T:gpu T:memory|less|more|MORE|LESS|P:than|times|half|twice|P:up_to|NOT|margin|headroom|slack|AVOID) "
)


def nobodys(scene: Scene) -> Iterator[Found]:
    """Return each amount of memory that is no fact, where a right one or the word memory stands beside it."""
    known, tokens = scene.known, scene.sentence.tokens
    if (
        not known.groups
        or None in {group.memory_gib for group in known.groups}
        or known.job_memory_gib_per_node is None
    ):
        return
    truths, sums = _memories(known), places(scene.sentence)
    for index, token in enumerate(tokens):
        if token.tag != "Q:mem" or index in sums or token.quantity is None:
            continue
        near = around(scene, index)
        start, end = scene.sentence.clause(index)
        around_tags = scene.sentence.slice(max(start, index - 8), min(end, index + 8))
        words = {one.raw.lower() for one in tokens[max(0, index - 6) : index + 6]}
        if (
            stored(near, token.raw)
            or words & OTHER_BYTES
            or _ELSE.search(around_tags)
            or elsewhere(near)
            or supposed(near)
        ):
            continue
        beside = any(one.tag == "Q:mem" and one is not token for one in tokens[max(0, index - 14) : index + 14])
        if beside or _SPOKEN.search(around_tags) or " T:memory " in scene.sentence.tags:
            right = Truth(
                "memory_per_node",
                "the cluster's memory per node",
                (float(known.groups[0].memory_gib or 0), *truths),
                "GiB",
            )
            yield judged(scene, index, token, right)
