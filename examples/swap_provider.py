"""The same job, answered by the rule and by a model: one word differs. Run: `python -m examples.swap_provider`.

The model here is the rehearsal (replies from a file, no key, no network); put `sambanova` or `ollama` in its place.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import carrying
import wiring
from backends.reading import Workload, read_jobs


def main(*profiles: str) -> None:
    """Place the first reference job once under each profile."""
    settings = wiring.read_settings(None)
    first = Workload(jobs=read_jobs(wiring.REFERENCE_JOBS).jobs[:1])
    for profile in profiles or ("rule", "rehearsal"):
        asked = wiring.request(settings, jobs=first, profile=profile, name=profile)
        with tempfile.TemporaryDirectory() as folder:
            run = carrying.carry_out(settings, asked, wiring.Places(Path(folder)), wiring.Options(times=False))
            (decision,) = asyncio.run(run).decisions
        print(f"{profile}: {decision.outcome} on {decision.cluster}")
        for bid in decision.bids:
            print(f"  {bid.cluster}  by {bid.author}: {bid.reasoning or bid.detail}")


if __name__ == "__main__":
    main(*sys.argv[1:])
