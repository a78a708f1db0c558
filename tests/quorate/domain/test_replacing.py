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


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(), max_size=4))
def test_a_copy_is_the_one_that_the_standard_library_makes(changes):
    assert replace(STATE, **changes) == dataclasses.replace(STATE, **changes)


def test_a_field_that_there_is_not_is_refused():
    with pytest.raises(KeyError):
        replace(STATE, weight=1)
