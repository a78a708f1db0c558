"""The terminal's commands around members that run as processes: begin, run, change the committee, hand jobs in.

Whoever may read a member's folder on its machine speaks to it through the socket in there (`--member HOME`).
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

import wiring
from backends.ledger_file import read_lines
from backends.reading import read_federation, read_jobs, shown
from federation import control
from federation.founding import CARD, Card, enter, found, make, make_next, read_card
from federation.home import Home
from federation.keys import new_seed, pem_key, read_seed, write_secret
from flags import Parser, command, natural, path, place, positive, seed, whole
from quorate.consensus.signing import KeySigner
from quorate.domain.canonical import canonical_value, digest
from quorate.domain.errors import PeerUnreachable, RequestInvalid
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId
from quorate.ledger.acts import Join, Leave, Motion, Receipt, Release, Rotate, receipt_bytes, submission_bytes
from quorate.ledger.verify import verify_lines

MOTION_WAIT_S = 10.0
"""How long `motion` waits for the ledger to say what became of it."""

ANSWER_S = 20.0
"""How long a member that is busy catching up may take to answer."""

DELAY_MS_MAX = 600_000


def _say(line: str) -> None:
    Console(highlight=False, soft_wrap=True).print(line, markup=False)


# -- a member's beginning --------------------------------------------------------------------------------------


def _peer(args: argparse.Namespace) -> int:
    from peering import run_peer

    if args.delay_ms > DELAY_MS_MAX:
        raise RequestInvalid(f"--delay-ms {args.delay_ms} is too long; give at most {DELAY_MS_MAX}")
    settings = wiring.read_settings(path(args.config))
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
    federation = read_federation(path(args.federation) or wiring.REFERENCE_FEDERATION)
    names = [cluster.id for cluster in federation.clusters]
    if args.cluster not in names:
        raise RequestInvalid(f"there is no cluster {shown(args.cluster)} in the federation; it has {', '.join(names)}")
    cluster = federation.clusters[names.index(args.cluster)]
    card = make(Path(args.home), cluster, args.background, args.host, args.port)
    _say(
        f"{Path(args.home) / CARD} is the card of {card.cluster.id}: give it to the other centres; "
        "the folder holds its key: give that to nobody"
    )
    return 0


def _peer_found(args: argparse.Namespace) -> int:
    genesis = found(
        Home(Path(args.home)),
        args.name,
        [read_card(Path(card)) for card in args.card],
        bid_window_s=args.bid_window_s,
        sealed=not args.open_bids,
        probation_heights=args.probation_heights,
        opinions=args.opinions,
    )
    _say(
        f"{len(genesis.members)} members found the chain {genesis.digest}: every centre must read the same, "
        f"then start its own with `peer {args.home}`"
    )
    return 0


def _peer_enter(args: argparse.Namespace) -> int:
    """Take the chain that admitted this member: what is in the ledger is verified first, from genesis on."""
    lines = list(read_lines(Path(args.ledger)))
    heights = list(verify_lines(lines))
    genesis = enter(Home(Path(args.home)), lines, heights, [read_card(Path(card)) for card in args.card])
    _say(
        f"{args.home} enters the chain {genesis.digest} at height {len(heights)}: compare that name with the other "
        f"centres, then start it with `peer {args.home}`"
    )
    return 0


def _peer_rotate(args: argparse.Namespace) -> int:
    home = Home(Path(args.home))
    if not home.folder.is_dir():
        raise RequestInvalid(f"there is no member's folder {home.folder}; make one with `peer-init`")
    card = make_next(home)
    _say(
        f"{home.next / CARD} is the new card of {card.cluster.id}: give it to the other centres, who endorse "
        "`motion rotate` with it; the member takes the new key by itself once a quorum has, and forgets the old one"
    )
    return 0


# -- at a running member ---------------------------------------------------------------------------------------


def _asked(args: argparse.Namespace, question: control.Ask) -> control.PeerStatus:
    """Ask the member that `--member` names; RequestInvalid if it does not run or refuses."""
    try:
        status = asyncio.run(control.ask(Home(Path(args.member)).socket, question, ANSWER_S))
    except PeerUnreachable as error:
        raise RequestInvalid(str(error)) from error
    if status.error:
        raise RequestInvalid(f"{status.cluster or args.member} refuses: {status.error}")
    return status


def _signed(job: Job, signer: KeySigner, submitter: str, chain: str) -> control.SubmitJob:
    owned = job.model_copy(update={"submitter": submitter, "submitter_key": signer.public_key.hex()})
    return control.SubmitJob(job=owned, signature=signer.sign(submission_bytes(chain, owned)).hex())


def _submit(args: argparse.Namespace) -> int:
    """Hand jobs in, signed by their submitter if it names its key; say which were not taken."""
    jobs = [job.job() for job in read_jobs(Path(args.jobs)).jobs]
    signer = KeySigner(read_seed(Path(args.key))) if args.key else None
    chain = _asked(args, control.AskStatus()).chain
    refused = 0
    for job in jobs:
        question = _signed(job, signer, args.submitter, chain) if signer else control.SubmitJob(job=job)
        try:
            _asked(args, question)
        except RequestInvalid as error:
            _say(f"{job.id}: {error}")
            refused += 1
    _say(f"{len(jobs) - refused} of {len(jobs)} jobs handed in; `status --member {args.member}` says how they fare")
    return 1 if refused else 0


def _receipt(args: argparse.Namespace) -> int:
    """Sign what the ledger says of a job's end, or what its submitter saw instead, and hand it in."""
    signer = KeySigner(read_seed(Path(args.key)))
    status = _asked(args, control.AskStatus())
    end = next((each for each in reversed(status.ended) if each.job == args.job), None)
    if end is None:
        raise RequestInvalid(f"{shown(args.job)} has not ended at {status.cluster}; `status` lists what has")
    run_s = end.run_s if args.run_s is None else args.run_s
    succeeded = end.succeeded and not args.failed
    signature = signer.sign(receipt_bytes(status.chain, JobId(end.job), run_s, succeeded)).hex()
    receipt = Receipt(job=JobId(end.job), run_s=run_s, succeeded=succeeded, signature=signature)
    _asked(args, control.HandReceipt(receipt=receipt))
    agrees = (run_s, succeeded) == (end.run_s, end.succeeded)
    word = "confirms" if agrees else "contradicts"
    _say(f"the receipt for {end.job} {word} {end.cluster}: {_ran(run_s, succeeded=succeeded)}; handed in")
    return 0


def _ran(run_s: int, *, succeeded: bool) -> str:
    return f"ran {run_s} s and {'succeeded' if succeeded else 'failed'}"


def _status(args: argparse.Namespace) -> int:
    status = _asked(args, control.AskStatus())
    if args.json:
        _say(status.model_dump_json())
        return 0
    _say(f"{status.cluster}: height {status.height}, head {status.head or 'none'}")
    if status.halted:
        _say(f"  halted: {status.halted}")
    for member in status.members:
        _say(f"  {member.cluster:20} reputation {member.reputation / 1_000:.3f}  {_stands(member)}")
    for motion in status.pending:
        _say(f"  motion {motion.motion[:16]}: {_support(status, motion.behind)}")
    for decision in status.decisions:
        where = f" to {decision.cluster}" if decision.cluster else ""
        _say(f"  {decision.job}: {decision.outcome}{where}, height {decision.height}{decision.moved}")
    for end in status.ended:
        _say(f"  {end.job}: {_ran(end.run_s, succeeded=end.succeeded)} on {end.cluster}")
    for line in (*(f"finding: {said}" for said in status.findings), *(f"credit: {said}" for said in status.credits)):
        _say(f"  {line}")
    return 0


def _stands(member: control.Standing) -> str:
    if member.left:
        return "has left"
    if member.jailed:
        return "jailed"
    if member.powerless_until:
        return f"on probation, votes from height {member.powerless_until} on"
    return f"power {member.power / 1_000:.3f}"


# -- changes of the committee ----------------------------------------------------------------------------------


def _motion(args: argparse.Namespace) -> int:
    """Stand behind a motion at one member, and wait until the ledger says what became of that."""
    make_motion: Callable[[argparse.Namespace], Motion] = args.motion
    motion = make_motion(args)
    name = digest(canonical_value(motion))
    status = _asked(args, control.EndorseMotion(motion=motion))
    end = time.monotonic() + MOTION_WAIT_S
    while (said := _became(status, motion, name)) is None and time.monotonic() < end:
        time.sleep(0.1)
        status = _asked(args, control.AskStatus())
    what = f"{motion.motion} {_subject(motion)}"
    waits = status.halted or "not on the ledger yet; ask `status`"
    _say(f"{what}: {said or f'handed in at {status.cluster}, {waits}'}")
    return 0


def _subject(motion: Motion) -> ClusterId:
    return motion.cluster.id if isinstance(motion, Join) else motion.cluster


def _became(status: control.PeerStatus, motion: Motion, name: str) -> str | None:
    """Return what this member's ledger says of a motion, None while its own consent is not there."""
    member = next((each for each in status.members if each.cluster == _subject(motion)), None)
    if member is not None and _done(member, motion):
        return f"done at height {status.height} or before; {_stands(member)}"
    behind = next((each.behind for each in status.pending if each.motion == name), ())
    if status.cluster not in behind:
        return None
    return _support(status, behind)


def _done(member: control.Standing, motion: Motion) -> bool:
    match motion:
        case Join() | Rotate():
            return member.public_key == motion.public_key
        case Leave():
            return member.left
        case Release():
            return not member.jailed


def _support(status: control.PeerStatus, behind: Sequence[str]) -> str:
    active = sum(1 for member in status.members if member.power)
    return f"{len(behind)} of {active} with power stand behind it, two thirds are needed: {', '.join(behind)}"


def _introduced(args: argparse.Namespace) -> Card:
    """Return the card of whoever joins or changes its key, made known to the member first."""
    card = read_card(Path(args.card))
    _asked(args, control.MeetAddress(address=card.address))
    return card


def _join(args: argparse.Namespace) -> Motion:
    card = _introduced(args)
    key = pem_key(card.address.certificate).hex()
    return Join(cluster=card.cluster, public_key=key, background=card.background)


def _rotate(args: argparse.Namespace) -> Motion:
    card = _introduced(args)
    return Rotate(cluster=card.cluster.id, public_key=pem_key(card.address.certificate).hex())


def _named(args: argparse.Namespace) -> ClusterId:
    names = [member.cluster for member in _asked(args, control.AskStatus()).members]
    if args.cluster not in names:
        raise RequestInvalid(f"{shown(args.cluster)} is no member; members: {', '.join(names)}")
    return ClusterId(args.cluster)


def _leave(args: argparse.Namespace) -> Motion:
    return Leave(cluster=_named(args))


def _release(args: argparse.Namespace) -> Motion:
    return Release(cluster=_named(args))


def _meet(args: argparse.Namespace) -> int:
    card = _introduced(args)
    _say(f"{args.member} finds {card.cluster.id} at {card.address.host}:{card.address.port} from now on")
    return 0


def _key(args: argparse.Namespace) -> int:
    fresh = new_seed()
    try:
        write_secret(Path(args.file), fresh.hex().encode())
    except FileExistsError as error:
        raise RequestInvalid(f"{args.file} exists; a key is never written over: name another file") from error
    _say(f"{args.file} holds the key whose public half is {KeySigner(fresh).public_key.hex()}: give the file to nobody")
    return 0


# -- six of them on one machine --------------------------------------------------------------------------------


def _federation(args: argparse.Namespace) -> int:
    from federating import carry_out

    settings = wiring.read_settings(path(args.config))
    asked = wiring.request(
        settings, federation=path(args.federation), jobs=path(args.jobs), seed=args.seed, profile=args.profile
    )
    wiring.check_answering(settings, asked)
    console = Console(highlight=False, soft_wrap=True)
    profile = ("--profile", args.profile) if args.profile else ()
    extra = (*profile, *(("--config", str(Path(args.config).absolute())) if args.config else ()))
    victim = args.victim or asked.federation.clusters[0].id
    if victim not in {cluster.id for cluster in asked.federation.clusters}:
        raise RequestInvalid(f"there is no cluster {shown(victim)} to make trouble for; name one of the federation")
    outcome = asyncio.run(carry_out(asked, args.trouble, victim, console, extra, opinions=settings.run.opinions))
    for finding in outcome.findings:
        console.print(f"finding  {finding}", markup=False)
    same = len(outcome.heads) == 1
    verdict = "every member stands at the same head" if same else "members stand at different heads"
    console.print(f"{verdict}: {', '.join(sorted(outcome.heads))}", markup=False)
    return 0 if same and all(d and d.outcome == "allocated" for d in outcome.decisions) else 1


# -- flags -----------------------------------------------------------------------------------------------------


def add_commands(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands of members that run as processes."""
    _beginning(commands)
    _running(commands)
    _changing(commands)
    federation = command(commands, "federation", "six processes over TCP decide the same eight jobs")
    federation.add_argument("--federation", type=place, metavar="FILE", help="clusters as node groups, TOML or JSON")
    federation.add_argument("--jobs", type=place, metavar="FILE", help="jobs in TOML, JSON or JSON Lines")
    federation.add_argument("--config", type=place, metavar="FILE", help="another quorate.toml")
    federation.add_argument("--profile", metavar="NAME", help="who bids: rule, or a profile of quorate.toml")
    federation.add_argument("--seed", type=seed, metavar="N", help="draws background load and run times")
    federation.add_argument(
        "--trouble", choices=("none", "kill", "stop", "liar"), default="none", help="what befalls one of them at job 3"
    )
    federation.add_argument("--victim", metavar="CLUSTER", help="whom the trouble befalls (default the first)")
    federation.set_defaults(act=_federation)


def _beginning(commands: "argparse._SubParsersAction[Parser]") -> None:
    init = command(commands, "peer-init", "make one member's folder: a fresh key, and a card for the others")
    init.add_argument("home", type=place, metavar="HOME", help="the folder to make")
    init.add_argument("--cluster", required=True, metavar="ID", help="which cluster of the federation it stands for")
    init.add_argument("--federation", type=place, metavar="FILE", help="clusters as node groups, TOML or JSON")
    init.add_argument("--host", required=True, metavar="HOST", help="where the other members reach it")
    init.add_argument("--port", required=True, type=whole, metavar="N", help="1 to 65535")
    init.add_argument("--background", type=whole, default=0, metavar="N", help="nodes busy for others")
    init.set_defaults(act=_peer_init)
    begin = command(commands, "peer-found", "found the chain in a member's folder, from everybody's cards")
    begin.add_argument("home", type=place, metavar="HOME", help="the folder that peer-init made")
    begin.add_argument(
        "card", nargs="+", type=place, metavar="CARD", help="the cards of all members, one's own among them"
    )
    begin.add_argument("--name", required=True, help="what the federation is called")
    begin.add_argument("--bid-window-s", type=whole, default=60, metavar="N", help="how long a call waits for answers")
    begin.add_argument(
        "--probation-heights", type=whole, default=20, metavar="N", help="how long a joiner watches without power"
    )
    begin.add_argument("--open-bids", action="store_true", help="answers are not sealed")
    begin.add_argument("--opinions", action="store_true", help="members' opinions of rivals' bids are heard")
    begin.set_defaults(act=_peer_found)
    into = command(commands, "peer-enter", "enter a chain that has admitted a member's card")
    into.add_argument("home", type=place, metavar="HOME", help="the folder that peer-init made")
    into.add_argument(
        "ledger", type=place, metavar="LEDGER", help="a copy of a member's ledger, verified here from genesis on"
    )
    into.add_argument("card", nargs="+", type=place, metavar="CARD", help="the cards of the members")
    into.set_defaults(act=_peer_enter)
    anew = command(commands, "peer-rotate", "make the key that is to take over in a member's folder")
    anew.add_argument("home", type=place, metavar="HOME", help="its folder")
    anew.set_defaults(act=_peer_rotate)
    peer = command(commands, "peer", "run one member as a process")
    peer.add_argument("home", type=place, metavar="HOME", help="its folder: key, genesis, roster, ledger")
    peer.add_argument("--profile", metavar="NAME", help="who bids: rule, or a profile of quorate.toml")
    peer.add_argument("--config", type=place, metavar="FILE", help="another quorate.toml")
    peer.add_argument("--fault", metavar="DRIVER", help="make this member misbehave")
    peer.add_argument(
        "--delay-ms", type=natural, default=0, metavar="N", help="hold messages back, as a long cable would"
    )
    peer.add_argument("--hasten", type=positive, default=1, metavar="N", help="run simulated jobs N times faster")
    peer.set_defaults(act=_peer)


def _running(commands: "argparse._SubParsersAction[Parser]") -> None:
    status = command(commands, "status", "how things stand at a running member")
    _at(status)
    status.add_argument("--json", action="store_true", help="as one line of JSON")
    status.set_defaults(act=_status)
    submit = command(commands, "submit", "hand jobs in at a running member")
    submit.add_argument("jobs", type=place, metavar="JOBS", help="jobs in TOML, JSON or JSON Lines")
    _at(submit)
    submit.add_argument("--key", type=place, metavar="FILE", help="sign them with this submitter's key")
    submit.add_argument("--submitter", default="anonymous", metavar="NAME", help="who asks")
    submit.set_defaults(act=_submit)
    receipt = command(commands, "receipt", "sign what became of a job, as its submitter, and hand it in")
    receipt.add_argument("job", metavar="JOB", help="the job's id")
    _at(receipt)
    receipt.add_argument("--key", required=True, type=place, metavar="FILE", help="the key that signed the job")
    receipt.add_argument("--run-s", type=natural, metavar="N", help="it ran so long (default what its cluster says)")
    receipt.add_argument("--failed", action="store_true", help="it failed, whatever its cluster says")
    receipt.set_defaults(act=_receipt)
    keys = command(commands, "key", "make a submitter's key")
    keys.add_argument("file", type=place, metavar="FILE", help="where to keep it")
    keys.set_defaults(act=_key)


def _changing(commands: "argparse._SubParsersAction[Parser]") -> None:
    motion = command(commands, "motion", "stand behind a change of the committee, at a running member")
    kinds = motion.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, made, words in (
        ("join", _join, "admit a cluster, on probation first"),
        ("rotate", _rotate, "give a member the key on its new card"),
    ):
        each = command(kinds, name, words)
        each.add_argument("card", type=place, metavar="CARD", help="its card")
        each.set_defaults(act=_motion, motion=made)
        _at(each)
    for name, made, words in (
        ("leave", _leave, "let a member go"),
        ("release", _release, "release a member from jail, on probation first"),
    ):
        each = command(kinds, name, words)
        each.add_argument("cluster", metavar="CLUSTER", help="its cluster's id")
        each.set_defaults(act=_motion, motion=made)
        _at(each)
    meet = command(commands, "meet", "tell a running member where another is to be found")
    meet.add_argument("card", type=place, metavar="CARD", help="its card")
    _at(meet)
    meet.set_defaults(act=_meet)


def _at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--member", required=True, type=place, metavar="HOME", help="the folder of a member that runs here"
    )
