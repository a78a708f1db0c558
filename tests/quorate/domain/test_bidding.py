"""An answer is a bid or an abstention, told apart by one word; a fact is one of a closed list (P-41)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from quorate.domain.bidding import (
    CLAIMS_MAX,
    FACT_NAMES,
    REASONING_CHARS_MAX,
    Abstention,
    AbstentionCode,
    Answer,
    Bid,
    BidOutcome,
    Claim,
    Effort,
)
from quorate.domain.clusters import snapshot
from quorate.market.rule import rule_bid
from tests.quorate.ledger.build import cluster, job

OUTCOMES: TypeAdapter[Bid | Abstention] = TypeAdapter(BidOutcome)
BID = rule_bid(job(), snapshot(cluster(), 0))


@given(st.sampled_from(FACT_NAMES), st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=80))
def test_a_claim_keeps_the_kind_of_its_value(fact, value):
    again = Claim.model_validate_json(Claim(fact=fact, value=value).model_dump_json(), strict=True)
    assert again.value == value
    assert type(again.value) is type(value)


def test_answers_are_told_apart_by_kind():
    none = Abstention(job="j1", cluster="c0", code=AbstentionCode.BUSY_NOW, detail="busy")
    for outcome in (BID, none):
        assert OUTCOMES.validate_json(OUTCOMES.dump_json(outcome), strict=True) == outcome
    with pytest.raises(ValidationError, match="kind"):
        OUTCOMES.validate_python({"job": "j1", "cluster": "c0"})


@pytest.mark.parametrize(
    "change",
    [
        {"score_bp": 10_001}, {"score_bp": -1}, {"wanted_bp": 10_001}, {"reasoning": "x" * (REASONING_CHARS_MAX + 1)},
        {"evidence": [{"fact": "colour", "value": 1}]}, {"evidence": [{"fact": "nodes", "value": 1.5}]},
        {"evidence": [{"fact": "nodes", "value": 1}] * (CLAIMS_MAX + 1)}, {"job": "a b"}, {"cluster": ""}, {"price": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_bid_outside_its_bounds_is_no_bid(change):
    with pytest.raises(ValidationError):
        Bid.model_validate_json(Bid.model_validate({**BID.model_dump(), **change}).model_dump_json(), strict=True)


def test_codes_are_words_and_facts_are_apart_from_failures():
    codes = {v for k, v in vars(AbstentionCode).items() if k.isupper() and isinstance(v, str)}
    assert AbstentionCode.NEVER < AbstentionCode.FACTS < codes
    for code in codes:
        Abstention(job="j1", cluster="c0", code=code, detail="")


def test_unknown_costs_are_none_and_never_zero():
    assert Answer(outcome=BID).effort == Effort()
    assert Effort().tokens_in is None
    assert Effort().cost_usd_micro is None
