"""A copy of a frozen dataclass with some fields changed: what `dataclasses.replace` does, at a fifth of its price.

A height makes a dozen such copies of a state with twenty fields. The dataclass has no slots: its instance's
dictionary is copied at once. What was worked out of the old fields (`cached_property`) stays behind, unless the class
names the `SOURCES` of all of it and none of them changes.
"""

from dataclasses import fields
from functools import cached_property
from typing import TypeVar

T = TypeVar("T")


_Plan = tuple[frozenset[str], frozenset[str], tuple[str, ...]]
_PLANS: dict[type, _Plan] = {}
"""Per class: the names of its fields, of those that something is worked out of, and of what is."""


def _plan(kind: type) -> _Plan:
    names = frozenset(field.name for field in fields(kind))
    worked_out = tuple(name for name, value in vars(kind).items() if isinstance(value, cached_property))
    plan = _PLANS[kind] = names, getattr(kind, "SOURCES", names), worked_out
    return plan


def replace(thing: T, **changes: object) -> T:
    """Return a copy of `thing`, a dataclass without slots, with these fields changed.

    Raises:
        KeyError: it has no field of that name.
    """
    kind = type(thing)
    names, sources, worked_out = _PLANS.get(kind) or _plan(kind)
    if not names.issuperset(changes):
        raise KeyError(*(changes.keys() - names))
    made = object.__new__(kind)
    values = made.__dict__
    values.update(thing.__dict__)
    if not sources.isdisjoint(changes):
        for name in worked_out:
            values.pop(name, None)
    values.update(changes)
    return made
