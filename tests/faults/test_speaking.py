"""What a rogue says in place of an honest item, before it is signed."""

import pytest

from faults.rogue import HONESTLY, Forge, RogueReplica
from faults.speaking import accusation, slandering, without_reveals
from quorate.consensus.effects import ReplicaSettings
from quorate.consensus.evidence import evidence_from, verify_evidence
from quorate.consensus.plain import read_json
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.errors import SignatureInvalid
from quorate.ledger import acts as a
from quorate.ledger.application import LedgerApplication
from tests.quorate.ledger.build import genesis, key

COMMIT = a.Commit(job="j1", opened=1, seal="ab" * 32)
START = a.Start(job="j1")


def forge():
    made = Forge(2, key("c2"), lambda: HONESTLY)
    RogueReplica(made, LedgerApplication.of(genesis(4)), ReplicaSettings())
    return made


def test_slander_is_an_item_of_its_own_beside_a_sealed_answer():
    said = slandering(forge(), (COMMIT, START))
    assert said[0] == (COMMIT, START)
    assert [act.act for act in said[1]] == ["report"]
    assert slandering(forge(), (START,)) == [(START,)]


def test_an_accusation_reads_as_evidence_and_does_not_verify():
    made = forge()
    evidence = evidence_from(read_json(accusation(made).encode()))
    assert evidence.seat == 3
    with pytest.raises(SignatureInvalid, match="seat 3 did not sign"):
        verify_evidence(evidence, made.application.committee, made.chain, Ed25519Verifier())


def test_shown_answers_are_kept_back_and_the_rest_is_said():
    reveal = a.Reveal.model_construct(act="reveal")
    assert without_reveals(forge(), (START, reveal)) == [(START,)]
    assert without_reveals(forge(), (reveal,)) == [()]
