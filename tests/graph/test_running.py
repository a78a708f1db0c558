"""Arrivals, waits, ends and receipts on the virtual clock."""

from langgraph.checkpoint.memory import InMemorySaver

from backends.simulated import SimulatedBackend
from graph.build import serializer
from graph.running import Acting, decided, thread_name
from quorate.consensus import effects as e
from quorate.consensus.messages import decode, encode_item
from quorate.consensus.signing import sign_item
from quorate.domain.bidding import AbstentionCode
from quorate.domain.deciding import Item
from quorate.ledger import acts as a
from tests.graph.table import NAMES, ByRule, Dropping, arrivals, played, table
from tests.quorate.ledger import build as make

WIDE = 8
"""Nodes of a job of which one fits a cluster of ten."""


def ends(table_):
    records = [height.application.record for height in table_.committer.heights]
    return [end for record in records if record for end in record.ended]


async def test_jobs_arrive_in_order_at_their_times_and_each_is_decided():
    set_ = table()
    jobs = [make.owned(f"j{i}") for i in range(3)]
    assert await played(set_, *jobs, every_s=600) == dict.fromkeys(("j0", "j1", "j2"), "allocated")
    assert [(d.job.id, d.at_s) for d in set_.decisions] == [("j0", 0), ("j1", 600), ("j2", 1_200)]


async def test_a_job_that_finds_no_room_waits_and_is_called_again_when_nodes_come_free():
    set_ = table(clusters=4)
    jobs = [make.owned(f"j{i}", WIDE) for i in range(5)]
    outcomes = await played(set_, *jobs, every_s=60)
    assert set(outcomes.values()) == {"allocated"}
    story = [(d.outcome, d.winner) for d in set_.decisions if d.job.id == "j4"]
    assert [outcome for outcome, _ in story] == ["waiting", "allocated"]
    first_end = min(ends(set_), key=lambda end: end.at_s)
    assert story[1][1] == first_end.cluster
    assert set_.decisions[-1].at_s == first_end.at_s, "it is answered the moment the nodes come free"


async def test_a_waiting_job_is_called_again_between_two_arrivals_and_not_after_the_second():
    set_ = table(clusters=4)
    waiting = [make.owned(f"j{i}", WIDE) for i in range(5)]
    given = arrivals(set_, *waiting, make.owned("late", 1), every_s=0)
    given[-1] = type(given[-1])(given[-1].job, given[-1].signature, 100_000)
    await set_.run.jobs(given)
    again = [d for d in set_.decisions if d.job.id == "j4"][-1]
    assert again.outcome == "allocated"
    assert again.at_s < 3_600
    assert not [answer for answer in again.answers if answer.answer.kind == "abstention"
                and answer.answer.code == AbstentionCode.NO_ANSWER], "everybody answered the second call"  # fmt: skip


async def test_ended_jobs_give_their_nodes_back_and_their_submitters_receipt_follows_the_end():
    set_ = table()
    await played(set_, make.owned("j1", WIDE))
    await set_.run.finish()
    (end,) = ends(set_)
    assert end.run_s == SimulatedBackend(1).run_s(make.owned("j1", WIDE))
    assert set_.assembly.application.state.running == {}
    order = [act.act for height in set_.committer.heights for item in height.entry.items
             for act in a.decode_acts(item.payload)]  # fmt: skip
    assert order.index("end") < order.index("receipt")
    assert not [line for height in set_.committer.heights for line in height.application.record.ignored]


async def test_a_dead_winner_never_starts_and_the_job_lands_elsewhere():
    winner = await _winner_of("j1")
    seat = NAMES.index(winner)
    alive = {"now": True}

    def conduct(at, member):
        return Dropping(member, lambda: not alive["now"]) if at == seat else member

    set_ = table(conduct=conduct)
    commit = set_.committer.commit

    def dying_at_the_award():
        if any(won == seat for won, _ in set_.assembly.outbox.won):
            alive["now"] = False
            set_.assembly.outbox.won.clear()
        commit()

    set_.committer.commit = dying_at_the_award
    await played(set_, make.owned("j1"))
    await set_.run.finish()
    assert set_.decisions[0].winner == winner
    assert set_.decisions[-1].winner != winner
    assert [end.cluster for end in ends(set_)] == [set_.decisions[-1].winner]


async def _winner_of(name: str) -> str:
    set_ = table()
    await played(set_, make.owned(name))
    return set_.decisions[0].winner


async def test_a_job_that_is_decided_already_is_not_called_again():
    bidders = {name: ByRule() for name in NAMES}
    set_ = table(bidders)
    given = arrivals(set_, make.owned("j1"))
    await set_.run.jobs(given)
    asked = {name: list(bidder.asked) for name, bidder in bidders.items()}
    assert await set_.run.jobs(given) == {"j1": "allocated"}
    assert {name: bidder.asked for name, bidder in bidders.items()} == asked


async def test_a_call_has_one_thread_name_before_and_after_a_crash():
    set_ = table(clusters=4)
    assert thread_name("r", "j4", []) == "r:j4:0"
    await played(set_, *[make.owned(f"j{i}", WIDE) for i in range(5)])
    assert decided("j4", set_.committer.heights) == ["waiting", "allocated"]
    assert thread_name("r", "j4", set_.committer.heights) == "r:j4:2"


async def test_a_driver_is_named_once_for_each_call_at_which_it_acts():
    saver = InMemorySaver(serde=serializer())
    set_ = table(saver=saver)
    set_.run.acting = lambda job: [Acting("inflated-bid", "c0", "bids 1.00")] if job == "j2" else []
    await played(set_, make.owned("j1"), make.owned("j2"))
    assert [(e.job, e.driver) for e in set_.trace.of("fault_acts")] == [("j2", "inflated-bid")]


async def test_what_members_say_between_jobs_is_kept_before_a_height_rests_on_it():
    set_ = table()
    order = []
    set_.run.keep = lambda said: order.append(("kept", sum(map(len, said.values()))))
    append = set_.committer.ledger.append
    set_.committer.ledger.append = lambda entry: (order.append(("ledger", entry.block.height)), append(entry))
    await played(set_, make.owned("j1"))
    order.clear()
    await set_.run.finish()
    assert order[0][0] == "kept"
    assert "ledger" in {kind for kind, _ in order}


async def test_two_answers_signed_by_one_member_reach_the_others_as_evidence():
    """A member that seals two answers under one number, one to each half, is found out and jailed."""
    set_ = table(conduct=lambda seat, member: Twofaced(member) if seat == 4 else member)
    await played(set_, make.owned("j1"), make.owned("j2"))
    await set_.run.finish()
    state = set_.assembly.application.state
    found = [f for h in set_.committer.heights for f in h.application.record.findings]
    assert [(f.cluster, f.class_) for f in found if f.class_ == "A"] == [("c4", "A")]
    assert state.power(state.members[4]) == 0


class Twofaced(Dropping):
    """Sends one half of the members one item, and the other half another of the same number."""

    def __init__(self, honest) -> None:
        super().__init__(honest, lambda: False)
        self.done = False

    def answer(self, job, opened, outcome, now_ms):
        effects = self.honest.answer(job, opened, outcome, now_ms)
        if self.done:
            return effects
        self.done, out = True, []
        chain, me = self.application.chain, self.honest.me
        for effect in effects:
            message = decode(chain, effect.data, len(effect.data)) if isinstance(effect, e.Broadcast) else None
            if not isinstance(message, Item):
                out.append(effect)
                continue
            seal = a.Commit(job=job, opened=opened, seal="ab" * 32)
            other = sign_item(chain, me, message.seq, a.encode_acts((seal,)), make.key("c4"))
            others = [to for to in range(6) if to != me]
            out.extend(e.Send(to, effect.data if to < 3 else encode_item(chain, other)) for to in others)
        return out
