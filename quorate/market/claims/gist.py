# ruff: noqa: E501 - words of a class stand together
"""The gist of a clause: its words as a few concepts, so that one pattern hears many wordings.

A rule over tags knows how something is usually put. A gist forgets how it is put: verbs that give, seat, host, run or
serve are all `FIT`, whatever can be asked is `NEED`, a number that is the job's is `ASKED`; what a clause says is then a matter of
which concepts meet in it and of its negations.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quorate.market.claims.clauses import ASKED, Clause, clauses
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Scene
from quorate.market.claims.values import Known

_WORDS: dict[str, str] = {
    "FIT": "seat seats seated host hosts hosted house housed hold place placed placing fit fits serve serves served serving satisfy satisfies satisfied "
    "meet meets met cover covers covered accommodate accommodates accommodated handle handles handled run launch launched start started begin take taken "
    "grant granted give given supply supplied provide provided spare spared muster mustered deliver delivered absorb absorbed shoulder "
    "schedule scheduled honour honoured honor honored fulfil fulfilled fulfill admit admitted support supports supported squeeze allocate allocated assign assigned "
    "dispatch dispatched execute executed process processed furnish field stage staged carry suffice suffices suit suits answered answer produce find found gather scrape offer offered lend commit",
    "NEED": "request requests need needs want wants wish wishes demand demands ask asks asked requirement requirements order wanted needed requested required asking "
    "requires specification specifications specs requested-nodes ambition expects expected",
    "JOB": "job workload task submission batch campaign",
    "CAN": "could position possible capable",
    "NEG": "nothing none never neither nor nobody fail fails failed unable hardly nowhere no-one",
    "LESS": "short shy few scarce insufficient inadequate lacking lack lacks",
    "MORE": "bigger larger greater wider exceeds exceed outstrips surpasses overshoots tops outgrows outnumbers exceeding",
    "GPUS": "gpus accelerators accelerator",
    "ROOM": "room space",
    "BIG": "big large roomy spacious wide strong",
    "KIND": "type types typed category categories class classes classified classification kind kinds label labels labelled labeled designation designations tag tagged sort classifications",
    "SAME": "same identical equal equals match matches matched matching agree agrees agreed agreement align aligns aligned alignment coincide coincides correspond corresponds share shares shared alike identically",
    "DIFF": "differ differs differing different difference unlike mismatch mismatched mismatching diverge diverges conflict conflicts clash clashes disagree disagrees another distinct unequal",
    "SCORE": "score bid rating points point value marks mark",
    "CUT": "reduce reduces reduced reducing reduction lower lowers lowered lowering subtract subtracts subtracted subtracting subtraction discount discounted "
    "adjustment adjusted downgrade downgraded trimmed trim costs cost loses lose lost hit shaved shave knocked knocks knock docked dock docks docking deducted deduct deducts deducting deduction deductions malus markdown surcharge",
    "FINE": "pen penalty penalties penalise penalised penalize penalized penalising penalizing",
    "FREE": "free idle available unused empty unoccupied vacant",
    "ONE": "one",
}  # fmt: skip
_BY_WORD = {word: concept for concept, words in _WORDS.items() for word in words.split()}
_BY_TAG = {
    "I": "SELF", "MY": "SELF", "MINE": "SELF", "SELFID": "SELF", "CLUSTER": "SELF", "JOB": "JOB", "IT": "JOB", "ITS": "JOB", "REQ": "NEED",
    "RUN": "FIT", "CAN": "CAN", "CANNOT": "NEG CAN", "NOT": "NEG", "NO": "NEG", "FALSE": "NEG", "NODE": "NODE", "GPUS": "GPUS",
    "T:memory": "MEMORY", "Q:mem": "MEMORY", "MORE": "MORE", "LESS": "UNDER", "ENOUGH": "ENOUGH", "SHORT": "LESS", "P:than": "THAN", "MIS": "DIFF",
    "DIFF": "DIFF", "SAME": "SAME", "MATCHV": "SAME", "TYPEN": "KIND", "SPECN": "KIND", "BE": "BE", "HAVE": "HAVE", "FREE": "FREE", "PENALTY": "FINE",
    "DEDUCT": "CUT", "P:for": "FOR", "P:to": "TO", "BUSY": "BUSY", "AVOID": "NEG", "T:gpu": "GPU",
}  # fmt: skip
_IDLE_NO = frozenset({"doubt", "problem", "problems", "issue", "issues", "trouble", "question", "difficulty", "matter", "hesitation", "strain", "obstacle", "harm",
                      "effort", "touching", "disturbing", "displacing", "crowding", "only", "just", "merely", "least", "surprisingly", "more", "fewer", "longer", "ado"})  # fmt: skip
"""What makes a negation before it deny nothing: `no doubt`, `not only`, `without effort`."""
_UNSAID = re.compile(
    r" (?:IF|HEDGE|OTHER (?!JOBS |JOB |NODE |users |tenants |people |work )|OTHERID|CLUSTERS|RULE (?:says?|that|is|states?|requires?|:)) "
)
_MAYBE = frozenset({"would", "should", "might", "may", "perhaps", "possibly", "probably", "presumably", "generally", "usually", "theory", "principle",
                    "otherwise", "hypothetically", "seems", "appears", "likely", "whether", "hope"})  # fmt: skip


def concept(token: Token, known: Known) -> str:
    """Return what a token stands for, `w` for nothing that matters."""
    if token.tag == "N" and token.quantity is not None:
        return "ASKED" if token.quantity.number == known.job_nodes else "N"
    word = token.raw.lower()
    if word in {"could", "can"}:
        return "CAN"
    if word in {"over", "above", "at least"}:
        return "w"
    return _BY_WORD.get(word) or _BY_TAG.get(token.tag) or ("KINDNAME" if token.tag.startswith("T:") else "w")


@dataclass(frozen=True, slots=True)
class Gist:
    """A clause as its concepts."""

    clause: Clause
    concepts: str
    """Spaced, one a token."""
    words: str
    """Its words in lower case, spaced."""

    @property
    def known(self) -> Known:
        """What it is judged by."""
        return self.clause.scene.known

    @property
    def denies(self) -> bool:
        """Whether its negations are odd in number."""
        return self.denied(len(self.concepts))

    def denied(self, end: int) -> bool:
        """Whether its negations up to a place in `concepts` are odd in number."""
        return len(re.findall(r" NEG(?= )", self.concepts[:end])) % 2 == 1

    def has(self, *names: str) -> bool:
        """Whether one of these concepts stands in it."""
        return any(f" {name} " in self.concepts for name in names)

    def says(self, *words: str) -> bool:
        """Whether one of these words or phrases stands in it."""
        return any(f" {word} " in self.words for word in words)


def gists(scene: Scene, would: bool = False) -> Iterator[Gist]:
    """Yield the clauses that state something of this cluster and this job; `would`: also what would follow."""
    maybe = _MAYBE - {"would"} if would and " IF " not in scene.sentence.tags else _MAYBE
    for clause in clauses(scene):
        words = clause.words
        if " IF " in clause.before + clause.tags or maybe & set(words.split()) or ASKED.search(clause.tags):
            continue
        if re.match(r" (?:where|which|that|whose) ", words):
            continue  # who is meant stands in the clause before
        guess = " could " in words or (would and " would " in words)
        if _UNSAID.search(clause.tags.replace(" HEDGE ", " HEDGE_ ") if guess else clause.tags):
            continue
        yield gist_of(clause)


def gist_of(clause: Clause) -> Gist:
    """Return the gist of a clause."""
    return Gist(clause, " " + " ".join(concepts(clause)) + " ", clause.words)


def concepts(clause: Clause) -> list[str]:
    """Return the concept of each token; a negation that denies nothing has none."""
    tokens = clause.scene.sentence.tokens[clause.first : clause.last]
    found = [concept(token, clause.scene.known) for token in tokens]
    following = [token.raw.lower() for token in tokens[1:]]
    return [
        "w" if name == "NEG" and word in _IDLE_NO else name for name, word in zip(found, [*following, ""], strict=True)
    ]
