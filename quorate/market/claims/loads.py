# ruff: noqa: E501 - words of a class stand together
"""What occupies nodes, told in one breath: `61 run jobs and 32 carry background work`.

A number is that of the nodes in jobs, or under background load, if that is the first such word after it; no noun is needed.
"""

import re
from collections.abc import Iterator

from quorate.market.claims.context import around, elsewhere, supposed
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.tally import minus
from quorate.market.claims.values import Known

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
