from hypothesis import given
from hypothesis import strategies as st

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "gpu"]


@given(st.integers(16, 300))
def test_the_nodes_in_jobs_and_under_background_load_are_told_in_one_breath(number):
    jobs, background = KNOWN.nodes_allocated, KNOWN.nodes_background
    assert refuted(f"As for the rest, {jobs} run jobs and {background} carry background load.", KNOWN) == ()
    text = f"As for the rest, {number} run jobs and {background} carry background load."
    assert refuted(text, KNOWN)
    text = f"As for the rest, {jobs} run jobs and {number} carry background load."
    assert refuted(text, KNOWN)


def test_memory_that_is_nobodys_is_refuted_and_that_of_somebody_is_not():
    assert refuted("128 GiB needed, 354 GiB there.", KNOWN)
    assert refuted("128 GiB needed, 512 GiB there, 384 GiB over.", KNOWN) == ()


def test_what_jobs_count_is_not_what_nodes_count():
    assert refuted("Three jobs run here.", KNOWN) == ()
