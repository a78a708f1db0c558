"""Attack the consensus core from the command line; the exit status is 1 when a law was broken.

    python -m tests.simulation.run --seed 1 --schedules 2000            random schedules
    python -m tests.simulation.run twins --n 4 --rounds 4 --limit 10000 enumerated Twins
    python -m tests.simulation.run mutants --schedules 5000             is every mutant of the protocol noticed?
    python -m tests.simulation.run beyond --schedules 5000              two colluders of six: forks and convictions

A failure prints one line that reproduces it.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.play import Outcome, play
from tests.simulation.schedule import STAGES, draw

COMMAND = "python -m tests.simulation.run"
PROGRESS_S = 30.0
BEYOND_STAGES = (None, None, None, "rift")
"""Three of four seeds are weather; the fourth is a rift, in which both halves are sure to decide."""


def _pin(options: argparse.Namespace) -> dict[str, object]:
    tricks = tuple(options.tricks.split(",")) if options.tricks else None
    return {"n": options.n, "liars": options.liars, "tricks": tricks, "stage": options.stage}


def _again(options: argparse.Namespace, seed: int) -> str:
    """Return the line that reproduces a failure."""
    words = [COMMAND, f"--seed {seed} --schedules 1"]
    names = ("n", "liars", "tricks", "stage")
    words += [f"--{name} {getattr(options, name)}" for name in names if getattr(options, name) is not None]
    if options.signatures != "hash":
        words.append(f"--signatures {options.signatures}")
    return " ".join(words)


def _one(task: tuple[int, dict[str, object], bool, str]) -> Outcome:
    seed, pin, digest, signatures = task
    return play(draw(seed, **pin), digest=digest, signatures=signatures)


def outcomes(options: argparse.Namespace) -> Iterator[Outcome]:
    """Play the seeds in order, on as many processes as asked for."""
    pin = _pin(options)
    seeds = range(options.seed, options.seed + options.schedules)
    tasks = ((seed, pin, options.digest, options.signatures) for seed in seeds)
    if options.jobs == 1:
        yield from map(_one, tasks)
        return
    with get_context("spawn").Pool(options.jobs) as pool:
        yield from pool.imap(_one, tasks, chunksize=16)


class Tally:
    """Running totals of a campaign."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.began = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.broken: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        self.counts["schedules"] += 1
        self.counts["heights"] += outcome.heights
        self.counts["events"] += outcome.events
        self.counts["restarts"] += outcome.restarts
        self.counts["liars"] += outcome.liars
        self.counts["liars_convicted"] += len(outcome.convicted)
        self.counts["liars_refuted"] += len(outcome.refuted)
        self.counts["live_owed"] += outcome.live_owed
        self.counts["finished"] += outcome.finished
        if outcome.law is not None:
            self.broken.append(outcome)

    def row(self) -> dict[str, object]:
        """Return the totals as one flat record."""
        seconds = time.monotonic() - self.began
        rate = self.counts["schedules"] / seconds if seconds else 0.0
        row: dict[str, object] = dict(self.counts)
        return row | {"violations": len(self.broken), "seconds": round(seconds, 1), "per_second": round(rate, 1)}


def schedules(options: argparse.Namespace) -> int:
    """Play random schedules."""
    tally, told = Tally(), time.monotonic()
    digests = []
    for outcome in outcomes(options):
        tally.add(outcome)
        digests.append(outcome.digest)
        if outcome.law is not None:
            print(f"{outcome.law}: {outcome.detail[:400]} | {_again(options, outcome.seed)}", flush=True)
            if len(tally.broken) >= options.failures_max:
                break
        if options.log and time.monotonic() - told > PROGRESS_S:
            _checkpoint(options, tally)
            told = time.monotonic()
    if options.log:
        _checkpoint(options, tally)
    if options.digest:
        print("\n".join(digests))
    print(" ".join(f"{name}={value}" for name, value in tally.row().items()))
    return 1 if tally.broken else 0


def _checkpoint(options: argparse.Namespace, tally: Tally) -> None:
    """Append the totals so far; the last line of the log is the count, and the next seed is seed + schedules."""
    row = {"seed": options.seed} | tally.row()
    with Path(options.log).open("a", encoding="utf-8") as log:
        log.write(json.dumps(row) + "\n")


def beyond(options: argparse.Namespace) -> int:
    """Two colluders of six: count forks, and whom the evidence of the honest convicts."""
    tally: Counter[str] = Counter()
    bad = 0
    for seed in range(options.seed, options.seed + options.schedules):
        stage = options.stage or BEYOND_STAGES[seed % len(BEYOND_STAGES)]
        plan = draw(seed, n=6, liars=2, tricks=("echo", "two_proposals"), beyond=True, stage=stage)
        outcome = play(plan, forks=True)
        tally["schedules"] += 1
        tally["forks"] += outcome.forks > 0
        attributed = outcome.forks > 0 and 3 * len(outcome.convicted) >= plan.n
        tally["forks_attributed"] += attributed
        if outcome.law is not None or (outcome.forks and not attributed):
            bad += 1
            print(
                f"{outcome.law} {outcome.detail[:300]} convicted={sorted(outcome.convicted)} | "
                f"{COMMAND} beyond --seed {seed} --schedules 1" + (f" --stage {stage}" if stage else "")
            )
    print(" ".join(f"{name}={value}" for name, value in tally.items()), f"bad={bad}")
    return 1 if bad else 0


def twins(options: argparse.Namespace) -> int:
    """Play enumerated or sampled Twins cases."""
    from tests.simulation.twins import cases, play_cases, sample

    source: Iterable[object] = (
        sample(options.n, options.rounds, options.sample, options.seed)
        if options.sample
        else islice(cases(options.n, options.rounds), options.skip, None, options.stride)
    )
    if options.limit:
        source = islice(source, options.limit)
    began = told = time.monotonic()
    count = broken = 0
    if options.case:
        source = [json.loads(options.case)]
    for case, fault in play_cases(options.n, source):
        count += 1
        if fault is not None:
            broken += 1
            print(f"{fault} | {COMMAND} twins --n {options.n} --case '{json.dumps(case)}'", flush=True)
            if broken >= options.failures_max:
                break
        if options.log and time.monotonic() - told > PROGRESS_S:
            told = time.monotonic()
            with Path(options.log).open("a", encoding="utf-8") as log:
                log.write(json.dumps({"cases": count, "skip": options.skip, "broken": broken}) + "\n")
    seconds = time.monotonic() - began
    print(f"cases={count} broken={broken} seconds={seconds:.1f} per_second={count / seconds:.1f}")
    return 1 if broken else 0


def mutants(options: argparse.Namespace) -> int:
    """Try every mutant, or the named ones."""
    from tests.simulation.mutants import hunt, names, pinned

    wanted = options.only.split(",") if options.only else names()
    alive = 0
    print(f"{'mutant':36} {'killed at schedule':>18}  by")
    for name in wanted:
        kill = hunt(name, options.seed, options.schedules)
        alive += kill is None
        by = f"{kill.by[:110]}{pinned(name)}" if kill else pinned(name)
        print(f"{name:36} {kill.schedule if kill else 'SURVIVED':>18}  {by}", flush=True)
    print(f"mutants={len(wanted)} survived={alive}")
    return 1 if alive else 0


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    top.add_argument("what", nargs="?", default="schedules", choices=("schedules", "twins", "mutants", "beyond"))
    top.add_argument("--seed", type=int, default=1)
    top.add_argument("--schedules", type=int, default=2000)
    top.add_argument("--n", type=int)
    top.add_argument("--liars", type=int)
    top.add_argument("--tricks")
    top.add_argument("--stage", choices=tuple(STAGES), help="schedules of one stage only; rift: for beyond")
    top.add_argument("--jobs", type=int, default=1)
    top.add_argument("--signatures", choices=("hash", "ed25519"), default="hash")
    top.add_argument("--digest", action="store_true", help="print the trace digest of every schedule")
    top.add_argument("--failures-max", type=int, default=10)
    top.add_argument("--log", help="append totals to this file every 30 s")
    top.add_argument("--rounds", type=int, default=4, help="twins: cut rounds")
    top.add_argument("--sample", type=int, default=0, help="twins: draw this many cases instead of enumerating")
    top.add_argument("--limit", type=int, default=0, help="twins: stop after so many cases")
    top.add_argument("--skip", type=int, default=0, help="twins: begin at this case")
    top.add_argument("--stride", type=int, default=1, help="twins: take every so many-th case")
    top.add_argument("--case", help="twins: play this one case, as a failure printed it")
    top.add_argument("--only", help="mutants: names, comma between")
    return top


def main(words: list[str] | None = None) -> int:
    """Run what was asked for."""
    options = parser().parse_args(words)
    if options.what == "twins" and options.n is None:
        options.n = 4
    acts = {"schedules": schedules, "twins": twins, "mutants": mutants, "beyond": beyond}
    return acts[options.what](options)


if __name__ == "__main__":
    sys.exit(main())
