import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "ai"]


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("60 nodes (19 %) are a modest share.", False),
        ("60 nodes (29 %) are a modest share.", True),
        ("The share of free nodes: 19.7 %", False),
        ("The machine is already at 5 %.", False),
        ("The machine is already at 45 %.", True),
        ("That is roughly one sixth of the requirement.", False),
        ("I am 80% confident.", False),
        ("The data set has 40 TB.", False),
        ("We hold 700 PB.", False),
        ("We hold 70 PB.", True),
    ],
)
def test_a_share_or_volume_is_judged_by_what_it_is_of(text, false):
    assert bool(refuted(text, KNOWN)) == false
