"""P-23: who refused a false block has, once the height is decided, what convicts its leader and whoever approved it."""

from dataclasses import replace

import pytest

from quorate.consensus.certificate import build_certificate
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Decided, Head, Refuted, ReplicaSettings
from quorate.consensus.evidence import verify_votes
from quorate.consensus.leader import Rotation
from quorate.consensus.messages import Proposal, encode_proposal, encode_vote
from quorate.consensus.plain import entry_line, read_entry
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import make_block
from quorate.consensus.refuting import REFUTED_MAX, note
from quorate.consensus.replica import Replica
from quorate.consensus.signing import Ed25519Verifier, sign_item, sign_vote
from quorate.consensus.table import Table
from quorate.domain.deciding import Kind, pack_ext
from tests.quorate.consensus.net import Net
from tests.quorate.consensus.toy import CHAIN, payload, signer, toy

LEADER = Rotation(toy().committee).leader(0)
ITEM = sign_item(CHAIN, 3, 1, payload(5), signer(3))


def said(block, seat=LEADER, kind=Kind.PROPOSE, parent=-1):
    return sign_vote(CHAIN, signer(seat), kind, block.height, 0, seat, value=block.digest, parent=parent)


def proposal(block):
    return encode_proposal(CHAIN, Proposal(said(block), block, ()))


def met(block, votes=(), me=1):
    """Height 1 at one replica: the leader proposes `block`, others vote, and the height is decided without it."""
    net = Net()
    net.replicas[LEADER].pool.add(ITEM)
    net.start()
    net.submit(3, payload(5))
    assert net.run(net.all_at(1))
    entry = read_entry(entry_line(net.ledgers[0][0]))
    replica = Replica(me, toy(), signer(me), Ed25519Verifier(), ReplicaSettings())
    replica.start(0)
    replica.pool.add(ITEM)
    effects = replica.receive(proposal(block), LEADER, 0)
    for vote in votes:
        effects += replica.receive(encode_vote(CHAIN, vote), vote.seat, 0)
    for vote in entry.certificate.statements():
        effects += replica.receive(encode_vote(CHAIN, vote), vote.seat, 0)
    effects += replica.receive(proposal(entry.block), LEADER, 0)
    if not any(isinstance(effect, Decided) for effect in effects):
        replica._machine.on_entry(entry, 0)
        effects += replica._settled(0)
    return effects


def refuted(effects):
    return [effect.charge for effect in effects if isinstance(effect, Refuted)]


HONEST = make_block(toy(), [ITEM], None, 0)
FALSE = {
    "results": replace(HONEST, results={"total": 6}),
    "order": replace(HONEST, items=(ITEM.digest, ITEM.digest)),
    "no results": replace(HONEST, results=None),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_block_refused_for_what_follows_from_it_is_shown_with_the_votes_for_it(what):
    block = FALSE[what]
    (charge,) = refuted(met(block, [said(block, 4, Kind.NOTARIZE)]))
    assert charge.block == block
    assert [(vote.seat, vote.kind) for vote in charge.votes] == sorted([(LEADER, Kind.PROPOSE), (4, Kind.NOTARIZE)])
    verify_votes(charge, toy().committee, CHAIN, Ed25519Verifier())


def test_what_only_this_clock_forbids_is_refused_and_shown_to_nobody():
    """P-7: two honest clocks may differ."""
    late = make_block(toy(), [ITEM], None, 1_000)
    assert refuted(met(late)) == []


def test_a_block_on_another_parent_is_refused_and_shown_to_nobody():
    """Its signers may have been led onto a fork."""
    assert refuted(met(replace(HONEST, parent="00" * 32))) == []


def test_a_valid_block_is_shown_to_nobody():
    assert refuted(met(HONEST)) == []


def test_votes_that_rest_on_a_notarization_are_not_shown():
    block = FALSE["results"]
    (charge,) = refuted(met(block, [said(block, 4, Kind.NOTARIZE, parent=0)]))
    assert [vote.seat for vote in charge.votes] == [LEADER]


def test_items_that_the_decided_block_holds_do_not_travel_again():
    (charge,) = refuted(met(FALSE["results"]))
    assert charge.items == ()


def test_an_owed_item_that_is_left_out_is_shown_beside_the_block():
    """P-15."""
    settings = ReplicaSettings()
    desk, pool = Desk(1, CHAIN, signer(1), Ed25519Verifier(), settings), Pool((0,) * 6, settings)
    first = make_block(toy(), [], None, 0)
    ext = pack_ext((0, 0, 0, 1, 0, 0))
    votes = [sign_vote(CHAIN, signer(i), Kind.FINALIZE, 1, 0, i, value=first.digest, ext=ext) for i in range(4)]
    head = Head(build_certificate(votes), toy().committee)
    table = Table(desk, toy().apply(first, []), pool, head, None)
    pool.add(ITEM)
    omitting = make_block(table.application, [], head, 0)
    note(table, omitting)
    assert table.refuted == {omitting.digest: (omitting, (ITEM,))}


def test_the_conviction_comes_before_the_decision_that_ends_its_height():
    kinds = [type(effect) for effect in met(FALSE["results"])]
    assert kinds.index(Refuted) < kinds.index(Decided)


def test_only_so_many_false_blocks_are_kept_of_one_height():
    replica = Replica(1, toy(), signer(1), Ed25519Verifier(), ReplicaSettings())
    for total in range(20):
        note(replica._machine.table, replace(HONEST, results={"total": total}))
    assert len(replica._machine.table.refuted) == REFUTED_MAX
