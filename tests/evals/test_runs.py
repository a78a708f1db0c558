import gzip

import pytest

from evals.datasets import dataset
from evals.planted import CLEAN, answer
from evals.runs import Answered, Journal, Place, commit, finished, finished_run, packages
from quorate.domain.bidding import Abstention, Answer
from quorate.domain.errors import RequestInvalid
from tests.evals.made import FEDERATION, made_run


def one(epoch=1):
    sample = dataset("quick", FEDERATION)[0]
    return Answered(sample=sample.id, hash=sample.hash, epoch=epoch, answer=answer(CLEAN, sample, epoch, 1))


def test_a_run_comes_back_as_it_was_written(tmp_path):
    run = finished_run(made_run(tmp_path / "a"))
    assert run.missing == 0
    assert run.models == ("planted",)
    assert len(run.records) == run.manifest.expected


def test_half_a_line_that_a_crash_left_is_cut_off(tmp_path):
    place = Place(tmp_path)
    journal = Journal(place)
    journal.keep(one())
    journal.close()
    with place.replies.open("ab") as file:
        file.write(b'{"sample": "F1')
    again = Journal(place)
    again.keep(one(2))
    again.close()
    assert [kept.epoch for kept in place.answered()] == [1, 2]
    assert place.replies.read_bytes().endswith(b"\n")


def test_an_answer_that_stands_twice_counts_once(tmp_path):
    journal = Journal(Place(tmp_path))
    journal.keep(one())
    journal.keep(one())
    journal.close()
    assert len(list(Place(tmp_path).answered())) == 1


def test_a_spent_budget_is_no_answer():
    outcome = Abstention(job="j", cluster="c", code="budget_spent", detail="-")
    assert not finished(one().model_copy(update={"answer": Answer(outcome=outcome)}))
    assert finished(one())


def test_other_questions_than_the_manifests_are_refused(tmp_path):
    folder = made_run(tmp_path / "a")
    place = Place(folder)
    place.write_questions(place.read_questions()[1:])
    with pytest.raises(RequestInvalid, match="run it anew"):
        finished_run(folder)
    place.questions.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(RequestInvalid, match="cannot be read"):
        finished_run(folder)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00"])
def test_what_is_no_run_is_one_sentence(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RequestInvalid, match=r"run\.json"):
        finished_run(tmp_path)


def test_a_broken_line_inside_the_journal_is_named(tmp_path):
    folder = made_run(tmp_path / "a")
    replies = Place(folder).replies
    replies.write_bytes(b"not JSON\n" + replies.read_bytes())
    with pytest.raises(RequestInvalid, match="line 1"):
        finished_run(folder)


def test_commit_and_packages_are_read_or_unknown(tmp_path):
    assert commit(tmp_path) == "unknown"
    assert "pydantic" in packages()
