"""A trace sorted for the fold: what it does not say is unknown, never zero."""

from quorate.domain.bidding import Effort
from quorate.ledger.story import Story
from tests.quorate.ledger.test_fold import a_run


def test_an_answers_cost_is_found_by_cluster_job_and_call():
    story = Story.of(a_run().events)
    opened = [event.opened for event in story.calls]
    assert story.effort("c1", "b", opened[1]) == Effort(calls=2, repaired=True, tokens_in=10, cost_usd_micro=5)
    assert story.effort("c1", "a", opened[0]) == story.effort("nobody", "b", 9) == Effort()


def test_a_call_lasts_from_its_line_to_its_last_answer():
    run = a_run()
    story = Story.of(run.events)
    called, answered = story.bids_s("a", 1)
    assert called == next(event.at_ms for event in run.events if event.kind == "job_called")
    assert answered == max(event.at_ms for event in story.answers if event.job == "a")
    assert story.decided_ms(3) > answered
    assert (story.bids_s("nobody", 1), story.decided_ms(99)) == ((None, None), None)


def test_without_times_no_duration_is_made_up():
    events = [event.model_copy(update={"at_ms": None}) for event in a_run().events]
    story = Story.of(events)
    assert (story.bids_s("a", 1), story.decided_ms(3)) == ((None, None), None)


def test_first_and_last_lines_are_found_and_may_be_missing():
    story = Story.of(a_run().events)
    assert (story.started.run, story.ended.status, len(story.faults)) == ("r1", "done", 1)
    empty = Story.of([])
    assert (empty.started, empty.ended, empty.calls) == (None, None, ())
