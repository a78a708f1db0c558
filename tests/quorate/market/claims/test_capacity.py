import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES, TEMPLATES, TERSE, judge_fact, listed

NAMES = (
    "fits",
    "does_not_fit",
    "enough_gpus",
    "too_few_gpus",
    "enough_memory",
    "too_little_memory",
    "enough_nodes",
    "too_few_nodes",
)


@pytest.mark.parametrize(("fact", "template"), listed(TEMPLATES["facts"], NAMES) + listed(TERSE["facts"], NAMES))
def test_what_fits_is_judged_on_facts(fact, template):
    judge_fact(fact, template)


@pytest.mark.parametrize(
    "text",
    [
        "The 768 GiB per node are there.",
        "Our nodes have the 768 GiB that it asks for.",
        "It is sufficient for the 768 GiB on each node.",
        "mem: 512 GiB >= 768 GiB",
        "Our 20 free nodes cover the request.",
    ],
)
def test_a_need_that_is_not_met_is_refuted(text):
    assert refuted(text, SCENES["hpc", "memory"])


def test_no_shortage_is_no_lack():
    assert refuted("There is no shortage of GPUs.", SCENES["gpu", "ai"]) == ()
