"""A rogue replica is consistent: what its driver does not sign is in nothing that it sends.

docs/protocol.md P-11, P-15.
"""

from collections import Counter
from itertools import pairwise

import pytest

from faults.rogue import Choice, by_dice, contrarily, never
from quorate.consensus.inclusion import owed
from quorate.consensus.messages import DecidedEntries, Proposal, decode
from quorate.domain.deciding import Certificate, Kind, Vote
from quorate.ledger import acts as a
from tests.faults.rogues import Group


def signed_by(data, chain, seat):
    """The kinds of votes of a seat in a message, also inside certificates."""
    message = decode(chain, data)
    found = [message.vote] if isinstance(message, Proposal) else [message] if isinstance(message, Vote) else []
    kinds = {vote.kind for vote in found if vote.seat == seat}
    held = list(getattr(message, "certificates", ())) + list(getattr(message, "justification", ()))
    if isinstance(message, Proposal) and message.block.previous is not None:
        held.append(message.block.previous)
    if isinstance(message, DecidedEntries):
        held += [entry.certificate for entry in message.entries if isinstance(entry.certificate, Certificate)]
    return kinds | {certificate.kind for certificate in held for vote in certificate.votes if vote.seat == seat}


@pytest.mark.parametrize(("driver", "allowed"), [("contrary-vote", {Kind.NULLIFY}), ("withheld-vote", set())])
def test_no_message_holds_a_vote_that_the_driver_does_not_cast(driver, allowed):
    group = Group(driver)
    for _ in range(4):
        group.height()
    said = set()
    for _, data in group.sent:
        said |= signed_by(data, group.chain, 0)
    assert said - {Kind.PROPOSE} == allowed
    assert group.decided == 4


def test_a_member_that_votes_by_dice_never_signs_finalize_and_nullify_in_one_round():
    group = Group("random-vote")
    for _ in range(8):
        group.height()
    votes = {}
    for sender, data in group.sent:
        message = decode(group.chain, data)
        if sender == 0 and isinstance(message, Vote) and message.seat == 0:
            votes.setdefault((message.height, message.round), set()).add(message.kind)
    assert len(votes) >= 3
    assert all(not {Kind.FINALIZE, Kind.NULLIFY} <= kinds for kinds in votes.values())
    assert group.convicted == []


def test_dice_are_thrown_once_a_round_and_fall_on_every_side():
    thrown = Counter(by_dice(7, height, 0) for height in range(300))
    assert set(thrown) == set(Choice)
    assert min(thrown.values()) > 60
    assert by_dice(7, 5, 2) is by_dice(7, 5, 2)
    assert any(by_dice(1, height, 0) is not by_dice(2, height, 0) for height in range(20))
    assert contrarily(0, 1, 2) is Choice.SKIP
    assert never(0, 1, 2) is Choice.WITHHOLD


def test_a_censor_leads_valid_blocks_without_its_rival_and_owes_it_the_items_at_the_next_height():
    group = Group("censor", against="c2")
    committee = group.members[1].application.committee
    for number in range(12):
        group.say(2, a.Declare(background=number % 2))
        group.height()
    left_out, included = 0, 0
    for entry, after in pairwise(group.entries):
        included += sum(item.sender == 2 for item in entry.items)
        due = owed(after.block.previous, committee, [0, 0, included, 0, 0, 0])[2]
        if due > included:
            left_out += 1
            assert sum(item.sender == 2 for item in after.items) >= due - included
    assert left_out >= 1, "it led none of these heights"
    assert group.convicted == []


def test_a_rogue_says_what_its_driver_makes_of_an_item():
    group = Group("slander")
    group.open("j1")
    (evil,) = [act for act in group.acts(0) if isinstance(act, a.Report)]
    assert '"seat":1' in evil.evidence
    group = Group("withheld-reveal")
    group.open("j1")
    assert not [act for act in group.acts(0) if isinstance(act, a.Reveal)]
    assert [act for act in group.acts(1) if isinstance(act, a.Reveal)]
    seqs = [item.seq for entry in group.entries for item in entry.items if item.sender == 0]
    assert seqs == list(range(1, len(seqs) + 1)), "what is left unsaid leaves no gap"


# -- false blocks (P-23) ---------------------------------------------------------------------------------------------


def guilty(group):
    return [(finding.cluster, finding.class_, finding.after) for record in group.records for finding in record.findings]


def reputations(group):
    return [member.standing.reputation for member in group.members[1].application.state.members]


def until_convicted(group, height):
    """Decide heights until somebody is found guilty; then the driver acts no more."""
    for _ in range(16):
        height()
        if not group.active or guilty(group):
            return
    raise AssertionError("nobody was ever found guilty")


def test_a_leader_that_claims_false_results_ends_at_six_tenths_and_what_it_lied_about_lands_right():
    group = Group("false-results", against="c2")

    def height():
        group.height()
        group.active = all(entry.certificate.round == 0 for entry in group.entries)  # one lie

    until_convicted(group, height)
    for number in range(3):
        group.open(f"j{number}")
    assert guilty(group) == [("c0", "A'", 600)]
    assert reputations(group)[1:] == [1_000] * 5
    winners = [d.winner for record in group.records for d in record.decisions]
    assert len(winners) == 3
    assert None not in winners
    reports = [act for seat in range(6) for act in group.acts(seat) if isinstance(act, a.Report)]
    assert 1 <= len(reports) <= 2, "two members speak, not all five"


def test_a_leader_whose_false_block_is_too_large_to_be_shown_is_convicted_by_the_word_of_all(monkeypatch):
    """P-23: in this committee an item would hold it; in one of forty and more it may not."""
    monkeypatch.setattr("quorate.ledger.participant.payload_bytes_max", lambda seats: 900)
    group = Group("false-results", against="c2")

    def height():
        group.height()
        group.active = all(entry.certificate.round == 0 for entry in group.entries)

    until_convicted(group, height)
    for _ in range(3):
        group.height()
    assert guilty(group) == [("c0", "A'", 600)]
    assert reputations(group)[1:] == [1_000] * 5
    assert all([act.act for act in group.acts(seat)].count("attest") == 1 for seat in range(1, 6))
    assert not [act for seat in range(6) for act in group.acts(seat) if isinstance(act, a.Report)]


@pytest.mark.slow
def test_in_a_committee_of_64_no_item_shows_a_false_block_and_63_words_convict_its_leader():
    """Nothing is made smaller here: the parent's certificate alone takes most of what an item may hold."""
    group = Group("false-results", against="c2", members=64)
    group.active = False
    for _ in range(63):
        group.height()
    group.active = True

    def height():
        group.height()
        group.active = all(entry.certificate.round == 0 for entry in group.entries)

    until_convicted(group, height)
    assert guilty(group) == [("c0", "A'", 600)]
    assert reputations(group)[1:] == [1_000] * 63
    said = [act for seat in range(64) for act in group.acts(seat) if isinstance(act, a.Report | a.Attest)]
    assert {type(act) for act in said} == {a.Attest}


def test_a_leader_that_leaves_out_what_it_owes_ends_at_six_tenths():
    group = Group("withheld-items", against="c2")

    def height():
        """Seat 2 says something once the proposal is under way: it comes too late for it, and is owed by the next."""
        before = group.decided
        group.say(1, a.Declare(background=before % 3))
        while group.letters and group.decided == before and group.letters[0][2][4] != Kind.PROPOSE:
            seat, to, data = group.letters.popleft()
            group.take(to, group.members[to].receive(data, seat, group.now_ms))
        group.say(2, a.Declare(background=before % 2))
        group.until(lambda: group.decided > before)

    group.height()
    until_convicted(group, height)
    group.active = False
    for _ in range(6):
        group.height()
    assert guilty(group) == [("c0", "A'", 600)]
    assert reputations(group)[1:] == [1_000] * 5
    said = [act.background for act in group.acts(2) if isinstance(act, a.Declare)]
    assert len(said) == 3, "what was left out came in all the same"
