"""`python -m evals`: score replies, run a prompt, compare runs, gate a change."""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from evals.datasets import DEFAULT_SEED, SET_NAMES
from evals.terminal import complain
from quorate.domain.errors import OperatorError

MEND, CANCELLED = 2, 130

HERE = Path(__file__).resolve().parent

Args = argparse.Namespace

# Each command imports what it needs when it runs: scoring a file loads neither numpy nor a provider's client.


def _score(args: Args) -> int:
    from evals.commands import run_score

    return run_score(args.file, args.json, args.strict)


def _gold(args: Args) -> int:
    from evals.commands import run_gold

    return run_gold(args.folder, args.json, args.split)


def _power(args: Args) -> int:
    from evals.commands import run_power

    return run_power(args.repeats, args.seed)


def _selftest(args: Args) -> int:
    from evals.commands import run_selftest

    return run_selftest(args.comparisons, args.size, args.seed)


def _run(args: Args) -> int:
    from evals.forms import FORM_NAMES
    from evals.run_commands import askings, budget, prompt_asked, resume, run_arms
    from evals.running import Asking
    from wiring import read_settings

    settings = read_settings(args.config)
    if args.resume is not None:
        return resume(settings.llm, settings.prompts, args.resume, args.json)
    tokens, usd = budget(args.budget)
    common = Asking("", None, args.set, args.split, args.seed, args.epochs, tokens_max=tokens, usd_max=usd)
    if args.federation is not None:
        common = replace(common, federation=args.federation)
    profiles = args.profile or ([settings.llm.use] if settings.llm.use != "rule" else _shipped(args))
    prompts: list[int | Path | None] = [prompt_asked(text) for text in args.prompt] or [None]
    wanted = list(askings(profiles, prompts, common, FORM_NAMES if args.forms else FORM_NAMES[:1]))
    return run_arms(settings.llm, settings.prompts, wanted, args.out, args.json)


def _shipped(args: Args) -> list[str]:
    """Return what is asked where nothing is chosen and no key is there: the rule, and our scripted replies."""
    plain = args.set == "quick" and args.split == "dev" and args.seed == DEFAULT_SEED and not args.prompt
    return ["rule", "scripted"] if plain else ["rule"]


def _attack(args: Args) -> int:
    from evals.run_commands import Attack, budget, prompt_version, run_attack
    from evals.running import Asking
    from wiring import read_settings

    settings = read_settings(args.config)
    tokens, usd = budget(args.budget)
    prompt = prompt_version(args.prompt) if args.prompt else None
    profile = args.profile or settings.llm.use
    asking = Asking(profile, prompt, "quick", seed=args.seed, tokens_max=tokens, usd_max=usd)
    if args.federation is not None:
        asking = replace(asking, federation=args.federation)
    return run_attack(settings.llm, settings.prompts, asking, Attack(args.queries, args.judged), args.json)


def _outcome(args: Args) -> int:
    import carrying
    import wiring
    from backends.reading import JobRequest, Workload, read_federation
    from evals import outcome
    from evals.terminal import say
    from quorate.ledger.report import RunReport

    settings = wiring.read_settings(args.config)
    place = args.federation or wiring.REFERENCE_FEDERATION

    def carry(course: outcome.Course) -> RunReport:
        jobs = tuple(JobRequest.model_validate(asked) for asked in map(outcome.requested, course.jobs))
        with tempfile.TemporaryDirectory() as folder:
            places, plan = wiring.Places(Path(folder)), Path(folder) / "faults.json"
            plan.write_text(json.dumps(outcome.faults(course)))
            asked = wiring.request(
                settings, federation=place, jobs=Workload(jobs=jobs), faults=plan, seed=course.seed,
                profile=args.profile, name=course.id,
            )  # fmt: skip
            complain(course.id)
            return asyncio.run(carrying.carry_out(settings, asked, places, wiring.Options(times=False)))

    courses = outcome.courses(read_federation(place), args.seed, args.split, args.sequences)
    for line in outcome.outcome_lines(outcome.run(courses, carry)):
        say(line)
    return 0


def _script(args: Args) -> int:
    from evals.scripting import write_replies

    return write_replies(args.out)


def _show(args: Args) -> int:
    from evals.run_commands import run_show

    return run_show(args.runs)


def _compare(args: Args) -> int:
    from evals.run_commands import run_compare

    return run_compare(args.a, args.b, args.json)


def _gate(args: Args) -> int:
    from evals.gate import Limits
    from evals.run_commands import run_gate

    return run_gate(args.run_folder, args.against, Limits(args.fallback_max, args.samples_min, args.goals))


def _keep(args: Args) -> int:
    from evals.run_commands import run_keep

    return run_keep(args.run_folder)


def _table(args: Args) -> int:
    from evals.run_commands import run_table

    return run_table(args.into)


def _view(args: Args) -> int:
    from evals.run_commands import RUNS, view_command

    return subprocess.run(view_command(args.folder or RUNS, args.port), check=False).returncode


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share from 0 to 1")
    return value


Command = Callable[[str, str, Callable[[Args], int]], argparse.ArgumentParser]


def _without_models(command: Command) -> None:
    score = command("score", "say what recorded replies state, and what of it is false", _score)
    score.add_argument("file", type=Path, help="JSON Lines: id, job, cluster, reply")
    score.add_argument("--json", metavar="OUT", help="write records[] there; - for standard output")
    score.add_argument("--strict", action="store_true", help="exit 1 if any reply is not clean")

    gold = command("gold", "precision and recall of refuted statements against labelled replies", _gold)
    gold.add_argument("--folder", type=Path, default=HERE / "gold")
    gold.add_argument("--split", choices=("dev", "held_out"), help="this one alone; dev is for tuning, held_out is not")
    gold.add_argument("--json", metavar="OUT", help="write the figures there; - for standard output")

    power = command("power", "simulate which change how many groups find", _power)
    power.add_argument("--repeats", type=_positive, default=1_000, help="comparisons a cell (default %(default)s)")
    power.add_argument("--seed", type=int, default=DEFAULT_SEED)

    selftest = command("selftest", "plant defects and compare equals: does the suite see what it should?", _selftest)
    selftest.add_argument("--comparisons", type=int, default=200, help="comparisons of equals (default %(default)s)")
    selftest.add_argument("--size", type=_positive, default=40, help="groups of the grid (default %(default)s)")
    selftest.add_argument("--seed", type=int, default=DEFAULT_SEED)


def _runs(command: Command) -> None:
    run = command("run", "ask a profile with a prompt, and print its figures", _run)
    run.add_argument("--profile", action="append", help="a profile of [llm]; again for another arm")
    run.add_argument("--prompt", action="append", default=[], help="bid/2, or a file mine.md; again for another arm")
    run.add_argument(
        "--forms", action="store_true", help="each prompt in three forms beside each other; shows the spread"
    )
    run.add_argument("--set", choices=SET_NAMES, default="quick")
    run.add_argument("--split", choices=("dev", "held_out"), default="dev", help="held_out: only to judge")
    run.add_argument("--epochs", type=_positive, default=1, help="how often each question is asked")
    run.add_argument("--seed", type=int, default=DEFAULT_SEED)
    run.add_argument(
        "--budget", action="append", default=[], help="200000, 3M (tokens) or 2.50usd; nothing is spent beyond"
    )
    run.add_argument("--federation", type=Path, help="a federation file (default: the reference)")
    run.add_argument("--config", type=Path, help="a configuration file (default: quorate.toml)")
    run.add_argument("--out", type=Path, help="where the runs' folders are made (default: runs/evals)")
    run.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run that was cut off")
    run.add_argument("--json", metavar="OUT", help="write the figures there; - for standard output")


def _against_misconduct(command: Command) -> None:
    attack = command("attack", "search for texts in a job that move a bidder, and judge the best afresh", _attack)
    attack.add_argument("--profile", help="a profile of [llm] (default: the configured one)")
    attack.add_argument("--prompt", help="bid/2")
    attack.add_argument("--queries", type=_positive, default=200, help="attacks in each slot (default %(default)s)")
    attack.add_argument("--judged", type=_positive, default=90, help="fresh questions in each slot (%(default)s)")
    attack.add_argument("--seed", type=int, default=DEFAULT_SEED)
    attack.add_argument("--budget", action="append", default=[], help="as of run; nothing is spent beyond")
    attack.add_argument("--federation", type=Path, help="a federation file (default: the reference)")
    attack.add_argument("--config", type=Path, help="a configuration file (default: quorate.toml)")
    attack.add_argument("--json", metavar="OUT", help="write the result there; - for standard output")

    outcome = command("outcome", "carry job sequences through consensus, one member misbehaving", _outcome)
    outcome.add_argument("--profile", help="a profile of [llm] (default: the configured one)")
    outcome.add_argument("--sequences", type=_positive, default=2, help="of eight jobs each (default %(default)s)")
    outcome.add_argument("--split", choices=("dev", "held_out"), default="dev")
    outcome.add_argument("--seed", type=int, default=DEFAULT_SEED)
    outcome.add_argument("--federation", type=Path, help="a federation file (default: the reference)")
    outcome.add_argument("--config", type=Path, help="a configuration file (default: quorate.toml)")


def _about_runs(command: Command) -> None:
    script = command("script", "write the scripted profile's replies to the quick set again", _script)
    script.add_argument("--out", type=Path, default=HERE / "scripted" / "quick.jsonl")

    show = command("show", "print the figures of runs", _show)
    show.add_argument("runs", type=Path, nargs="+")

    compare = command("compare", "is run B better than run A, worse, the same, or undecided?", _compare)
    compare.add_argument("a", type=Path)
    compare.add_argument("b", type=Path)
    compare.add_argument("--json", metavar="OUT", help="write the comparison there; - for standard output")

    gate = command("gate", "exit 1 if a run may not go in", _gate)
    gate.add_argument("run_folder", type=Path, metavar="run")
    gate.add_argument("--against", type=Path, metavar="RUN", help="refuse what got worse than this run")
    gate.add_argument("--samples-min", type=_positive, default=1)
    gate.add_argument(
        "--fallback-max", type=_share, default=0.05, help="share without a model's bid (default %(default)s)"
    )
    gate.add_argument("--goals", action="store_true", help="refuse a missed goal, too")

    keep = command("keep", "append a run to evals/results", _keep)
    keep.add_argument("run_folder", type=Path, metavar="run")

    table = command("table", "make the table of kept results", _table)
    table.add_argument("--into", type=Path, metavar="DOCUMENT", help="write it between its marks")

    view = command("view", "serve Inspect's viewer on this machine", _view)
    view.add_argument("folder", type=Path, nargs="?")
    view.add_argument("--port", type=_positive, default=7575)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: str, run: Callable[[Args], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=does, description=does)
        made.set_defaults(run=run)
        return made

    _without_models(command)
    _runs(command)
    _against_misconduct(command)
    _about_runs(command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 not as wanted, 2 the person must mend something."""
    args = _parser().parse_args(argv)
    run: Callable[[Args], int] = args.run
    try:
        return run(args)
    except OperatorError as error:
        complain(str(error))
        return MEND
    except KeyboardInterrupt:
        complain("cancelled")
        return CANCELLED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing is wrong, and nothing is left to say
        return 0


if __name__ == "__main__":
    sys.exit(main())
