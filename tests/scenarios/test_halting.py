"""Four members, one jailed: three tolerate no fault, so nothing more is decided, and the run says so (decided 9)."""

from pathlib import Path

import carrying
import wiring
from backends.reading import jobs_from
from faults.plan import Fault, FaultPlan
from quorate.domain.clusters import Cluster, Federation, NodeGroup
from quorate.domain.values import ClusterId


def federation() -> Federation:
    group = NodeGroup(nodes=20, cores=8, memory_gib=64, gpus=0)
    clusters = tuple(
        Cluster(id=ClusterId(name), type="hpc", interconnect="x", link_gbps=100, storage_pb=1, groups=(group,))
        for name in "ABCD"
    )
    return Federation(name="four", clusters=clusters)


async def test_a_jailing_below_four_active_members_halts_with_its_sentence(tmp_path: Path) -> None:
    settings = wiring.read_settings(None)
    asked = wiring.RunRequest(
        name="four",
        federation=federation(),
        workload=jobs_from([{"id": "a", "nodes": 2, "walltime_min": 60}], "the test"),
        faults=FaultPlan(faults=(Fault(driver="two-votes", cluster=ClusterId("A")),)),
    )
    report = await carrying.carry_out(settings, asked, wiring.Places(tmp_path / "run"), wiring.Options(times=False))
    (decision,) = report.decisions
    assert decision.outcome == "undecided"
    assert decision.reasons == (
        "only 3 members are active; four are the fewest that tolerate a fault: this chain has ended, found another",
    )
    standing = report.status_by_cluster[ClusterId("A")]
    assert (standing.jailed, standing.power, standing.status) == (True, 0.0, "BYZANTINE")
