# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Claims that compute (products, sums, shares) and the network's name."""

import re
from collections.abc import Iterator

from quorate.market.claims.formulas import wrong_sums
from quorate.market.claims.lexer import Sentence
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene, hedged, matches, negated_in_clause, rx, subject
from quorate.market.claims.words import GENERATIONS, NETWORKS

_UNIT = r"(?:<w>|NODE |GPUS |T:gpu |CORE |PER |/ |FREE |TOTAL |REQ |T:memory |P:of |MY |\( |\) |THE |JOB |AND ){0,5}?"
_IS = r"(?:EQ|LEAVE|->|=|TOTAL|BE|\u2248|~|=>) (?:ABOUT |TOTAL |P:of |A )*"
SHARE = (
    rx(
        r"(?P<a>N |Q:mem )"
        + _UNIT.replace("P:of |", "")
        + r"(?:P:of|/|out P:of|divided P:by) (?:THE |MY |ITS |ALL )?(?:TOTAL |FREE )?(?P<b>N |Q:mem )"
        + _UNIT.replace("/ |", "")
        + r"(?:\(|=|:|MORE|LESS|\u2248|EQ|, EQ|, (?:WH BE|or|OR|BE|i\.e\.)|BE|BE MORE|BE LESS|AND|~|\u2014|\u2013|->|, ) ?(?:BE |ABOUT |ONLY |WH |A |PARTLY |~ |= |MORE |LESS )*(?P<c>Q:pct )(?!.{0,30}PENALTY)(?!P:of (?:THE |MY |THIS |ALL )*(?:TOTAL |entire |complete )?(?:CLUSTER|SELFID|NODE|N |FREE |GPUS|T:gpu|T:memory|CORE))"
    ),
)


PART_OF = tuple(
    rx(
        rf"(?P<a>{what} )(?:<w>|NODE |GPUS |PER |T:memory |CORE ){{0,2}}?(?:BE|EQ|=) (?:ABOUT |ONLY |A |PARTLY |~ |MORE |LESS )*(?P<c>Q:pct )P:of (?:THE |MY |ITS |ALL |A )*(?P<b>{what} )"
    )
    for what in ("N", "Q:mem")
)
"""`768 GiB is three eighths of our 2,048 GiB`."""


def _value(sentence: Sentence, match: re.Match[str], group: str) -> tuple[float, ...]:
    first, _ = sentence.covered(match, group)
    quantity = sentence.tokens[first].quantity
    return quantity.values if quantity else ()


def sums(scene: Scene) -> Iterator[Found]:
    """Return every computation that is written out."""
    sentence = scene.sentence
    yield from _compared(sentence)
    yield from wrong_sums(sentence)
    for match, first, last in matches(sentence, SHARE):
        left, right, said = (_value(sentence, match, group) for group in ("a", "b", "c"))
        if left and right and said:
            yield _share(left[0], right[0], said, first, last, sentence)
    for match, first, last in matches(sentence, PART_OF):
        left, right, said = (_value(sentence, match, group) for group in ("a", "b", "c"))
        inside = re.search(r" (?:P:of|/|out|P:out_of) (?:THE |MY |ALL |ITS |FREE )*$", sentence.slice(first - 4, first))
        if left and right and said and not inside and not hedged(sentence, first, last):
            yield _share(left[0], right[0], said, first, last, sentence)


COMPARED = (
    rx(
        r"(?P<a>N )(?:FREE )?NODE (?:WH |I |HEDGE |CAN |HAVE |RUN |<w>){0,5}?(?P<sign>MORE) THE (?P<b>N )(?=REQ|wanted|NODE REQ)"
    ),
    rx(r"(?P<a>N |Q:mem )(?P<sign>>=|<=|>|<) (?P<b>N |Q:mem )"),
    rx(
        r"(?P<a>Q:mem )(?:PER NODE |T:memory |A NODE |BE |I BE |, |<w>){0,4}?(?P<sign>MORE|LESS) (?:THE )?(?P<b>Q:mem )"
    ),
)


def _compared(sentence: Sentence) -> Iterator[Found]:
    """`512 >= 960`, `512 GiB exceeds the 960 GiB`; only what no reading makes true is wrong."""
    for match, first, last in matches(sentence, COMPARED):
        left, right = _value(sentence, match, "a"), _value(sentence, match, "b")
        if _margin(sentence, match):
            continue
        if not left or not right or negated_in_clause(sentence, first, last) or hedged(sentence, first, last):
            continue
        above = match["sign"] in {">=", ">", "MORE"}
        holds = max(left) >= min(right) * 0.999 if above else min(left) <= max(right) * 1.001
        words = f"{left[0]:g} is {'at least' if above else 'at most'} {right[0]:g}"
        yield Found(
            "arithmetic",
            words,
            first,
            last,
            None if holds else f"{left[0]:g} is {'less' if above else 'more'} than {right[0]:g}",
        )


def _margin(sentence: Sentence, match: re.Match[str]) -> bool:
    """`64 GiB more than the 448 GiB asked` tells how much more, not which is more."""
    at, _ = sentence.covered(match, "a")
    return sentence.tokens[at + 1].raw.lower().endswith("than")


def _share(left: float, right: float, said: tuple[float, ...], first: int, last: int, sentence: Sentence) -> Found:
    result = 100 * left / right if right else said[0]
    tags = sentence.slice(first, last)
    about = re.search(r" (?:ABOUT|PARTLY|~|\u2248) ", tags) is not None
    holds = result >= min(said) if " MORE Q:pct " in tags else result <= max(said) if " LESS Q:pct " in tags else False
    printed = sentence.tokens[first:last]
    step = max((one.quantity.step for one in printed if one.tag == "Q:pct" and one.quantity), default=1.0)
    right_sum = holds or close(said, (result,), max(2.0 if about else 1.0, step))
    fact = None if right_sum else f"{left:g} / {right:g} is {round(result, 1):g} %"
    return Found("arithmetic", f"{left:g} / {right:g} is {said[0]:g} %", first, last, fact)


NET = (rx(r"(?:(?P<early>GEN:\w+) )?(?P<family>NET:\w+) (?:cray )?(?:(?P<late>GEN:\w+) |(?P<number>N) |d )?"),)


def networks(scene: Scene) -> Iterator[Found]:
    """Return which network the cluster is said to have."""
    sentence, known = scene.sentence, scene.known
    for match, first, last in matches(sentence, NET):
        if hedged(sentence, first, last) or (
            subject(scene, first) in {"other", "job"} and not _near_own(sentence, first)
        ):
            continue
        says_not = negated_in_clause(sentence, first, last)
        if says_not or re.search(
            r" (?:P:than|P:unlike|P:like|P:compared_to|P:versus|OTHER|P:over) (?:\S+ ){0,2}$",
            sentence.slice(first - 3, first),
        ):
            continue
        generation = (match["early"] or match["late"] or "").removeprefix("GEN:")
        number = _value(sentence, match, "number") if match["number"] else ()
        family = match["family"].removeprefix("NET:")
        wrong = known.interconnect is not None and not _named(known.interconnect.lower(), family, generation, number)
        yield Found("interconnect", f"the network is {family} {generation}".strip(), first, last,
                    f"the cluster's network is {known.interconnect}" if wrong else None)  # fmt: skip


def _near_own(sentence: Sentence, first: int) -> bool:
    return re.search(r" MY (?:[a-z]\S* |HIGH |Q:bw ){0,3}$", sentence.slice(max(0, first - 5), first)) is not None


def _named(network: str, family: str, generation: str, number: tuple[float, ...]) -> bool:
    plain = network.replace("-", " ")
    if not any(name in plain for name in NETWORKS[family].split("|")):
        return False
    printed = re.search(r"\b(?:edr|hdr|ndr|fdr|qdr)\b", plain)
    if generation in GENERATIONS and printed and printed.group() != generation:
        return False
    digits = re.search(r"\b(10|11)\b", plain)
    return not (
        family == "slingshot"
        and number
        and digits
        and number[0] in {10.0, 11.0}
        and int(digits.group()) != int(number[0])
    )
