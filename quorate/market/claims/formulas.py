# ruff: noqa: E501 - words of a class stand together
"""Sums that are written out: `60 x 4 = 240`, `320 - 138 - 5 leaves 177`, `48 GPUs / 2 = 24 nodes`."""

from collections.abc import Iterator
from dataclasses import dataclass

from quorate.market.claims.lexer import Sentence, Token
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found

_SIGNS = {"x": "x", "\u00d7": "x", "times": "x", "+": "+", "plus": "+", "-": "-", "\u2013": "-", "minus": "-", "less": "-",
          "/": "/", "P:from": "from"}  # fmt: skip
_UNITS = frozenset({"NODE", "GPUS", "T:gpu", "CORE", "PER", "FREE", "TOTAL", "REQ", "T:memory", "MY", "THE", "JOB", "AND", "BUSY",
                    "BG", "(", ")", "P:of", "ALL", "nodes", "each", "IT", "IN", "JOBS", "LOAD"})  # fmt: skip
_IS = frozenset({"=", "EQ", "LEAVE", "->", "=>", "\u2248", "~"})
_ALSO = frozenset({"ABOUT", "P:of", "A", "TOTAL", "ONLY", "P:with", "I", "~", "\u2248", "BE"})
_AFTER_IS = frozenset({"N", "Q:mem", "Q:time", "Q:pct"})
UNIT_TOKENS_MAX = 5
TERMS_MAX = 12


@dataclass(frozen=True, slots=True)
class Formula:
    """One sum: where its numbers stand, and where what it comes to."""

    terms: tuple[int, ...]
    signs: tuple[str, ...]
    result: int | None


def _sign(tokens: tuple[Token, ...], at: int) -> tuple[int, str] | None:
    """Return (place of the next number, sign) if a sign follows, with a unit before it at most."""
    for step in range(UNIT_TOKENS_MAX + 1):
        here = at + step
        if here + 1 >= len(tokens) or tokens[here].quantity is not None:
            return None
        tag = tokens[here].tag
        two = " ".join(token.raw.lower() for token in tokens[here : here + 2])
        wide = two in {"multiplied by", "divided by"}
        sign = {"multiplied by": "x", "divided by": "/"}.get(two) or _SIGNS.get(tag)
        after = here + (2 if wide else 1)
        if sign and after < len(tokens) and tokens[after].tag in {"N", "Q:mem"}:
            return after, sign
        if tag not in _UNITS and not (tag[:1].islower() and tag.isalpha()):
            return None
    return None


def _result(tokens: tuple[Token, ...], at: int) -> int | None:
    """Return where the result stands, if one follows."""
    here = at
    while (
        here < len(tokens)
        and here - at <= UNIT_TOKENS_MAX
        and tokens[here].quantity is None
        and tokens[here].tag not in _IS
    ):
        if tokens[here].tag not in _UNITS | {"BE", ","} and not (
            tokens[here].tag[:1].islower() and tokens[here].tag.isalpha()
        ):
            return None
        here += 1
        if tokens[here - 1].tag == "BE":
            break
    else:
        if here >= len(tokens) or tokens[here].tag not in _IS:
            return None
        here += 1
    while here < len(tokens) and tokens[here].tag in _ALSO | _IS:
        here += 1
    ratio = here + 1 < len(tokens) and tokens[here + 1].tag in {"/", ":"}
    return here if here < len(tokens) and tokens[here].tag in _AFTER_IS and not ratio else None


def formulas(sentence: Sentence) -> Iterator[Formula]:
    """Yield the sums of a sentence; each token is looked at a bounded number of times."""
    tokens, at = sentence.tokens, 0
    while at < len(tokens):
        if tokens[at].tag not in {"N", "Q:mem"}:
            at += 1
            continue
        terms, signs = [at], list[str]()
        while len(terms) < TERMS_MAX and (following := _sign(tokens, terms[-1] + 1)):
            terms.append(following[0])
            signs.append(following[1])
        if signs:
            yield Formula(tuple(terms), tuple(signs), _result(tokens, terms[-1] + 1))
        at = terms[-1] + 1


def places(sentence: Sentence) -> frozenset[int]:
    """Return the numbers that are part of a sum; a bare `12/320` is none."""
    found: set[int] = set()
    for formula in formulas(sentence):
        if formula.signs == ("from",) and formula.result is None:
            continue
        if formula.signs != ("/",) or (formula.result is not None and sentence.tokens[formula.result].tag != "Q:pct"):
            found |= {*formula.terms, *([] if formula.result is None else [formula.result])}
    return frozenset(found)


def _computed(values: list[float], signs: list[str]) -> float | None:
    """Products first, then sums, from left to right; None for a division by zero."""
    stack, pending = [values[0]], list[str]()
    for sign, value in zip(signs, values[1:], strict=True):
        if sign == "/" and value == 0:
            return None
        if sign in "x/":
            stack[-1] = stack[-1] * value if sign == "x" else stack[-1] / value
        else:
            stack.append(value)
            pending.append(sign)
    total = stack[0]
    for sign, value in zip(pending, stack[1:], strict=True):
        total = total + value if sign == "+" else total - value if sign == "-" else value - total
    return total


def _plain(token: Token) -> float:
    quantity = token.quantity
    return (
        0.0 if quantity is None else quantity.number if quantity.number or not quantity.values else quantity.values[0]
    )


def _said(tokens: tuple[Token, ...], formula: Formula) -> tuple[float, ...]:
    """Return the readings of the result; bytes are compared as bytes if an operand is one."""
    assert formula.result is not None
    token = tokens[formula.result]
    quantity = token.quantity
    assert quantity is not None
    bytes_too = any(tokens[at].tag == "Q:mem" for at in formula.terms)
    return (*quantity.values, quantity.number) if bytes_too or token.tag in {"N", "Q:pct"} else (quantity.number,)


def wrong_sums(sentence: Sentence) -> Iterator[Found]:
    """Return every sum with a result, and what it truly comes to where that is another."""
    tokens = sentence.tokens
    for formula in formulas(sentence):
        start = formula.terms[0]
        if start > 1 and tokens[start - 1].tag in {"x", "/", "-", "+"} and tokens[start - 2].tag not in {"(", ":", "="}:
            continue  # `nine hours x 38 nodes x 8 GPUs`: what stands before it belongs to the sum
        if formula.result is None or (formula.signs == ("/",) and tokens[formula.result].tag == "Q:pct"):
            continue
        values = [_plain(tokens[at]) for at in formula.terms]
        result = _computed(values, [*formula.signs])
        if result is not None and (tokens[formula.result].tag != "Q:pct"):
            yield _judged(sentence, formula, values, result)


def _judged(sentence: Sentence, formula: Formula, values: list[float], result: float) -> Found:
    tokens = sentence.tokens
    assert formula.result is not None
    said, last = _said(tokens, formula), formula.result
    scaled = [
        result * scale for scale in ((1, 1 / 1000, 1 / 1024, 1000, 1024) if tokens[last].tag == "Q:mem" else (1,))
    ]
    about = any(token.tag in {"ABOUT", "PARTLY", "~", "\u2248"} for token in tokens[formula.terms[-1] : last])
    printed = tokens[last].quantity
    step = max(0.5 if "/" in formula.signs else 0.0, printed.step if printed else 0.0)
    right = close(
        said, scaled, step, 0.06 if about else 0.01 if said[0] >= 1_000 or tokens[last].tag == "Q:mem" else 0.0
    )
    shown = f"{values[0]:g}" + "".join(
        f" {sign} {value:g}" for sign, value in zip(formula.signs, values[1:], strict=True)
    )
    fact = None if right else f"{shown} is {round(result, 1):g}"
    return Found("arithmetic", f"{shown} is {said[-1]:g}", formula.terms[0], last + 1, fact)
