# ruff: noqa: E501 - words of a class stand together
"""How many nodes have GPUs, or have none, in whatever words: `256 of our 328 nodes have them; the other 72 go without`.

What is held may be a pronoun or a bare number (`128 have four`), if GPUs were spoken of last. Said of all nodes, or of
as many as there are, it is false where some of them have none, or another number.
"""

import re
from collections.abc import Iterator

from quorate.market.claims.context import around, elsewhere, supposed, unsaid
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.stocks import of_gpus
from quorate.market.claims.tallies import hyphened
from quorate.market.claims.tally import minus
from quorate.market.claims.values import Known, KnownGroup

_NODES = r"^ N (?:P:of (?:MY |THE |THESE |ALL |ITS |SELFID |'S |N |[a-z]\S* )*|[a-z]\S* |FREE |HIGH )*?(?:NODE |ones )?(?:, )?(?:WH |that )?(?:BE |do |also |even |still |each |PER |ALL |BOTH )*"
_HELD = r"(?P<count>N )?(?:THE |ANY |any |such |MORE |BE |A |ONLY |[a-z]\S* ){0,2}?(?:(?P<named>GPUS |T:gpu (?!NODE|CLUSTER|JOB))|(?P<told>them |THESE |THEM |any |one |[,.;)] |C:\S+ |AND |P:for |IN |$))"
_WITH = re.compile(
    _NODES + r"(?:HAVE |P:with |w / |BE HAVE |equipped P:with |BE equipped P:with |HW P:with |RUN )" + _HELD
)
_WITHOUT = re.compile(_NODES + r"(?:NO |HAVE NO |P:with NO |NOT HAVE |NOT even HAVE |go NO |NOT P:with )" + _HELD)
_NAMED = re.compile(
    r"^ N (?:FREE |OTHER |[a-z]\S* |MY ){0,2}(?:(?P<bare>(?:BE )?(?:[a-z]\S* )?(?:CPUONLY NODE|CPU NODE|CPUONLY|CPU ONLY))|T:gpu NODE|T:gpu HW NODE) "
)
_KEYED = re.compile(r" (?:(?P<bare>CPUONLY|CPU)|T:gpu) NODE (?:: |\( |BE |= )$")


def nodes(scene: Scene) -> Iterator[Found]:
    """Return each number of nodes that are said to have GPUs, or to have none."""
    known, sums = scene.known, places(scene.sentence)
    if not known.groups or None in {group.gpus for group in known.groups} or " IF " in scene.sentence.tags:
        return
    for index, token in enumerate(scene.sentence.tokens):
        if token.tag != "N" or index in sums or token.quantity is None or token.quantity.number <= 1:
            continue
        chosen = _chosen(scene, index)
        if chosen is not None and not (_elsewhere(scene, index) or _asked(scene, index)):
            yield judged(scene, index, token, _truth(known, *chosen))


_DENYING = frozenset({"NOT", "every", "OTHER"})


def _asked(scene: Scene, index: int) -> bool:
    """Whether it is what the job asks for: `it needs 50 nodes with two GPUs`."""
    start, _ = scene.sentence.clause(index)
    before = {token.tag for token in scene.sentence.tokens[max(start, index - 7) : index]}
    return bool(before & {"REQ", "JOB", "IT", "HEDGE"}) or scene.known.job_nodes == _number(scene, index)


def _number(scene: Scene, index: int) -> float:
    quantity = scene.sentence.tokens[index].quantity
    return quantity.number if quantity else -1.0


def _chosen(scene: Scene, index: int) -> tuple[bool, float] | None:
    """Return (whether with GPUs, how many each; 0 if that is not said); None if no such words follow."""
    tags, before = scene.sentence.slice(index, index + 18), scene.sentence.slice(index - 6, index)
    if _WHOLE.search(before) or hyphened(scene, index) or " missing " in _words(scene, index):
        return None
    named = _NAMED.match(tags) or _KEYED.search(before)
    if named is not None:
        return not named["bare"], 0.0
    for pattern, held in ((_WITHOUT, False), (_WITH, True)):
        match = pattern.match(tags)
        if match is not None and (match["named"] or of_gpus(scene, index)):
            return _holding(scene, index, match, held)
    return None


def _holding(scene: Scene, index: int, match: re.Match[str], held: bool) -> tuple[bool, float] | None:
    told = (match["told"] or "").strip()
    if held and not match["named"] and not match["count"] and told not in {"them", "THESE", "THEM", "some"}:
        return None
    at = index + match.group()[: match.start("count")].count(" ") - 1 if match["count"] else 0
    return held, _number(scene, at) if at else 0.0


def _truth(known: Known, held: bool, each: float) -> Truth:
    """What a number of nodes with GPUs, with so many, or with none may be; also of the free ones, at least and at most."""
    groups = [group for group in known.groups or () if _has(group, held, each)]
    whole, free = sum(group.nodes or 0 for group in groups), known.nodes_free or 0
    others = (known.nodes or 0) - whole
    parts = [size for group in groups for size in (group.nodes, group.free)]
    frees = [known.suitable_free, sum(group.free or 0 for group in groups), max(0, free - others), min(free, whole)]
    job = [minus(whole, known.job_nodes), *(minus(one, known.job_nodes) for one in frees)]
    name = "nodes with GPUs" if held else "nodes without GPUs"
    return Truth("gpu_presence", name, (whole, *parts, *frees, *job))


def _has(group: KnownGroup, held: bool, each: float) -> bool:
    if not held:
        return not group.gpus
    return bool(group.gpus) and (not each or group.gpus == each)


_WHOLE = re.compile(
    r" N (?:FREE |NODE )?(?:P:of|/|out P:of|P:out_of|C:out_of) (?:MY |THE |SELFID |'S |THESE |[a-z]\S* )*$"
)


def _words(scene: Scene, index: int) -> str:
    return " " + " ".join(token.raw.lower() for token in scene.sentence.tokens[index : index + 6]) + " "


_ALL = re.compile(
    r" (?:ALL|PER|EACH) (?:one |single |P:of |MY |THE |THESE |THIS |ITS |SELFID |'S |N |[a-z]\S* ){0,5}(?:NODE |them |THESE |those |one )(?:HAVE|P:with|BE HAVE|come P:with|equipped P:with|BE equipped P:with) (?:THE |ABOUT |ONLY |A |[a-z]\S* ){0,2}(?P<n>N )(?P<gpus>GPUS |T:gpu |P:of them |[.,;)] |AND |apiece |PER )"
)
_PART = re.compile(r" (?:ALL|PER|EACH) P:of (?:THE |MY )?N (?:[a-z]\S* )?NODE (?:WH|that|P:with)")


def every(scene: Scene) -> Iterator[Found]:
    """Return where all nodes are said to have so many GPUs each."""
    known, sentence = scene.known, scene.sentence
    if not known.groups or len(known.groups) < 2 or None in {group.gpus for group in known.groups}:
        return
    for match in sentence.find(_ALL):
        at, _ = sentence.covered(match, "n")
        if (
            sentence.tokens[at].quantity is None
            or _subset(scene, match)
            or _elsewhere(scene, at)
            or not _topical(scene, match, at)
        ):
            continue
        number = _number(scene, at)
        wrong = [group.gpus for group in known.groups if group.gpus != number]
        fact = f"some nodes have {wrong[0]} GPUs" if wrong else None
        yield Found("gpus_per_node", f"every node has {number:g} GPUs", at, at + 1, fact)


def _elsewhere(scene: Scene, index: int) -> bool:
    near = around(scene, index)
    return elsewhere(near) or supposed(near) or unsaid(scene, index, _DENYING)


def _topical(scene: Scene, match: re.Match[str], at: int) -> bool:
    """Whether what each node has are GPUs, by name or because they were spoken of."""
    said = match["gpus"].strip()
    return said in {"GPUS", "T:gpu"} or (said != "P:of them" and of_gpus(scene, at))


def _subset(scene: Scene, match: re.Match[str]) -> bool:
    """Whether `each` is said of some nodes only: of those with GPUs, of a number of them, of the larger ones."""
    said = match.group()
    first, last = scene.sentence.covered(match)
    counted = [_number(scene, at) for at in range(first, last - 1) if scene.sentence.tokens[at].tag == "N"][:-1]
    some = " those " in said or " THESE " in said or " T:gpu NODE" in said
    them = " them " in said and (
        scene.noun != "NODE" or re.search(r" (?:T:gpu|GPUS|suitable|such|HIGH|qualify) ", scene.earlier) is not None
    )
    words = (
        re.search(r" (?:larger|smaller|big|small|large|suitable|such|qualifying|bigger|fat|OTHER|remaining) ", said)
        is not None
    )
    return some or them or words or any(one != scene.known.nodes for one in counted)
