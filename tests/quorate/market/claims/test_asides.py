"""Figures told beside others: how much more, of which nodes, in one bracket."""

import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.facts import ALIKE, BUSY


@pytest.mark.parametrize(
    ("text", "known", "false"),
    [
        ("Per node there are 4 GPUs and 384 GiB more than requested.", ALIKE, False),
        ("Per node there are 5 GPUs and 384 GiB more than requested.", ALIKE, True),
        ("Two thirds of the GPUs on these 12 nodes would be idle.", ALIKE, False),
        ("Two thirds of the GPUs on these 17 nodes would be idle.", ALIKE, True),
        ("Jobs hold fewer nodes than background work (23 and 34).", BUSY, False),
        ("Jobs and background (23 and 44 nodes) fill more than half of the cluster.", BUSY, True),
        ("24 of the 72 GPUs on the nodes are used, 48 would idle.", ALIKE, False),
    ],
)
def test_a_figure_is_right_where_the_words_beside_it_say_what_it_counts(text, known, false):
    assert bool(refuted(text, known)) == false
