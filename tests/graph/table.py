"""Six members at one table: an assembly of small equal clusters, with ledger, trace and scheduler in memory."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from langgraph.checkpoint.base import BaseCheckpointSaver

from agents.bidder import RuleBidder
from backends.simulated import SimulatedBackend
from graph.assembly import Assembly
from graph.build import build
from graph.committing import Committer
from graph.nodes import Choices, Nodes
from graph.running import Arrival, Run
from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.bidding import Answer
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.deciding import Entry
from quorate.domain.errors import BackendRefused
from quorate.domain.jobs import Job
from quorate.domain.trace import TraceEvent
from quorate.domain.values import ClusterId, JobId
from quorate.ledger import participant as p
from quorate.ledger.acts import Receipt, receipt_bytes
from quorate.ledger.application import LedgerApplication
from quorate.ledger.participant import Conduct, Participant
from quorate.ledger.records import DecisionRecord
from quorate.ports import Backend, Bidder, JobEnd
from tests.quorate.ledger import build as make

NAMES = tuple(ClusterId(f"c{seat}") for seat in range(6))


class Memory:
    """A trace that keeps its events."""

    def __init__(self) -> None:
        self.events: list[TraceEvent] = []

    def emit(self, event: TraceEvent) -> int:
        self.events.append(event.model_copy(update={"seq": len(self.events) + 1}))
        return len(self.events)

    def of(self, kind: str) -> list[TraceEvent]:
        return [event for event in self.events if event.kind == kind]


class Kept:
    """A ledger that keeps its entries."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, entry: Entry) -> None:
        assert entry.block.height == len(self.entries) + 1
        self.entries.append(entry)


class ByRule:
    """The rule's answer, after a while."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.asked: list[tuple[JobId, int]] = []

    async def bid(self, job: Job, snapshot: ClusterSnapshot) -> Answer:
        self.asked.append((job.id, snapshot.nodes_free))
        await asyncio.sleep(self.delay_s)
        return await RuleBidder().bid(job, snapshot)


class Refusing(SimulatedBackend):
    """A scheduler that will not take some jobs on some clusters, once."""

    def __init__(self, *refused: tuple[str, str]) -> None:
        super().__init__(seed=1)
        self.left = list(refused)

    def submit(self, cluster: ClusterId, job: Job, at_s: int) -> None:
        if (cluster, job.id) in self.left:
            self.left.remove((cluster, job.id))
            raise BackendRefused(f"{cluster} is being drained")
        super().submit(cluster, job, at_s)


class Dropping:
    """A member that is dead while `dead()`: it takes no message, ends no timer, says nothing."""

    def __init__(self, honest: Participant, dead: Callable[[], bool] = lambda: True) -> None:
        self.honest, self.dead = honest, dead

    @property
    def application(self) -> LedgerApplication:
        return self.honest.application

    def __getattr__(self, name: str) -> object:
        def call(*args: object) -> object:
            return [] if self.dead() else getattr(self.honest, name)(*args)

        return call


class Submitters:
    """Every submitter confirms what the cluster says."""

    def __init__(self, chain: str) -> None:
        self.chain = chain

    def receipt(self, end: JobEnd) -> Receipt:
        message = receipt_bytes(self.chain, end.job, end.run_s, end.succeeded)
        signature = make.key(f"submitter of {end.job}").sign(message).hex()
        return Receipt(job=end.job, run_s=end.run_s, succeeded=end.succeeded, signature=signature)


@dataclass
class Table:
    """Everything of one run in memory."""

    assembly: Assembly
    committer: Committer
    run: Run
    trace: Memory
    nodes: Nodes
    members: list[Conduct] = field(default_factory=list)

    @property
    def decisions(self) -> list[DecisionRecord]:
        records = [height.application.record for height in self.committer.heights]
        return [decision for record in records if record for decision in record.decisions]


def honest(seat: int, application: LedgerApplication) -> Participant:
    """An honest member in its seat."""
    signer = make.key(application.state.members[seat].cluster.id)
    replica = Replica(seat, application, signer, Ed25519Verifier(), ReplicaSettings())
    return Participant(seat, replica, lambda job, opened: f"{seat:02d}{opened:030d}")


def table(
    bidders: Mapping[ClusterId, Bidder] | None = None,
    conduct: Callable[[int, Participant], Conduct] = lambda _, member: member,
    *,
    clusters: int = 6,
    deadline_s: float = 5.0,
    rounds_max: int = 3,
    backend: Backend | None = None,
    saver: BaseCheckpointSaver[str] | None = None,
    background: Mapping[int, int] | None = None,
) -> Table:
    """Set a table of equal clusters of ten nodes; `conduct` may replace members."""
    genesis = make.genesis(clusters, background)
    application = LedgerApplication.of(genesis)
    members = [conduct(seat, honest(seat, application)) for seat in range(clusters)]
    trace = Memory()
    assembly = Assembly(members, trace)
    schedule = backend or SimulatedBackend(seed=1)
    committer = Committer(assembly, Kept(), schedule, trace, {})
    asked = {name: (bidders or {}).get(name, ByRule()) for name in NAMES[:clusters]}
    nodes = Nodes(assembly, asked, committer, trace, Choices(deadline_s=deadline_s, rounds_max=rounds_max))
    graph = build(nodes, NAMES[:clusters], saver)
    run = Run("test", graph, assembly, committer, schedule, Submitters(genesis.digest), trace)
    assembly.start()
    return Table(assembly, committer, run, trace, nodes, members)


def arrivals(table_: Table, *jobs: Job, every_s: int = 60) -> list[Arrival]:
    """The jobs as their submitters hand them in, one after the other."""
    chain = table_.assembly.application.chain
    return [Arrival(job, make.submit(chain, job).signature, number * every_s) for number, job in enumerate(jobs)]


async def played(table_: Table, *jobs: Job, every_s: int = 60) -> Mapping[JobId, str]:
    """Run the jobs and return their outcomes."""
    return await table_.run.jobs(arrivals(table_, *jobs, every_s=every_s))


def grounds(effects: Sequence[p.Effect]) -> list[str]:
    """The kinds of some effects, for messages."""
    return [type(effect).__name__ for effect in effects]
