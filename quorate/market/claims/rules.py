# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""What every rule shares: patterns over tags, and the words around a match that change what it says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from quorate.market.claims.lexer import Sentence, Token
from quorate.market.claims.values import ClaimKind, Known

_MACROS = {
    "<w>": r"(?:[a-z][^ ]* )",  # an ordinary word
    "<m>": r"(?:(?:[a-z][^ ]*|CPU|N|Q:\w+|NET:\w+|GEN:\w+|HIGH|TOTAL|HW|ONLY|HOM|HET) )",  # a modifier inside a noun phrase
    "<T>": r"(?:T:[\w~]+ (?:(?:AND|,|/|\+|CPU) (?:AND |BOTH )?T:[\w~]+ |T:[\w~]+ ){0,4})",  # one type, or a list of types
    "<SUFFIX>": r"(?:(?:SPECV|INT|TYPEN|style) )",
    "<CLUSTER>": r"(?:CLUSTER |one )",
    "<SELF>": r"(?:(?:I|SELFID) |(?:MY|THIS|THE)(?: THIS)? (?:<m>|T:[\w~]+ |SPECV |ARCH ){0,4}?CLUSTER (?:, )?(?:SELFID )?(?:, )?(?:'S ARCH )?)",
    "<JOB>": r"(?:(?:THE|THIS|A|MY) (?:<m>|T:[\w~]+ |INT |THIS ){0,4}?JOB )",
}


def rx(pattern: str) -> re.Pattern[str]:
    """Compile a rule: macros stand in angle brackets, every tag is followed by one space."""
    for _ in range(2):
        for name, meaning in _MACROS.items():
            pattern = pattern.replace(name, meaning)
    return re.compile(r"(?<= )" + pattern)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a rule looks at: one sentence, and what is known. Two are never equal, so that what is read of one is kept."""

    sentence: Sentence
    known: Known
    noun: str = ""
    """What was counted last before this sentence: `NODE`, `GPUS`, or nothing yet."""
    earlier: str = ""
    """The tags of the sentence before."""


@dataclass(frozen=True, slots=True)
class Found:
    """One claim of a sentence; `fact` is the truth if it contradicts the claim."""

    kind: ClaimKind
    asserted: str
    first: int
    """Its first token."""
    last: int
    """One after its last token."""
    fact: str | None = None


def counted(sentence: Sentence, before: str) -> str:
    """Return what the sentence counts last, so that `we have eight on each` is understood; else what was before."""
    found = re.findall(
        r" (NODE|GPUS|T:gpu|CORE|Q:mem)(?= )", re.sub(r"(?: PER| /| P:on PER| A) NODE(?= )", " ", sentence.tags)
    )
    return found[-1].replace("T:gpu", "GPUS").replace("Q:mem", "MEMORY") if found else before


_CORRECTION = rx(
    r"(?:,|\u2014|\u2013|-|--|\() (?:C:\S+ |or )?(?:NO|sorry|wait|correction|rather|pardon|actually|I mean|make that|that BE) (?:,|\u2014|:|wait|sorry)? ?(?=N|Q:\w+|ABOUT|T:\w+|I |IT )"
)


def corrected(sentence: Sentence) -> tuple[int, int]:
    """Return the tokens that are taken back: `512 nodes, no, 320`; nothing as (0, 0)."""
    match = _CORRECTION.search(sentence.tags)
    if match is None or re.search(r" (?:NO|that BE) (?:T:\w+|I|IT) $", " " + match.group()):
        return 0, 0
    at, _ = sentence.covered(match)
    return (sentence.clause(max(0, at - 1))[0], at) if at else (0, 0)


_CONDITIONAL = rx(r"(?:IF|HEDGE|C:despite_not) ")
_NEGATION = rx(r"(?:NOT|NO|CANNOT|AVOID) ")
_NOT_ONLY = rx(r"NOT (?:<w>)?ONLY ")


def hedged(sentence: Sentence, first: int, last: int) -> bool:
    """Say whether a condition or a guess governs these tokens: from their clause's start to their end."""
    start, _ = sentence.clause(first)
    return _CONDITIONAL.search(sentence.slice(start, last)) is not None


def conditional(sentence: Sentence) -> bool:
    """Say whether the sentence is about what is not: an `if`, a `would`."""
    return re.search(r" (?:IF|HEDGE) ", sentence.tags) is not None


def negated(sentence: Sentence, first: int, last: int) -> bool:
    """Say whether an odd number of negations stands among these tokens; `not only` is none."""
    tags = sentence.slice(first, last)
    return (len(_NEGATION.findall(tags)) - len(_NOT_ONLY.findall(tags))) % 2 == 1


def negated_in_clause(sentence: Sentence, first: int, last: int) -> bool:
    """Say whether a negation stands in the clause before these tokens or within them."""
    start, _ = sentence.clause(first)
    return negated(sentence, start, last)


def matches(sentence: Sentence, patterns: tuple[re.Pattern[str], ...]) -> Iterator[tuple[re.Match[str], int, int]]:
    """Return every match of every rule with its tokens."""
    for pattern in patterns:
        for match in sentence.find(pattern):
            first, last = sentence.covered(match)
            if last > first:
                yield match, first, last


_OTHERS = rx(
    r"(?:OTHER|OTHERID|(?<!P:as )(?<!BEING )(?<!HAVE )(?:A|one) (?:<m>|T:[\w~]+ |SPECV ){0,4}?CLUSTER|CLUSTERS) "
)
_SELF = rx(r"(?:<SELF>|MY |MINE |SELFID |CLUSTER 'S |MYJ )")
_JOB = rx(r"(?:JOB |REQ (?!BE )|JOBITS |(?:its|ITS) REQ )")


def owner(scene: Scene, index: int) -> str:
    """Say whose a figure is, as `subject` does; a job named in an earlier clause only does not own it."""
    start, _ = scene.sentence.clause(index)
    who = subject(scene, index)
    return "" if who == "job" and _reach(scene.sentence, index) < start else who


def subject(scene: Scene, index: int) -> str:
    """Say of whom a token speaks: `self`, `job`, `other` or nobody; the nearest mention before it decides."""
    sentence = scene.sentence
    start = _reach(sentence, index)
    tags = sentence.slice(start, index)
    spoken = {name: _last(pattern, tags) for name, pattern in (("self", _SELF), ("job", _JOB), ("other", _OTHERS))}
    name = max(spoken, key=lambda key: spoken[key])
    return name if spoken[name] >= 0 else ""


def _reach(sentence: Sentence, index: int) -> int:
    """Where the words that can name a token's subject begin: its clause, or earlier ones if it has no subject."""
    start, _ = sentence.clause(index)
    while start > 0 and not _subjects(sentence.slice(start, index)):
        start, _ = sentence.clause(start - 1)
    return start


def _subjects(tags: str) -> bool:
    return any(pattern.search(tags) for pattern in (_SELF, _JOB, _OTHERS))


def _last(pattern: re.Pattern[str], tags: str) -> int:
    return max((match.end() for match in pattern.finditer(tags)), default=-1)


def resolved(sentence: Sentence, before: str) -> tuple[Sentence, str]:
    """Replace `it` and `its` by whom they can only mean; also return whom the sentence leaves behind.

    They are left alone where both the job and the cluster were named.
    """
    tokens = list(sentence.tokens)
    kinds: set[str] = set()
    for index, token in enumerate(tokens):
        around = (tokens[index - 1].tag if index else "", tokens[index + 1].tag if index + 1 < len(tokens) else "")
        beside = token.tag == "ITS" and any(near.tag in {"MY", "I"} for near in tokens[max(0, index - 5) : index])
        against = token.tag == "ITS" and any(near.tag in {"MY", "MINE"} for near in tokens[index + 1 : index + 9])
        if (
            token.tag == "ITS"
            and (beside or against)
            and "T:" in " ".join(one.tag for one in tokens[index + 1 : index + 3])
        ):
            tokens[index] = replace(token, tag="JOB")  # `its hybrid type differs from our storage type`
        elif (
            token.tag in {"IT", "ITS"}
            and not beside
            and (
                who := _meant(
                    kinds or {before}, token.tag, *around, before, _only_i(tokens[:index]), _contrast(tokens, index)
                )
            )
        ):
            tokens[index] = replace(token, tag=_PRONOUNS[who, token.tag])
        kinds |= _named_by(tokens, index)
    left = next(iter(kinds)) if len(kinds) == 1 else before if not kinds else ""
    return replace(sentence, tokens=tuple(tokens)), left


_EMPTY_IT = frozenset({"misleading", "tempting", "important", "worth", "clear", "true", "fair", "wrong", "possible", "likely", "noted",
                       "obvious", "reasonable", "unfortunate", "natural", "dishonest", "honest", "wise", "sensible"})  # fmt: skip


def _contrast(tokens: list[Token], index: int) -> bool:
    """`X is storage; it is ai` speaks of two; `it would be misleading to say` of nobody."""
    after = {token.raw.lower() for token in tokens[index + 1 : index + 5]}
    pairs = pairwise(tokens[:index])
    typed = any(one.tag == "BE" and two.tag.startswith("T:") for one, two in pairs)
    said = index + 2 < len(tokens) and tokens[index + 1].tag == "BE" and tokens[index + 2].tag.startswith("T:")
    return bool(after & _EMPTY_IT) or (typed and said)


def _only_i(tokens: list[Token]) -> bool:
    """`I am gpu and it is storage`: who says `I` does not go on with `it` for itself."""
    return any(token.tag == "I" and token.raw.lower() not in {"it", "me", "us"} for token in tokens) and not any(
        token.tag in {"CLUSTER", "SELFID"} for token in tokens
    )


_PRONOUNS = {("self", "IT"): "I", ("self", "ITS"): "MY", ("job", "IT"): "JOB", ("job", "ITS"): "JOB"}


def _meant(
    kinds: set[str],
    pronoun: str,
    leading: str,
    following: str,
    before: str = "",
    first_person: bool = False,
    typed: bool = False,
) -> str:
    if pronoun == "IT" and typed:
        return ""
    if pronoun == "IT" and following == "BE" and first_person:
        return "job" if before == "job" else ""
    if pronoun == "IT" and (following in {"REQ", "CAN", "CANNOT"} or leading == "RUN"):
        return "job"
    (only,) = kinds if len(kinds) == 1 else ("",)
    return only if only in {"self", "job"} else ""


def _named_by(tokens: list[Token], index: int) -> set[str]:
    tag = tokens[index].tag
    if tag == "JOB":
        return {"job"}
    if tag in {"OTHERID", "OTHER"}:
        return {"other"}
    nearby = {token.tag for token in tokens[max(0, index - 5) : index]}
    if tag in {"I", "SELFID", "MY"} or (tag == "CLUSTER" and nearby & {"MY", "THIS", "THE"}):
        return {"self"}
    return {"other"} if tag == "CLUSTER" else set()


def type_fact(known: Known, said: str | None) -> str | None:
    """State the job's type if it is not the one said (None: that it has none); None if that is true or unknown."""
    if known.job_untyped:
        return None if said is None else "the job states no type"
    return f"the job's type is {known.job_type}" if known.job_type not in {None, said} else None


def match_wrong(known: Known, says: bool) -> str | None:
    """State why it is false that the types match, or differ; None if it is true or unknown."""
    if known.job_untyped:
        return "the job states no type, so none can match or differ"
    return match_fact(known) if known.match is not None and known.match != says else None


def match_fact(known: Known) -> str:
    """State both types, and whether they agree, as one clause."""
    if known.match:
        return f"the cluster's type and the job's type are both {known.type}"
    return f"the cluster's type is {known.type} and the job's type is {known.job_type}: they do not match"
