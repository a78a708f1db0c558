"""A figure in a sentence: what it may truly be, and how exactly it must be said."""

import re
from dataclasses import dataclass

from quorate.market.claims.lexer import Token
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import ClaimKind


@dataclass(frozen=True, slots=True)
class Truth:
    """What a number may be, the first value being the plain answer, and how to say it; None = unknown."""

    kind: ClaimKind
    name: str
    values: tuple[float | None, ...]
    unit: str = ""

    @property
    def fact(self) -> str:
        """State the plain answer as one clause."""
        value = self.values[0]
        shown = f"{value:.1f}".removesuffix(".0") if value is not None else "unknown"
        return f"{self.name} {'is' if self.unit or value == 1 else 'are'} {shown}{' ' + self.unit if self.unit else ''}"


_LITTLE = re.compile(
    r" (?:little|bit|slightly|barely|ONLY|hair|touch|shade|somewhat) (?:MORE|LESS|more|less) (?:THE |MY |A )?$"
    r"| A good $"
)
"""`a little over a third` is near it, not anything above."""


def judged(scene: Scene, index: int, token: Token, truth: Truth) -> Found:
    """Compare a figure with what it may truly be; an unknown plain answer refutes nothing."""
    quantity = token.quantity
    assert quantity is not None  # every reader's tag carries one
    truths = [value for value in truth.values if value is not None]
    asserted = f"{truth.name}: {token.raw}"
    if truth.values[0] is None or not truths:
        return Found(truth.kind, asserted, index, index + 1)
    before = scene.sentence.slice(max(0, index - 2), index)
    right = close(quantity.values, truths, *_tolerance(token, before))
    little = _LITTLE.search(scene.sentence.slice(max(0, index - 4), index)) is not None
    if little:
        near_by = (8.0, 0.0) if token.tag == "Q:pct" else (quantity.step, 0.12)
        right = right or close(quantity.values, truths, *near_by)
    elif re.search(r" MORE (?:THE |MY )?$", before):
        right = right or max(truths) >= min(quantity.values)
    elif re.search(r" LESS (?:THE |MY )?$", before):
        right = right or min(truths) <= max(quantity.values)
    return Found(truth.kind, asserted, index, index + 1, None if right else truth.fact)


def _tolerance(token: Token, before: str) -> tuple[float, float]:
    quantity = token.quantity
    assert quantity is not None
    about = re.search(r" (?:ABOUT|PARTLY|~) (?:THE |A )?$", before) is not None
    if token.tag == "N":
        round_number = quantity.number >= 1_000 and quantity.number % 100 == 0
        return quantity.step, 0.06 if about else 0.02 if round_number or quantity.step else 0.0
    if token.tag == "Q:pct":
        return (max(quantity.step + (1.0 if quantity.number else 2.0), 2.0) if about else quantity.step), 0.0
    return quantity.step, 0.1 if about else 0.02
