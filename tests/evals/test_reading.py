import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.reading import SCORE_NAMES, read, without_thoughts

scores = st.integers(0, 100).map(lambda n: n / 100)
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="<>{}\"'"), max_size=60)


@given(st.text(max_size=300))
def test_any_text_is_read_or_has_a_fault(text):
    reading = read(text)
    assert (reading.score is None) == bool(reading.fault) or reading.declines


@given(scores, st.sampled_from(SCORE_NAMES), texts, texts)
def test_a_score_is_found_under_any_name_and_within_other_text(score, name, before, after):
    reading = read(f"{before}\n```json\n{json.dumps({name: score, 'reasoning': 'r is here'})}\n```\n{after}")
    assert reading.score == score
    assert "r is here" in reading.texts


@given(scores, texts)
def test_thoughts_are_neither_read_nor_scored(score, thought):
    reading = read(f"<think>{thought} score: 0.31</think>{json.dumps({'score': score, 'why': 'because'})}")
    assert reading.score == score
    assert reading.texts == ("because",)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ('{"score": 0.85}', 0.85),
        ('{"bidScore": "0.85"}', 0.85),
        ('{"Bid Score": "85%"}', 0.85),
        ('{"score": "0.85/1"}', 0.85),
        ('{"result": {"bid": {"value": 0.4}}}', 0.4),
        ('[{"score": 0.5}]', 0.5),
        ("{'score': 0.5, 'ok': True}", 0.5),
        ('{"score": 0.5,}', 0.5),
        ("My score is 0.85.", 0.85),
        ("**Bid score:** 0.9", 0.9),
        ("0.83", 0.83),
        ('{"score": 1.4}', 1.4),
        ('{"score": 85}', 85),
        ('First {"score": 0.2} - no, {"score": 0.7}', 0.7),
        ('{"facts": {"nodes": 3}}\n{"score": 0.6, "reasoning": "x {y} z"}', 0.6),
        ('<think>maybe {"score": 0.1}</think>\n{"score": 0.6}', 0.6),
        ('no opening tag, {"score": 0.1}</think>{"score": 0.6}', 0.6),
    ],
)
def test_replies_as_models_write_them(reply, score):
    assert read(reply).score == pytest.approx(score)
    assert not read(reply).fault


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("", "empty"),
        ("I cannot serve this: occupancy is 97.5 %.", "no score"),
        ('{"score": NaN}', "no number"),
        ('{"score": true}', "no number"),
        ('{"score": "high"}', "no number"),
        ('{"score": 1e400}', "no number"),
        ('{"reasoning": "good"}', "no score"),
        ('{"score": 0.83, "reasoning": "My nodes', "breaks off"),
        ("<think>never ends 0.9", "empty"),
        ("x" * 200_001, "characters"),
    ],
)
def test_what_says_no_score_is_unreadable_and_none_is_made_up(reply, fault):
    reading = read(reply)
    assert fault in reading.fault
    assert reading.score is None


def test_declining_is_an_answer():
    for reply in ('{"abstain": true, "reasoning": "full"}', '{"decision": "decline"}', '{"kind": "abstention"}'):
        assert read(reply).declines
        assert not read(reply).fault


def test_an_unclosed_thought_hides_the_rest():
    assert without_thoughts("a<think>b</think>c<think>d") == "a\nc"


@pytest.mark.parametrize(
    "reply", ["<think>" * 20_000, "{" * 150_000, '{"a":' * 30_000, "score " * 30_000, "[" * 90_000]
)
def test_hostile_replies_end_soon(reply):
    assert read(reply).fault


def test_the_name_of_a_fact_in_evidence_is_no_text():
    evidence = '[{"fact": "type_match", "value": false}, {"name": "homogeneous"}]'
    body = f'{{"score": 0.4, "reasoning": "Fine.", "evidence": {evidence}}}'
    assert read(body).texts == ("Fine.", "homogeneous")
