import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES

KNOWN = SCENES["gpu", "gpu"]
LEFT = KNOWN.nodes_free - KNOWN.job_nodes
HOURS = KNOWN.job_walltime_s // 3600


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (f"An eighth of the machine for {HOURS} hours.", f"An eighth of the machine for {HOURS + 5} hours."),
        (f"It fits, with {LEFT} to spare.", f"It fits, with {LEFT - 31} to spare."),
        ("It asks for 40 of them, 12.5 % of our nodes.", "It asks for 40 of them, 31 % of our nodes."),
        ("GPU 4 need and we have 4.", "GPU 4 need and we have 9."),
    ],
)
def test_a_figure_that_is_nobodys_is_refuted(true, false):
    assert refuted(true, KNOWN) == ()
    assert refuted(false, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "The wait would be 3 hours.",
        "A checkpoint every 30 minutes is written by the job.",
        "The job runs at 80 % parallel efficiency.",
        "If it were 20 nodes, 17 would be to spare.",
        "It'd be done in five quarters of an hour.",
    ],
)
def test_what_is_no_fact_to_judge_is_left_alone(text):
    known = KNOWN.model_copy(update={"job_walltime_s": 4_500}) if "quarters" in text else KNOWN
    assert refuted(text, known) == ()
