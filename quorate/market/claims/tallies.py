"""Bare numbers: nodes, GPUs and cores, judged by what they count and by the roles that their words give them."""

import re
from collections.abc import Iterator
from functools import lru_cache

from quorate.market.claims import gauges, nouns, tally, volumes
from quorate.market.claims.context import around, elsewhere, supposed
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Found, Scene

_OF = frozenset({"P:of", "/", "P:out_of", "C:out_of", "out"})
_BETWEEN = frozenset(
    {
        "THE",
        "MY",
        "ITS",
        "ALL",
        "TOTAL",
        "FREE",
        "THIS",
        "P:of",
        "A",
        "REQ",
        "ONLY",
        "ABOUT",
        "NODE",
        "SELFID",
        "'S",
        "CLUSTER",
    }
)


SMALL = 10
"""`1/4` is a ratio of something, not of nodes."""


def _second(tokens: tuple[Token, ...], index: int) -> int | None:
    """Return where the second number of a pair stands."""
    at = index + 1
    while at < len(tokens) and tokens[at].tag in {"NODE", "FREE"} and at - index < 3:
        at += 1
    if tokens[index + 1 : index + 2] and tokens[index + 1].raw.lower() == "free of":
        return index + 2 if [token.tag for token in tokens[index + 2 : index + 3]] == ["N"] else None
    if at >= len(tokens) or tokens[at].tag not in _OF:
        return None
    while at < len(tokens) and tokens[at].tag in _OF | _BETWEEN and at - index < 7:
        at += 1
    return at if at < len(tokens) and tokens[at].tag == "N" else None


def read(scene: Scene) -> Iterator[tuple[int, Truth, bool]]:
    """Yield (token, what it may truly be, whether words say so) of each number of nodes."""
    tokens = scene.sentence.tokens
    done = set(places(scene.sentence))
    yield from ((index, tally.SILENT, True) for index in done)
    for index, token in enumerate(tokens):
        if token.tag != "N" or index in done:
            continue
        second = _second(tokens, index)
        noun = _noun(scene, index if second is None else second)
        if second is not None and (noun is None or noun.how != "after") and (keyed := nouns.key(tokens, index)):
            noun = keyed
        if noun is None or noun.tag != "NODE":
            continue
        if second is not None:
            done.add(second)
            yield from _pair(scene, index, second, noun)
            continue
        ratio = tally.number(token) <= SMALL and _OUT_OF.search(scene.sentence.slice(index - 3, index)) is not None
        if ratio or _summed(tokens, index) or (noun.how == "last" and _of_them(scene, index)):
            yield index, tally.SILENT, True
            continue
        truth, sure = tally.nodes(scene, index, noun.head)
        yield index, truth, sure or noun.how == "key"


_OUT_OF = re.compile(r" (?:one|two|three|four|five|six|seven|eight|nine) (?:IN|out P:of) (?:PER |THE )?$")
"""`Two out of five nodes` is a share."""
_THEM = re.compile(r" N P:of (?:them|these|those|THESE) ")


def _of_them(scene: Scene, index: int) -> bool:
    """`It would take six of them` counts nothing that is."""
    after, before = scene.sentence.slice(index, index + 7), scene.sentence.slice(index - 4, index)
    return _THEM.match(after) is not None and " HEDGE " in before + after


def _summed(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a figure is what two or more figures right before it come to: `55 in jobs and 5 besides, 60 in all`."""
    before = [tally.number(token) for token in tokens[max(0, index - 24) : index] if token.tag == "N"][-4:]
    said, total = tally.number(tokens[index]), 0.0
    for place, value in enumerate(reversed(before)):
        total += value
        if place and total == said:
            return True
    return False


def _pair(scene: Scene, first: int, second: int, noun: nouns.Noun) -> Iterator[tuple[int, Truth, bool]]:
    near = around(scene, first)
    few = tally.number(scene.sentence.tokens[second]) <= SMALL
    small = few and (noun.how != "after" or (scene.known.nodes or 0) > SMALL)
    if elsewhere(near) or supposed(near) or small:
        yield from ((at, tally.SILENT, True) for at in (first, second))
        return
    part, whole = tally.pair(scene, first, second, noun.head)
    yield first, part, True
    yield second, whole, True


def _noun(scene: Scene, index: int) -> nouns.Noun | None:
    tokens = scene.sentence.tokens
    if hyphened(scene, index):
        return None
    return nouns.after(tokens, index) or nouns.key(tokens, index) or nouns.last(scene, index)


@lru_cache(maxsize=4)
def tallied(scene: Scene) -> dict[int, tuple[Found, bool]]:
    """Return each number that is read by its role: its claim, and whether its words give the role."""
    tokens = scene.sentence.tokens
    found = [*read(scene), *((index, truth, True) for index, truth in (*stocks(scene), *amounts(scene)))]
    return {index: (judged(scene, index, tokens[index], truth), sure) for index, truth, sure in found}


def stocks(scene: Scene) -> Iterator[tuple[int, Truth]]:
    """Yield (token, what it may truly be) of each number of GPUs or cores."""
    tokens, sums = scene.sentence.tokens, places(scene.sentence)
    for index, token in enumerate(tokens):
        if token.tag != "N" or index in sums or _second(tokens, index) is not None:
            continue
        noun = _stock_noun(scene, index)
        stock = _STOCKS.get(noun.tag) if noun else None
        special = " T:gpu NODE " in scene.sentence.slice(index - 6, index + 6)
        known = gauges.with_gpus(scene.known) if special else scene.known
        truth = gauges.judge(scene, index, stock(known)) if stock else None
        if truth is not None:
            yield index, truth


_STOCKS = {"GPUS": gauges.gpus, "CORE": gauges.cores}


def _stock_noun(scene: Scene, index: int) -> nouns.Noun | None:
    tokens = scene.sentence.tokens
    if hyphened(scene, index):
        return nouns.Noun("GPUS", 2, "after")
    found = nouns.after(tokens, index) or nouns.key(tokens, index) or nouns.each(scene, index)
    total = "TOTAL" in {
        token.tag
        for token in tokens[index + 1 : index + 3][
            : 2 if tokens[index + 1 : index + 2] and tokens[index + 1].tag == "IN" else 1
        ]
    }
    return found or (nouns.last(scene, index) if total else None)


def hyphened(scene: Scene, index: int) -> bool:
    """Tell `4-GPU nodes` from `256 GPU nodes`."""
    tokens = scene.sentence.tokens
    if [token.tag for token in tokens[index + 1 : index + 3]] != ["T:gpu", "NODE"]:
        return False
    start = tokens[index].end - tokens[0].start
    return scene.sentence.text[start : start + 1] == "-"


def amounts(scene: Scene) -> Iterator[tuple[int, Truth]]:
    """Yield (token, what it may truly be) of each amount of memory and each percentage."""
    sums = places(scene.sentence)
    for index, token in enumerate(scene.sentence.tokens):
        truth = _AMOUNTS[token.tag](scene, index) if token.tag in _AMOUNTS and index not in sums else None
        if truth is not None:
            yield index, truth


_AMOUNTS = {"Q:mem": volumes.memory, "Q:pct": volumes.percent}
