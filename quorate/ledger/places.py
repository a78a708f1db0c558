"""Places in a line of a ledger: which bytes a part stands at, and the first part that has the wrong shape.

docs/protocol.md P-63.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from quorate.consensus.plain import DEPTH_MAX
from quorate.domain.canonical import INTEGER_MAX, canonical


class KeyName(str):
    """A last step that points at a key itself, not at its value."""

    __slots__ = ()


Path = tuple[str | int, ...]
"""Keys and positions from the outermost value of a line to one part of it."""

Check = Callable[[object], Path | None]
"""Returns the path to the first part of the wrong shape, None if there is none."""


@dataclass(frozen=True, slots=True)
class Damage:
    """The first wrong byte of a line, and what is wrong there."""

    offset: int
    says: str


# -- bytes -----------------------------------------------------------------------------------------------------


def differs(ours: bytes, theirs: bytes) -> int:
    """Return the first place at which two strings of bytes differ.

    >>> differs(b"abc", b"axc"), differs(b"ab", b"abc")
    (1, 2)
    """
    for place, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            return place
    return min(len(ours), len(theirs))


def unread(body: bytes) -> Damage | None:
    """Return where bytes stop being canonical JSON, None if they are."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return Damage(error.start, f"not UTF-8 at byte {error.start} of the line")
    try:
        thing = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = _unparsed(text, error.pos)
        return Damage(len(text[:place].encode()), f"not JSON: {error.msg}")
    path = _inexact(thing)
    if path is not None:
        return Damage(offset_of(thing, path), f"a number that is no exact integer, or more than {DEPTH_MAX} levels")
    place = differs(canonical(thing), body)
    return None if place == len(body) else Damage(place, "not in canonical form")


def _unparsed(text: str, otherwise: int) -> int:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos
    except (RecursionError, ValueError):
        return otherwise
    return otherwise


def _inexact(thing: object, room: int = DEPTH_MAX) -> Path | None:
    """Return the path to the first part that no line holds: no exact integer, or nested too deep."""
    if isinstance(thing, float) or (isinstance(thing, int) and abs(thing) > INTEGER_MAX):
        return ()
    if isinstance(thing, dict | list) and room == 0:
        return ()
    parts: list[tuple[str | int, object]] = []
    if isinstance(thing, dict):
        parts = [(name, thing[name]) for name in sorted(thing)]
    elif isinstance(thing, list):
        parts = list(enumerate(thing))
    for step, part in parts:
        inner = _inexact(part, room - 1)
        if inner is not None:
            return (step, *inner)
    return None


def part_of(thing: object, step: str | int) -> object:
    """Return one part of a list or an object; KeyError or IndexError if it has none there."""
    if isinstance(thing, list) and isinstance(step, int):
        return thing[step]
    if isinstance(thing, dict):
        return thing[step]
    raise KeyError(step)


def offset_of(thing: object, path: Path) -> int:
    """Return the byte at which the part at `path` begins in the canonical bytes of `thing`."""
    offset = 0
    for step in path:
        if isinstance(thing, dict):
            offset += 1 + sum(_size(name) + _size(thing[name]) + 2 for name in sorted(thing) if name < step)
            if isinstance(step, KeyName):
                return offset
            offset += _size(step) + 1
            thing = thing[step]
        elif isinstance(thing, list):
            assert isinstance(step, int)
            offset += 1 + sum(_size(part) + 1 for part in thing[:step])
            thing = thing[step]
    return offset


def _size(thing: object) -> int:
    return len(orjson.dumps(thing, option=orjson.OPT_SORT_KEYS))


# -- shape -----------------------------------------------------------------------------------------------------


def _leaf(fits: Callable[[object], bool]) -> Check:
    return lambda thing: None if fits(thing) else ()


def _integer(least: int) -> Check:
    return _leaf(lambda thing: isinstance(thing, int) and not isinstance(thing, bool) and thing >= least)


def _hex(*digits: int) -> Check:
    return _leaf(
        lambda thing: (
            isinstance(thing, str)
            and set(thing) <= set("0123456789abcdef")
            and (len(thing) in digits if digits else len(thing) % 8 == 0)
        )
    )


def _parts(thing: object, checks: Sequence[tuple[str | int, Check]]) -> Path | None:
    for step, check in checks:
        inner = check(part_of(thing, step))
        if inner is not None:
            return (step, *inner)
    return None


def _each(check: Check) -> Check:
    def look(thing: object) -> Path | None:
        return _parts(thing, [(i, check) for i in range(len(thing))]) if isinstance(thing, list) else ()

    return look


def _row(*checks: Check) -> Check:
    def look(thing: object) -> Path | None:
        fits = isinstance(thing, list) and len(thing) == len(checks)
        return _parts(thing, list(enumerate(checks))) if fits else ()

    return look


def _object(**fields: Check) -> Check:
    def look(thing: object) -> Path | None:
        if not isinstance(thing, dict):
            return ()
        strange = sorted(set(thing) - set(fields))
        if strange:
            return (KeyName(strange[0]),)
        return _parts(thing, sorted(fields.items())) if len(thing) == len(fields) else ()

    return look


_ANY = _leaf(lambda _: True)
_CERTIFICATE = _object(
    kind=_leaf(lambda thing: thing == "finalize"),
    height=_integer(1),
    round=_integer(0),
    parent=_leaf(lambda thing: thing == -1),
    value=_hex(64),
    exts=_each(_hex()),
    votes=_each(_row(_integer(0), _integer(0), _leaf(lambda thing: thing == 0), _hex(128))),
)
_BLOCK = _object(
    at_s=_integer(0),
    chain=_leaf(lambda thing: isinstance(thing, str)),
    height=_integer(1),
    items=_each(_hex(64)),
    parent=_hex(64),
    previous=lambda thing: None if thing is None else _CERTIFICATE(thing),
    results=_ANY,
)
_ENTRY = _object(
    block=_BLOCK,
    certificate=_CERTIFICATE,
    items=_each(_row(_integer(0), _integer(1), _hex(128), _ANY)),
)


def misshapen(thing: object) -> Path | None:
    """Return the path to the first part that no entry has, None if it has an entry's shape."""
    return _ENTRY(thing)


def not_hex(thing: object, path: Path) -> int:
    """Return how far into a string of hex digits its first other character stands; 0 for anything else."""
    for step in path:
        if isinstance(step, KeyName):
            return 0
        thing = part_of(thing, step)
    if not isinstance(thing, str) or len(thing) < 16:
        return 0
    strange = next((i for i, character in enumerate(thing) if character not in "0123456789abcdef"), -1)
    return strange + 1
