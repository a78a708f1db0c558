import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.state import merge_latest, merge_once, merge_said
from quorate.domain.bidding import Abstention, Answer
from quorate.domain.errors import StateConflict
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.participant import Keep


def answer(cluster: str, code: str = "no_answer") -> Answer:
    return Answer(outcome=Abstention(job=JobId("j1"), cluster=ClusterId(cluster), code=code, detail="silent"))


names = st.sampled_from("abc")
records = st.dictionaries(names, st.lists(st.binary(max_size=2), max_size=4), max_size=3)
codes = st.dictionaries(names, st.sampled_from(("no_answer", "deadline")), max_size=3)


@given(codes)
def test_joining_the_same_answers_again_changes_nothing(given_codes):
    answers = {name: answer(name, code) for name, code in given_codes.items()}
    assert merge_once(answers, answers) == answers
    assert merge_once({}, answers) == answers == merge_once(answers, {})


@given(codes, codes)
def test_two_answers_of_one_cluster_are_a_bug_and_said_so(one, two):
    first = {name: answer(name, code) for name, code in one.items()}
    second = {name: answer(name, code) for name, code in two.items()}
    if any(name in one and one[name] != code for name, code in two.items()):
        with pytest.raises(StateConflict, match="was given two answers"):
            merge_once(first, second)
    else:
        assert merge_once(first, second) == {**first, **second}


@given(records, records)
def test_records_are_appended_once_and_none_is_lost(old, new):
    start = merge_said({}, old)
    joined = merge_said(start, new)
    for name in {*old, *new}:
        assert set(joined[name]) == {*old.get(name, ()), *new.get(name, ())}
        assert len(joined[name]) == len(set(joined[name]))
        assert joined[name][: len(start.get(name, ()))] == start.get(name, [])
    assert merge_said(joined, new) == joined


@given(records)
def test_a_reducer_leaves_what_it_was_given_as_it_was(old):
    before = {name: list(lines) for name, lines in old.items()}
    merge_said(old, {"a": [b"new", b"other"]})
    assert old == before


def test_two_different_records_of_one_member_both_stay_for_they_may_be_evidence():
    assert merge_said({"a": [b"vote for x"]}, {"a": [b"vote for y"]}) == {"a": [b"vote for x", b"vote for y"]}


def test_a_sealed_answer_is_replaced_by_that_of_the_next_call():
    first = Keep(job=JobId("j1"), opened=1, answer=answer("a").outcome, salt="00")
    second = first.model_copy(update={"opened": 4})
    assert merge_latest({"a": first}, {"a": second}) == {"a": second}
