# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Types, names and penalties by the notions that meet in a clause, whatever their order: read where no rule has read.

The rules of `type_rules` and `relations` know how such things are usually put. Here a clause that names a type, one that
compares types, one that speaks of a penalty is judged by what stands in it and by its negations, if it has one reading only.
"""

import re
from collections.abc import Iterator

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims.clauses import Clause, clauses
from quorate.market.claims.rules import Found, Scene, match_fact, match_wrong, type_fact
from quorate.market.claims.types import allowed, own_fact, types_of
from quorate.market.claims.values import ClaimKind

_GAP = r"(?:\S+ ){0,3}?"
_KIND = r"(?:TYPEN|kind|sort|class|category) "
_OWNED = r"(?:MY |THIS |THE |SELFID |I )"
OWN = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?:I|SELFID|MY CLUSTER|THIS CLUSTER|THE CLUSTER|CLUSTER) (?:BE )?(?:also|too|likewise|BE|typed|TYPEN|declared|registered|listed|P:of|P:by TYPEN|by TYPEN|classified) (?:P:as |TYPEN )?(?P<t>T:[\w~]+) (?:TYPEN )?$",
        r" (?:I|SELFID|CLUSTER) (?:BE |HAVE BE )(?:registered|listed|filed|classified|recorded|entered|booked|kept|carried) (?:P:as |LESS |P:under |P:with |IN )(?:A |THE )?(?:TYPEN |heading |label )?(?P<t>T:[\w~]+) ",
        r" CLUSTER P:of (?:THE |A )?(?:TYPEN )?(?P<t>T:[\w~]+) (?:TYPEN|kind|sort|class|category) ",
        r" (?P<t>T:[\w~]+) BE (?:MY|THE|THIS) (?:CLUSTER )?(?:'S )?(?:CLUSTER )?TYPEN ",
        r" (?P<t>T:[\w~]+) BE what (?:I|SELFID|THIS CLUSTER|MY CLUSTER) BE $",
        r" (?:MY|THIS|THE) CLUSTER (?:'S )?TYPEN (?:here |P:on record |itself )?(?:BE|:|=) (?:A )?(?P<t>T:[\w~]+) $",
        r" P:by TYPEN (?:, )?(?:I|SELFID|THIS CLUSTER) BE (?:A )?(?P<t>T:[\w~]+) ",
        r" (?:I|we) (?:manage|RUN|operate|represent|administer|HAVE|speak P:for|BE) A (?:[a-z]\S* |N NODE ){0,2}(?P<t>T:(?!hpc)[\w~]+) (?:TYPEN |SPECV )?CLUSTER ",
        r" (?:I|SELFID) (?:BE )?also (?P<t>T:[\w~]+) TYPEN ",
        r" (?:I|SELFID|CLUSTER) BE declared (?P<t>T:[\w~]+) ",
    )
)  # fmt: skip
SPECIAL = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?P<t>T:[\w~]+) (?:JOBS |ARCH |INT |[a-z]\S* ){0,2}(?:WH |that )?(?:what )?(?:I|SELFID|THIS CLUSTER|MY CLUSTER) BE SPECV ",
        r" (?P<t>T:[\w~]+) (?:JOBS |INT |[a-z]\S* ){0,2}(?:BE )?what (?:I|SELFID|THIS CLUSTER|MY CLUSTER) (?:BE )?(?:SPECV|configured|set up|made) ",
        r" (?P<t>T:[\w~]+) (?:JOBS |INT )?BE (?:THE )?(?:MY |[a-z]\S* ){1,2}SPECN ",
        r" (?P<t>T:[\w~]+) (?:JOBS |INT |TYPEN |work ){0,3}(?:HAVE )?(?:[a-z]\S* )?BE (?:[a-z]\S* )?MY (?:ARCH |[a-z]\S* ){0,2}(?:SPECN|priority|strength|calling|mission) ",
        r" (?:I|SELFID|CLUSTER) (?:BE |HAVE BE )(?:kept|reserved|bought|BUSY|there|here|operated|acquired|procured|set up|configured|planned|laid out) P:for (?P<t>T:[\w~]+) (?:JOBS |JOB |INT |work |first |above |[,.;)]|$)",
        r" MY (?:cent(?:er|re) P:of gravity|heart|passion|core business) (?:BE|lies|sits|rests) (?:IN |P:on |P:with )?(?P<t>T:[\w~]+) (?!HW)",
        r" MY (?:[a-z]\S* )?(?:SPECN|strength|strengths|ARCH) (?:BE|lies|sits|rests) (?:IN |P:on |P:with )?(?P<t>T:[\w~]+) (?!HW)",
        r" (?:I|SELFID|MY CLUSTER|THIS CLUSTER) (?:[a-z]\S* )?(?:serve|serves|SPECV|focus|cater|BE SPECV|BE configured|BE made) (?:P:for |P:on |IN |P:to |P:with )?(?P<t>T:[\w~]+) (?:JOBS |INT |work )",
    )
)  # fmt: skip
JOB = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?:JOB|IT|WH) (?:BE |HAVE been |HAVE BE )?(?:submitted|tagged|typed|TYPEN|labeled|labelled|marked|declared|filed|registered|classified|categorised|categorized|listed|entered) (?:P:as |P:with |P:under |P:of )?(?:A |THE )?(?:TYPEN )?(?P<t>T:[\w~]+) ",
        r" (?:JOB|IT|WH) REQ (?:P:for )?A (?:CLUSTER|one|machine) P:of (?:TYPEN )?(?P<t>T:[\w~]+) ",
        r" JOB BE (?:A |purely |clearly |plainly )?(?P<t>T:[\w~]+) (?:work|task|business|JOBS) ",
        r" (?P<t>T:[\w~]+) BE (?:what |THE TYPEN )(?:WH )?(?:THE |THIS )?JOB (?:declares|REQ|states|says|BE|carries|HAVE) ",
        r" (?P<t>T:(?!hpc)[\w~]+) JOB P:on A (?P<own>T:(?!hpc)[\w~]+) CLUSTER ",
        r" JOB TYPEN (?:BE |: |= )(?P<t>T:[\w~]+) $",
    )
)  # fmt: skip


def _mention(clause: Clause, match: re.Match[str]) -> tuple[str, ...]:
    return types_of(match["t"] + " ")


def _typed(clause: Clause, patterns: tuple[re.Pattern[str], ...]) -> tuple[str, ...]:
    """Return the type that a clause names by one of the patterns, if it names no other."""
    presumed = patterns is SPECIAL and SPECIAL[0].search(clause.tags)
    if not clause.stated or (clause.denies and not presumed):
        return ()
    match = next((found for pattern in patterns if (found := pattern.search(clause.tags))), None)
    if match is None:
        return ()
    return _mention(clause, match)


def _found(clause: Clause, kind: ClaimKind, says: str, fact: str | None) -> Found:
    return Found(kind, says, clause.first, clause.last, fact)


def own_types(scene: Scene) -> Iterator[Found]:
    """Return what the cluster is said to be, or to be made for, in a clause that names one type."""
    known = scene.known
    tables: tuple[tuple[ClaimKind, tuple[re.Pattern[str], ...]], ...] = (("own_type", OWN), ("specialisation", SPECIAL))
    for clause in clauses(scene):
        for kind, patterns in tables:
            mentions = _typed(clause, patterns)
            if mentions and not (clause.tags.count(" JOB ") and kind == "own_type" and " BE what " not in clause.tags):
                wrong = known.type is not None and known.type not in allowed(mentions)
                yield _found(
                    clause, kind, f"{kind.replace('_', ' ')} {mentions[0]}", own_fact(known) if wrong else None
                )


def job_types(scene: Scene) -> Iterator[Found]:
    """Return what the job is said to be in a clause that names one type."""
    for clause in clauses(scene):
        mentions = _typed(clause, JOB)
        if mentions and mentions[0] in CLUSTER_TYPES:
            yield _found(clause, "job_type", f"job type is {mentions[0]}", type_fact(scene.known, mentions[0]))


_ABOUT_TYPES = re.compile(r" (?:TYPEN|SPECN) | what (?:I|SELFID) BE SPECV | WH I BE SPECV ")
_SAYS_SAME = re.compile(
    r" (?:MATCHV|SAME|share|shares|shared|equal|equals|precisely|exactly|THE one|EQ|BE MINE|BE NOT MINE) | TYPEN (?:criterion|REQ|condition|check|test) (?:BE )?(?:[a-z]\S* )?(?:RUN|fulfilled|satisfied|met|passed|holds) "
)
_SAYS_OTHER = re.compile(r" (?:DIFF|MIS|P:than|wrong|differs|clash|clashes|unequal|apart|foreign) ")
_BOTH_SIDES = re.compile(r" (?:MY|MINE|I|SELFID|CLUSTER|own|WH I|THIS) ")
_JOB_SIDE = re.compile(r" (?:JOB|REQ|IT|THEY|they|two|both|BOTH|TYPEN AND|requested) ")
_OTHER_TYPES = re.compile(r" (?:GPUS|NODE|NET:\S+|network|storage TYPEN|CPU|HW|FREE|memory TYPEN|PENALTY) ")


def type_matches(scene: Scene) -> Iterator[Found]:
    """Return where a clause sets the job's type against the cluster's, in whatever words."""
    for clause in clauses(scene):
        tags = clause.tags
        if not _ABOUT_TYPES.search(tags) or not clause.stated or _OTHER_TYPES.search(tags) or " PARTLY " in tags:
            continue
        if re.search(
            r" TYPEN (?:wise|P:wise) (?:, )?I BE (?:NOT )?(?:MATCHV|SAME) | P:by TYPEN I BE (?:NOT )?(?:MATCHV|SAME) ",
            tags,
        ):
            yield _matched(clause, not clause.denies)
            continue
        if not (_BOTH_SIDES.search(tags) and _JOB_SIDE.search(tags)) and not re.search(
            r" (?:TYPEN) (?:criterion|REQ|check|test) ", tags
        ):
            continue
        same, other = _SAYS_SAME.search(tags) is not None, _SAYS_OTHER.search(tags) is not None
        another = " another " in clause.words and " than " in clause.words
        if same == (other or another) or len(types_of(tags)) > 1:
            continue
        yield _matched(clause, same != clause.denies)


def _matched(clause: Clause, says: bool) -> Found:
    shown = f"the types {'match' if says else 'do not match'}"
    return _found(clause, "type_match", shown, match_wrong(clause.scene.known, says))


_SET_ASIDE = re.compile(
    r" PENALTY (?:CAN |will |HEDGE |BE |[a-z]\S* ){0,3}(?:set aside|put aside|left aside|set FREE|ignored|neglected|forgotten|disregarded|shelved) "
)
_NONE_DUE = re.compile(
    r" NO (?:BE |[a-z]\S* ){0,2}(?:due|applies|applied|applicable|incurred|warranted|REQ|necessary|charged|arises|follows|there) "
)
_CHARGED = re.compile(
    r" (?:deducts|deducted|deduct|costs|cost|subtracts|punished|penalised|penalized|docked|reduces|lowers|lowered|reduced|discounted|DEDUCT|PENALTY|marked down) "
)


_RULE_DEDUCTS = re.compile(
    r" MIS RULE (?:C:\S+ |NOT |do |[a-z]\S* ){0,3}(?:deducts|deduct|DEDUCT|costs|takes|applies|bites) "
)


def penalties(scene: Scene) -> Iterator[Found]:
    """Return where a penalty is said to be due, or not, in a clause that no rule reads."""
    spoken = " PENALTY " in scene.sentence.tags
    if (match := _RULE_DEDUCTS.search(scene.sentence.tags)) and " IF " not in scene.sentence.tags:
        first, last = scene.sentence.covered(match)
        yield _penalty(Clause(scene, first, last), " NOT " not in match.group())
    for clause in clauses(scene):
        if " IF " in clause.before or re.search(r" (?:IF|OTHER|OTHERID|CLUSTERS|any MIS) ", clause.tags):
            continue
        if _none_due(clause, spoken) or _spared(clause, scene.sentence.tags):
            yield _penalty(clause, False)
        elif _charges(clause):
            yield _penalty(clause, not clause.denies)


_NO_CUT = re.compile(r" (?:no|without) (?:\w+ ){0,2}(?:reduction|discount|malus|subtraction|markdown) ")


def _none_due(clause: Clause, spoken: bool) -> bool:
    """Whether a penalty spoken of before is said not to be due, or one spoken of here is set aside."""
    if spoken and " PENALTY " not in clause.tags and " PENALTY " in clause.before and _NONE_DUE.search(clause.tags):
        return True
    return _SET_ASIDE.search(clause.tags) is not None and not clause.denies and " IF " not in clause.tags


def _spared(clause: Clause, tags: str) -> bool:
    """Whether a reduction is denied where types are spoken of."""
    typed = re.search(r" (?:TYPEN|MIS) | T:\S+ (?:\S+ ){1,12}?T:\S+ ", tags) is not None
    return typed and clause.stated and _NO_CUT.search(clause.words) is not None


def _charges(clause: Clause) -> bool:
    """Whether it says what this mismatch costs, not what mismatches cost."""
    tags, words = clause.tags, clause.words
    if " HEDGE " in tags or " MIS " not in tags or not _CHARGED.search(words + tags):
        return False
    return not re.search(r" (?:A|generally|always) MIS ", tags) and (" RULE " not in tags or " deducts " in words)


def _penalty(clause: Clause, applies: bool) -> Found:
    match = clause.scene.known.match
    says = "a mismatch penalty applies" if applies else "no mismatch penalty applies"
    fact = match_fact(clause.scene.known) if match is not None and match == applies else None
    return _found(clause, "penalty_rule", says, fact)


_MANAGES = (
    r"(?:manage|manages|managing|managed|represent|represents|representing|speak|speaking|operate|operating|administer|"
    r"administering|run|running|bid|bidding|behalf|agent|representative|answer|answering|own|act|acting|stand|responsible)"
)
NAMED = (
    re.compile(r"(?P<id> OTHERID ) ?(?:, )?(?:P:for |on behalf P:of )?(?:WH |that )?(?:P:for WH )?I (?:BE )?(?:manage|RUN|represent|speak|operate|administer|HAVE|managing|responsible|act|answer) "),
    re.compile(r"(?P<id> OTHERID )BE (?:THE |MY )?(?:CLUSTER |one |name |id )?(?:WH |that )?(?:I|MY) "),
    re.compile(r"^(?P<id> OTHERID )(?:bid|bids|offer|offers|answer|here|reporting|speaking|verdict|evaluation|CLUSTER)? ?(?:: |bid $|bids )"),
    re.compile(r"^(?P<id> OTHERID )bids? "),
    re.compile(r" P:as (?:THE |AN |A )?(?P<id>OTHERID )(?:'S )?(?:CLUSTER |agent |[a-z]\S* ){0,2}(?:, I |I |, MY )"),
    re.compile(r"(?P<id> OTHERID ), (?:MY|THE) (?:own )?CLUSTER (?:,|HAVE|BE)"),
    re.compile(r"(?:^|[;,.] )(?P<id> ?OTHERID )N NODE (?=[;,.]|$)"),
)  # fmt: skip


def identities(scene: Scene) -> Iterator[Found]:
    """Return where another cluster's name stands for one's own."""
    tags = scene.sentence.tags
    if " IF " in tags or " HEDGE " in tags or re.search(r" (?:P:unlike|P:like|P:than|OTHER) ", tags):
        return
    for pattern in NAMED:
        match = pattern.search(tags)
        if match is not None:
            index = scene.sentence.index(match.start("id") + (1 if match["id"].startswith(" ") else 0))
            fact = f"the bidding cluster is {scene.known.cluster}" if scene.known.cluster else None
            yield Found("identity", f"I am {scene.sentence.tokens[index].raw}", index, index + 1, fact)
            return
