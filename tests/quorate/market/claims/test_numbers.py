import random

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES


def test_true_statements_do_not_spoil_each_other():
    rng = random.Random(11)
    known = SCENES["storage", "hybrid"]
    true = [
        "the cluster's type is storage", "the job's type is hybrid", "265 nodes are free", "we have 280 nodes in total",
        "the job needs 50 nodes", "the types do not match", "each node has 4 GPUs", "the runtime is 600 minutes",
        "our network is Slingshot-10",
        "a mismatch penalty applies", "we can run the job", "our nodes are all identical",
    ]  # fmt: skip
    for _ in range(300):
        chosen = rng.sample(true, 3)
        text = f"{chosen[0]}{rng.choice([', and ', '; ', ', but ', '. '])}{chosen[1]}, while {chosen[2]}."
        assert refuted(text, known) == (), text
