"""How far two annotators of the gold bids agree: `python -m evals.agreement [FOLDER]`, all sets if none is named.

Sources: Cohen 1960 (Educ. Psychol. Meas. 20) for kappa, Cicchetti and Feinstein 1990 (J. Clin. Epidemiol. 43) for the
agreement on what is named: with 546 records and a dozen false claims of a class, agreeing on the rest proves little.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from evals.stats import Interval, clopper_pearson
from evals.terminal import complain, say, shown, table
from quorate.domain.errors import OperatorError, RequestInvalid
from quorate.domain.values import Value

HERE = Path(__file__).parent / "gold"
FIRST, SECOND = "labels-1.jsonl", "labels-2.jsonl"
MEND = 2


class Claim(Value):
    """One statement of a reply, with the words that carry it."""

    sentence: str
    name: str = Field(alias="class")
    false: bool
    fact: str


class Label(Value):
    """One labelled record, in either form: every claim in full, or the classes of the false ones alone."""

    id: str
    false: bool
    claims: tuple[Claim, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def wrong(self) -> frozenset[str]:
        """The classes of its false claims."""
        return frozenset(self.classes) | {claim.name for claim in self.claims if claim.false}


Pair = tuple[Label, Label]
"""The same record by the first and by the second annotator."""


@dataclass(frozen=True, slots=True)
class OnClass:
    """In how many records a false claim of one class was seen by both, by the first only, by the second only."""

    name: str
    both: int
    first: int
    second: int

    @property
    def share(self) -> float:
        """Specific agreement, 0 to 1: of all sightings, the share that the other annotator had too."""
        sightings = 2 * self.both + self.first + self.second
        return 2 * self.both / sightings if sightings else math.nan


def labels(path: Path) -> list[Label]:
    """Return the labels of a JSON Lines file.

    Raises:
        RequestInvalid: the file cannot be read, or a line is no label.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise RequestInvalid(f"{shown(str(path))}: {why}; name a folder with {FIRST} and {SECOND}") from None
    found: list[Label] = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Label.model_validate_json(line))
        except ValidationError as error:
            where = f"{shown(str(path))} line {number}"
            raise RequestInvalid(f"{where}: {error.errors()[0]['msg']}; write an id, false and classes") from None
    return found


def pairs(first: Sequence[Label], second: Sequence[Label]) -> list[Pair]:
    """Return the records of both annotators side by side.

    Raises:
        RequestInvalid: the two did not label the same records in the same order, or there is none.
    """
    if not first or [label.id for label in first] != [label.id for label in second]:
        raise RequestInvalid("the two files do not label the same records; give both every record of bids.jsonl once")
    return list(zip(first, second, strict=True))


def chance(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Return the agreement that two annotators with these rates of `True` have by chance alone, 0 to 1."""
    a, b = sum(first) / len(first), sum(second) / len(second)
    return a * b + (1 - a) * (1 - b)


def raw(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Return the share of records on which the two say the same, 0 to 1."""
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def _beyond(share: float, by_chance: float) -> float:
    return (share - by_chance) / (1 - by_chance) if by_chance < 1 else math.nan


def kappa(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Return Cohen's kappa; nan where both only ever say one thing, for then chance explains everything.

    >>> kappa([True, True, False, False], [True, False, False, False])
    0.5
    """
    return _beyond(raw(first, second), chance(first, second))


def kappa_interval(first: Sequence[bool], second: Sequence[bool], units: int) -> Interval:
    """Return kappa with a 95 % interval that counts `units` independent observations, not more than there are records.

    It is the exact interval of the raw agreement, carried over with the chance agreement held as observed: a bootstrap
    has no width where nothing or nearly nothing differs. Records of one family share a text, so a family is one unit.
    """
    share, by_chance = raw(first, second), chance(first, second)
    around = clopper_pearson(math.floor(share * units + 1e-9), units)
    low, high = (_beyond(end, by_chance) for end in (around.low, around.high))
    return Interval(_beyond(share, by_chance), low, high, groups=units)


def on_classes(both: Sequence[Pair]) -> list[OnClass]:
    """Return the agreement on each class that either annotator used, by name."""
    names = sorted({name for pair in both for label in pair for name in label.wrong})
    return [_on_class(name, both) for name in names]


def _on_class(name: str, both: Sequence[Pair]) -> OnClass:
    seen = [(name in a.wrong, name in b.wrong) for a, b in both]
    return OnClass(name, seen.count((True, True)), seen.count((True, False)), seen.count((False, True)))


def families(both: Sequence[Pair]) -> int:
    """Return how many texts the records come from: the variants of a text share all of the id but its last letter."""
    return len({a.id[:-1] for a, _ in both})


def differing(both: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """Return the ids on whose verdict the two differ, and those where they differ in classes alone."""
    verdict = [a.id for a, b in both if a.false != b.false]
    return verdict, [a.id for a, b in both if a.false == b.false and a.wrong != b.wrong]


def _class_rows(every: Sequence[OnClass], both: Sequence[Pair]) -> list[list[str]]:
    total = OnClass("all", sum(c.both for c in every), sum(c.first for c in every), sum(c.second for c in every))
    rows = [[c.name, str(c.both), str(c.first), str(c.second), f"{c.share:.3f}"] for c in (*every, total)]
    values = [kappa([c.name in a.wrong for a, _ in both], [c.name in b.wrong for _, b in both]) for c in every]
    return [[*row, value] for row, value in zip(rows, [*(f"{value:.3f}" for value in values), ""], strict=True)]


def report(both: Sequence[Pair]) -> list[str]:
    """Return the lines that the command prints."""
    first, second = [a.false for a, _ in both], [b.false for _, b in both]
    same, around = (
        sum(a == b for a, b in zip(first, second, strict=True)),
        kappa_interval(first, second, families(both)),
    )
    verdict, classes = differing(both)
    return [
        f"{len(both)} records of {families(both)} texts; false: {sum(first)} by the first, {sum(second)} by the second",
        f"same verdict on {same} ({100 * raw(first, second):.1f} %); by chance {100 * chance(first, second):.1f} %",
        f"Cohen's kappa {around.estimate:.3f}, 95 % interval {around.low:.3f} to {around.high:.3f}",
        f"same verdict and same false classes on {len(both) - len(verdict) - len(classes)}",
        "",
        *table(
            ["false claims of class", "both", "first only", "second only", "agreement", "kappa"],
            _class_rows(on_classes(both), both),
        ),
        "",
        f"verdicts differ: {' '.join(verdict) or 'none'}",
        f"only classes differ: {' '.join(classes) or 'none'}",
    ]


def sets() -> list[Path]:
    """Return the folders that hold gold bids: the first set's, then those within it by name."""
    return [HERE, *sorted(path.parent for path in HERE.glob(f"*/{FIRST}"))]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the agreement in a folder (in every set, if none is named): 0 done, 2 the person must mend something."""
    named = list(sys.argv[1:] if argv is None else argv)
    try:
        if len(named) > 1:
            raise RequestInvalid(f"{len(named)} folders were named; name one, or none for {HERE.name}")
        for folder in [Path(name) for name in named] or sets():
            for line in [*([] if named else [f"{folder.name}:"]), *_told(folder)]:
                say(line)
    except OperatorError as error:
        complain(str(error))
        return MEND
    return 0


def _told(folder: Path) -> list[str]:
    return [*report(pairs(labels(folder / FIRST), labels(folder / SECOND))), ""]


if __name__ == "__main__":
    sys.exit(main())
