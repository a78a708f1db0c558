from hypothesis import given
from hypothesis import strategies as st

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "gpu"]
NAMES = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@given(st.integers(1, 400))
def test_a_difference_is_right_exactly_where_it_is_one(number):
    free = KNOWN.model_copy(update={"nodes_free": KNOWN.job_nodes + number, "groups": None})
    known = free.model_copy(
        update={"groups": tuple(g.model_copy(update={"free": free.nodes_free}) for g in KNOWN.groups)}
    )
    assert refuted(f"We have {number} more nodes than it needs.", known) == ()


def test_a_wrong_difference_is_refuted():
    assert refuted("We have 7 more nodes than it needs.", KNOWN)
    assert refuted("We have 96 GiB more per node than it asks for.", KNOWN)


def test_a_factor_is_held_against_what_its_clause_names():
    gpus, memory = KNOWN.groups[0].gpus, KNOWN.groups[0].memory_gib
    assert (gpus, memory, KNOWN.job_memory_gib_per_node) == (4, 512, 128)
    assert refuted("Our nodes have four times the memory that it needs.", KNOWN) == ()
    assert refuted("Our nodes have three times the memory that it needs.", KNOWN)
    assert refuted("We have twice the GPUs per node that the job wants.", KNOWN)


def test_twice_as_fast_and_three_times_a_day_compare_nothing():
    assert refuted("The job would run twice as fast here. We look at the queue three times a day.", KNOWN) == ()
