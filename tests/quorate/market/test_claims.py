from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.market.claims import Known, ProseClaim, claims, refuted
from quorate.market.claims.words import LEXICON
from tests.quorate.market.claims.written import SCENES
from tests.quorate.market.claims_measure import CORPUS, FAMILIES, FRESH, measure


@given(st.text(max_size=2_000))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_every_sentence_stands_in_it(text):
    known = SCENES["gpu", "hpc"]
    for claim in claims(text, known):
        assert claim.sentence in text
        assert 0 <= claim.span[0] < claim.span[1] <= len(text)
    assert all(refutation.sentence in text for refutation in refuted(text, known))


@given(
    st.lists(st.sampled_from([*LEXICON, ",", ".", "(", ")", "12", "40%", "512 GB", "\n- ", '"', "'s"]), max_size=120)
)
@settings(max_examples=150, deadline=None)
def test_any_string_of_known_words_is_read(words):
    text = " ".join(words)
    assert refuted(text, SCENES["hybrid", "ai"]) == refuted(text, SCENES["hybrid", "ai"])


@given(st.lists(st.sampled_from([*LEXICON, "7", "90 PB", "12%", "480 s", "HPC_RESOURCE_00", "A100"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_nothing_is_refuted_when_nothing_is_known(words):
    assert refuted(" ".join(words) + ".", Known()) == ()


def test_the_seen_corpus_keeps_its_precision_and_recall():
    score = measure(CORPUS)
    assert score.hits + score.misses >= 400
    assert score.precision >= 0.99, score.faults
    assert score.recall >= 0.97, score.faults


def test_the_fresh_corpus_keeps_its_precision_and_recall():
    """Written before it was ever read by the rules; its first score was precision 1.000, recall 0.873 (48 of 55)."""
    score = measure(FRESH)
    assert score.precision >= 0.95, score.faults
    assert score.recall >= 0.9, score.faults


def test_families_of_prose_keep_their_precision_and_recall():
    """Written against the rules of the day: precision 0.84, recall 0.58 at first (14 alarms, 55 misses)."""
    score = measure(FAMILIES)
    assert score.precision >= 0.98, score.faults
    assert score.recall >= 0.85, score.faults


def test_a_refutation_quotes_the_sentence_and_states_the_fact():
    text = "Let us see. As HPC_RESOURCE_01, I am a storage-focused cluster, e.g. good at I/O. Thanks."
    (found,) = refuted(text, SCENES["gpu", "hpc"])
    assert found.kind == "own_type"
    assert found.sentence == "As HPC_RESOURCE_01, I am a storage-focused cluster, e.g. good at I/O."
    assert found.fact == "the cluster's type is gpu"


def test_true_claims_are_listed_too():
    found = claims("We have 320 nodes.", SCENES["gpu", "hpc"])
    assert found == (
        ProseClaim(kind="node_count", sentence="We have 320 nodes.", asserted="the cluster's nodes: 320", span=(8, 11)),
    )
