import pytest

from quorate.market.claims import refuted
from quorate.market.claims.figures import Truth
from tests.quorate.market.claims.written import SCENES


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("More than 300 nodes are free.", False),
        ("More than 310 nodes are free.", True),
        ("Fewer than 310 nodes are free.", False),
        ("About 300 nodes are free.", False),
        ("300 nodes are free.", True),
    ],
)
def test_a_figure_is_as_exact_as_its_words(text, false):
    assert bool(refuted(text, SCENES["gpu", "ai"])) == false


def test_a_truth_is_stated_in_one_clause():
    assert Truth("node_count", "the cluster's nodes", (320,)).fact == "the cluster's nodes are 320"
    assert Truth("share_of_cluster", "the share", (12.5,), "%").fact == "the share is 12.5 %"
