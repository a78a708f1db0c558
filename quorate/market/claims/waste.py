# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""What the job would leave unused of its nodes, and what part of a node it uses: `2,596 GiB per node would be idle`.

Such figures are said with `would` as often as with `is`, and are no stock of anything: they are a gap between what a node has
and what is asked, once or over all the job's nodes. So they are held against every gap, and against nothing else.
"""

import re
from collections.abc import Iterator

from quorate.market.claims.context import around, elsewhere
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import ClaimKind, Known
from quorate.market.claims.volumes import OTHER_BYTES

_UNUSED = re.compile(
    r" (?:idle|idles|idling|unused|unneeded|wasted|waste|stranded|strand|strands|unexploited|untouched|superfluous) "
)
_ELSE = re.compile(r" (?:IF|OTHER|OTHERID|CLUSTERS|CORE|STO|T:storage|NOT|Q:time NODE|hours?|MORE|LESS|P:than) ")
_NOUN = re.compile(r"^ (?:Q:mem|N (?:[a-z]\S* |FREE ){0,2}(?:GPUS|T:gpu (?!NODE|CORE))) ?")
CLAUSES_AFTER = 5
"""Tokens after a figure in which the word that it is unused must stand."""


def gaps(known: Known, gpus: bool) -> tuple[float, ...]:
    """Return every amount of GPUs, or of GiB, that can be idle: on a node, on the job's nodes, on the rest; none if not all is known."""
    groups, job, free = known.groups or (), known.job_nodes, known.nodes_free
    asked = known.job_gpus_per_node if gpus else known.job_memory_gib_per_node
    total = known.gpus if gpus else known.memory_gib
    each = [group.gpus if gpus else group.memory_gib for group in groups]
    if not groups or job is None or free is None or asked is None or total is None or None in each:
        return ()
    values = [float(abs((one or 0) - asked)) for one in each] + [float(one or 0) for one in each]
    counts = [job, free, known.nodes or 0, abs(free - job), known.suitable or 0, known.suitable_free or 0]
    counts += [size or 0 for group in groups for size in (group.nodes, group.free)]
    rest = [
        total,
        abs(total - job * asked),
        sum((group.free or 0) * (one or 0) for group, one in zip(groups, each, strict=True)),
    ]
    rest += [abs(rest[-1] - job * asked)]
    return (*values, *(count * one for count in counts for one in values), *map(float, rest))


def _unused(scene: Scene, index: int) -> bool:
    """Whether a figure counts something of which the words right after, or a `leave` before, say that it is unused."""
    tokens, sentence = scene.sentence.tokens, scene.sentence
    head = _NOUN.match(sentence.slice(index, index + 5))
    if head is None:
        return False
    _, end = sentence.clause(index)
    stop = next(
        (at for at in range(index + 1, min(end, index + 10)) if tokens[at].quantity or tokens[at].tag == "LEAVE"), end
    )
    after = " " + " ".join(one.raw.lower() for one in tokens[index + 1 : min(stop, index + 10)]) + " "
    near = sentence.slice(max(sentence.clause(index)[0], index - 8), min(end, index + 10))
    return _UNUSED.search(after) is not None and _ELSE.search(near) is None


def unused(scene: Scene) -> Iterator[Found]:
    """Return each amount that is said to be unused and is no gap."""
    if " IF " in scene.sentence.tags:
        return
    sums = places(scene.sentence)
    for index, token in enumerate(scene.sentence.tokens):
        if token.tag not in {"N", "Q:mem"} or index in sums or token.quantity is None or not _unused(scene, index):
            continue
        truths = gaps(scene.known, token.tag == "N")
        words = {one.raw.lower() for one in scene.sentence.tokens[max(0, index - 3) : index + 4]}
        if not truths or words & OTHER_BYTES or elsewhere(around(scene, index)):
            continue
        name = "GPUs that would be unused" if token.tag == "N" else "memory that would be unused on a node"
        yield judged(scene, index, token, Truth("arithmetic", name, truths, "" if token.tag == "N" else "GiB"))


_PART_OF_NODE = re.compile(
    r"^ Q:pct P:of (?:(?:A|PER|THE|MY|EACH|ITS|each) )(?:[a-z]\S* )?NODE (?:'S )?(?P<early>T:memory|GPUS) "
    r"|^ Q:pct P:of (?:THE |MY |ITS )?(?P<late>T:memory|GPUS) (?:P:of|IN|P:on) (?:A|PER|EACH|THE|each) NODE "
)
_PART_OF_GPUS = re.compile(r"^ Q:pct P:of (?:MY|THE|ITS|ALL) (?:TOTAL )?(?P<n>N )GPUS ")


def parts(scene: Scene) -> Iterator[Found]:
    """Return each share of a node's memory or GPUs, or of all GPUs, that is none."""
    if " IF " in scene.sentence.tags:
        return
    for index, token in enumerate(scene.sentence.tokens):
        if token.tag != "Q:pct" or elsewhere(around(scene, index)):
            continue
        tags = scene.sentence.slice(index, index + 9)
        node, gpus = _PART_OF_NODE.match(tags), _PART_OF_GPUS.match(tags)
        truths: tuple[float, ...] = ()
        kind: ClaimKind = "arithmetic"
        if node is not None:
            truths = _of_node(scene.known, (node["early"] or node["late"]) == "GPUS")
        elif gpus is not None:
            truths = _of_gpus(scene, index)
        if truths:
            yield judged(scene, index, token, Truth(kind, "the share", truths, "%"))


def _of_node(known: Known, gpus: bool) -> tuple[float, ...]:
    asked = known.job_gpus_per_node if gpus else known.job_memory_gib_per_node
    each = [group.gpus if gpus else group.memory_gib for group in known.groups or ()]
    if asked is None or not each or None in each:
        return ()
    used = [100 * asked / one for one in each if one]
    return (*used, *(100 - share for share in used))


def _of_gpus(scene: Scene, index: int) -> tuple[float, ...]:
    """Shares of a number of GPUs that is all of them: what the job asks, what its nodes have, what is free."""
    known, tokens = scene.known, scene.sentence.tokens
    said = next(one.quantity for one in tokens[index + 1 :] if one.tag == "N")
    truths = gaps(known, gpus=True)
    if said is None or not truths or not known.gpus or not close(said.values, (float(known.gpus),), 0.0, 0.02):
        return ()
    free = sum((group.free or 0) * (group.gpus or 0) for group in known.groups or ())
    job = known.job_nodes or 0
    asked = job * (known.job_gpus_per_node or 0)
    held = [job * (group.gpus or 0) for group in known.groups or ()]
    values = (asked, *held, *(one - asked for one in held), free, free - asked, known.gpus - free, known.gpus - asked)
    return tuple(100 * value / known.gpus for value in values)
