"""What a rogue member puts on the ledger in place of what an honest one would: items in order, signed once each."""

from collections.abc import Sequence

from faults.rogue import Forge
from quorate.consensus.evidence import Evidence
from quorate.domain.canonical import canonical, digest
from quorate.domain.deciding import Kind, Vote
from quorate.ledger import acts as a


def without_reveals(_forge: Forge, acts: tuple[a.Act, ...]) -> Sequence[tuple[a.Act, ...]]:
    """Keep sealed answers shut; everything else is said."""
    return [tuple(act for act in acts if not isinstance(act, a.Reveal))]


def slandering(forge: Forge, acts: tuple[a.Act, ...]) -> Sequence[tuple[a.Act, ...]]:
    """Say what is due, and beside every sealed answer report the rival for votes that it never signed."""
    if not any(isinstance(act, a.Commit) for act in acts):
        return [acts]
    return [acts, (a.Report(evidence=accusation(forge)),)]


def belittling(_forge: Forge, acts: tuple[a.Act, ...]) -> Sequence[tuple[a.Act, ...]]:
    """Sign that every rival's bid is worth nothing, where honest members say what they think of it (P-70)."""
    return [tuple(act.model_copy(update={"score_bp": 0}) if isinstance(act, a.Assess) else act for act in acts)]


def accusation(forge: Forge) -> str:
    """Return evidence against the rival whose signatures nobody made."""
    height = max(1, forge.application.state.height - 1)
    pair = [
        Vote(Kind.NOTARIZE, height, 0, forge.rival, digest(word), -1, 0, b"", forge.rng.randbytes(64))
        for word in (b"one", b"two")
    ]
    return canonical(Evidence(forge.rival, pair[0], pair[1]).plain()).decode()
