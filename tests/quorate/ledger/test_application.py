"""The ledger as the consensus sees it: what is due, when to look again, what may enter. P-44, P-45, P-47."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.signing import sign_vote
from quorate.domain.deciding import Item, Kind, pack_ext
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ledger.height import OVERDUE_END_S
from tests.quorate.ledger.build import (
    NO_SIGNATURE,
    Chain,
    Plainly,
    commit,
    genesis,
    honest,
    job,
    key,
    reveal,
)


def pool(life, acts):
    return life.items(acts)


def seals(life, seats):
    return {seat: [commit(life.state, seat, honest(life.state, seat, "j1"))] for seat in seats}


def shown(life, seats):
    return {seat: [reveal(life.state, honest(life.state, seat, "j1"))] for seat in seats}


def now(life):
    return LedgerApplication(life.state)


@given(st.binary(max_size=100))
def test_judging_says_a_sentence_or_nothing_and_never_more(data):
    said = LedgerApplication.of(genesis(4)).judge(Item(0, 1, data, NO_SIGNATURE))
    assert said is None or said.isprintable()


def test_nothing_is_due_while_nothing_waits():
    quiet = LedgerApplication.of(genesis(4))
    assert not quiet.due([], 10**6)
    assert quiet.wake_at_s([]) is None


URGENT = (a.Submit(job=job()), a.Declare(background=1), a.Refuse(job="j1", reason=""), a.Report(evidence="{}"))


@pytest.mark.parametrize("act", URGENT, ids=lambda act: act.act)
def test_what_waits_for_nothing_else_is_due_at_once(act):
    life = Plainly(genesis(4))
    assert now(life).due(pool(life, {1: [act]}), 0)


def test_junk_in_the_pool_makes_nothing_due():
    quiet = LedgerApplication.of(genesis(4))
    assert not quiet.due([Item(0, 1, b"junk", NO_SIGNATURE)], 0)


def test_a_call_is_due_when_all_have_sealed_or_its_time_is_up():
    life = Plainly(genesis(4))
    life.open(job())
    closes = life.state.calls["j1"].closes_at_s
    assert not now(life).due(pool(life, seals(life, range(3))), 5)
    assert now(life).due(pool(life, seals(life, range(4))), 5)
    assert [now(life).due([], at_s) for at_s in (closes - 1, closes)] == [False, True]
    assert now(life).wake_at_s([]) == closes


def test_a_closed_call_is_due_when_all_have_shown_or_the_window_is_over():
    life = Plainly(genesis(4))
    life.open(job())
    life.height(seals(life, range(4)))
    over = life.state.head_at_s + 60
    assert not now(life).due(pool(life, shown(life, range(3))), 5)
    assert now(life).due(pool(life, shown(life, range(4))), 5)
    assert [now(life).due([], at_s) for at_s in (over - 1, over)] == [False, True]
    assert now(life).wake_at_s([]) == over


def test_an_award_is_due_when_it_must_have_been_started_and_a_job_when_it_must_have_ended():
    life = Plainly(genesis(4))
    life.place(job())
    awarded, seat = life.state.head_at_s, life.state.running["j1"].seat
    assert now(life).wake_at_s([]) == awarded + 1_800
    start = pool(life, {seat: [a.Start(job="j1")]})
    assert now(life).wake_at_s(start) == awarded + 900
    life.height({seat: [a.Start(job="j1")]})
    assert now(life).wake_at_s([]) == life.state.head_at_s + 3_600 + OVERDUE_END_S


@given(st.integers(0, 5))
def test_whatever_is_due_is_gone_after_a_few_heights_so_that_no_chain_runs_idle(silent):
    life = Plainly(genesis(6))
    life.open(job())
    life.height(seals(life, [seat for seat in range(6) if seat != silent]))
    for _ in range(12):
        at_s = now(life).wake_at_s([])
        if at_s is None:
            break
        life.height(at_s=max(at_s, life.state.head_at_s))
    assert not now(life).due([], life.state.head_at_s)
    assert life.state.calls == {}


def test_applying_a_block_gives_what_its_results_claim_and_remembers_who_decided():
    chain = Chain(genesis(4))
    chain.place(job())
    last = chain.entries[-1]
    assert last.block.results["root"] == chain.state.root()
    assert chain.application.parent == last.block.digest
    assert chain.application.previous_committee.height == last.block.height
    assert chain.application.sequences == (3, 2, 2, 2)
    assert chain.application.record.decisions[0].outcome == "allocated"


def test_a_late_seal_counts_if_the_certificate_says_that_a_third_held_it():
    for held_by, outcome in ((3, "bid"), (1, "abstention")):
        chain = Chain(genesis(4))
        chain.decide({0: [a.Submit(job=job())]})
        told = {seat: honest(chain.state, seat, "j1") for seat in range(4)}
        late = commit(chain.state, 3, told[3])
        chain.decide({seat: [commit(chain.state, seat, told[seat])] for seat in range(3)}, at_s=200)
        chain.entries[-1] = with_held(chain, held_by)
        chain.decide({3: [late]})
        chain.decide({seat: [reveal(chain.state, told[seat])] for seat in range(3 + (held_by == 3))})
        decision = chain.application.record.decisions[0]
        assert decision.answers[3].answer.kind == outcome


def with_held(chain, count):
    """The last entry, certified by votes of which `count` report an item of seat 3 that no block has yet."""
    entry = chain.entries[-1]
    held = list(chain.state.sequences)
    votes = []
    for seat in range(4):
        ext = pack_ext([*held[:3], held[3] + (seat < count)])
        votes.append(
            sign_vote(chain.application.chain, key(f"c{seat}"), Kind.FINALIZE, entry.block.height, 0, seat,
                      value=entry.block.digest, ext=ext)
        )  # fmt: skip
    return replace(entry, certificate=build_certificate(votes))
