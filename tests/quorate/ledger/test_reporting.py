"""P-23: a member that refused a false block reports it in its turn, in one item; of one too large it gives its word."""

from dataclasses import replace

import pytest

from quorate.consensus.effects import Refuted
from quorate.consensus.evidence import FalseBlock
from quorate.consensus.inclusion import payload_bytes_max
from quorate.consensus.signing import sign_vote
from quorate.domain.deciding import Kind
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ledger.execute import refuted
from tests.quorate.ledger.build import Chain, Plainly, genesis, key
from tests.quorate.ledger.test_participant import Seat


def accused(chain, seat=3, **changes):
    """A block of the next height that claims another state than follows, proposed by a seat."""
    block = chain.block([], chain.state.head_at_s + 1)
    false = replace(block, results={**block.results, "root": "00" * 32, **changes})
    name = chain.names[seat]
    vote = sign_vote(chain.application.chain, key(name), Kind.PROPOSE, false.height, 0, seat, value=false.digest)
    return FalseBlock(false, (), (vote,))


def refusing(me, charge=None):
    """A member whose replica refuses a block at the height that is decided next."""
    seat = Seat(me, Chain(genesis(4)))
    seat.decided()
    seat.machine.next = [Refuted(charge or accused(seat.chain))]
    seat.member.timer("x", 0)
    assert seat.machine.drain() == [], "nothing is said while the height is open"
    return seat


def test_whoever_is_next_after_the_accused_reports_it_when_the_height_is_decided_and_it_pays():
    seat = refusing(0)
    seat.decided()
    said = seat.machine.drain()
    assert [act.act for act in said] == ["report"]
    seat.decided({0: said})
    assert seat.chain.application.due([], 0), "a report that waits is tried at once"
    seat.decided()
    (finding,) = seat.chain.application.record.findings
    assert (finding.cluster, finding.class_, finding.after) == ("c3", "A'", 600)
    assert not seat.chain.application.due([], 0)


def test_who_is_later_in_turn_speaks_only_if_nobody_else_did():
    seat = refusing(2)
    for _ in range(2):
        seat.decided()
        assert seat.machine.drain() == []
    seat.decided()
    assert [act.act for act in seat.machine.drain()] == ["report"]
    other, first = refusing(2), refusing(0)
    first.decided()
    other.decided()
    report = first.machine.drain()
    for acts in ({0: report}, {}, {}):
        other.decided(acts)
    assert other.machine.drain() == []


def large(chain, **changes):
    """A false block that no item has room for."""
    return accused(chain, awards=["x" * payload_bytes_max(4)], **changes)


def word_on(me, make=large):
    """What a member says of a block too large to be shown, and the chain after its height."""
    chain = Chain(genesis(4))
    chain.decide()
    seat = refusing(me, make(chain))
    seat.decided()
    return seat, seat.machine.drain()


def words():
    """The same from everybody but the accused, who all refused the same block; it is in nobody's interest to wait."""
    return {me: word_on(me)[1] for me in (0, 1, 2)}


def findings(seat):
    return [(each.cluster, each.class_, each.after) for each in seat.chain.application.record.findings]


def test_of_a_block_that_does_not_fit_an_item_everybody_gives_its_word_at_once_and_a_quorum_convicts():
    seat, mine = word_on(0)
    assert [act.act for act in mine] == ["attest"]
    said = words()
    seat.decided({0: said[0], 1: said[1]})
    assert findings(seat) == [], "two of four are no quorum"
    assert len(seat.chain.state.endorsed) == 1
    seat.decided({2: said[2]})
    assert findings(seat) == [("c3", "A'", 600)]
    assert seat.chain.state.endorsed == {}
    again = {0: said[0], 1: said[1], 2: said[2]}
    seat.decided(again)
    assert findings(seat) == []
    assert all("judged before" in why for why in seat.chain.application.record.ignored)


def test_a_block_that_is_large_and_right_is_not_spoken_of(monkeypatch):
    """A member executes it again before it gives its word: what it refused for may follow after all."""
    monkeypatch.setattr("quorate.ledger.participant.payload_bytes_max", lambda seats: 600)

    def right(chain):
        block = chain.block([], chain.state.head_at_s + 1)
        vote = sign_vote(chain.application.chain, key("c3"), Kind.PROPOSE, block.height, 0, 3, value=block.digest)
        return FalseBlock(block, (), (vote,))

    assert word_on(0, right)[1] == []
    assert [act.act for act in word_on(0, accused)[1]] == ["attest"]


def test_votes_are_left_out_before_a_report_is_given_up():
    def crowded(chain):
        charge = accused(chain)
        return replace(charge, votes=(*charge.votes, *(replace(charge.votes[0], kind=Kind.NOTARIZE),) * 300))

    (report,) = word_on(0, crowded)[1]
    assert (report.act, report.evidence.count('"kind":"propose"')) == ("report", 1)
    assert '"kind":"notarize"' not in report.evidence


def test_without_its_proposal_nothing_can_be_said_of_a_large_block():
    def unsigned(chain):
        charge = large(chain)
        return replace(charge, votes=(replace(charge.votes[0], kind=Kind.NOTARIZE),))

    assert word_on(0, unsigned)[1] == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cluster": "c2"}, "did not sign this proposal"),
        ({"cluster": "c9"}, "c9 is no member"),
        ({"signature": "0" * 128}, "did not sign this proposal"),
        ({"height": 9}, "height 9 is not among the last 8 decided"),
        ({"value": "1" * 64}, "did not sign this proposal"),
        ({"round": 4}, "did not sign this proposal"),
    ],
)
def test_a_word_about_what_nobody_proposed_is_passed_over(change, why):
    seat, (act,) = word_on(0)
    seat.decided({0: [act.model_copy(update=change)]})
    (ignored,) = seat.chain.application.record.ignored
    assert why in ignored
    assert seat.chain.state.endorsed == {}


def test_too_late_a_word_is_passed_over():
    seat, (act,) = word_on(0)
    for _ in range(8):
        seat.decided()
    seat.decided({0: [act]})
    assert "is not among the last 8 decided" in seat.chain.application.record.ignored[0]


def test_who_changed_its_key_since_is_not_accused_by_what_the_old_one_signed():
    seat, (act,) = word_on(0)
    rotation = a.Endorse(motion=a.Rotate(cluster="c3", public_key=key("other").public_key.hex()))
    seat.decided({other: [rotation] for other in range(4)})
    seat.decided({0: [act]})
    assert "did not sign this proposal" in seat.chain.application.record.ignored[0]


def test_a_block_that_holds_words_of_a_quorum_is_executed_again_to_the_same_results():
    """Else whoever reported it falsely would be believed."""
    seat, _ = word_on(0)
    seat.decided(words())
    assert findings(seat) == [("c3", "A'", 600)]
    entry = seat.chain.entries[-1]
    seat.decided()
    vote = sign_vote(seat.chain.application.chain, key("c1"), Kind.PROPOSE, entry.block.height, 0, 1,
                     value=entry.block.digest)  # fmt: skip
    assert not refuted(seat.chain.state, FalseBlock(entry.block, (), (vote,)))


def test_nothing_is_due_for_reports_while_none_waits():
    life = Plainly(genesis(4))
    assert not LedgerApplication(life.state).due([], 10**6)
