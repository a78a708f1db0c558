import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.market.claims import KnownGroup, refuted
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "gpu"]
"""320 nodes alike, 512 GiB and 4 GPUs each; the job asks for 40 nodes with 4 GPUs and 128 GiB each."""
TWO = KNOWN.model_copy(
    update={
        "nodes": 90,
        "nodes_free": 50,
        "nodes_allocated": 40,
        "nodes_background": 0,
        "gpus": 120,
        "job_nodes": 20,
        "job_gpus_per_node": 2,
        "groups": (
            KnownGroup(nodes=60, free=None, cores=32, memory_gib=256, gpus=2),
            KnownGroup(nodes=30, free=None, cores=32, memory_gib=768, gpus=0),
        ),
    }
)


@given(st.sampled_from([4, 160, 1280]), st.sampled_from([7, 23, 333, 999]))
def test_a_number_of_gpus_is_wrong_exactly_where_no_stock_has_it(right, wrong):
    frame = "Of GPUs there are {} here."
    assert refuted(frame.format(right), KNOWN) == ()
    assert refuted(frame.format(wrong), KNOWN)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("Four cards a node are asked, we bring 4 GPUs.", "Four cards a node are asked, we bring 9 GPUs."),
        ("GPUs per node: 4 here, 4 asked.", "GPUs per node: 4 here, 11 asked."),
        ("The job occupies 160 of our 1,280 GPUs.", "The job occupies 210 of our 1,280 GPUs."),
        ("512 GiB sit in a node, the docking takes 128 GiB.", "512 GiB sit in a node, the docking takes 144 GiB."),
        ("It leaves 384 GiB of RAM idle on each node.", "It leaves 450 GiB of RAM idle on each node."),
    ],
)  # fmt: skip
def test_a_stock_is_read_in_whatever_words(true, false):
    assert refuted(true, KNOWN) == ()
    assert refuted(false, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "Had we 900 GiB in a node, it would be simpler.",
        "Nodes of 2 TiB would suit it better.",
        "(9) GPUs: fine. (11) Memory: fine.",
        "GPUs are there. Criterion 9, network: fine.",
        "A cluster with 16 GPUs per node would need fewer nodes.",
        "The data set is 3 TiB large.",
    ],
)
def test_what_is_only_supposed_or_of_something_else_is_no_stock(text):
    assert refuted(text, KNOWN) == ()
