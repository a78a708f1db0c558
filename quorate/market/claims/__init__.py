"""What a bid's prose claims about the cluster, the job, the rules and plain arithmetic, and what of it is false."""

from collections.abc import Iterator

from quorate.market.claims.capacity import capacity
from quorate.market.claims.lexer import Names, Sentence, names, sentences
from quorate.market.claims.numbers import numbers
from quorate.market.claims.presence import gpu_presence, heterogeneity, high_memory, occupancy_words
from quorate.market.claims.relations import penalties, type_matches
from quorate.market.claims.rules import Found, Scene, resolved
from quorate.market.claims.sums import networks, sums
from quorate.market.claims.types import identities, job_types, own_types
from quorate.market.claims.values import ClaimKind, Known, KnownGroup, ProseClaim, Refutation, Rival, known

__all__ = ["ClaimKind", "Known", "KnownGroup", "ProseClaim", "Refutation", "Rival", "claims", "known", "refuted"]

_READERS = (
    identities, own_types, type_matches, penalties, job_types, heterogeneity, gpu_presence, high_memory,
    occupancy_words, capacity, numbers, sums, networks,
)  # fmt: skip


def _names(known: Known) -> Names:
    jobs = (known.job, known.job_name, known.job_application)
    return names(known.cluster, tuple(rival.id for rival in known.rivals), tuple(name for name in jobs if name))


def _found(text: str, known: Known) -> Iterator[tuple[Sentence, Found]]:
    before = ""
    for sentence in sentences(text, _names(known)):
        sentence, before = resolved(sentence, before)
        scene = Scene(sentence, known)
        for reader in _READERS:
            for found in reader(scene):
                yield sentence, found


def claims(text: str, known: Known) -> tuple[ProseClaim, ...]:
    """Return every checkable claim of a text, in reading order of its sentences; each once."""
    made = (
        ProseClaim(
            kind=found.kind,
            sentence=sentence.text,
            asserted=found.asserted,
            span=(sentence.tokens[found.first].start, sentence.tokens[max(found.first, found.last - 1)].end),
        )
        for sentence, found in _found(text, known)
    )
    return tuple(dict.fromkeys(made))


def refuted(text: str, known: Known) -> tuple[Refutation, ...]:
    """Return the claims that the facts contradict, in reading order of their sentences; each once."""
    made = (
        Refutation(kind=found.kind, sentence=sentence.text, says=found.asserted, fact=found.fact)
        for sentence, found in _found(text, known)
        if found.fact is not None
    )
    return tuple(dict.fromkeys(made))
