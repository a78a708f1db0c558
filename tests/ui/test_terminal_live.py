from io import StringIO

from rich.console import Console

from quorate.domain.bidding import Abstention, Answer, Author, Bid, Effort, Forecast
from quorate.domain.trace import Answered, Decided, JobCalled, Prompted, Proposed, Replied, Voted
from quorate.domain.values import Digest
from tests.ui.terminal_sample import IDS, jobs
from ui.terminal_live import Board
from ui.terminal_text import Screen
from ui.words import short_names

JOB = jobs()[0]
AUTHOR = Author(kind="model", provider="sambanova", model="m")
FORECAST = Forecast(start_p50_s=0, start_p90_s=0, run_p50_s=1, run_p90_s=1, success_bp=9_000, author="rule")


def board():
    made = Board(short_names(IDS), IDS)
    made.take(JobCalled(job=JOB, number=1, of=8, opened=1))
    return made


def shown(made, width=100, elapsed_s=0.0):
    console = Console(width=width, record=True, file=StringIO())
    console.print(made.render(Screen(width), elapsed_s))
    return console.export_text()


def prompted(attempt=1):
    return Prompted(
        job=JOB.id, cluster=IDS[1], attempt=attempt, prompt_id="bid", prompt_version=2, prompt_sha256="0" * 64, text="x"
    )


def bid(**effort):
    made = Bid(
        job=JOB.id, cluster=IDS[1], score_bp=8_200, wanted_bp=8_200, reasoning="", forecast=FORECAST, author=AUTHOR
    )
    return Answered(job=JOB.id, cluster=IDS[1], opened=1, answer=Answer(outcome=made, effort=Effort(**effort)))


def test_agents_wait_think_and_answer():
    made = board()
    assert shown(made).count("waiting") == 6
    made.take(prompted())
    assert "thinking" in shown(made)
    made.take(prompted(attempt=2))
    assert "thinking, question 2" in shown(made)
    made.take(bid(latency_ms=912, repaired=True))
    assert "bid 0.82, 912 ms, repaired" in shown(made)
    assert "1 of 6 answers" in shown(made)


def test_who_is_asked_about_a_rival_stands_as_it_stood():
    made = board()
    made.take(bid(latency_ms=912))
    made.take(prompted().model_copy(update={"purpose": "opinion"}))
    assert "thinking" not in shown(made)
    assert "1 of 6 answers" in shown(made)


def test_an_abstention_is_told_with_its_reason():
    made = board()
    silent = Abstention(job=JOB.id, cluster=IDS[2], code="deadline", detail="no answer within 45 s")
    made.take(Answered(job=JOB.id, cluster=IDS[2], opened=1, answer=Answer(outcome=silent)))
    assert "deadline: no answer within 45 s" in shown(made)


def test_the_footer_counts_calls_tokens_and_cost_and_leaves_the_unknown_unknown():
    made = board()
    assert "call" not in shown(made).splitlines()[-1]
    made.take(Replied(job=JOB.id, cluster=IDS[1], attempt=1, text="{}"))
    assert "1 call  ·  0 repaired  ·  tokens ↑ – ↓ –  ·  cost unknown  ·  01:05" in shown(made, elapsed_s=65.2)
    made.take(
        Replied(job=JOB.id, cluster=IDS[2], attempt=1, text="{}", tokens_in=1_200, tokens_out=80, cost_usd_micro=500)
    )
    assert "2 calls  ·  0 repaired  ·  tokens ↑ 1,200 ↓ 80  ·  $0.0005" in shown(made)


def test_votes_stand_beside_their_members_and_a_new_proposal_clears_them():
    made, value = board(), Digest("ab" * 32)
    made.take(Proposed(height=3, round=0, cluster=IDS[1], value=value, jobs=(JOB.id,)))
    assert "height 3, round 1: R01 proposes" in shown(made)
    made.take(Voted(height=3, round=0, cluster=IDS[0], vote="skip", value=None, grounds="timeout", power=1_000))
    assert "✕ skip" in shown(made)
    made.take(Proposed(height=3, round=1, cluster=IDS[2], value=value, jobs=(JOB.id,)))
    assert "✕ skip" not in shown(made)


def test_jobs_in_flight_are_counted_until_they_are_decided():
    made = board()
    second = jobs()[1]
    made.take(JobCalled(job=second, number=2, of=8, opened=2))
    assert "1 more open" in shown(made)
    made.take(bid())  # of the job that is not shown any more
    assert "0 of 6 answers" in shown(made)
    made.take(Decided(height=3, round=0, value=Digest("ab" * 32), jobs=(JOB.id,)))
    assert "more open" not in shown(made)


def test_the_block_fits_any_terminal_and_a_hostile_abstention_stays_text():
    made = board()
    evil = Abstention(job=JOB.id, cluster=IDS[0], code="reply_unreadable", detail="\x1b[2J[red]" + "x" * 300)
    made.take(Answered(job=JOB.id, cluster=IDS[0], opened=1, answer=Answer(outcome=evil)))
    for width in (60, 80, 120):
        lines = shown(made, width).splitlines()
        assert len(lines) == 8
        assert "\\x1b[2J[red]" in "".join(lines)


def test_more_agents_than_fit_are_counted():
    many = [type(IDS[0])(f"c{number}") for number in range(20)]
    made = Board(short_names(many), many)
    made.take(JobCalled(job=JOB, number=1, of=1, opened=1))
    assert "and 8 agents more" in shown(made)
