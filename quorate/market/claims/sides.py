# ruff: noqa: E501 - words of a class stand together
"""Which side a type word is said of: the job's, the cluster's, or both.

`The render was filed under gpu, we are typed ai`: each type word belongs to the subject before it, if a word of naming
stands between, or to the noun after it (`a gpu job`). `Both are hybrid` says it of both. Two type words with nothing
but a comparison between them are the two types. `HPC job` and `HPC cluster` are everyday words and name no type.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims.clauses import Clause
from quorate.market.claims.gist import Gist, gists
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Found, Scene, match_wrong, type_fact
from quorate.market.claims.types import own_fact

_AFTER = frozenset({"JOB", "JOBS", "CLUSTER", "TYPEN", "AND", "BE", ",", ";", ".", ":", "(", ")", "!", "=", "!=", "SPECN", "too", "also", "work", "here", "now", "then", "one", "label",
                    "tag", "machine", "system", "workload", "workloads", "while", "NOT", "vs", "meets", "asks", "answers", "instead", "like", "itself"})  # fmt: skip
_NAMING = re.compile(
    r" (?:BE|'S|TYPEN|typed|label|labelled|labeled|labels|classified|classed|registered|declared|filed|tagged|tag|says|said|reads|read|carries|carry|calls|states|states|listed|marked|"
    r"submitted|registration|designation|down|booked|entered|catalogued|described|belongs|belong|FITV|speaks) "
)
_PLAINLY = re.compile(
    r"^ (?:(?:BE|BEING|'S|NOT|NO|A|THE|TYPEN|CLUSTER|ITS|P:as|P:under|P:of|P:by|P:to|P:for|LESS|IN|HAVE|FITV|ONLY|AND|itself|also|still|clearly|plainly|simply|officially|here|just|too|been|by|down|"
    r"typed|labels?|labelled|labeled|classified|classed|registered|declared|filed|tagged|tag|says|said|reads|read|carries|carry|calls|states|listed|marked|submitted|registration|designation|booked|entered|"
    r"catalogued|described|belongs?|speaks|work|kind|category|heading|=|:) )+$"
)
"""What may stand between a subject and the type that it is said to be."""
_JOB_WORDS = frozenset(
    {
        "submission",
        "request",
        "render",
        "campaign",
        "assembly",
        "training",
        "simulation",
        "run",
        "scrub",
        "sweep",
        "forecast",
        "its",
    }
)
_OWN_WORDS = frozenset({"ours", "mine", "we", "i", "our", "my", "us"})
_BOTH = re.compile(r" (?:both|each side|either side|on both sides|two sides|both sides|for both) ")
_NAMES = frozenset(CLUSTER_TYPES)
_EVERYDAY = frozenset({"JOB", "JOBS", "CLUSTER"})


def _subject(token: Token) -> str:
    word = token.raw.lower()
    if word in _OWN_WORDS or token.tag in {"I", "MY", "MINE", "SELFID"} or token.tag == "CLUSTER":
        return "own"
    return "job" if token.tag in {"JOB", "IT", "ITS"} or word in _JOB_WORDS else ""


def _mentions(gist: Gist) -> Iterator[tuple[int, str]]:
    """Yield (token, type) of each word that names a type and no hardware."""
    sentence = gist.clause.scene.sentence
    for at in range(gist.clause.first, gist.clause.last):
        name = sentence.tokens[at].tag.removeprefix("T:")
        if sentence.tokens[at].tag.startswith("T:") and name in _NAMES:
            following = sentence.tokens[at + 1].tag if at + 1 < len(sentence.tokens) else "."
            before = sentence.tokens[at - 1].tag if at else ""
            plain = following in _AFTER or following.startswith(("P:", "C:"))
            if plain and before not in {"N", "PER", "NO", "HIGH", "MORE", "ENOUGH"} and not before.startswith("Q:"):
                yield at, name


_AGAINST = frozenset({"P:versus", "P:vs", "vs", "P:against", "meets", "=", "!="})


def _owner(gist: Gist, at: int) -> str:
    tokens, first = gist.clause.scene.sentence.tokens, gist.clause.first
    following = tokens[at + 1].tag if at + 1 < len(tokens) else ""
    if following in _AGAINST:
        return ""  # `it's storage versus ai`
    for back in range(at - 1, first - 1, -1):
        who = _subject(tokens[back])
        if tokens[back].raw.lower() == "resource" and tokens[back + 1].tag == "TYPEN":
            who = ""  # `the job's preferred resource type`
        if tokens[back].tag.startswith("T:"):
            return ""
        if who:
            between = gist.clause.scene.sentence.slice(back + 1, at)
            if at - back > 8 or re.search(
                r" (?:WH|that|N|Q:\S+|T:\S+|HAVE|P:of) ",
                between.replace(" P:of THE ", " ").replace(" P:of TYPEN ", " ").replace(" P:of A ", " "),
            ):
                return ""
            if following == "TYPEN" and tokens[at + 2 : at + 3] and tokens[at + 2].tag == "P:of":
                return ""  # `it is for this reason that the ai type of the job ...`
            named = (_PLAINLY.match(between) is not None and _NAMING.search(between) is not None) or (
                tokens[at].tag != "T:memory" and between == "  "
            )
            clash = (who == "own") == (following in {"JOB", "JOBS"})
            return who if named and not (following in _EVERYDAY and clash) else ""
    return ""


_LOOSE = re.compile(
    r" (?:like|unlike|than|rather|instead|almost|nearly|kind of|sort of|as if|feels|looks|behaves|partly|mostly|would|better|intensive|bound|heavy|hungry|needs?|wants?|requires?|demands?|asks?|uses?) "
)


def types(scene: Scene) -> Iterator[Found]:
    """Return what type is said of the job, of the cluster, of both."""
    known = scene.known
    for gist in gists(scene):
        mentions = [*_mentions(gist)]
        if not mentions or _LOOSE.search(gist.words):
            continue
        both = _BOTH.search(gist.words) is not None and len(mentions) == 1
        for at, name in mentions:
            everyday = name == "hpc" and scene.sentence.slice(at + 1, at + 2).strip() in _EVERYDAY
            who = _owner(gist, at)
            denied = _denied(gist, at)
            if (both and not denied and not everyday) or (who == "job" and not everyday):
                wrong = (known.job_type == name) if denied else type_fact(known, name) is not None
                fact = type_fact(known, None if denied else name) or f"the job's type is {known.job_type}"
                yield Found(
                    "job_type", f"job type is {'not ' if denied else ''}{name}", at, at + 1, fact if wrong else None
                )
            if (both and not denied and not everyday) or (who == "own" and not everyday):
                wrong = known.type is not None and (known.type == name) == denied
                yield Found(
                    "own_type",
                    f"own type is {'not ' if denied else ''}{name}",
                    at,
                    at + 1,
                    own_fact(known) if wrong else None,
                )


def _denied(gist: Gist, at: int) -> bool:
    words = gist.concepts.split()
    return sum(word == "NEG" for word in words[: at - gist.clause.first]) % 2 == 1


_BETWEEN = re.compile(
    r"^ (?:JOB |JOBS |work |TYPEN |CLUSTER )?(?P<how>P:versus|P:vs|vs|P:against|meets|FITV|!=|=|P:on|P:for|P:with|BE NOT|NOT|DIFF P:from|P:to|asks ,)(?: (?:A|THE|MY))? $"
)
_DIFFER = frozenset({"!=", "BE NOT", "NOT", "DIFF P:from"})
_TYPED = re.compile(r" (?:TYPEN|MIS|MATCHV|SAME|DIFF|PENALTY|DEDUCT|SPECN) ")


def pairs(scene: Scene) -> Iterator[Found]:
    """Return where two type words stand against each other: `storage versus ai`, `an ai job on an ai cluster`."""
    for gist in gists(scene):
        mentions = [*_mentions(gist)]
        if len(mentions) != 2 or _LOOSE.search(gist.words):
            continue
        (one, first), (two, second) = mentions
        between = scene.sentence.slice(one + 1, two).replace(" . ", " ")
        match = _BETWEEN.match(between.replace(" A ", " "))
        sided = {scene.sentence.tokens[at + 1].tag for at in (one, two) if at + 1 < len(scene.sentence.tokens)}
        if match is None or not (
            _TYPED.search(scene.sentence.tags)
            or sided >= {"JOB", "CLUSTER"}
            or gist.clause.last - gist.clause.first <= 4
        ):
            continue
        says = first == second and match["how"] not in _DIFFER
        yield Found(
            "type_match",
            f"the types {'match' if says else 'do not match'}",
            one,
            two + 1,
            match_wrong(scene.known, says),
        )


_PURPOSE = re.compile(
    r" (?:exists?|commissioned|bought|built|addresse?s?|role|do|concentrates?|made|serves?|designed|target|field|speciali[sz]ation|laid out|set up|(?:cluster|machine|system|one) for|purpose|tuned|procured|conceived|devoted|cater|caters|focus|focuses|focused) "
)
_WORK = frozenset({"work", "workloads", "computing", "training", "JOBS", "purposes", "processing", "JOB"})


def purposes(scene: Scene) -> Iterator[Found]:
    """Return what this cluster is said to be for: `we exist to serve storage workloads`."""
    known, tokens = scene.known, scene.sentence.tokens
    for gist in gists(scene):
        mentions = [one for one in _mentions(gist) if one[1] != "hpc"]
        if len(mentions) != 1 or gist.has("JOB", "NEED", "CAN", "N") or gist.denies or _LOOSE.search(gist.words):
            continue
        ((at, name),) = mentions
        subject = next(
            (back for back in range(at - 1, gist.clause.first - 1, -1) if _subject(tokens[back]) == "own"), None
        )
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        works = (
            following is not None
            and (following.tag in _WORK or following.raw.lower() in _WORK)
            and following.raw.lower() != "job"
        )
        if subject is None or not works or known.type is None:
            continue
        between = " " + " ".join(token.raw.lower() for token in tokens[subject:at]) + " "
        if _PURPOSE.search(between):
            yield Found(
                "specialisation", f"specialised in {name}", at, at + 1, own_fact(known) if known.type != name else None
            )


_JOB_CUES = frozenset({"JOB", "REQ", "IT", "ITS"})
_JOB_SAID = frozenset({"they", "them", "theirs", "user", "submitter", "requested", "wanted", "asked", "wants", "asks"})
_OWN_SAID = frozenset({"we", "us", "ours", "our", "i", "my", "mine", "here", "offered", "present"})
_SPLITS = frozenset(
    {
        "AND",
        ",",
        ";",
        ":",
        "(",
        "\u2014",
        "\u2013",
        "--",
        "C:while",
        "C:whereas",
        "C:but",
        "C:since",
        "C:because",
        "C:though",
        "C:although",
        "C:so",
    }
)
_NOT_PLAIN = re.compile(r" (?:IF|HEDGE|OTHER|OTHERID|CLUSTERS|RULE|NOT|NO|CANNOT|AVOID|SPECN|SPECV|JOBS|N|Q:\S+) ")


def _said(tokens: tuple[Token, ...]) -> str:
    """Whose type these words speak of: `job`, `own`, or nobody's if they name both or none."""
    job = any(one.tag in _JOB_CUES or one.raw.lower() in _JOB_SAID for one in tokens) or any(
        one.tag.startswith("T:") and two.raw.lower() == "work" for one, two in pairwise(tokens)
    )
    own = any(one.tag in {"I", "MY", "MINE", "SELFID", "CLUSTER"} or one.raw.lower() in _OWN_SAID for one in tokens)
    return "" if job == own else "job" if job else "own"


def _named(scene: Scene) -> list[tuple[int, str]]:
    """Every type word of a sentence that stands for a type by its place."""
    whole = Gist(Clause(scene, 0, len(scene.sentence.tokens)), " ", " ")
    return [(at, name) for at, name in _mentions(whole) if scene.sentence.slice(at - 2, at) != " Q:mem P:of "]


def _plainly(scene: Scene, first: int, last: int) -> bool:
    """Whether nothing near the type words denies, supposes or counts."""
    words = _raw(scene.sentence.tokens[max(0, first - 8) : last + 6]).replace(" like ", " ")
    loose = _NOT_PLAIN.search(scene.sentence.slice(first - 8, last + 6)) or _LOOSE.search(words)
    told_else = re.search(r" (?:IF|RULE|OTHERID) ", scene.sentence.tags)
    return len(scene.sentence.tokens) <= _SHORT and not loose and told_else is None


def contrasts(scene: Scene) -> Iterator[Found]:
    """Return both types where they are told side by side: `hpc is what they want and memory is what we are`."""
    tokens, named = scene.sentence.tokens, _named(scene)
    if len(named) != 2 or not _plainly(scene, named[0][0], named[1][0]):
        return
    (one, first), (two, second) = named
    split = next((at for at in range(one + 1, two) if tokens[at].tag in _SPLITS), None)
    if split is None:
        return
    owners = _said(tokens[max(0, one - 6) : split]), _said(tokens[split:two] + tokens[two : two + 5])
    if set(owners) == {"job", "own"}:
        yield from _typed_as(scene, owners[0], one, first)
        yield from _typed_as(scene, owners[1], two, second)


_SHORT = 32
"""A longer sentence says more than two types."""


def _raw(tokens: tuple[Token, ...]) -> str:
    return " " + " ".join(token.raw.lower() for token in tokens) + " "


def _typed_as(scene: Scene, who: str, at: int, name: str) -> Iterator[Found]:
    known = scene.known
    if who == "job":
        yield Found("job_type", f"job type is {name}", at, at + 1, type_fact(known, name))
    else:
        wrong = known.type is not None and known.type != name
        yield Found("own_type", f"own type is {name}", at, at + 1, own_fact(known) if wrong else None)


_LIKEWISE = re.compile(
    r" (?:as (?:is|are|does|do) (?:we|this job|the job|our cluster|this cluster|the cluster|ours|its job)|so (?:is|are) (?:we|the job|this job|the cluster|our cluster)|(?:just )?(?:like|as) (?:us|we are|ours|the job|ourselves|this cluster|our cluster|we do)|"
    r"(?:that|this|which) (?:'s|is) (?:also )?(?:our own type|our type|ours|what we (?:both )?are)(?: too| as well| also)?|is (?:our type|ours) (?:as well|too|also)|and the job 's|same as (?:the job 's|ours)) "
)


def likewise(scene: Scene) -> Iterator[Found]:
    """Return a type that is said of the job and of the cluster in one breath: `typed storage, as is this job`."""
    tokens, named = scene.sentence.tokens, _named(scene)
    if len(named) != 1 or not _plainly(scene, named[0][0], named[0][0]):
        return
    ((at, name),) = named
    said = _LIKEWISE.search(_raw(tokens[at:])) and _CLOSE.search(_raw(tokens[at:]))
    if said or _JOINT.search(_raw(tokens[max(0, at - 12) : at])):
        yield from _typed_as(scene, "job", at, name)
        yield from _typed_as(scene, "own", at, name)


_JOINT = re.compile(
    r" (?:job|workload|request) and (?:the |our |this |my )?(?:cluster|machine|system|we) (?:(?:are|share|carry|have|both|is|the|same|typed|of|type|label|a|as|classed|registered|classified|word) )+$"
)
_CLOSE = re.compile(r"^ \S+ (?:\S+ ){0,6}?(?:as|so|like|that|this|which|is|and|same) ")
