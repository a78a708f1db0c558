"""What every noun is made of: frozen, closed values, and the integers and names they are built from.

Values are strict only where bytes enter (`Model.model_validate_json(raw, strict=True)`); a lax frozen
model survives a checkpoint, a strict one does not.
"""

from collections.abc import Mapping
from typing import NewType, Self, TypeVar

from pydantic import BaseModel, ConfigDict

ClusterId = NewType("ClusterId", str)
JobId = NewType("JobId", str)
Height = NewType("Height", int)
RoundNo = NewType("RoundNo", int)
VotingPower = NewType("VotingPower", int)
Digest = NewType("Digest", str)

BASIS_POINTS = 10_000
"""A score of 1.00, in basis points: scores are integers in 0..10_000 wherever two peers compare them."""

MILLI = 1_000
"""A reputation or a power of 1.000, in milli-units."""


class Value(BaseModel):
    """A frozen, closed value: an unknown field is an error, and nothing is changed after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, serialize_by_alias=True)

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """Return a copy with these fields changed, unvalidated; what was computed from the old ones stays behind."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


V = TypeVar("V", bound=Value)

_FILLED: dict[type, frozenset[str]] = {}


def unchecked(kind: type[V], fields: dict[str, object]) -> V:
    """Return a value of parts that were all checked when they were made: a height makes a dozen for its records.

    `fields` must name every field; it becomes the value's own. What else stands in it was worked out of them.
    """
    made = kind.__new__(kind)
    names = _FILLED.get(kind) or _FILLED.setdefault(kind, frozenset(kind.model_fields))
    assert names <= fields.keys()
    for slot, content in (
        ("__dict__", fields),
        ("__pydantic_fields_set__", set(names)),
        ("__pydantic_extra__", None),
        ("__pydantic_private__", None),
    ):
        object.__setattr__(made, slot, content)
    return made
