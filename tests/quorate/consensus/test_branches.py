"""P-24: beyond the bound, whoever decided two blocks of one height is convicted when the branches meet, nobody else.

Two colluders of six: seats 4 and 5 decide one block with 0 and 1 in round 0, and another with 2 and 3 in round 1. No
seat signed two votes of a kind in one round; the pair is the colluders' FINALIZE and NULLIFY of round 0, and each half
of it lies with another branch.
"""

import pytest

from quorate.consensus.branches import compare, meet, nullifications
from quorate.consensus.certificate import build_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Broadcast, Convict, Head, ReplicaSettings, Send
from quorate.consensus.leader import Rotation
from quorate.consensus.messages import (
    Certificates,
    Proposal,
    decode,
    encode_certificates,
    encode_decided,
    encode_proposal,
)
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import make_block
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, sign_vote
from quorate.consensus.table import Table
from quorate.domain.deciding import Entry, Kind, pack_ext
from quorate.domain.errors import CertificateInvalid, LedgerBroken
from tests.quorate.consensus.toy import CHAIN, signer, toy

ONE, OTHER = make_block(toy(), [], None, 0), make_block(toy(), [], None, 3)
LEFT, RIGHT = (0, 1, 4, 5), (2, 3, 4, 5)


def certificate(kind, round_, seats, block=None, parent=-1, height=1):
    value = None if block is None else block.digest
    ext = pack_ext((0,) * 6) if kind is Kind.FINALIZE else b""
    return build_certificate(
        sign_vote(CHAIN, signer(s), kind, height, round_, s, value=value, parent=parent, ext=ext) for s in seats
    )


FINAL_ONE = certificate(Kind.FINALIZE, 0, LEFT, ONE)
FINAL_OTHER = certificate(Kind.FINALIZE, 1, RIGHT, OTHER)
GIVEN_UP = certificate(Kind.NULLIFY, 0, RIGHT)


def replica_on(branch, me):
    """A replica at height 2 of one branch, with everything that its members saw at height 1."""
    replica = Replica(me, toy(), signer(me), Ed25519Verifier(), ReplicaSettings())
    replica.start(0)
    seen, entry = (
        ([certificate(Kind.NOTARIZE, 0, LEFT, ONE)], Entry(ONE, (), FINAL_ONE))
        if branch == "left"
        else ([GIVEN_UP, certificate(Kind.NOTARIZE, 1, RIGHT, OTHER)], Entry(OTHER, (), FINAL_OTHER))
    )
    for one in seen:
        replica.receive(encode_certificates(CHAIN, [one]), 4, 0)
    replica.receive(encode_decided(CHAIN, [entry]), 4, 0)
    assert replica.height == 2
    return replica


def convicted(effects):
    return sorted({effect.evidence.seat for effect in effects if isinstance(effect, Convict)})


def next_proposal(branch):
    """The next block of a branch, proposed by its leader at height 2."""
    block, final = (ONE, FINAL_ONE) if branch == "left" else (OTHER, FINAL_OTHER)
    application = toy().apply(block, [])
    fresh = make_block(application, [], Head(final, toy().committee), 9)
    leader = Rotation(application.committee).leader(0)
    vote = sign_vote(CHAIN, signer(leader), Kind.PROPOSE, 2, 0, leader, value=fresh.digest)
    return encode_proposal(CHAIN, Proposal(vote, fresh, ())), leader


def shown(effects):
    found = [decode(CHAIN, effect.data) for effect in effects if isinstance(effect, Broadcast | Send)]
    return [message.certificates for message in found if isinstance(message, Certificates)]


def test_who_gave_the_round_up_convicts_on_meeting_the_branch_that_finalized_in_it():
    """P-24: FINALIZE and NULLIFY of round 0."""
    effects = replica_on("right", 2).receive(*next_proposal("left"), 9_000)
    assert convicted(effects) == [4, 5]


def test_who_finalized_cannot_convict_alone_and_shows_what_it_holds():
    left, right = replica_on("left", 0), replica_on("right", 3)
    effects = left.receive(*next_proposal("right"), 9_000)
    assert convicted(effects) == []
    (mine,) = shown(effects)
    assert mine == (FINAL_ONE,)
    assert convicted(right.receive(encode_certificates(CHAIN, mine), 0, 9_000)) == [4, 5]


def test_what_the_other_branch_shows_in_return_convicts_here_too():
    left, right = replica_on("left", 0), replica_on("right", 3)
    (theirs,) = shown(right.receive(*next_proposal("left"), 9_000))
    assert theirs == (FINAL_OTHER, GIVEN_UP)
    assert convicted(left.receive(encode_certificates(CHAIN, theirs), 3, 9_000)) == [4, 5]


def test_a_branch_is_met_once_a_height():
    left = replica_on("left", 0)
    proposal, leader = next_proposal("right")
    assert len(shown(left.receive(proposal, leader, 9_000))) == 1
    again = left.receive(proposal, leader, 9_500)
    assert shown(again) == []


def test_who_fell_behind_on_another_branch_is_sent_what_was_given_up_and_convicts_before_it_stops():
    """Its own head is the last height that both branches decided; its peers have gone on."""
    right, left = replica_on("right", 3), replica_on("left", 0)
    application = toy().apply(OTHER, [])
    block = make_block(application, [], Head(FINAL_OTHER, toy().committee), 9)
    entry = Entry(block, (), certificate(Kind.FINALIZE, 0, RIGHT, block, height=2))
    right.receive(encode_decided(CHAIN, [entry]), 4, 9_000)
    assert right.height == 3
    (status,) = {e.data for e in left.start(9_000) if isinstance(e, Broadcast)}
    answer = [e.data for e in right.receive(status, 0, 9_000) if isinstance(e, Send) and e.to == 0]
    effects = left.receive(answer[0], 3, 9_000)
    assert convicted(effects) == [4, 5]
    with pytest.raises(LedgerBroken):
        left.receive(answer[1], 3, 9_000)


def gone_on(branch, heights=2):
    """A replica of the right branch that has decided more heights since."""
    replica, head = replica_on(branch, 3), FINAL_OTHER
    application = toy().apply(OTHER, [])
    for number in range(2, heights + 1):
        block = make_block(application, [], Head(head, application.committee), 9)
        head = certificate(Kind.FINALIZE, 0, RIGHT, block, height=number)
        replica.receive(encode_decided(CHAIN, [Entry(block, (), head)]), 4, 9_000 * number)
        application = application.apply(block, [])
    assert replica.height == heights + 1
    return replica


@pytest.mark.parametrize("heights", [2, 3, 16])
def test_who_has_gone_on_convicts_by_what_it_kept_when_the_other_branch_shows_its_head(heights):
    right = gone_on("right", heights)
    effects = right.receive(encode_certificates(CHAIN, [FINAL_ONE]), 0, 999_000)
    assert convicted(effects) == [4, 5]
    assert convicted(right.receive(encode_certificates(CHAIN, [FINAL_ONE]), 0, 999_500)) == []


def test_what_is_too_old_or_forged_convicts_nobody():
    votes = [
        sign_vote(CHAIN, signer(0), Kind.FINALIZE, 1, 0, s, value=ONE.digest, ext=pack_ext((0,) * 6)) for s in LEFT
    ]
    forged = gone_on("right", 3)
    assert convicted(forged.receive(encode_certificates(CHAIN, [build_certificate(votes)]), 0, 999_000)) == []
    assert forged.dropped == 1
    old = gone_on("right", 17)
    assert convicted(old.receive(encode_certificates(CHAIN, [FINAL_ONE]), 0, 999_000)) == []


def test_honest_members_of_either_branch_are_never_convicted():
    for me, branch, other in ((0, "left", "right"), (1, "left", "right"), (2, "right", "left"), (3, "right", "left")):
        replica = replica_on(branch, me)
        effects = replica.receive(*next_proposal(other), 9_000)
        for one in (FINAL_ONE, FINAL_OTHER, GIVEN_UP):
            effects += replica.receive(encode_certificates(CHAIN, [one]), 4, 9_000)
        assert convicted(effects) == [4, 5]


# -- what is compared, and at what price -----------------------------------------------------------------------------


class Counting(Ed25519Verifier):
    def __init__(self):
        self.count = 0

    def valid(self, public_key, message, signature):
        self.count += 1
        return super().valid(public_key, message, signature)


def decided_table():
    desk = Desk(2, CHAIN, signer(2), Counting(), ReplicaSettings())
    table = Table(desk, toy(), Pool((0,) * 6, ReplicaSettings()), None, None)
    for one in (GIVEN_UP, FINAL_OTHER):
        table.witness(one)
    table.at(0).nullified = GIVEN_UP
    desk.flush()
    return table


def test_a_certificate_that_contradicts_nothing_is_not_even_checked():
    """P-19: old certificates are cheap to send."""
    table = decided_table()
    for one in (GIVEN_UP, FINAL_OTHER, certificate(Kind.NULLIFY, 5, LEFT), certificate(Kind.NOTARIZE, 0, LEFT, ONE)):
        compare(table, one)
    assert table.desk.verifier.count == 0
    compare(table, FINAL_ONE)
    assert convicted(table.desk.flush()) == [4, 5]
    checked = table.desk.verifier.count
    compare(table, FINAL_ONE)
    assert table.desk.verifier.count == checked


def test_a_forged_certificate_convicts_nobody():
    table = decided_table()
    votes = [
        sign_vote(CHAIN, signer(0), Kind.FINALIZE, 1, 0, s, value=ONE.digest, ext=pack_ext((0,) * 6)) for s in LEFT
    ]
    with pytest.raises(CertificateInvalid):
        compare(table, build_certificate(votes))
    assert convicted(table.desk.flush()) == []


def test_only_what_was_given_up_is_kept_and_the_newest_first():
    table = decided_table()
    later = certificate(Kind.NULLIFY, 3, RIGHT)
    table.at(3).nullified = later
    assert nullifications(table) == [later, GIVEN_UP]


def test_the_first_height_has_no_branch_behind_it():
    table = decided_table()
    meet(table, FINAL_ONE)
    assert table.desk.flush() == []
