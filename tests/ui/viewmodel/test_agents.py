from tests.ui import factory
from ui import runs
from ui.viewmodel import agents
from ui.words import fmt_weight


def test_a_drop_is_told_with_its_cause(real):
    report = runs.load(real, "demo").report
    drops = [level for level in agents.levels(report) if level.drop]
    assert [(level.cluster, level.reputation, level.job) for level in drops] == [("HPC_RESOURCE_00", 0.6, "job_007")]
    assert "nodes_free" in drops[0].cause


def test_the_title_names_who_lost_trust(real):
    assert agents.agents_title(runs.load(real, "demo").report) == "R00 lost trust after 1 fault"
    assert agents.agents_title(factory.report(("unanimous",))) == "Nobody lost trust"


def test_wins_and_bids_are_those_of_the_report(real):
    report = runs.load(real, "demo").report
    lines = agents.agent_lines(report)
    assert sum(line.wins for line in lines) == report.summary.allocated
    assert sum(line.bids for line in lines) == report.summary.rule_bids
    assert [line.reputation for line in lines] == [report.status_by_cluster[line.cluster].reputation for line in lines]


def test_what_is_unknown_is_not_zero():
    line = agents.agent_lines(factory.report(("no quorum",)))[5]
    assert (line.beyond_rule, line.latency_ms, line.tokens) == (None, None, None)
    assert line.dissent == 1.0


def test_an_agent_that_carried_the_quorum_is_pivotal():
    report = factory.report(("unanimous", "contested"))
    assert agents.pivotal(report, factory.CLUSTERS[1]) == [2]
    assert agents.pivotal(report, factory.CLUSTERS[0]) == []
    thin = report.decisions[1]
    votes = tuple(factory.vote(i, "approve" if i < 4 else "none") for i in range(6))
    report = report.model_copy(update={"decisions": (thin.model_copy(update={"votes": votes, "number": 7}),)})
    assert agents.pivotal(report, factory.CLUSTERS[1]) == [7]
    assert agents.pivotal(report, factory.CLUSTERS[5]) == []


def test_the_table_says_as_of_when_it_stands_and_what_moved_after_it(real):
    report = runs.load(real, "demo").report
    later = report.after.reputation
    moved = [c for c in later if fmt_weight(later[c]) != fmt_weight(report.reputation[c])]
    assert moved
    assert all(fmt_weight(later[c]) in agents.later_words(report) for c in moved)
    still = report.model_copy(update={"after": report.after.model_copy(update={"reputation": report.reputation})})
    assert agents.later_words(still) == "As of the last decision."
