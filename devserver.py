"""LangGraph's own development server opens the graph here: a federation in memory, plain JSON in and out.

`langgraph.json` names `dev_graph`. The server brings its own checkpointer; each run decides one job from genesis, with
the rule's bidders and a demonstration's keys, and leaves nothing on the disk.
"""

from typing import cast

from langgraph.types import Overwrite

import wiring
from agents.bidder import RuleBidder
from backends.reading import jobs_from, read_federation
from backends.simulated import SimulatedBackend
from backends.trace_file import Trace
from graph.assembly import Assembly
from graph.build import Graph, PlainJob, PlainOutcome, build
from graph.committing import Committer
from graph.nodes import Choices, Nodes
from graph.state import AllocationState
from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.deciding import Entry
from quorate.ledger.application import LedgerApplication
from quorate.ledger.fold import fold
from quorate.ledger.participant import Participant
from quorate.ledger.state import LedgerState

SEED = 42
FEDERATION = read_federation(wiring.REFERENCE_FEDERATION)
"""Read here, once: the server allows no graph to touch a file while it runs."""


class _Memory:
    """A ledger that lasts as long as its run."""

    def append(self, entry: Entry) -> None:
        """Keep nothing: the committer holds the heights."""


class _PlainDoor:
    """Plain JSON in, plain JSON out."""

    def __init__(
        self, submitters: wiring.DemoSubmitters, committer: Committer, trace: Trace, start: LedgerState
    ) -> None:
        self._submitters, self._committer, self._trace, self._start = submitters, committer, trace, start

    async def enter(self, state: PlainJob) -> AllocationState:
        """Read the job and sign it for its submitter; a thread that held a job before forgets it."""
        (asked,) = jobs_from(dict(state["job"]), "the input").jobs
        arrival = self._submitters.arrival(asked.job(), 0, 0)
        forgotten = {name: Overwrite({}) for name in ("answers", "said", "kept")}
        entered = {"job": arrival.job, "signature": arrival.signature, "number": 1, "of": 1, "outcome": ""}
        return cast(AllocationState, {**entered, **forgotten})

    async def tell(self, state: AllocationState) -> PlainOutcome:
        """Fold what was decided into a row of the report."""
        report = fold(FEDERATION.name, self._start, self._committer.heights, self._trace.events, 1, None)
        told = [row.model_dump(mode="json") for row in report.decisions]
        return PlainOutcome(outcome=state["outcome"], decision=told[-1] if told else {})


def _member(seat: int, application: LedgerApplication) -> Participant:
    cluster = application.state.members[seat].cluster.id
    replica = Replica(seat, application, wiring.demo_signer(SEED, cluster), Ed25519Verifier(), ReplicaSettings())
    return Participant(seat, replica, lambda job, opened: wiring.drawn(SEED, "salt", cluster, job, opened)[:16].hex())


def dev_graph() -> Graph:
    """Return the graph of the reference federation, without a checkpointer; give it {"job": {...}}."""
    genesis = wiring.demo_genesis(SEED, FEDERATION)
    application = LedgerApplication.of(genesis)
    clusters = tuple(cluster.id for cluster in FEDERATION.clusters)
    trace = Trace()
    assembly = Assembly([_member(seat, application) for seat in range(len(clusters))], trace)
    committer = Committer(assembly, _Memory(), SimulatedBackend(SEED), trace, {})
    nodes = Nodes(assembly, {cluster: RuleBidder() for cluster in clusters}, committer, trace, Choices())
    assembly.start()
    door = _PlainDoor(wiring.DemoSubmitters(SEED, genesis.digest), committer, trace, application.state)
    return build(nodes, clusters, door=door)
