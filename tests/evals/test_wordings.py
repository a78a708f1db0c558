from pathlib import Path

from backends.reading import read_federation
from evals.datasets import grid
from evals.wordings import AMOUNT_STYLES, LONG, amounts, hours

REFERENCE = Path(__file__).parents[2] / "data" / "federations" / "reference.toml"


def test_every_notation_differs_and_none_is_empty():
    job = grid(read_federation(REFERENCE), 1, "dev", 1)[0].job
    said = [amounts(style, job) for style in AMOUNT_STYLES]
    assert len(set(said)) == len(said)
    assert all(said)


def test_hours_are_written_as_people_write_them():
    assert [hours(3600), hours(5400), hours(86_400)] == ["1", "1.5", "24"]


def test_the_long_text_fits_a_description():
    assert len(LONG) * 6 < 2_000
