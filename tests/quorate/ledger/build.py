"""Builds what ledger tests need: small federations, real keys, honest answers, and chains of certified heights."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from quorate.consensus.certificate import build_certificate
from quorate.consensus.plain import entry_line
from quorate.consensus.signing import KeySigner, sign_item, sign_vote
from quorate.domain.bidding import Abstention, Bid, Forecast
from quorate.domain.clusters import Cluster, NodeGroup
from quorate.domain.deciding import Block, Certificate, Entry, Item, Kind, pack_ext
from quorate.domain.jobs import Job
from quorate.domain.values import Value
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ledger.execute import Executed, execute
from quorate.ledger.genesis import Genesis, Member, Parameters
from quorate.ledger.records import HeightRecord
from quorate.ledger.state import LedgerState, founded
from quorate.ledger.verify import genesis_line
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid

SALT = "5a" * 16
NO_SIGNATURE = b"\x00" * 64


def key(name: object) -> KeySigner:
    """The key of whoever has this name."""
    return KeySigner(blake2b(f"test|{name}".encode(), digest_size=32).digest())


def group(nodes: int = 10, cores: int = 8, memory_gib: int = 64, gpus: int = 0) -> NodeGroup:
    return NodeGroup(nodes=nodes, cores=cores, memory_gib=memory_gib, gpus=gpus)


def cluster(name: str = "c0", type_: str = "hpc", groups: Sequence[NodeGroup] = (), link_gbps: int = 100) -> Cluster:
    return Cluster.model_validate(
        {
            "id": name,
            "type": type_,
            "interconnect": "Test fabric",
            "link_gbps": link_gbps,
            "storage_pb": 1,
            "groups": tuple(groups) or (group(),),
        }
    )


def genesis(
    clusters: Sequence[Cluster] | int = 4, background: Mapping[int, int] | None = None, **parameters: object
) -> Genesis:
    """A chain of these clusters, or of so many equal ones; their keys are `key(cluster.id)`."""
    made = [cluster(f"c{i}") for i in range(clusters)] if isinstance(clusters, int) else clusters
    busy = background or {}
    members = tuple(
        Member(cluster=c, public_key=key(c.id).public_key.hex(), background=busy.get(i, 0)) for i, c in enumerate(made)
    )
    return Genesis(name="test", members=members, parameters=Parameters.model_validate(parameters))


def job(name: str = "j1", nodes: int = 2, /, **fields: object) -> Job:
    return Job.model_validate({"id": name, "nodes": nodes, "walltime_s": 3_600, **fields})


def owned(name: str = "j1", nodes: int = 2, /, **fields: object) -> Job:
    """A job whose submitter has the key `key("submitter of NAME")`."""
    who = f"submitter of {name}"
    return job(name, nodes, submitter=who, submitter_key=key(who).public_key.hex(), **fields)


def submit(chain: str, wanted: Job) -> a.Submit:
    """The act that enters a job, signed if it has a key."""
    if not wanted.submitter_key:
        return a.Submit(job=wanted)
    return a.Submit(job=wanted, signature=key(wanted.submitter).sign(a.submission_bytes(chain, wanted)).hex())


def receipt(chain: str, wanted: Job, run_s: int, succeeded: bool = True, signer: str = "") -> a.Receipt:
    message = a.receipt_bytes(chain, wanted.id, run_s, succeeded)
    return a.Receipt(
        job=wanted.id, run_s=run_s, succeeded=succeeded, signature=key(signer or wanted.submitter).sign(message).hex()
    )


def honest(state: LedgerState, seat: int, name: str) -> Bid | Abstention:
    """What the rule answers to an open call."""
    call = state.calls[name]
    return abstention(call.job, call.snapshots[seat]) or rule_bid(call.job, call.snapshots[seat])


def bid(state: LedgerState, seat: int, name: str, score_bp: int, **changes: object) -> Bid:
    """A bid of this score whatever the facts; `changes` replace fields."""
    call = state.calls[name]
    forecast = Forecast(start_p50_s=0, start_p90_s=60, run_p50_s=10, run_p90_s=20, success_bp=9_000, author="rule")
    return Bid.model_validate(
        {
            "job": name,
            "cluster": call.snapshots[seat].cluster.id,
            "score_bp": score_bp,
            "wanted_bp": score_bp,
            "reasoning": "because",
            "forecast": forecast,
            "author": {"kind": "rule", "provider": "rule"},
            **changes,
        }
    )


def commit(state: LedgerState, seat: int, answer: Bid | Abstention, salt: str = SALT) -> a.Commit:
    name = state.members[seat].cluster.id
    opened = state.calls[answer.job].opened
    return a.Commit(job=answer.job, opened=opened, seal=a.seal(answer.job, name, answer, salt))


def reveal(state: LedgerState, answer: Bid | Abstention, salt: str = SALT) -> a.Reveal:
    return a.Reveal(job=answer.job, opened=state.calls[answer.job].opened, answer=answer, salt=salt)


Acts = Mapping[int, Iterable[Value]]


class Plainly:
    """Drives `execute` alone, without keys, certificates and blocks: for thousands of sequences."""

    def __init__(self, beginning: Genesis) -> None:
        self.state = founded(beginning)
        self.done: list[Executed] = []

    def items(self, acts: Acts) -> list[Item]:
        out = []
        for seat in sorted(acts):
            payload = a.encode_acts(tuple(acts[seat]))
            out.append(Item(seat, self.state.sequences[seat] + 1, payload, NO_SIGNATURE))
        return out

    def height(
        self,
        acts: Acts | None = None,
        at_s: int | None = None,
        signers: Sequence[int] | None = None,
        required: Sequence[int] | None = None,
    ) -> HeightRecord:
        """Decide one height; who is not said to have signed the last one did."""
        state = self.state
        who = range(len(state.members)) if signers is None else signers
        done = execute(
            state,
            state.head_at_s + 1 if at_s is None else at_s,
            self.items(acts or {}),
            who if state.height > 1 else (),
            state.sequences if required is None else required,
        )
        parent = blake2b(f"block {state.height} of {state.chain}".encode(), digest_size=32).hexdigest()
        self.state = replace(done.state, parent=parent)
        self.done.append(done)
        return done.record

    def open(self, *jobs: Job, seat: int = 0) -> HeightRecord:
        return self.height({seat: [submit(self.state.chain, wanted) for wanted in jobs]})

    def answers(self, names: Iterable[str] | None = None, seats: Iterable[int] | None = None) -> dict[int, list]:
        """Every seat's honest answers to the open calls."""
        calls = [n for n, c in self.state.calls.items() if c.closed is None] if names is None else list(names)
        who = self.state.active() if seats is None else seats
        return {
            seat: [honest(self.state, seat, name) for name in calls if seat < len(self.state.calls[name].snapshots)]
            for seat in who
        }

    def settle(self, answers: Mapping[int, Sequence[Bid | Abstention]] | None = None) -> HeightRecord:
        """Seal, close, show and decide what is open; return the deciding height."""
        given = self.answers() if answers is None else answers
        self.height({seat: [commit(self.state, seat, answer) for answer in mine] for seat, mine in given.items()})
        late = max((call.closes_at_s for call in self.state.calls.values() if call.closed is None), default=None)
        if late is not None:
            self.height(at_s=max(late, self.state.head_at_s))
        return self.height({seat: [reveal(self.state, answer) for answer in mine] for seat, mine in given.items()})

    def place(self, *jobs: Job, answers: Mapping[int, Sequence[Bid | Abstention]] | None = None) -> HeightRecord:
        self.open(*jobs)
        return self.settle(answers)


class Chain:
    """A chain of certified heights under real keys, decided at once by whoever is told to vote."""

    def __init__(self, beginning: Genesis | None = None) -> None:
        self.genesis = beginning or genesis()
        self.application = LedgerApplication.of(self.genesis)
        self.entries: list[Entry] = []
        self.names = [member.cluster.id for member in self.genesis.members]

    @property
    def state(self) -> LedgerState:
        return self.application.state

    def items(self, acts: Acts) -> list[Item]:
        chain, sequences = self.application.chain, self.application.sequences
        return [
            sign_item(chain, seat, sequences[seat] + 1, a.encode_acts(tuple(acts[seat])), key(self.names[seat]))
            for seat in sorted(acts)
        ]

    def certify(
        self,
        block: Block,
        voters: Sequence[int] | None = None,
        held: Sequence[int] | None = None,
        kind: Kind = Kind.FINALIZE,
    ) -> Certificate:
        """The certificate of these seats, by default all with power."""
        application = self.application
        ext = pack_ext(application.sequences if held is None else held) if kind is Kind.FINALIZE else b""
        return build_certificate(
            sign_vote(
                application.chain, key(self.names[seat]), kind, block.height, 0, seat, value=block.digest, ext=ext
            )
            for seat in (self.state.active() if voters is None else voters)
        )

    def block(self, items: Sequence[Item], at_s: int) -> Block:
        application, previous = self.application, self.entries[-1].certificate if self.entries else None
        return Block(
            application.chain,
            int(application.height),
            application.parent,
            at_s,
            tuple(item.digest for item in items),
            previous,
            application.results(at_s, items, previous),
        )

    def decide(
        self,
        acts: Acts | None = None,
        at_s: int | None = None,
        voters: Sequence[int] | None = None,
        held: Sequence[int] | None = None,
    ) -> HeightRecord:
        items = self.items(acts or {})
        block = self.block(items, self.state.head_at_s + 1 if at_s is None else at_s)
        if held is None:
            held = [
                max([base, *(i.seq for i in items if i.sender == s)]) for s, base in enumerate(self.state.sequences)
            ]
        self.entries.append(Entry(block, tuple(items), self.certify(block, voters, held)))
        self.application = self.application.apply(block, items)
        record = self.application.record
        assert record is not None
        return record

    def place(self, *jobs: Job) -> HeightRecord:
        """Submit, seal, show and decide, honestly."""
        self.decide({0: [submit(self.application.chain, wanted) for wanted in jobs]})
        seats = self.state.active()
        given = {seat: [honest(self.state, seat, wanted.id) for wanted in jobs] for seat in seats}
        self.decide({seat: [commit(self.state, seat, answer) for answer in mine] for seat, mine in given.items()})
        return self.decide({seat: [reveal(self.state, answer) for answer in mine] for seat, mine in given.items()})

    def run(self, wanted: Job, run_s: int = 1_800) -> HeightRecord:
        """Start and end a placed job, and hand in its receipt."""
        held = self.state.running[wanted.id]
        self.decide({held.seat: [a.Start(job=wanted.id)]})
        self.decide({held.seat: [a.End(job=wanted.id, run_s=run_s, succeeded=True)]}, self.state.head_at_s + run_s)
        return self.decide({0: [receipt(self.application.chain, wanted, run_s)]})

    def lines(self) -> list[bytes]:
        """The ledger file's lines, with their newlines."""
        return [genesis_line(self.genesis) + b"\n", *(entry_line(entry) + b"\n" for entry in self.entries)]
