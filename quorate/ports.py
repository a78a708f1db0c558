"""What the library needs from the world, as Protocols; hands implement them, wiring hands them over."""

from collections.abc import Sequence
from typing import Protocol, Self

from quorate.domain.bidding import Answer, Bid
from quorate.domain.canonical import Plain
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.deciding import Block, Certificate, Committee, Entry, Item
from quorate.domain.jobs import Job
from quorate.domain.trace import TraceEvent
from quorate.domain.values import ClusterId, Digest, Height, JobId, Value


class Signer(Protocol):
    """Holds one cluster's private key."""

    @property
    def public_key(self) -> bytes:
        """The 32-byte Ed25519 public key (RFC 8032)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `message`."""
        ...


class Verifier(Protocol):
    """Checks signatures; pure."""

    def valid(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether `signature` over `message` was made by the holder of `public_key`."""
        ...


class Bidder(Protocol):
    """Answers one call for one cluster. Expected failures are abstentions; it raises only for a bug."""

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        """Return a bid or an abstention for `job` on the cluster of `snapshot`."""
        ...


class Assessor(Protocol):
    """Says what rivals could bid, by one cluster's own judgement of their facts."""

    async def scores(self, job: Job, rivals: Sequence[ClusterSnapshot]) -> dict[ClusterId, int]:
        """Return scores in basis points; a rival of which it has no opinion is left out."""
        ...


class Opinion(Protocol):
    """What a model thinks of a proposal."""

    @property
    def approves(self) -> bool:
        """Whether it would place the job so."""
        ...

    @property
    def sentence(self) -> str:
        """How it is shown."""
        ...


class Voter(Protocol):
    """Asks one cluster's model for a second opinion, which is shown and never counted."""

    async def opinion(
        self, job: Job, voter: ClusterId, winner: ClusterSnapshot, ranked: tuple[Bid, ...]
    ) -> Opinion | None:
        """Return the model's opinion, None if none came that could be read."""
        ...


class Application(Protocol):
    """What the consensus decides about: a pure, deterministic state before one height; `apply` returns the next.

    Everything but `due` and `wake_at_s` must be equal at every honest member, byte for byte.
    """

    @property
    def chain(self) -> str:
        """The chain's name; every signature is made under it."""
        ...

    @property
    def height(self) -> Height:
        """The height to be decided next, 1 at genesis."""
        ...

    @property
    def parent(self) -> Digest:
        """Digest of the block decided last; at genesis, of whatever the chain starts from."""
        ...

    @property
    def committee(self) -> Committee:
        """Who decides `height`."""
        ...

    @property
    def sequences(self) -> tuple[int, ...]:
        """Per seat, the highest item number that a block has included; 0 at genesis."""
        ...

    @property
    def head_at_s(self) -> int:
        """Block time of the parent, in seconds."""
        ...

    def due(self, pool: Sequence[Item], now_s: int) -> bool:
        """Say whether a block is worth proposing now; a local view that peers need not share."""
        ...

    def wake_at_s(self, pool: Sequence[Item]) -> int | None:
        """Return when `due` may become true by the passing of time alone, None if never."""
        ...

    def results(self, at_s: int, items: Sequence[Item], previous: Certificate | None) -> Plain:
        """Return what follows from these items at this time; at most 64 KiB of canonical JSON.

        `previous` is the parent's FINALIZE certificate as this block carries it: it shows who was present.
        """
        ...

    def judge(self, item: Item) -> str | None:
        """Return why an item may not enter a block, None if it may; answers for any canonical JSON, and never raises.

        Depends on the item and this state only.
        """
        ...

    def apply(self, block: Block, items: Sequence[Item]) -> Self:
        """Return the state after a decided block."""
        ...


class TraceSink(Protocol):
    """Takes trace events; numbers them and stamps the wall clock."""

    def emit(self, event: TraceEvent) -> int:
        """Keep the event and return its `seq`, for use as a later event's `cause`."""
        ...


class LedgerStore(Protocol):
    """Keeps decided heights, durably and in order."""

    def append(self, entry: Entry) -> None:
        """Make `entry` durable; heights already kept are left as they are."""
        ...


class JobEnd(Value):
    """A job that a scheduler says has ended."""

    cluster: ClusterId
    job: JobId
    at_s: int
    """Ledger time of the end, s."""
    run_s: int
    """How long it ran, s."""
    succeeded: bool


class Backend(Protocol):
    """A cluster's scheduler: takes awarded jobs, says when they end."""

    def submit(self, cluster: ClusterId, job: Job, at_s: int) -> None:
        """Start `job` at ledger time `at_s`.

        Raises:
            BackendRefused: the scheduler will not take it; the job is called again.
        """
        ...

    def next_end_s(self) -> int | None:
        """Return when the next running job ends, ledger time in s; None if none runs."""
        ...

    def ended(self, at_s: int) -> list[JobEnd]:
        """Return, once, the jobs that have ended by `at_s`, in order of their ends."""
        ...
