from pathlib import Path

from backends.reading import read_federation
from evals.answered import Answered, by_sample, record, records
from evals.datasets import grid
from quorate.domain.bidding import Answer
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid

SAMPLES = grid(read_federation(Path(__file__).parents[2] / "data" / "federations" / "reference.toml"), 3, "dev", 1)


def answered(sample, epoch=1, sample_hash=None):
    answer = Answer(outcome=abstention(sample.job, sample.snapshot) or rule_bid(sample.job, sample.snapshot))
    return Answered(sample=sample.id, hash=sample_hash or sample.hash, epoch=epoch, answer=answer)


def test_an_answer_survives_the_file():
    one = answered(SAMPLES[0])
    assert Answered.model_validate_json(one.model_dump_json(exclude_none=True)) == one


def test_answers_to_another_question_under_the_same_id_are_left_out():
    assert records(SAMPLES, [answered(SAMPLES[0], sample_hash="0" * 16)]) == []
    assert len(records(SAMPLES, [answered(SAMPLES[0])])) == 1


def test_epochs_come_in_order():
    found = records(SAMPLES, [answered(SAMPLES[0], 2), answered(SAMPLES[0], 1)])
    assert [one.epoch for one in by_sample(found)[SAMPLES[0].id]] == [1, 2]


def test_a_reply_that_could_not_be_read_said_nothing():
    one = record(SAMPLES[0], 1, answered(SAMPLES[0]).answer, "no JSON at all")
    assert one.said is None
    assert one.score_bp is None
