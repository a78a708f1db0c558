# ruff: noqa: E501 - words of a class stand together
"""The clauses of a sentence, and what keeps one from being a statement about this cluster and this job."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quorate.market.claims.lexer import CLAUSE_MARKS
from quorate.market.claims.rules import Scene

_SUBJECTS = frozenset({"I", "MY", "THE", "IT", "JOB", "SELFID", "THIS", "THERE", "there", "OTHERID", "NO", "CLUSTER"})
_SUPPOSED = re.compile(
    r" (?:IF|HEDGE|OTHER|OTHERID|CLUSTERS|RULE|generally|typically|normally|any (?:CLUSTER|MIS|JOB)) "
)
ASKED = re.compile(
    r" (?:verify|check|confirm|determine|assess|assessed|tell|established|establish|judge|evaluate|weigh|weighed|consider|"
    r"considered|compare|compared|depends|question|criterion|criteria|factor|factors) "
)
_NEGATION = re.compile(r" (?:NOT|NO|CANNOT|AVOID|FALSE|fails|fail|failed|hardly|unmet|barely) ")
_NO_NEGATION = re.compile(
    r" (?:NOT (?:[a-z]\S* )?ONLY|NO (?:doubt|problem|issue|issues|problems|trouble|question|difficulty|matter)) "
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A run of tokens with one statement at most."""

    scene: Scene
    first: int
    last: int

    @property
    def tags(self) -> str:
        """Its tags, spaced."""
        return self.scene.sentence.slice(self.first, self.last)

    @property
    def words(self) -> str:
        """Its words in lower case, spaced."""
        tokens = self.scene.sentence.tokens[self.first : self.last]
        return " " + " ".join(token.raw.lower() for token in tokens) + " "

    @property
    def before(self) -> str:
        """What the sentence says before it."""
        return self.scene.sentence.slice(max(0, self.first - 40), self.first)

    @property
    def stated(self) -> bool:
        """Whether it says what is, of this cluster and this job."""
        return _SUPPOSED.search(self.tags) is None and " IF " not in self.before and ASKED.search(self.tags) is None

    @property
    def denies(self) -> bool:
        """Whether its negations are odd in number."""
        plain = _NO_NEGATION.sub(" ", self.tags).replace(" ", "  ")
        return len(_NEGATION.findall(plain)) % 2 == 1


def clauses(scene: Scene) -> Iterator[Clause]:
    """Yield the clauses: cut at marks, at words that open one, and at an `and` with a new subject."""
    tokens, begin = scene.sentence.tokens, 0
    for index in range(len(tokens) + 1):
        if index < len(tokens):
            tag, after = tokens[index].tag, tokens[index + 1].tag if index + 1 < len(tokens) else ""
            if not (tag in CLAUSE_MARKS or tag.startswith("C:") or tag == "." or (tag == "AND" and after in _SUBJECTS)):
                continue
        if index > begin:
            yield Clause(scene, begin, index)
        begin = index + 1
