"""What all parts of one replica share: who I am, my keys, my bounds, and the effects gathered so far."""

from quorate.consensus.effects import Convict, Effect, Persist, ReplicaSettings
from quorate.consensus.evidence import Evidence
from quorate.consensus.signing import item_bytes, vote_bytes
from quorate.consensus.wal import RecordKind, encode_record
from quorate.domain.deciding import Committee, Item, Vote
from quorate.ports import Signer, Verifier


class Desk:
    """One replica's identity and outbox."""

    def __init__(self, me: int, chain: str, signer: Signer, verifier: Verifier, settings: ReplicaSettings) -> None:
        """Start with an empty outbox."""
        self.me = me
        self.chain = chain
        self.signer = signer
        self.verifier = verifier
        self.settings = settings
        self.round_timeout_ms = settings.round_timeout_ms
        self.leader_timeout_ms = settings.leader_timeout_ms
        """T0 and L0 from the next round timer on; the driver may follow the delay that it measures."""
        self.out: list[Effect] = []
        self._convicted: dict[int, int] = {}

    def flush(self) -> list[Effect]:
        """Return the effects gathered since the last flush."""
        out, self.out = self.out, []
        return out

    def persist(self, kind: RecordKind, body: bytes, *, fresh: bool = False) -> None:
        """Ask for a durable record."""
        self.out.append(Persist(encode_record(kind, body), fresh))

    def signed_vote(self, vote: Vote, committee: Committee) -> bool:
        """Say whether the seat that a vote names signed it."""
        return self.verifier.valid(committee.keys[vote.seat], vote_bytes(self.chain, vote), vote.signature)

    def signed_item(self, item: Item, committee: Committee) -> bool:
        """Say whether the seat that an item names signed it."""
        message = item_bytes(self.chain, item.sender, item.seq, item.payload_digest)
        return self.verifier.valid(committee.keys[item.sender], message, item.signature)

    def convicted(self, seat: int, height: int) -> bool:
        """Say whether evidence against `seat` was reported at this height."""
        return self._convicted.get(seat) == height

    def convict(self, evidence: Evidence, height: int) -> None:
        """Report evidence, once per seat and height."""
        if self._convicted.get(evidence.seat) != height:
            self._convicted[evidence.seat] = height
            self.out.append(Convict(evidence))
