"""What each graph node does with bidders that are slow, silent, wrong or curious."""

import asyncio

import pytest

from graph.nodes import bid_node, vote_node
from quorate.domain.bidding import Abstention, AbstentionCode, Answer
from quorate.domain.errors import MisuseError
from quorate.domain.values import ClusterId
from quorate.ledger import acts as a
from tests.graph.table import NAMES, ByRule, Dropping, arrivals, played, table
from tests.quorate.ledger import build as make


class Silent:
    """Abstains with a reason of its own."""

    def __init__(self, code: str = AbstentionCode.PROVIDER_UNREACHABLE) -> None:
        self.code = code

    async def bid(self, job, snapshot):
        detail = f"{snapshot.cluster.id} could not reach its model"
        return Answer(outcome=Abstention(job=job.id, cluster=snapshot.cluster.id, code=self.code, detail=detail))


class Raising:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def bid(self, job, snapshot):
        raise self.error


class Curious(ByRule):
    """Answers last, and looks at everything that a member could have received by then."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.saw, self.questions = None, [], []
        self.others = asyncio.Event()

    async def bid(self, job, snapshot):
        self.questions.append((job, snapshot))
        await self.others.wait()
        calls = self.table.assembly.application.state.calls[job.id]
        said = [act for member in self.table.members for act in member.unsettled()]
        self.saw.append((calls.seals, calls.answers, [act for act in said if isinstance(act, a.Commit | a.Reveal)]))
        return await super().bid(job, snapshot)


def test_nodes_are_named_after_their_clusters():
    assert bid_node(ClusterId("HPC_RESOURCE_00")) == "bid_hpc_resource_00"
    assert vote_node(ClusterId("HPC_RESOURCE_00")) == "vote_hpc_resource_00"


async def test_no_bidder_can_see_an_answer_of_another_before_all_are_closed():
    curious = Curious()
    set_ = table({NAMES[5]: curious})
    curious.table = set_
    emit = set_.trace.emit

    def telling(event):
        seq = emit(event)
        if len(set_.trace.of("answered")) == 5:
            curious.others.set()
        return seq

    set_.trace.emit = telling
    assert await played(set_, make.owned("j1")) == {"j1": "allocated"}
    assert curious.saw == [({}, {}, [])], "five had answered, and nothing of it was under way"
    (job, snapshot) = curious.questions[0]
    assert {job.id, snapshot.cluster.id} == {"j1", "c5"}, "a bidder is given the job and its own cluster, no more"


async def test_answers_are_sealed_one_height_before_the_first_is_shown():
    set_ = table()
    await played(set_, make.owned("j1"))
    kinds = {}
    for height in set_.committer.heights:
        for item in height.entry.items:
            for act in a.decode_acts(item.payload):
                kinds.setdefault(act.act, set()).add(height.entry.block.height)
    assert len(kinds["commit"]) == len(kinds["reveal"]) == 1
    assert max(kinds["commit"]) < min(kinds["reveal"])


async def test_one_slow_agent_is_an_abstention_at_the_deadline_and_delays_nobody():
    set_ = table({NAMES[2]: ByRule(delay_s=3_600)}, deadline_s=0.05)
    async with asyncio.timeout(60):
        assert await played(set_, make.owned("j1")) == {"j1": "allocated"}
    late = {e.cluster: e.answer.outcome for e in set_.trace.of("answered") if e.answer.outcome.kind == "abstention"}
    assert list(late) == ["c2"]
    assert late["c2"].code == AbstentionCode.DEADLINE
    assert late["c2"].detail == "no answer within 0.05 s"
    assert set_.trace.of("answered")[-1].cluster == "c2", "the others' answers did not wait for it"


async def test_bidders_think_at_the_same_time():
    together = asyncio.Barrier(6)

    class Meeting(ByRule):
        async def bid(self, job, snapshot):
            await together.wait()
            return await super().bid(job, snapshot)

    set_ = table({name: Meeting() for name in NAMES})
    async with asyncio.timeout(60):
        assert await played(set_, make.owned("j1")) == {"j1": "allocated"}


@pytest.mark.parametrize("error", [MisuseError("called wrongly"), KeyError("a bug"), RuntimeError("another")], ids=repr)
async def test_a_bidder_that_raises_is_a_bug_and_surfaces(error):
    set_ = table({NAMES[3]: Raising(error)})
    with pytest.raises(type(error), match=str(error.args[0])):
        await played(set_, make.owned("j1"))
    assert set_.decisions == [], "nothing was decided on five answers of six"


async def test_all_six_abstain_and_the_job_is_unallocated_with_each_reason():
    set_ = table({name: Silent() for name in NAMES})
    assert await played(set_, make.owned("j1")) == {"j1": "unallocated"}
    (decision,) = set_.decisions
    assert decision.winner is None
    assert len(decision.reasons) == 6
    assert all(f"c{i} could not reach its model" in reason for i, reason in enumerate(decision.reasons))


async def test_all_six_late_and_the_job_is_unallocated():
    set_ = table({name: ByRule(3_600) for name in NAMES}, deadline_s=0.02)
    assert await played(set_, make.owned("j1")) == {"j1": "unallocated"}
    assert {answer.answer.code for answer in set_.decisions[0].answers} == {AbstentionCode.DEADLINE}


async def test_what_no_cluster_can_ever_run_is_asked_of_nobody_and_takes_nothing():
    bidders = {name: ByRule() for name in NAMES}
    set_ = table(bidders)
    assert await played(set_, make.owned("j1", 11)) == {"j1": "unallocated"}
    assert [bidder.asked for bidder in bidders.values()] == [[]] * 6
    assert {answer.answer.code for answer in set_.decisions[0].answers} == {AbstentionCode.TOO_FEW_NODES}
    state = set_.assembly.application.state
    assert not state.running
    assert all(state.snapshot(seat).nodes_free == 10 for seat in range(6))


async def test_a_dead_leader_costs_one_round_and_the_next_proposer_decides():
    set_ = table(conduct=lambda seat, member: Dropping(member) if seat == 1 else member)
    assert await played(set_, make.owned("j1")) == {"j1": "allocated"}
    rounds = {event.height: event.round for event in set_.trace.of("decided")}
    assert sorted(rounds.values()) == [0, 0, 1], "one of three heights was its turn"
    (height,) = [height for height, round_ in rounds.items() if round_]
    proposers = {event.round: event.cluster for event in set_.trace.of("proposed") if event.height == height}
    assert list(proposers) == [1]
    skips = {event.cluster for event in set_.trace.of("voted") if event.height == height and event.vote == "skip"}
    assert "c1" not in skips
    assert len(skips) >= 4


async def test_without_a_quorum_a_job_is_undecided_and_the_trace_says_so():
    set_ = table(conduct=lambda seat, member: Dropping(member) if seat < 3 else member)
    assert await played(set_, make.owned("j1")) == {"j1": "undecided"}
    assert [event.job for event in set_.trace.of("undecided")] == ["j1"]
    assert set_.committer.heights == []


async def test_rounds_are_counted_for_each_job_anew_and_a_revived_quorum_decides_both():
    dead = {"now": True}
    set_ = table(conduct=lambda seat, m: Dropping(m, lambda: dead["now"]) if seat < 3 else m, rounds_max=1)
    one, two = arrivals(set_, make.owned("j1"), make.owned("j2"))
    assert await set_.run.jobs([one]) == {"j1": "undecided"}
    dead["now"] = False
    for seat in range(3):
        set_.assembly.absorb(seat, set_.members[seat].start(set_.assembly.now_ms))
    assert await set_.run.jobs([one, two]) == {"j1": "allocated", "j2": "allocated"}


async def test_an_answer_that_an_interrupted_run_had_is_not_asked_for_again():
    first = table()
    await played(first, make.owned("j1"))
    had = {(e.job, e.opened, e.cluster): e.answer for e in first.trace.of("answered")}
    bidders = {name: ByRule() for name in NAMES}
    again = table(bidders)
    again.nodes.answered = {key: answer for key, answer in had.items() if key[2] != "c4"}
    await played(again, make.owned("j1"))
    assert [name for name in NAMES if bidders[name].asked] == ["c4"]
    assert again.committer.heights[-1].entry.block.digest == first.committer.heights[-1].entry.block.digest
    assert [e.cluster for e in again.trace.of("answered")] == ["c4"], "what had been told is not told twice"
