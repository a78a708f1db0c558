"""The one function that every peer re-executes: total, deterministic, and never over-committed.

docs/protocol.md P-44, P-45, P-47, P-50, P-51.
"""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.canonical import canonical
from quorate.domain.deciding import Item
from quorate.ledger import acts as a
from quorate.ledger.execute import _results, execute
from quorate.ledger.height import CALLS_MAX
from quorate.ledger.records import DecisionRecord, Finding, HeightRecord
from quorate.ledger.state import founded
from tests.quorate.ledger.build import (
    NO_SIGNATURE,
    SALT,
    Plainly,
    bid,
    cluster,
    commit,
    genesis,
    group,
    honest,
    job,
    key,
    owned,
    receipt,
    reveal,
    submit,
)

MIXED = (
    cluster("c0", "hpc", [group(12, memory_gib=64, gpus=2), group(6, memory_gib=256)]),
    cluster("c1", "gpu", [group(10, gpus=4)]),
    cluster("c2", "memory", [group(8, memory_gib=1_024)]),
    cluster("c3", "hybrid", [group(5, gpus=2), group(7), group(3, memory_gib=512, gpus=2)]),
)
FREE = "took the job and never started it"


class Counted:
    """An independent count: which nodes of which group are taken, from the records alone."""

    def __init__(self, clusters):
        self.clusters = {made.id: made for made in clusters}
        self.held = {}
        self.jobs = {}

    def follow(self, record):
        """Take one height's record, in the order in which things happen in a height."""
        for end in record.ended:
            if end.job in self.held:
                assert sum(self.held[end.job][1]) == end.nodes
                del self.held[end.job]
        for finding in record.findings:
            if finding.what == FREE:
                del self.held[finding.job]
        for decision in record.decisions:
            if decision.outcome == "allocated":
                assert decision.job.id not in self.held
                self.held[decision.job.id] = (decision.winner, decision.nodes)
                self.jobs[decision.job.id] = decision.job

    def check(self):
        """No group holds more than it has, and every node held has what its job asked for."""
        used = {name: [0] * len(made.groups) for name, made in self.clusters.items()}
        for name, (where, nodes) in self.held.items():
            wanted = self.jobs[name]
            assert sum(nodes) == wanted.nodes
            for i, count in enumerate(nodes):
                each = self.clusters[where].groups[i]
                assert count >= 0
                assert not count or (
                    each.gpus >= wanted.gpus_per_node and each.memory_gib >= wanted.memory_gib_per_node
                )
                used[where][i] += count
        for where, counts in used.items():
            for count, each in zip(counts, self.clusters[where].groups, strict=True):
                assert count <= each.nodes
                assert count * each.gpus <= each.nodes * each.gpus
                assert count * each.memory_gib <= each.nodes * each.memory_gib
        return used


def a_job(rng, number):
    return job(
        f"j{number}",
        rng.choice([1, 2, 3, 5, 8, 12, 20]),
        type=rng.choice(["hpc", "gpu", "memory", "hybrid"]),
        gpus_per_node=rng.choice([0, 0, 0, 2, 4]),
        memory_gib_per_node=rng.choice([0, 0, 64, 200, 1_000]),
        walltime_s=rng.choice([60, 600, 5_000]),
    )


def an_answer(rng, state, seat, name):
    """Mostly honest; else a lie of some kind, or nothing."""
    mood = rng.random()
    if mood < 0.7:
        return honest(state, seat, name)
    if mood < 0.85:
        return bid(state, seat, name, rng.choice([0, 5_000, 10_000]), evidence=[{"fact": "nodes_free", "value": 10**6}])
    return bid(state, seat, name, rng.randint(0, 10_000)) if mood < 0.93 else None


class Life:
    """A random history: jobs, true and false answers, starts, ends, refusals, declarations, silence."""

    def __init__(self, seed, sealed=True):
        self.rng = Random(seed)
        self.plain = Plainly(genesis(MIXED, background={0: 3, 2: 1}, sealed=sealed, start_window_s=500))
        self.counted = Counted(MIXED)
        self.kept = {}
        self.number = 0

    def step(self):
        rng, state = self.rng, self.plain.state
        acts = {seat: [] for seat in range(len(state.members))}
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            self.number += 1
            acts[rng.randrange(4)].append(a.Submit(job=a_job(rng, self.number if rng.random() < 0.95 else 1)))
        for name, call in state.calls.items():
            for seat in range(4):
                self.answer(acts, name, call, seat)
        for name, held in state.running.items():
            what = rng.random()
            seat = held.seat if rng.random() < 0.95 else rng.randrange(4)
            if held.started_at_s is None and what < 0.7:
                acts[seat].append(a.Start(job=name) if what < 0.6 else a.Refuse(job=name, reason="down"))
            elif what < 0.25:
                acts[seat].append(a.End(job=name, run_s=rng.randint(0, 100), succeeded=rng.random() < 0.9))
        if rng.random() < 0.1:
            acts[rng.randrange(4)].append(a.Declare(background=rng.randint(0, 20)))
        refused = {(act.job, held.seat) for seat, mine in acts.items() for act in mine if isinstance(act, a.Refuse)
                   for held in [state.running[act.job]] if held.seat == seat and held.started_at_s is None
                   and not any(isinstance(o, a.Start) and o.job == act.job for o in mine)}  # fmt: skip
        record = self.plain.height(
            {seat: mine for seat, mine in acts.items() if mine},
            state.head_at_s + rng.choice([0, 1, 30, 100, 700]),
            signers=[seat for seat in range(4) if rng.random() < 0.9],
        )
        for name, _ in refused:
            self.counted.held.pop(name, None)
        self.counted.follow(record)
        return record

    def answer(self, acts, name, call, seat):
        state, key = self.plain.state, (name, call.opened, seat)
        if key not in self.kept:
            self.kept[key] = an_answer(self.rng, state, seat, name)
        answer = self.kept[key]
        if answer is None or self.rng.random() < 0.15:
            return
        if not state.parameters.sealed or call.closed is not None:
            salt = SALT if self.rng.random() < 0.95 else "00" * 16
            acts[seat].append(reveal(state, answer, salt))
        else:
            acts[seat].append(commit(state, seat, answer))

    def check(self):
        used = self.counted.check()
        state = self.plain.state
        assert set(state.running) == set(self.counted.held)
        for seat, member in enumerate(state.members):
            facts = state.snapshot(seat)
            assert list(facts.allocated) == used[member.cluster.id]
            assert min(facts.free) >= 0
            assert 0 <= member.standing.reputation <= 1_000
        everywhere = Counter([*state.calls, *state.waiting, *state.running, *state.ended])
        assert max(everywhere.values(), default=0) <= 1
        assert set(everywhere) <= state.known


@given(st.integers(0, 2**32), st.booleans())
def test_no_history_over_commits_nodes_gpus_or_memory(seed, sealed):
    life = Life(seed, sealed)
    for _ in range(12):
        life.step()
        life.check()


def test_thousands_of_jobs_never_over_commit_and_are_not_all_turned_away():
    placed = 0
    for seed in range(40):
        life = Life(seed)
        for _ in range(20):
            placed += sum(d.outcome == "allocated" for d in life.step().decisions)
            life.check()
    assert placed > 300


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_executing_again_gives_the_same_and_leaves_the_state_alone(seed):
    life = Life(seed)
    for _ in range(8):
        before = life.plain.state
        root = before.root()
        life.step()
        done = life.plain.done[-1]
        assert before.root() == root
        assert canonical(done.results)
    again = Life(seed)
    for _ in range(8):
        again.step()
    assert [done.results for done in again.plain.done] == [done.results for done in life.plain.done]
    assert again.plain.state.root() == life.plain.state.root()


# -- totality --------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["j1", "j2", "a", "zz"])
CLUSTERS = st.sampled_from(["c0", "c1", "c2", "c3", "new", "other"])
plain = Plainly(genesis(MIXED))
plain.open(job("j1", 2), job("j2", 3))
RIGHT = [honest(plain.state, seat, name) for seat in range(4) for name in ("j1", "j2")]
MOTIONS = st.one_of(
    st.builds(a.Leave, cluster=CLUSTERS),
    st.builds(a.Release, cluster=CLUSTERS),
    st.builds(a.Rotate, cluster=CLUSTERS, public_key=st.sampled_from(["1" * 64, "2" * 64, "f" * 64])),
    st.builds(
        a.Join,
        cluster=st.sampled_from([cluster("new"), cluster("other"), cluster("c0")]),
        public_key=st.sampled_from(["1" * 64, "3" * 64]),
        background=st.sampled_from([0, 5, 11, 1_000_000]),
    ),
)
EVIDENCE = st.sampled_from(["", "{}", "[" * 50, '{"first":1,"seat":0,"second":2}', '{"first":null}', "\x00", "1e400"])
ACTS = st.one_of(
    st.builds(a.Submit, job=st.sampled_from([job("a"), job("zz", 5_000), owned("j1"), job("j2", gpus_per_node=4)])),
    st.builds(a.Commit, job=NAMES, opened=st.integers(1, 9), seal=st.sampled_from(["0" * 64, "1" * 64])),
    st.builds(a.Reveal, job=NAMES, opened=st.integers(1, 9), answer=st.sampled_from(RIGHT), salt=st.just(SALT)),
    st.builds(a.Start, job=NAMES),
    st.builds(a.Refuse, job=NAMES, reason=st.just("no")),
    st.builds(a.End, job=NAMES, run_s=st.integers(0, 10**7), succeeded=st.booleans()),
    st.builds(a.Receipt, job=NAMES, run_s=st.just(1), succeeded=st.booleans(), signature=st.just("0" * 128)),
    st.builds(a.Report, evidence=EVIDENCE),
    st.builds(a.Declare, background=st.sampled_from([0, 3, 500, 1_000_000])),
    st.builds(a.Endorse, motion=MOTIONS),
)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.dictionaries(st.integers(0, 3), st.lists(ACTS, max_size=6), max_size=4), st.integers(0, 10**6)),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_no_acts_of_anybody_stop_a_height(heights, sealed):
    life = Plainly(genesis(MIXED, sealed=sealed, probation_heights=1))
    life.open(job("j1", 2), job("j2", 3))
    for acts, later in heights:
        before = life.state
        record = life.height({seat: mine for seat, mine in acts.items() if mine}, before.head_at_s + later)
        assert life.state.height == before.height + 1
        assert len(canonical(life.done[-1].results)) < 65_536
        assert len(record.ignored) <= sum(len(mine) for mine in acts.values())
        life.state.committee()


@given(st.permutations(range(4)))
def test_the_order_of_items_of_different_seats_cannot_matter(order):
    life = Plainly(genesis(4))
    life.open(job("j1"), job("j2"))
    items = life.items({seat: [commit(life.state, seat, honest(life.state, seat, "j1"))] for seat in range(4)})
    usual = execute(life.state, 2, items, (), life.state.sequences)
    mixed = execute(life.state, 2, [items[seat] for seat in order], (), life.state.sequences)
    assert mixed.results == usual.results


# -- bounds ----------------------------------------------------------------------------------------------------


def test_the_results_of_256_calls_of_128_seats_fit_in_64_kib_at_their_longest():
    names = [f"{'c' * 61}{i:03}" for i in range(128)]
    jobs = [job(f"{'j' * 61}{i:03}", 11) for i in range(CALLS_MAX)]
    state = founded(genesis([cluster(name) for name in names]))
    decisions = tuple(
        DecisionRecord(
            job=wanted, opened=1, height=2, at_s=3, outcome="unallocated", winner=names[127], nodes=(10,) * 64,
            answers=(), ranking=(), reasons=(),
        )
        for wanted in jobs
    )  # fmt: skip
    findings = tuple(
        Finding(cluster=name, class_=kind, job=wanted.id, what="", before=1_000, after=1_000)
        for name in names for kind in ("A", "B", "absence") for wanted in jobs[:2]
    )  # fmt: skip
    # A call cannot close and be decided in one height, and no more than 256 are open: these two are the longest.
    opened = tuple(wanted.id for wanted in jobs)
    record = HeightRecord(height=2, at_s=3, opened=opened, decisions=decisions, findings=findings)
    assert len(canonical(_results(record, state))) < 65_536
    record = HeightRecord(height=2, at_s=3, opened=opened, closed=opened, findings=findings)
    assert len(canonical(_results(record, state))) < 65_536


def test_the_results_stay_small_while_256_calls_are_neglected():
    life = Plainly(genesis(4))
    life.height({0: [a.Submit(job=job(f"{'j' * 61}{i:03}", 11)) for i in range(CALLS_MAX)]})
    for at_s in (1_000, 2_000):
        life.height(at_s=at_s)
    assert len(life.done[-1].record.decisions) == CALLS_MAX
    assert len(life.done[-1].record.findings) == CALLS_MAX * 4
    assert max(len(canonical(done.results)) for done in life.done) < 65_536


def test_a_257th_call_is_not_opened_and_may_come_again():
    life = Plainly(genesis(4))
    record = life.height({0: [a.Submit(job=job(f"j{i}", 1)) for i in range(CALLS_MAX + 1)]})
    assert len(record.opened) == CALLS_MAX
    assert record.ignored == ("c0 submit: 256 calls are open",)
    assert f"j{CALLS_MAX}" not in life.state.known


# -- calls -----------------------------------------------------------------------------------------------------


def test_a_call_opens_seals_closes_shows_and_decides_in_four_steps():
    life = Plainly(genesis(4))
    assert life.open(job()).opened == ("j1",)
    assert life.height({s: [commit(life.state, s, honest(life.state, s, "j1"))] for s in range(4)}).closed == ("j1",)
    record = life.height({s: [reveal(life.state, honest(life.state, s, "j1"))] for s in range(4)})
    (decision,) = record.decisions
    assert decision.outcome == "allocated"
    assert sum(decision.nodes) == 2
    assert list(life.state.running) == ["j1"]
    assert life.state.calls == {}


def test_an_id_is_used_once_for_ever():
    life = Plainly(genesis(4))
    life.place(job())
    assert life.open(job()).ignored == ("c0 submit: j1 was submitted before",)
    record = life.height({0: [a.Submit(job=job("j2"))], 1: [a.Submit(job=job("j2", 9))]})
    assert record.opened == ("j2",)
    assert life.state.calls["j2"].job.nodes == 2


def test_a_job_with_a_key_enters_only_with_its_submitters_signature():
    life = Plainly(genesis(4))
    right = submit(life.state.chain, owned())
    for forged in (
        a.Submit(job=owned()),
        submit("another chain", owned()),
        right.model_copy(update={"job": owned("j1", 3)}),
    ):
        assert life.height({1: [forged]}).ignored == ("c1 submit: j1 is not signed by its submitter",)
    assert life.height({1: [right]}).opened == ("j1",)


def test_a_seal_is_not_taken_in_the_height_that_opens_the_call_nor_twice():
    life = Plainly(genesis(4))
    seal = a.Commit(job="j1", opened=1, seal="0" * 64)
    record = life.height({0: [a.Submit(job=job()), seal]})
    assert record.ignored == ("c0 commit: the call for j1 is not open",)
    record = life.height({0: [seal, seal]})
    assert record.ignored == ("c0 commit: j1 has its sealed answer already",)


def late(required):
    """Seat 3 sends its seal only after the close, as its item number 1, while the others show their answers."""
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: honest(life.state, seat, "j1") for seat in range(4)}
    life.height({seat: [commit(life.state, seat, told[seat])] for seat in range(3)}, at_s=100)
    assert life.state.calls["j1"].closed == 2
    shown = {seat: [reveal(life.state, told[seat])] for seat in range(3)}
    record = life.height({**shown, 3: [commit(life.state, 3, told[3])]}, required=required)
    return life, told, record


def test_a_late_seal_that_a_third_held_before_anything_was_shown_counts():
    life, told, record = late((1, 1, 1, 1))
    assert not record.ignored
    assert not record.decisions
    record = life.height({3: [reveal(life.state, told[3])]})
    assert [answer.answer.kind for answer in record.decisions[0].answers] == ["bid"] * 4
    assert not record.findings


def test_a_late_seal_that_nobody_held_in_time_does_not():
    _, _, record = late((1, 1, 1, 0))
    assert record.ignored == ("c3 commit: the call for j1 is not open",)
    assert record.decisions[0].answers[3].answer.code == "no_answer"
    assert [(f.cluster, f.class_) for f in record.findings] == [("c3", "absence")]


def test_a_height_later_no_seal_comes_in_whoever_held_it():
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: honest(life.state, seat, "j1") for seat in range(4)}
    life.height({seat: [commit(life.state, seat, told[seat])] for seat in range(3)}, at_s=100)
    life.height({0: [reveal(life.state, told[0])]})
    record = life.height({3: [commit(life.state, 3, told[3])]}, required=(9, 9, 9, 9))
    assert record.ignored == ("c3 commit: the call for j1 is not open",)


def test_an_answer_is_shown_only_after_the_close_and_only_once():
    life = Plainly(genesis(4))
    life.open(job())
    told = honest(life.state, 0, "j1")
    life.height({0: [commit(life.state, 0, told)]})
    assert life.height({0: [reveal(life.state, told)]}).ignored == ("c0 reveal: the call for j1 has not closed",)
    life.height(at_s=100)
    record = life.height({0: [reveal(life.state, told), reveal(life.state, told)]})
    assert record.ignored == ("c0 reveal: no answer is awaited for j1",)


def test_nobody_answers_for_another_cluster_or_job():
    life = Plainly(genesis(4))
    life.open(job("j1"), job("j2"))
    told = honest(life.state, 0, "j1")
    life.height({s: [commit(life.state, s, honest(life.state, s, n)) for n in ("j1", "j2")] for s in range(4)})
    other = a.Reveal(job="j2", opened=1, answer=told, salt=SALT)
    record = life.height({0: [other], 1: [reveal(life.state, told)]})
    assert record.ignored == tuple(f"c{i} reveal: the answer names another job or cluster" for i in range(2))


def test_on_a_chain_that_does_not_seal_an_answer_is_shown_at_once():
    life = Plainly(genesis(4, sealed=False))
    life.open(job())
    assert life.height({s: [reveal(life.state, honest(life.state, s, "j1"))] for s in range(4)}).closed == ("j1",)
    assert life.height().decisions[0].outcome == "allocated"


# -- jobs ------------------------------------------------------------------------------------------------------


def placed(wanted=None, **parameters):
    life = Plainly(genesis(4, **parameters))
    life.place(wanted or owned())
    return life, next(iter(life.state.running.values())).seat


def test_only_the_winner_starts_refuses_and_ends_and_in_that_order():
    life, seat = placed()
    other = (seat + 1) % 4
    for act in (a.Start(job="j1"), a.Refuse(job="j1", reason=""), a.End(job="j1", run_s=1, succeeded=True)):
        assert "is not its to" in life.height({other: [act]}).ignored[0]
    assert life.height({seat: [a.End(job="j1", run_s=1, succeeded=True)]}).ignored
    assert life.height({seat: [a.Start(job="j1")]}).started == ("j1",)
    assert life.height({seat: [a.Start(job="j1"), a.Refuse(job="j1", reason="")]}).ignored
    record = life.height({seat: [a.End(job="j1", run_s=7, succeeded=True)]})
    assert [(end.job, end.run_s, end.nodes) for end in record.ended] == [("j1", 7, 2)]
    assert life.state.running == {}


def test_nodes_of_an_ended_job_serve_a_call_of_the_same_height():
    life, seat = placed(job("j1", 10))
    life.height({seat: [a.Start(job="j1")]})
    record = life.height({seat: [a.End(job="j1", run_s=1, succeeded=True)], 0: [a.Submit(job=job("j2", 10))]})
    assert record.opened == ("j2",)
    assert life.state.calls["j2"].snapshots[seat].nodes_free == 10


def credit_of(change=lambda wanted, made: made, wanted=None, **fields):
    """Run a job and hand in a receipt; return what it earned."""
    life, seat = placed(wanted or owned("j1", 2, **fields))
    life.state = replace(life.state, members=tuple(
        replace(m, standing=m.standing.model_copy(update={"reputation": 800})) for m in life.state.members
    ), answered=())  # fmt: skip
    life.height({seat: [a.Start(job="j1")]})
    life.height({seat: [a.End(job="j1", run_s=5, succeeded=True)]})
    made = receipt(life.state.chain, wanted or owned(), 5)
    record = life.height({(seat + 1) % 4: [change(wanted or owned(), made)]})
    return record, life.state.members[seat].standing.reputation


def test_a_contested_job_with_its_submitters_receipt_earns_trust_once():
    record, reputation = credit_of()
    assert reputation == 800 + 10
    assert record.credits[0].what == "contested job completed, forecast +0"


@pytest.mark.parametrize(
    "change",
    [
        lambda wanted, made: receipt("another chain", wanted, 5),
        lambda wanted, made: made.model_copy(update={"run_s": 6}),
        lambda wanted, made: receipt(genesis(4).digest, wanted, 5, signer="c0"),
    ],
    ids=["other chain", "other words", "other signer"],
)
def test_a_receipt_that_the_submitter_did_not_sign_earns_nothing(change):
    record, reputation = credit_of(change)
    assert (record.ignored[0].endswith("is not its submitter's"), reputation) == (True, 800)


def test_a_disagreement_between_cluster_and_one_submitter_changes_nothing():
    record, reputation = credit_of(lambda wanted, made: receipt(genesis(4).digest, wanted, 6))
    assert (record.ignored, record.credits, record.findings, reputation) == ((), (), (), 800)


def test_a_second_receipt_is_not_awaited():
    life, seat = placed()
    life.height({seat: [a.Start(job="j1")]})
    life.height({seat: [a.End(job="j1", run_s=5, succeeded=True)]})
    word = receipt(life.state.chain, owned(), 5)
    record = life.height({0: [word], 1: [word]})
    assert record.ignored == ("c1 receipt: no receipt is awaited for j1",)


def test_an_uncontested_job_earns_nothing():
    life = Plainly(genesis([cluster("c0", groups=[group(20)]), *(cluster(f"c{i}") for i in range(1, 4))]))
    life.place(owned("j1", 15))
    life.state = replace(life.state, answered=())
    life.height({0: [a.Start(job="j1")]})
    life.height({0: [a.End(job="j1", run_s=5, succeeded=True)]})
    assert life.height({1: [receipt(life.state.chain, owned("j1", 15), 5)]}).credits == ()


def test_a_cluster_that_submits_its_own_job_earns_nothing_by_it():
    life = Plainly(genesis(4))
    wanted = owned().model_copy(update={"submitter": "c0"})
    signed = a.Submit(job=wanted, signature=signature_over(life.state.chain, wanted))
    life.height({1: [signed]})
    only = {s: [bid(life.state, s, "j1", 9_000 if s == 0 else 8_000)] for s in range(4)}
    life.settle(only)
    assert life.state.running["j1"].seat == 0
    assert life.state.running["j1"].contested
    life.state = replace(life.state, answered=())
    life.height({0: [a.Start(job="j1")]})
    life.height({0: [a.End(job="j1", run_s=5, succeeded=True)]})
    assert life.height({1: [receipt(life.state.chain, wanted, 5, signer="submitter of j1")]}).credits == ()


def signature_over(chain, wanted):
    return key("submitter of j1").sign(a.submission_bytes(chain, wanted)).hex()


def test_an_item_of_a_seat_moves_its_sequence():
    state = founded(genesis(4))
    items = [Item(2, 1, a.encode_acts((a.Declare(background=1),)), NO_SIGNATURE), Item(2, 2, b"[]", NO_SIGNATURE)]
    assert execute(state, 1, items, (), state.sequences).state.sequences == (0, 0, 2, 0)


def test_background_declared_beyond_the_cluster_is_refused_and_within_it_is_shown():
    life = Plainly(genesis(4))
    assert life.height({1: [a.Declare(background=11)]}).ignored == ("c1 declare: declares 11 busy of 10 nodes",)
    life.height({1: [a.Declare(background=4)]})
    assert life.state.snapshot(1).nodes_background == 4
