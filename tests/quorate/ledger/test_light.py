"""A stranger follows certificates alone, refuses whatever is not certified, and knows who may decide. P-64."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.consensus.certificate import build_certificate
from quorate.consensus.evidence import Evidence
from quorate.consensus.plain import entry_line
from quorate.consensus.signing import sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Entry, Kind, pack_ext
from quorate.domain.errors import LedgerBroken, RequestInvalid
from quorate.ledger import acts as a
from quorate.ledger import light
from quorate.ledger.checkpoint import Checkpoint
from quorate.ledger.light import follow, successor
from quorate.ledger.verify import LINE_BYTES_MAX, genesis_line, verify_lines
from tests.quorate.ledger.build import Chain, cluster, genesis, key, owned


class Moving(Chain):
    """A chain whose members change: seats sign with the keys that the ledger names."""

    def __init__(self, beginning):
        super().__init__(beginning)
        self.signers = {key(name).public_key.hex(): key(name) for name in [*self.names, "new", "fresh", "newer"]}

    def signer(self, seat):
        return self.signers[self.state.members[seat].public_key]

    def certify(self, block, voters=None, held=None, kind=Kind.FINALIZE):
        ext = pack_ext(self.application.sequences if held is None else held)
        return build_certificate(
            sign_vote(self.application.chain, self.signer(seat), kind, block.height, 0, seat,
                      value=block.digest, ext=ext)
            for seat in (self.state.active() if voters is None else voters)
        )  # fmt: skip

    def items(self, acts):
        chain, sequences = self.application.chain, self.application.sequences
        return [light_item(chain, seat, sequences[seat] + 1, acts[seat], self.signer(seat)) for seat in sorted(acts)]

    def endorse(self, motion, seats):
        self.decide({seat: [a.Endorse(motion=motion)] for seat in seats})


def light_item(chain, seat, seq, acts, signer):
    from quorate.consensus.signing import sign_item

    return sign_item(chain, seat, seq, a.encode_acts(tuple(acts)), signer)


def join(name, background=0):
    return a.Join(cluster=cluster(name), public_key=key(name).public_key.hex(), background=background)


def rotate(name, fresh):
    return a.Rotate(cluster=name, public_key=key(fresh).public_key.hex())


def two_votes(chain, seat):
    votes = [
        sign_vote(chain.application.chain, chain.signer(seat), Kind.NOTARIZE, 1, 0, seat, value=value)
        for value in ("1" * 64, "2" * 64)
    ]
    return a.Report(evidence=canonical(Evidence(seat, *votes).plain()).decode())


def eventful():
    """Eleven heights: a job, a joiner, a new key, a leaver, a jailing, and heights at which nothing changes."""
    chain = Moving(genesis(6, probation_heights=2))
    chain.place(owned("a", 2))
    chain.endorse(join("new"), range(4))
    chain.decide()
    chain.endorse(rotate("c1", "fresh"), [0, 2, 3, 4])
    chain.decide({0: [a.Declare(background=1)]})
    chain.endorse(a.Leave(cluster="c5"), range(5))
    chain.decide({0: [two_votes(chain, 2)]})
    chain.decide()
    chain.decide()
    return chain


CHAIN = eventful()
LINES = CHAIN.lines()
BLOCKS = [entry.block.digest for entry in CHAIN.entries]
MODES = pytest.mark.parametrize("skip", [False, True], ids=["every certificate", "skipping"])


def refused(lines, says, beginning=None, checkpoint=None, *, skip=False):
    with pytest.raises(LedgerBroken, match=says) as caught:
        list(follow(lines, beginning, checkpoint, skip=skip))
    return caught.value


def point(chain, height):
    return Checkpoint(height=height, digest=chain.entries[height - 1].block.digest)


# -- what holds


@MODES
def test_it_finds_the_committees_and_the_head_that_execution_finds(skip):
    full = list(verify_lines(LINES, CHAIN.genesis))
    followed = list(follow(LINES, CHAIN.genesis, skip=skip))
    assert [each.digest for each in followed] == BLOCKS
    assert [each.committee for each in followed] == [each.application.committee for each in full]
    assert [each.offset for each in followed] == [each.offset for each in full]


def test_certificates_are_checked_where_the_committee_changes_and_at_the_head():
    followed = list(follow(LINES, skip=True))
    committees = [CHAIN.genesis, *(each.committee for each in followed)]
    changes = {
        each.height
        for each, before in zip(followed[1:], followed, strict=False)
        if each.committee.seats != before.committee.seats
    }
    assert {each.height for each in followed if each.certified} == changes | {len(committees) - 1}
    assert 0 < len(changes) < len(followed) - 1


@pytest.mark.parametrize("skip", [False, True])
def test_a_checkpoint_holds_what_lies_before_it(skip):
    followed = list(follow(LINES, None, point(CHAIN, 6), skip=skip))
    assert [each.digest for each in followed] == BLOCKS
    assert any(each.certified for each in followed if each.height <= 6) != skip


@MODES
def test_a_ledger_that_ends_early_at_the_end_of_a_line_is_a_whole_one(skip):
    assert [len(list(follow(LINES[: n + 1], skip=skip))) for n in range(len(LINES))] == list(range(len(LINES)))


acting = st.lists(
    st.tuples(st.sampled_from(["nothing", "declare", "rotate", "join", "leave", "report", "split"]), st.integers(0, 5)),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(acting, st.booleans())
def test_whatever_members_do_it_agrees_with_execution(steps, skip):
    chain = Moving(genesis(6, probation_heights=1))
    for what, seat in steps:
        live(chain, what, seat)
    full = list(verify_lines(chain.lines()))
    followed = list(follow(chain.lines(), skip=skip))
    assert [(e.digest, e.committee) for e in followed] == [
        (e.entry.block.digest, e.application.committee) for e in full
    ]


def live(chain, what, seat):
    active = list(chain.state.active())
    if seat not in active or len(active) <= 4:
        what = "nothing"
    if what == "declare":
        chain.decide({seat: [a.Declare(background=1)]})
    elif what == "rotate":
        chain.endorse(rotate(f"c{seat}", "fresh"), active)
    elif what == "join":
        chain.endorse(join("new"), active)
    elif what == "leave":
        chain.endorse(a.Leave(cluster=chain.state.members[seat].cluster.id), active)
    elif what == "report":
        chain.decide({active[0]: [two_votes(chain, seat)]})
    elif what == "split":  # two motions in one height, of which one passes
        motions = [a.Endorse(motion=join("newer")), a.Endorse(motion=rotate(f"c{seat}", "newer"))]
        chain.decide({s: motions[: 2 if s == active[0] else 1] for s in active})
    else:
        chain.decide()


# -- what is refused


def flipped(number, place, bit):
    line = bytearray(LINES[number])
    line[place % len(line)] ^= 1 << bit
    return [*LINES[:number], bytes(line), *LINES[number + 1 :]]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.integers(0, 10**6), st.integers(0, 7))
def test_any_flipped_bit_is_refused(number, place, bit):
    """Items' payloads too: their digests stand in the header."""
    with pytest.raises(LedgerBroken) as caught:
        list(follow(flipped(number, place, bit)))
    assert caught.value.offset is not None


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_bit_that_skipping_lets_pass_lies_in_a_certificate_that_it_says_it_left_aside(number, place, bit):
    try:
        followed = list(follow(flipped(number, place, bit), skip=True))
    except LedgerBroken:
        return
    assert not followed[number - 1].certified
    assert [each.digest for each in followed] == BLOCKS, "what is decided is the same all the same"
    line, start = LINES[number], LINES[number].index(b'"certificate"')
    assert start <= place % len(line) < line.index(b'"items"', start)


def with_entry(height, entry):
    return [*LINES[:height], entry_line(entry) + b"\n", *LINES[height + 1 :]]


def forged(height, signers=None):
    """The entry of a height, certified by other keys: strangers' in the places of those who did, or these."""
    entry = CHAIN.entries[height - 1]
    ext = entry.certificate.votes[0].ext
    votes = [
        sign_vote(CHAIN.application.chain, key(name), Kind.FINALIZE, height, 0, seat, value=entry.block.digest, ext=ext)
        for seat, name in (signers or {vote.seat: f"stranger {vote.seat}" for vote in entry.certificate.votes}).items()
    ]
    return replace(entry, certificate=build_certificate(votes))


@pytest.mark.parametrize("height", [1, 4, 6, len(BLOCKS)])
def test_a_forged_certificate_is_refused(height):
    found = refused(with_entry(height, forged(height)), "did not sign")
    assert (found.height, found.offset) == (height, sum(map(len, LINES[:height])))


def test_a_forged_certificate_at_the_head_is_refused_when_skipping_too():
    last = len(BLOCKS)
    refused(with_entry(last, forged(last)), "did not sign", skip=True)


@MODES
def test_the_committee_of_before_decides_nothing_any_more(skip):
    """From height 7 on c1 signs with another key, from height 9 on c5 has no power."""
    last = len(BLOCKS)
    refused(with_entry(last, forged(last, {seat: f"c{seat}" for seat in range(6)})), "no vote|did not sign", skip=skip)


@MODES
def test_too_few_votes_decide_nothing(skip):
    entry = CHAIN.entries[-1]
    few = replace(entry, certificate=replace(entry.certificate, votes=entry.certificate.votes[:2]))
    refused(with_entry(len(BLOCKS), few), "no quorum", skip=skip)


@MODES
@pytest.mark.parametrize("height", [2, 5, 7])
def test_a_block_in_anothers_place_is_refused(height, skip):
    """Swapped, left out, twice, or of another chain with the same members."""
    swapped = [*LINES[:height], LINES[height + 1], LINES[height], *LINES[height + 2 :]]
    missing = [*LINES[:height], *LINES[height + 1 :]]
    twice = [*LINES[: height + 1], *LINES[height:]]
    other = Moving(genesis(6, probation_heights=3))
    for _ in range(height):
        other.decide()
    for lines in (swapped, missing, twice, [*LINES[:height], other.lines()[height], *LINES[height + 1 :]]):
        refused(lines, "does not follow", skip=skip)


OTHER = (
    {"committee": "ab" * 32}, {"committee": None}, {"powers": [1_000] * 3}, {"powers": [1_000, 1_000, 1_000, 400]},
    {"powers": "many"}, {"powers": [True] * 4}, {"powers": [1_000] * 200},
)  # fmt: skip


@MODES
def test_a_block_that_names_another_committee_is_refused_though_a_quorum_certifies_it(skip):
    chain = Moving(genesis(4))
    chain.decide()
    for change in OTHER:
        good = chain.block([], 9)
        block = replace(good, results={**good.results, **change})
        lines = [*chain.lines(), entry_line(Entry(block, (), chain.certify(block))) + b"\n"]
        assert refused(lines, "next committee|who decides", skip=skip).height == 2


def test_a_notarized_block_is_not_a_decided_one():
    chain = Moving(genesis(4))
    block = chain.block([], 9)
    votes = [
        sign_vote(chain.application.chain, key(f"c{s}"), Kind.NOTARIZE, 1, 0, s, value=block.digest) for s in range(4)
    ]
    refused([*chain.lines(), entry_line(Entry(block, (), build_certificate(votes))) + b"\n"], "does not decide it")


def test_a_block_before_its_predecessor_in_time_is_refused():
    chain = Moving(genesis(4))
    chain.decide(at_s=10)
    block = replace(chain.block([], 10), at_s=9)
    refused([*chain.lines(), entry_line(Entry(block, (), chain.certify(block))) + b"\n"], "before its predecessor in")


def pasts():
    """Two pasts under the same genesis and keys: what was declared tells them apart."""
    made = []
    for background in (1, 2):
        chain = Moving(genesis(4))
        for number in range(5):
            chain.decide({0: [a.Declare(background=background if number == 1 else 0)]})
        made.append(chain)
    return made


@MODES
def test_another_past_signed_with_old_keys_is_told_by_a_checkpoint_alone(skip):
    true, fork = pasts()
    assert len(list(follow(fork.lines(), true.genesis, skip=skip))) == 5, "signatures cannot tell"
    for height in (2, 5):
        found = refused(fork.lines(), "another past", checkpoint=point(true, height), skip=skip)
        assert found.height == height
    refused(true.lines()[:3], "ends before the checkpoint", checkpoint=point(true, 4), skip=skip)


def test_another_genesis_is_refused_by_whoever_has_the_right_one():
    assert refused(LINES, "another genesis", genesis(6)).height == 0


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "empty"),
        ([genesis_line(CHAIN.genesis)], "torn"),
        ([LINES[0], LINES[1][:-1]], "torn"),
        ([LINES[0], b"x" * LINE_BYTES_MAX + b"\n"], "longer"),
        ([b"{}\n"], "genesis"),
        ([LINES[0], b"{}\n"], "needs exactly"),
        ([LINES[0], b"[" * 1_000 + b"\n"], "not JSON"),
    ],
    ids=range(7),
)
def test_what_is_no_ledger_is_refused(lines, says):
    refused(lines, says)


def test_a_height_with_too_many_motions_to_tell_is_left_to_full_verification(monkeypatch):
    monkeypatch.setattr(light, "CHOICES_MAX", 3)
    chain = Moving(genesis(4, probation_heights=1))
    motions = [a.Endorse(motion=join(f"n{number}")) for number in range(6)]
    chain.decide({seat: motions[::-1] if seat == 2 else motions for seat in range(4)})
    with pytest.raises(RequestInvalid, match="too many motions to follow; verify it without --light"):
        list(follow(chain.lines()))


def test_the_next_committee_is_the_one_of_the_state():
    chain = Moving(genesis(5, probation_heights=1))
    for _ in range(3):
        before = chain.application.committee
        chain.endorse(join("new"), range(4))
        assert successor(before, chain.entries[-1].block, chain.entries[-1].items) == chain.application.committee
