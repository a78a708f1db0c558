from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES


def test_a_number_without_a_noun_counts_what_was_counted_before():
    known = SCENES["gpu", "ai"]
    assert refuted("The job asks for 4 GPUs per node. We have 8 on each.", known)
    assert refuted("The job asks for 4 GPUs per node. We have 4 on each.", known) == ()
    assert refuted("The job takes 60 nodes and we have 1200.", known)
    assert refuted("The job takes 60 nodes and we have 320.", known) == ()


def test_node_hours_and_product_names_count_no_nodes():
    known = SCENES["storage", "hybrid"]
    assert refuted("That is 720 node-hours.", known) == ()
    assert refuted("Slingshot-10 connects all nodes.", known) == ()


def test_a_key_before_a_number_is_its_noun():
    known = SCENES["gpu", "ai"]
    assert refuted("**Free nodes:** 305", known) == ()
    assert [found.kind for found in refuted("**Free nodes:** 277", known)] == ["free_nodes"]
    assert [found.kind for found in refuted("| Total nodes | 277 |", known)] == ["node_count"]
