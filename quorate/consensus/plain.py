"""Reads certificates, blocks and entries back from JSON that anybody may have written.

Every reader either returns a value whose canonical bytes are the bytes read, or raises `MessageMalformed`. Depth is
checked before anything recursive looks at the data. docs/protocol.md P-1, P-6 to P-9.
"""

import re
from collections.abc import Callable, Sequence
from typing import cast

import orjson

from quorate.domain.canonical import Plain, canonical, canonical_part, is_canonical, outside_strings
from quorate.domain.deciding import (
    SEATS_MAX,
    Block,
    Certificate,
    CertificateVote,
    Entry,
    Item,
    Kind,
    block_of,
)
from quorate.domain.errors import MessageMalformed
from quorate.domain.values import Digest

DEPTH_MAX = 32
"""Deepest nesting of any JSON that peers exchange."""
HEIGHT_MAX = 2**53 - 1
ROUND_MAX = 2**31 - 1
SEQ_MAX = 2**32 - 1
"""Held sequence numbers travel as 32-bit integers."""
ITEMS_MAX = 8_192
"""Items in one block: 128 seats with 64 each."""

_KINDS = {"notarize": Kind.NOTARIZE, "nullify": Kind.NULLIFY, "finalize": Kind.FINALIZE}
_ONE_BRACKET = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def read_json(data: bytes) -> Plain:
    """Return the JSON in `data`, which must be canonical and at most `DEPTH_MAX` deep.

    Raises:
        MessageMalformed: it is not.
    """
    try:
        thing = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MessageMalformed(f"not JSON: {error}") from error
    bare = outside_strings(data)
    if bare is None:
        _shallow(thing)
    elif len(bare) > DEPTH_MAX:
        _shallow_brackets(bare)
    if not is_canonical(thing, data, bare):
        raise MessageMalformed("JSON is not in canonical form, or holds what has none")
    return cast("Plain", thing)


def _shallow_brackets(bare: bytes) -> None:
    """Take the innermost pairs of brackets away, level by level; `bare` is well-formed JSON without its strings."""
    brackets = bare.translate(_ONE_BRACKET, _NO_BRACKETS)
    for _ in range(DEPTH_MAX):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise MessageMalformed(f"JSON nested deeper than {DEPTH_MAX}")


def _shallow(thing: object) -> None:
    """Walk level by level, so that no depth can exhaust the stack."""
    level = [thing] if isinstance(thing, dict | list) else []
    for _ in range(DEPTH_MAX):
        if not level:
            return
        inner = [part.values() if isinstance(part, dict) else part for part in level]
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
    if level:
        raise MessageMalformed(f"JSON nested deeper than {DEPTH_MAX}")


def fields_of(thing: object, names: tuple[str, ...], what: str) -> list[object]:
    """Return the values of exactly these fields of an object, in this order, or raise `MessageMalformed`."""
    if not isinstance(thing, dict) or len(thing) != len(names):
        raise MessageMalformed(f"{what} needs exactly {', '.join(names)}")
    try:
        return [thing[name] for name in names]
    except KeyError as error:
        raise MessageMalformed(f"{what} lacks {error}") from error


def integer_of(thing: object, low: int, high: int) -> int:
    """Return an integer (no boolean) in `low..high`, or raise `MessageMalformed`."""
    if type(thing) is not int or not low <= thing <= high:
        raise MessageMalformed(f"{thing!r:.40} is no integer in {low}..{high}")
    return thing


def list_of(thing: object, longest: int) -> list[object]:
    """Return a list of at most `longest` things, or raise `MessageMalformed`."""
    if not isinstance(thing, list) or len(thing) > longest:
        raise MessageMalformed(f"not a list of at most {longest}")
    return thing


def digest_of(thing: object) -> Digest:
    """Return a digest, or raise `MessageMalformed`."""
    if not isinstance(thing, str) or len(thing) != 64 or _bytes(thing) is None:
        raise MessageMalformed(f"{thing!r:.40} is no digest")
    return Digest(thing)


def bytes_of(thing: object, longest: int, exact: int | None = None) -> bytes:
    """Return the bytes that lowercase hex stands for, or raise `MessageMalformed`."""
    if not isinstance(thing, str) or len(thing) > 2 * longest or (exact is not None and len(thing) != 2 * exact):
        raise MessageMalformed("no hex, too long, or another count of digits than belongs there")
    data = _bytes(thing)
    if data is None:
        raise MessageMalformed("not lowercase hex in pairs of digits")
    return data


def _bytes(text: str) -> bytes | None:
    """Return what `text` stands for, None if it is not what these bytes are written as: lowercase hex, no spaces."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        return None
    return data if data.hex() == text else None


def _signature(text: object) -> bytes:
    """Return the 64 bytes that lowercase hex stands for: what `bytes_of` does, for what there is most of."""
    if isinstance(text, str) and len(text) == 128:
        data = _bytes(text)
        if data is not None:
            return data
    raise MessageMalformed("a signature is 128 lowercase hex digits")


_CERTIFICATE = ("kind", "height", "round", "value", "parent", "exts", "votes")
_BLOCK = ("chain", "height", "parent", "at_s", "items", "previous", "results")


def certificate_from(thing: object) -> Certificate:
    """Return the certificate that a JSON object describes; its signatures are not checked.

    Raises:
        MessageMalformed: the object is not exactly a certificate.
    """
    kind_, height, round_, value_, parent_, exts_, votes_ = fields_of(thing, _CERTIFICATE, "a certificate")
    kind = _KINDS.get(kind_) if isinstance(kind_, str) else None
    if kind is None:
        raise MessageMalformed(f"{kind_!r:.40} is no kind of certificate")
    if kind is Kind.NULLIFY and value_ is not None:
        raise MessageMalformed("NULLIFY names no value")
    value = None if kind is Kind.NULLIFY else digest_of(value_)
    parent = integer_of(parent_, -1, ROUND_MAX if kind is Kind.NOTARIZE else -1)
    exts = [bytes_of(ext, 4 * SEATS_MAX) for ext in list_of(exts_, SEATS_MAX)]
    votes = tuple([_certificate_vote(vote, exts) for vote in list_of(votes_, SEATS_MAX)])
    made = Certificate(kind, integer_of(height, 1, HEIGHT_MAX), integer_of(round_, 0, ROUND_MAX), value, parent, votes)
    _orderly(made, exts)
    return made


def _certificate_vote(thing: object, exts: list[bytes]) -> CertificateVote:
    if not isinstance(thing, list) or len(thing) != 4:
        raise MessageMalformed("a certificate's vote is [seat, ext, reason, signature]")
    seat, place, reason, signature = thing
    whole = type(seat) is int and type(place) is int and type(reason) is int
    if not (whole and 0 <= seat < SEATS_MAX and 0 <= place < len(exts) and 0 <= reason <= 255):
        raise MessageMalformed("a certificate's vote names a seat, an ext or a reason that cannot be")
    return CertificateVote(seat, exts[place], reason, _signature(signature))


def _orderly(made: Certificate, exts: list[bytes]) -> None:
    before = -1
    for seat, ext, reason, _ in made.votes:
        if seat <= before:
            raise MessageMalformed("a certificate's seats must ascend")
        if ext and made.kind is not Kind.FINALIZE:
            raise MessageMalformed("only FINALIZE carries an ext")
        if reason and made.kind is not Kind.NULLIFY:
            raise MessageMalformed("only NULLIFY carries a reason")
        before = seat
    if exts != sorted({vote.ext for vote in made.votes}):
        raise MessageMalformed("a certificate's exts must be those of its votes, ascending")


def block_from(thing: object) -> Block:
    """Return the block that a JSON object describes; whether it is valid is another question.

    Raises:
        MessageMalformed: the object is not exactly a block.
    """
    return Block(*_block_fields(thing))


def _block_fields(
    thing: object, digests: Sequence[Digest] = ()
) -> tuple[str, int, Digest, int, tuple[Digest, ...], Certificate | None, Plain]:
    chain, height, parent, at_s, items, previous, results = fields_of(thing, _BLOCK, "a block")
    if not isinstance(chain, str) or len(chain) > 256:
        raise MessageMalformed("a block's chain is a name of at most 256 characters")
    return (
        chain,
        integer_of(height, 1, HEIGHT_MAX),
        digest_of(parent),
        integer_of(at_s, 0, HEIGHT_MAX),
        tuple(digests) if items == digests else tuple(map(digest_of, list_of(items, ITEMS_MAX))),
        None if previous is None else certificate_from(previous),
        cast("Plain", results),
    )


def read_block(data: bytes) -> Block:
    """Return the block in canonical bytes.

    Raises:
        MessageMalformed: the bytes are no canonical block.
    """
    return block_of(data, *_block_fields(read_json(data)))


def _item_bytes(item: Item) -> bytes:
    """Return the canonical form `[sender, seq, signature, payload]`, the payload as the JSON it is."""
    return b'[%d,%d,"%s",%s]' % (item.sender, item.seq, item.signature.hex().encode(), item.payload)


def item_from(thing: object) -> Item:
    """Return the item that a JSON list describes; its signature is not checked.

    Raises:
        MessageMalformed: the list is not exactly an item.
    """
    return _item(thing, canonical)


def _item(thing: object, written: Callable[[object], bytes]) -> Item:
    if not isinstance(thing, list) or len(thing) != 4:
        raise MessageMalformed("an item is [sender, seq, signature, payload]")
    sender, seq, signature, payload = thing
    if not (type(sender) is int and type(seq) is int and 0 <= sender < SEATS_MAX and 1 <= seq <= SEQ_MAX):
        raise MessageMalformed("an item's sender or number cannot be")
    return Item(sender, seq, written(payload), _signature(signature))


def entry_line(entry: Entry) -> bytes:
    """Return the canonical bytes of an entry: one line of the ledger file, without its newline.

    Its parts are canonical already, and its names stand in their order.
    """
    certificate, items = canonical(entry.certificate.plain()), b",".join(map(_item_bytes, entry.items))
    return b'{"block":%s,"certificate":%s,"items":[%s]}' % (entry.block.bytes, certificate, items)


def read_entry(line: bytes) -> Entry:
    """Return the entry in one canonical line; nothing but its shape is checked.

    Raises:
        MessageMalformed: the bytes are no canonical entry, or its items are not those its block names.
    """
    block_, certificate_, items_ = fields_of(read_json(line), ("block", "certificate", "items"), "an entry")
    items = tuple([_item(item, canonical_part) for item in list_of(items_, ITEMS_MAX)])
    digests = [item.digest for item in items]
    block = block_of(canonical_part(block_), *_block_fields(block_, digests))
    entry = Entry(block, items, certificate_from(certificate_))
    if tuple(digests) != block.items:
        raise MessageMalformed("an entry's items are not those that its block names")
    return entry


_ENTRY_HEAD = re.compile(rb'\{"block":\{"at_s":[0-9]+,"chain":"(?:[^"\\]|\\.)*","height":([0-9]{1,16}),')


def entry_height(line: bytes) -> int:
    """Return the height that an entry's line claims, without reading the rest.

    Raises:
        MessageMalformed: no canonical entry begins like this.
    """
    found = _ENTRY_HEAD.match(line)
    if found is None:
        raise MessageMalformed("an entry begins with its block's time, chain and height")
    return int(found[1])


def saved_block(block: Block, items: Sequence[Item]) -> bytes:
    """Return a block with its items as the write-ahead log keeps it."""
    return b'{"block":%s,"items":[%s]}' % (block.bytes, b",".join(map(_item_bytes, items)))


def read_saved_block(data: bytes) -> tuple[Block, tuple[Item, ...]]:
    """Return the block and the items that `saved_block` wrote.

    Raises:
        MessageMalformed: the bytes are something else.
    """
    block, items = fields_of(read_json(data), ("block", "items"), "a saved block")
    return block_from(block), tuple(item_from(item) for item in list_of(items, ITEMS_MAX))
