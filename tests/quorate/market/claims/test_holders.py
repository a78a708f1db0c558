import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.market.claims import refuted
from tests.quorate.market.claims.test_stocks import KNOWN, TWO

WITH = (
    "{} nodes have GPUs.",
    "Among our machines {} nodes come with accelerators.",
    "GPUs? {} of our 90 nodes have them.",
)
WITHOUT = ("{} nodes have no GPUs.", "{} nodes are without accelerators.", "{} CPU-only nodes stand beside them.")


@given(st.sampled_from(WITH), st.integers(61, 89))
def test_nodes_with_gpus_are_as_many_as_have_them(frame, wrong):
    assert refuted(frame.format(60), TWO) == ()
    assert refuted(frame.format(wrong), TWO)


@given(st.sampled_from(WITHOUT), st.integers(41, 59))
def test_nodes_without_gpus_are_as_many_as_have_none(frame, wrong):
    assert refuted(frame.format(30), TWO) == ()
    assert refuted(frame.format(wrong), TWO)


@pytest.mark.parametrize("text", ["Every one of our 90 nodes carries 2 GPUs.", "Each of our nodes has 2 GPUs."])
def test_what_each_node_is_said_to_have_all_have(text):
    assert refuted(text, TWO)
    assert refuted(text.replace("90", "320").replace("2 GPUs", "4 GPUs"), KNOWN) == ()


@pytest.mark.parametrize(
    "text",
    [
        "It needs 20 nodes with two GPUs.",
        "60 of 90 nodes have GPUs.",
        "There are 60 nodes with GPUs, each having 2.",
        "At least 50 nodes with GPUs would be nice to have.",
    ],
)
def test_a_number_of_some_nodes_or_of_the_job_is_not_one_of_all(text):
    assert refuted(text, TWO) == ()
