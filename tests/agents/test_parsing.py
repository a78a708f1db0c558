"""What is taken for a bid: one closed object with the right types, and nothing else, whatever a model writes."""

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.asking import Kind, ModelFailed
from agents.parsing import REPLY_CHARS_MAX, Parsed, bid_shape, parse_bid, parse_vote, vote_shape
from quorate.domain.bidding import FACT_NAMES
from tests.agents.helpers import bid_text
from tests.fake_llm.dialect import GOOD_BID
from tests.fake_llm.faults import TEXTS

READABLE = {"length_whole", "fenced", "think"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def read(text: str) -> Parsed | ModelFailed:
    try:
        return parse_bid(text)
    except ModelFailed as failure:
        return failure


def refused(text: str) -> str:
    outcome = read(text)
    assert isinstance(outcome, ModelFailed), outcome
    assert outcome.kind is Kind.UNREADABLE
    return outcome.detail


@given(st.text(max_size=400))
@example("\x00")
@example("[" * 5_000)
@example("1" * 5_000)
@example('{"score": 1e999999999}')
def test_whatever_the_text_it_is_a_bid_or_one_sentence(text: str) -> None:
    outcome = read(text)
    if isinstance(outcome, ModelFailed):
        assert outcome.detail
        assert len(outcome.detail) <= 300
        assert outcome.detail.isprintable()


@given(JSON)
def test_json_that_is_no_bid_is_never_taken_for_one(value: object) -> None:
    assert isinstance(read(json.dumps(value)), ModelFailed)


@given(st.integers(0, len(GOOD_BID) - 1))
def test_a_bid_that_is_cut_anywhere_is_refused(at: int) -> None:
    assert refused(GOOD_BID[:at])


@given(st.integers(0, len(GOOD_BID)), st.characters())
def test_one_character_more_anywhere_never_changes_the_score_unseen(at: int, character: str) -> None:
    outcome = read(GOOD_BID[:at] + character + GOOD_BID[at:])
    if isinstance(outcome, Parsed) and outcome.bid.score != Decimal("0.71"):
        at_number = GOOD_BID.index("0.71") <= at <= GOOD_BID.index("0.71") + 4
        assert at_number, "a digit in the number itself is the model's own word"
        assert character in "0123456789eE-+."


@given(st.decimals(0, 1, places=6))
def test_a_score_is_read_as_the_decimal_that_was_written(score: Decimal) -> None:
    outcome = read(GOOD_BID.replace("0.71", f"{score:f}"))
    assert isinstance(outcome, Parsed)
    assert outcome.bid.score_bp == round(score * 10_000)


@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda score: not 0 <= score <= 1))
def test_a_score_outside_0_and_1_is_refused_and_never_clamped(score: Decimal) -> None:
    assert refused(GOOD_BID.replace("0.71", f"{score:f}" if abs(score.adjusted()) < 50 else "1e60"))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_text_of_the_fault_server_is_read_or_refused_as_the_matrix_says(name: str) -> None:
    outcome = read(TEXTS[name])
    if name in READABLE:
        assert isinstance(outcome, Parsed)
        assert outcome.bid.score_bp == 7_100
    else:
        assert isinstance(outcome, ModelFailed)


def test_what_is_taken_off_is_noted() -> None:
    outcome = parse_bid(f"<think>hm</think>\n```json\n{GOOD_BID}\n```")
    assert outcome.notes == ("think tags taken off", "code fence taken off")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bid_text(score=True), "score: must be a number"),
        (bid_text(score="0.7"), "score: must be a number"),
        (bid_text(score=None), "score: must be a number"),
        (bid_text(score=[0.7]), "score: must be a number"),
        (bid_text(reasoning=""), "reasoning: is empty"),
        (bid_text(reasoning=7), "reasoning"),
        (bid_text(reasoning="x" * 601), "reasoning"),
        (bid_text(evidence=[{"fact": "moon", "value": 1}]), "evidence.0.fact"),
        (bid_text(evidence=[{"fact": "gpus", "value": 1.5}]), "whole number"),
        (bid_text(evidence=[{"fact": "gpus", "value": None}]), "evidence.0.value"),
        (bid_text(evidence=[{"fact": "gpus", "value": 1, "sure": True}]), "is not a field"),
        (bid_text(evidence=[{"fact": "gpus", "value": 1}] * 25), "evidence"),
        (bid_text(forecast={"start_s": {"p50": 9, "p90": 1}}), "forecast"),
        (bid_text(confidence=1), "confidence is not a field"),
        ('{"score": 0.5, "score": 0.5}', "occurs more than once"),
        ('{"score": NaN}', "no number"),
        ("x" * (REPLY_CHARS_MAX + 1), "characters"),
        ('{"score": ' + "9" * 5_000 + "}", "not one JSON object"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, said: str) -> None:
    assert said in refused(text)


def test_whole_numbers_written_with_a_point_are_whole_numbers() -> None:
    outcome = parse_bid(bid_text(evidence=[{"fact": "gpus", "value": 400.0}, {"fact": "type_match", "value": True}]))
    assert [claim.value for claim in outcome.bid.claims] == [400, True]
    assert type(outcome.bid.claims[1].value) is bool


def test_a_forecast_is_the_models_own() -> None:
    told = {"start_s": {"p50": 0, "p90": 60}, "run_s": {"p50": 100, "p90": 200}, "success": 0.955}
    forecast = parse_bid(bid_text(forecast=told)).bid.expected()
    assert forecast is not None
    assert (forecast.run_p90_s, forecast.success_bp, forecast.author) == (200, 9_550, "model")


def test_control_characters_do_not_survive_reading() -> None:
    assert parse_bid(bid_text(reasoning="a\x1b[2J\u202eb\nc")).bid.reasoning == "a[2Jb c"


def test_an_opinion_is_read_as_strictly() -> None:
    vote, _ = parse_vote('{"approves": false, "reasoning": "Another matches the type."}')
    assert vote.approves is False
    for wrong in ('{"approves": "yes", "reasoning": "x"}', '{"approves": 1, "reasoning": "x"}', '{"approves": true}'):
        with pytest.raises(ModelFailed):
            parse_vote(wrong)


def test_the_schemas_are_closed_and_name_every_fact() -> None:
    def objects(schema: object) -> list[dict[str, object]]:
        if isinstance(schema, list):
            return [found for part in schema for found in objects(part)]
        if not isinstance(schema, dict):
            return []
        own = [schema] if schema.get("type") == "object" else []
        return own + [found for part in schema.values() for found in objects(part)]

    for shape in (bid_shape(), vote_shape()):
        for schema in objects(shape.schema):
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
    assert all(name in json.dumps(bid_shape().schema) for name in FACT_NAMES)
