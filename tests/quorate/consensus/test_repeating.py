"""P-18: who is stuck repeats what matters, to those who lack it."""

from quorate.consensus.certificate import build_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Broadcast, ReplicaSettings, Send
from quorate.consensus.messages import Certificates, Status, decode
from quorate.consensus.pool import Pool
from quorate.consensus.repeating import repetition
from quorate.consensus.signing import Ed25519Verifier, sign_vote
from quorate.consensus.table import Table
from quorate.domain.deciding import Kind
from tests.quorate.consensus.toy import CHAIN, signer, toy


def vote(seat, kind, round_=0):
    value = None if kind is Kind.NULLIFY else "aa" * 32
    return sign_vote(
        CHAIN, signer(seat), kind, 1, round_, seat, value=value, ext=b"\0" * 24 if kind is Kind.FINALIZE else b""
    )


def table():
    settings = ReplicaSettings()
    desk = Desk(1, CHAIN, signer(1), Ed25519Verifier(), settings)
    return Table(desk, toy(), Pool((0,) * 6, settings), None, None)


def test_an_idle_member_says_where_it_stands_and_no_more():
    known = table()
    known.at(0).mine[Kind.NULLIFY] = vote(1, Kind.NULLIFY)
    (only,) = repetition(known)
    assert decode(CHAIN, only.data) == Status(1, 0, (), (0,) * 6)


def test_a_member_at_work_repeats_its_votes_of_two_rounds_and_what_let_it_enter():
    known = table()
    known.active, known.round = True, 2
    for number in range(3):
        for kind in (Kind.NOTARIZE, Kind.NULLIFY):
            known.at(number).mine[kind] = vote(1, kind, number)
        known.at(number).nullified = build_certificate([vote(seat, Kind.NULLIFY, number) for seat in range(4)])
    said = [decode(CHAIN, effect.data) for effect in repetition(known) if isinstance(effect, Broadcast)]
    assert isinstance(said[0], Status)
    assert said[1] == Certificates((known.at(1).nullified,))
    assert [(v.kind, v.round) for v in said[2:]] == [
        (Kind.NOTARIZE, 1), (Kind.NULLIFY, 1), (Kind.NOTARIZE, 2), (Kind.NULLIFY, 2)
    ]  # fmt: skip


def test_a_leader_sends_its_proposal_again_to_those_who_did_not_approve():
    known = table()
    known.active = True
    known.at(0).sent = b"proposal"
    for seat in (1, 3, 5):
        known.at(0).count(vote(seat, Kind.NOTARIZE), known.committee)
    again = [effect.to for effect in repetition(known) if isinstance(effect, Send)]
    assert again == [0, 2, 4]
