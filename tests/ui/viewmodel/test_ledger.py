from dataclasses import replace

from quorate.consensus.evidence import FalseBlock
from quorate.consensus.signing import sign_vote
from quorate.domain.canonical import canonical
from quorate.domain.deciding import Kind
from quorate.ledger import acts as a
from quorate.ledger.fold import fold
from quorate.ledger.state import founded
from quorate.ledger.verify import verify_lines
from tests.quorate.ledger.build import Chain, genesis, key
from ui import runs
from ui.viewmodel import ledger
from ui.words import names_of


def test_every_item_block_and_vote_of_the_file_is_a_row(real):
    found = runs.load(real, "demo")
    rows = ledger.event_rows(found.heights, names_of(found.report))
    votes = sum(len(verified.entry.certificate.votes) for verified in found.heights)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row.kind == "finalize" for row in rows) == votes
    assert sum(row.kind == "block" for row in rows) == len(found.heights)
    assert sum(row.kind == "submit" for row in rows) == 8


def test_evidence_holds_the_signed_bid_and_the_fact(real):
    found = runs.load(real, "demo")
    (proof,) = ledger.proofs(found.report.findings, found.heights)
    assert proof.cluster == "HPC_RESOURCE_00"
    assert proof.first.title.startswith("Signed as item")
    assert len(proof.first.signature) == 128
    assert '"nodes_free"' in proof.first.text
    assert proof.second.text.startswith("nodes_free is")
    assert proof.second.signature == ""


def test_the_signature_shown_is_the_one_on_the_ledger(real):
    found = runs.load(real, "demo")
    (proof,) = ledger.proofs(found.report.findings, found.heights)
    signatures = {item.signature.hex() for verified in found.heights for item in verified.entry.items}
    assert proof.first.signature in signatures


def test_the_chain_is_intact_or_broken_in_words():
    assert ledger.chain_words(41, 353, None) == "41 heights, 353 signed events, chain intact"
    assert ledger.chain_words(12, 90, "a line is torn") == "Chain intact up to height 12; then: a line is torn"


def test_a_false_block_is_shown_with_the_vote_for_it_and_what_it_claimed():
    """Class A': its report lies heights before the finding."""
    chain = Chain(genesis(6))
    chain.decide()
    block = chain.block([], 5)
    false = replace(block, results={**block.results, "awards": [["j1", "allocated", 0]]})
    name = chain.application.chain
    vote = sign_vote(name, key("c4"), Kind.NOTARIZE, false.height, 0, 4, value=false.digest)
    report = a.Report(evidence=canonical(FalseBlock(false, (), (vote,)).plain()).decode())
    for acts in ({}, {1: [report]}, {}):
        chain.decide(acts)
    heights = list(verify_lines(chain.lines()))
    report = fold("test", founded(chain.genesis), heights, [], 0)
    (proof,) = ledger.proofs(report.findings, heights)
    assert (proof.cluster, proof.class_, proof.cost) == ("c4", "A'", "reputation 1.000 → 0.600")
    assert (proof.first.title, proof.first.signature) == ("Signed: notarize", vote.signature.hex())
    assert proof.second.text.endswith("it claims awards that do not follow")
    assert report.status_by_cluster["c4"].status == "BYZANTINE"
