# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""A figure in a sentence: whose it is, what it may truly be, and how exactly it must be said."""

import re
from dataclasses import dataclass

from quorate.market.claims.lexer import Token
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene, owner
from quorate.market.claims.values import ClaimKind

PER_NODE = re.compile(
    r" (?:[a-z]\S* )?(?:IN|P:on) (?:EACH|PER|ALL) (?:P:of )?(?:MY |THE |ITS )?(?:N )?NODE| (?:[a-z]\S* |\( |T:memory |CPU |P:of |HOM ){0,3}?(?:PER NODE|/ NODE|PER |on PER|P:on PER|IN PER|NODE PER|P:for PER NODE)"
)
NODE_EACH = re.compile(
    r" (?:PER NODE|NODE|NODE PER) (?:[a-z]\S* )?(?:(?:BE|HAVE|P:with|:|=|P:of|PER|equipped|containing|P:at) ){1,3}(?:[a-z]\S* )?$| PER (?:HAVE|P:with|[a-z]\S* P:with) (?:[a-z]\S* )?$| (?:GPUS|T:gpu|CORE|T:memory) (?:capacity )?(?:PER|/) NODE (?:BE |: |= |P:of |\( )*$| NODE (?:P:with |HAVE )(?:N |Q:mem |T:\S+ |CORE |GPUS |AND |, |CPU |[a-z]\S* ){0,8}$"
)


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
    if re.search(r" MORE (?:THE |MY )?$", before):
        right = right or max(truths) >= min(quantity.values)
    if re.search(r" LESS (?:THE |MY )?$", before):
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
        return (max(quantity.step, 3.0) if about else quantity.step), 0.0
    return quantity.step, 0.1 if about else 0.02


def around(scene: Scene, index: int, back: int = 9, ahead: int = 10) -> tuple[str, str]:
    """Return the tags before a token, and those from it on."""
    return scene.sentence.slice(max(0, index - back), index), scene.sentence.slice(index, index + ahead)


_FIRM = re.compile(r" (?:HAVE|MY|P:with|BE|:|=|PER NODE|NODE) (?:[a-z]\S* |ONLY |A |HIGH |P:of |TOTAL |THE ){0,2}$")


def firm(before: str) -> bool:
    """Whether the number is directly what somebody has, not what it is measured against."""
    return _FIRM.search(before) is not None


_KEY = re.compile(r" (?:GPUS|T:gpu|T:memory|CORE) (?:capacity )?(?:PER NODE |/ NODE )?(?:BE |: |= |P:of )+(?:ONLY )?$")


def holder(scene: Scene, index: int, before: str) -> str:
    """Whose figure it is; `GPUs per node: 4` is the cluster's unless its clause, or a list that it ends, is the job's."""
    who = owner(scene, index)
    if who == "job" and before.endswith(" P:with ") and not before.endswith(" NODE P:with "):
        return ""
    if not _KEY.search(before):
        return who
    start, _ = scene.sentence.clause(max(0, index - 4))
    named = re.search(r" (?:JOB|REQ) ", scene.sentence.slice(start, index)) is not None
    if re.search(r" (?::|=) $", before):
        return who or "self"
    return who if named else ""
