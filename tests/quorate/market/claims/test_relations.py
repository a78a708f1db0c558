import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, written


@pytest.mark.parametrize("template", TEMPLATES["match"] + TERSE["match"])
def test_a_match_is_refuted_where_the_types_differ(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(written(template, known), known)) == (own != asked), (own, asked)


@pytest.mark.parametrize("template", TEMPLATES["mismatch"] + TERSE["mismatch"])
def test_a_mismatch_is_refuted_where_the_types_agree(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(written(template, known), known)) == (own == asked), (own, asked)


@pytest.mark.parametrize("template", TERSE["penalty"])
def test_a_penalty_is_refuted_where_the_types_agree(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(template, known)) == (own == asked), (own, asked)


@pytest.mark.parametrize("template", TERSE["no_penalty"])
def test_no_penalty_is_refuted_where_the_types_differ(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(template, known)) == (own != asked), (own, asked)
