from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

TYPES = st.sampled_from(CLUSTER_TYPES)
PLAIN = st.sampled_from([name for name in CLUSTER_TYPES if name != "hpc"])


@given(TYPES, TYPES, PLAIN)
def test_what_the_job_was_filed_under_is_refuted_exactly_where_it_was_not(own, asked, word):
    assert bool(refuted(f"The submission was filed under {word}.", SCENES[own, asked])) == (word != asked)


@given(TYPES, TYPES, PLAIN)
def test_a_word_said_of_both_sides_must_be_true_of_both(own, asked, word):
    said = refuted(f"Both types are {word}, so be it.", SCENES[own, asked])
    assert bool(said) == (own != word or asked != word)


@given(TYPES, TYPES)
def test_two_types_against_each_other_say_that_they_differ(own, asked):
    said = refuted("As regards types, it's storage versus ai here.", SCENES[own, asked])
    assert bool(said) == (own == asked)


def test_hardware_and_everyday_words_name_no_type():
    for text in ("Our nodes have 512 GiB of memory.", "It has GPU nodes.", "It is an HPC job."):
        assert [one for one in refuted(text, SCENES["storage", "ai"]) if one.kind in {"own_type", "job_type"}] == []
