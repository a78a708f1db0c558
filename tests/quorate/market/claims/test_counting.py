from quorate.market.claims.counting import OF_ROLE, counts, less, plus, total
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "ai"]


def test_every_role_that_words_give_has_its_numbers():
    assert {role for role, _ in OF_ROLE} == set(counts(KNOWN))


def test_what_is_left_is_what_is_free_without_the_job():
    assert counts(KNOWN)["left"][0] == KNOWN.nodes_free - KNOWN.job_nodes


def test_what_is_unknown_stays_unknown():
    assert less(None, 1) is plus(1, None) is total(iter([1, None])) is None
    assert counts(KNOWN.model_copy(update={"job_nodes": None}))["left"][0] is None
