# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Claims that relate the job's type with the cluster's, and what rule is said to follow."""

import re
from collections.abc import Iterator

from quorate.market.claims.lexer import Sentence
from quorate.market.claims.rules import Found, Scene, match_fact, match_wrong, matches, rx

_BOTH = r"(?:TYPEN|SPECN)"
_OWN = (
    r"(?:(?:MY|THIS CLUSTER 'S|THE CLUSTER 'S|CLUSTER 'S|SELFID 'S|own|MY own|MY CLUSTER 'S) (?:<w>|CLUSTER |TOTAL ){0,2}?"
    r"(?:<T>(?:INT |SPECV |JOBS ){0,2})?(?:CLUSTER )?"
    + _BOTH
    + r" |MINE |(?:THE |THIS |MY )?CLUSTER (?:'S )?TYPEN |TYPEN P:of (?:(?:MY|THIS|THE) CLUSTER|SELFID) "
    r"|(?:the |THE )?(?:SPECN|TYPEN) P:of (?:MY|THIS|THE) CLUSTER |<T>(?:CLUSTER )?TYPEN (?=P:of MY))"
)
_ITS = r"(?:(?:THE |THIS )?JOB (?:'S )?(?:REQ |<w>|CLUSTER ){0,3}?(?:TYPEN )?|ITS (?:REQ |<w>)?(?:CLUSTER )?TYPEN |IT |WH |this |THIS |that |TYPEN |REQ (?:CLUSTER )?TYPEN )"
_MID = r"(?:[a-z(),'\"][^ ]* |BE |A |THE |T:[\w~]+ |P:for |P:to |P:with |P:of |IN |TYPEN |JOB |JOBS |REQ |'S |AND |= |THIS |CLUSTER |WH |HIGH |TOTAL |HEDGE |HAVE |SPECV |INT |ONLY |do |SAME |FITV |PARTLY |NOT |NO ){0,9}?"

DENIED: tuple[re.Pattern[str], ...] = (
    rx(r"(?:TYPEN|SPECN) (?:CLUSTER |JOB )?MIS "),
    rx(
        r"MIS (?:<w>|BE |IN |P:between |P:of |P:with |P:from |P:to |THE |MY |A |JOB |'S |CLUSTER |ITS |REQ |T:[\w~]+ ){0,8}?(?:TYPEN|SPECN) "
    ),
    rx(
        r"(?:TYPEN|SPECN|MINE) (?:P:of <SELF>|<w>|AND |MY |BE |JOB |'S |THE |CLUSTER |T:[\w~]+ |\( |\) ){0,6}?(?:DIFF|MIS) (?!cluster|JOB|TYPEN P:of)"
    ),
    rx(r"(?:DIFF) (?:P:from |P:with |P:to |than |P:than |of |P:of |THE |SCOPE |scope |area ){0,4}?" + _OWN),
    rx(r"(?:THE |DIFF )DIFF (?:IN |CLUSTER |JOB )?TYPEN "),
    rx(r"DIFF (?:CLUSTER |JOB )?TYPEN P:than MY "),
    rx(r"DIFF (?:kind|sort) (?:P:of CLUSTER |P:of SPECN |P:of ARCH )"),
    rx(r"(?:wrong|incorrect|DIFF) (?:kind P:of |CLUSTER |T:[\w~]+ )?(?:CLUSTER )?TYPEN "),
    rx(
        r"JOB [^.;]{0,60}?T:[\w~]+ [^.;]{0,30}?(?<= )(?:WH |C:but |AND |, |C:while )I BE (?P<not>NOT )(?:A |one )?(?=[.,;)])"
    ),
    rx(
        r"T:[\w~]+ (?:JOB |JOBS |work )?(?:, )?(?:AND|C:while|C:but|C:whereas) (?:I|SELFID) BE (?:[a-z]\S* )?(?:something|somewhat) else "
    ),
    rx(r"TYPEN (?:conflict|clash|difference|gap|conflicts) "),
    rx(r"BE (?P<not>NOT )(?:<w>|FITV |IN |within |LESS |area |ONLY |P:of ){0,3}?MY (?:<w>){0,2}?(?:SPECN|TYPEN) "),
    rx(
        r"(?:JOB|IT|WH) (?:\S+ ){0,3}?(?P<not>NOT )(?:<w>)?(?:FITV|fall) (?:LESS |IN |P:within |P:under |P:into |<w>){0,2}?"
        + _OWN
    ),
    rx(r"MIS (?:P:with |P:to |P:between |P:from )(?:<w>|THE |MY |JOB |'S |AND )*?" + _OWN),
    rx(r"(?P<bare>(?:A|NO|BE|<w>|->|:|,) MIS )(?:[.,;)]|exists|BE|C:\S+|AND|so|$)"),
    rx(r"TYPEN BE (?P<not>NOT )(?:THE |ITS )?(?:JOB 'S (?:REQ |<w>)?|REQ )TYPEN "),
    rx(r"(?:THE|THIS) MIS (?:[,.;)]|BE |PENALTY |HEDGE )"),
    rx(r"TYPEN (?:P:does )?do (?P<not>NOT )(?:SAME|coincide) "),
    rx(r"BE (?P<not>NOT )(?:P:of )?(?:THE )?SAME (?:CLUSTER |JOB )?TYPEN "),
    rx(r"TYPEN BE (?:[a-z]\S* )?(?:something else|somewhat else|A DIFF one|A one|A (?=[.,;)]|$))"),
)
"""The types are said to differ."""

AGREED: tuple[re.Pattern[str], ...] = (
    # a type match; the types match; type match: yes
    rx(
        r"(?:TYPEN|SPECN) (?:P:of \S+ )?(?:do |did |does |BE |NOT |NO |<w>|AND |MY |JOB |'S |CLUSTER |THE |T:[\w~]+ |\( |\) |= |P:of ){0,8}?(?:MATCHV|SAME) "
        r"(?!P:for |P:with (?:ITS|THE|MY) (?:HW|ARCH|FREE)|(?:MY |JOB |THE |ITS |'S |<w>){0,4}?(?:HW|ARCH|FREE|REQ JOB|capacity|resources) )"
    ),
    rx(r"MATCHV (?:<w>|IN |P:of |P:with |P:between |THE |A |ITS |JOB |'S |REQ |AND |CLUSTER |T:[\w~]+ ){0,7}?TYPEN "),
    rx(r"MY TYPEN (?:, T:[\w~]+ , )?BE (?:<w>)?(?:NOT )?(?:THE )?one (?:WH )?(?:BE |HAVE BE )?(?:JOB |IT )?REQ "),
    rx(r"(?:OTHER|THESE|BOTH|THE two) (?:<w>)?TYPEN (?:do |<w>)?(?:NOT )?(?:MATCHV) (?=[.,;)!]|AND|C:|$)"),
    rx(r"TYPEN REQ (?:<w>)?(?:BE |NOT |HAVE )*(?:<w>)?RUN "),
    rx(
        r"(?:I|SELFID|CLUSTER) (?:do )?(?:NOT )?(?:FITV|MATCHV|RUN|answer|answers) (?:to )?(?:WH |THIS |THE |JOB 'S |ITS |REQ )+(?:declaration|tag|TYPEN) "
    ),
    rx(r"RUN (?:THE |ITS |JOB 'S )*(?:CLUSTER )?TYPEN REQ "),
    rx(
        r"(?:<SELF>)(?:BE |HAVE )(?:P:of |NOT ){0,2}(?:THE |A )(?:<w>|REQ ){0,1}?(?:right|correct|REQ|exact|ideal) (?:<w>)?(?:CLUSTER )?TYPEN "
    ),
    rx(r"JOB BE (?:A )?T:[\w~]+ (?:JOB )?(?:, )?(?:AND )?(?:C:so|so|P:as) BE <SELF>"),
    rx(r"JOB BE (?:A )?T:[\w~]+ (?:JOB )?(?:, )?(?:<w>)?P:like (?:I|MINE|THIS CLUSTER|MY CLUSTER) "),
    rx(r"T:[\w~]+ (?:JOB |CLUSTER |TYPEN )?(?:, )?(?:<w>|WH |BE ){0,3}?what <SELF>BE "),
    rx(r"(?:share|shares|sharing|HAVE) (?:A |THE |ONE )?(?:<w>|SAME ){0,1}?TYPEN (?=[.,;)]|AND|P:with)"),
    rx(r"SAME (?:<w>)?(?:kind|sort|flavor|flavour) "),
    rx(r"(?:SAME) (?:<w>)?(?:CLUSTER |JOB )?(?:TYPEN|SPECN) "),
    # the job matches my specialisation
    rx(
        r"(?:MATCHV|FITV) (?:<w>|P:with |P:to |P:within |LESS |IN |P:under |P:into |P:for |THE |scope |P:of |WH |BE |A |AND |ONLY |FITV |area ){0,5}?"
        + _OWN
    ),
    rx(r"(?P<noun>MATCHV )(?:P:for |P:to |P:with )(?:<w>)?" + _OWN),
    rx(_OWN + r"BE (?:A |THE |<w>){0,2}?(?:perfect|exact|direct|ideal|full|precise) MATCHV "),
    rx(
        r"(?:->|:|=|,|so|C:so|C:thus|C:therefore|\u2014|\u2192) (?P<verdict>(?:<w>|A |NO |NOT |BE |I |HAVE |it |IT ){0,4}?MATCHV )(?=[,.;)}!]|$|P:with|AND|C:)"
    ),
    rx(r"(?:JOB|IT|WH|this|THIS|TYPEN) BE (?:<w>){0,2}?what (?:<SELF>)(?:BE |<w>){0,2}?SPECV "),
    rx(r"P:same_as (?:P:of )?" + _OWN),
    rx(r"TYPEN (?:BE|:|=) (?:<w>|THE |NOT ){0,2}?(?:P:same_as|SAME) "),
    rx(
        r"(?:JOB|IT|WH|TYPEN) BE (?:<w>|NOT ){0,2}?MY (?:<w>|CLUSTER ){0,1}?TYPEN (?=[.,;)]|AND|C:|P:as|as|too|also|so|$)"
    ),
    rx(_OWN + r"(?:<w>)?FITV (?:THE )?JOB 'S (?:REQ )?TYPEN "),
    rx(_OWN + r"BE (?:<w>){0,2}?what (?:THE |THIS )JOB "),
    rx(_OWN + r"BE (?:<w>|THE |NOT ){0,2}?(?:one|what|TYPEN) (?:WH |that )?(?:THE |THIS )?(?:IT|JOB|I) REQ "),
    rx(r"(?P<short>(?:they|BOTH|AND|THESE) (?:<w>)?(?:NOT )?(?:MATCHV|SAME) )(?=[.,;!])"),
    # my specialisation matches the job
    rx(
        _OWN
        + r"(?:<w>|BE |do |HEDGE |NOT |NO |, |T:[\w~]+ |\( |\) |AND |: |P:of |P:for |JOBS |PARTLY ){0,6}?(?:MATCHV) (?:<w>|P:with |P:to ){0,3}?(?:ITS |THE |THIS |WH |that |what )"
    ),
    # the job is within my specialisation; this is my specialisation
    rx(
        r"(?:JOB|IT|WH|this|THIS|TYPEN) BE (?:<w>){0,2}?(?:LESS |IN |P:within |squarely )?(?:<w>){0,2}?MY (?:<w>){0,2}?(?:SPECN) "
    ),
    rx(r"BE P:of (?:MY|THE SAME) (?:<w>|own ){0,1}?(?:CLUSTER )?TYPEN "),
    rx(r"(?:P:as|P:within|IN) (?:<w>)?MY (?:<w>){0,2}?SPECN (?P<plain>[,.] )"),
)
"""The types are said to agree, unless a negation or a half-word stands with it."""

_ANSWER = rx(
    r"TYPEN (?:MATCHV|SAME) (?:[:=(?]|BE|\u2014|\u2013|-) (?P<yes>TRUE|exact|perfect|full|FALSE|NOT|NO|NO TYPEN|none|partial|PARTLY) "
)
_MISANSWER = rx(r"(?:TYPEN )?MIS (?:[:=(?]|BE|\u2014|\u2013|-) (?P<yes>TRUE|FALSE|NOT|NO|none) ")
_VAGUE = re.compile(
    r" (?:PARTLY|IF|HEDGE|any|degree|RULE|NOT (?:perfectly|entirely|fully|completely|exactly|quite|necessarily)) "
)
_ASKED = re.compile(r" (?:verify|check|confirm|determine|assess|tell|established|establish|judge|depends) ")
_COUNT_NOT = re.compile(r" (?:NOT|NO|CANNOT|AVOID|neither|nor|fails|fail|FALSE) ")


def _polarity(sentence: Sentence, first: int, last: int) -> bool | None:
    """Yes or no by the negations of the clause up to the match's end; None for `partly`, `if` and their kind."""
    start, _ = sentence.clause(first)
    _, end = sentence.clause(max(first, last - 1))
    tags = sentence.slice(start, last)
    if _VAGUE.search(sentence.slice(start, min(end, last + 1))) or _ASKED.search(sentence.slice(start, last)):
        return None
    tags = re.sub(r" NOT (?:<w>)?ONLY ", " ", tags)
    tags = re.sub(r" (?:NO|NOT) (?:GPUS|T:gpu|FREE|problem|issue|PENALTY|doubt) ", " ", tags)
    return len(_COUNT_NOT.findall(tags.replace(" ", "  "))) % 2 == 0


def _claim(scene: Scene, says: bool, first: int, last: int) -> Found:
    fact = match_wrong(scene.known, says)
    return Found("type_match", f"the types {'match' if says else 'do not match'}", first, last, fact)


def type_matches(scene: Scene) -> Iterator[Found]:
    """Return where the job's type and the cluster's are said to match or not."""
    sentence = scene.sentence
    answered = [*_answers(scene)]
    if answered:
        yield from answered
        return
    yield from _denied(scene)
    if " MIS " not in sentence.tags and " DIFF " not in sentence.tags:
        yield from _agreed(scene)


def _denied(scene: Scene) -> Iterator[Found]:
    sentence = scene.sentence
    for match, first, last in matches(sentence, DENIED):
        polarity = _polarity(sentence, first, last)
        if polarity is None or _about_penalty(sentence, first) or _of_others(sentence, first):
            continue
        groups = match.groupdict()
        special = bool(groups.get("not")) and _follows_type(sentence, first) and " MY " in match.group()
        if not special and (groups.get("bare") is None or _two_types(sentence)):
            yield _claim(scene, polarity if groups.get("not") else not polarity, first, last)


def _agreed(scene: Scene) -> Iterator[Found]:
    sentence = scene.sentence
    for match, first, last in matches(sentence, AGREED):
        polarity = _polarity(sentence, first, last)
        if polarity is not None and re.match(
            r" (?:BE )?(?:what BE )?(?:NO|absent|lacking) ", sentence.slice(last, last + 3)
        ):
            polarity = not polarity
        if (
            polarity is not None
            and not _of_others(sentence, first)
            and not _of_something_else(sentence, match, first, last)
        ):
            yield _claim(scene, polarity, first, last)


def _follows_type(sentence: Sentence, first: int) -> bool:
    return first > 0 and sentence.tokens[first - 1].tag.startswith("T:")


_HARDWARE = re.compile(r" AND (?:\S+ ){0,3}?(?:capacity|resources|HW|ARCH|NODE|GPUS|FREE|network|fabric) ")


def _of_something_else(sentence: Sentence, match: re.Match[str], first: int, last: int) -> bool:
    """Whether what agrees is not the types: hardware, a criterion that is named, a short answer to something else."""
    groups = match.groupdict()
    start, end = sentence.clause(first)
    if match.group().startswith("WH BE ") and " T:" in sentence.slice(first - 4, first):
        return True  # `storage work, which is our trade` speaks of that work
    if " what " in match.group() and len(set(re.findall(r" (T:[\w~]+)(?= )", sentence.tags))) > 1:
        return True
    if "NODE" in sentence.slice(start, end).split() and "TYPEN" not in sentence.slice(start, end).split():
        return True
    if _HARDWARE.search(sentence.slice(first, last)) or _bare_noun(sentence, first, last):
        return True
    if groups.get("plain") and _follows_type(sentence, first):
        return True
    if groups.get("short") and len(sentence.tokens) > 7:
        return True
    return bool(groups.get("verdict")) and not _two_types(sentence)


def _answers(scene: Scene) -> Iterator[Found]:
    for pattern, straight in ((_ANSWER, True), (_MISANSWER, False)):
        for match in scene.sentence.find(pattern):
            first, last = scene.sentence.covered(match)
            if match["yes"] not in {"partial", "PARTLY"}:
                yes = match["yes"] in {"TRUE", "exact", "perfect", "full"}
                yield _claim(scene, yes == straight, first, last)


def _of_others(sentence: Sentence, first: int) -> bool:
    start, end = sentence.clause(first)
    return re.search(r" (?:OTHER(?! TYPEN)|OTHERID) ", sentence.slice(start, end)) is not None


def _bare_noun(sentence: Sentence, first: int, last: int) -> bool:
    """`I weighed type match and load` names a criterion; `an exact type match` and `Type match.` are statements."""
    if (
        last - first != 2
        or sentence.tokens[last - 1].raw.lower() != "match"
        or sentence.tokens[first].raw.lower() != "type"
    ):
        return False
    before, after = sentence.slice(first - 2, first), sentence.slice(last, last + 1)
    stated = re.search(
        r" (?:A|THE|THIS|NO|NOT|P:due_to|P:given|P:with|exact|perfect|direct|full|strong|good|clear|HAVE|BE|MY) $",
        before,
    )
    return stated is None and not (first == 0 and after.strip() in {"", ".", "!", ",", ";"})


def _two_types(sentence: Sentence) -> bool:
    """Whether a bare `match` or `mismatch` can only be one of types: the sentence names types, and nothing else to match."""
    named = re.findall(r" (?:TYPEN|SPECN)(?= )", sentence.tags)
    mentions = re.findall(r" T:\w+ (?=[,.;)=]|AND|JOB|CLUSTER|TYPEN|SPECN|C:|P:|->|BE)", sentence.tags)
    things = re.search(r" (?:NODE|GPUS|CORE|T:memory|Q:mem|STO|P:between (?:THE )?(?:GPUS|T:)) ", sentence.tags)
    return bool(named) or len(mentions) > 1 or (" MIS " in sentence.tags and things is None)


def _about_penalty(sentence: Sentence, first: int) -> bool:
    """`no penalty for a mismatch` denies a penalty, `a mismatch penalty applies` is judged as a penalty."""
    start, end = sentence.clause(first)
    return re.search(r" PENALTY ", sentence.slice(start, end)) is not None


_CONTEXT = re.compile(r" (?:TYPEN|MIS|MATCHV|SPECN|SPECV|DIFF|SAME|T:[\w~]+ (?:CLUSTER|JOB)) ")
_GENERAL = re.compile(
    r" (?:IF|RULE|HEDGE|any (?:CLUSTER|MIS)|each|PER|CLUSTERS|OTHER|OTHERID|generally|typically|normally) | (?:A MIS (?!PENALTY)|A TYPEN MIS (?!PENALTY))"
)
_FREE_OF = re.compile(
    r" (?:(?:NO|NOT|AVOID|n't)(?: (?!AND )\S+){0,5}? PENALTY |PENALTY (?:BE |do |does |HEDGE |[:=(] |[a-z]\S* |HAVE ){0,3}?(?:NOT|NO|FALSE|none|AVOID) |FREE I (?:\S+ ){0,3}?PENALTY |PENALTY FREE |PENALTY (?:\S+ ){1,5}?[:=(] (?:NO|NOT|FALSE|none) |PENALTY (?:\S+ ){1,9}?(?:do |BE |CAN |HEDGE )?(?:NOT|CANNOT) (?:BE |[a-z]\S* )?(?:apply|applied|here|there|present|relevant|needed|on the table|incurred|REQ|RUN|applicable|due|warranted|necessary|imposed|charged|given|added|subtracted|deducted) )"
)


def penalties(scene: Scene) -> Iterator[Found]:
    """Return where a penalty for a type mismatch is said to apply, or to be spared."""
    sentence = scene.sentence
    for index, token in enumerate(sentence.tokens):
        if token.tag not in {"PENALTY", "DEDUCT"} or " IF " in sentence.slice(0, index):
            continue
        start, end = sentence.clause(index)
        if end < len(sentence.tokens) and sentence.tokens[end].tag in {":", "("}:
            _, end = sentence.clause(end)
        start = _joined(sentence, start, index)
        near = sentence.slice(start, end)
        wide = sentence.slice(0, len(sentence.tokens))
        if token.tag == "DEDUCT":
            if re.search(r" (?:TYPEN|MIS|SPECN) ", wide) and not _GENERAL.search(near):
                spared = (
                    re.search(r" (?:NO|NOT|nothing|AVOID|NEED NOT|neither) ", sentence.slice(start, index)) is not None
                )
                yield _penalty(scene, not spared, start, end)
            continue
        plain = re.sub(r" RULE (?=.* (?:NOT|NO) )", " ", near) if " IF " not in wide else near
        plain = plain.replace(" A MIS ", " THE MIS ") if _I_CHARGE.search(near) else plain
        if (
            _GENERAL.search(plain)
            or _plural(sentence, start, end)
            or _untold(sentence, index, near)
            or _other_reason(near)
        ):
            continue
        spared = _FREE_OF.search(near) is not None or _zero(sentence, index) or _stays_out(sentence, index)
        spared = spared and _NOT_WITHOUT.search(sentence.text.lower()) is None
        yield _penalty(scene, not spared, start, end)


def _joined(sentence: Sentence, start: int, index: int) -> int:
    """Where the words of a penalty begin: after an `and` with a new subject, `the types do not match and the penalty is due`."""
    tokens = sentence.tokens
    subjects = {"THE", "MIS", "PENALTY", "THIS", "I"}
    cuts = (at + 1 for at in range(start + 1, index) if tokens[at].tag == "AND" and tokens[at + 1].tag in subjects)
    return max(cuts, default=start)


_I_CHARGE = re.compile(
    r" I (?:HAVE P:to |must |therefore |BE |CANNOT |NOT |[a-z]\S* ){0,3}(?:charge|charging|apply|applying|DEDUCT|book|accept|subtract|impose|price|include|levy) (?:\S+ ){0,4}PENALTY "
)
"""`I charge the penalty for a mismatch` is done, not told."""
_NOT_WITHOUT = re.compile(r"(?:not|n't|n\u2019t|cannot|never) (?:\w+ ){0,4}?without (?:\w+ ){0,4}?penalt")
"""`it cannot run without a penalty` spares nobody."""
_OUT = re.compile(
    r" PENALTY (?:[a-z]\S* |RULE )?(?:stays|stay|rests|rest|sleeps|BE|is) (?:[a-z]\S* )?(?:out|closed|away|silent|dormant|shut|FREE|moot|irrelevant|aside|asleep|absent|off|untouched|inactive|home|at home|AVOID) "
    r"| PENALTY (?:CAN |will |HEDGE |BE |[a-z]\S* ){0,3}(?:set aside|put aside|left aside|ignored|neglected|forgotten|disregarded|shelved) "
)


def _stays_out(sentence: Sentence, index: int) -> bool:
    """`The penalty stays out of it`, `the penalty clause rests`."""
    return _OUT.search(sentence.slice(index, index + 7)) is not None


def _untold(sentence: Sentence, index: int, near: str) -> bool:
    return not _typed(near, sentence.tags) and not _stays_out(sentence, index)


def _plural(sentence: Sentence, start: int, end: int) -> bool:
    """`Mismatches are penalised` tells a rule."""
    return any(token.raw.lower() == "mismatches" for token in sentence.tokens[start:end])


def _typed(near: str, wide: str) -> bool:
    """Whether the types are spoken of; `no penalty is incurred` is said of them where no other reason is named."""
    return _CONTEXT.search(wide) is not None or re.search(r" (?:NO|NOT|AVOID) |^ PENALTY [:=] ", near) is not None


def _other_reason(tags: str) -> bool:
    """A penalty for load, size or distance is no matter of types."""
    return re.search(r" PENALTY (?:\S+ ){0,2}?(?:P:for|P:due_to|C:because|P:on) (?:\S+ ){0,3}?(?:LOAD|BUSY|BG|size|Q:pct|share|NODE|queue|FREE|GPUS|T:gpu [a-z]|T:memory [a-z]) ", tags) is not None and "TYPEN" not in tags and "MIS" not in tags  # fmt: skip


def _zero(sentence: Sentence, index: int) -> bool:
    near = sentence.tokens[max(0, index - 3) : index + 4]
    return any(
        token.quantity is not None and token.quantity.number == 0 and token.tag in {"N", "Q:pct"} for token in near
    )


def _penalty(scene: Scene, applies: bool, first: int, last: int) -> Found:
    match = scene.known.match
    asserted = "a mismatch penalty applies" if applies else "no mismatch penalty applies"
    fact = match_fact(scene.known) if match is not None and match == applies else None
    return Found("penalty_rule", asserted, first, last, fact)
