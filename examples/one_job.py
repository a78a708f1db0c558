"""One job through six clusters: who bid, who won, who voted. Run: `python -m examples.one_job`."""

import asyncio
import tempfile
from pathlib import Path

import carrying
import wiring
from backends.reading import jobs_from


def main() -> None:
    """Place a job of 40 nodes, and print how that was decided."""
    job = {"id": "folding", "type": "ai", "nodes": 40, "gpus_per_node": 4, "walltime_min": 90}
    settings = wiring.read_settings(None)
    asked = wiring.request(settings, jobs=jobs_from(job, "this example"), name="one job")
    with tempfile.TemporaryDirectory() as folder:
        run = carrying.carry_out(settings, asked, wiring.Places(Path(folder)), wiring.Options(times=False))
        report = asyncio.run(run)
    (decision,) = report.decisions
    for bid in decision.bids:
        print(f"{bid.cluster}  {'-' if bid.weighted is None else f'{bid.weighted:.2f}'}  {bid.reasoning or bid.detail}")
    print(f"{decision.outcome} on {decision.cluster}: {decision.approvals} of {decision.members} approve")


if __name__ == "__main__":
    main()
