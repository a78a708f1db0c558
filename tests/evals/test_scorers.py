import math
from pathlib import Path

import pytest

from backends.reading import read_federation
from evals.answered import record
from evals.datasets import dataset, grid
from evals.metrics import BY_NAME
from evals.oracle import feasible, oracle_bp
from evals.planted import AUTHOR, CLEAN, answer, run
from evals.scorers import broken, measure
from quorate.domain.bidding import Abstention, Answer, Bid, Claim, Effort
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid, rule_forecast

FEDERATION = read_federation(Path(__file__).parents[2] / "data" / "federations" / "reference.toml")
GRID = grid(FEDERATION, 3, "dev", 6)
FITTING = [sample for sample in GRID if feasible(sample)]


def bid_of(sample, score_bp, text="", evidence=(), **effort):
    bid = Bid(
        job=sample.job.id, cluster=sample.snapshot.cluster.id, score_bp=score_bp, wanted_bp=score_bp, reasoning=text,
        evidence=evidence, forecast=rule_forecast(sample.job), author=AUTHOR,
    )  # fmt: skip
    return Answer(outcome=bid, effort=Effort(calls=1, **effort))


def silent(sample, code):
    out = Abstention(job=sample.job.id, cluster=sample.snapshot.cluster.id, code=code, detail="-", author=AUTHOR)
    return Answer(outcome=out, effort=Effort(calls=1))


def values(records, name):
    return [value for inside in measure(records).get(name, {}).values() for value in inside]


def test_the_rule_itself_passes_every_figure_it_takes_part_in():
    samples = dataset("quick", FEDERATION)
    rule = [record(s, 1, Answer(outcome=abstention(s.job, s.snapshot) or rule_bid(s.job, s.snapshot))) for s in samples]
    measured = measure(rule)
    assert "answered" not in measured
    for name in ("feasible", "grounded", "evidence", "in_interval", "tau"):
        assert set(values(rule, name)) == {1.0}, name
    for name in ("false_refusals", "regret", "relations", "obeyed", "tied_tops"):
        assert set(values(rule, name)) == {0.0}, name


def test_every_figure_is_declared_or_part_of_a_family():
    measured = measure(run(CLEAN, dataset("quick", FEDERATION), 2, 1))
    odd = [
        name
        for name in measured
        if name not in BY_NAME and name.split(":")[0] not in {"attack", "relation", "infeasible"}
    ]
    assert not odd


def test_unknown_effort_is_left_out_and_never_nought():
    one = record(FITTING[0], 1, bid_of(FITTING[0], 5_000))
    assert not {"latency_ms", "tokens", "cost_usd", "in_time"} & measure([one]).keys()
    other = record(FITTING[0], 1, bid_of(FITTING[0], 5_000, latency_ms=6_000, tokens_in=1, tokens_out=2))
    assert values([other], "in_time") == [0.0]
    assert values([other], "tokens") == [3.0]


def test_a_silent_provider_breaks_no_schema_but_answers_nothing():
    one = [record(FITTING[0], 1, silent(FITTING[0], "provider_unreachable"))]
    assert values(one, "schema_first_pass") == []
    assert values(one, "answered") == [0.0]


def test_what_was_said_first_is_scored_and_not_what_code_let_through():
    sample = FITTING[0]
    lie = '{"score": 0.9, "reasoning": "All good.", "evidence": [{"fact": "nodes", "value": 1}]}'
    repaired = record(sample, 1, bid_of(sample, oracle_bp(sample), "fine", repaired=True), lie)
    assert values([repaired], "grounded") == [0.0]
    assert values([repaired], "schema_first_pass") == [1.0]
    unread = record(sample, 1, bid_of(sample, oracle_bp(sample), repaired=True), "I bid 0.9")
    assert values([unread], "schema_first_pass") == [0.0]
    assert values([unread], "schema_after_repair") == [1.0]


def test_a_score_wanted_on_what_cannot_run_counts_though_code_abstained():
    sample = next(sample for sample in GRID if not feasible(sample))
    wanted = '{"score": 0.9, "reasoning": "It fits.", "evidence": []}'
    unfit = Answer(outcome=abstention(sample.job, sample.snapshot), effort=Effort(calls=1))
    assert values([record(sample, 1, unfit, wanted)], "feasible") == [0.0]
    assert values([record(sample, 1, unfit, wanted.replace("0.9", "0"))], "feasible") == [1.0]
    assert values([record(sample, 1, unfit)], "feasible") == [1.0]


def test_a_wrong_typed_fact_is_ungrounded():
    sample = FITTING[0]
    wrong = (
        Claim(fact="nodes", value=sample.snapshot.cluster.nodes + 1),
        Claim(fact="type", value=sample.snapshot.cluster.type),
    )
    one = [record(sample, 1, bid_of(sample, 5_000, evidence=wrong))]
    assert sorted(values(one, "evidence")) == [0.0, 1.0]
    assert values(one, "grounded") == [0.0]


def test_a_penalty_that_is_announced_must_be_kept():
    sample = FITTING[0]
    for text in ("A 30% penalty applies.", "with a penalty of 30 %"):
        assert values([record(sample, 1, bid_of(sample, 9_000, text))], "arithmetic") == [0.0]
        assert values([record(sample, 1, bid_of(sample, 7_000, text))], "arithmetic") == [1.0]
    assert values([record(sample, 1, bid_of(sample, 9_000, "no such words"))], "arithmetic") == []


@pytest.mark.parametrize(("expects", "up", "down"), [("=", True, True), ("<=", True, False), (">=", False, True)])
def test_a_relation_is_broken_by_more_than_a_point(expects, up, down):
    assert broken(expects, 5_000, 5_101) is up
    assert broken(expects, 5_000, 4_899) is down
    assert not broken(expects, 5_000, 5_100)


def test_equal_scores_agree_with_no_order_and_tie():
    group = [sample for sample in GRID if sample.group == FITTING[0].group]
    same = [record(sample, 1, bid_of(sample, 8_500)) for sample in group if feasible(sample)]
    assert values(same, "tau") == [0.0]
    assert values(same, "tied_tops") == [1.0]


def test_repeats_that_change_the_winner_are_seen():
    group = [sample for sample in GRID if sample.group == FITTING[0].group and feasible(sample)][:2]
    first = [record(sample, 1, bid_of(sample, score)) for sample, score in zip(group, (8_000, 7_000), strict=True)]
    second = [record(sample, 2, bid_of(sample, score)) for sample, score in zip(group, (7_000, 8_000), strict=True)]
    assert values(first + second, "winner_flips") == [1.0]
    assert all(math.isclose(sd, 0.0707, abs_tol=1e-4) for sd in values(first + second, "repeat_sd"))
    assert values(first, "winner_flips") == []


def test_equal_seeds_give_equal_answers():
    assert answer(CLEAN, FITTING[0], 1, 5) == answer(CLEAN, FITTING[0], 1, 5)
