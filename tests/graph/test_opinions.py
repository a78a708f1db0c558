"""Second opinions: asked of everybody at once, told to the trace, and without any weight. decided.md 8."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.opinions import Opinions
from quorate.consensus.plain import entry_line
from quorate.domain.trace import Opined, Voted
from tests.graph import table as t
from tests.quorate.ledger.build import job


@dataclass(frozen=True)
class Said:
    approves: bool
    sentence: str


class Commenting:
    """A model that comments after a while, or says nothing that can be read; what it was asked is kept."""

    def __init__(self, delay_s: float = 0.0, approves: bool | None = True) -> None:
        self.delay_s, self.approves, self.asked = delay_s, approves, []

    async def opinion(self, job, voter, winner, ranked):
        self.asked.append((job.id, voter, winner.cluster.id, [bid.cluster for bid in ranked]))
        await asyncio.sleep(self.delay_s)
        return None if self.approves is None else Said(self.approves, f"{voter} thinks so")


async def carried(voters, deadline_s=5.0, jobs=2, **how):
    table = t.table(**how)
    table.nodes.opinions = Opinions(table.assembly, voters, table.trace, deadline_s)
    await t.played(table, *(job(f"j{number}") for number in range(jobs)))
    return table


def ledger(table):
    return [entry_line(height.entry) for height in table.committer.heights]


def votes(table):
    return [event.model_dump(exclude={"seq", "cause"}) for event in table.trace.events if isinstance(event, Voted)]


WITHOUT = asyncio.run(carried({}))


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([True, False, None])), min_size=6, max_size=6))
def test_votes_and_ledger_are_the_same_bytes_whatever_is_thought_and_however_long_it_takes(thoughts):
    voters = {name: Commenting(ms / 1_000, says) for name, (ms, says) in zip(t.NAMES, thoughts, strict=True)}
    with_ = asyncio.run(carried(voters))
    assert ledger(with_) == ledger(WITHOUT)
    assert votes(with_) == votes(WITHOUT)
    told = [(event.cluster, event.approves) for event in with_.trace.events if isinstance(event, Opined)]
    assert sorted(told) == sorted(
        (name, says) for name, (_, says) in zip(t.NAMES, thoughts, strict=True) for _ in range(2) if says is not None
    )


async def test_every_model_is_asked_once_about_each_decision_and_sees_the_proposal():
    voters = {name: Commenting() for name in t.NAMES}
    table = await carried(voters)
    for name, voter in voters.items():
        assert [(asked[0], asked[1]) for asked in voter.asked] == [("j0", name), ("j1", name)]
        for asked, decision in zip(voter.asked, table.decisions, strict=True):
            assert asked[2] == decision.winner
            assert asked[3] == list(decision.ranking)


async def test_opinions_are_in_before_the_first_vote_on_the_block_that_they_are_about():
    table = await carried({name: Commenting(0.002) for name in t.NAMES}, jobs=1)
    events = table.trace.events
    opined = [event.seq for event in events if isinstance(event, Opined)]
    height = table.decisions[0].height
    judged = [e.seq for e in events if isinstance(e, Voted) and e.height == height and e.vote == "approve"]
    proposer = next(e for e in events if e.kind == "proposed" and e.height == height).cluster
    others = [s for s in judged if events[s - 1].cluster != proposer]
    assert len(opined) == 6
    assert max(opined) < min(others), "the proposer's own proposal is its approval"


async def test_they_are_asked_at_the_same_time():
    class Meeting(Commenting):
        """Comments once all six were asked: one after the other, nobody ever would."""

        async def opinion(self, job, voter, winner, ranked):
            await all_here.wait()
            return await super().opinion(job, voter, winner, ranked)

    all_here = asyncio.Barrier(6)
    table = await carried({name: Meeting() for name in t.NAMES}, jobs=1)
    assert len(table.trace.of("opined")) == 6


async def test_a_model_that_hangs_costs_the_deadline_and_nothing_else():
    voters = {name: Commenting(60.0 if name == "c0" else 0.0) for name in t.NAMES}
    table = await carried(voters, deadline_s=0.05)
    assert ledger(table) == ledger(WITHOUT)
    assert {event.cluster for event in table.trace.events if isinstance(event, Opined)} == set(t.NAMES[1:])


async def test_a_dead_members_proposal_that_never_comes_asks_nobody():
    voters = {name: Commenting() for name in t.NAMES}
    await carried(voters, conduct=lambda seat, member: t.Dropping(member) if seat > 2 else member, rounds_max=1, jobs=1)
    assert not any(voter.asked for voter in voters.values())


async def test_a_run_that_is_cancelled_leaves_no_question_behind():
    table = t.table()
    asked = asyncio.Event()

    class Hanging(Commenting):
        async def opinion(self, job, voter, winner, ranked):
            asked.set()
            await asyncio.sleep(60.0)

    table.nodes.opinions = Opinions(table.assembly, {"c0": Hanging()}, table.trace, 60.0)
    running = asyncio.create_task(t.played(table, job("j0")))
    await asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == {asyncio.current_task()}
