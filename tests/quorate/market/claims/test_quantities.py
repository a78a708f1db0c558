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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 h 40 min", 6_000),
        ("an hour and a quarter", 4_500),
        ("two and a half hours", 9_000),
        ("two and a half days", 216_000),
        ("twelve hours and thirty minutes", 45_000),
        ("half an hour", 1_800),
        ("4 h and 20 nodes", 14_400),
    ],
)
def test_a_duration_in_two_parts_is_one_amount(text, seconds):
    match = QUANTITY.match(text)
    assert match is not None
    found = quantity(match)
    assert found is not None
    assert (found.tag, found.values[0]) == ("Q:time", seconds)


def test_an_hour_or_two_is_no_amount():
    assert QUANTITY.match("an hour or two") is None
