"""The commands that need no model: score, gold, power, selftest. Each returns an exit status."""

from collections.abc import Sequence
from pathlib import Path

from backends.reading import read_federation
from evals import power, selftest
from evals import precision as golden
from evals.datasets import DEFAULT_SEED
from evals.files import STANDARD_OUTPUT, write_json
from evals.recordings import recordings, report, rivals, score, summary, text_lines
from evals.stats import Interval
from evals.terminal import complain, say, table

DONE, NOT_AS_WANTED = 0, 1

FEDERATION = Path(__file__).parent.parent / "data" / "federations" / "reference.toml"


def run_score(path: Path, json_target: str | None, strict: bool) -> int:
    """Score a file of recorded replies; with `strict`, 1 if any is not clean."""
    every = list(recordings(path))
    others = rivals(every)
    scored = [score(one, others) for one in every]
    if json_target is not None:
        write_json(json_target, report(scored))
    if json_target != STANDARD_OUTPUT:
        for one in scored:
            for line in text_lines(one):
                say(line)
        say()
        say(summary(scored))
    return NOT_AS_WANTED if strict and any(one.verdict != "clean" for one in scored) else DONE


def percent(interval: Interval) -> str:
    """Return a share with its interval, percent."""
    if interval.groups == 0:
        return "none"
    return f"{100 * interval.estimate:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


GOLD_MIN = 0.95


def run_gold(folder: Path, json_target: str | None, split: str | None = None) -> int:
    """Print precision and recall against gold; 1 if either misses the goal on the held-out split of the newest set."""
    labelled = [one for one in golden.gold(folder) if split in (None, one.split)]
    parts, classes = golden.by_split(labelled), golden.by_class(labelled)
    if json_target is not None:
        write_json(json_target, _gold_json(parts, classes))
    if json_target != STANDARD_OUTPUT:
        _print_gold(parts, classes)
    held = [each for each in parts if each.name.endswith("held_out")]
    good = bool(held) and min(held[-1].precision.estimate, held[-1].recall.estimate) >= GOLD_MIN
    return DONE if good else NOT_AS_WANTED


def _print_gold(parts: Sequence[golden.Figures], classes: Sequence[tuple[str, int, Interval]]) -> None:
    rows = [(each.name, str(each.replies), percent(each.precision), percent(each.recall)) for each in parts]
    _print(table(("replies with a falsehood", "n", "precision %", "recall %"), rows))
    say()
    told = [(name, str(count), percent(found)) for name, count, found in classes]
    _print(table(("class of the false claim", "replies", "refuted %"), told))


def _gold_json(split: Sequence[golden.Figures], classes: Sequence[tuple[str, int, Interval]]) -> dict[str, object]:
    def plain(interval: Interval) -> list[float]:
        return [interval.estimate, interval.low, interval.high]

    return {
        "schema": "quorate.evals.gold/1",
        "figures": [
            {"name": e.name, "replies": e.replies, "precision": plain(e.precision), "recall": plain(e.recall)}
            for e in split
            if e.precision.groups and e.recall.groups
        ],
        "classes": [{"class": name, "replies": count, "refuted": plain(found)} for name, count, found in classes],
    }


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        say(line)


def run_power(repeats: int, seed: int) -> int:
    """Print the power table, simulated, beside the planned one."""
    cells = list(power.table(repeats, seed))
    rows = []
    for groups in power.GROUPS:
        row = [cell for cell in cells if cell.groups == groups]
        rows.append((f"{groups} ({groups * power.GROUP_SIZE})", *(f"{c.power:.2f} ({c.planned:.2f})" for c in row)))
    head = ("groups (samples)", *(f"-{100 * change:.0f} pt" for change in power.CHANGES))
    _print(table(head, rows))
    say(f"simulated with {repeats} comparisons a cell, seed {seed}; planned figures in brackets")
    return DONE


def run_selftest(comparisons: int, size: int, seed: int) -> int:
    """Plant every defect, and compare equals; 1 if the suite misses too many or cries wolf."""
    samples = selftest.questions(read_federation(FEDERATION), size, seed)
    caught = planted = false = 0
    for trial in selftest.trials(samples, seed=seed):
        if not trial.planted.caught_by:
            false += len(trial.missed)
            say(f"{trial.planted.name}: {len(trial.missed)} failures")
            continue
        planted, caught = planted + 1, caught + trial.caught
        say(f"{trial.planted.name}: {'caught by' if trial.caught else 'NOT CAUGHT by'} {trial.planted.caught_by}")
    say(f"caught {caught} of {planted} defects ({100 * caught / planted:.1f} %); clean bidders failed {false} checks")
    alarms = _compare_equals(comparisons, size, seed)
    good = caught >= selftest.CAUGHT_MIN * planted and not false
    return DONE if good and alarms <= selftest.ALARMS_MAX_OF_200 * comparisons / 200 else NOT_AS_WANTED


def _compare_equals(comparisons: int, size: int, seed: int) -> int:
    if not comparisons:
        return 0
    samples = selftest.questions(read_federation(FEDERATION), max(8, size * 3 // 5), seed)
    alarms = 0
    for number, found in enumerate(selftest.alarms(samples, comparisons, seed), start=1):
        alarms += bool(found)
        if number % 20 == 0:
            complain(f"{number} of {comparisons} comparisons of equals, {alarms} alarms")
    say(
        f"{alarms} of {comparisons} comparisons of equals raised an alarm (at most {selftest.ALARMS_MAX_OF_200} of 200)"
    )
    return alarms


__all__ = ["DEFAULT_SEED", "run_gold", "run_power", "run_score", "run_selftest"]
