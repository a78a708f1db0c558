"""What follows from genesis and blocks: seats, occupancy, powers, and one word to compare by (P-50)."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.replacing import replace
from quorate.ledger import acts as a
from quorate.ledger.state import MemberState, founded, with_standing
from quorate.market.eligibility import ineligible
from quorate.reputation.standing import Standing
from tests.quorate.ledger.build import Plainly, cluster, commit, genesis, group, honest, job


@given(st.integers(4, 10), st.data())
def test_power_is_zero_for_whoever_may_not_vote(members, data):
    state = founded(genesis(members))
    for seat in range(members):
        kind = data.draw(st.sampled_from(["free", "jailed", "probation", "left"]))
        standing = Standing(cluster=f"c{seat}", jailed=kind == "jailed", probation_until=9 * (kind == "probation"))
        state = with_standing(state, seat, standing)
        if kind == "left":
            left = list(state.members)
            left[seat] = replace(left[seat], left=True)
            state = replace(state, members=tuple(left))
        assert (state.power(state.members[seat]) > 0) == (kind == "free")
    assert state.active() == tuple(i for i, power in enumerate(state.committee().powers) if power)


@given(st.integers(0, 13), st.integers(0, 13))
def test_background_gives_way_to_jobs_and_comes_back(first, second):
    mixed = cluster("c0", groups=[group(10, gpus=1), group(4)])
    life = Plainly(genesis([mixed, *(cluster(f"c{i}") for i in (1, 2, 3))]))
    life.height({0: [a.Declare(background=first)]})
    life.open(job("j1", 3, gpus_per_node=1))
    life.settle()
    life.height({0: [a.Declare(background=second)]})
    for state in (life.state, replace(life.state, running={})):
        facts = state.snapshot(0)
        assert facts.nodes_allocated + facts.nodes_background + facts.nodes_free == 14
        assert facts.nodes_background <= second
    assert replace(life.state, running={}).snapshot(0).nodes_background == second


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 5), st.integers(0, 9)), max_size=12), st.data())
def test_a_snapshot_is_the_one_made_anew_whatever_was_kept(moments, data):
    member = founded(genesis([cluster("c0", groups=[group(10, gpus=1), group(4)]), *map(cluster, "abc")])).members[0]
    wanted = job("j1", data.draw(st.integers(1, 15)), gpus_per_node=data.draw(st.integers(0, 1)))
    with patch("quorate.ledger.state.MOMENTS_MAX", 3), patch("quorate.ledger.state.SHAPES_MAX", 0):
        for background, held, at_s in moments:
            kept = replace(member, background=background).facts((held, 0), at_s)
            anew = MemberState(member.cluster, member.public_key, background, member.standing).facts((held, 0), at_s)
            made = ClusterSnapshot.model_validate(anew.model_dump())
            assert kept == made
            assert (kept.free, kept.taken_at_s) == (made.free, at_s)
            assert ineligible(wanted, kept) == ineligible(wanted, made)
        assert len(member.moments) <= 3


def test_facts_that_time_does_not_change_are_kept():
    state = founded(genesis(4))
    first, second = state.snapshot(0, 5), with_standing(state, 0, Standing(cluster="c0", reputation=9)).snapshot(0, 6)
    assert ineligible(job(), first) is None
    assert (second.taken_at_s, second.barred) == (6, first.barred)


def test_the_root_changes_with_everything_that_peers_must_share():
    life = Plainly(genesis(4))
    life.open(job())
    roots = [life.state.root()]
    life.height({0: [commit(life.state, 0, honest(life.state, 0, "j1"))]})
    roots.append(life.state.root())
    variants = (
        {"answered": (1,)},
        {"endorsed": {"0" * 64: frozenset({1})}},
        {"waiting": {"j9": (job("j9"), frozenset())}},
        {"sequences": (9, 9, 9, 9)},
        {"members": (replace(life.state.members[0], background=3), *life.state.members[1:])},
        {"members": (replace(life.state.members[0], left=True), *life.state.members[1:])},
        {"members": (replace(life.state.members[0], judged=(3, 0)), *life.state.members[1:])},
    )
    roots += [replace(life.state, **change).root() for change in variants]
    assert len(set(roots)) == len(roots)


def test_a_founded_state_stands_before_height_1():
    state = founded(genesis(6))
    assert (state.height, state.parent, state.head_at_s) == (1, state.chain, 0)
    assert state.committee().powers == (1_000,) * 6
    assert (state.seat_of("c3"), state.seat_of("nobody")) == (3, None)
