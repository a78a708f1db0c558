from pathlib import Path

import pytest

from backends.reading import read_federation
from evals.datasets import metamorphic
from evals.oracle import oracle_bp
from evals.relations import RELATIONS, follow_up
from evals.wordings import DESCRIPTIONS, description

REFERENCE = Path(__file__).parents[2] / "data" / "federations" / "reference.toml"
SAMPLES = metamorphic(read_federation(REFERENCE), 11, "dev", 60)
SOURCES = {sample.id: sample for sample in SAMPLES if sample.side == "source"}


def test_there_are_eleven():
    assert len(RELATIONS) == len({relation.name for relation in RELATIONS}) == 11


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_the_rule_keeps_every_relation(relation):
    pairs = [(SOURCES[s.pair], s) for s in SAMPLES if s.relation == relation.name]
    assert len(pairs) >= 20
    for source, after in pairs:
        before, now = oracle_bp(source), oracle_bp(after)
        assert {"=": before == now, "<=": now <= before, ">=": now >= before}[relation.expects], after.id
        assert after.hash != source.hash


@pytest.mark.parametrize("name", ["more_free", "bigger_job", "type_match"])
def test_the_rule_moves_by_five_points_often_enough_to_demand_it(name):
    moved = [abs(oracle_bp(s) - oracle_bp(SOURCES[s.pair])) >= 500 for s in SAMPLES if s.relation == name]
    assert sum(moved) >= 10


def test_a_follow_up_that_no_longer_fits_is_none():
    source = next(iter(SOURCES.values()))
    job = source.job.model_copy(update={"nodes": 10_000})
    assert follow_up(RELATIONS[0], source.model_copy(update={"job": job})) is None


def test_every_language_says_the_same_numbers():
    job = next(iter(SOURCES.values())).job
    for language in DESCRIPTIONS:
        assert str(job.nodes) in description(language, job)
