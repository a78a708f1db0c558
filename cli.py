"""The terminal's door: `python cli.py COMMAND`, or `quorate COMMAND` in the environment that make builds.

Exit status: 0 done and all placed; 1 some job unplaced, or the run degraded; 2 a person must mend something;
130 cancelled.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

import wiring
from backends.ledger_file import read_lines
from backends.reading import Workload, form, jobs_from, read_jobs_text, read_value
from faults.drivers import DRIVERS
from flags import Parser, command, path, seed, whole
from members import add_commands
from quorate.domain.clusters import CLUSTER_TYPES
from quorate.domain.errors import LedgerBroken, OperatorError, RequestInvalid
from quorate.domain.trace import RunStarted
from quorate.ledger.checkpoint import Checkpoint, holding, read_checkpoint
from quorate.ledger.fold import cluster_row, federation_row
from quorate.ledger.genesis import Genesis
from quorate.ledger.light import follow
from quorate.ledger.report import RunReport
from quorate.ledger.verify import Verified, verify_lines
from ui.terminal import Outputs, TerminalFace, quorum_rule
from ui.words import plural

PROGRESS_JOBS_MAX = 500
"""Longer runs print their decisions at the end: folding after every job would take longer than deciding."""

STDIN_BYTES_MAX = 16 * 2**20

WALLTIME_MIN = 60
"""What a job in flags may run without `--walltime-min`; in a file everybody says it. The run's first lines tell."""

NEWEST = ""
"""`--resume` without a name: the newest unfinished run that the same flags began."""

JOB_FIELDS = (
    "nodes", "id", "name", "application", "type", "gpus_per_node", "memory_gib_per_node", "walltime_min", "description",
)  # fmt: skip
"""One job in flags."""


# -- run and demo ----------------------------------------------------------------------------------------------


def _workload(args: argparse.Namespace) -> Path | Workload | None:
    """Return the jobs that the flags name: a file, standard input, or one job in flags."""
    job = {name: getattr(args, name) for name in JOB_FIELDS if getattr(args, name) is not None}
    if args.jobs is not None and job:
        flag = "--" + next(iter(job)).replace("_", "-")
        raise RequestInvalid(f"--jobs {args.jobs} and {flag} both say what to run; give one of them")
    if args.jobs == "-":
        return read_jobs_text(*_standard_input(), "standard input")
    if not job:
        return path(args.jobs)
    return jobs_from({"id": "job_001", "walltime_min": WALLTIME_MIN, **job}, "the flags")


def _chosen(args: argparse.Namespace) -> list[str]:
    """Return in sentences what was chosen for a person who left it open."""
    open_ = args.nodes is not None and args.walltime_min is None
    return [f"the job may run {WALLTIME_MIN} min, for no --walltime-min was given"] if open_ else []


def _standard_input() -> tuple[bytes, Literal["toml", "json", "jsonl"]]:
    """Return what stands on standard input, and in which form."""
    if sys.stdin is None:
        raise RequestInvalid("standard input is closed; name a file instead of -")
    data = sys.stdin.buffer.read(STDIN_BYTES_MAX + 1)
    return data, form(data)


def _request(args: argparse.Namespace, settings: wiring.Settings) -> wiring.RunRequest:
    plan = path(args.faults)
    if plan is None and args.command == "demo":
        plan = wiring.REFERENCE_FAULTS
    return wiring.request(
        settings,
        federation=path(args.federation),
        jobs=_workload(args),
        faults=plan,
        seed=args.seed,
        profile=os.environ.get("QUORATE_PROFILE") or None if args.profile is None else args.profile,
        name=wiring.run_name(settings.run.seed if args.seed is None else args.seed, times=not args.no_times),
    )


def _resumed(args: argparse.Namespace, settings: wiring.Settings) -> tuple[wiring.RunRequest, wiring.Places]:
    """Return the request and the folder of the run to go on with: the one named, or the newest that these flags began.

    If all of those came to their ends, the newest of them: killed while it printed, it is printed again.

    Raises:
        RequestInvalid: there is none.
    """
    runs = Path(settings.run.folder)
    if args.resume != NEWEST:
        places = wiring.Places(runs / args.resume)
        if not places.request.exists():
            raise RequestInvalid(f"there is no run {args.resume!r} under {runs}; leave --resume out to start anew")
        return read_value(wiring.RunRequest, places.request), places
    asked = _request(args, settings)
    found: list[tuple[wiring.RunRequest, wiring.Places]] = []
    for folder in sorted(runs.glob("*/"), key=lambda each: each.stat().st_mtime, reverse=True):
        places = wiring.Places(folder)
        stored = read_value(wiring.RunRequest, places.request) if places.request.exists() else None
        if stored is not None and _same(asked, stored, args.ledger):
            found.append((stored, places))
    if not found:
        raise RequestInvalid(
            f"no run under {runs} was begun with these flags; leave --resume out to start anew, or name one of them: "
            "--resume RUN"
        )
    return next((each for each in found if not wiring.finished(each[1])), found[0])


def _same(asked: wiring.RunRequest, stored: wiring.RunRequest, ledger: str | None) -> bool:
    """Say whether two requests ask for the same, whatever the runs are called and, without `--ledger`, wherever."""
    there = ledger is None or stored.ledger == str(Path(ledger).absolute())
    return there and asked == stored.model_copy(update={"name": asked.name, "ledger": asked.ledger})


def _checked(args: argparse.Namespace) -> None:
    """Make sure, before anything is run, that what it is to leave behind can be written."""
    if args.json is not None and args.json != "-":
        wiring.check_writable(Path(args.json), "--json")
    if args.ledger is not None:
        wiring.check_writable(Path(args.ledger), "--ledger")
        if Path(args.ledger).exists() and args.resume is None:
            raise RequestInvalid(f"the ledger {args.ledger} exists; name another, or go on with it by --resume")
    if args.record is not None:
        wiring.check_writable(Path(args.record) / "recording", "--record", make=True)


def _show(face: TerminalFace, asked: wiring.RunRequest, started: RunStarted, notes: Sequence[str]) -> None:
    background = wiring.demo_background(asked.seed, asked.federation)
    rows = tuple(cluster_row(cluster, background[cluster.id]) for cluster in asked.federation.clusters)
    weights = {row.id: 1.0 for row in rows}
    face.header(started, federation_row(asked.federation.name, rows), quorum_rule(weights), weights, notes)


class _Console(Console):
    """A console whose reader may go away, as `head` does: rich would make a failure of it."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _run(args: argparse.Namespace) -> int:
    settings = wiring.read_settings(path(args.config))
    _checked(args)
    if args.resume is not None:
        asked, places = _resumed(args, settings)
    else:
        asked = _request(args, settings)
        wiring.check_answering(settings, asked)
        places = wiring.Places(wiring.claimed_folder(Path(settings.run.folder), asked.name))
    human = sys.stderr if args.json == "-" else sys.stdout
    console = _Console(file=human, highlight=False, soft_wrap=False)
    with TerminalFace(console, emoji=not args.no_emoji, quiet=args.quiet, show_llm=args.show_llm) as face:
        _show(face, asked, wiring.started(settings, asked, times=not args.no_times), _chosen(args))
        report, status = _carried(args, settings, asked, places, face)
        face.final(report, _outputs(args, places, asked))
    if args.json == "-":
        sys.stdout.write(wiring.report_text(report))
    elif args.json is not None:
        wiring.write_whole(Path(args.json), wiring.report_text(report))
    return status


def _carried(
    args: argparse.Namespace,
    settings: wiring.Settings,
    asked: wiring.RunRequest,
    places: wiring.Places,
    face: TerminalFace,
) -> tuple[RunReport, int]:
    options = wiring.Options(
        times=not args.no_times,
        record=path(args.record),
        ledger=path(args.ledger),
        listen=face.on_event,
        heights=face.progress if len(asked.workload.jobs) <= PROGRESS_JOBS_MAX else None,
    )
    try:
        if args.resume is not None and wiring.finished(places):
            report = wiring.read_report(places)
        else:
            import carrying  # LangGraph and LangChain: a second that the run's first line need not wait for

            report = asyncio.run(carrying.carry_out(settings, asked, places, options))
    except KeyboardInterrupt:
        if not places.report.exists():
            raise  # before anything was decided
        return wiring.read_report(places), 130
    placed = report.summary.allocated == report.summary.submitted
    return report, 0 if placed and report.degraded is None else 1


def _outputs(args: argparse.Namespace, places: wiring.Places, asked: wiring.RunRequest) -> Outputs:
    ledger = args.ledger or asked.ledger or str(places.ledger)
    return Outputs(
        ledger=ledger,
        trace=str(places.trace),
        report=str(places.report),
        verify=f"python cli.py verify {ledger}",
        web=f"make app  (then open /?run={places.folder.name})",
    )


# -- the other commands ----------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace) -> int:
    genesis = read_value(Genesis, Path(args.genesis)) if args.genesis else None
    checkpoint = read_checkpoint(args.checkpoint) if args.checkpoint else None
    if args.skip and not args.light:
        raise RequestInvalid("--skip leaves certificates aside and needs --light; give both, or neither")
    seen = _Seen()
    try:
        lines = read_lines(Path(args.path))
        for certified, block in _holding(lines, genesis, checkpoint, light=args.light, skip=args.skip):
            seen.take(block, certified=certified)
    except LedgerBroken as error:
        known = (("height", error.height), ("byte", error.offset))
        place = ", ".join(f"{word} {at}" for word, at in known if at is not None)
        return _refused(
            LedgerBroken(f"{args.path} does not verify at {place}: {error}; {seen.heights} heights before it hold")
        )
    console = Console(highlight=False, soft_wrap=True)
    how = "certified" if args.light else "verified"
    console.print(f"{args.path}: {seen.heights} heights {how} from genesis, head {seen.head}", markup=False)
    for line in seen.unchecked() if args.light else ():
        console.print(f"  {line}", markup=False)
    return 0


@dataclass
class _Seen:
    """What a verification has seen so far."""

    heights: int = 0
    certificates: int = 0
    head: str = "none"

    def take(self, block: str, *, certified: bool) -> None:
        self.heights, self.certificates, self.head = self.heights + 1, self.certificates + certified, block

    def unchecked(self) -> list[str]:
        """Return what following certificates alone leaves unchecked, in words."""
        left = self.heights - self.certificates
        held = f"; {left} left aside: those blocks are ancestors of a checked one" if left else ""
        return [
            f"{plural(self.certificates, 'certificate')} checked{held}",
            "not executed: awards, findings and reputations are believed because a quorum certified them",
        ]


def _holding(
    lines: Iterator[bytes], genesis: Genesis | None, checkpoint: Checkpoint | None, *, light: bool, skip: bool
) -> Iterator[tuple[bool, str]]:
    """Yield, for each height that holds, whether its certificate was checked, and its block's digest."""
    if light:
        for followed in follow(lines, genesis, checkpoint, skip=skip):
            yield followed.certified, followed.digest
        return
    heights: Iterable[Verified] = verify_lines(lines, genesis)
    for verified in holding(heights, checkpoint) if checkpoint is not None else heights:
        yield True, verified.entry.block.digest


def _faults(_args: argparse.Namespace) -> int:
    console = Console(highlight=False)
    for driver in DRIVERS.values():
        console.print(f"{driver.name:20} {driver.says}", markup=False)
    return 0


def _config(args: argparse.Namespace) -> int:
    settings = wiring.read_settings(path(args.config))
    Console(highlight=False).print(wiring.resolved(settings, args.profile), markup=False, soft_wrap=True)
    return 0


def _probe(args: argparse.Namespace) -> int:
    settings = wiring.read_settings(path(args.config))
    Console(highlight=False).print(asyncio.run(wiring.probe_profile(settings, args.profile)), markup=False)
    return 0


# -- flags -----------------------------------------------------------------------------------------------------


def _run_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--federation", metavar="FILE", help="clusters as node groups, TOML or JSON")
    parser.add_argument("--jobs", metavar="FILE", help="jobs in TOML, JSON or JSON Lines; - reads standard input")
    parser.add_argument("--faults", metavar="FILE", help="which driver acts on which cluster at which job")
    parser.add_argument("--profile", metavar="NAME", help="who bids: rule, or a profile of quorate.toml")
    parser.add_argument("--seed", type=seed, metavar="N", help="draws background load, demo keys and run times")
    parser.add_argument("--json", metavar="FILE", help="the run as one document; - for standard output")
    parser.add_argument("--ledger", metavar="FILE", help="write the ledger here")
    parser.add_argument("--record", metavar="DIR", help="keep every prompt and reply by content hash")
    parser.add_argument("--resume", nargs="?", const=NEWEST, metavar="RUN", help="go on with an interrupted run")
    parser.add_argument("--config", metavar="FILE", help="another quorate.toml")
    parser.add_argument("--no-times", action="store_true", help="leave wall-clock times out: same seed, same bytes")
    parser.add_argument("--no-emoji", action="store_true", help="no pictographs")
    parser.add_argument("--quiet", action="store_true", help="the summary only")
    parser.add_argument("--show-llm", action="store_true", help="print every prompt and reply")
    one = parser.add_argument_group("one job in flags")
    one.add_argument("--id", help="its id (default job_001)")
    one.add_argument("--nodes", type=whole, metavar="N", help="whole nodes")
    one.add_argument(
        "--walltime-min", type=whole, metavar="N", help=f"the limit asked for, minutes (default {WALLTIME_MIN})"
    )
    one.add_argument(
        "--gpus-per-node", type=whole, metavar="N", help="GPUs that each of its nodes must have (default 0)"
    )
    one.add_argument("--memory-gib-per-node", type=whole, metavar="N", help="memory of each, GiB (default 0)")
    one.add_argument("--type", choices=CLUSTER_TYPES, help="the kind of cluster that suits it (default hpc)")
    for name, words in (("name", "for people"), ("application", "the program"), ("description", "what it does")):
        one.add_argument(f"--{name}", metavar="TEXT", help=words)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = Parser(prog="quorate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter, allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = command(commands, "demo", "eight jobs through six clusters, and one lie at job 7")
    run = command(commands, "run", "your jobs through your federation")
    for each in (demo, run):
        _run_flags(each)
        each.set_defaults(act=_run)
    verify = command(
        commands, "verify", "check a ledger offline: re-execute it from genesis, or with --light its certificates"
    )
    verify.add_argument("path", metavar="LEDGER", help="the ledger file")
    verify.add_argument("--genesis", metavar="FILE", help="what the ledger must begin with")
    verify.add_argument("--checkpoint", metavar="HEIGHT:DIGEST", help="a head that you know: refuse any other past")
    verify.add_argument("--light", action="store_true", help="headers and certificates only, nothing is executed")
    verify.add_argument(
        "--skip", action="store_true", help="with --light: certificates only where the committee changes"
    )
    verify.set_defaults(act=_verify)
    command(commands, "faults", "list the fault drivers").set_defaults(act=_faults)
    for name, act, words in (
        ("config", _config, "print the resolved configuration, keys masked"),
        ("probe", _probe, "ask a provider what its model can do"),
    ):
        each = command(commands, name, words)
        each.add_argument("--profile", metavar="NAME", help="a profile of quorate.toml (default the one in use)")
        each.add_argument("--config", metavar="FILE", help="another quorate.toml")
        each.set_defaults(act=act)
    add_commands(commands)
    return top


def _refused(error: Exception) -> int:
    """Say in one printable line why nothing more happens."""
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        error = RequestInvalid(f"{what}{error.strerror or error}; make room or name another place")
    sentence = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(error))
    Console(stderr=True, highlight=False).print(f"error: {sentence}", markup=False, soft_wrap=True, emoji=False)
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        args = parser().parse_args(argv)
        act: Callable[[argparse.Namespace], int] = args.act
        status = act(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever read our lines has gone: that is no failure
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OperatorError, LedgerBroken, OSError) as error:
        return _refused(error)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
