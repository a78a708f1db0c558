# ruff: noqa: E501 - a rule over concepts is one line: cut in two it cannot be read
"""What a clause says by its gist: whether the job fits, whether types agree, whether a penalty is due, what is there."""

import re
from collections.abc import Iterator

from quorate.market.claims.capacity import part_fact, why
from quorate.market.claims.gist import Gist, concepts, gists
from quorate.market.claims.rules import Found, Scene, match_fact, match_wrong
from quorate.market.claims.values import ClaimKind

_FEW = r"(?:\S+ ){0,3}?"
_SOME = r"(?:\S+ ){0,7}?"
_WISH = r"(?:JOB|NEED|ASKED)"
ABLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf" CAN {_FEW}FIT {_SOME}{_WISH} ",
        rf" {_WISH} {_SOME}CAN {_FEW}FIT ",
        rf" {_WISH} {_SOME}SELF (?:NEG )?CAN {_FEW}FIT ",
        rf" BIG ENOUGH (?:FOR|TO FIT) {_SOME}{_WISH} ",
        rf" ROOM {_FEW}FOR {_FEW}{_WISH} ",
        rf" (?:BE|NEG) CAN TO FIT {_SOME}{_WISH} ",
        rf" ENOUGH {_SOME}(?:FOR|TO FIT) {_FEW}{_WISH} ",
        rf" NEED {_SOME}BE {_FEW}FIT ",
        r" (?:NODE|SELF|SELF NODE) (?:w )?FIT (?:w |NEED |JOB |GPUS |GPU |MEMORY |NODE ){0,4}?NEED ",
        rf" {_WISH} {_SOME}(?:within|inside) ",
    )
)
"""That it can be done."""
UNABLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf" (?:w|BE|FIT|SELF) LESS (?:of|on|by) {_FEW}(?:NODE|GPUS|GPU|MEMORY|FREE) ",
        rf" {_WISH} {_SOME}(?:MORE|beyond) (?:THAN )?(?:(?!N |ASKED |MEMORY |FIT |NEED )\S+ ){{0,3}}?(?:SELF|FREE|there) ",
        rf" {_WISH} {_SOME}BE (?:w )?beyond ",
        r" too few (?:w |TO |FOR |FIT ){0,4}(?:JOB|NEED|ASKED) ",
        rf" {_WISH} {_SOME}out of (?:reach|question) ",
    )
)
"""That it cannot, unless that is denied."""
_NOT_OF_FIT = re.compile(
    r" (?:later|eventually|soon|tomorrow|again|wait|waits|waiting|before|types?|class|category|kind|penalty|storage|disk|network|"
    r"bandwidth|interconnect|half|part|some|most|several|can only|such|jobs|workloads|similar|comfortably if|speciali[sz]ation|purpose|"
    r"better|faster|complain|say|claim|twice|second|score|bid|priority|deadline|users|others|per cent|percent|running|all of it|cores|core) "
)
_NODES_ONLY = re.compile(
    r" (?:free|idle|available) (?:nodes|ones) | nodes? (?:requirement|count|demand|request|need|wish) | number of nodes "
)
_THINGS = (("GPUS", re.compile(r" (?:GPUS|GPU) ")), ("T:memory", re.compile(r" MEMORY ")))


def _things(text: str) -> list[str]:
    return [name for name, pattern in _THINGS if pattern.search(text)]


def capacity(scene: Scene) -> Iterator[Found]:
    """Return where the job or one of its needs is said to fit, or not to, in whatever words."""
    for gist in gists(scene):
        if _NOT_OF_FIT.search(gist.words) or gist.has("FINE", "KIND", "SAME", "CUT") or " Q:time " in gist.clause.tags:
            continue
        able, unable = _end(gist, ABLE), _end(gist, UNABLE)
        if able or unable:
            yield _fitting(gist, gist.denied(unable) if unable else not gist.denied(able))


def _end(gist: Gist, patterns: tuple[re.Pattern[str], ...]) -> int:
    """Where the first of the patterns that is found ends; 0 if none is."""
    text = _spelled(gist)
    return next((match.end() for pattern in patterns if (match := pattern.search(text))), 0)


def _spelled(gist: Gist) -> str:
    """The concepts, with the few plain words that rules name left as they are."""
    kept = {"of", "on", "by", "beyond", "too", "out", "reach", "question", "there", "within", "inside"}
    tokens = gist.clause.scene.sentence.tokens[gist.clause.first : gist.clause.last]
    pairs = zip(concepts(gist.clause), (token.raw.lower() for token in tokens), strict=True)
    return " " + " ".join(word if name == "w" and word in kept else name for name, word in pairs) + " "


def _fitting(gist: Gist, says: bool) -> Found:
    known, things = gist.known, _things(gist.concepts)
    if things == ["GPUS"] and not says and not known.job_gpus_per_node:
        fact = None  # `our lack of GPUs` hinders nobody who wants none
    elif things:
        facts = [part_fact(known, thing, says, False) for thing in things]
        fact = next((one for one in facts if one), None) if says else (facts[0] if all(facts) else None)
    elif (gist.has("NODE") and (gist.has("N", "ASKED") or not gist.has("JOB", "NEED"))) or _NODES_ONLY.search(
        gist.words
    ):
        fact = part_fact(known, "NODE", says, True)
    else:
        fact = why(known) if known.fits is not None and known.fits != says else None
        tags = re.sub(r" T:\w+ (?=TYPEN|CLUSTER|SPEC|JOB|[,.;])", " ", gist.clause.scene.sentence.tags)
        elsewhere = _things(tags.replace("T:memory", "MEMORY").replace("T:gpu", "GPU"))
        if fact and says and elsewhere and all(part_fact(known, thing, True, False) is None for thing in elsewhere):
            fact = None  # `as for memory, we can serve it`
    return _found(gist, "capacity", f"the job {'fits' if says else 'does not fit'}", fact)


def _found(gist: Gist, kind: ClaimKind, says: str, fact: str | None) -> Found:
    return Found(kind, says, gist.clause.first, gist.clause.last, fact)


_OFF = re.compile(
    r" (?:taken|take|takes|taking|comes?|came|knocked|shaved|points|marks?|something|nothing|anything) (?:\w+ ){0,3}?off | (?:mark|marked|marks|marking) (?:\w+ ){0,2}?down "
)
_TYPES = re.compile(
    r" (?:types?|class|classes|category|categories|kinds?|mismatch\w*|labels?|classification|designations?) "
)
_DUE = re.compile(
    r" (?:appl\w+|due|used?|counted|counts|counting|incur\w*|owed?|accept\w*|order|follows?|levied|imposed|deduct\w*|paid|pay|includ\w*|reflect\w*|factored|account\w*|charged?|added|needed|necessary|given|"
    r"penali[sz]e\w*|bites?|kicks?|triggers?|triggered|stands|enforced?|set|taken|made|get|gets|got|suffer\w*|bear\w*|carr\w+|came|comes|hits?) "
)
_OTHER_REASON = re.compile(
    r" (?:load|busy|occupancy|queue|memory|utili[sz]ation|background|capacity|contention|wait|storage|network|nodes?|gpus?|size|share|waste|wasted|unused|small|generous) "
)


def penalties(scene: Scene) -> Iterator[Found]:
    """Return where the score is said to be lowered for types that differ, or not to be."""
    for gist in gists(scene):
        cut = gist.has("CUT") and (gist.has("SCORE", "FINE", "DIFF") or _FOR_TYPE.search(gist.words) is not None)
        if not (cut or gist.has("FINE") or (_OFF.search(gist.words) is not None)):
            continue
        reason = _reason(gist)
        own = _TYPES.search(gist.words + reason) is not None or gist.concepts.count(" KINDNAME ") > 1
        if not (
            own
            or gist.has("FINE")
            or (
                _spoken_before(gist)
                and not re.search(r" (?:N|Q:\S+) ", gist.clause.tags)
                and not _OTHER_REASON.search(gist.words)
            )
        ):
            continue
        if gist.says("mismatches", "according", "generally", "rules"):
            continue
        if not own and gist.says("small", "slight") and not gist.has("FINE"):
            continue
        if not gist.denies and not cut and gist.has("FINE") and not _DUE.search(gist.words):
            continue  # `the penalty stays in the drawer`
        if gist.clause.scene.sentence.slice(gist.clause.last, gist.clause.last + 2) == " , NOT ":
            continue  # `I take something off, not for type`
        yield _penalty(gist, not gist.denies)


def _reason(gist: Gist) -> str:
    """The words of a `because` clause that follows."""
    sentence, last = gist.clause.scene.sentence, gist.clause.last
    following = sentence.tokens[last : last + 9]
    told = following and following[0].raw.lower() in {"because", "since", "as", "due to", "owing"}
    return " " + " ".join(token.raw.lower() for token in following) + " " if told else ""


_FOR_TYPE = re.compile(
    r" (?:types?|mismatch|class|category) rule | (?:for|because of|due to|owing to|under) (?:\w+ ){0,3}?types? "
)


def _spoken_before(gist: Gist) -> bool:
    """Whether the clause right before it speaks of types."""
    sentence, first = gist.clause.scene.sentence, gist.clause.first
    start, _ = sentence.clause(max(0, first - 2))
    return _TYPES.search(" " + " ".join(token.raw.lower() for token in sentence.tokens[start:first]) + " ") is not None


def _penalty(gist: Gist, applies: bool) -> Found:
    match = gist.known.match
    says = "a mismatch penalty applies" if applies else "no mismatch penalty applies"
    return _found(
        gist, "penalty_rule", says, match_fact(gist.known) if match is not None and match == applies else None
    )


_PLURAL = re.compile(
    r" (?:types|classes|categories|labels|classifications|designations|both|two|each other|one another) "
)
_BARE = re.compile(
    r" (?:type|category|class|classification|label) (?:match|agreement|alignment|equality|identity|conflict|clash) "
)
_THINGS_MATCHED = re.compile(r" (?:NODE|GPUS|MEMORY|FREE|N|ASKED|FINE|CUT) ")


def type_matches(scene: Scene) -> Iterator[Found]:
    """Return where the types are said to agree or to differ."""
    for gist in gists(scene):
        same, differ = gist.has("SAME"), gist.has("DIFF")
        if same == differ or not gist.has("KIND") or _THINGS_MATCHED.search(gist.concepts):
            continue
        sides = gist.has("JOB", "NEED") and gist.has("SELF")
        by = re.search(r" (?:by|in) (?:type|class|category) ", gist.words) and gist.has("SELF")
        if not (sides or by or _PLURAL.search(gist.words) or _BARE.search(gist.words)):
            continue
        if gist.says(
            "partly",
            "partially",
            "broadly",
            "closely",
            "nearly",
            "almost",
            "rather",
            "no reason",
            "criterion",
            "factor",
            "factors",
            "important",
            "matters",
            "first",
            "weigh",
            "weighs",
        ):
            continue
        says = same != gist.denies
        yield _found(
            gist, "type_match", f"the types {'match' if says else 'do not match'}", match_wrong(gist.known, says)
        )


_HERE = re.compile(
    r" (?:present|available|installed|fitted|found|there|exist|exists|here|aboard|side|absent|missing|nowhere|mounted|built) "
)
_GPU_WORDS = re.compile(r" (?:gpus?|accelerators?|graphics (?:processors|cards)) ")
_ABSENT = re.compile(r" (?:absent|missing|lacking) ")
_EVERY = re.compile(r" (?:every|all|each and every|throughout) ")
_UNDONE = re.compile(
    r" (?:free|busy|enough|spare|idle|needed|use|used|unused|wasted|more|type|cluster|all but|not all|except|such|demand|jobs|go|stay|shortage|lack|workloads?|work|codes?) "
)


def gpu_presence(scene: Scene) -> Iterator[Found]:
    """Return where GPUs are said to be there, in all nodes or at all, or not to be."""
    known = scene.known
    if known.gpus is None or known.groups is None:
        return
    for gist in gists(scene):
        if not _GPU_WORDS.search(gist.words) or gist.has("JOB", "NEED", "N", "ASKED") or _UNDONE.search(gist.words):
            continue
        denies = gist.denies != (_ABSENT.search(gist.words) is not None)
        if not denies and _EVERY.search(gist.words) and gist.has("NODE", "SELF"):
            bare = any(group.gpus == 0 for group in known.groups)
            yield _found(gist, "gpu_presence", "every node has GPUs", "some nodes have no GPUs" if bare else None)
        elif _HERE.search(gist.words) and (len(known.groups) == 1 or not known.gpus or not gist.has("NODE")):
            wrong = denies == bool(known.gpus)
            fact = f"the cluster has {known.gpus or 'no'} GPUs" if wrong else None
            yield _found(gist, "gpu_presence", "no GPUs" if denies else "the cluster has GPUs", fact)


_SOMEBODY = re.compile(
    r" (?:jobs|users|workloads|tasks|part of (?:the|our|my) (?:machine|cluster|system|nodes)|portion|some of (?:the|our|my) nodes|some nodes|others|tenants|queue) "
)
_AT_WORK = re.compile(
    r" (?:busy|occupied|occupy|occupies|running|run|use|used|taken|share|working|active|engaged|hold|holding) "
)


def occupancy(scene: Scene) -> Iterator[Found]:
    """Return where something is said to run though nothing does."""
    known = scene.known
    if known.nodes is None or known.nodes_free is None:
        return
    for gist in gists(scene):
        told = _SOMEBODY.search(gist.words) and _AT_WORK.search(gist.words)
        if (
            told
            and not gist.denies
            and not gist.has("JOB", "CAN", "N")
            and " type" not in gist.words
            and gist.has("SELF", "NODE")
        ):
            fact = "nothing runs: all nodes are free" if known.nodes_free == known.nodes else None
            yield _found(gist, "occupancy", "jobs are running", fact)
