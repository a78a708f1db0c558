"""The terminal's door: `python cli.py COMMAND`, or `quorate COMMAND` in the environment that make builds.

Exit status: 0 done and all placed; 1 some job unplaced, or the run degraded; 2 a person must mend something;
130 cancelled.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NoReturn

from rich.console import Console

import wiring
from backends.ledger_file import read_lines
from backends.reading import Workload, form, jobs_from, read_federation, read_jobs, read_jobs_text, read_value, shown
from faults.drivers import DRIVERS
from quorate.domain.clusters import CLUSTER_TYPES
from quorate.domain.errors import LedgerBroken, OperatorError, PeerUnreachable, RequestInvalid
from quorate.domain.trace import RunStarted
from quorate.ledger.checkpoint import holding, read_checkpoint
from quorate.ledger.fold import cluster_row, federation_row
from quorate.ledger.genesis import Genesis
from quorate.ledger.report import RunReport
from quorate.ledger.verify import verify_lines
from ui.terminal import Outputs, TerminalFace, quorum_rule

PROGRESS_JOBS_MAX = 500
"""Longer runs print their decisions at the end: folding after every job would take longer than deciding."""

STDIN_BYTES_MAX = 16 * 2**20

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
        return _path(args.jobs)
    return jobs_from({"id": "job_001", "walltime_min": 60, **job}, "the flags")


def _standard_input() -> tuple[bytes, Literal["toml", "json", "jsonl"]]:
    """Return what stands on standard input, and in which form."""
    if sys.stdin is None:
        raise RequestInvalid("standard input is closed; name a file instead of -")
    data = sys.stdin.buffer.read(STDIN_BYTES_MAX + 1)
    return data, form(data)


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def _request(args: argparse.Namespace, settings: wiring.Settings) -> wiring.RunRequest:
    plan = _path(args.faults)
    if plan is None and args.command == "demo":
        plan = wiring.REFERENCE_FAULTS
    return wiring.request(
        settings,
        federation=_path(args.federation),
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


def _show(face: TerminalFace, asked: wiring.RunRequest, started: RunStarted) -> None:
    background = wiring.demo_background(asked.seed, asked.federation)
    rows = tuple(cluster_row(cluster, background[cluster.id]) for cluster in asked.federation.clusters)
    weights = {row.id: 1.0 for row in rows}
    face.header(started, federation_row(asked.federation.name, rows), quorum_rule(weights), weights)


class _Console(Console):
    """A console whose reader may go away, as `head` does: rich would make a failure of it."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _run(args: argparse.Namespace) -> int:
    settings = wiring.read_settings(_path(args.config))
    _checked(args)
    if args.resume is not None:
        asked, places = _resumed(args, settings)
    else:
        asked = _request(args, settings)
        places = wiring.Places(wiring.claimed_folder(Path(settings.run.folder), asked.name))
    human = sys.stderr if args.json == "-" else sys.stdout
    console = _Console(file=human, highlight=False, soft_wrap=False)
    with TerminalFace(console, emoji=not args.no_emoji, quiet=args.quiet, show_llm=args.show_llm) as face:
        _show(face, asked, wiring.started(settings, asked, times=not args.no_times))
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
        record=_path(args.record),
        ledger=_path(args.ledger),
        listen=face.on_event,
        heights=face.progress if len(asked.workload.jobs) <= PROGRESS_JOBS_MAX else None,
    )
    try:
        if args.resume is not None and wiring.finished(places):
            report = wiring.read_report(places)
        else:
            report = asyncio.run(wiring.carry_out(settings, asked, places, options))
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
    console, count, head = Console(highlight=False), 0, "none"
    try:
        heights = verify_lines(read_lines(Path(args.path)), genesis)
        for checked in holding(heights, checkpoint) if checkpoint is not None else heights:
            count, head = count + 1, checked.entry.block.digest
    except LedgerBroken as error:
        known = (("height", error.height), ("byte", error.offset))
        place = ", ".join(f"{word} {at}" for word, at in known if at is not None)
        return _refused(
            LedgerBroken(f"{args.path} does not verify at {place}: {error}; {count} heights before it hold")
        )
    console.print(f"{args.path}: {count} heights verified from genesis, head {head}", markup=False, soft_wrap=True)
    return 0


def _faults(_args: argparse.Namespace) -> int:
    console = Console(highlight=False)
    for driver in DRIVERS.values():
        console.print(f"{driver.name:20} {driver.says}", markup=False)
    return 0


def _config(args: argparse.Namespace) -> int:
    settings = wiring.read_settings(_path(args.config))
    Console(highlight=False).print(wiring.resolved(settings, args.profile), markup=False, soft_wrap=True)
    return 0


def _probe(args: argparse.Namespace) -> int:
    settings = wiring.read_settings(_path(args.config))
    Console(highlight=False).print(asyncio.run(wiring.probe_profile(settings, args.profile)), markup=False)
    return 0


def _peer(args: argparse.Namespace) -> int:
    from peering import run_peer

    settings = wiring.read_settings(_path(args.config))
    console = Console(highlight=False)
    asyncio.run(
        run_peer(
            settings,
            Path(args.home),
            profile=os.environ.get("QUORATE_PROFILE") or None if args.profile is None else args.profile,
            fault=args.fault,
            delay_s=args.delay_ms / 1_000,
            hasten=args.hasten,
            told=lambda line: console.print(line, markup=False),
        )
    )
    return 0


def _peer_init(args: argparse.Namespace) -> int:
    from federation.founding import make

    federation = read_federation(_path(args.federation) or wiring.REFERENCE_FEDERATION)
    names = [cluster.id for cluster in federation.clusters]
    if args.cluster not in names:
        raise RequestInvalid(f"there is no cluster {shown(args.cluster)} in the federation; it has {', '.join(names)}")
    cluster = federation.clusters[names.index(args.cluster)]
    card = make(Path(args.home), cluster, args.background, args.host, args.port)
    Console(highlight=False, soft_wrap=True).print(
        f"{Path(args.home) / 'card.json'} is the card of {card.cluster.id}: give it to the other centres; "
        "the folder holds its key: give that to nobody",
        markup=False,
    )
    return 0


def _peer_found(args: argparse.Namespace) -> int:
    from federation.founding import found, read_card
    from federation.home import Home

    genesis = found(
        Home(Path(args.home)),
        args.name,
        [read_card(Path(card)) for card in args.card],
        bid_window_s=args.bid_window_s,
        sealed=not args.open_bids,
    )
    Console(highlight=False, soft_wrap=True).print(
        f"{len(genesis.members)} members found the chain {genesis.digest}: every centre must read the same, "
        f"then start its own with `peer {args.home}`",
        markup=False,
    )
    return 0


def _peer_ask(args: argparse.Namespace) -> int:
    """Hand jobs in at a member of this machine, if any are given, and say how things stand there."""
    from federation import control
    from federation.home import Home

    socket = Home(Path(args.home)).socket
    jobs = [] if args.jobs is None else [job.job() for job in read_jobs(Path(args.jobs)).jobs]
    console = Console(highlight=False, soft_wrap=True)
    try:
        answers = [asyncio.run(control.ask(socket, control.SubmitJob(job=job))) for job in jobs]
        status = asyncio.run(control.ask(socket, control.AskStatus()))
    except PeerUnreachable as error:
        raise RequestInvalid(str(error)) from error
    refused = [f"{job.id}: {answer.error}" for job, answer in zip(jobs, answers, strict=True) if answer.error]
    for line in refused:
        console.print(line, markup=False)
    console.print(f"{status.cluster}: height {status.height}, head {status.head}", markup=False)
    for decision in status.decisions:
        where = f" to {decision.cluster}" if decision.cluster else ""
        console.print(f"  {decision.job}: {decision.outcome}{where}, height {decision.height}", markup=False)
    for finding in status.findings:
        console.print(f"  finding: {finding}", markup=False)
    return 1 if refused else 0


def _federation(args: argparse.Namespace) -> int:
    from federating import carry_out

    settings = wiring.read_settings(_path(args.config))
    asked = wiring.request(
        settings,
        federation=Path(args.federation) if args.federation else None,
        jobs=Path(args.jobs) if args.jobs else None,
        seed=args.seed,
        profile=args.profile,
    )
    console = Console(highlight=False, soft_wrap=True)
    extra = ("--profile", args.profile) if args.profile else ()
    victim = args.victim or asked.federation.clusters[0].id
    if victim not in {cluster.id for cluster in asked.federation.clusters}:
        raise RequestInvalid(f"there is no cluster {victim!r} to make trouble for; name one of the federation")
    outcome = asyncio.run(carry_out(asked, args.trouble, victim, console, extra))
    for finding in outcome.findings:
        console.print(f"finding  {finding}", markup=False)
    same = len(outcome.heads) == 1
    verdict = "every member stands at the same head" if same else "members stand at different heads"
    console.print(f"{verdict}: {', '.join(sorted(outcome.heads))}", markup=False)
    return 0 if same and all(d and d.outcome == "allocated" for d in outcome.decisions) else 1


# -- flags -----------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a flag as everything else does: one sentence, exit status 2."""

    def error(self, message: str) -> NoReturn:
        raise RequestInvalid(message if "; " in message else f"{message}; {self.prog} --help lists what is known")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{shown(text)} is no whole number; write digits, such as 40") from error


def _seed(text: str) -> int:
    number = _whole(text)
    if not 0 <= number <= wiring.SEED_MAX:
        raise argparse.ArgumentTypeError(f"{shown(text)} is no seed; give a number from 0 to {wiring.SEED_MAX}")
    return number


def _run_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--federation", metavar="FILE", help="clusters as node groups, TOML or JSON")
    parser.add_argument("--jobs", metavar="FILE", help="jobs in TOML, JSON or JSON Lines; - reads standard input")
    parser.add_argument("--faults", metavar="FILE", help="which driver acts on which cluster at which job")
    parser.add_argument("--profile", metavar="NAME", help="who bids: rule, or a profile of quorate.toml")
    parser.add_argument("--seed", type=_seed, metavar="N", help="draws background load, demo keys and run times")
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
    for name in ("name", "application", "description"):
        one.add_argument(f"--{name}")
    one.add_argument("--type", choices=CLUSTER_TYPES)
    for name in ("nodes", "gpus-per-node", "memory-gib-per-node", "walltime-min"):
        one.add_argument(f"--{name}", type=_whole, metavar="N")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = _Parser(
        prog="quorate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter, allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", allow_abbrev=False, help="eight jobs through six clusters, and one lie at job 7")
    run = commands.add_parser("run", allow_abbrev=False, help="your jobs through your federation")
    for each in (demo, run):
        _run_flags(each)
        each.set_defaults(act=_run)
    verify = commands.add_parser("verify", help="re-execute a ledger offline, from genesis")
    verify.add_argument("path", metavar="LEDGER")
    verify.add_argument("--genesis", metavar="FILE", help="what the ledger must begin with")
    verify.add_argument("--checkpoint", metavar="HEIGHT:DIGEST", help="a head that you know: refuse any other past")
    verify.set_defaults(act=_verify)
    commands.add_parser("faults", help="list the fault drivers").set_defaults(act=_faults)
    for name, act, words in (
        ("config", _config, "print the resolved configuration, keys masked"),
        ("probe", _probe, "ask a provider what its model can do"),
    ):
        each = commands.add_parser(name, help=words)
        each.add_argument("--profile", metavar="NAME")
        each.add_argument("--config", metavar="FILE")
        each.set_defaults(act=act)
    _member_commands(commands)
    return top


def _member_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Add the commands of members that run as processes."""
    peer = commands.add_parser("peer", help="run one member as a process")
    peer.add_argument("home", metavar="HOME", help="its folder: key, genesis, roster, ledger")
    peer.add_argument("--profile", metavar="NAME")
    peer.add_argument("--config", metavar="FILE")
    peer.add_argument("--fault", metavar="DRIVER", help="make this member misbehave")
    peer.add_argument("--delay-ms", type=int, default=0, metavar="N", help="hold messages back, as a long cable would")
    peer.add_argument("--hasten", type=int, default=1, metavar="N", help="run simulated jobs N times faster")
    peer.set_defaults(act=_peer)
    init = commands.add_parser("peer-init", help="make one member's folder: a fresh key, and a card for the others")
    init.add_argument("home", metavar="HOME")
    init.add_argument("--cluster", required=True, metavar="ID", help="which cluster of the federation it stands for")
    init.add_argument("--federation", metavar="FILE", help="clusters as node groups, TOML or JSON")
    init.add_argument("--host", required=True, metavar="HOST", help="where the other members reach it")
    init.add_argument("--port", required=True, type=_whole, metavar="N")
    init.add_argument("--background", type=_whole, default=0, metavar="N", help="nodes busy for others")
    init.set_defaults(act=_peer_init)
    begin = commands.add_parser("peer-found", help="found the chain in a member's folder, from everybody's cards")
    begin.add_argument("home", metavar="HOME")
    begin.add_argument("card", nargs="+", metavar="CARD", help="the cards of all members, one's own among them")
    begin.add_argument("--name", required=True, help="what the federation is called")
    begin.add_argument("--bid-window-s", type=_whole, default=60, metavar="N", help="how long a call waits for answers")
    begin.add_argument("--open-bids", action="store_true", help="answers are not sealed")
    begin.set_defaults(act=_peer_found)
    ask = commands.add_parser("peer-ask", help="how things stand at a member of this machine; --jobs hands jobs in")
    ask.add_argument("home", metavar="HOME")
    ask.add_argument("--jobs", metavar="FILE", help="jobs in TOML, JSON or JSON Lines")
    ask.set_defaults(act=_peer_ask)
    federation = commands.add_parser("federation", help="six processes over TCP decide the same eight jobs")
    for flag in ("--federation", "--jobs", "--config"):
        federation.add_argument(flag, metavar="FILE")
    federation.add_argument("--profile", metavar="NAME")
    federation.add_argument("--seed", type=int, metavar="N")
    federation.add_argument("--trouble", choices=("none", "kill", "stop", "liar"), default="none")
    federation.add_argument("--victim", metavar="CLUSTER", help="whom the trouble befalls")
    federation.set_defaults(act=_federation)


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
