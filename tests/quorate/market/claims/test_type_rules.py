import pytest

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import claims, refuted
from tests.quorate.market.claims.written import SCENES, TERSE, written


@pytest.mark.parametrize("template", TERSE["job"])
def test_a_wrong_job_type_in_few_words_is_refuted(template):
    known = SCENES["gpu", "memory"]
    for said in CLUSTER_TYPES:
        assert bool(refuted(written(template, known, said), known)) == (said != "memory"), said


@pytest.mark.parametrize("text", ["The submitter left the type open.", "The job has no type."])
def test_a_type_that_is_there_is_not_denied(text):
    assert [claim.kind for claim in claims(text, SCENES["gpu", "hpc"])] == ["job_type"]
    assert refuted(text, SCENES["gpu", "hpc"])
