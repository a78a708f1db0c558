# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""A text becomes sentences, a sentence becomes tags; every tag remembers where it stands in the text.

Nothing here looks back: each step reads its input once, and sentences are cut at `SENTENCE_CHARS_MAX`, so time
grows with length.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from quorate.market.claims.quantities import QUANTITY, Quantity, quantity
from quorate.market.claims.words import LEXICON

SENTENCE_CHARS_MAX = 1_200
"""Longer runs without an end are cut: a rule may look at every pair of words of a sentence."""

PHRASE_WORDS_MAX = 5

_PLAIN = {"\u2018": "'", "\u2019": "'", "\u00a0": " ", "\u202f": " ", "\t": " ", "\r": " "} | dict.fromkeys(
    "\u2010\u2011\u2012\u2212", "-"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": " ", "r": " ", '"': '"', "/": "/", "\\": " "}
_SILENT = frozenset("*`_'\"\u201c\u201d#")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|approx|etc|no|incl|max|min|cf|fig|dr|est|resp|ca|avg|std|spec))$", re.IGNORECASE
)
_BREAK = re.compile(
    r",\s{0,8}(?=\"\w{1,40}\"\s{0,4}:)|\n[ ]*(?=\n|[-\u2022*>#+|\u2212\u2713\u2714\u2705\u2611\u2717\u2718\u274c\u2716\u25cf\u25cb\u25aa\u2023\u00b7]|\d+[.)]|[A-Z\"{}\[])|\"[ ]*,[ \n]*\"|[.!?][\"')\]*]*(?=[ \n]|$)|[\u2022|\ud800-\udfff]|[ ](?=\d[)] )|[:.;,!?]\n"
)
_LEAD = re.compile(
    r"[\s\-\u2022*>#+|\"'{}\[\],:.]*(?:\d{1,2}[.)](?=\s)\s*)?[\s*\"]*(?:\w{1,40}\"\s*:\s*\"(?=[^\"]{0,80}\s[^\"]{0,80}\s))?[\s*\"]*"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, phrase, quantity or mark."""

    tag: str
    """Its class (`quorate.market.claims.words`), or itself in lower case."""
    start: int
    """Where it starts in the text."""
    end: int
    """Where it ends in the text."""
    raw: str
    """As written."""
    quantity: Quantity | None = None


@dataclass(frozen=True)
class Sentence:
    """One sentence and its tags, joined by spaces for rules to read."""

    text: str
    """As written."""
    tokens: tuple[Token, ...]

    @cached_property
    def tags(self) -> str:
        """All tags, each followed by a space, after one leading space."""
        return " " + "".join(token.tag + " " for token in self.tokens)

    @cached_property
    def starts(self) -> list[int]:
        """Where each tag starts in `tags`."""
        starts, at = [], 1
        for token in self.tokens:
            starts.append(at)
            at += len(token.tag) + 1
        return starts

    @cached_property
    def clauses(self) -> list[int]:
        """The clause number of each token."""
        numbers, clause = [], 0
        for token in self.tokens:
            clause += token.tag in CLAUSE_MARKS or token.tag.startswith("C:")
            numbers.append(clause)
        return numbers

    def find(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Return where a rule matches the tags."""
        return pattern.finditer(self.tags)

    def index(self, at: int) -> int:
        """Return the token that covers an offset of `tags`."""
        return max(0, bisect_right(self.starts, at) - 1)

    def covered(self, match: re.Match[str], group: int | str = 0) -> tuple[int, int]:
        """Return the tokens of a match's group: first, one after the last."""
        start, end = match.span(group)
        return (self.index(start), bisect_left(self.starts, end)) if start >= 0 else (0, 0)

    def clause(self, index: int) -> tuple[int, int]:
        """Return the tokens of the clause that holds a token: first, one after the last."""
        number = self.clauses[index]
        return bisect_left(self.clauses, number), bisect_right(self.clauses, number)

    def slice(self, first: int, last: int) -> str:
        """Return the tags of some tokens, spaced as in `tags`."""
        return " " + "".join(token.tag + " " for token in self.tokens[max(0, first) : max(0, last)])


CLAUSE_MARKS = frozenset({";", ",", ":", "(", ")", "->", "=>", "\u2014", "\u2013", "--"})


@dataclass(frozen=True, slots=True)
class Names:
    """How the clusters are called: `own` matches this one's id, `any` every id of its pattern."""

    own: re.Pattern[str] | None
    any: re.Pattern[str] | None
    job: re.Pattern[str] | None = None


_NEVER_A_NAME = frozenset({"CLUSTER", "MY", "I", "BE", "THIS", "NOT", "NO", "IT", "NODE", "GPUS", "TYPEN", "SPECN"})


def _job_names(jobs: tuple[str, ...]) -> re.Pattern[str] | None:
    """What the job is called. A name made of the words that claims are made of stays text: nobody hides a claim in it."""
    kept = [name for name in jobs if len(name) > 2 and name.lower() not in LEXICON
            and not any(LEXICON.get(word) in _NEVER_A_NAME for word in re.findall(r"[a-z]+", name.lower()))]  # fmt: skip
    whole = "|".join(sorted((_loose(name, "") for name in kept), key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{whole})(?![A-Za-z0-9])", re.IGNORECASE) if whole else None


def names(own: str | None, others: tuple[str, ...], jobs: tuple[str, ...] = ()) -> Names:
    """Return patterns for the ids; one that ends in digits stands for its whole series."""
    series = {
        _loose(re.sub(r"\d+$", "", name), r"[ _-]?\d{1,6}")
        for name in (own or "", *others)
        if re.search(r"\D\d+$", name)
    }
    every = series | {_loose(name, "") for name in others if name}
    if own:
        every.add(_loose(own, ""))
    whole = "|".join(sorted(every, key=len, reverse=True))
    return Names(
        own=re.compile(rf"(?:{_own(own)})", re.IGNORECASE) if own else None,
        job=_job_names(jobs),
        any=re.compile(rf"(?<![A-Za-z0-9])(?:{whole})(?![A-Za-z0-9])", re.IGNORECASE) if whole else None,
    )


def _loose(name: str, tail: str) -> str:
    """A name with its `_`, `-` and blanks interchangeable."""
    parts = [re.escape(part) for part in re.split(r"[ _-]+", name) if part]
    return "[ _-]?".join(parts) + tail


def _own(name: str) -> str:
    number = re.search(r"\d+$", name)
    if number is None:
        return _loose(name, "")
    return _loose(name[: number.start()], rf"[ _-]?0*{int(number.group())}")


_FIELD_NAME = re.compile(r"\s*[\"'`]?[a-z]+(?:_[a-z]+)+[\"'`]?\s*")
"""`type_match` names a fact and states none."""


def sentences(text: str, called: Names) -> Iterator[Sentence]:
    """Cut a text into sentences and tag them; the bare name of a field is none."""
    if _FIELD_NAME.fullmatch(text):
        return
    plain, offsets = _plain(text)
    for start, end in _cut(plain):
        tokens = _merged(
            replace(token, start=offsets[token.start], end=offsets[token.end - 1] + 1)
            for token in _tokens(plain, start, end, called)
        )
        if tokens:
            whole = text[tokens[0].start : offsets[end - 1] + 1].rstrip(' \n\t"}]\\')
            yield Sentence(text=whole, tokens=tokens)


_ASIDES = frozenset({"too", "also", "however", "likewise", "therefore", "indeed", "C:however", "C:therefore", "C:thus"})
_NO_COUNT = frozenset(
    {"NODE", "CLUSTER", "CORE", "JOB", "JOBS", "TYPEN", "HW", "SPECV", "CLUSTERS", "hours", "T:memory", "partition"}
)
_TELLING = frozenset(
    {
        "mentioned",
        "mention",
        "noted",
        "note",
        "stressed",
        "stress",
        "added",
        "add",
        "remembered",
        "emphasised",
        "emphasized",
        "said",
        "pointed",
        "point",
    }
)
_SIZES = frozenset({"small", "smaller", "large", "larger", "big", "bigger", "fat"})
_CONCLUDING = frozenset(
    {"C:therefore", "C:thus", "C:hence", "C:however", "C:nevertheless", "C:nonetheless", "C:finally"}
)
_AUXILIARIES = frozenset({"BE", "CAN", "CANNOT", "do", "HEDGE", "will", "HAVE", "must"})
"""After these a `therefore` stands within its clause: `the job can therefore not be placed`."""
_INVERTED = frozenset({"were", "had", "should"})


def _told(kept: list[Token], token: Token) -> None:
    """`It should be mentioned that ...` claims what follows; `48 cores to a node` are 48 per node."""
    if token.tag == "NODE" and [one.raw.lower() for one in kept[-2:]] == ["to", "a"] and len(kept) > 3:
        kept[-2:] = [replace(kept[-1], tag="PER")]
    if token.raw.lower() in _TELLING and len(kept) > 1:
        at = -2 if kept[-1].tag == "BE" else -1
        if kept[at].raw.lower() in {"should", "must"}:
            kept[at] = replace(kept[at], tag="must")


def _within(kept: list[Token], token: Token) -> Token:
    """Return `therefore` as a plain word where it stands within a verb: it opens no clause there."""
    inside = token.tag in _CONCLUDING and kept and kept[-1].tag in _AUXILIARIES
    return replace(token, tag=token.raw.lower()) if inside else token


def _merged(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """`the WRF job` names the job once; `4 gpu` are GPUs; `we, too, are` is `we are`; `Were it ...` is an `if`."""
    kept: list[Token] = []
    for token in tokens:
        if token.tag == "JOB" and kept and kept[-1].tag == "JOB":
            kept.pop()
        if len(kept) > 2 and token.tag == "," and kept[-2].tag == "," and kept[-1].tag in _ASIDES:
            del kept[-2:]
            continue
        if len(kept) > 1 and kept[-1].tag == "T:gpu" and kept[-2].tag == "N" and token.tag not in _NO_COUNT:
            kept[-1] = replace(kept[-1], tag="GPUS")
        if token.tag == "n" and kept and kept[-1].tag in {"N", "/", "Q:mem"}:
            token = replace(token, tag="NODE")
        _told(kept, token)
        token = _within(kept, token)
        if token.tag == "ones" and kept and kept[-1].raw.lower() in _SIZES:
            token = replace(token, tag="NODE")
        if token.raw.lower() == "free of" and kept and kept[-1].tag in {"N", "NODE"}:
            token = replace(token, tag="FREE")
        kept.append(token)
    if len(kept) > 1 and kept[-1].tag == "T:gpu" and kept[-2].tag == "N":
        kept[-1] = replace(kept[-1], tag="GPUS")
    if kept and kept[0].raw.lower() in _INVERTED and not any(token.raw == "?" for token in kept[-1:]):
        kept[0] = replace(kept[0], tag="IF")
    return tuple(kept)


def _plain(text: str) -> tuple[str, list[int]]:
    """Undo escapes and typography; the second value tells where each character comes from."""
    out: list[str] = []
    offsets: list[int] = []
    at = 0
    while at < len(text):
        step, char = 1, text[at]
        if char == "\\" and (match := _ESCAPE.match(text, at)):
            step = match.end() - at
            char = chr(int(match.group(1), 16)) if match.group(1) else _ESCAPED.get(match.group(2), match.group(2))
        out.append(_PLAIN.get(char, " " if char.isspace() and char != "\n" else char))
        offsets.append(at)
        at += step
    return _ROW.sub(_row, "".join(out)), offsets


_ROW = re.compile(r"^[ ]*\|[^|\n]{0,200}\|[^\n]{0,800}$", re.MULTILINE)
"""A line of a table."""


def _row(match: re.Match[str]) -> str:
    """`| Free nodes | 201 | ok |` says `Free nodes: 201; ok`; not one character more or less."""
    cells = match.group().split("|")
    if not any(any(char.isalnum() for char in cell) for cell in cells):
        return " " * len(match.group())
    marks = [" ", ":"] + [";"] * (len(cells) - 3)
    if not cells[-1].strip() and len(cells) > 3:
        marks[-1] = " "
    return "".join(cell + mark for cell, mark in zip(cells, [*marks[: len(cells) - 1], ""], strict=True))


def _cut(plain: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _BREAK.finditer(plain):
        if match.group()[0] == "." and _ABBREVIATION.search(plain, max(0, match.start() - 12), match.start()):
            continue
        if match.group()[0] == "." and plain[start : match.start()].strip().isdigit():
            continue
        yield from _pieces(plain, start, match.end() if match.group()[0] in ".!?" else match.start())
        start = match.end()
    yield from _pieces(plain, start, len(plain))


def _pieces(plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    lead = _LEAD.match(plain, start, end)
    start = lead.end() if lead else start
    while end - start > SENTENCE_CHARS_MAX:
        cut = plain.rfind(" ", start + SENTENCE_CHARS_MAX // 2, start + SENTENCE_CHARS_MAX)
        cut = cut if cut > start else start + SENTENCE_CHARS_MAX
        yield start, cut
        start = cut
    if start < end:
        yield start, end


_WORD = re.compile(
    r"ai/ml|i/o|input/output|i\.e\.|e\.g\.|&|[^\W\d_]+(?:'[^\W\d_]{1,2}(?![^\W\d_]))?\d*[^\W\d_]*", re.IGNORECASE
)
_MARK = re.compile(r"--|->|=>|>=|<=|!=|==|[^\s]")
_SIGNS = {"\u2713": "TRUE", "\u2714": "TRUE", "\u2705": "TRUE", "\u2611": "TRUE", "\u2717": "FALSE", "\u2718": "FALSE",
          "\u274c": "FALSE", "\u2716": "FALSE", "\u2265": ">=", "\u2264": "<=", "\u2260": "!=", "==": "=", "\u2192": "->"}  # fmt: skip
"""Marks that say a word."""
_TIMES = re.compile(r"[x*\u00d7](?=[ ]?\d)(?<![:*]\*)(?<!:[x*])")
_GAP = re.compile(r"[ \-_/+]?")
_SLOPPY = {
    "im": ("I", "BE", 1), "dont": ("do", "NOT", 2), "doesnt": ("do", "NOT", 4), "isnt": ("BE", "NOT", 2), "arent": ("BE", "NOT", 3),
    "cant": ("CAN", "NOT", 2), "wont": ("will", "NOT", 2), "didnt": ("do", "NOT", 3), "thats": ("that", "BE", 4),
}  # fmt: skip
"""Contractions as hasty models write them: first tag, second tag, where the first one ends."""
_SHORT = {"'m": "BE", "'re": "BE", "'s": "'S", "'ve": "HAVE", "'d": "HEDGE", "'ll": "will"}


def _tokens(plain: str, start: int, end: int, called: Names) -> Iterator[Token]:
    at = start
    while at < end:
        if plain[at] == "*" and _TIMES.match(plain, at):
            yield Token("x", at, at + 1, "*")
            at += 1
            continue
        if plain[at : at + 2] == "'s" and plain[at - 1 : at].isalnum():
            yield Token("'S", at, at + 2, "'s")
            at += 2
            continue
        if plain[at] in " \n" or plain[at] in _SILENT or (plain[at] == "-" and _joins(plain, at)):
            at += 1
            continue
        found = (
            _name(plain, at, end, called) or _amount(plain, at, end) or _words(plain, at, end) or _mark(plain, at, end)
        )
        yield from found
        at = found[-1].end


def _joins(plain: str, at: int) -> bool:
    """A hyphen inside a word says nothing of its own; between two numbers it is a minus."""
    before, after = plain[at - 1 : at], plain[at + 1 : at + 2]
    return before.isalnum() and after.isalnum() and not (before.isdecimal() and after.isdecimal())


def _name(plain: str, at: int, end: int, called: Names) -> list[Token]:
    job = called.job.match(plain, at, end) if called.job else None
    if job is not None:
        return [Token("JOB", at, job.end(), job.group())]
    match = called.any.match(plain, at, end) if called.any else None
    if match is None:
        return []
    own = called.own is not None and called.own.fullmatch(match.group()) is not None
    return [Token("SELFID" if own else "OTHERID", at, match.end(), match.group())]


def _amount(plain: str, at: int, end: int) -> list[Token]:
    match = QUANTITY.match(plain, at, end)
    found = quantity(match) if match else None
    return [Token(found.tag, at, match.end(), match.group(), found)] if match and found else []


def _words(plain: str, at: int, end: int) -> list[Token]:
    """The longest known phrase that starts here, or one word."""
    if _TIMES.match(plain, at):
        return [Token("x", at, at + 1, plain[at])]
    words: list[re.Match[str]] = []
    here = at
    while len(words) < PHRASE_WORDS_MAX and (match := _WORD.match(plain, here, end)):
        words.append(match)
        gap = _GAP.match(plain, match.end(), end)
        here = gap.end() if gap else match.end()
    for count in range(len(words), 0, -1):
        phrase = " ".join(word.group().lower() for word in words[:count])
        if phrase in LEXICON:
            return [Token(LEXICON[phrase], at, words[count - 1].end(), plain[at : words[count - 1].end()])]
    return _one(words[0]) if words else []


def _one(match: re.Match[str]) -> list[Token]:
    word, at, end = match.group().lower(), match.start(), match.end()
    stem, mark, tail = word.partition("'")
    if word in _SLOPPY:
        first, second, cut = _SLOPPY[word]
        return [_part(first, match, at, at + cut), _part(second, match, at + cut, end)]
    if not mark or not tail:
        return [Token(word, at, end, match.group())]
    if tail == "t" and stem.endswith("n"):
        first = {"can": "can", "won": "will"}.get(stem, stem[:-1])
        split = end - 2 if stem == "can" else end - 3
        return [_part(LEXICON.get(first, first), match, at, split), _part("NOT", match, split, end)]
    split = at + len(stem)
    tag = "BE" if tail == "s" and stem in {"it", "that", "there", "here", "what"} else _SHORT.get(mark + tail, tail)
    return [_part(LEXICON.get(stem, stem), match, at, split), _part(tag, match, split, end)]


def _part(tag: str, match: re.Match[str], start: int, end: int) -> Token:
    return Token(tag, start, end, match.string[start:end])


def _mark(plain: str, at: int, end: int) -> list[Token]:
    match = _MARK.match(plain, at, end)
    assert match is not None  # the caller stands on a character that is no blank
    return [Token(_SIGNS.get(match.group(), match.group()), at, match.end(), match.group())]
