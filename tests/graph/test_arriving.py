from graph.arriving import Arrival
from tests.quorate.ledger import build as make


def test_an_arrival_names_the_job_its_signature_and_its_time():
    job = make.owned("j1")
    assert Arrival(job, "5a", 60) == Arrival(job=job, signature="5a", at_s=60)
