import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

ABLE = ("seat", "host", "serve", "accommodate", "take on", "place", "absorb", "handle")
FITTING = {pair: known for pair, known in SCENES.items() if known.fits is not None}


@given(st.sampled_from(sorted(FITTING)), st.sampled_from(ABLE), st.booleans())
def test_that_a_job_can_be_served_is_refuted_exactly_where_it_cannot(pair, verb, denied):
    known = FITTING[pair]
    text = f"We {'are not able to' if denied else 'are able to'} {verb} this job."
    assert bool(refuted(text, known)) == (known.fits == denied), text


@given(st.sampled_from(CLUSTER_TYPES), st.sampled_from(CLUSTER_TYPES))
def test_a_score_lowered_for_types_is_refuted_exactly_where_they_agree(own, asked):
    known = SCENES[own, asked]
    for text in ("The score was lowered because of the type.", "I docked the score for a class unlike its own type."):
        assert bool(refuted(text, known)) == (own == asked), text


@pytest.mark.parametrize(
    "text",
    [
        "The score was lowered because of the load.",
        "The runtime is long, so I take something off.",
        "The penalty stays in the drawer.",
        "Type match is the most important factor.",
    ],
)
def test_what_is_said_for_another_reason_or_of_nothing_is_left_alone(text):
    assert [refuted(text, SCENES[own, asked]) for own in CLUSTER_TYPES for asked in CLUSTER_TYPES] == [()] * 36


def test_types_that_are_one_and_the_same():
    text = "Its type and ours are one and the same."
    assert refuted(text, SCENES["gpu", "hpc"])
    assert refuted(text, SCENES["gpu", "gpu"]) == ()


def test_gpus_said_to_be_in_every_node_where_some_have_none():
    text = "Accelerators are found in every node."
    assert refuted(text, SCENES["ai", "ai"])
    assert refuted(text, SCENES["gpu", "gpu"]) == ()


def test_jobs_said_to_run_where_nothing_does():
    known = SCENES["gpu", "gpu"]
    idle = known.model_copy(update={"nodes_free": known.nodes, "nodes_allocated": 0, "nodes_background": 0})
    assert refuted("A handful of jobs occupy the machine.", idle)
    assert refuted("A handful of jobs occupy the machine.", known) == ()
