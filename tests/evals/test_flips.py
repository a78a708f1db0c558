"""What is turned false is mostly refuted, what is turned true never is.

The floors are what holds today: raise them, never lower them.
"""

import pytest

from quorate.market.claims import refuted
from tests.evals import flips

EACH = 40
"""Cases a class, drawn by a seed."""
FLOORS = {
    "arithmetic": 77,
    "capacity": 90,
    "cores": 90,
    "free_nodes": 95,
    "gpu_presence": 80,
    "gpus_per_node": 77,
    "heterogeneity": 95,
    "interconnect": 82,
    "job_type": 75,
    "memory_per_node": 77,
    "memory_total": 92,
    "node_count": 85,
    "occupancy": 90,
    "own_type": 97,
    "penalty_rule": 95,
    "share_of_cluster": 85,
    "specialisation": 90,
    "storage": 97,
    "type_match": 82,
    "walltime_unit": 90,
}
"""Per cent of each class."""
CASES = flips.sampled(flips.false_cases(), EACH)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_what_is_turned_false_is_refuted_to_the_floor_of_its_class(kind):
    hits, every = flips.shares({kind: CASES[kind]})[kind]
    assert 100 * hits / every >= FLOORS[kind], (hits, every)


def test_what_is_turned_true_is_not_refuted():
    cases = flips.sampled(flips.true_cases(), EACH)
    assert sum(hits for hits, _ in flips.shares(cases, alike=True).values()) <= 1


def test_the_same_said_in_other_figures_and_units_stays_true():
    cases = [case for some in flips.sampled(flips.restated_cases(), 30).values() for case in some]
    worse = [case.id for case in cases if refuted(case.text, case.known) and not refuted(case.sentence, case.known)]
    assert worse == []
