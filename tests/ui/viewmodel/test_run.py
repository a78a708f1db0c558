from hypothesis import given
from hypothesis import strategies as st

from tests.ui import factory
from ui import runs
from ui.viewmodel import run


def test_at_every_moment_jobs_background_and_free_make_the_whole_cluster(real):
    found = runs.load(real, "demo")
    for moment in found.moments:
        for cluster, taken in zip(found.report.federation.clusters, moment.taken["nodes"], strict=True):
            assert taken.total == cluster.nodes


def test_the_moment_of_the_last_decision_is_the_reports_own_occupancy(real):
    found = runs.load(real, "demo")
    now = run.moment_at(found.moments, found.report.at_s)
    for taken in now.taken["nodes"]:
        row = found.report.occupancy[taken.cluster]
        assert (taken.jobs, taken.background, taken.free) == (row.jobs, row.background, row.free)
    for taken in now.taken["GPUs"]:
        row = found.report.occupancy[taken.cluster]
        assert (taken.jobs, taken.background, taken.free) == (row.gpus_jobs, row.gpus_background, row.gpus_free)


def test_when_every_job_has_ended_nothing_is_taken_by_jobs(real):
    found = runs.load(real, "demo")
    assert all(taken.jobs == 0 for taken in run.moment_at(found.moments, 10**9).taken["nodes"])


def test_before_the_first_job_the_first_moment_is_shown(real):
    found = runs.load(real, "demo")
    assert run.moment_at(found.moments, -5) is found.moments[0]


def test_every_placed_job_is_one_bar_on_its_cluster(real):
    report = runs.load(real, "demo").report
    clusters = [cluster.id for cluster in report.federation.clusters]
    shown = {bar.job: clusters[bar.row] for bar in run.bars(report)}
    assert shown == {row.job.id: row.cluster for row in report.decisions}


@given(st.integers(1, 200))
def test_no_two_bars_of_one_lane_overlap(jobs):
    lanes: dict[tuple[int, int], int] = {}
    for bar in run.bars(factory.many(jobs)):
        assert lanes.get((bar.row, bar.lane), 0) <= bar.start_s
        lanes[bar.row, bar.lane] = bar.end_s


def test_the_line_of_a_decision_repeats_the_report():
    row = factory.report().decisions[3]
    line = run.decision_lines(factory.report())[3]
    assert (line.how, line.rounds, line.votes) == ("equivocation", 2, "5 of 6")
    assert line.approval == row.weight_approving / row.weight_total


def test_a_report_alone_knows_one_moment():
    assert len(run.moments_of_report(factory.report())) == 1


def test_the_takeaway_names_the_fullest_cluster():
    found = run.moments_of_report(factory.report(("unanimous",)))[0]
    names = {cluster: cluster[-2:] for cluster in factory.CLUSTERS}
    assert "fullest is 03 with 27.1 % in use" in run.fullness_words(found.taken["nodes"], names)
