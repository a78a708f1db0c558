from quorate.market.claims import Known, KnownGroup
from quorate.market.claims.values import known
from tests.quorate.market.claims_measure import jobs, place


def test_what_a_job_and_a_snapshot_say_is_known():
    here = known(jobs()["job_002"], place("HPC_RESOURCE_01", 5, 10))
    assert (here.type, here.job_type, here.match) == ("gpu", "ai", False)
    assert (here.nodes, here.nodes_free, here.fits) == (320, 305, True)


def test_unknown_is_neither_yes_nor_no():
    nothing = Known()
    assert (nothing.match, nothing.heterogeneous, nothing.suitable, nothing.fits) == (None, None, None, None)


def test_suitable_nodes_are_counted_by_group():
    here = Known(groups=(KnownGroup(nodes=4, free=1, gpus=2), KnownGroup(nodes=6, free=6, gpus=0)),
                 job_nodes=2, job_gpus_per_node=1, job_memory_gib_per_node=0)  # fmt: skip
    assert (here.suitable, here.suitable_free, here.fits) == (4, 1, False)
