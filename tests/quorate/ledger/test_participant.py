"""A member's own conduct, over a machine that only keeps what it is told: seals once, shows once, says what it did."""

from types import SimpleNamespace

import pytest

from quorate.consensus.effects import Convict, Decided
from quorate.consensus.evidence import FalseBlock, item_evidence
from quorate.consensus.signing import sign_item, sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Kind
from quorate.domain.errors import MisuseError
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ledger.participant import Called, Did, Given, Keep, Participant, Won
from tests.quorate.ledger.build import NO_SIGNATURE, SALT, Chain, genesis, honest, job, key, reveal, submit


class Machine:
    """Stands where a replica stands: submits into a list, hands out what the test puts in."""

    def __init__(self, chain, me):
        self.chain, self.me = chain, me
        self.said = []
        self.sizes = []
        self.next = []
        self.restored = []
        self.pool = SimpleNamespace(run=lambda seat, first, count: list(self.unsettled))
        self.unsettled = []
        self.open = True

    @property
    def application(self):
        return self.chain.application

    def start(self, now_ms):
        return self.take()

    def receive(self, data, sender, now_ms):
        return self.take()

    def timer(self, name, now_ms):
        return self.take()

    def takes(self, payload):
        return self.open

    def submit(self, payload, now_ms):
        self.said += a.decode_acts(payload)
        self.sizes.append(len(payload))
        return []

    def restore(self, records):
        self.restored = list(records)

    def take(self):
        effects, self.next = self.next, []
        return effects

    def drain(self):
        said, self.said = self.said, []
        return said


class Seat:
    """A participant over a chain that the test decides."""

    def __init__(self, me=0, chain=None):
        self.chain = chain or Chain(genesis(4))
        self.machine = Machine(self.chain, me)
        self.me = me
        self.member = Participant(me, self.machine, lambda wanted, opened: SALT)

    def decided(self, acts=None, **more):
        """Decide a height and tell the participant."""
        self.chain.decide(acts, **more)
        entry = self.chain.entries[-1]
        self.machine.next = [Decided(entry, self.chain.application)]
        return [effect for effect in self.member.receive(b"", 1, 0) if not isinstance(effect, Decided | Did)]

    def acts(self):
        return {self.me: self.machine.drain()}


def test_an_opened_call_asks_the_bidder_once():
    seat = Seat()
    effects = seat.decided({0: [submit(seat.chain.application.chain, job())]})
    assert effects == [Called(job(), 1, seat.chain.state.calls["j1"].snapshots[0])]
    assert seat.decided() == []
    assert [type(effect) for effect in Participant(0, seat.machine, lambda *_: SALT).start(0)] == [Called]


def one_answered():
    seat = Seat()
    seat.decided({0: [submit(seat.chain.application.chain, job())]})
    answer = honest(seat.chain.state, 0, "j1")
    return seat, answer, seat.member.answer("j1", 1, answer, 0)


def test_answers_that_came_together_are_kept_together_and_sealed_in_one_item():
    seat = Seat()
    chain = seat.chain.application.chain
    seat.decided({0: [submit(chain, job("j1")), submit(chain, job("j2"))]})
    given = [Given(name, 1, honest(seat.chain.state, 0, name)) for name in ("j1", "j2")]
    effects = seat.member.answers([*given, given[0]], 0)
    assert [effect.job for effect in effects] == ["j1", "j2"]
    assert len(seat.machine.sizes) == 1
    assert [act.job for act in seat.machine.drain()] == ["j1", "j2"]
    assert seat.member.answers(given, 0) == []


def test_started_jobs_are_said_in_one_item():
    seat = Seat()
    seat.member.started(("j1", "j2"), 0)
    assert len(seat.machine.sizes) == 1
    assert seat.machine.said == [a.Start(job="j1"), a.Start(job="j2")]


def test_an_answer_is_kept_before_it_is_sealed_and_sealed_once():
    seat, answer, effects = one_answered()
    assert effects == [Keep(job="j1", opened=1, answer=answer, salt=SALT)]
    assert seat.machine.drain() == [a.Commit(job="j1", opened=1, seal=a.seal("j1", "c0", answer, SALT))]
    assert seat.member.answer("j1", 1, answer, 0) == []
    assert seat.machine.drain() == []


def test_it_is_shown_when_the_call_has_closed_and_only_then_and_once():
    seat, answer, _ = one_answered()
    others = {s: [a.Commit(job="j1", opened=1, seal="0" * 64)] for s in (1, 2)}
    seat.decided({**seat.acts(), **others})
    assert seat.machine.drain() == []
    seat.decided(at_s=100)
    assert seat.machine.drain() == [reveal(seat.chain.state, answer)]
    seat.decided()
    assert seat.machine.drain() == []


def test_the_winner_is_told_to_start_and_says_what_its_scheduler_says():
    seat, _, _ = one_answered()
    seat.decided(seat.acts(), at_s=100)
    seat.decided(at_s=200)
    effects = seat.decided(seat.acts())
    assert effects == [Won(job(), (2,))]
    seat.member.started(("j1",), 0)
    seat.member.refused("j1", "x" * 300, 0)
    seat.member.ended("j1", 5, True, 0)
    seat.member.put((a.Declare(background=1),), 0)
    said = seat.machine.drain()
    assert [act.act for act in said] == ["start", "refuse", "end", "declare"]
    assert len(said[1].reason) == 200


def test_on_a_chain_that_does_not_seal_the_answer_is_shown_at_once():
    seat = Seat(chain=Chain(genesis(4, sealed=False)))
    seat.decided({0: [submit(seat.chain.application.chain, job())]})
    answer = honest(seat.chain.state, 0, "j1")
    seat.member.answer("j1", 1, answer, 0)
    assert seat.machine.drain() == [reveal(seat.chain.state, answer)]


def test_evidence_is_reported_as_bytes_that_convict():
    seat = Seat()
    items = [sign_item(seat.chain.application.chain, 2, 1, payload, key("c2")) for payload in (b"[]", b"[[]]")]
    seat.machine.next = [Convict(item_evidence(*items))]
    seat.member.timer("x", 0)
    assert seat.decided({0: seat.machine.drain()}) == []
    assert seat.chain.application.record.findings[0].cluster == "c2"


def test_a_report_that_shows_another_payload_than_the_member_holds_is_answered_by_both():
    """P-23: else the sender could have those convicted to whom it gave the one that may be left out."""
    seat = Seat()
    chain = seat.chain.application.chain
    mine, theirs = (sign_item(chain, 2, 1, payload, key("c2")) for payload in (b"[[]]", b"[]"))
    seat.machine.pool.variants = lambda sender, seq: [mine] if (sender, seq) == (2, 1) else []
    block = seat.chain.block([], 1)
    vote = sign_vote(chain, key("c1"), Kind.PROPOSE, 1, 0, 1, value=block.digest)
    report = a.Report(evidence=canonical(FalseBlock(block, (theirs,), (vote,)).plain()).decode())
    seat.decided({3: [report]})
    seat.decided({0: seat.machine.drain()})
    assert ("c2", "A") in {(finding.cluster, finding.class_) for finding in seat.chain.application.record.findings}


@pytest.mark.parametrize("asked_again", [True, False])
def test_after_a_restart_it_repeats_its_seal_never_another_and_shows_it(asked_again):
    seat, answer, (keep,) = one_answered()
    again = Seat(chain=seat.chain)
    again.member.restore([b"record"], [keep])
    assert again.machine.restored == [b"record"]
    other = answer.model_copy(update={"score_bp": 1})
    if asked_again:
        again.member.answer("j1", 1, other, 0)
    again.member.start(0)
    assert again.machine.drain() == seat.machine.drain()
    assert again.member.answer("j1", 1, other, 0) == []
    again.decided({0: [a.Commit(job="j1", opened=1, seal=a.seal("j1", "c0", answer, SALT))]}, at_s=100)
    again.decided(at_s=200)
    assert again.machine.drain() == [reveal(again.chain.state, answer)]


def test_after_a_restart_what_was_said_already_is_not_said_again():
    seat, answer, (keep,) = one_answered()
    again = Seat(chain=seat.chain)
    payload = a.encode_acts(tuple(seat.machine.drain()))
    again.machine.unsettled = [SimpleNamespace(payload=payload, signature=NO_SIGNATURE)]
    again.member.restore([], [keep])
    assert again.member.answer("j1", 1, answer, 0) == []
    assert again.member.unsettled() == list(a.decode_acts(payload))


def test_many_answers_are_shown_in_items_that_fit():
    seat = Seat()
    jobs = [job(f"j{i}") for i in range(120)]
    seat.decided({0: [submit(seat.chain.application.chain, wanted) for wanted in jobs]})
    long = {
        wanted.id: honest(seat.chain.state, 0, wanted.id).model_copy(update={"reasoning": "x" * 600}) for wanted in jobs
    }
    for name, answer in long.items():
        seat.member.answer(name, 1, answer, 0)
    seat.decided(seat.acts(), at_s=100)
    seat.decided(at_s=200)
    assert [act.job for act in seat.machine.said] == [wanted.id for wanted in jobs]
    assert len(seat.machine.sizes[-3:]) == 3
    assert max(seat.machine.sizes) <= 65_536


def test_a_machine_that_runs_over_no_ledger_is_a_misuse():
    machine = SimpleNamespace(application=object())
    with pytest.raises(MisuseError, match="over a ledger"):
        Participant(0, machine, lambda *_: SALT).application  # noqa: B018
    assert isinstance(Seat().member.application, LedgerApplication)


def test_what_the_replica_does_not_take_now_is_said_in_order_after_the_next_height():
    seat = Seat()
    seat.machine.open = False
    seat.member.started(("j1",), 0)
    seat.member.ended("j1", 60, True, 0)
    assert (seat.machine.said, seat.member.unsaid) == ([], 2)
    seat.decided()
    assert seat.machine.said == []
    seat.machine.open = True
    seat.decided()
    assert [act.act for act in seat.machine.said] == ["start", "end"]
    assert seat.member.unsaid == 0
