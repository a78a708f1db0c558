# ruff: noqa: E501 - words of a class stand together
"""The words round a figure: what bounds them, whom they name, and which roles they give it.

A role is what a number of nodes can be: all of them, the free ones, the job's. Words give roles by sight, wherever they
stand near the figure, so that no fixed phrase is needed; several roles at once leave several readings open.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Scene

Role = str
"""`total`, `free`, `job`, `busy`, `jobs`, `background`, `left`; `own` is a weak one: what somebody simply has."""

EARLIER_TOKENS_MAX = 40

_EDGES = frozenset({";", ",", "(", ")", ":", "|", "=", "->", "/", "[", "]", "\u2014", "\u2013", "--"})
_BY_TAG: dict[str, Role] = {
    "FREE": "free", "BUSY": "busy", "BG": "background", "LOAD": "busy", "REQ": "job", "RUN": "job", "JOB": "job",
    "TOTAL": "total", "LEAVE": "left", "AFTER": "left", "JOBS": "jobs",
    "CLUSTER": "own", "HAVE": "own", "MY": "own", "I": "own", "SELFID": "own", "MINE": "own", "ALL": "own",
}  # fmt: skip
_BY_WORD: dict[str, Role] = {
    "remain": "left", "remains": "left", "remaining": "left", "left": "left", "leftover": "left", "stay": "left",
    "stays": "left", "spare": "left", "reserve": "left", "buffer": "left", "subtracting": "left",
    "headroom": "left", "afterwards": "left", "others": "left", "margin": "left", "cushion": "left",
    "ready": "free", "unassigned": "free", "unreserved": "free", "schedulable": "free", "allocatable": "free",
    "inactive": "free", "usable": "free", "accessible": "free", "uncommitted": "free",
    "tied": "busy", "unavailable": "busy", "engaged": "busy", "blocked": "busy", "working": "busy", "active": "busy",
    "running": "jobs", "assigned": "jobs", "load": "background",
    "allocating": "job", "allocate": "job", "assigning": "job", "assign": "job", "reserving": "job", "give": "job",
    "giving": "job", "given": "job", "granted": "job", "offered": "job", "grant": "job", "granting": "job", "dedicate": "job", "commit": "job", "committing": "job",
    "wants": "job", "demand": "job", "use": "job", "uses": "job", "using": "job", "claim": "job", "claims": "job",
    "take": "job", "takes": "job", "taking": "job", "hold": "job", "holds": "job", "span": "job", "spans": "job",
    "dispatch": "job", "lend": "job", "supply": "job", "user": "job", "submitter": "job", "workload": "job",
    "fleet": "total", "altogether": "total",
    "comprises": "total", "comprise": "total", "consists": "total", "sum": "total", "census": "total",
    "installed": "total", "node-count": "total", "whole": "total", "owns": "total", "own": "total",
}  # fmt: skip
"""Words that give a role though their class does not."""

_BOTH: dict[str, tuple[Role, ...]] = {
    "spare": ("free", "left"), "leftover": ("free", "left"), "left": ("free", "left"), "remaining": ("free", "left", "busy"),
    "reserved": ("busy", "job"), "allocated": ("busy", "job"), "committed": ("busy", "job"), "taken": ("busy", "job"),
    "used": ("busy", "job"), "occupied": ("busy", "job"), "open": ("free",), "occupy": ("job", "busy"),
    "occupies": ("job", "busy"), "consumed": ("busy", "job"), "consume": ("job", "busy"), "consumes": ("job", "busy"),
    "remain": ("left", "free"), "remains": ("left", "free"), "still": ("left", "free"), "after": ("left", "free"),
    "untouched": ("free", "left"), "remainder": ("left", "free"), "placed": ("job",), "take": ("job", "busy"), "takes": ("job", "busy"), "hold": ("job", "busy"), "holds": ("job", "busy"),
    "use": ("job", "busy"), "uses": ("job", "busy"), "tied": ("busy", "job"), "blocked": ("busy", "job"),
    "running": ("jobs", "busy"), "assigned": ("jobs", "busy", "job"), "load": ("busy", "background"),
    "keep": ("busy", "left"), "keeps": ("busy", "left"), "engaged": ("busy", "job"),
}  # fmt: skip
"""Words that leave more than one reading open."""


def roles_of(token: Token) -> tuple[Role, ...]:
    """Return the roles that a word gives."""
    word = token.raw.lower()
    if word == "full":
        return ()  # `a full tebibyte`
    if word in _BOTH:
        return _BOTH[word]
    role = _BY_WORD.get(word) or _BY_TAG.get(token.tag)
    return (role,) if role else ()


@dataclass(frozen=True, slots=True)
class Around:
    """The tokens before and after a figure that speak of it."""

    left: tuple[Token, ...]
    """Nearest last."""
    right: tuple[Token, ...]
    """Nearest first."""
    earlier: tuple[Token, ...]
    """What the sentence says right before `left`."""
    before: tuple[Token, ...] = ()
    """All that the sentence says before `left`, as far back as `EARLIER_TOKENS_MAX`."""
    later: tuple[Token, ...] = ()
    """What it says right after `right`."""

    @property
    def tags(self) -> str:
        """All tags, the figure as `*`."""
        return " " + " ".join([*(t.tag for t in self.left), "*", *(t.tag for t in self.right)]) + " "

    @property
    def tagged(self) -> frozenset[str]:
        """All tags, each once."""
        return frozenset(token.tag for token in (*self.left, *self.right))

    @property
    def words(self) -> frozenset[str]:
        """All words in lower case."""
        return frozenset(token.raw.lower() for token in (*self.left, *self.right))


def _parts(token: Token) -> bool:
    return token.tag in _EDGES or token.tag == "AND" or token.tag.startswith("C:")


_BELONGS = frozenset({"NODE", "GPUS", "CORE", "T:memory", "T:gpu", "PER", "REQ", "FREE", "BUSY", "TRUE", "FALSE", "/"})
"""What follows a figure and still speaks of it, not of the next one."""


def _opening(tokens: tuple[Token, ...], index: int) -> int:
    """Where the words before a figure begin; a bracket that opens right before it belongs to what it explains."""
    at = index
    while at > 0 and (tokens[at - 1].tag in {"(", ":", "=", "->", "[", "|"} and index - at < 2):
        at -= 1
    while at > 0 and not _parts(tokens[at - 1]) and tokens[at - 1].quantity is None and index - at < 9:
        at -= 1
    if at > 0 and tokens[at - 1].quantity is not None:
        while at < index and tokens[at].tag in _BELONGS:
            at += 1
    return at


_COMPARING = frozenset(
    {"MORE", "LESS", "P:than", "P:against", "P:versus", "P:vs", "P:compared_to", "P:over", "P:behind"}
)


def _goes_on(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the words after a mark still speak of the figure before it: `200 nodes, which are free`, `free and idle`."""
    following = [token.tag for token in tokens[at + 1 : at + 3]] + ["", ""]
    joined = following[0] == "WH" or (following[0] == "FREE" and following[1] not in {"BE", ":", "=", "N"})
    return (joined and tokens[at].tag in {",", "(", "AND"}) or tokens[at].tag == "/"


def _closing(tokens: tuple[Token, ...], index: int) -> int:
    at = index + 1
    while at < len(tokens) and at - index < 10 and tokens[at].quantity is None:
        tag = tokens[at].tag
        if tag in _COMPARING or (_parts(tokens[at]) and not _goes_on(tokens, at)):
            break
        at += 1
    return at


def around(scene: Scene, index: int) -> Around:
    """Return the words that speak of the figure at `index`."""
    tokens = scene.sentence.tokens
    start, end = _opening(tokens, index), _closing(tokens, index)
    before = tokens[max(0, start - EARLIER_TOKENS_MAX) : start]
    return Around(tokens[start:index], tokens[index + 1 : end], before[-14:], before, tokens[end : end + 8])


def negated(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a `not` stands right before the word."""
    return any(token.tag == "NOT" for token in tokens[max(0, at - 2) : at])


def _turned(role: Role, is_not: bool) -> Role:
    return {"free": "busy", "busy": "free", "jobs": "free"}.get(role, role) if is_not else role


_NOBODY = frozenset({"nothing", "nobody"})


def cues(tokens: tuple[Token, ...]) -> Iterator[tuple[int, Role]]:
    """Yield (place, role) of each word that gives a role; `not free` is busy."""
    for at, token in enumerate(tokens):
        if at and tokens[at - 1].tag == "PARTLY":
            continue  # `mostly idle` counts nothing
        if any(one.raw.lower() in _NOBODY for one in tokens[max(0, at - 2) : at]):
            continue  # `nothing runs here: 128 nodes`
        if (
            token.tag in {"JOB", "JOBS"}
            and at
            and tokens[at - 1].tag in ({"IN", "RUN", "P:by"} if token.tag == "JOBS" else {"IN", "P:by"})
        ):
            yield at, "jobs"
            continue
        if token.tag == "BUSY" and any(one.tag == "CAN" for one in tokens[max(0, at - 2) : at]):
            yield from ((at, role) for role in ("free", "job"))  # `can be allocated`
            continue
        for role in roles_of(token):
            yield at, _turned(role, negated(tokens, at))


def supposed(near: Around) -> bool:
    """Whether a condition stands before or with the figure; `once it starts` is none."""
    tokens = (*near.before, *near.left, *near.right)
    return any(token.tag == "IF" and token.raw.lower() not in {"once", "when", "until"} for token in tokens)


def denied(near: Around) -> bool:
    """Whether a `not` or `no` stands before the figure: then it is what is not."""
    left = near.left[-6:]
    return any(
        token.tag in {"NOT", "NO", "CANNOT"}
        and not (
            token.tag == "NO" and [one.tag for one in left[at + 1 : at + 3]] in (["GPUS", "HAVE"], ["T:gpu", "HAVE"])
        )
        for at, token in enumerate(left)
    )


_OTHER_HERE = frozenset(
    {"JOBS", "JOB", "NODE", "work", "users", "LOAD", "BG", "processes", "activity", "things", "AND"}
)
_SOME_CLUSTER = re.compile(
    r"(?<! P:as)(?<! BE)(?<! BEING) A (?:[a-z]\S* |HIGH |T:\S+ |SPECV |HET |HOM |MORE ){0,3}CLUSTER P:with "
)
"""`A larger cluster with 2,000 nodes` is not this one; `as a cluster with 320 nodes` is."""


def elsewhere(near: Around) -> bool:
    """Whether the words speak of another cluster; other *jobs* are here."""
    related = near.left[:1] and near.left[0].tag == "WH"
    tokens = (*(near.earlier[-3:] if related else ()), *near.left, *near.right[:5])
    for at, token in enumerate(tokens):
        following = tokens[at + 1].tag if at + 1 < len(tokens) else ""
        if token.tag in {"OTHERID", "CLUSTERS"} or (token.tag == "OTHER" and following not in _OTHER_HERE):
            if following == "N" and {"NODE", "CPUONLY", "NO"} & {one.tag for one in tokens[at + 2 : at + 5]}:
                continue  # `the other 72 nodes`
            if token.raw.lower() == "those" and following in {"P:of", "WH"}:
                continue
            return token.raw.lower() not in {"others", "elsewhere"} or token.tag == "OTHERID"
    return _SOME_CLUSTER.search(" " + "".join(token.tag + " " for token in tokens)) is not None


_UNSAID = re.compile(
    r" (?:IF|HEDGE|OTHER|OTHERID|CLUSTERS|RULE|NOT|CANNOT|P:rather_than|P:instead_of|P:like|P:unlike|P:such_as) "
)
_UNSAID_WORDS = frozenset({
    "would", "suppose", "imagine", "say", "instead", "rather", "previous", "yesterday", "historical", "typical", "typically", "example",
    "theoretical", "theoretically", "equivalent", "similar", "wrong", "mistaken", "correction", "sorry", "originally", "misread",
    "usual", "usually", "normally", "recommended", "elsewhere", "half", "twice", "double", "times", "another", "hypothetical",
    "limit", "threshold", "quota", "per-job", "pooled", "spread", "split", "doubling", "halving", "more", "fewer", "additional", "extra",
})  # fmt: skip
"""Words that make a figure one of something else: of a case, of a rule, of a comparison."""


def unsaid(scene: Scene, index: int, allowed: frozenset[str] = frozenset()) -> bool:
    """Whether the clause of a figure may speak of what is not so: then a figure that is nobody's proves nothing."""
    start, end = scene.sentence.clause(index)
    first, last = max(start, index - 8), min(end, index + 8)
    tags = scene.sentence.slice(first, last)
    for name in allowed:
        tags = tags.replace(f" {name} ", "  ")
    words = {token.raw.lower() for token in scene.sentence.tokens[first:last]}
    return " IF " in scene.sentence.tags or _UNSAID.search(tags) is not None or bool(words & (_UNSAID_WORDS - allowed))
