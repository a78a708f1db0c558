"""What would be unused is held against gaps, parts of a node against a node."""

import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.facts import ALIKE, SMALL


@pytest.mark.parametrize(
    ("text", "known", "false"),
    [
        ("Four of six GPUs per node, 48 in all, would lie idle.", ALIKE, False),
        ("Running it would leave 48 GPUs unused.", ALIKE, False),
        ("We would strand 48 of the 72 GPUs on the allocated nodes.", ALIKE, False),
        ("384 GiB per node would stay unused, 4,608 GiB over the 12 nodes.", ALIKE, False),
        ("1,500 of 4,096 GiB are asked, so 2,596 GiB per node would be idle.", SMALL, False),
        ("128 GiB per node leaves three quarters of a node's memory untouched.", ALIKE, False),
        ("Running it would leave 60 GPUs unused.", ALIKE, True),
        ("Four of six GPUs per node, 84 in all, would lie idle.", ALIKE, True),
        ("1,500 of 4,096 GiB are asked, so 1,596 GiB per node would be idle.", SMALL, True),
        ("284 GiB per node would stay unused.", ALIKE, True),
        ("If it asked for one GPU, 60 GPUs would be unused.", ALIKE, False),
    ],
)
def test_what_would_be_unused_is_a_gap_between_what_is_there_and_what_is_asked(text, known, false):
    assert bool(refuted(text, known)) == false


@pytest.mark.parametrize(
    ("text", "known", "false"),
    [
        ("A quarter of a node's memory would be used.", ALIKE, False),
        ("Only a third of the GPUs on each node are needed.", ALIKE, False),
        ("24 GPUs are 2 % of our 1,200 GPUs.", ALIKE, False),
        ("Half of a node's memory would be used.", ALIKE, True),
        ("Only half of the GPUs on each node are needed.", ALIKE, True),
        ("The job takes roughly a third of our 1,200 GPUs.", ALIKE, True),
    ],
)
def test_a_part_of_a_node_is_a_part_of_that_node(text, known, false):
    assert bool(refuted(text, known)) == false
