"""P-23: a vote for a block that contradicts its own parent's state costs four tenths, once, and nobody honest pays."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.consensus.evidence import FalseBlock
from quorate.consensus.signing import sign_item, sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Kind
from quorate.ledger import acts as a
from quorate.ledger.height import PAST_HEIGHTS
from quorate.ledger.trial import RIPE_HEIGHTS
from quorate.ledger.verify import verify_lines
from tests.quorate.ledger import build as make
from tests.quorate.ledger.build import Chain, job, key, submit


class Court:
    """A chain of six, with a block of its next height that seat 0 proposes beside the one that will be decided."""

    def __init__(self, heights=2):
        self.chain = Chain(make.genesis(6))
        for number in range(heights):
            self.declare(number % 3)

    def declare(self, background=1, **more):
        return self.chain.decide({1: [a.Declare(background=background)]}, **more)

    def honest_block(self, acts=None):
        items = self.chain.items(acts or {2: [submit(self.chain.application.chain, job("j1"))]})
        return self.chain.block(items, self.chain.state.head_at_s + 1), items

    def votes(self, block, seats=(0,), kind=Kind.PROPOSE, parent=-1, signers=None):
        names = self.chain.names
        return tuple(
            sign_vote(
                self.chain.application.chain, key(names[signer]), kind, block.height, 0, seat,
                value=block.digest, parent=parent,
            )
            for seat, signer in zip(seats, signers or seats, strict=True)
        )  # fmt: skip

    def report(self, charge, reporter=3):
        """Have the charge included, and tried at the height after."""
        text = canonical(charge.plain()).decode()
        self.chain.decide({reporter: [a.Report(evidence=text)]})
        return self.declare()

    def standing(self, seat):
        return self.chain.state.members[seat].standing


def found(record):
    return [(finding.cluster, finding.class_, finding.before, finding.after) for finding in record.findings]


def lie(block, **results):
    return replace(block, results={**block.results, **results})


LIES = {
    "awards": lambda block: lie(block, awards=[["j1", "allocated", 0]]),
    "root": lambda block: lie(block, root="00" * 32),
    "powers": lambda block: lie(block, powers=[1_000] * 5 + [0]),
    "nothing": lambda block: replace(block, results=None),
    "a time before its parent's": lambda block: replace(block, at_s=0),
    "no certificate of its parent": lambda block: replace(block, previous=None),
    "its own certificate": lambda block: replace(block, previous=replace(block.previous, value=block.digest)),
    "a forged certificate": lambda block: replace(
        block,
        previous=replace(
            block.previous, votes=(*block.previous.votes[:-1], block.previous.votes[-1]._replace(signature=bytes(64)))
        ),
    ),
}


@pytest.mark.parametrize("what", LIES)
def test_whoever_proposes_a_block_that_its_parents_state_contradicts_keeps_six_tenths(what):
    court = Court()
    honest, items = court.honest_block()
    false = LIES[what](honest)
    court.declare()
    record = court.report(FalseBlock(false, tuple(items), court.votes(false)))
    assert found(record) == [("c0", "A'", 1_000, 600)]
    assert "proposed a false block of height 3" in record.findings[0].what
    assert court.chain.application.committee.powers[0] == 600, "less power, and not jailed"


def test_the_finding_names_what_was_claimed_falsely():
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, awards=[["j1", "allocated", 0]], opened=[])
    court.declare()
    record = court.report(FalseBlock(false, tuple(items), court.votes(false)))
    assert record.findings[0].what.endswith("it claims opened, awards that do not follow")


def test_whoever_approves_a_false_block_pays_like_its_proposer_and_each_only_once_a_height():
    court = Court()
    honest, items = court.honest_block()
    false, worse = lie(honest, root="00" * 32), lie(honest, root="11" * 32)
    court.declare()
    votes = sorted([*court.votes(false), *court.votes(false, (0, 4), Kind.NOTARIZE)], key=lambda v: (v.seat, v.kind))
    record = court.report(FalseBlock(false, tuple(items), tuple(votes)))
    assert found(record) == [("c0", "A'", 1_000, 600), ("c4", "A'", 1_000, 600)]
    again = court.report(FalseBlock(worse, tuple(items), court.votes(worse, (0, 4, 5))), reporter=2)
    assert found(again) == [("c5", "A'", 1_000, 600)]
    assert found(court.report(FalseBlock(worse, tuple(items), court.votes(worse, (0, 5))))) == []


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 5), min_size=1), st.integers(0, 5), st.sampled_from([Kind.PROPOSE, Kind.NOTARIZE]))
def test_a_report_of_a_valid_block_harms_only_who_files_it(voters, reporter, kind):
    """However the block came to be refused: what holds convicts nobody but the slanderer."""
    court = Court()
    honest, items = court.honest_block()
    court.declare()
    charge = FalseBlock(honest, tuple(items), court.votes(honest, tuple(sorted(voters)), kind))
    record = court.report(charge, reporter)
    assert found(record) == [(f"c{reporter}", "B", 1_000, 600)]
    assert "a block of height 3, but the block is valid" in record.findings[0].what


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5))
def test_votes_that_nobody_signed_harm_only_who_files_them(accused, reporter):
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, root="00" * 32)
    court.declare()
    forged = court.votes(false, (accused,), signers=((accused + 1) % 6,))
    assert found(court.report(FalseBlock(false, tuple(items), forged), reporter)) == [(f"c{reporter}", "B", 1_000, 600)]


def test_a_vote_that_rests_on_a_notarization_does_not_vouch_for_the_block():
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, root="00" * 32)
    court.declare()
    again = court.votes(false, (0,), Kind.NOTARIZE, parent=0)
    record = court.report(FalseBlock(false, tuple(items), again))
    assert found(record) == [("c3", "B", 1_000, 600)]


# -- what cannot be decided harms nobody -----------------------------------------------------------------------------


def harmless(record, why):
    assert found(record) == []
    assert any(why in said for said in record.ignored), record.ignored


def test_an_item_that_nobody_knows_leaves_it_undecided():
    court = Court()
    honest, _ = court.honest_block()
    false = lie(honest, root="00" * 32)
    court.declare()
    harmless(court.report(FalseBlock(false, (), court.votes(false))), "an item of the block is not known")


def test_items_that_a_later_block_includes_need_not_ride_along():
    court = Court()
    acts = {2: [submit(court.chain.application.chain, job("j1"))]}
    false = lie(court.honest_block(acts)[0], root="00" * 32)
    court.chain.decide(acts)
    assert found(court.report(FalseBlock(false, (), court.votes(false)))) == [("c0", "A'", 1_000, 600)]


def test_a_block_on_another_past_convicts_nobody():
    """Whoever was led onto another branch signed in good faith; those who made the branch signed twice."""
    court, other = Court(), Court(1)
    other.chain.decide({2: [a.Declare(background=9)]})
    block, items = other.honest_block()
    court.declare()
    harmless(court.report(FalseBlock(block, tuple(items), other.votes(block))), "stands on another past")


@pytest.mark.parametrize("late", [PAST_HEIGHTS - 3, PAST_HEIGHTS])
def test_a_report_counts_while_its_height_is_among_the_last(late):
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, root="00" * 32)
    for _ in range(late):
        court.declare()
    record = court.report(FalseBlock(false, tuple(items), court.votes(false)))
    if late < PAST_HEIGHTS:
        assert found(record) == [("c0", "A'", 1_000, 600)]
    else:
        harmless(record, "is not among the last decided")


def test_a_block_of_a_height_that_is_not_reached_convicts_nobody():
    court = Court()
    honest, items = court.honest_block()
    early = replace(lie(honest, root="00" * 32), height=5)
    harmless(court.report(FalseBlock(early, tuple(items), court.votes(early))), "is not among the last decided")


def test_at_the_edge_of_a_height_a_true_report_is_tried_though_the_height_itself_included_it():
    """A report that is included by the block of the very height it is about is tried one height on, as any other."""
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, root="00" * 32)
    charge = FalseBlock(false, tuple(items), court.votes(false))
    assert found(court.report(charge)) == [("c0", "A'", 1_000, 600)]


# -- what is owed ----------------------------------------------------------------------------------------------------


def omitting(court, payload=None):
    """A block that owes an item of seat 5 and leaves it out, and that item; the height is decided with the item."""
    chain = court.chain
    acts = {5: [a.Declare(background=3)]}
    (item,) = chain.items(acts)
    if payload is not None:
        item = sign_item(chain.application.chain, 5, item.seq, payload, key("c5"))
    held = [max(base, item.seq if seat == 5 else 0) for seat, base in enumerate(chain.state.sequences)]
    court.declare(held=held)
    block = chain.block([], chain.state.head_at_s + 1)
    return block, item


def test_whoever_leaves_out_an_owed_item_keeps_six_tenths_once_its_sender_had_time_to_be_convicted():
    """P-15."""
    court = Court()
    block, item = omitting(court)
    height = block.height
    text = canonical(FalseBlock(block, (item,), court.votes(block)).plain()).decode()
    court.chain.decide({3: [a.Report(evidence=text)], 5: [a.Declare(background=3)]})
    while court.chain.state.height < height + RIPE_HEIGHTS:
        assert found(court.declare()) == []
        assert court.chain.state.reported
    record = court.declare()
    assert found(record) == [("c0", "A'", 1_000, 600)]
    assert "leaves out item 1 of c5" in record.findings[0].what
    assert not court.chain.state.reported


def test_however_late_an_omission_is_reported_its_sender_may_still_be_convicted():
    """The payload that the accused lacked is first seen in the report."""
    court = Court()
    block, item = omitting(court)
    court.declare()
    court.declare()
    court.declare()
    text = canonical(FalseBlock(block, (item,), court.votes(block)).plain()).decode()
    court.chain.decide({3: [a.Report(evidence=text)]})
    since = court.chain.state.height - 1
    while court.chain.state.height < since + RIPE_HEIGHTS:
        assert found(court.declare()) == []
    assert found(court.declare()) == [("c0", "A'", 1_000, 600)]


def test_an_owed_item_that_is_no_list_of_acts_may_be_left_out():
    court = Court()
    block, item = omitting(court, canonical({"no": "acts"}))
    court.declare()
    record = court.report(FalseBlock(block, (item,), court.votes(block)))
    harmless(record, "item 1 of seat 5 may be left out")


def test_who_was_shown_another_payload_reports_in_good_faith():
    """Of two payloads under one number one is a good excuse, the other none: neither side pays for the sender's lie."""
    court = Court()
    block, item = omitting(court, canonical({"no": "acts"}))
    good = sign_item(court.chain.application.chain, 5, item.seq, a.encode_acts((a.Declare(background=3),)), key("c5"))
    court.declare()
    harmless(court.report(FalseBlock(block, (good, item), court.votes(block))), "may be left out")
    assert court.standing(0).reputation == court.standing(3).reputation == 1_000


def test_an_owed_item_that_nobody_shows_leaves_it_undecided():
    court = Court()
    block, _ = omitting(court)
    court.declare()
    harmless(court.report(FalseBlock(block, (), court.votes(block))), "which is owed, is not known")


def test_who_was_given_another_item_under_that_number_is_not_convicted_for_leaving_it_out():
    """P-16: a sender that tells two stories cannot have an honest leader convicted; it goes to jail itself."""
    court = Court()
    block, item = omitting(court)
    other = sign_item(court.chain.application.chain, 5, item.seq, canonical({"no": "acts"}), key("c5"))
    text = canonical(FalseBlock(block, (item,), court.votes(block)).plain()).decode()
    court.chain.decide({3: [a.Report(evidence=text)]})
    two = {
        "seat": 5,
        **{
            name: {
                "kind": "item", "sender": 5, "seq": one.seq, "payload": one.payload_digest,
                "signature": one.signature.hex(),
            }
            for name, one in (("first", item), ("second", other))
        },
    }  # fmt: skip
    record = court.chain.decide({0: [a.Report(evidence=canonical(two).decode())]})
    assert found(record) == [("c5", "A", 1_000, 1_000)]
    while court.chain.state.reported:
        record = court.declare()
        assert found(record) == []
    assert "c5 may have sent two items 1" in record.ignored[0]
    assert court.standing(0).reputation == 1_000


# -- what surrounds it -----------------------------------------------------------------------------------------------


def test_the_ledger_that_holds_a_trial_verifies_and_the_root_tells_that_something_waits():
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, root="00" * 32)
    charge = FalseBlock(false, tuple(items), court.votes(false))
    court.chain.decide({3: [a.Report(evidence=canonical(charge.plain()).decode())]})
    waiting = court.chain.state
    assert waiting.root() != replace(waiting, reported=()).root()
    court.declare()
    assert court.chain.state.root() != replace(court.chain.state, tried=frozenset()).root()
    *_, last = verify_lines(court.chain.lines())
    assert last.application.state.root() == court.chain.state.root()
    assert last.application.record == court.chain.application.record


def test_a_false_block_that_holds_a_report_itself_is_tried_like_any_other():
    """What a block claims never rests on the reports inside it, so no report makes its block immune."""
    court = Court()
    first, items = court.honest_block()
    false = lie(first, root="00" * 32)
    inner = canonical(FalseBlock(false, tuple(items), court.votes(false)).plain()).decode()
    court.declare()
    acts = {4: [a.Report(evidence=inner)]}
    second, carried = court.honest_block(acts)
    lying = lie(second, root="22" * 32)
    court.chain.decide(acts)
    record = court.report(FalseBlock(lying, tuple(carried), court.votes(lying, (5,))))
    assert ("c5", "A'", 1_000, 600) in [*found(record)]
    assert court.standing(0).reputation == 600


def test_a_member_may_have_a_few_reports_waiting_and_the_same_one_but_once():
    court = Court()
    honest, items = court.honest_block()
    charges = [
        canonical(FalseBlock(false, tuple(items), court.votes(false)).plain()).decode()
        for false in (lie(honest, root=f"{n:064x}") for n in range(6))
    ]
    record = court.chain.decide({3: [a.Report(evidence=text) for text in [charges[0], *charges]]})
    assert [said.split(": ", 1)[1] for said in record.ignored] == [
        "reported before", "4 reports of blocks wait", "4 reports of blocks wait",
    ]  # fmt: skip
    assert len(court.chain.state.reported) == 4


def test_what_was_signed_before_a_release_is_spent():
    """P-59."""
    court = Court()
    honest, items = court.honest_block()
    false = lie(honest, root="00" * 32)
    court.declare()
    members = list(court.chain.state.members)
    members[0] = replace(members[0], judged=(3, 0))
    application = court.chain.application
    court.chain.application = replace(application, state=replace(court.chain.state, members=tuple(members)))
    assert found(court.report(FalseBlock(false, tuple(items), court.votes(false)))) == []


# -- whatever is reported, the height goes on (P-47) -----------------------------------------------------------------

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("ab\x00é", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_report_of_any_block_ever_stops_a_height_or_costs_a_bystander(data):
    """Seat 0 signed the block, seat 3 reports it; nobody else can lose by it, whatever stands in it."""
    court = Court()
    acts = {2: [submit(court.chain.application.chain, job("j1"))], 4: [a.Declare(background=2)]}
    block, items = court.honest_block(acts)
    names = [item.digest for item in items]
    previous = block.previous
    changes = {
        "results": st.just(block.results) | PLAIN,
        "at_s": st.sampled_from([0, block.at_s, block.at_s + 5, 2**53 - 1]),
        "height": st.sampled_from([1, block.height, block.height + 1, 2**53 - 1]),
        "parent": st.sampled_from([block.parent, "00" * 32]),
        "items": st.lists(st.sampled_from([*names, "11" * 32]), max_size=3).map(tuple),
        "previous": st.sampled_from([
            previous, None, replace(previous, votes=()), replace(previous, height=1), replace(previous, round=7),
            replace(previous, kind=Kind.NULLIFY, value=None),
            replace(previous, votes=tuple(vote._replace(ext=b"\xff" * 24) for vote in previous.votes)),
        ]),
    }  # fmt: skip
    chosen = {name: data.draw(values, name) for name, values in changes.items() if data.draw(st.booleans(), name)}
    odd = replace(block, **chosen)
    riding = data.draw(st.sets(st.sampled_from(range(3))))
    strange = sign_item(court.chain.application.chain, 5, 1, b'{"no":"acts"}', key("c1"))
    carried = tuple(one for place, one in enumerate((*items, strange)) if place in riding)
    court.declare()
    charge = FalseBlock(odd, carried, court.votes(odd, signers=data.draw(st.sampled_from([(0,), (1,)]))))
    for _ in range(4):
        court.report(charge)
    reputations = [member.standing.reputation for member in court.chain.state.members]
    assert [reputations[seat] for seat in (1, 2, 4, 5)] == [1_000] * 4
    assert reputations[0] in (600, 1_000)
    assert not (reputations[0] < 1_000 and reputations[3] < 1_000)
    assert not any(member.standing.jailed for member in court.chain.state.members)
