"""The committee changes by consent of a joint quorum, and evidence alone jails. docs/protocol.md P-54, P-58, P-59."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.consensus.evidence import Evidence, item_evidence
from quorate.consensus.quorum import is_quorum
from quorate.consensus.signing import sign_item, sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import SEATS_MAX, Kind
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from quorate.ledger.motions import MOTIONS_PER_SEAT
from quorate.reputation.standing import Standing
from tests.quorate.ledger.build import Plainly, cluster, genesis, job, key


def endorse(life, motion, seats):
    return life.height({seat: [a.Endorse(motion=motion)] for seat in seats})


def join(name="new", background=0):
    return a.Join(cluster=cluster(name), public_key=key(name).public_key.hex(), background=background)


def powers(life):
    return list(life.state.committee().powers)


def double_vote(life, seat, height=1, kinds=(Kind.NOTARIZE, Kind.NOTARIZE), chain=None, signer=None):
    who = signer or key(life.state.members[seat].cluster.id)
    votes = []
    for value, kind in zip(("1" * 64, "2" * 64), kinds, strict=True):
        fields = {"value": value} if kind is not Kind.NULLIFY else {}
        votes.append(sign_vote(chain or life.state.chain, who, kind, height, 0, seat, **fields))
    return Evidence(seat, *votes)


def report(evidence):
    return a.Report(evidence=canonical(evidence.plain()).decode())


def double_item(life, seat, seq):
    items = [sign_item(life.state.chain, seat, seq, payload, key(f"c{seat}")) for payload in (b"[]", b"[[]]")]
    return item_evidence(*items)


# -- consent ---------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(
    st.lists(st.integers(0, 1_000), min_size=6, max_size=6),
    st.lists(st.sampled_from([True, True, True, False]), min_size=6, max_size=6),
    st.lists(st.integers(0, 5), max_size=8),
)
def test_a_motion_passes_exactly_when_its_consents_are_a_joint_quorum(trust, free, order):
    life = Plainly(genesis(6))
    members = tuple(
        replace(m, standing=Standing(cluster=m.cluster.id, reputation=r, jailed=not f))
        for m, r, f in zip(life.state.members, trust, free, strict=True)
    )
    life.state = replace(life.state, members=members)
    consents, passed = set(), False
    for seat in order:
        endorse(life, a.Leave(cluster="c5"), [seat])
        now = powers(life)
        if not passed:
            if free[seat]:
                consents.add(seat)
            weights = [max(500, trust[i]) if free[i] else 0 for i in range(6)]
            mine = [weights[i] for i in consents]
            passed = is_quorum(len(mine), sum(w > 0 for w in weights), sum(mine), sum(weights))
        assert life.state.members[5].left == passed
        assert now[5] == 0 or not passed


def test_a_joiner_watches_for_its_probation_and_then_votes_with_a_half():
    life = Plainly(genesis(4, probation_heights=3))
    endorse(life, join(), range(3))
    assert [member.cluster.id for member in life.state.members] == ["c0", "c1", "c2", "c3", "new"]
    seen = []
    for _ in range(5):
        seen.append(powers(life)[4])
        life.height()
    assert seen == [0, 0, 0, 500, 500]
    assert life.state.sequences == (1, 1, 1, 0, 0)


def test_a_joiner_takes_part_in_calls_that_open_after_it_came():
    life = Plainly(genesis(4, probation_heights=0))
    life.open(job("before"))
    endorse(life, join(), range(3))
    record = life.settle()
    assert len(record.decisions[0].answers) == 4
    assert len(life.place(job("after")).decisions[0].answers) == 5


def test_a_leaver_loses_its_vote_and_keeps_its_seat():
    life = Plainly(genesis(5))
    endorse(life, a.Leave(cluster="c4"), range(4))
    assert powers(life) == [1_000] * 4 + [0]
    assert endorse(life, join("c4"), range(4)).ignored[0] == "c0 endorse: c4 or its key is a member already"
    decision = life.place(job()).decisions[0]
    assert decision.winner != "c4"


def test_a_rotated_key_is_the_one_that_counts_from_then_on():
    life = Plainly(genesis(4))
    fresh = key("fresh").public_key.hex()
    endorse(life, a.Rotate(cluster="c2", public_key=fresh), [0, 1, 3])
    assert life.state.committee().seats[2].public_key == fresh
    record = life.height({0: [report(double_vote(life, 2, height=1))]})
    assert record.ignored == ("c0 report: seat 2 did not sign this statement",)
    record = life.height({0: [report(double_vote(life, 2, height=1, signer=key("fresh")))]})
    assert [finding.class_ for finding in record.findings] == ["A"]


@pytest.mark.parametrize(
    ("motion", "says"),
    [
        (a.Leave(cluster="nobody"), "nobody is no member"),
        (a.Release(cluster="c1"), "c1 is not jailed"),
        (a.Rotate(cluster="c1", public_key=key("c0").public_key.hex()), "the new key is in use"),
        (join("c1"), "c1 or its key is a member already"),
        (join("new", background=11), "new declares 11 busy of 10 nodes"),
    ],
    ids=["leave", "release", "rotate", "join", "background"],
)
def test_a_motion_that_cannot_be_is_refused_in_a_sentence(motion, says):
    life = Plainly(genesis(4))
    assert endorse(life, motion, [0]).ignored == (f"c0 endorse: {says}",)
    assert life.state.endorsed == {}


def test_who_has_no_power_does_not_consent():
    life = Plainly(genesis(4, probation_heights=9))
    endorse(life, join(), range(3))
    assert endorse(life, a.Leave(cluster="c0"), [4]).ignored == ("new endorse: a seat without power cannot endorse",)


def test_no_committee_grows_beyond_its_seats():
    life = Plainly(genesis(SEATS_MAX))
    assert endorse(life, join(), [0]).ignored == ("c0 endorse: 128 seats are taken",)


def test_nobody_can_fill_the_list_of_pending_motions():
    life = Plainly(genesis(4))
    for number in range(3 * MOTIONS_PER_SEAT):
        endorse(life, join(f"junk{number}"), [3])
    assert len(life.state.endorsed) == MOTIONS_PER_SEAT
    endorse(life, join("wanted"), [0, 1, 2])
    assert life.state.members[-1].cluster.id == "wanted"


def test_a_withdrawn_consent_no_longer_counts():
    life = Plainly(genesis(4))
    endorse(life, join("old"), [3])
    for number in range(MOTIONS_PER_SEAT):
        endorse(life, join(f"junk{number}"), [3])
    endorse(life, join("old"), [0, 1])
    assert len(life.state.members) == 4
    endorse(life, join("old"), [2])
    assert len(life.state.members) == 5


# -- class A ---------------------------------------------------------------------------------------------------


PAIRS = [(Kind.NOTARIZE, Kind.NOTARIZE), (Kind.FINALIZE, Kind.NULLIFY), (Kind.PROPOSE, Kind.PROPOSE)]


@pytest.mark.parametrize("kinds", PAIRS, ids=lambda pair: pair[1].name)
def test_two_incompatible_signatures_jail_from_the_next_height_on(kinds):
    life = Plainly(genesis(4))
    record = life.height({0: [report(double_vote(life, 2, kinds=kinds))]})
    assert [(f.cluster, f.class_, f.before, f.after) for f in record.findings] == [("c2", "A", 1_000, 1_000)]
    assert powers(life) == [1_000, 1_000, 0, 1_000]
    assert life.height({1: [report(double_vote(life, 2, kinds=kinds))]}).ignored == ("c1 report: convicted before",)


def slanders(life):
    good = double_vote(life, 2)
    return [
        report(replace(good, seat=1)),
        report(double_vote(life, 2, signer=key("c1"))),
        report(double_vote(life, 2, chain="another chain")),
        report(replace(good, second=good.first)),
        report(double_vote(life, 2, kinds=(Kind.NOTARIZE, Kind.NULLIFY))),
    ]


@pytest.mark.parametrize("which", range(5))
def test_a_report_that_does_not_hold_costs_who_files_it_and_nobody_else(which):
    life = Plainly(genesis(4))
    life.height()
    before = [member.standing for member in life.state.members]
    record = life.height({0: [slanders(life)[which]]})
    assert [(f.cluster, f.class_, f.before, f.after) for f in record.findings] == [("c0", "B", 1_000, 600)]
    assert record.findings[0].what.startswith("filed a report that does not hold: accused c")
    assert [member.standing for member in life.state.members[1:]] == before[1:]
    assert powers(life) == [600, 1_000, 1_000, 1_000]


def test_words_and_what_lies_ahead_accuse_nobody():
    life = Plainly(genesis(4))
    life.height()
    said = [
        report(double_vote(life, 2, height=3)),
        a.Report(evidence='{"seat":2}'),
        a.Report(evidence="c2 is a liar"),
    ]
    before = [member.standing for member in life.state.members]
    record = life.height({0: said})
    assert len(record.ignored) == len(said)
    assert record.credits == ()
    assert {(found.cluster, found.class_) for found in record.findings} <= {("c0", "B")}
    assert [member.standing for member in life.state.members[1:]] == before[1:]


def test_a_report_filed_before_its_subject_changed_keys_is_not_called_false():
    life = Plainly(genesis(4))
    life.height()
    true = report(double_vote(life, 2))
    rotate = a.Endorse(motion=a.Rotate(cluster="c2", public_key=key("c2 anew").public_key.hex()))
    life.height({seat: [rotate] for seat in (0, 1, 3)})
    record = life.height({0: [true]})
    assert (len(record.ignored), record.findings) == (1, ())


def test_two_items_under_one_number_jail_too_but_not_numbers_that_nobody_holds():
    life = Plainly(genesis(4))
    record = life.height({0: [report(double_item(life, 1, 2**31))]})
    assert record.ignored == ("c0 report: item 2147483648 lies too far ahead",)
    record = life.height({0: [report(double_item(life, 1, 7))]})
    assert [finding.what for finding in record.findings] == ["signed two incompatible messages: two items numbered 7"]


def test_a_released_member_starts_over_and_old_evidence_is_spent():
    life = Plainly(genesis(5, probation_heights=2))
    old, item = double_vote(life, 4), double_item(life, 4, 3)
    life.height({0: [report(item)]})
    assert endorse(life, a.Release(cluster="c4"), range(3)).ignored == ()
    freed = life.state.members[4].standing
    assert (freed.reputation, freed.jailed) == (500, False)
    for evidence in (old, item):
        assert life.height({0: [report(evidence)]}).ignored == ("c0 report: judged before its release",)
    assert powers(life)[4] == 500
    again = double_vote(life, 4, height=life.state.height)
    assert life.height({0: [report(again)]}).findings[0].class_ == "A"


def test_nobody_becomes_immune_by_signing_for_a_far_future():
    life = Plainly(genesis(5, probation_heights=0))
    record = life.height({0: [report(double_vote(life, 4, height=10**9))]})
    assert record.ignored == ("c0 report: height 1000000000 is not reached",)


def test_a_jailed_members_bid_does_not_count_though_it_may_answer():
    life = Plainly(genesis(5))
    life.height({0: [report(double_vote(life, 4))]})
    life.open(job())
    answers = life.answers(seats=range(5))
    record = life.settle(answers)
    assert "c4" not in record.decisions[0].ranking
    assert record.decisions[0].answers[4].reputation == 0


def test_below_four_active_members_nothing_is_decided_any_more_and_that_is_said():
    life = Plainly(genesis(4))
    life.height({0: [report(double_vote(life, 2))]})
    halted = LedgerApplication(life.state)
    assert halted.halted == (
        "only 3 members are active; four are the fewest that tolerate a fault: this chain has ended, found another"
    )
    assert not halted.due([], 10**6)
    assert halted.wake_at_s([]) is None
