"""Bytes that two peers agree on: RFC 8785 JSON over integers and strings, and one hash for all of them.

orjson with sorted keys writes exactly RFC 8785 for the values used here (ASCII keys, integers within
±2^53, strings, lists, objects, booleans, null); tests hold it against the `rfc8785` package. Floats are refused.
"""

from hashlib import blake2b

import orjson

from quorate.domain.errors import MisuseError
from quorate.domain.values import Digest, Value

Plain = None | bool | int | str | list["Plain"] | tuple["Plain", ...] | dict[str, "Plain"]
"""What may stand in canonical bytes."""

INTEGER_MAX = 2**53 - 1
"""Largest integer that every JSON reader keeps exact (RFC 8785 section 3.2.2.3)."""

DIGEST_BYTES = 32


def _no_floats(thing: object) -> None:
    if isinstance(thing, float):
        raise MisuseError(f"{thing!r} is a float; peers agree on integers only")
    if isinstance(thing, dict):
        for value in thing.values():
            _no_floats(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            _no_floats(value)


def outside_strings(data: bytes) -> bytes | None:
    """Return JSON bytes without their strings, None if an escape makes that hard to tell.

    >>> outside_strings(b'{"a":[1,"x"]}')
    b'{:[1,]}'
    """
    return None if b"\\" in data else b"".join(data.split(b'"')[::2])


def _fraction(bare: bytes) -> bool:
    """Say whether a float stands in what orjson wrote: none is without a point or an exponent's `e`."""
    return b"." in bare or bare.count(b"e") != bare.count(b"true") + bare.count(b"false")


def canonical(thing: object) -> bytes:
    """Return the RFC 8785 bytes of plain JSON data.

    Raises:
        MisuseError: the data holds a float, or anything JSON has no exact form for.

    >>> canonical({"b": 1, "a": ["x", None]})
    b'{"a":["x",null],"b":1}'
    """
    try:
        data = orjson.dumps(thing, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise MisuseError(f"cannot be written canonically: {error}") from error
    bare = outside_strings(data)
    if bare is None or b"null" in bare or _fraction(bare):  # infinity is written as null
        _no_floats(thing)
    return data


def is_canonical(thing: object, data: bytes, bare: bytes | None) -> bool:
    """Say whether `data`, which was read as `thing`, is canonical; `bare` is `outside_strings(data)`.

    Cheaper than `canonical(thing) == data`: nothing read from JSON is infinite, so that values need no look.
    """
    try:
        exact = orjson.dumps(thing, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER) == data
        if exact and bare is None:
            _no_floats(thing)
    except (TypeError, orjson.JSONEncodeError, MisuseError):
        return False
    return exact and (bare is None or not _fraction(bare))


def canonical_part(thing: object) -> bytes:
    """Return the RFC 8785 bytes of a part of what was read from canonical bytes: nothing else may come here.

    Cheaper than `canonical`: the whole was looked at when it was read, and a part's bytes stand in the whole's.
    """
    return orjson.dumps(thing, option=orjson.OPT_SORT_KEYS)


def canonical_fields(fields: object) -> bytes:
    """Return the RFC 8785 bytes of what values were dumped to: their fields are no floats, so infinity needs no look.

    Raises:
        MisuseError: they hold a finite float after all, or an integer that JSON has no exact form for.
    """
    try:
        data = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise MisuseError(f"cannot be written canonically: {error}") from error
    bare = outside_strings(data)
    if bare is None or _fraction(bare):
        _no_floats(fields)
    return data


def canonical_integers(thing: object) -> bytes:
    """Return the RFC 8785 bytes of data whose types leave no room for a float: none is looked for.

    Raises:
        MisuseError: it holds an integer that JSON has no exact form for, or what JSON cannot say.
    """
    try:
        return orjson.dumps(thing, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise MisuseError(f"cannot be written canonically: {error}") from error


def canonical_value(value: Value) -> bytes:
    """Return the RFC 8785 bytes of a value, fields that are None left in."""
    return canonical_fields(value.model_dump(mode="json"))


def digest(data: bytes) -> Digest:
    """Return the BLAKE2b-256 digest of `data` as 64 lowercase hex digits (RFC 7693)."""
    return Digest(blake2b(data, digest_size=DIGEST_BYTES).hexdigest())
