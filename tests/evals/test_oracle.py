from pathlib import Path

from backends.reading import read_federation
from evals.datasets import grid
from evals.oracle import feasible, oracle_bp, regret_bp

REFERENCE = Path(__file__).parents[2] / "data" / "federations" / "reference.toml"
GROUP = grid(read_federation(REFERENCE), 1, "dev", 1)


def test_following_the_rule_costs_nothing():
    assert regret_bp(GROUP, [oracle_bp(sample) for sample in GROUP]) == 0


def test_a_tie_costs_the_mean_of_its_members():
    values = [oracle_bp(sample) for sample in GROUP]
    assert regret_bp(GROUP, [5_000] * len(GROUP)) == max(values) - sum(values) / len(values)


def test_an_infeasible_winner_costs_everything():
    scores = [0 if feasible(sample) else 9_000 for sample in GROUP]
    if any(scores):
        assert regret_bp(GROUP, scores) == max(oracle_bp(sample) for sample in GROUP)
