# ruff: noqa: E501 - words of a class stand together
"""Which side a type word is said of: the job's, the cluster's, or both.

`The render was filed under gpu, we are typed ai`: each type word belongs to the subject before it, if a word of naming
stands between, or to the noun after it (`a gpu job`). `Both are hybrid` says it of both. Two type words with nothing
but a comparison between them are the two types. `HPC job` and `HPC cluster` are everyday words and name no type.
"""

import re
from collections.abc import Iterator

from quorate.domain.clusters import CLUSTER_TYPES
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
