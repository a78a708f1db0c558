"""`python -m evals`: score replies, run a prompt, compare runs, gate a change."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from evals.datasets import DEFAULT_SEED
from evals.terminal import complain
from quorate.domain.errors import OperatorError

MEND, CANCELLED = 2, 130


def _score(args: argparse.Namespace) -> int:
    from evals.commands import run_score

    return run_score(args.file, args.json, args.strict)


def _gold(args: argparse.Namespace) -> int:
    from evals.commands import run_gold

    return run_gold(args.folder, args.json)


def _power(args: argparse.Namespace) -> int:
    from evals.commands import run_power

    return run_power(args.repeats, args.seed)


def _selftest(args: argparse.Namespace) -> int:
    from evals.commands import run_selftest

    return run_selftest(args.comparisons, args.size, args.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=does, description=does)
        made.set_defaults(run=run)
        return made

    score = command("score", "say what recorded replies state, and what of it is false", _score)
    score.add_argument("file", type=Path, help="JSON Lines: id, job, cluster, reply")
    score.add_argument("--json", metavar="OUT", help="write records[] there; - for standard output")
    score.add_argument("--strict", action="store_true", help="exit 1 if any reply is not clean")

    gold = command("gold", "precision and recall of refuted statements against labelled replies", _gold)
    gold.add_argument("--folder", type=Path, default=Path(__file__).parent / "gold")
    gold.add_argument("--json", metavar="OUT", help="write the figures there; - for standard output")

    power = command("power", "simulate which change how many groups find", _power)
    power.add_argument("--repeats", type=int, default=1_000, help="comparisons a cell")
    power.add_argument("--seed", type=int, default=DEFAULT_SEED)

    selftest = command("selftest", "plant defects and compare equals: does the suite see what it should?", _selftest)
    selftest.add_argument("--comparisons", type=int, default=200, help="comparisons of equals")
    selftest.add_argument("--size", type=int, default=40, help="groups of the grid")
    selftest.add_argument("--seed", type=int, default=DEFAULT_SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 not as wanted, 2 the person must mend something."""
    args = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = args.run
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
