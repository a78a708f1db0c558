"""A cluster signs more free nodes than the ledger allows, and pays for it. Run: `python -m examples.a_lying_peer`."""

import asyncio
import sys
import tempfile
from pathlib import Path

import wiring
from faults.plan import Fault, FaultPlan


def main() -> None:
    """Let HPC_RESOURCE_02 lie at the second job, and print what its peers proved."""
    lie = Fault.model_validate({"driver": "false-occupancy", "cluster": "HPC_RESOURCE_02", "jobs": ("job_004",)})
    settings = wiring.read_settings(None)
    asked = wiring.request(settings, faults=FaultPlan(faults=(lie,)), name="a lying peer")
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(
            wiring.carry_out(settings, asked, wiring.Places(Path(folder)), wiring.Options(times=False))
        )
    for finding in report.findings:
        print(f"{finding.cluster}, class {finding.class_}, at {finding.job}: {finding.what}")
        print(f"reputation {finding.before:.3f} -> {finding.after:.3f}")
    print(f"{report.summary.allocated} of {report.summary.submitted} jobs were placed all the same")


if __name__ == "__main__":
    sys.exit(main())
