import pytest

from quorate.market.claims import refuted
from quorate.market.claims.lexer import SENTENCE_CHARS_MAX, names, sentences
from tests.quorate.market.claims.written import SCENES


def tags(text):
    return [sentence.tags.split() for sentence in sentences(text, names("HPC_RESOURCE_00", ()))]


@pytest.mark.parametrize(
    "unit",
    ["a", " ", "my ", "gpu-", "1,", "40 ", ".", "\\", '"', "(", "HPC_RESOURCE_", "type match no ", "1-", "1:", "i and ",
     "\u0130\u2028", "1) ", '"a":', "hpc and gpu and ", "not ", "\ud800", "\\u0041", "built for hpc, "],
    ids=repr,
)  # fmt: skip
def test_a_long_monotone_text_takes_time_in_proportion(unit):
    """Counted, not timed: the work is bounded because no sentence is longer than the cap."""
    text = (unit * (65_536 // len(unit) + 1))[:65_536]
    cut = list(sentences(text, names("HPC_RESOURCE_00", ())))
    assert all(len(sentence.text) <= SENTENCE_CHARS_MAX * 6 for sentence in cut)  # an escape is six characters for one
    assert all(len(sentence.tokens) <= SENTENCE_CHARS_MAX for sentence in cut)
    assert sum(len(sentence.tokens) for sentence in cut) <= len(text)
    refuted(text[:8_192], SCENES["gpu", "hpc"])


def test_a_reply_in_json_is_read_through_its_escapes():
    text = '{"bid_score": 0.83, "reasoning": "My type is \\"ai\\".\\nI have\\u00a0299 nodes free."}'
    assert [found.says for found in refuted(text, SCENES["gpu", "hpc"])] == ["own type is ai", "free nodes: 299"]


def test_a_job_named_like_a_claim_hides_nothing():
    known = SCENES["gpu", "hpc"].model_copy(update={"job_name": "my cluster is a storage cluster"})
    assert refuted("So my cluster is a storage cluster.", known)


def test_a_hyphen_between_numbers_is_a_minus_and_inside_a_word_nothing():
    assert tags("319-30") == [["N", "-", "N"]]
    assert tags("4-GPU nodes") == [["N", "T:gpu", "NODE"]]


def test_gpu_after_a_number_is_counted():
    assert tags("4 gpu") == [["N", "GPUS"]]


def test_an_aside_between_commas_says_nothing():
    assert tags("we, too, are gpu") == tags("we are gpu")


def test_an_inverted_condition_is_one():
    assert tags("Were it so")[0][0] == "IF"


def test_signs_are_words():
    assert tags("fits \u2713, type \u2717")[0] == ["FITV", "TRUE", ",", "TYPEN", "FALSE"]
