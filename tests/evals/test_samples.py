from pathlib import Path

from backends.reading import read_federation
from evals.datasets import grid

REFERENCE = Path(__file__).parents[2] / "data" / "federations" / "reference.toml"


def test_the_hash_changes_with_the_question():
    one = grid(read_federation(REFERENCE), 1, "dev", 1)[0]
    other = one.model_copy(update={"job": one.job.model_copy(update={"nodes": one.job.nodes + 1})})
    assert one.hash != other.hash
    assert one.hash == one.model_copy().hash
