# ruff: noqa: E501 - words of a class stand together
"""Readings of a figure that was refuted: a gap, a place, one of a pair told in brackets, GPUs that were counted before."""

import re

from quorate.market.claims.counting import OF_ROLE, counts, words_of
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.waste import gaps


def unused(scene: Scene, found: Found) -> bool:
    """`Four GPUs of six on every node, 48 in all, would lie idle`: a gap between what is there and what is asked."""
    token, tokens = scene.sentence.tokens[found.first], scene.sentence.tokens
    if token.quantity is None or token.tag not in {"N", "Q:mem"}:
        return False
    first = max(0, found.first - 8)
    start = next((at for at in range(found.first - 1, first, -1) if tokens[at].quantity), first)
    last = min(len(tokens), found.first + 10)
    stop = next((at for at in range(found.first + 1, last) if tokens[at].quantity), last)
    near = words_of(tokens[start : found.first]) + words_of(tokens[found.first : stop]).replace(" leav", " ")
    return _IDLE.search(near) is not None and close(
        token.quantity.values, gaps(scene.known, token.tag == "N"), 0.0, 0.02
    )


_IDLE = re.compile(
    r" (?:idle|idles|idling|unused|unneeded|waste\w*|strand\w*|spare|left|leav\w+|lost|headroom|surplus|superfluous|unexploited) "
)
_BOTH_MORE = re.compile(
    r"^ (?:N|Q:mem) (?:GPUS |T:gpu |T:memory |NODE )?(?:AND|,) (?:N|Q:mem) (?:GPUS |T:gpu |T:memory |NODE |P:of )?(?:MORE|LESS|more|fewer|less|extra|additional|FREE|BEYOND|P:in excess) "
)


def both_more(scene: Scene, found: Found) -> bool:
    """`Four GPUs and 384 GiB more than requested`: the word after the second figure is said of both."""
    token = scene.sentence.tokens[found.first]
    if token.quantity is None or not _BOTH_MORE.match(scene.sentence.slice(found.first, found.first + 8)):
        return False
    return close(token.quantity.values, gaps(scene.known, token.tag == "N"), 0.0, 0.02)


def of_gpus(scene: Scene, found: Found) -> bool:
    """`24 of the 48 GPUs on the nodes are used, 24 would idle`: no nodes are counted, GPUs were."""
    token, tags = scene.sentence.tokens[found.first], scene.sentence.slice(found.first + 1, found.first + 4)
    if token.tag != "N" or token.quantity is None or " NODE " in tags:
        return False
    spoken = re.search(r" (?:GPUS|T:gpu) ", scene.sentence.slice(found.first - 20, found.first)) is not None
    return spoken and close(token.quantity.values, gaps(scene.known, gpus=True))


_PLACE = re.compile(
    r" (?:GPUS|T:gpu|T:memory|CORE|Q:mem) (?:IN|P:on|P:of|P:across|P:in|P:from) (?:THE |THESE |THOSE |THIS |ITS |MY |ALL |[a-z]\S* )?$"
)


def placed(scene: Scene, found: Found) -> bool:
    """`Half of the GPUs in the 30 nodes would idle`: not the nodes are idle, and the nodes may be the job's."""
    token = scene.sentence.tokens[found.first]
    if (
        token.tag != "N"
        or token.quantity is None
        or not _PLACE.search(scene.sentence.slice(found.first - 5, found.first))
    ):
        return False
    return any(token.quantity.number in values for values in counts(scene.known).values())


_LISTED = re.compile(r" (?:, |\( )N AND N |\( N (?:, |/ |versus |P:versus |P:vs |P:to )N ")


def paired(scene: Scene, found: Found) -> bool:
    """`Jobs and background hold about the same (81 and 82)`: the figures are told after the things, in one bracket."""
    token = scene.sentence.tokens[found.first]
    start = max(0, found.first - 3)
    if token.tag != "N" or token.quantity is None or not _LISTED.search(scene.sentence.slice(start, found.first + 4)):
        return False
    words, facts = words_of(scene.sentence.tokens), counts(scene.known)
    told = (role for role, pattern in OF_ROLE if role not in {"total", "kind", "left"} and pattern.search(words))
    return any(token.quantity.number in facts[role] for role in told)


def of_bare_group(scene: Scene, found: Found) -> bool:
    """`600 nodes, 64 cores, 192 GiB, no GPU` describes the nodes that it counts."""
    groups = scene.known.groups or ()
    sizes = {size for group in groups if not group.gpus for size in (group.nodes, group.free)}
    said = [one for one in scene.sentence.tokens[max(0, found.first - 12) : found.first] if one.tag == "N"]
    return len(groups) > 1 and any(one.quantity is not None and one.quantity.number in sizes for one in said)
