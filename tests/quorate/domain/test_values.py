"""Values are closed, frozen, and equal to themselves after a round trip."""

from functools import cached_property

import pytest
from pydantic import ValidationError

from quorate.domain.values import Value, unchecked


class Thing(Value):
    """A value for tests."""

    size: int
    share: float = 0.0


def test_an_unknown_field_is_an_error():
    with pytest.raises(ValidationError, match="extra"):
        Thing.model_validate({"size": 1, "colour": "red"})


def test_nothing_is_changed_after_construction():
    thing = Thing(size=1)
    with pytest.raises(ValidationError, match="frozen"):
        thing.size = 2


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_is_a_number(number):
    with pytest.raises(ValidationError, match="finite"):
        Thing(size=1, share=float(number))


def test_equal_values_hash_alike():
    assert len({Thing(size=1), Thing(size=1), Thing(size=2)}) == 2


def test_a_copy_with_other_fields_keeps_nothing_that_was_computed_from_the_old_ones():
    class Pair(Value):
        left: int
        right: int

        @cached_property
        def total(self):
            return self.left + self.right

    pair = Pair(left=1, right=2)
    assert pair.total == 3
    assert pair.model_copy(update={"right": 5}).total == 6
    assert pair.model_copy() == pair


def test_a_value_of_checked_parts_is_the_one_that_checking_gives_and_lacks_none():
    made = unchecked(Thing, {"size": 1, "share": 0.5})
    assert made == Thing(size=1, share=0.5)
    assert hash(made) == hash(Thing(size=1, share=0.5))
    assert made.model_copy(update={"size": 2}) == Thing(size=2, share=0.5)
    with pytest.raises(ValidationError, match="frozen"):
        made.size = 2
    with pytest.raises(AssertionError):
        unchecked(Thing, {"size": 1})
