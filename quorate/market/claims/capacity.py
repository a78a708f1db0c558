# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Claims that the job fits or does not: in general, or by nodes, GPUs, memory."""

import re
from collections.abc import Iterator

from quorate.market.claims.rules import Found, Scene, matches, rx, subject
from quorate.market.claims.values import Known

_WHAT = r"(?:<w>|FREE |TOTAL |MY |THE |REQ |P:of |CPU |HIGH |A |HW |PER |N |COMPUTE |BOTH |both |, ){0,4}?"
_THING = r"(?P<thing>NODE|GPUS|T:gpu|T:memory|resources|CLUSTER|CORE|capacity) "
ENOUGH = (
    rx(r"ENOUGH " + _WHAT + _THING),
    rx(
        r"(?P<thing>NODE|GPUS|T:memory|resources|capacity) (?:<w>|FREE |P:of |PER |NODE |COUNT ){0,4}?BE (?:<w>){0,2}?ENOUGH "
    ),
    rx(r"(?P<thing>NODE|GPUS|T:gpu|T:memory) REQ (?:<w>)?(?:BE )?(?:<w>)?LESS (?:what )?(?:MY|THIS|THE|I) "),
    rx(
        r"HAVE THE (?:REQ |<w>|P:of ){0,3}?(?P<thing>NODE|GPUS|T:memory) (?:PER NODE )?(?P<end>[.,;)]|REQ|AND|C:|P:for)"
    ),
    rx(r"HAVE (?:THE )?(?P<thing>NODE|GPUS|T:memory|capacity|resources) (?P<to>P:to RUN|REQ|P:for) "),
)
TOO_LITTLE = (
    rx(r"(?P<short>SHORT|NOT HAVE ENOUGH|NOT ENOUGH|NO ENOUGH|LESS ENOUGH) " + _WHAT + _THING),
    rx(
        r"(?P<thing>NODE|GPUS|T:memory|resources|capacity) (?:<w>|FREE |PER |NODE ){0,4}?BE (?:<w>)?(?P<short>SHORT|NOT ENOUGH) "
    ),
    rx(r"do NOT HAVE " + _WHAT.replace("{0,4}?", "{0,2}?") + r"ENOUGH " + _WHAT + _THING),
    rx(r"NO " + r"(?:<w>){0,1}?ENOUGH " + _WHAT + _THING),
    rx(r"(?P<thing>NODE|GPUS|T:gpu|T:memory) REQ (?:<w>)?(?:BE )?(?:<w>)?MORE (?:what )?(?:MY|THIS|THE|I) "),
    rx(r"(?P<short>NO) (?:THE |REQ ){1,2}(?:N |<w>|P:of ){0,3}?(?P<thing>NODE|GPUS|T:memory|capacity|resources) "),
    rx(
        r"HAVE (?:LESS|less|fewer|LESS_) (?P<thing>T:memory|GPUS|NODE) P:than (?:THE |THIS )?(?:JOB |IT |BE |what )*REQ "
    ),
    rx(r"HAVE Q:pct (?:THE )?(?P<thing>T:memory|GPUS|NODE) (?:WH |that )?(?:BE )?REQ "),
    rx(r"(?P<short>short|out) P:of (?:FREE )?(?P<thing>NODE|GPUS|T:memory) "),
)
_GOAL = r"(?:<w>|THE |THIS |A |ALL |P:of |N |REQ |JOB 'S |ITS |TOTAL |T:[\w~]+ |BOTH |its |INT |Q:time |PER ){0,5}?(?:JOB|IT|REQ|requirements|NODE|needs|JOBS_none) "
FITS = (
    rx(r"CAN (?:<w>|BE ){0,2}?(?P<verb>RUN) " + _GOAL),
    rx(
        r"(?:<SELF>|IT |NODE |CLUSTER |, |AND |ARCH )(?:<w>){0,2}?(?P<verb>RUN) (?:<w>|ALL |P:of |THE |THIS |A |ITS |BOTH |CLUSTER ){0,4}?(?:JOB 'S |JOB |its |ITS |T:[\w~]+ |NODE |HIGH )*(?:REQ|requirements|constraints|specifications) "
    ),
    rx(r"ENOUGH P:to (?:<w>)?(?P<verb>RUN) (?:THE |THIS |<w>){0,2}?JOB "),
    rx(
        r"JOB (?:<w>){0,2}?(?P<verb>FITV|RUN FIT|FIT) (?:<w>|P:on |P:into |P:within |LESS |IN ){1,4}?(?:MY|THE|THIS|SELFID|FREE|here|at|,|\.|;) "
    ),
    rx(
        r"(?:T:gpu |T:memory |NODE |ALL |JOB 'S |GPUS |THE )(?:PER NODE )?(?:REQ|requirements|needs) (?:<w>)?BE (?:<w>|ALL ){0,2}?(?P<verb>RUN) "
    ),
    rx(r"(?:Q:mem |N )(?:P:of )?(?:GPUS |T:memory |NODE )?(?:PER NODE )?CAN BE (?:<w>)?(?P<verb>RUN) "),
    rx(r"CAN (?:<w>)?HAVE (?:THE |ALL |<w>|N |REQ |ITS ){1,4}?(?:GPUS|T:memory|NODE|resources) "),
    rx(
        r"ALL (?:P:of )?(?:THE |ITS |JOB 'S |JOB |CLUSTER |<w>|T:[\w~]+ ){0,2}?(?:REQ|requirements) (?:HEDGE )?(?:BE|HAVE been|HAVE BE) (?:<w>)?(?P<verb>RUN) "
    ),
    rx(r"ALL (?:THE |ITS )?(?:REQ|requirements) P:of (?:THE |THIS )?JOB BE (?:<w>)?(?P<verb>RUN) "),
    rx(r"HAVE (?:<w>|ONLY )?(?:what|everything|whatever) (?:WH )?(?:THE |THIS )?(?:it|IT|I|JOB) (?:REQ|takes) "),
    rx(r"JOB (?:WH )?(?:I|SELFID|(?:MY |THIS |THE )CLUSTER) CAN (?:<w>)?(?P<verb>RUN) "),
    rx(
        r"BE (?:<w>){0,2}?(?P<within>LESS )(?:THE |MY |what |SELFID 'S ){1,2}(?:<w>)?(?:ARCH|capacity|limits|reach|means|bounds|I CAN|SELFID CAN|CLUSTER CAN) "
    ),
    rx(r"nothing (?:stands|speaks) (?:IN (?:the|THE) way|P:against RUN|P:against it|P:against IT)"),
    rx(
        r"(?P<head>RUN) (?:<w>|ALL |P:of |THE |THIS |ITS |BOTH |JOB 'S |JOB |T:[\w~]+ |HIGH |CLUSTER ){0,4}?(?:REQ|requirements) "
    ),
    rx(
        r"CAN (?:<w>|BE ){0,2}?(?:RUN|start) (?:<w>)?(?P<verb>immediately|now|today|here|P:on (?:MY|THIS|THE) CLUSTER|P:at once|right away|P:on SELFID|at) "
    ),
    rx(
        r"(?:JOB|this|THIS|IT) BE (?:<w>)?(?P<verb>feasible|possible|runnable|doable|schedulable) (?=[,.;)]|P:for|P:on|AND|C:|here|$)"
    ),
    rx(r"JOB (?:HEDGE )?CAN (?:BE )?(?:<w>)?(?P<verb>RUN|start|begin|commence|proceed)(?:ed|d)? "),
)
FITS_NOT = (
    rx(r"(?:CANNOT|NOT CAN|do NOT|CAN NOT|BE NOT CAN|NOT ABLE) (?:<w>){0,2}?(?P<verb>RUN) " + _GOAL),
    rx(r"JOB (?:CANNOT|CAN NOT|do NOT) (?:<w>|BE ){0,2}?(?:RUN|FIT|FITV(?! (?:MY|LESS|P:within MY SPECN))|start) "),
    rx(
        r"(?:T:gpu |T:memory |NODE |ALL |JOB 'S |GPUS |THE )(?:PER NODE )?(?:REQ|requirements|needs) (?:<w>)?(?:BE NOT|CANNOT BE|NOT) (?:<w>|ALL ){0,2}?(?P<verb>RUN) "
    ),
    rx(r"(?:physically )?(?P<verb>infeasible|impossible) (?=[,.;)]|P:for|P:to|P:on|AND|C:|IN|$)"),
    rx(r"JOB (?:<w>)?MORE MY (?:<w>|FREE |TOTAL ){0,2}?(?:capacity|NODE|resources|CLUSTER) "),
    rx(r"(?:JOB|IT|this|THIS) BE too HIGH P:for (?:MY|THIS|I|SELFID) "),
    rx(
        r"(?:JOB|REQ) (?:P:for |P:of |N |Q:mem |NODE |GPUS |PER |<w>){0,6}?MORE what (?:BE |I |SELFID |(?:MY |THE |THIS )?CLUSTER |IT )(?:BE |CAN |<w>){0,3}?(?:FREE|HAVE|RUN|there|THERE|give|spare|do|lend|P:on hand|IN stock)"
    ),
    rx(
        r"(?:CANNOT|NOT CAN|CAN NOT|do NOT) (?:<w>){0,2}?(?:RUN|HAVE|find|give|spare) (?:WH |THIS |so |as |<w>){0,2}?(?:many|number|amount|quantity|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety) (?:FREE )?(?:NODE |P:of |[.,;)])"
    ),
    rx(r"JOB (?:WH )?(?:I|SELFID|(?:MY |THIS |THE )CLUSTER) (?:CANNOT|CAN NOT|BE NOT CAN) (?:<w>)?(?P<verb>RUN) "),
    rx(r"(?:this|THIS|that) BE (?:<w>|A )?SHORT (?=[.,;)]|$|P:for)"),
    rx(
        r"(?:JOB|REQ) (?:P:for |P:of |N |NODE |GPUS |PER |<w>){0,6}?(?:MORE|DIFF) (?:THE |MY |<w>|P:of |FREE ){0,4}?(?:FREE NODE|NODE (?:WH |that )(?:BE )?(?:<w>)?(?:FREE|I HAVE)|supply|stock) "
    ),
    rx(r"JOB will NOT (?:<w>)?(?:FIT|FITV|RUN FIT) (?=[,.;)]|$|AND|C:|P:on|IN|here|today|now)"),
    rx(
        r"(?P<beyond>BE (?:<w>)?DIFF )(?:THE |MY |what |SELFID 'S ){1,2}(?:<w>)?(?:ARCH|capacity|limits|reach|means|bounds|I CAN|SELFID CAN|CLUSTER CAN) "
    ),
    rx(r"(?:MORE|more) NODE (?:BE )?REQ (?:P:for )?P:than (?:I HAVE|BE FREE|BE there)"),
    rx(r"(?:I|MY CLUSTER|THE CLUSTER|THIS CLUSTER) BE N NODE short "),
    rx(r"no way P:of RUN "),
    rx(r"(?:more|MORE) NODE P:than (?:I|MY CLUSTER|THE CLUSTER|THIS CLUSTER) (?:<w>|THIS ){0,2}?HAVE "),
    rx(r"(?:Q:mem |N )(?:P:of )?(?:GPUS |T:memory |NODE )?(?:PER NODE )?CANNOT BE (?:<w>)?(?P<verb>RUN) "),
    rx(r"JOB BE (?:NOT feasible|infeasible|impossible) "),
)
_LATER = re.compile(
    r" (?:IF|HEDGE|later|eventually|after|AFTER|soon|future|FREES|OTHER|OTHERID|CLUSTERS|principle|theory|comfortably_if) "
)


def capacity(scene: Scene) -> Iterator[Found]:
    """Return where the job is said to fit, or not to."""
    short = [*_things(scene, TOO_LITTLE, False)]
    yield from short
    if not short:
        yield from _things(scene, ENOUGH, True)
    yield from _enough_by_number(scene)
    yield from _served(scene)
    denied = [*_general(scene, FITS_NOT, False)]
    yield from denied
    if not denied:
        yield from _general(scene, FITS, True)


def _things(scene: Scene, patterns: tuple[re.Pattern[str], ...], says: bool) -> Iterator[Found]:
    for match, first, last in matches(scene.sentence, patterns):
        start, end = scene.sentence.clause(first)
        around = scene.sentence.slice(start, min(end, last + 6))
        if says and not _measured(scene, first, last):
            continue
        if (
            _LATER.search(around)
            or subject(scene, first) == "other"
            or (says and " NOT " in scene.sentence.slice(start, last))
        ):
            continue
        if (
            not says
            and "SHORT" in match.group()
            and re.search(r" (?:NOT|NO) ", scene.sentence.slice(last, end) + scene.sentence.slice(start, first))
        ):
            continue
        if re.search(
            r" (?:SPECN|bandwidth|headroom|MORE|AFTER|storage|T:storage|STO) ", scene.sentence.slice(first, last + 1)
        ):
            continue
        thing = match["thing"]
        if thing == "T:gpu" and re.match(r" (?:NODE|HW|resources) ", scene.sentence.slice(last, last + 1)):
            thing = "GPUS"
        fact = part_fact(scene.known, thing, says, "FREE" in match.group())
        yield Found(
            "capacity", f"{'enough' if says else 'too little'} {thing.lower().removeprefix('t:')}", first, last, fact
        )


BY_NUMBER = (
    rx(
        r"(?P<n>N )(?:FREE )?NODE (?:BE ENOUGH P:for |BE ENOUGH P:to RUN |RUN |suffice P:for )(?:THE |THIS |A |ITS )?(?:JOB |REQ |N )"
    ),
    rx(r"(?P<n>N )NODE BE (?:ok|okay|fine|possible|doable|feasible|NO problem) "),
)
_EACH = r"(?:T:memory )?(?:PER NODE |A NODE |/ NODE |P:on PER NODE |P:on A NODE )?"
SERVED = (
    rx(
        r"(?P<n>Q:mem )"
        + _EACH
        + r"BE (?:<w>)?(?:FREE|ok|okay|fine|there|RUN|possible|NO problem|NO issue|NO trouble) "
    ),
    rx(r"(?:MY |THE )NODE HAVE THE (?P<n>Q:mem )"),
    rx(r"NODE (?:P:of MINE )?CAN (?:<w>)?(?:RUN|HAVE|hold) (?:THE )?(?P<n>Q:mem )"),
    rx(r"(?:CAN|<SELF>) (?:<w>)?(?:RUN|HAVE) THE (?P<n>Q:mem )" + _EACH + r"(?:REQ|WH|IT|[.,;])"),
)
NOT_SERVED = (rx(r"(?:CANNOT|CAN NOT|NOT CAN) (?:<w>)?(?:RUN|HAVE) (?:THE )?(?P<n>Q:mem |N GPUS )" + _EACH),)


def _served(scene: Scene) -> Iterator[Found]:
    """`The 960 GiB per node are available`; `we cannot serve four GPUs per node`."""
    known, sentence = scene.known, scene.sentence
    for patterns, says in ((SERVED, True), (NOT_SERVED, False)):
        for match, first, last in matches(sentence, patterns):
            start, _ = sentence.clause(first)
            at, _ = sentence.covered(match, "n")
            quantity = sentence.tokens[at].quantity
            if quantity is None or _LATER.search(sentence.slice(start, last)) or not known.groups:
                continue
            if says and re.search(r" (?:NOT|NO|CANNOT) (?!problem|issue|trouble)", sentence.slice(start, last)):
                continue
            gpus = match["n"].startswith("N")
            asked = known.job_gpus_per_node if gpus else known.job_memory_gib_per_node
            if asked is None or not any(abs(value - asked) <= 0.02 * asked for value in quantity.values):
                continue
            yield Found("capacity", "the need is met" if says else "the need is not met", first, last,
                        part_fact(known, "GPUS" if gpus else "T:memory", says, False))  # fmt: skip


CLAIMED_MEMORY = rx(r"(?:ENOUGH|adequate) P:for (?:THE |ITS |A |<w>){0,2}(?P<thing>Q:mem|N GPUS) ")


def _enough_by_number(scene: Scene) -> Iterator[Found]:
    """`Our 20 nodes cover the request`, `18 nodes are no problem`, `it is sufficient for the 960 GiB`."""
    sentence, known = scene.sentence, scene.known
    for match, first, last in matches(sentence, (*BY_NUMBER, CLAIMED_MEMORY)):
        start, _ = sentence.clause(first)
        around = sentence.slice(start, last)
        if _LATER.search(around) or re.search(r" (?:NOT|NO|CANNOT) (?!problem)", around) or known.job_nodes is None:
            continue
        if match.groupdict().get("thing"):
            thing = "T:memory" if match["thing"] == "Q:mem" else "GPUS"
            yield Found("capacity", f"enough {thing}", first, last, part_fact(known, thing, True, False))
            continue
        quantity = sentence.tokens[first].quantity
        short = quantity is not None and quantity.number < known.job_nodes
        fact = f"the job asks for {known.job_nodes} nodes" if short else None
        if quantity is not None and known.nodes_free is not None and match.group().startswith("N NODE BE "):
            few = known.job_nodes <= quantity.number and quantity.number > known.nodes_free
            fact = f"{known.nodes_free} nodes are free" if few else None
        yield Found("capacity", "enough nodes", first, last, fact)


def _measured(scene: Scene, first: int, last: int) -> bool:
    """`sufficient` is a comparison; `ample` and `adequate` are opinions unless they say for what."""
    tokens = scene.sentence.tokens[first:last]
    if any(
        token.raw.lower() in {"enough", "sufficient", "sufficiently", "more than enough"} or token.tag == "HAVE"
        for token in tokens
    ):
        return True
    return (
        re.search(
            r" (?:P:for (?:THE |THIS )?JOB|P:to RUN|P:for ITS|P:to (?:<w> )?RUN) ", scene.sentence.slice(last, last + 5)
        )
        is not None
    )


def _general(scene: Scene, patterns: tuple[re.Pattern[str], ...], says: bool) -> Iterator[Found]:
    known = scene.known
    for match, first, last in matches(scene.sentence, patterns):
        if match.groupdict().get("head") and first != 0:
            continue
        start, end = scene.sentence.clause(first)
        around = scene.sentence.slice(start, min(end, last + 5))
        if _LATER.search(around) or re.search(r" (?:OTHER|OTHERID) ", scene.sentence.slice(start, last)):
            continue
        if says and re.search(r" (?:NOT|NO|CANNOT|neither) ", scene.sentence.slice(max(start, first - 4), first + 2)):
            continue
        if not _reaches(scene, match, first) or (
            not says and re.match(r" (?:here |now |at all )?NO ", scene.sentence.slice(last, last + 3))
        ):
            continue  # `it cannot run without a penalty`
        if "TYPEN" in scene.sentence.slice(first, last + 4).split() and "FITV" in match.group():
            continue
        if re.search(r" (?:JOBS|similar|such|MIS|part|PARTLY|PENALTY|SPECN) ", scene.sentence.slice(first, last)):
            continue
        named = scene.sentence.slice(
            start if re.match(r" MY (?:T:memory|GPUS) ", scene.sentence.slice(start, last)) else first, last
        )
        fact = _by_part(known, named, says)
        yield Found("capacity", f"the job {'fits' if says else 'does not fit'}", first, last, fact)


def _reaches(scene: Scene, match: re.Match[str], first: int) -> bool:
    """`within our means`, `beyond our limits` speak of the job where it or its wish is named before."""
    groups = match.groupdict()
    if groups.get("beyond") or groups.get("within"):
        words = {token.raw.lower() for token in scene.sentence.tokens[first : first + 5]}
        named = re.search(r" (?:JOB|REQ|IT|WH|N NODE|NODE) ", scene.sentence.slice(0, first)) is not None
        return named and bool(words & {"within", "inside", "beyond", "outside"})
    return True


def _by_part(known: Known, tags: str, says: bool) -> str | None:
    """Judge by the one thing that is named, or by everything."""
    tags = tags.replace(" Q:mem ", " T:memory ")
    for thing in ("T:memory", "T:gpu", "GPUS"):
        if f" {thing} " in tags:
            asked = thing == "T:gpu" and " REQ " in tags
            return part_fact(known, "GPUS" if asked else thing, says, False)
    return why(known) if known.fits is not None and known.fits != says else None


def _enough_of(known: Known, what: str) -> tuple[int | None, str]:
    """How many nodes have what the job asks in one respect, and what that is called."""
    asked = known.job_gpus_per_node if what == "gpus" else known.job_memory_gib_per_node
    if known.groups is None or asked is None:
        return None, ""
    total = 0
    for group in known.groups:
        has = group.gpus if what == "gpus" else group.memory_gib
        if group.nodes is None or has is None:
            return None, ""
        total += group.nodes if has >= asked else 0
    unit = "GPUs" if what == "gpus" else "GiB of memory"
    return total, f"{total} nodes have the {asked} {unit} that each of the job's nodes asks for"


def part_fact(known: Known, thing: str, says: bool, free: bool) -> str | None:
    """State why it is false that there is enough of a thing (`says`), or too little; None if it is true or unknown."""
    asked = known.job_nodes
    if asked is None:
        return None
    if thing in {"GPUS", "T:gpu", "T:memory"}:
        has, clause = _enough_of(known, "memory" if thing == "T:memory" else "gpus")
        wrong = has is not None and (has >= min(asked, known.nodes or asked)) != says
        if wrong and not says and thing == "T:gpu":
            return None
        return f"{clause}, and it asks for {asked} nodes" if wrong else None
    if thing == "CORE":
        return None
    return _nodes_fact(known, asked, says, free, thing)


def _nodes_fact(known: Known, asked: int, says: bool, free: bool, thing: str) -> str | None:
    if thing != "NODE":
        return why(known) if known.fits is not None and known.fits != says else None
    limit = known.nodes_free if free or not says else known.nodes
    if limit is None or (limit >= asked) == says or (not says and known.fits is False):
        return None
    return f"{limit} nodes are {'free' if limit == known.nodes_free else 'there'} and the job asks for {asked}"


def why(known: Known) -> str:
    """State whether the job fits and the figure that decides, as one clause."""
    asked = known.job_nodes
    if known.fits:
        return f"{known.suitable_free} suitable nodes are free and the job asks for {asked}"
    if known.nodes_free is not None and asked is not None and known.nodes_free < asked:
        return f"{known.nodes_free} nodes are free and the job asks for {asked}"
    if known.suitable is not None and asked is not None and known.suitable < asked:
        needs = f"{known.job_gpus_per_node or 0} GPUs and {known.job_memory_gib_per_node or 0} GiB"
        return f"{known.suitable} nodes have the {needs} that each of the job's {asked} nodes asks for"
    return f"{known.suitable_free} suitable nodes are free and the job asks for {asked}"
