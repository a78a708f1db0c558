"""A ledger is believed in nothing: each check that a stranger makes, and what an attacker may try. P-60, P-61, P-62."""

from dataclasses import replace

import pytest

from quorate.consensus.plain import entry_line
from quorate.consensus.signing import sign_item
from quorate.domain.deciding import Block, Entry, Kind
from quorate.domain.errors import LedgerBroken
from quorate.ledger import acts as a
from quorate.ledger.verify import LINE_BYTES_MAX, genesis_line, read_genesis, verify_lines
from tests.quorate.ledger.build import Chain, cluster, genesis, group, job, key, owned


def chain_of_three(beginning=None):
    chain = Chain(beginning or genesis(4))
    chain.place(owned("a", 2))
    return chain


def broken(lines, says, beginning=None):
    with pytest.raises(LedgerBroken, match=says) as caught:
        list(verify_lines(lines, beginning))
    return caught.value


def with_last(chain, entry):
    return [*chain.lines()[:-1], entry_line(entry) + b"\n"]


def test_a_whole_ledger_verifies_height_by_height_and_tells_what_happened():
    chain = chain_of_three()
    heights = list(verify_lines(chain.lines(), chain.genesis))
    assert [height.entry for height in heights] == chain.entries
    assert heights[-1].application.state == chain.state
    assert [height.offset for height in heights] == [sum(map(len, chain.lines()[:i])) for i in (1, 2, 3)]
    assert heights[-1].application.record.decisions[0].outcome == "allocated"


def test_a_ledger_that_ends_early_at_the_end_of_a_line_is_a_whole_one():
    lines = chain_of_three().lines()
    assert [len(list(verify_lines(lines[:count]))) for count in (1, 2, 3, 4)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"round": 1}, "seat 0 did not sign"),
        ({"height": 1}, "height 1 judged by the committee of 2"),
        ({"value": "ab" * 32}, "another block"),
        ({"kind": Kind.NOTARIZE}, "another block|an ext"),
    ],
)
def test_signatures_of_the_entry_before_are_good_for_nothing_else_in_the_next_block(change, says):
    """What was checked once is left out of the second check only where it says the same."""
    chain = chain_of_three()
    block = chain.entries[-1].block
    forged = replace(block, previous=replace(block.previous, **change))
    broken(with_last(chain, Entry(forged, chain.entries[-1].items, chain.certify(forged))), says)


def test_a_vote_that_only_the_next_block_shows_is_checked():
    chain = chain_of_three()
    block = chain.entries[-1].block
    shown = block.previous.votes
    for place in range(len(shown)):
        votes = tuple(v._replace(signature=bytes(64)) if at == place else v for at, v in enumerate(shown))
        forged = replace(block, previous=replace(block.previous, votes=votes))
        broken(with_last(chain, Entry(forged, chain.entries[-1].items, chain.certify(forged))), "did not sign")


def test_nothing_is_no_ledger():
    assert broken([], "empty").offset == 0


def test_another_genesis_is_refused_by_whoever_has_the_right_one():
    chain = chain_of_three()
    assert broken(chain.lines(), "another genesis", genesis(4, bid_window_s=61)).height == 0


def test_entries_of_another_chain_do_not_follow_a_genesis():
    one, other = chain_of_three(), chain_of_three(genesis(5))
    assert broken([one.lines()[0], *other.lines()[1:]], "genesis|chain").offset is not None


@pytest.mark.parametrize("voters", [[0, 1], [0], [1, 2]])
def test_a_certificate_below_the_quorum_decides_nothing(voters):
    chain = chain_of_three()
    chain.decide(voters=voters)
    assert "no quorum" in str(broken(chain.lines(), "certificate"))


def test_a_notarized_block_is_not_a_decided_one():
    chain = chain_of_three()
    block = chain.block([], chain.state.head_at_s + 1)
    forged = Entry(block, (), chain.certify(block, kind=Kind.NOTARIZE))
    assert broken([*chain.lines(), entry_line(forged) + b"\n"], "FINALIZE").height == 4


def test_the_certificate_of_the_parent_must_finalize_it():
    chain = chain_of_three()
    last = chain.entries[-1].certificate
    weak = replace(last, kind=Kind.NOTARIZE, votes=tuple(vote._replace(ext=b"") for vote in last.votes))
    block = replace_block(chain.block([], chain.state.head_at_s + 1), previous=weak)
    forged = Entry(block, (), chain.certify(block))
    assert broken([*chain.lines(), entry_line(forged) + b"\n"], "predecessor's certificate").height == 4


def replace_block(block, **changes):
    names = ("chain", "height", "parent", "at_s", "items", "previous", "results")
    return Block(**{**{name: getattr(block, name) for name in names}, **changes})


def test_a_certificate_of_another_block_does_not_serve():
    chain = chain_of_three()
    other = chain_of_three()
    other.decide(at_s=99)
    chain.decide()
    swapped = replace(chain.entries[-1], certificate=other.entries[-1].certificate)
    broken(with_last(chain, swapped), "certificate is for another block")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"height": 5}, "height 5 stands where 4 belongs"),
        ({"chain": "x"}, "another chain"),
        ({"parent": "0" * 64}, "does not follow"),
        ({"at_s": 0}, "before its predecessor in time"),
        ({"previous": None}, "certificate is missing"),
        ({"results": {"awards": []}}, "other results"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_even_a_quorum_cannot_make_true_is_refused(change, says):
    chain = chain_of_three()
    block = replace_block(chain.block([], chain.state.head_at_s + 1), **change)
    forged = Entry(block, (), chain.certify(block))
    assert broken([*chain.lines(), entry_line(forged) + b"\n"], says).height == 4


def forged_items(chain, items):
    block = chain.block([], chain.state.head_at_s + 1)
    block = replace_block(block, items=tuple(item.digest for item in items))
    return [*chain.lines(), entry_line(Entry(block, tuple(items), chain.certify(block))) + b"\n"]


def test_items_are_signed_in_order_and_readable():
    chain = chain_of_three()
    name, seq, good = chain.application.chain, chain.state.sequences[0] + 1, a.encode_acts((a.Start(job="a"),))
    for items, says in (
        ([sign_item(name, 0, seq, good, key("c1"))], "is not signed by it"),
        ([sign_item(name, 0, seq + 1, good, key("c0"))], "seat 0 is at item"),
        ([sign_item(name, 0, seq, b'{"acts":[]}', key("c0"))], "no list of acts"),
        ([sign_item(name, 1, 3, good, key("c1")), sign_item(name, 0, seq, good, key("c0"))], "out of order"),
        ([sign_item("another chain", 0, seq, good, key("c0"))], "is not signed by it"),
    ):
        broken(forged_items(chain, items), says)


def test_an_owed_item_that_no_block_may_hold_does_not_break_the_ledger():
    chain = Chain(genesis(4))
    # Seat 3 sends junk as its first item: everybody holds it, and no block can include it.
    chain.decide({0: [a.Submit(job=job())]}, held=[1, 0, 0, 1])
    chain.decide({1: [a.Declare(background=1)]})
    assert len(list(verify_lines(chain.lines()))) == 2


def test_a_line_longer_than_any_ledgers_is_refused_unread():
    chain = chain_of_three()
    line = b"[" * LINE_BYTES_MAX + b"\n"
    assert broken([*chain.lines(), line], "at most").offset == sum(map(len, chain.lines()))
    assert broken([line], "at most").offset == 0


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[]", b"1", b"\xff", b"[" * 2_000,
     b'{"a":1e400}', b'{"schema":"quorate.genesis/2"}', b'{"members":[]}'],
    ids=lambda line: str(line[:20]),
)  # fmt: skip
def test_anything_else_is_no_genesis(line):
    with pytest.raises(LedgerBroken, match="genesis") as caught:
        read_genesis(line)
    assert caught.value.offset <= len(line)


def test_a_genesis_that_leaves_out_a_default_is_not_canonical():
    line = genesis_line(genesis(4)).replace(b',"start_window_s":1800', b"")
    with pytest.raises(LedgerBroken, match="leaves out"):
        read_genesis(line)


def test_a_number_written_as_a_truth_value_is_another_result():
    """What members compare as bytes when they vote, a stranger compares as bytes."""
    small = [cluster(f"c{seat}", groups=[group(1)]) for seat in (1, 2, 3)]
    chain = chain_of_three(genesis([cluster("c0", groups=[group(9)]), *small]))
    last = chain.entries.pop()
    assert last.block.results["awards"] == [["a", "allocated", 0]]
    forged = replace_block(last.block, results={**last.block.results, "awards": [["a", "allocated", False]]})
    chain.entries.append(Entry(forged, last.items, chain.certify(forged)))
    found = broken(chain.lines(), "other results")
    assert found.height == 3
    assert b"".join(chain.lines())[found.offset :].startswith(b"false]]")
