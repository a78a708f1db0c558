import pytest

from agents.trying import Told
from quorate.domain.bidding import Abstention, Answer, Author, Bid, Effort
from ui.runs import load
from ui.viewmodel import lab
from ui.words import short_names

BOTH = ("base", "edited")
MODEL = Author(kind="model", provider="openai", model="m", attempts=1)


@pytest.fixture(scope="module")
def known(real):
    return lab.cases(load(real, "demo").heights)


def recorded(case, text="base", scores=(), silent=()):
    """Return the run's own answers as if a text had brought them, some scores changed, some seats silent."""
    told = []
    for answer in case.record.answers:
        outcome, cluster = answer.answer, answer.cluster
        if isinstance(outcome, Bid):
            score = dict(scores).get(cluster, outcome.score_bp)
            outcome = outcome.model_copy(update={"score_bp": score, "wanted_bp": score, "author": MODEL})
        if cluster in silent:
            outcome = Abstention(job=case.job, cluster=cluster, code="provider_unreachable", detail="it was away")
        told.append(Told(text, case.call.job, answer.snapshot, Answer(outcome=outcome, effort=Effort(calls=1)), ()))
    return told


def test_every_decided_job_of_the_run_is_a_case_with_the_facts_of_its_call(real, known):
    report = load(real, "demo").report
    assert list(known) == [row.job.id for row in report.decisions]
    for row in report.decisions:
        case = known[row.job.id]
        assert [s.nodes_free for s in case.call.snapshots] == [bid.nodes_free for bid in row.bids]
        assert [r / 1_000 for r in case.reputations] == [bid.reputation for bid in row.bids]


@pytest.mark.parametrize("number", range(8))
def test_the_runs_own_answers_have_the_runs_own_winner(known, number):
    case = list(known.values())[number]
    (job,) = lab.lab_jobs([case], recorded(case), ("base",))
    assert job.winners == {"base": job.recorded}
    assert not job.moves
    assert [row.changed for row in job.rows] == [""] * 6


def second(case):
    """Return the cluster that came second, and a score that would have won."""
    cluster = case.record.ranking[1]
    return cluster, next(a.rule_bp for a in case.record.answers if a.cluster == cluster) + 2_500


def test_a_score_that_overtakes_moves_the_job_and_both_rows_say_so(known):
    case = known["job_001"]
    cluster, score = second(case)
    told = [*recorded(case), *recorded(case, "edited", [(cluster, min(10_000, score))])]
    (job,) = lab.lab_jobs([case], told, BOTH)
    rows = {row.cluster: row for row in job.rows}
    assert job.moves
    assert job.winners["edited"] == short_names(rows)[cluster]
    assert rows[cluster].changed.startswith("↔ now wins, score +")
    assert rows[case.record.winner].changed == "↔ wins no more"
    assert lab.trial_title([job], "done", 12, 12) == "The job goes elsewhere; 2 of 6 answers differ"
    assert lab.job_words(job, "bid/2").startswith("↔ ")


def test_without_the_released_text_the_copy_is_compared_with_the_run(known):
    case = known["job_001"]
    (job,) = lab.lab_jobs([case], recorded(case, "edited"), ("edited",))
    assert (job.winners, job.moves) == ({"edited": job.recorded}, False)
    assert lab.trial_title([job], "done", 6, 6) == "The job goes the same way; 0 of 6 answers differ"


def test_half_the_answers_have_no_winner(known):
    case = known["job_001"]
    (job,) = lab.lab_jobs([case], recorded(case)[:3], ("base",))
    assert job.winners == {}
    assert not any(row.sides["base"].wins for row in job.rows if row.sides)
    assert not any("wins" in row.changed for row in job.rows)
    assert lab.trial_title([job], "cancelled", 3, 12) == "Cancelled after 3 of 12 answers"


def test_a_bid_outside_the_allowed_interval_is_void_and_says_why(known):
    case = known["job_001"]
    cluster = case.record.ranking[0]
    (job,) = lab.lab_jobs([case], recorded(case, scores=[(cluster, 0)]), ("base",))
    row = next(row for row in job.rows if row.cluster == cluster)
    assert row.sides["base"].shown == "0.00 void"
    assert "outside the allowed" in row.sides["base"].remark


def test_when_nobody_answers_that_is_the_verdict(known):
    case = known["job_001"]
    told = recorded(case) + recorded(case, "edited", silent=[a.cluster for a in case.record.answers])
    (job,) = lab.lab_jobs([case], told, BOTH)
    assert lab.trial_title([job], "done", 6, 6) == "No model answered: 6 questions, no bid"
    assert lab.problems_of([job]) == ["6 answers missing, provider_unreachable: it was away"]
    assert (job.winners["edited"], job.moves) == ("nobody", True)


@pytest.mark.parametrize(
    ("cost", "says"),
    [
        (lab.TrialCost(2, 1, 6, 12, 0, 9_012, True, None),
         "6 agents × 1 job × 2 prompts = 12 calls, about 9,012 tokens, no price known for this profile."),
        (lab.TrialCost(1, 2, 6, 10, 2, 9_012, True, 0.0123),
         "2 jobs × 1 prompt = 12 answers, 2 of them by facts alone: 10 calls, about 9,012 tokens, about $0.0123."),
        (lab.TrialCost(1, 1, 6, 6, 0, 9_012, False, None), "nothing leaves this machine."),
    ],
)  # fmt: skip
def test_what_a_trial_takes_is_said_before_it_begins(cost, says):
    assert says in lab.cost_words(cost)


def test_what_the_run_was_made_with_is_named(known):
    assert lab.recorded_with(list(known.values())) == "rule"


def test_a_text_that_was_not_asked_yet_is_compared_with_nothing(known):
    case = known["job_001"]
    (job,) = lab.lab_jobs([case], recorded(case, scores=[(case.record.ranking[0], 7_000)]), BOTH)
    assert [row.changed for row in job.rows] == [""] * 6
    assert (job.last, job.moves) == ([], False)
    assert lab.job_words(job, "bid/2") == f"{job.recorded} in the run and {job.winners['base']} with bid/2"
