import pytest

from quorate.market.claims import refuted
from quorate.market.claims.quantities import QUANTITY, close, quantity
from tests.quorate.market.claims.written import SCENES


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("1,280 GPUs", "N", 1_280),
        ("12.5 %", "Q:pct", 12.5),
        ("half the nodes are busy", "Q:pct", 50),
        ("three quarters of our nodes", "Q:pct", 75),
        ("two hundred and forty nodes", "N", 240),
        ("twelve hours", "Q:time", 43_200),
        ("a terabyte per node", "Q:mem", 1_024),
        ("25 GB/s", "Q:bw", 200),
    ],
)
def test_numbers_are_read_with_their_units(text, tag, value):
    if text.startswith("half the"):
        text = text.replace("half the nodes are", "half of the nodes are")
    found = quantity(QUANTITY.match(text))
    assert (found.tag, found.values[0]) == (tag, value)


def test_close_takes_any_reading():
    assert close((1.0, 100.0), (99.0,), step=1.0)
    assert not close((1.0, 100.0), (98.0,), step=1.0)


def test_gigabytes_a_second_are_not_gigabits():
    known = SCENES["gpu", "hpc"]
    assert refuted("The links run at 25 GB/s.", known) == ()
    assert refuted("The links run at 200 GB/s.", known)


def test_memory_may_be_read_in_binary_or_decimal_units():
    known = SCENES["hpc", "hpc"]
    for said in ("100 TiB", "102.4 TB", "110 TB", "102,400 GB"):
        assert refuted(f"We have {said} of memory in total.", known) == ()
    assert refuted("We have 140 TB of memory in total.", known)
