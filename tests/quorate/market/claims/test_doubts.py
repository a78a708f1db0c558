import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

MIXED, EQUAL = SCENES["ai", "ai"], SCENES["hpc", "hpc"]


@pytest.mark.parametrize(
    "text",
    [
        "One node in six is without GPUs, avoid those.",
        "A quarter of the nodes have no GPU.",
        "The 256 nodes on which GPUs are available would do.",
    ],
)
def test_what_is_said_of_some_nodes_is_not_said_of_all(text):
    assert refuted(text, MIXED) == ()


@pytest.mark.parametrize(
    "text",
    [
        "The walltime exceeds none of the limits, so there is no walltime penalty.",
        "A deduction for the load was made, none for anything else.",
        "434 nodes are busy; this is reflected in a deduction of 0.08.".replace("434", "15"),
    ],
)
def test_a_penalty_for_something_else_is_none_for_types(text):
    assert refuted(text, EQUAL) == ()


def test_a_duration_that_the_job_is_held_against_is_a_limit():
    hours = EQUAL.job_walltime_s // 3600
    assert refuted(f"A walltime of {hours} hours is longer than one hour.", EQUAL) == ()
    assert refuted("The job runs longer than 90 hours.", EQUAL)


def test_a_share_of_memory_is_no_share_of_the_cluster():
    known = SCENES["gpu", "gpu"]
    assert refuted("Memory: 128 GiB of 512 GiB, a quarter.", known) == ()


def test_how_much_more_is_not_which_is_more():
    known = SCENES["gpu", "gpu"]
    assert refuted("Our nodes have 512 GiB, 384 GiB more than the 128 GiB requested.", known) == ()
