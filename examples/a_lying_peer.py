"""A cluster signs more free nodes than the ledger allows, and pays for it. Run: `python -m examples.a_lying_peer`."""

import asyncio
import tempfile
from pathlib import Path

import carrying
import wiring
from faults.plan import Fault, FaultPlan


def main() -> None:
    """Let HPC_RESOURCE_04 lie at the second job, where it would have won, and print what its peers proved."""
    lie = Fault.model_validate({"driver": "false-occupancy", "cluster": "HPC_RESOURCE_04", "jobs": ("job_002",)})
    settings = wiring.read_settings(None)
    asked = wiring.request(settings, faults=FaultPlan(faults=(lie,)), name="a lying peer")
    with tempfile.TemporaryDirectory() as folder:
        run = carrying.carry_out(settings, asked, wiring.Places(Path(folder)), wiring.Options(times=False))
        report = asyncio.run(run)
    for finding in report.findings:
        print(f"{finding.cluster}, class {finding.class_}, at {finding.job}: {finding.what}")
        print(f"reputation {finding.before:.3f} -> {finding.after:.3f}")
    print(f"the job went to {report.decisions[1].cluster}")
    print(f"{report.summary.allocated} of {report.summary.submitted} jobs were placed all the same")


if __name__ == "__main__":
    main()
