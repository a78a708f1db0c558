"""How well false statements are found: precision and recall against sentences that people labelled."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.recordings import Scored, recordings, rivals, score
from evals.stats import Interval, wilson
from quorate.domain.errors import RequestInvalid

HERE = Path(__file__).parent / "gold"

LABELS = ("labels.jsonl", "labels-1.jsonl")
"""The settled labels, or the first labeller's where nothing is settled yet."""


SEALED = frozenset({"2", "5"})
"""The sets whose held-out split is told as one figure only: whoever mends what misses there has used it up."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One labelled reply and what was found in it."""

    id: str
    part: str
    """The set that it belongs to: 1, or the number that the name of its folder ends in."""
    split: str
    style: str
    false: bool
    classes: tuple[str, ...]
    """The classes of its false claims."""
    scored: Scored

    @property
    def found(self) -> bool:
        """Whether anything in it was refuted."""
        return bool(self.scored.refuted)

    @property
    def told(self) -> bool:
        """Whether it may be told of in more detail than within the one figure of its split."""
        return self.split != "held_out" or self.part not in SEALED


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision and recall of "this reply states a falsehood", with Wilson's intervals."""

    name: str
    replies: int
    precision: Interval
    recall: Interval


def _lines(path: Path) -> Iterator[dict[str, object]]:
    try:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            value = json.loads(line)
            if not isinstance(value, dict):
                raise RequestInvalid(f"{path} line {number} is no object")
            yield value
    except OSError as error:
        raise RequestInvalid(f"{path}: {error.strerror}; name a folder with bids.jsonl and labels.jsonl") from None
    except ValueError:
        raise RequestInvalid(f"{path} is no JSON Lines file") from None


def _labels(folder: Path) -> dict[str, tuple[bool, tuple[str, ...]]]:
    path = next((folder / name for name in LABELS if (folder / name).is_file()), folder / LABELS[0])
    found: dict[str, tuple[bool, tuple[str, ...]]] = {}
    for line in _lines(path):
        claims = line.get("claims")
        wrong = [str(claim["class"]) for claim in claims if claim["false"]] if isinstance(claims, list) else []
        found[str(line["id"])] = (bool(line["false"]), tuple(dict.fromkeys(wrong)))
    return found


def gold(folder: Path = HERE) -> list[Gold]:
    """Return every labelled reply of a folder and of the folders in it, scored as anybody's recordings are."""
    inner = sorted(path.parent for path in folder.glob("*/bids.jsonl"))
    folders = [folder, *inner] if (folder / "bids.jsonl").is_file() or not inner else inner
    return [one for each in folders for one in _gold(each)]


def _gold(folder: Path) -> list[Gold]:
    labels, path = _labels(folder), folder / "bids.jsonl"
    about = {str(line["id"]): (str(line.get("split")), str(line.get("style"))) for line in _lines(path)}
    number = re.search(r"-(\d+)$", folder.name)
    part = number[1] if number else "1"
    every = list(recordings(path))
    others = rivals(every)
    return [
        Gold(one.id, part, *about[one.id], *labels[one.id], score(one, others)) for one in every if one.id in labels
    ]  # fmt: skip


def figures(name: str, labelled: Sequence[Gold]) -> Figures:
    """Return precision and recall over some labelled replies."""
    hits = sum(one.false and one.found for one in labelled)
    return Figures(
        name,
        len(labelled),
        wilson(hits, sum(one.found for one in labelled)),
        wilson(hits, sum(one.false for one in labelled)),
    )


def _by(labelled: Sequence[Gold], key: Callable[[Gold], str]) -> Iterator[tuple[str, list[Gold]]]:
    for name in sorted({key(one) for one in labelled}):
        yield name, [one for one in labelled if key(one) == name]


def by_split(labelled: Sequence[Gold]) -> list[Figures]:
    """Return the figures over all, per set and split, and per style within a held-out split that is not sealed."""
    parts = list(_by(labelled, lambda one: one.part))
    if len(parts) < 2:
        return [figures("all", labelled), *_within("", labelled)]
    found = [figures("all", labelled)]
    for name, some in parts:
        found += [figures(f"set {name}", some), *_within(f"set {name}, ", some)]
    return found


def _within(prefix: str, labelled: Sequence[Gold]) -> list[Figures]:
    found = [figures(prefix + name, some) for name, some in _by(labelled, lambda one: one.split)]
    held = [one for one in labelled if one.split == "held_out" and one.told]
    return found + [figures(f"{prefix}held_out, {name}", some) for name, some in _by(held, lambda one: one.style)]


def by_class(labelled: Sequence[Gold]) -> list[tuple[str, int, Interval]]:
    """Return, for each class, how many replies hold a false claim of it and the share refuted; the sealed stay out."""
    told = [one for one in labelled if one.told]
    names = sorted({name for one in told for name in one.classes})
    result = []
    for name in names:
        some = [one for one in told if name in one.classes]
        result.append((name, len(some), wilson(sum(one.found for one in some), len(some))))
    return result
