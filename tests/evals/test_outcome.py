from types import SimpleNamespace

from backends.reading import JobRequest
from evals.outcome import COLLUSION, CONDUCTS, HONEST, courses, faults, outcome_lines, points, requested, run
from tests.evals.made import FEDERATION

COURSES = list(courses(FEDERATION, 7, "dev", 2))


def report(*awards):
    """One decision per award: (winner, [(cluster, rule, reputation) ...]); no winner is no quorum."""
    return SimpleNamespace(
        decisions=[
            SimpleNamespace(
                outcome="allocated" if winner else "undecided",
                cluster=winner,
                bids=[SimpleNamespace(cluster=c, rule=rule, reputation=rep) for c, rule, rep in bids],
            )
            for winner, bids in awards
        ]
    )


def test_every_sequence_comes_honest_first_then_under_every_conduct():
    assert [course.conduct for course in COURSES[:6]] == [HONEST, *CONDUCTS]
    assert len({course.jobs for course in COURSES}) == 2
    assert [len(course.members) for course in COURSES[:6]] == [0, 1, 1, 1, 1, 2]
    assert list(courses(FEDERATION, 7, "dev", 2)) == COURSES


def test_a_fault_plan_names_who_acts():
    colluding = next(course for course in COURSES if course.conduct == COLLUSION)
    assert [fault["cluster"] for fault in faults(colluding)["faults"]] == list(colluding.members)
    assert faults(COURSES[0]) == {"faults": []}


def test_a_job_survives_the_job_list():
    job = COURSES[0].jobs[0]
    again = JobRequest.model_validate(requested(job)).job()
    assert (again.nodes, again.walltime_s, again.gpus_per_node) == (job.nodes, job.walltime_s, job.gpus_per_node)


def test_an_infeasible_award_a_lost_score_and_a_missing_quorum_are_counted():
    bids = [("A", 0.9, 1.0), ("B", 0.7, 1.0), ("C", None, 1.0)]
    liar = COURSES[1]
    honest = report(("A", bids), ("A", bids), ("A", bids))
    under = report(("B", bids), ("C", bids), (None, bids))
    found = list(points(liar, under, honest))
    by_name = {name: [value for n, _, value in found if n == name] for name, _, _ in found}
    assert by_name["outcome_infeasible"] == [0.0, 1.0]
    assert by_name["outcome_undecided"] == [0.0, 0.0, 1.0]
    assert [round(value, 3) for value in by_name["outcome_regret"]] == [0.2, 0.9]


def test_a_liars_gain_is_what_it_wins_beyond_the_honest_course():
    liar = COURSES[1]
    (member,) = liar.members
    bids = [(member, 0.5, 1.0), ("Z", 0.9, 1.0)]
    honest, under = report(("Z", bids), ("Z", bids)), report((member, bids), ("Z", bids))
    assert ("liar_gain", liar.id, 0.5) in list(points(liar, under, honest))
    found = run(COURSES[:2], lambda course: honest if course.conduct == HONEST else under)
    assert set(found) == {HONEST, CONDUCTS[0]}
    assert any(line.startswith(CONDUCTS[0]) for line in outcome_lines(found))
