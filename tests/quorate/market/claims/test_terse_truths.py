from quorate.market.claims import Known
from quorate.market.claims import terse_truths as truths
from tests.quorate.market.claims.written import SCENES


def test_the_first_value_is_the_plain_answer():
    known = SCENES["gpu", "ai"]
    plain = {truths.nodes: 320, truths.free: 305, truths.left: 245, truths.allocated: 10, truths.gpus: 1_280,
             truths.gpus_each: 4, truths.gpus_asked: 4, truths.cores: 20_480, truths.link: 200}  # fmt: skip
    assert {make: make(known).values[0] for make in plain} == plain


def test_nothing_is_known_of_nothing():
    for make in (
        truths.nodes,
        truths.free,
        truths.left,
        truths.share,
        truths.load,
        truths.gpus,
        truths.cores,
        truths.link,
    ):
        assert make(Known()).values[0] is None, make
