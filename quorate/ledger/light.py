"""Follows a ledger by its certificates alone: who may decide each height, without executing anything.

Each block claims the digest of the committee that decides the next height. Whoever knows one committee can write down
the next from the block's own words (its powers; its members' keys, unless a motion in its items changes them) and hold
it against that digest. So a stranger who trusts genesis, or one block known from elsewhere, follows every change of
weight. What follows from the items is not looked at: awards, findings and reputations are believed because a quorum
certified them. docs/protocol.md P-64.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import cast

from pydantic import ValidationError

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.leader import next_priorities
from quorate.consensus.plain import read_entry
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.canonical import Plain
from quorate.domain.deciding import SEATS_MAX, Block, Certificate, Committee, Entry, Item, Kind, Seat
from quorate.domain.errors import LedgerBroken, MessageMalformed, ProtocolViolation, RequestInvalid
from quorate.domain.values import Digest, Height, VotingPower
from quorate.ledger.acts import Endorse, Join, Motion, Rotate, decode_acts
from quorate.ledger.checkpoint import Checkpoint
from quorate.ledger.genesis import Genesis
from quorate.ledger.places import differs, unread
from quorate.ledger.state import founded
from quorate.ledger.verify import LINE_BYTES_MAX, genesis_line, read_genesis

CHOICES_MAX = 4_096
"""Ways in which the motions of one block may have changed the members that are tried: six motions at once, say."""

_VERIFIER = Ed25519Verifier()


@dataclass(frozen=True, slots=True)
class Followed:
    """One height that holds."""

    height: int
    digest: Digest
    certified: bool
    """Whether its own certificate was checked; else it is held by a later block, whose ancestor it is."""
    committee: Committee
    """Who decides the next height."""
    offset: int
    """Byte at which its line starts."""


def successor(committee: Committee, block: Block, items: Sequence[Item]) -> Committee:
    """Return who decides the height after `block`, as the block claims.

    Args:
        committee: who decided the block.
        block: a block; whether it was certified is another question.
        items: the block's items; read only if the members' keys changed.

    Raises:
        LedgerBroken: what the block says of the next committee contradicts its digest.
        RequestInvalid: so many motions are in the block that it must be executed to tell which passed.
    """
    powers, name = _claims(block)
    choices = _choices(committee.seats, len(powers) - len(committee.seats), items)
    for tried, seats in enumerate(choices):
        made = _seated(committee, seats, powers)
        if made is not None and made.digest == name:
            return made
        if tried == CHOICES_MAX:
            raise RequestInvalid(f"height {block.height} holds too many motions to follow; verify it without --light")
    raise LedgerBroken("the next committee is not the one that the block names", height=block.height)


def _claims(block: Block) -> tuple[list[int], str]:
    """Return the powers and the committee's digest in a block's results."""
    results = block.results if isinstance(block.results, dict) else {}
    powers, name = results.get("powers"), results.get("committee")
    whole = isinstance(powers, list) and all(type(power) is int for power in powers)
    if not whole or not isinstance(name, str) or len(cast("list[Plain]", powers)) > SEATS_MAX:
        raise LedgerBroken("the block does not say who decides the next height", height=block.height)
    return cast("list[int]", powers), name


def _seated(committee: Committee, seats: Sequence[Seat], powers: Sequence[int]) -> Committee | None:
    """Return the next committee with these seats, None if no committee can have them."""
    priorities = next_priorities(committee.priorities, committee.powers, powers)
    seated = tuple(
        seat if seat.power == power else seat.model_copy(update={"power": VotingPower(power)})
        for seat, power in zip(seats, powers, strict=True)
    )
    try:
        return Committee(height=Height(committee.height + 1), seats=seated, priorities=priorities)
    except ValidationError:
        return None


Seats = tuple[Seat, ...]


def _choices(seats: Seats, joined: int, items: Sequence[Item]) -> Iterator[Seats]:
    """Yield what the seats may be after the items: the same first, then what their motions may have made of them."""
    if joined < 0:
        return
    if joined == 0:
        yield seats
    motions = list(dict.fromkeys(_motions(items)))
    keys = [
        [seat.public_key, *(m.public_key for m in motions if isinstance(m, Rotate) and m.cluster == seat.cluster)]
        for seat in seats
    ]
    joins = [motion for motion in motions if isinstance(motion, Join)]
    for chosen in product(*keys):
        rekeyed = tuple(seat.model_copy(update={"public_key": key}) for seat, key in zip(seats, chosen, strict=True))
        for new in permutations(joins, joined):
            yield rekeyed + tuple(
                Seat(cluster=join.cluster.id, public_key=join.public_key, power=VotingPower(0)) for join in new
            )


def _motions(items: Sequence[Item]) -> Iterator[Motion]:
    for item in items:
        try:
            acts = decode_acts(item.payload)
        except MessageMalformed:
            continue
        yield from (act.motion for act in acts if isinstance(act, Endorse))


# -- a ledger --------------------------------------------------------------------------------------------------


def follow(
    lines: Iterable[bytes],
    genesis: Genesis | None = None,
    checkpoint: Checkpoint | None = None,
    *,
    skip: bool = False,
) -> Iterator[Followed]:
    """Follow a ledger line by line and yield each height once it holds.

    Args:
        lines: the file's lines with their newlines.
        genesis: what the ledger must begin with; without it the first line is taken at its word.
        checkpoint: a block known from elsewhere; the ledger must have it, and all before it holds by it.
        skip: leave the certificates of heights aside whose committee goes on as it was: the next certificate that is
            checked holds them too, for their digests lead to it. So do those before the checkpoint.

    Raises:
        LedgerBroken: with `height`, and `offset` within the line that does not hold.
        RequestInvalid: as `successor`.
    """
    walk = None
    offset = 0
    for line in lines:
        body = _whole(line, offset)
        if walk is None:
            walk = _Walk(_genesis(body, genesis), checkpoint, skip=skip)
        else:
            yield from walk.take(body, offset)
        offset += len(line)
    if walk is None:
        raise LedgerBroken("the ledger is empty: not even a genesis", offset=0, height=0)
    yield from walk.end()


def _whole(line: bytes, offset: int) -> bytes:
    if len(line) > LINE_BYTES_MAX or not line.endswith(b"\n"):
        raise LedgerBroken("a line is torn, or longer than any ledger's", offset=offset)
    return line[:-1]


def _genesis(body: bytes, genesis: Genesis | None) -> Genesis:
    if genesis is not None and body != genesis_line(genesis):
        place = differs(genesis_line(genesis), body)
        raise LedgerBroken("the ledger begins with another genesis", offset=place, height=0)
    return read_genesis(body)


class _Walk:
    """From one height to the next: what is known of it, and what waits for a certificate."""

    def __init__(self, genesis: Genesis, checkpoint: Checkpoint | None, *, skip: bool) -> None:
        self.chain = self.parent = genesis.digest
        self.committee = founded(genesis).committee()
        self.checkpoint, self.skip = checkpoint, skip
        self.at_s = 0
        self.waiting: list[Followed] = []
        self.last: tuple[Certificate, Committee] | None = None
        """The certificate of the last height, if it was not checked, and who must have made it."""

    def take(self, body: bytes, offset: int) -> list[Followed]:
        """Take the next line; return the heights that hold by it."""
        height = int(self.committee.height)
        try:
            return self._take(read_entry(body), offset)
        except ProtocolViolation as error:
            damage = unread(body)
            place = offset if damage is None else offset + damage.offset
            raise LedgerBroken(str(error), offset=place, height=height) from error
        except LedgerBroken as error:
            raise LedgerBroken(str(error), offset=offset, height=height) from error

    def _take(self, entry: Entry, offset: int) -> list[Followed]:
        block, committee = entry.block, self.committee
        self._links(entry)
        following = successor(committee, block, entry.items)
        known = self._known(block)
        leave = self.skip and (_same(committee, following) or self._before_checkpoint(block))
        if not known and not leave:
            verify_certificate(entry.certificate, committee, self.chain, _VERIFIER)
        self.last = (entry.certificate, committee) if leave and not known else None
        self.waiting.append(Followed(block.height, block.digest, not known and not leave, following, offset))
        self.parent, self.committee, self.at_s = block.digest, following, block.at_s
        return [] if leave and not known else self._held()

    def _held(self) -> list[Followed]:
        held, self.waiting = self.waiting, []
        return held

    def _links(self, entry: Entry) -> None:
        block, certificate = entry.block, entry.certificate
        if (block.chain, block.height, block.parent) != (self.chain, self.committee.height, self.parent):
            raise LedgerBroken("the block does not follow its predecessor")
        if block.at_s < self.at_s:
            raise LedgerBroken("the block lies before its predecessor in time")
        if (certificate.kind, certificate.value) != (Kind.FINALIZE, block.digest):
            raise LedgerBroken("the certificate is for another block, or does not decide it")

    def _before_checkpoint(self, block: Block) -> bool:
        return self.checkpoint is not None and block.height < self.checkpoint.height

    def _known(self, block: Block) -> bool:
        """Say whether this block is the checkpoint; LedgerBroken if it stands in its place."""
        if self.checkpoint is None or block.height != self.checkpoint.height:
            return False
        if block.digest != self.checkpoint.digest:
            raise LedgerBroken(
                f"block {block.digest} contradicts the checkpoint {self.checkpoint.digest}: another past"
            )
        return self.skip

    def end(self) -> list[Followed]:
        """Check what the last line leaves to be checked; return the heights that hold by it."""
        last = int(self.committee.height) - 1
        if self.checkpoint is not None and last < self.checkpoint.height:
            raise LedgerBroken(f"the ledger ends before the checkpoint at height {self.checkpoint.height}", height=last)
        if self.last is None:
            return []
        try:
            verify_certificate(*self.last, self.chain, _VERIFIER)
        except ProtocolViolation as error:
            raise LedgerBroken(str(error), offset=self.waiting[-1].offset, height=last) from error
        self.waiting[-1] = _certified(self.waiting[-1])
        return self._held()


def _certified(one: Followed) -> Followed:
    return Followed(one.height, one.digest, True, one.committee, one.offset)


def _same(committee: Committee, following: Committee) -> bool:
    """Say whether the same keys with the same powers decide the next height."""
    return committee.seats == following.seats
