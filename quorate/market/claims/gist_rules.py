# ruff: noqa: E501 - a rule over concepts is one line: cut in two it cannot be read
"""What a clause says by its gist: whether the job fits, whether types agree, whether a penalty is due, what is there."""

import re
from collections.abc import Iterator
from dataclasses import replace

from quorate.market.claims.capacity import part_fact, why
from quorate.market.claims.gist import Gist, concepts, gist_of, gists
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
        rf" (?:SELF|NODE) BE (?:w )?(?:equipped|ready|prepared|made|up) (?:FOR|TO FIT) {_FEW}{_WISH} ",
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
        verdict = _verdict(gist)
        if verdict is not None:
            yield _fitting(gist, verdict)
            continue
        able, unable = _end(gist, ABLE), _end(gist, UNABLE)
        if able or unable:
            yield _fitting(gist, gist.denied(unable) if unable else not gist.denied(able))


_DONE = re.compile(
    r" (?:can|cannot|can't|could) (?:\w+ ){0,2}?be (?:\w+ )?(?:run|placed|executed|hosted|served|accommodated|scheduled|started|done|launched|granted|satisfied)(?: here| now| today| at all| on (?:this|our|the) \w+| immediately| at once)? $"
    r"| (?:job|it|request|workload|this|simulation|campaign) (?:\w+ ){0,2}?(?:fits?|squeezes in)(?: in| here| on| into| our| easily| comfortably| within| onto| at once| now)* (?:our |the |here |now |nodes |cluster |machine |easily |comfortably |free )*$"
)
_CAN_DO = re.compile(
    r" (?:feasible|possible|doable|placeable|achievable) (?:now |here |today |at once |at the moment |at present |on our nodes )*$"
)
_CAN_NOT = re.compile(
    r" (?:infeasible|impossible|out of the question|out of reach|no placement|no way to place it)(?: exists| is possible| here| now| then| for us)* $"
)


def _verdict(gist: Gist) -> bool | None:
    """What a verdict without a subject says: `so it cannot be run here`, `not feasible`, `out of the question`."""
    if gist.has("KIND") or gist.says("type", "match"):
        return None
    words = re.sub(r" ([.!}]) ", " ", gist.words)
    if _CAN_NOT.search(words):
        return re.search(r" (?:not|n't) (?:\w+ )?(?:infeasible|impossible|out) ", words) is not None
    if _DONE.search(words) or _CAN_DO.search(words):
        return gist.denies == (" without " in words)  # `without GPUs it is not possible`
    return None


def _end(gist: Gist, patterns: tuple[re.Pattern[str], ...]) -> int:
    """Where the first of the patterns that is found ends; 0 if none is."""
    text = _spelled(gist)
    return next((match.end() for pattern in patterns if (match := pattern.search(text))), 0)


def _spelled(gist: Gist) -> str:
    """The concepts, with the few plain words that rules name left as they are."""
    kept = {
        "of",
        "on",
        "by",
        "beyond",
        "too",
        "out",
        "reach",
        "question",
        "there",
        "within",
        "inside",
        "equipped",
        "ready",
        "prepared",
        "made",
        "up",
    }
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
    r" (?:taken|take|takes|taking|comes?|come|came|knocked|shaved|points|marks?|something|nothing|anything|some) (?:\w+ ){0,3}?off | (?:mark|marked|marks|marking) (?:\w+ ){0,2}?down "
    r"| minus (?:points?|for|some|marks?) | (?:a|an additional|another|some|small) minus | points (?:are |were |is )?(?:lost|taken|gone|deducted|away) | (?:lose|loses|lost|cost|costs|costing) (?:us |me )?(?:some |a few |no |any )?points | score (?:\w+ ){0,3}?come down "
    r"| has its price | (?:some|a few) points away "
)
"""Manners of speaking of a score that is lowered."""
_TYPES = re.compile(
    r" (?:types?|class|classes|category|categories|kinds?|mismatch\w*|labels?|classification|designations?) "
)
_DUE = re.compile(
    r" (?:appl\w+|due|used?|counted|counts|counting|incur\w*|owed?|accept\w*|order|follow\w*|levied|imposed|deduct\w*|paid|pay|includ\w*|reflect\w*|factored|account\w*|charged?|added|needed|necessary|given|"
    r"penali[sz]e\w*|bites?|kicks?|triggers?|triggered|stands|enforced?|set|taken|takes?|made|get|gets|got|suffer\w*|bear\w*|carr\w+|came|comes?|hits?|considered|also|swallow|yes|on|there|contains|share|effect|force) "
)
_OTHER_REASON = re.compile(
    r" (?:load|busy|occupancy|queue|memory|utili[sz]ation|background|capacity|contention|wait|storage|network|nodes?|gpus?|size|share|waste|wasted|unused|small|generous|walltime|runtime|length|duration|long|hours?|time|pressure|"
    r"infeasible|impossible|cores?|bandwidth|interconnect|links?) "
)
_ABOUT_TYPES = re.compile(
    r" (?:TYPEN|MIS|MATCHV|SAME|DIFF|SPECN|!=|P:versus|P:vs|T:\S+ (?:JOB|CLUSTER|TYPEN|P:versus|P:vs|[,.;:!=/]|AND|BE)) "
)
_FOR_TYPE = re.compile(
    r" (?:types?|mismatch|class|category) rule | (?:for|because of|due to|owing to|under) (?:\w+ ){0,3}?types? "
)


def penalties(scene: Scene) -> Iterator[Found]:
    """Return where the score is said to be lowered for types that differ, or not to be."""
    for gist in gists(scene, would=True):
        if _fined(gist) and _of_types(gist) and not _no_statement(gist):
            yield _penalty(gist, not _tail(gist).denies)


def _tail(gist: Gist) -> Gist:
    """The part after an `and`, if it speaks of the penalty: `they do not match and points are taken off`."""
    tokens = gist.clause.scene.sentence.tokens
    cuts = [at for at in range(gist.clause.first + 1, gist.clause.last - 1) if tokens[at].tag == "AND"]
    for at in reversed(cuts):
        part = gist_of(replace(gist.clause, first=at + 1))
        if _fined(part):
            return part
    return gist


def _fined(gist: Gist) -> bool:
    """Whether it speaks of a penalty, or of a score that is lowered."""
    if gist.has("CUT") and (gist.has("SCORE", "FINE", "DIFF") or _FOR_TYPE.search(gist.words)):
        return True
    plain = (
        gist.has("CUT")
        and re.search(r" (?:deduct\w*|malus|surcharge|docked|penal\w+|reduction|subtract) ", gist.words) is not None
    )
    return plain or gist.has("FINE") or _OFF.search(gist.words) is not None


def _of_types(gist: Gist) -> bool:
    """Whether it is for types: by its own words, a reason after it, or what was spoken of right before it."""
    if _TYPES.search(gist.words + _reason(gist)) or gist.concepts.count(" KINDNAME ") > 1:
        return True
    if re.search(r" (?:N|Q:\S+) ", gist.clause.tags) or _OTHER_REASON.search(gist.words):
        return False
    scene = gist.clause.scene
    before = scene.sentence.slice(0, gist.clause.first)
    if gist.clause.first > 2:
        start, _ = scene.sentence.clause(max(0, gist.clause.first - 2))
        words = " " + " ".join(one.raw.lower() for one in scene.sentence.tokens[start : gist.clause.first]) + " "
        if _OTHER_REASON.search(words) and not _ABOUT_TYPES.search(scene.sentence.slice(start, gist.clause.first)):
            return False
    return _ABOUT_TYPES.search(before if gist.clause.first > 2 else scene.earlier) is not None


def _no_statement(gist: Gist) -> bool:
    """Whether it tells a rule, or a penalty that is named only."""
    if gist.says(
        "mismatches",
        "according",
        "generally",
        "rules",
        "further deductions",
        "other deductions",
        "no other",
        "no further",
        "a mismatch would",
        "would a",
        "whether",
    ) and not gist.says("under the rules"):
        return True
    if (
        re.match(
            r" (?:but |so |and |because |since )?(?:a|any|every|another|each) (?:(?:type|class|\w+ly) )?(?:mismatch|cluster|difference) ",
            gist.words,
        )
        and " must " not in gist.words
    ):
        return True  # `a mismatch would cost something`
    if re.match(
        r" C:(?:therefore|thus|hence|however) ",
        gist.clause.scene.sentence.slice(gist.clause.last, gist.clause.last + 1),
    ):
        return True  # `the penalty therefore does not apply`
    if gist.clause.scene.sentence.slice(gist.clause.last, gist.clause.last + 2) == " , NOT ":
        return True  # `I take something off, not for type`
    short = gist.clause.last - gist.clause.first <= 4
    named = gist.has("FINE") and not gist.has("CUT") and not gist.denies
    return named and not short and not _DUE.search(gist.words)  # `the penalty stays in the drawer`


def _reason(gist: Gist) -> str:
    """The words of a `because` clause that follows."""
    sentence, last = gist.clause.scene.sentence, gist.clause.last
    following = sentence.tokens[last : last + 9]
    told = following and following[0].raw.lower() in {"because", "since", "as", "due to", "owing"}
    return " " + " ".join(token.raw.lower() for token in following) + " " if told else ""


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
_EQUATED = re.compile(
    r" (?:job|its|requested) (?:type|class|category|label) (?:=|==|is) (?:our|my|the cluster's|cluster|own) (?:own )?(?:type|class|category|label|one) "
)
_UNEQUATED = re.compile(
    r" (?:job|its|requested) (?:type|class|category|label) (?:!=|\u2260) (?:our|my|the cluster's|cluster|own) (?:type|class|category|label|one) "
)
_THINGS_MATCHED = re.compile(r" (?:NODE|GPUS|MEMORY|FREE|N|ASKED|FINE|CUT) ")


def type_matches(scene: Scene) -> Iterator[Found]:
    """Return where the types are said to agree or to differ."""
    for gist in gists(scene):
        same, differ = (
            gist.has("SAME") or _EQUATED.search(gist.words) is not None,
            gist.has("DIFF") or _UNEQUATED.search(gist.words) is not None,
        )
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
    r" (?:present|part|available|installed|fitted|found|there|exist|exists|here|aboard|side|absent|missing|nowhere|mounted|built) "
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
        if _no_such(gist):
            fact = f"the cluster has {known.gpus} GPUs" if known.gpus else None
            yield _found(gist, "gpu_presence", "no GPUs", fact)
            continue
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


_NONE_OF_THEM = re.compile(
    r" (?:we|i|cluster|ours|machine|nodes) (?:\w+ ){0,2}?(?:have|has|had|own|owns|is|are|got|possess|offer) (?:\w+ ){0,3}?(?:none|any|without any) | none (?:is |are )?(?:here|present|installed|available|there|exists?|exist) "
    r"| (?:do|does) (?:n't|not) (?:even )?(?:have|own) (?:any|one|them) | has none | having none "
    r"| there (?:is|are) (?:n't|not|none|never) (?:any|one|a single one|to be found|in|on|here) | (?:cluster|machine|system|one) without any | (?:not|n't) (?:existing|installed|present|available) (?:here|on|in|at) "
    r"| never (?:had|owned) (?:any|one) "
)


def _no_such(gist: Gist) -> bool:
    """`We have none`, of GPUs that were spoken of right before."""
    before = gist.clause.before if gist.clause.first > 1 else gist.clause.scene.earlier
    spoken = re.findall(r" (GPUS|T:gpu|NODE|T:memory|CORE|T:storage|JOB|Q:mem)(?= )", before.replace(" PER NODE ", " "))
    wanted = re.search(
        r" (?:free|idle|needed|busy|spare|left|wanted|required|requested|request|job|asked|specification|more) ",
        gist.words,
    )
    if not spoken or spoken[-1] not in {"GPUS", "T:gpu"} or _GPU_WORDS.search(gist.words) or wanted:
        return False
    return _NONE_OF_THEM.search(gist.words) is not None and (gist.denies or gist.says("none", "without"))


_ONE_KIND = re.compile(
    r" (?:identically|alike|identical|uniform(?:ly)?|the same|interchangeable|indistinguishable) | (?:no|only one|one|a single|not a) (?:\w+ ){0,2}?(?:difference between|second kind|other kind|kind of node|node configuration|configuration|node type|sort of node) "
)
_KINDS = re.compile(
    r" (?:two|three|four|several|different|various|both|either|all) (?:\w+ ){0,2}?(?:kinds?|sorts?|classes|groups|flavou?rs|types) (?:of (?:\w+ ){0,2}?nodes? )?| nodes (?:\w+ ){0,2}?(?:differ|vary) "
)


def heterogeneity(scene: Scene) -> Iterator[Found]:
    """Return where nodes are said to be of one kind, or of several."""
    mixed = scene.known.heterogeneous
    for gist in gists(scene):
        kinds = gist.says("kinds", "kind", "sorts", "flavours", "flavors")
        if not (gist.has("NODE") or kinds) or (gist.has("JOB", "NEED", "KINDNAME", "SCORE") and not kinds):
            continue
        alike = (
            _ONE_KIND.search(gist.words) is not None
            and gist.has("NODE")
            and not gist.says("the same job", "as the", "type as", "is the same as")
        )
        several = _KINDS.search(gist.words) is not None and gist.has("NODE")
        if alike == several or gist.says("time", "type", "types", "class", "amount", "number", "memory", "gpus"):
            continue
        negated = gist.denies and not re.search(r" (?:no|not a) (?:\w+ ){0,2}?(?:difference|second|other) ", gist.words)
        says = several != negated
        fact = (
            f"the cluster has {len(scene.known.groups or ())} kinds of nodes"
            if mixed is not None and says != mixed
            else None
        )
        yield _found(gist, "heterogeneity", f"the nodes are {'mixed' if says else 'alike'}", fact)


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
