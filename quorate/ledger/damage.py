"""Where a broken line of a ledger stops holding: the byte to look at first.

A line that does not verify is looked at again, slowly: does it parse, is it canonical, has it the shape of an entry,
and which of its parts contradicts the others? A certificate that holds proves its value; a value that holds proves
every byte of its block. docs/protocol.md P-63.
"""

from dataclasses import dataclass
from typing import cast

import orjson

from quorate.consensus.certificate import verify_certificate
from quorate.consensus.plain import HEIGHT_MAX, ROUND_MAX, SEQ_MAX, block_from, certificate_from
from quorate.consensus.signing import Ed25519Verifier, item_bytes, vote_bytes
from quorate.domain.canonical import Plain, canonical, digest
from quorate.domain.deciding import SEATS_MAX, Committee, Item, Kind, Vote
from quorate.domain.errors import ProtocolViolation
from quorate.domain.values import Digest
from quorate.ledger.acts import Reveal, decode_acts, misread, seal
from quorate.ledger.application import LedgerApplication
from quorate.ledger.places import Damage, Path, differs, misshapen, not_hex, offset_of, part_of, unread

ROUNDS_TRIED = 64
"""If a certificate's votes hold under another of the first rounds, its round is what is wrong."""

VERIFIER = Ed25519Verifier()


# -- meaning ---------------------------------------------------------------------------------------------------

Fields = dict[str, Plain]


@dataclass(frozen=True, slots=True)
class _Place:
    """A path, and how many bytes into the part the first wrong byte lies."""

    path: Path
    inside: int = 0


def _unlike(path: Path, found: object, expected: Plain) -> _Place | None:
    """Compare a part with the only value that it can have."""
    ours, theirs = canonical(expected), canonical(found)
    place = differs(ours, theirs)
    return None if ours == theirs else _Place(path, place if isinstance(found, str | dict) else 0)


class _Certified:
    """A certificate as it stands in a line, and the committee that must have made it."""

    def __init__(self, fields: Fields, committee: Committee, chain: str) -> None:
        self.fields = fields
        self.committee = committee
        self.chain = chain
        self.exts = cast("list[str]", fields["exts"])
        self.votes = cast("list[tuple[int, int, int, str]]", fields["votes"])

    def wrong(self) -> Path | None:
        """Return the path to what is wrong with it, None if it holds."""
        if self.fields["height"] != self.committee.height:
            return ("height",)
        path = self.misplaced()
        if path is not None:
            return path
        bad = [i for i in range(len(self.votes)) if not self.signed(i)]
        if bad:
            return self._unsigned(bad)
        try:
            verify_certificate(certificate_from(self.fields), self.committee, self.chain, VERIFIER)
        except ProtocolViolation:
            return ("votes",)
        return None

    def misplaced(self) -> Path | None:
        powers = self.committee.powers
        for i, (seat, ext, *_) in enumerate(self.votes):
            if seat >= len(powers) or powers[seat] == 0:
                return ("votes", i, 0)
            if ext >= len(self.exts):
                return ("votes", i, 1)
        width = 8 * len(powers)
        return next((("exts", i) for i, ext in enumerate(self.exts) if len(ext) != width), None)

    def _unsigned(self, bad: list[int]) -> Path:
        """Return what explains that exactly these votes are not signed."""
        other_rounds = (r for r in range(ROUNDS_TRIED) if r != self.fields["round"])
        if len(bad) == len(self.votes) and any(self.signed(bad[0], round_=r) for r in other_rounds):
            return ("round",)
        for place in range(len(self.exts)):
            users = [i for i, vote in enumerate(self.votes) if vote[1] == place]
            if len(users) > 1 and users == bad:
                return ("exts", place)
        first = bad[0]
        if any(self.signed(first, seat=seat) for seat in range(len(self.committee.seats))):
            return ("votes", first, 0)
        if any(self.signed(first, ext=place) for place in range(len(self.exts))):
            return ("votes", first, 1)
        return ("votes", first, 3)

    def signed(self, i: int, *, seat: int | None = None, ext: int | None = None, round_: int | None = None) -> bool:
        """Say whether a vote is signed, or would be with another seat, ext or round."""
        seat_, ext_, _, signature = self.votes[i]
        held = bytes.fromhex(self.exts[ext_ if ext is None else ext])
        number = cast("int", self.fields["round"] if round_ is None else round_)
        value = Digest(str(self.fields["value"]))
        height, raw = cast("int", self.fields["height"]), bytes.fromhex(signature)
        vote = Vote(Kind.FINALIZE, height, number, seat_, value, -1, 0, held, raw)
        seat_ = seat_ if seat is None else seat
        return _representable(vote) and VERIFIER.valid(self.committee.keys[seat_], vote_bytes(self.chain, vote), raw)


def _representable(vote: Vote) -> bool:
    return vote.height <= HEIGHT_MAX and vote.round <= ROUND_MAX


class _Line:
    """One line of the right shape that does not hold, taken apart."""

    def __init__(self, application: LedgerApplication, thing: dict[str, Fields]) -> None:
        self.application = application
        self.block, self.certificate = thing["block"], thing["certificate"]
        self.items = cast("list[list[Plain]]", thing["items"])
        self.value = digest(canonical(self.block))

    def certified(self, value: Digest | None = None) -> _Certified:
        """Return the line's certificate, or what it would be with another value."""
        fields = self.certificate if value is None else {**self.certificate, "value": value}
        return _Certified(fields, self.application.committee, self.application.chain)

    def wrong(self) -> _Place | None:
        """Return what is wrong, None if nothing is found."""
        return self._links() or self._certificate() or self._items() or self._results()

    def _links(self) -> _Place | None:
        application, block = self.application, self.block
        if cast("int", block["at_s"]) < application.head_at_s:
            return _Place(("block", "at_s"))
        place = (
            _unlike(("block", "chain"), block["chain"], application.chain)
            or _unlike(("block", "height"), block["height"], int(application.height))
            or _unlike(("block", "parent"), block["parent"], application.parent)
        )
        first = block["previous"] is None
        return place or (_Place(("block", "previous")) if first != (application.height == 1) else None)

    def _certificate(self) -> _Place | None:
        """Weigh block and certificate against each other: whichever its own signatures support is right."""
        wrong = self.certified().wrong()
        if self.certificate["value"] == self.value:
            return None if wrong is None else _Place(("certificate", *wrong))
        if wrong is None:
            return self._block()
        if self.certified(self.value).wrong() is None:
            return _unlike(("certificate", "value"), self.certificate["value"], self.value)
        return _Place(("certificate", *wrong)) if wrong == ("height",) else _Place(("certificate", "value"))

    def _block(self) -> _Place:
        """Return which part of the block is not what was certified."""
        named, held = self.block["items"], [item.digest for item in self._held()]
        if named != held and self._fits("items", list(held)):
            pairs = enumerate(zip(cast("list[str]", named), held, strict=True))
            at = next(i for i, (ours, theirs) in pairs if ours != theirs)
            place = _unlike(("block", "items", at), cast("list[str]", named)[at], held[at])
            assert place is not None
            return place
        return self._previous() or self._claimed() or _Place(("block", "at_s"))

    def _held(self) -> list[Item]:
        return [
            Item(cast("int", seat), cast("int", seq), canonical(payload), bytes.fromhex(str(signature)))
            for seat, seq, signature, payload in self.items
            if cast("int", seat) < SEATS_MAX and cast("int", seq) <= SEQ_MAX
        ]

    def _fits(self, field: str, value: Plain) -> bool:
        """Say whether the block is the certified one, once `field` has this value."""
        return digest(canonical({**self.block, field: value})) == self.certificate["value"]

    def _previous(self) -> _Place | None:
        previous, committee = self.block["previous"], self.application.previous_committee
        if not isinstance(previous, dict) or committee is None:
            return None
        place = _unlike(("block", "previous", "value"), previous["value"], self.application.parent)
        wrong = _Certified(previous, committee, self.application.chain).wrong() if place is None else None
        return _Place(("block", "previous", *wrong)) if wrong is not None else place

    def _claimed(self) -> _Place | None:
        results = self._executed()
        if results is None or not self._fits("results", results):
            return None
        return _unlike(("block", "results"), self.block["results"], results)

    def _executed(self) -> Plain:
        """Return what follows from the items, None if they cannot be executed."""
        seats, held = len(self.application.sequences), self._held()
        try:
            block = block_from(self.block)
            if any(item.sender >= seats or self.application.judge(item) is not None for item in held):
                return None
        except ProtocolViolation:
            return None
        return self.application.results(block.at_s, held, block.previous)

    def _items(self) -> _Place | None:
        """Hold the items against the certified block's digests of them."""
        named, keys = cast("list[str]", self.block["items"]), self.application.committee.keys
        held = self._held()
        if len(held) != len(named):
            return _Place(("items",))
        next_seq = list(self.application.sequences)
        for i, item in enumerate(held):
            if item.sender >= len(keys):
                return _Place(("items", i, 0))
            next_seq[item.sender] += 1
            if item.seq != next_seq[item.sender]:
                return _Place(("items", i, 1))
            message = item_bytes(self.application.chain, item.sender, item.seq, item.payload_digest)
            act = self._act(item)
            if act is not None:
                return _Place(("items", i, 3, *act))
            if item.digest != named[i] or not VERIFIER.valid(keys[item.sender], message, item.signature):
                return _Place(("items", i, 2))
        return None

    def _act(self, item: Item) -> Path | None:
        """Return which part of an item's payload cannot stand: no act, or an answer that its seal does not open."""
        loc = misread(item.payload)
        if loc is not None:
            return _within(orjson.loads(item.payload), loc)
        for i, act in enumerate(decode_acts(item.payload)):
            call = self.application.state.calls.get(act.job) if isinstance(act, Reveal) else None
            if isinstance(act, Reveal) and call is not None and item.sender in call.seals:
                cluster = self.application.committee.seats[item.sender].cluster
                if call.seals[item.sender] != seal(act.job, cluster, act.answer, act.salt):
                    return (i, "answer")
        return None

    def _results(self) -> _Place | None:
        results = self._executed()
        return None if results is None else _unlike(("block", "results"), self.block["results"], results)


def locate(application: LedgerApplication, body: bytes, says: str) -> Damage:
    """Return where a line that does not verify after `application` stops holding.

    `says` is the sentence of the check that failed; it stands where nothing more exact is known.
    """
    damage = unread(body)
    if damage is not None:
        return damage
    thing = orjson.loads(body)
    path = misshapen(thing)
    if path is not None:
        return Damage(offset_of(thing, path) + not_hex(thing, path), f"{_named(path)}: {says}")
    place = _Line(application, thing).wrong()
    if place is None:
        return Damage(0, says)
    return Damage(offset_of(thing, place.path) + place.inside, f"{_named(place.path)}: {says}")


def _within(thing: object, loc: Path) -> Path:
    """Return the steps of a validator's location that exist in the data; it also names the alternatives it tried."""
    path: list[str | int] = []
    for step in loc:
        named = isinstance(thing, dict) and step in thing
        counted = isinstance(thing, list) and isinstance(step, int) and step < len(thing)
        if named or counted:
            thing = part_of(thing, step)
            path.append(step)
    return tuple(path)


def _named(path: Path) -> str:
    return ascii(".".join(str(step) for step in path))[1:-1][:80] or "the line"


# -- the first line --------------------------------------------------------------------------------------------


def locate_in_genesis(line: bytes, path: Path) -> int:
    """Return the byte at which the part at `path` begins in a canonical first line."""
    return offset_of(orjson.loads(line), path)


def genesis_damage(application: LedgerApplication, body: bytes) -> Path | None:
    """Return the path in the first line that its own first block contradicts, None if that block is another chain's.

    A first line that fits itself is found out by height 1: its block names the chain by the digest of the genesis that
    it was made under, and its certificate is signed under that name by the keys of the members.
    """
    if application.height != 1 or unread(body) is not None or misshapen(orjson.loads(body)) is not None:
        return None
    thing = orjson.loads(body)
    block, chain = thing["block"], thing["block"]["chain"]
    if chain == application.chain or chain != block["parent"]:
        return None
    signed = _Certified(thing["certificate"], application.committee, chain)
    if signed.fields["height"] != 1 or signed.misplaced() is not None:
        return None
    bad = [signed.votes[i][0] for i in range(len(signed.votes)) if not signed.signed(i)]
    if len(bad) == len(signed.votes):
        return None
    return ("members", bad[0], "public_key") if bad else ()
