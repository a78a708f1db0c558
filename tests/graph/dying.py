"""Runs that are killed: a run in a child that dies by SIGKILL at its k-th moment, and is resumed in another child.

A moment is any point before or after something becomes durable: a trace line, a ledger line, a checkpoint. One process
imports everything once and forks for each life, so that hundreds of deaths cost seconds. Run as a program it prints
one JSON line for each death: `python -m tests.graph.dying FOLDER DEATHS [--slow]`.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

import carrying
import wiring
from backends.ledger_file import LedgerFile, read_lines
from backends.reading import jobs_from
from backends.trace_file import Trace
from quorate.domain.bidding import Answer
from quorate.domain.clusters import ClusterSnapshot, Federation
from quorate.domain.jobs import Job
from quorate.ledger.verify import verify_lines
from quorate.ports import Bidder

GROUP = {"nodes": 10, "cores": 32, "memory_gib": 256, "gpus": 0}
FEDERATION = Federation.model_validate(
    {
        "name": "four equals",
        "clusters": [
            {
                "id": f"C{i}",
                "type": "hpc",
                "interconnect": "Ethernet",
                "link_gbps": 100,
                "storage_pb": 1,
                "groups": [GROUP],
            }
            for i in range(4)
        ],
    }
)
JOBS = [
    {"id": "small", "nodes": 2, "walltime_min": 30},
    {"id": "wide_1", "nodes": 8, "walltime_min": 60},
    {"id": "wide_2", "nodes": 8, "walltime_min": 60},
    {"id": "wide_3", "nodes": 8, "walltime_min": 60},
    {"id": "wide_4", "nodes": 8, "walltime_min": 60},
    {"id": "waits", "nodes": 8, "walltime_min": 60},
    {"id": "too_wide", "nodes": 11, "walltime_min": 60},
]


def request() -> wiring.RunRequest:
    """Return seven jobs for four small clusters: five that fit, one that waits, one that never fits."""
    return wiring.RunRequest(
        name="dying", federation=FEDERATION, workload=jobs_from({"interval_min": 1, "jobs": JOBS}, "here"), seed=1
    )


class Moments:
    """Counts moments and dies at one of them."""

    def __init__(self, dies_at: int) -> None:
        self.dies_at, self.now = dies_at, 0
        self.kinds: list[str] = []
        """The kind of each moment so far."""

    def __call__(self, kind: str) -> None:
        self.now += 1
        self.kinds.append(kind)
        if self.now == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        kind = call.__name__

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self(kind)
            done = call(*args, **kwargs)
            self(kind)
            return done

        return wrapped

    def around_async(self, call: Callable[..., Any]) -> Callable[..., Any]:
        kind = call.__name__

        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            self(kind)
            done = await call(*args, **kwargs)
            self(kind)
            return done

        return wrapped


class Noting:
    """A bidder that notes each question in a file, and takes its time."""

    def __init__(self, inner: Bidder, notes: Path, delay_s: float) -> None:
        self.inner, self.notes, self.delay_s = inner, notes, delay_s

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        with self.notes.open("a") as file:
            file.write(f"{job.id} {snapshot.cluster.id}\n")
        if self.delay_s:
            await asyncio.sleep(self.delay_s * (1 + int(snapshot.cluster.id[1:])))
        return await self.inner.bid(job, snapshot)


def one_life(folder: Path, dies_at: int, delay_s: float) -> None:
    """Carry the request out, dying at a moment; does not return."""
    moments = Moments(dies_at)
    Trace.emit = moments.around(Trace.emit)
    LedgerFile.append = moments.around(LedgerFile.append)
    wiring.write_whole = moments.around(wiring.write_whole)
    for name in ("aput", "aput_writes"):
        setattr(AsyncSqliteSaver, name, moments.around_async(getattr(AsyncSqliteSaver, name)))
    inner = carrying._Wired.bidders

    def bidders(self: Any) -> Any:
        return {name: Noting(each, folder / "asked.txt", delay_s) for name, each in inner(self).items()}

    carrying._Wired.bidders = bidders
    settings, status = wiring.read_settings(None), 1
    try:
        asyncio.run(carrying.carry_out(settings, request(), wiring.Places(folder), wiring.Options(times=False)))
        (folder / "moments.json").write_text(json.dumps(moments.kinds))
        status = 0
    finally:
        if status:
            import traceback

            (folder / "error.txt").write_text(traceback.format_exc())
        os._exit(status)


def lived(folder: Path, dies_at: int, delay_s: float) -> int:
    """Fork one life and return how it ended: 0, 1, or -9."""
    child = os.fork()
    if child == 0:
        one_life(folder, dies_at, delay_s)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def answers_stored(folder: Path) -> list[str]:
    """Return who had answered according to the trace, as `job cluster`."""
    trace = folder / "trace.jsonl"
    lines = trace.read_bytes().split(b"\n")[:-1] if trace.exists() else []
    events = [json.loads(line) for line in lines]
    return [f"{e['job']} {e['cluster']}" for e in events if e["kind"] == "answered"]


def died_and_resumed(folder: Path, deaths: list[int], delay_s: float = 0.0) -> dict[str, Any]:
    """Kill a run at each moment in turn, let it finish, and return what is true of it afterwards."""
    folder.mkdir(parents=True)
    asked = folder / "asked.txt"
    again: list[str] = []
    ends = []
    for dies_at in [*deaths, 0]:
        stored = set(answers_stored(folder)) if dies_at == 0 else set()
        before = asked.read_text().split("\n")[:-1] if asked.exists() else []
        stored = set(answers_stored(folder))
        ends.append(lived(folder, dies_at, delay_s))
        after = asked.read_text().split("\n")[:-1] if asked.exists() else []
        again += [line for line in after[len(before) :] if line in stored and not line.startswith("waits")]
    error = folder / "error.txt"
    heights = list(verify_lines(read_lines(folder / "ledger.jsonl"))) if (folder / "ledger.jsonl").exists() else []
    decisions = [d for h in heights if h.application.record for d in h.application.record.decisions]
    report = json.loads((folder / "run.json").read_text()) if (folder / "run.json").exists() else {}
    seqs = [json.loads(line)["seq"] for line in (folder / "trace.jsonl").read_bytes().split(b"\n")[:-1]]
    return {
        "deaths": deaths,
        "ends": ends,
        "error": error.read_text()[-1500:] if error.exists() else "",
        "asked_again": again,
        "outcomes": {d["job"]["id"]: d["outcome"] for d in report.get("decisions", [])},
        "status": report.get("status"),
        "awards": sorted(d.job.id for d in decisions if d.outcome == "allocated"),
        "trace_in_order": seqs == list(range(1, len(seqs) + 1)),
        "moments": json.loads((folder / "moments.json").read_text()) if (folder / "moments.json").exists() else [],
        "heights": len(heights),
        "head": heights[-1].entry.block.digest if heights else "",
    }


if __name__ == "__main__":
    root, delay = Path(sys.argv[1]), 0.05 if "--slow" in sys.argv else 0.0
    for number, line in enumerate(sys.argv[2].split(",")):
        found = died_and_resumed(root / f"{number}", [int(k) for k in line.split("+") if k], delay)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
