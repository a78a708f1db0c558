"""P-71: one submitter's word against a cluster's moves nothing, three submitters' words a little, and no power away."""

from dataclasses import replace

import pytest

from quorate.ledger import acts as a
from tests.quorate.ledger.build import Plainly, genesis, key, owned, receipt

RUN_S = 1_800


def worked(life, name, *, said=(RUN_S, True), theirs=(RUN_S, True), nodes=2, wanted=None):
    """Have one job placed, run and ended; its submitter says `theirs`. Return the receipt's height and the seat."""
    wanted = wanted or owned(name, nodes)
    life.place(wanted)
    seat = life.state.running[name].seat
    life.height({seat: [a.Start(job=name)]})
    life.height({seat: [a.End(job=name, run_s=said[0], succeeded=said[1])]})
    life.state = replace(life.state, answered=())
    record = life.height({(seat + 1) % 4: [receipt(life.state.chain, wanted, *theirs)]})
    return record, seat


def always(seat=0):
    """A chain on which one seat wins every job: nobody else has nodes."""
    return Plainly(genesis(4, background={other: 10 for other in range(4) if other != seat}))


def reputation(life, seat=0):
    return life.state.members[seat].standing.reputation


FAILED = (RUN_S, False)


def test_two_submitters_move_nothing_however_often_they_say_it():
    life = always()
    for number in range(6):
        wanted = owned(f"j{number}").model_copy(
            update={"submitter_key": owned("a" if number % 2 else "b").submitter_key, "submitter": f"s{number % 2}"}
        )
        record, _ = disputed_by(life, wanted, "a" if number % 2 else "b")
        assert record.findings == ()
    assert reputation(life) == 1_000
    assert [d.job for d in life.state.disputes[0]] == ["j0", "j1"]


def disputed_by(life, wanted, key_of, theirs=FAILED):
    chain = life.state.chain
    signer = key(f"submitter of {key_of}")
    life.height({0: [a.Submit(job=wanted, signature=signer.sign(a.submission_bytes(chain, wanted)).hex())]})
    life.settle()
    seat = life.state.running[wanted.id].seat
    life.height({seat: [a.Start(job=wanted.id)]})
    life.height({seat: [a.End(job=wanted.id, run_s=RUN_S, succeeded=True)]})
    life.state = replace(life.state, answered=())
    word = a.Receipt(
        job=wanted.id, run_s=theirs[0], succeeded=theirs[1],
        signature=signer.sign(a.receipt_bytes(chain, wanted.id, *theirs)).hex(),
    )  # fmt: skip
    return life.height({1: [word]}), seat


@pytest.mark.parametrize(
    ("theirs", "lost"),
    [
        ([FAILED] * 3, 10),
        ([(RUN_S + 1, True)] * 3, 1),
        ([(RUN_S + 1, True), (RUN_S + 1, True), FAILED], 1),
        ([(RUN_S + 1_800, True)] * 3, 5),
        ([(RUN_S + 1, True), FAILED, FAILED], 10),
    ],
    ids=["failed", "a second", "one of three", "half the limit", "two of three"],
)
def test_three_submitters_cost_what_the_middle_of_them_says(theirs, lost):
    life = always()
    for number, word in enumerate(theirs):
        record, _ = worked(life, f"j{number}", theirs=word)
        assert record.disputes[0].waiting == number + 1
    (finding,) = record.findings
    assert (finding.class_, finding.before, finding.after) == ("dispute", 1_000, 1_000 - lost)
    assert finding.what == "3 submitters dispute what it said of j0, j1, j2"
    assert life.state.disputes == {}, "they have had their effect"


def test_a_large_job_weighs_more_than_a_small_one():
    life = always()
    worked(life, "j0", theirs=FAILED, nodes=8)
    worked(life, "j1", theirs=(RUN_S + 1, True), nodes=2)
    record, _ = worked(life, "j2", theirs=(RUN_S + 1, True), nodes=2)
    assert record.findings[0].after == 990


def test_a_dispute_is_told_with_both_accounts_and_is_no_finding():
    record, _ = worked(always(), "j1", theirs=FAILED)
    (dispute,) = record.disputes
    assert (dispute.cluster, dispute.job, dispute.submitter) == ("c0", "j1", "submitter of j1")
    assert dispute.says == "failed after 1800 s, not done after 1800 s"
    assert record.findings == record.credits == ()


def test_disputes_take_no_power_below_its_floor():
    life = always()
    low = life.state.members[0].standing.model_copy(update={"reputation": 503})
    life.state = replace(life.state, members=(replace(life.state.members[0], standing=low), *life.state.members[1:]))
    for number in range(6):
        worked(life, f"j{number}", theirs=FAILED)
    assert reputation(life) == 500


@pytest.mark.parametrize("submitter", ["c0", "c2"])
def test_a_members_word_is_no_dispute_neither_its_own_nor_a_rivals(submitter):
    """Nobody's reputation moves by the accusation of a rival."""
    life = always()
    for number in range(3):
        wanted = owned(f"j{number}").model_copy(update={"submitter": submitter})
        record, _ = disputed_by(life, wanted, f"j{number}")
        assert record.disputes == record.findings == ()
    assert reputation(life) == 1_000


def test_the_root_tells_what_is_disputed():
    life = always()
    worked(life, "j1", theirs=FAILED)
    assert life.state.root() != replace(life.state, disputes={}).root()
