"""What Hypothesis draws for the consensus: votes, items, certificates, blocks, entries, messages, broken bytes."""

from hypothesis import strategies as st

from quorate.consensus.messages import (
    BlockBody,
    Certificates,
    DecidedEntries,
    GetBlock,
    GetItems,
    GetRange,
    Message,
    Proposal,
    Status,
    encode_block,
    encode_certificates,
    encode_decided,
    encode_get,
    encode_item,
    encode_proposal,
    encode_status,
    encode_vote,
)
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Block, Certificate, CertificateVote, Entry, Item, Kind, Vote, pack_ext
from tests.quorate.consensus.toy import CHAIN

digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
signatures = st.binary(min_size=64, max_size=64)
heights = st.integers(1, 2**40)
rounds = st.integers(0, 2**20)
seats = st.integers(0, 127)
exts = st.lists(st.integers(0, 2**32 - 1), max_size=8).map(pack_ext)
plains = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
payloads = plains.map(canonical)
items = st.builds(Item, seats, st.integers(1, 2**32 - 1), payloads, signatures)


@st.composite
def votes(draw, kinds=(Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE)):
    kind, round_ = draw(st.sampled_from(kinds)), draw(rounds)
    null, final = kind is Kind.NULLIFY, kind is Kind.FINALIZE
    return Vote(
        kind,
        draw(heights),
        round_,
        draw(seats),
        None if null else draw(digests),
        draw(st.integers(-1, max(-1, round_ - 1))) if kind in (Kind.PROPOSE, Kind.NOTARIZE) else -1,
        draw(st.integers(0, 255)) if null else 0,
        draw(exts) if final else b"",
        draw(signatures),
        draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)) if null else "",
    )


@st.composite
def certificates(draw):
    kind, round_ = draw(st.sampled_from((Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE))), draw(rounds)
    parts = tuple(
        CertificateVote(
            seat,
            draw(exts) if kind is Kind.FINALIZE else b"",
            draw(st.integers(0, 255)) if kind is Kind.NULLIFY else 0,
            draw(signatures),
        )
        for seat in sorted(draw(st.sets(seats, min_size=1, max_size=5)))
    )
    value = None if kind is Kind.NULLIFY else draw(digests)
    parent = draw(st.integers(-1, round_ - 1)) if kind is Kind.NOTARIZE and round_ else -1
    return Certificate(kind, draw(heights), round_, value, parent, parts)


@st.composite
def blocks(draw, named=None):
    names = tuple(draw(st.lists(digests, max_size=4))) if named is None else named
    previous = draw(st.none() | certificates())
    return Block(CHAIN, draw(heights), draw(digests), draw(st.integers(0, 2**40)), names, previous, draw(plains))


@st.composite
def entries(draw):
    inside = tuple(draw(st.lists(items, max_size=3)))
    return Entry(draw(blocks(tuple(item.digest for item in inside))), inside, draw(certificates()))


@st.composite
def proposals(draw):
    block = draw(blocks())
    vote = draw(votes((Kind.PROPOSE,)))
    said = Vote(Kind.PROPOSE, vote.height, vote.round, vote.seat, block.digest, vote.parent, 0, b"", vote.signature)
    return Proposal(said, block, tuple(draw(st.lists(certificates(), max_size=2))))


numbers = st.lists(st.integers(0, 2**32 - 1), max_size=5).map(tuple)
messages = (
    votes()
    | items
    | proposals()
    | st.builds(Certificates, st.lists(certificates(), max_size=2).map(tuple))
    | st.builds(Status, heights, rounds, numbers, numbers)
    | st.lists(entries(), max_size=2).map(DecidedEntries.of)
    | st.builds(GetBlock, heights, digests)
    | st.builds(GetItems, heights, st.lists(digests, max_size=4).map(tuple))
    | st.builds(GetRange, heights, seats, st.integers(0, 2**32 - 1), st.integers(0, 256))
    | st.builds(BlockBody, blocks())
)


def encode(message: Message) -> bytes:
    if isinstance(message, Vote):
        return encode_vote(CHAIN, message)
    if isinstance(message, Item):
        return encode_item(CHAIN, message)
    if isinstance(message, Proposal):
        return encode_proposal(CHAIN, message)
    if isinstance(message, Certificates):
        return encode_certificates(CHAIN, message.certificates)
    if isinstance(message, Status):
        return encode_status(CHAIN, message)
    if isinstance(message, DecidedEntries):
        return encode_decided(CHAIN, message.entries)
    if isinstance(message, BlockBody):
        return encode_block(CHAIN, message.block)
    return encode_get(CHAIN, message)


@st.composite
def broken(draw):
    """Draw a message with some bytes changed, cut, doubled or added."""
    data = bytearray(encode(draw(messages)))
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(data)))
    return draw(st.sampled_from([bytes(data), bytes(data[:cut]), bytes(data) + bytes(data[cut:])]))
