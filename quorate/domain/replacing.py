"""A copy of a frozen dataclass with some fields changed: what `dataclasses.replace` does, at a quarter of its price.

A height makes some hundred such copies of a state with twenty fields. All fields must be those of `__init__`.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import TypeVar

T = TypeVar("T")


_Plan = tuple[Callable[[object], tuple[object, ...]], dict[str, int]]
_PLANS: dict[type, _Plan] = {}
"""Per class: what reads all its fields at once, and the place of each."""


def _plan(kind: type) -> _Plan:
    names = [field.name for field in fields(kind)]
    plan = _PLANS[kind] = attrgetter(*names), {name: place for place, name in enumerate(names)}
    return plan


def replace(thing: T, **changes: object) -> T:
    """Return a copy of `thing`, a dataclass of at least two fields, with these fields changed.

    Raises:
        KeyError: it has no field of that name.
    """
    kind = type(thing)
    every, places = _PLANS.get(kind) or _plan(kind)
    values = list(every(thing))
    for name, value in changes.items():
        values[places[name]] = value
    return kind(*values)
