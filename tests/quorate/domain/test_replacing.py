"""Copies with changes are those that the standard library makes."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.replacing import replace
from quorate.ledger.state import LedgerState, founded
from tests.quorate.ledger.build import genesis

STATE = founded(genesis(4))
NAMES = [field.name for field in dataclasses.fields(LedgerState)]
CHANGES = dict.fromkeys(NAMES, 7) | {
    "members": (dataclasses.replace(STATE.members[0], left=True), *STATE.members[1:]),
    "priorities": (3, -1, -1, -1),
}


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(), max_size=4))
def test_a_copy_is_the_one_that_the_standard_library_makes(changes):
    assert replace(STATE, **changes) == dataclasses.replace(STATE, **changes)


@given(st.sets(st.sampled_from(sorted(CHANGES))))
def test_what_was_worked_out_of_the_old_fields_is_never_that_of_the_copy(names):
    old = replace(STATE)
    assert (old.powers(), old.active(), old.committee().height) == ((1_000,) * 4, (0, 1, 2, 3), 1)
    changed = {name: CHANGES[name] for name in names}
    copied, anew = replace(old, **changed), dataclasses.replace(old, **changed)
    for worked_out in ("powers", "active", "committee"):
        assert getattr(copied, worked_out)() == getattr(anew, worked_out)()


def test_a_field_that_there_is_not_is_refused():
    with pytest.raises(KeyError):
        replace(STATE, weight=1)
