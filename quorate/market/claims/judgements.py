# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Whether it fits, what is there, what is taken: by the notions that meet in a clause, read where no rule has read."""

import re
from collections.abc import Iterator

from quorate.market.claims.capacity import part_fact, why
from quorate.market.claims.clauses import Clause, clauses
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import Known

_NEED = r"(?:REQ|JOB|IT|requirements|needs|constraints)"
_THING = re.compile(r" (T:memory|Q:mem|GPUS|T:gpu|NODE) ")
POSITIVE = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?:room|space|place) P:for (?:THE |THIS |A |[a-z]\S* |T:\S+ ){0,3}(?:JOB|IT) ",
        r" (?:everything|all|ALL|HAVE what|HAVE whatever) (?:WH |that )?(?:THE |THIS )?(?:JOB|IT) REQ ",
        r" (?:resources|MY NODE|MY CLUSTER|I|SELFID|capacity) (?:[a-z]\S* |CAN )?RUN (?:THE |ALL |EACH |ITS |MY |CLUSTER |[a-z]\S* ){0,3}(?:JOB 'S |JOB )?(?:[a-z]\S* )?(?:REQ|requirements|needs|constraints) ",
        r" (?:REQ|requirements|needs) (?:P:of (?:THE |THIS )?JOB )?CAN BE RUN ",
        r" JOB (?:BE )?(?:feasible|possible|doable|runnable) ",
        r" (?:I|SELFID|CLUSTER) do NOT NO (?:A |ANY |single |[a-z]\S* ){0,3}(?:NODE|GPUS|T:memory) ",
        r" (?:PER|EACH|ALL) (?:single |one |[a-z]\S* )?(?:REQ|requirements?) (?:BE |HAVE been )?(?:[a-z]\S* )?(?:RUN|fulfilled|satisfied|met) ",
        r" (?:resources|capacity) (?:BE )?(?:suffice|suffices|ENOUGH) ",
    )
)  # fmt: skip
NEGATIVE = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?:fall|falls|fell|FITV|come|comes|run) (?:SHORT|short) ",
        r" JOB (?:REQ )?MORE (?:MY |what |[a-z]\S* ){0,3}(?:capacity|resources|limits|HAVE|CLUSTER) ",
        r" (?:JOB|IT) (?:BE )?too (?:HIGH|big|large|wide|demanding) P:for (?:MY|THIS|I|SELFID) ",
    )
)  # fmt: skip
SUFFICE = re.compile(
    r" (?:(?P<thing>NODE|GPUS|T:memory|T:gpu) (?:\S+ ){0,4}?)(?:suffice|suffices|BE (?:[a-z]\S* )?(?:ENOUGH|there|met|RUN)|CAN BE (?:[a-z]\S* )?RUN|CANNOT BE (?:[a-z]\S* )?RUN|do NOT suffice|does NOT suffice) "
)
_LATER = re.compile(
    r" (?:later|eventually|soon|future|AFTER|principle|theory|AS|JOBS|similar|such|ago|tomorrow|PENALTY|SPECN|TYPEN|T:storage|STO|bandwidth|network) "
)


def _clear(clause: Clause) -> bool:
    return (
        clause.stated
        and " running " not in clause.words
        and " another " not in clause.words
        and _LATER.search(clause.tags) is None
        and " ONLY " not in clause.tags
    )


def _verdict(clause: Clause, says: bool, thing: str) -> Found:
    known = clause.scene.known
    if thing:
        fact = part_fact(known, {"T:gpu": "GPUS", "Q:mem": "T:memory"}.get(thing, thing), says, True)
    else:
        fact = why(known) if known.fits is not None and known.fits != says else None
    name = thing.lower().removeprefix("t:") or "the job"
    return Found("capacity", f"{name} {'fits' if says else 'does not fit'}", clause.first, clause.last, fact)


def capacity(scene: Scene) -> Iterator[Found]:
    """Return where the job, or one thing that it asks for, is said to fit or not."""
    for clause in clauses(scene):
        if not _clear(clause):
            continue
        things = {
            thing.replace("Q:mem", "T:memory").replace("T:gpu", "GPUS")
            for thing in _THING.findall(clause.tags.replace(" PER NODE ", " ").replace(" ", "  "))
        }
        thing = things.pop() if len(things) == 1 else ""
        if any(pattern.search(clause.tags) for pattern in NEGATIVE):
            yield _verdict(clause, clause.denies, thing)
        elif any(pattern.search(clause.tags) for pattern in POSITIVE):
            yield _verdict(clause, not clause.denies, thing)
        elif (match := SUFFICE.search(clause.tags)) and re.search(
            r" (?:REQ|JOB|suffices?|requirement) ", clause.tags + clause.words
        ):
            yield _verdict(clause, not clause.denies, match["thing"])
        else:
            yield from _compared(clause)


MORE_THAN = (
    (re.compile(r" (?:JOB|IT|REQ) (?:[a-z]\S* )?(?:REQ )?(?:MORE_ |more |MORE )(?P<thing>NODE|T:memory|GPUS) (?:PER NODE |[a-z]\S* )*P:than (?:I |MY |BE |are |THE CLUSTER |what )"), False),
    (re.compile(r" (?:I|CLUSTER|SELFID) HAVE (?:fewer |LESS |less )(?:FREE )?(?P<thing>NODE|T:memory|GPUS) (?:[a-z]\S* |PER NODE )*P:than (?:THE |THIS )?(?:JOB |IT )?(?:REQ|what)"), False),
    (re.compile(r" (?P<thing>NODE) (?:[,a-z]\S* )*BE (?:MORE |more P:than )(?:what |WH |that |THE NODE )?(?:BE )?(?:FREE|I HAVE)"), False),
    (re.compile(r" (?:I|CLUSTER|SELFID) HAVE (?:more |MORE )(?:FREE )?(?P<thing>NODE|T:memory|GPUS) (?:[a-z]\S* |PER NODE )*P:than (?:THE |THIS )?(?:JOB |IT )?(?:REQ|what)"), True),
)  # fmt: skip


def _compared(clause: Clause) -> Iterator[Found]:
    words = re.sub(r" MORE (?=NODE|T:memory|GPUS)", " more ", clause.tags)
    for pattern, says in MORE_THAN:
        match = pattern.search(words)
        if match is not None:
            yield _verdict(clause, says != clause.denies, match["thing"])
            return


HAS_GPUS = re.compile(
    r" (?:CLUSTER 'S|SELFID 'S|MY|THESE|THE) (?:[a-z]\S* |FREE |N ){0,2}GPUS (?:BE |IN |P:on |P:of |stay |sit |stand |would |can |CAN |give|help)"
    r"| GPUS (?:BE )?(?:FREE |present |there |installed )?(?:IN|P:on|P:in|P:at) (?:THIS|MY|THE) (?:[a-z]\S* )?(?:NODE|CLUSTER) "
    r"| (?:there|THERE) BE (?:[a-z]\S* |ENOUGH ){0,2}GPUS (?:IN|P:on|P:in|P:at) (?:MY|THIS|SELFID) "
    r"| GPUS (?:IN|P:on) MY NODE | (?:I|CLUSTER|SELFID) (?:CAN |CANNOT |do NOT |NOT )?(?:HAVE|supply|lend) (?:[a-z]\S* ){0,2}GPUS "
)
_PRESUMED = re.compile(
    r" (?:SELFID 'S|MY) (?:[a-z]\S* |N |FREE )?GPUS HEDGE | GPUS (?:P:of|IN|P:on) (?:SELFID|MY NODE|MY CLUSTER) HEDGE "
)
"""`Our GPUs would all be needed` takes it that there are some."""
_NOT_OWN = re.compile(r" (?:JOB|REQ|IT|OTHER|OTHERID|N GPUS|WH) ")


def gpu_presence(scene: Scene) -> Iterator[Found]:
    """Return where GPUs are said to be there, or not to be."""
    known = scene.known
    for clause in clauses(scene):
        tags = clause.tags
        presumed = known.gpus == 0 and _PRESUMED.search(tags) and " IF " not in clause.before + tags
        if presumed and not clause.denies:
            yield Found("gpu_presence", "the cluster has GPUs", clause.first, clause.last, "the cluster has no GPUs")
            continue
        if (
            not clause.stated
            or not HAS_GPUS.search(tags)
            or _NOT_OWN.search(tags)
            or re.search(r" (?:P:without|ENOUGH|more|MORE) ", tags)
        ):
            continue
        if clause.denies:
            spare = re.search(r" (?:FREE|BUSY|needed|used|spare|all|ALL|ENOUGH) ", tags)
            fact = f"the cluster has {known.gpus} GPUs" if known.gpus and not spare else None
            yield Found("gpu_presence", "no GPUs", clause.first, clause.last, fact)
        else:
            fact = "the cluster has no GPUs" if known.gpus == 0 else None
            yield Found("gpu_presence", "the cluster has GPUs", clause.first, clause.last, fact)


_SORTS = r"(?:kinds?|sorts?|types?|class|classes|groups?|flavou?rs?|generations?|TYPEN)"
MIXED = re.compile(
    r" (?:mixed|diverse|varied|motley|mixture|HET) (?:fleet|set|pool|bag|park|crowd|inventory|population)?(?: ?P:of )(?:[a-z]\S* )?NODE |"
    rf" NODE (?:groups?|kinds?|classes|sorts?|types|TYPEN) (?:do )?DIFF | (?:groups?|kinds?|classes|sorts?|types|TYPEN) P:of NODE DIFF | (?:MORE|more P:than) (?:one|a single) (?:[a-z]\S* )?{_SORTS} (?:P:of )?(?:NODE|HW) | not (?:all |ALL )?(?:P:of )?(?:THE )?(?:SAME|alike|identical|equal) "
    rf"| (?:CLUSTER|I|SELFID) (?:mix|mixes|combine|combines|blend|blends|join|joins) (?:\S+ ){{0,3}}?NODE P:with (?:\S+ ){{0,3}}?NODE | NODE (?:BE |come )?(?:IN )?(?:several|different|two|three|various) {_SORTS} "
)
ALIKE = re.compile(
    rf" (?:only one|one|a single|the same) {_SORTS} (?:P:of )?(?:NODE|HW) | NODE (?:BE )?(?:all |ALL )?(?:P:of )?(?:THE |A )?(?:one|SAME|single) {_SORTS} "
)
COUNTED = re.compile(
    rf" (?P<n>N|two|three|four|several) (?:[a-z]\S* |DIFF |HET ){{0,2}}{_SORTS} (?:P:of (?:MY |THE )?)?(?:NODE|HW|$)"
)


def heterogeneity(scene: Scene) -> Iterator[Found]:
    """Return where nodes are said to be of one kind, or of more."""
    mixed = scene.known.heterogeneous
    for clause in clauses(scene):
        tags = clause.tags
        if not clause.stated or " NODE " not in scene.sentence.tags or " JOB " in tags:
            continue
        counted = COUNTED.search(tags)
        if counted is not None:
            token = scene.sentence.tokens[clause.first + tags[: counted.start("n") - 1].count(" ")]
            says: bool | None = token.quantity is None or token.quantity.number > 1
        else:
            flat = tags.replace(" NOT ", " not ").replace(" ONLY one ", " only one ")
            says = True if MIXED.search(flat) else (not clause.denies if ALIKE.search(flat) else None)
            says = None if says is None else says if MIXED.search(flat) else not says
        if says is not None:
            fact = _kinds_fact(scene.known) if mixed is not None and says != mixed else None
            yield Found(
                "heterogeneity", f"the nodes are {'mixed' if says else 'alike'}", clause.first, clause.last, fact
            )


def _kinds_fact(known: Known) -> str:
    return (
        "the cluster's nodes differ: it is heterogeneous"
        if known.heterogeneous
        else "the cluster's nodes are all alike: it is homogeneous"
    )


IDLE = re.compile(
    r" (?:nothing|NO (?:OTHER )?(?:JOBS|JOB)) (?:BE |[a-z]\S* ){0,3}(?:RUN|running|P:on (?:THE|MY|THIS) CLUSTER|at present|active) | see NO (?:OTHER )?(?:JOBS|JOB) "
)
ALL_FREE = re.compile(
    r"(?<! GPUS)(?<! CORE)(?<! T:gpu)(?<! T:memory)(?<! Q:mem) (?:PER|ALL|TOTAL|entire|whole) (?:P:of )?(?:MY |THE |THIS |N |A )?(?:NODE|CLUSTER|TOTAL CLUSTER) (?:BE |stands? )(?:[a-z]\S* )?FREE | THE TOTAL CLUSTER BE (?:[a-z]\S* )?FREE "
)
NONE_FREE = re.compile(
    r" (?:PER|ALL|TOTAL) (?:P:of )?(?:MY |THE |N )?NODE BE (?:[a-z]\S* )?BUSY | NO (?:[a-z]\S* )?FREE NODE | NO (?:P:of (?:MY|THE|ITS) )?(?:N )?NODE (?:BE )?(?:[a-z]\S* )?FREE "
)


def occupancy(scene: Scene) -> Iterator[Found]:
    """Return where all or nothing is said to be busy."""
    known = scene.known
    if known.nodes is None or known.nodes_free is None:
        return
    free = f"{known.nodes_free} of {known.nodes} nodes are free"
    for clause in clauses(scene):
        tags = clause.tags
        idle = IDLE.search(tags.replace(" Nothing ", " nothing ")) and not re.search(
            r" (?:IF|HEDGE) ", clause.before + tags
        )
        if (not idle and not clause.stated) or re.search(
            r" (?:AFTER|P:with|HAVE GPUS|PARTLY|JOB 'S|REQ|N NODE WH) ", tags
        ):
            continue
        if idle:
            fact = f"{known.nodes_allocated} nodes run jobs; {free}" if known.nodes_allocated else None
            yield Found("occupancy", "no job runs", clause.first, clause.last, fact)
        elif ALL_FREE.search(tags) and " NOT " not in tags and not re.search(r" (?:GPUS|CORE|T:gpu|T:memory) ", tags):
            yield Found(
                "occupancy",
                "all nodes are free",
                clause.first,
                clause.last,
                free if known.nodes_free != known.nodes else None,
            )
        elif NONE_FREE.search(tags) and " NOT " not in tags and " spare " not in clause.words:
            yield Found("occupancy", "no node is free", clause.first, clause.last, free if known.nodes_free else None)
