"""A chain is named by the digest of what everybody agreed on first. docs/protocol.md P-60."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quorate.domain.errors import LedgerBroken
from quorate.ledger.genesis import Genesis, Parameters
from quorate.ledger.state import founded
from quorate.ledger.verify import genesis_line, read_genesis
from tests.quorate.ledger.build import cluster, genesis, group

FIELDS = sorted(Parameters.model_fields)


@given(st.sampled_from(FIELDS), st.data())
def test_any_other_rule_makes_another_chain(field, data):
    value = data.draw(st.booleans() if field in ("sealed", "assessments") else st.integers(1, 9_000))
    usual = getattr(Parameters(), field)
    assert (genesis(4, **{field: value}).digest == genesis(4).digest) == (value == usual)


@given(st.integers(4, 12), st.integers(0, 10))
def test_a_genesis_reads_back_as_written(members, busy):
    made = genesis(members, background={0: busy})
    assert read_genesis(genesis_line(made)) == made
    assert made.federation.clusters == tuple(member.cluster for member in made.members)


def test_any_other_member_makes_another_chain():
    other = genesis([cluster(f"c{i}", groups=[group(10 + (i == 3))]) for i in range(4)])
    assert len({genesis(4).digest, genesis(5).digest, genesis(4, background={1: 1}).digest, other.digest}) == 4


def test_two_members_cannot_share_a_key_or_an_id():
    made = genesis(4).model_dump(by_alias=True)
    for field in ("public_key", "cluster"):
        twins = [dict(member) for member in made["members"]]
        twins[1][field] = twins[0][field]
        with pytest.raises(ValidationError, match="share an id or a key"):
            Genesis.model_validate({**made, "members": twins})


def test_nobody_declares_more_background_than_nodes():
    with pytest.raises(ValidationError, match="declares 11 busy of 10 nodes"):
        genesis(4, background={0: 11})


@pytest.mark.parametrize("members", [0, 1, 3, 129])
def test_fewer_than_four_or_more_than_the_seats_found_no_chain(members):
    with pytest.raises(ValidationError):
        genesis(members)


def test_the_largest_chain_has_a_committee():
    assert len(founded(genesis(128)).committee().seats) == 128


def test_a_chain_that_hears_no_opinions_is_named_as_before_there_were_any():
    """P-70: a field that is not used is not written, and not read either: one genesis has one form."""
    quiet, hearing = genesis(4), genesis(4, assessments=True)
    assert b"assessments" not in genesis_line(quiet)
    assert genesis_line(hearing).count(b'"assessments":true') == 1
    assert read_genesis(genesis_line(hearing)) == hearing
    line = genesis_line(hearing).replace(b'"assessments":true', b'"assessments":false')
    with pytest.raises(LedgerBroken):
        read_genesis(line)
