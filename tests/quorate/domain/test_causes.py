"""Who follows from whom: the fold links what its emitters cannot know of each other. decided.md 25."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.bidding import Abstention, Answer
from quorate.domain.causes import Causes
from quorate.domain.jobs import Job
from quorate.domain.trace import (
    Answered,
    Checked,
    Decided,
    JobCalled,
    Opined,
    Prompted,
    Proposed,
    Replied,
    TraceEvent,
    Undecided,
    Voted,
)
from quorate.domain.values import ClusterId, Digest, JobId

J, K = JobId("job_1"), JobId("job_2")
A, B = ClusterId("a"), ClusterId("b")
VALUE = Digest("0" * 64)


def called(job: JobId = J, opened: int = 1) -> JobCalled:
    return JobCalled(job=Job(id=job, nodes=1, walltime_s=60), number=1, of=1, opened=opened)


def prompted(job: JobId = J, cluster: ClusterId = A, purpose: str = "bid", attempt: int = 1) -> Prompted:
    return Prompted.model_validate(
        {"job": job, "cluster": cluster, "attempt": attempt, "purpose": purpose, "prompt_id": "bid",
         "prompt_version": 1, "prompt_sha256": "", "text": None}
    )  # fmt: skip


def replied(job: JobId = J, cluster: ClusterId = A) -> Replied:
    return Replied(job=job, cluster=cluster, attempt=1, text=None)


def checked(job: JobId = J, cluster: ClusterId = A) -> Checked:
    return Checked(job=job, cluster=cluster, attempt=1, accepted=True)


def answered(job: JobId = J, cluster: ClusterId = A, opened: int = 1) -> Answered:
    outcome = Abstention(job=job, cluster=cluster, code="deadline", detail="late")
    return Answered(job=job, cluster=cluster, opened=opened, answer=Answer(outcome=outcome))


def proposed(height: int = 2, *jobs: JobId) -> Proposed:
    return Proposed(height=height, round=0, cluster=A, value=VALUE, jobs=jobs)


def voted(height: int = 2, vote: str = "finalize") -> Voted:
    return Voted.model_validate(
        {"height": height, "round": 0, "cluster": B, "vote": vote, "value": VALUE, "grounds": "", "power": 1000}
    )


def decided(height: int = 2, *jobs: JobId) -> Decided:
    return Decided(height=height, round=0, value=VALUE, jobs=jobs)


def story(*events: TraceEvent) -> list[TraceEvent]:
    causes = Causes()
    return [causes.linked(event.model_copy(update={"seq": seq})) for seq, event in enumerate(events, 1)]


MAKERS = (called, prompted, replied, checked, answered)


@given(st.lists(st.tuples(st.sampled_from(MAKERS), st.sampled_from([J, K])), max_size=40), st.integers(1, 3))
def test_a_cause_lies_before_what_it_causes_and_speaks_of_the_same_job(made, height):
    told = story(*(make(job) for make, job in made), proposed(height, J, K), voted(height), decided(height, J, K))
    for event in told:
        assert event.cause is None or 1 <= event.cause < event.seq
        if isinstance(event, Prompted | Replied | Checked | Answered) and event.cause is not None:
            before = told[event.cause - 1]
            assert (before.job.id if isinstance(before, JobCalled) else before.job) == event.job


@given(st.lists(st.tuples(st.sampled_from(MAKERS), st.sampled_from([J, K])), max_size=40), st.integers(0, 40))
def test_a_trace_that_is_taken_up_again_goes_on_as_if_it_had_not_stopped(made, cut):
    events = [make(job) for make, job in made] + [proposed(1, J), voted(1), decided(1, J)]
    whole = story(*events)
    again = Causes()
    for event in whole[:cut]:
        again.take(event)
    rest = [again.linked(event.model_copy(update={"seq": s})) for s, event in enumerate(events, 1) if s > cut]
    assert rest == whole[cut:]


def test_a_model_run_is_one_chain_from_the_call_to_the_decision():
    told = story(called(), prompted(), replied(), checked(), answered(), proposed(2, J), voted(), decided(2, J))
    assert [event.cause for event in told] == [None, 1, 2, 3, 4, 5, 6, 7]


def test_what_an_emitter_says_of_its_cause_is_kept():
    told = story(called(), prompted(), prompted().model_copy(update={"cause": 1}))
    assert told[2].cause == 1


def test_a_proposal_follows_from_every_answer():
    told = story(called(), answered(cluster=A), answered(cluster=B), proposed(2, J))
    assert told[-1].follows == (2, 3)
    assert told[-1].cause == 3


def test_a_call_made_again_starts_afresh():
    told = story(called(), prompted(), answered(), called(opened=4), answered(opened=4), proposed(5, J))
    assert told[4].cause == 4, "not the exchange of the first call"
    assert told[5].follows == (5,)


def test_an_opinion_follows_from_the_proposal():
    told = story(
        called(), answered(), proposed(2, J), prompted(purpose="vote"), replied(), checked(),
        Opined(job=J, cluster=A, text="fine"), voted(),
    )  # fmt: skip
    assert [event.cause for event in told[2:]] == [2, 3, 4, 5, 6, 3], "and the vote from the proposal, not from it"


def test_a_height_is_proposed_on_the_votes_of_the_one_before():
    told = story(proposed(1), voted(1), proposed(2), decided(1))
    assert told[2].cause == 2


def test_a_job_without_a_quorum_follows_from_its_last_proposal():
    told = story(called(), proposed(2, J), Undecided(job=J, height=2, rounds=3))
    assert told[2].cause == 2


def test_a_call_follows_from_the_height_that_opened_it():
    told = story(proposed(1), voted(1), decided(1), called(opened=1))
    assert told[3].cause == 3
