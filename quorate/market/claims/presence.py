# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Claims about what is there and whether it is enough: GPUs or none, alike or mixed nodes, a job that fits."""

import re
from collections.abc import Iterator

from quorate.market.claims.lexer import Sentence
from quorate.market.claims.rules import Found, Scene, hedged, matches, negated_in_clause, rx, subject
from quorate.market.claims.values import Known

HIGH_MEMORY_GIB = 1_024
"""Centres call a node `large memory` from about 1 TiB; up to `ORDINARY_MEMORY_GIB` nobody does, between is taste."""

ORDINARY_MEMORY_GIB = 512

_MADE_OF = r"(?:<w>|CPU |T:gpu |/ |AND |HIGH |HW |, |\+ |T:hybrid |T:memory |SPECV |TOTAL |A ){0,4}?"
MIXED = (
    rx(r"HET " + _MADE_OF + r"(?:ARCH|NODE|CLUSTER|CPU|T:gpu|HW|GPUS|resources|mixture|compute|memory|pool) "),
    rx(r"(?:<SELF>|IT |NODE |ARCH )(?:<w>){0,1}?BE (?:<w>|A ){0,2}?(?P<not>NOT )?(?:<w>|A ){0,2}?HET "),
    rx(r"(?:MY|CLUSTER 'S) (?:<w>){0,2}?HET "),
    rx(
        r"(?:mix|mixture|combination|blend) P:of (?:<w>)?(?:CPUONLY|T:gpu HW|GPUS|T:gpu|CPU only) (?:NODE )?(?:AND|/) (?:<w>)?(?:CPUONLY|T:gpu HW|T:gpu|CPU) (?:NODE|partition|partitions) "
    ),
    rx(
        r"(?:several|multiple|different|DIFF|varied|diverse|N|mixed|AND) (?:kinds |sorts |types |TYPEN )(?:P:of )?(?:<w>)?NODE "
    ),
    rx(r"(?:several|multiple|different|DIFF|varied|diverse|mixed) NODE (?:types |TYPEN |ARCH |kinds |groups )"),
    rx(r"NODE HET "),
    rx(
        r"NODE (?:pool |fleet |set |park |inventory |population |collection )?(?:here )?BE (?:A )?(?:<w>)?(?:mixed|varied|diverse|assorted|motley) "
    ),
    rx(
        r"NODE BE (?:A )?(?:<w>)?(?:mixture|mix|blend|medley|patchwork|variety|combination|ARCH) P:of (?:<w>|HIGH |DIFF |ALL |AND )"
    ),
    rx(r"NODE (?:do |will )(?:NOT )?(?:DIFF|vary) (?!P:from (?:what|THE))"),
    rx(r"HET P:of (?:MY|THE|THIS) (?:<w>)?(?:NODE|CLUSTER|ARCH|HW) "),
    rx(r"(?:ARCH|mixture|variety|range) P:of (?:<w>)?NODE (?:TYPEN|kinds|types) "),
    rx(r"(?:NODE )(?:types |TYPEN )?(?:DIFF|vary|varies) "),
)
ALIKE = (
    rx(r"HOM " + _MADE_OF + r"(?:ARCH|NODE|CLUSTER|HW|GPUS|pool|T:gpu) "),
    rx(
        r"(?:<SELF>|IT |NODE |ARCH )BE (?:<w>|ALL ){0,2}?(?P<not>NOT )?(?:<w>){0,1}?(?:HOM|identical|SAME|alike) "
        r"(?=[,.;:)]|AND|P:with|IN|$|C:|so|which|WH)"
    ),
    rx(r"(?:MY|CLUSTER 'S) (?:<w>){0,2}?HOM "),
    rx(
        r"(?:ALL|EACH|PER|THE) (?:<w>|MY |THE |N |P:of ){0,3}?NODE (?:(?:IN|P:of) (?:THE |MY |THIS )?CLUSTER )?(?:BE|look) (?:<w>|THE ){0,2}?(?:SAME|HOM|identical|alike) (?!SAME)"
    ),
    rx(r"(?:SAME) (?:HW |ARCH )?NODE "),
    rx(r"NODE HOM "),
    rx(
        r"NODE (?:BE |ALL |<w>|SPECV |HAVE |P:to |P:on |P:from |P:with |P:by |P:of |P:after |AFTER |IN |A ){1,5}?(?:THE )?(?:SAME|one|single) (?:<w>)?(?:plan|pattern|mould|mold|ARCH|blueprint|model|kind|sort|spec|specification|fashion|way|recipe|template|HW|TYPEN|batch|make|cut|cloth) "
    ),
    rx(r"(?:one|PER|ANY|any|A) NODE BE (?:<w>|ONLY )?P:like (?:PER |ANY |any |A |THE )(?:OTHER|next) "),
    rx(r"(?:P:of|HAVE|P:with|BE) (?:<w>|N |ALL )?HOM (?=[.,;)]|AND|C:|P:|$)"),
    rx(r"NODE (?:share|HAVE|use) (?:<w>|THE |A )?(?:one|SAME|single|ONLY one) (?:ARCH|HW|<w>|TYPEN)"),
    rx(r"HOM (?:set|pool|fleet|collection|group) P:of (?:<w>|N )?NODE "),
    rx(r"(?:single|one|ONLY one) NODE (?:TYPEN|kind) "),
)


def heterogeneity(scene: Scene) -> Iterator[Found]:
    """Return where nodes are said to be mixed, or all alike."""
    mixed = scene.known.heterogeneous
    for patterns, says_mixed in ((MIXED, True), (ALIKE, False)):
        for match, first, last in matches(scene.sentence, patterns):
            if re.search(r"(?:JOB|T:sim|JOBS) ", match.group()) or not _mine(scene, first, last):
                continue
            says = says_mixed != negated_in_clause(scene.sentence, first, last)
            fact = None
            if mixed is not None and says != mixed:
                fact = (
                    "the cluster's nodes differ: it is heterogeneous"
                    if mixed
                    else "the cluster's nodes are all alike: it is homogeneous"
                )
            yield Found("heterogeneity", f"the nodes are {'mixed' if says else 'alike'}", first, last, fact)


def _mine(scene: Scene, first: int, last: int) -> bool:
    """Whether a statement is about the bidder, as a fact."""
    sentence = scene.sentence
    if hedged(sentence, first, last):
        return False
    inside = sentence.slice(first, last)
    if re.search(r" (?:MY|I|SELFID|THIS CLUSTER|THE CLUSTER) ", inside):
        return True
    who = subject(scene, first)
    if who == "job" and re.search(
        r" (?:RUN|SPECV|FITV|MATCHV|leverage|leverages|leveraging|P:using|P:on|benefit|benefits) (?:\S+ ){0,4}$",
        sentence.slice(0, first),
    ):
        who = "self" if re.search(r" (?:MY|SELFID|I|THIS CLUSTER|THE CLUSTER) ", sentence.slice(0, first)) else "job"
    return who in {"self", ""}


NO_GPUS = (
    rx(r"(?:there|THERE) BE NOT (?:A |ANY )(?P<gpu>GPUS|T:gpu|T:accel) (?P<after>\S*)"),
    rx(r"(?:NOT A single|NOT one|NOT even one|NOT even A single) (?P<gpu>GPUS|T:gpu|T:accel) (?P<after>\S*)"),
    rx(
        r"NO P:of (?:MY|THE|ITS) (?:<w>|N |TOTAL ){0,2}?NODE (?:HAVE|<w>|P:with|do) (?:<w>|A |N |ANY ){0,2}?(?P<gpu>GPUS|T:gpu|T:accel) (?P<after>\S*)"
    ),
    rx(
        r"(?:NO|NOT HAVE|NOT HAVE ANY|NOT P:with|NOT ENOUGH_no) (?:<w>|HAVE |ANY |P:of |A |installed |TOTAL |N ){0,3}?(?P<gpu>GPUS|T:gpu|T:accel) (?P<after>\S*)"
    ),
    rx(
        r"(?:do|does|did|BE) NOT (?:<w>)?(?:HAVE|P:with|equipped|come|own|possess|contain|include) (?:<w>|P:with |ANY |A |THE ){0,3}?(?P<gpu>GPUS|T:gpu|T:accel) (?P<after>\S*)"
    ),
    rx(
        r"(?P<gpu>GPUS) BE (?:NOT|NO) (?:FREE|present|installed|there) (?:P:on|IN|P:in|P:at) (?:MY|THIS|THE) (?:NODE|CLUSTER) (?P<after>\S*)"
    ),
    rx(r"(?P<gpu>CPUONLY) (?P<after>\S*)"),
    rx(r"CPU (?P<gpu>ONLY) (?P<after>\S*)"),
    rx(
        r"(?P<gpu>GPUS|T:gpu|T:accel) (?:count |HW )?BE (?:<w>){0,1}?(?:NO|NOT HAVE|NOT present|NOT installed|absent|NOT FREE IN THIS CLUSTER) (?P<after>\S*)"
    ),
    rx(r"(?P<gpu>GPUS|T:gpu) [^;.]{0,60}?(?<= )(?:I|<SELF>)HAVE NO (?P<after>[.,;])".replace("(?:I|<SELF>)", "<SELF>")),
    rx(r"(?P<gpu>GPUS) (?::|=) (?:NO|none|0) (?P<after>\S*)"),
)
_NOT_ABSENCE = frozenset(
    {"SPECN", "SPECV", "FREE", "MIS", "BUSY", "shortage", "contention", "issue", "issues", "problem", "problems", "REQ", "TYPEN",
     "bottleneck", "waste", "constraint", "constraints", "limit", "limits", "SHORT", "memory", "T:memory", "demand", "JOB", "JOBS",
     "CLUSTER", "utilization", "LOAD", "sharing", "oversubscription", "T:hybrid"}
)  # fmt: skip


def gpu_presence(scene: Scene) -> Iterator[Found]:
    """Return where the cluster is said to have GPUs, or none; and where the job is said to need none."""
    for match, first, last in matches(scene.sentence, NO_GPUS):
        found = _absence(scene, match, first, last)
        if found:
            yield found
    yield from _everywhere(scene)
    for _, first, last in matches(scene.sentence, HAS_GPUS):
        zero = any(token.quantity and token.quantity.number == 0 for token in scene.sentence.tokens[first:last])
        if (
            not zero
            and not hedged(scene.sentence, first, last)
            and not negated_in_clause(scene.sentence, first, last)
            and not _absent_word(scene, last)
        ):
            fact = "the cluster has no GPUs" if scene.known.gpus == 0 else None
            yield Found("gpu_presence", "the cluster has GPUs", first, last, fact)


EVERYWHERE = (
    rx(
        r"(?:PER|ALL) (?:P:of |MY |THE |N )*NODE (?:HAVE|carry|carries|P:with|BE HAVE) (?:<w>|N |A )*(?:GPUS|T:gpu) (?!NO)"
    ),
    rx(r"GPUS P:on (?:ALL|PER) (?:P:of |MY |THE |N )*NODE "),
)


THEM = rx(r"(?:PER|ALL) (?:P:of |MY |THE |N |one )*NODE (?:HAVE|carry|carries|P:with) (?:them|THESE|some) ")
"""Of what was counted in the sentence before."""


def _everywhere(scene: Scene) -> Iterator[Found]:
    spoken = (*EVERYWHERE, THEM) if scene.noun == "GPUS" else EVERYWHERE
    for _, first, last in matches(scene.sentence, spoken):
        if not _mine(scene, first, last) or negated_in_clause(scene.sentence, first, last):
            continue
        bare = sum(group.nodes or 0 for group in scene.known.groups or () if group.gpus == 0)
        yield Found("gpu_presence", "every node has GPUs", first, last, f"{bare} nodes have no GPUs" if bare else None)


def _absent_word(scene: Scene, last: int) -> bool:
    return (
        re.search(r" (?:: |= |BE |count )*(?:NO|N) ", scene.sentence.slice(last - 1, last + 2)) is not None
        and "0" in scene.sentence.text
    )


_HERE = re.compile(r" (?:I|SELFID|CLUSTER) HAVE NO | (?:IN|P:on|P:at|P:in) (?:SELFID|MY|THIS CLUSTER|THE CLUSTER) ")
_SOME = re.compile(r" (?:some|partition|partitions|N|few|rest|PARTLY|these|THESE|CPUONLY NODE|CPUONLY AND) ")


def _said_here(sentence: Sentence, first: int, last: int) -> bool:
    """Whether the words beside an absence say that it is this cluster's."""
    start, end = sentence.clause(first)
    near = sentence.slice(max(start, first - 3), min(end, last + 4))
    inside = re.search(r" (?:I|SELFID|CLUSTER) HAVE NO [.,;] $", sentence.slice(first, last))
    return (_HERE.search(near) or inside) is not None


def _of_some(sentence: Sentence, start: int, last: int) -> bool:
    return _SOME.search(sentence.slice(start, last)) is not None


def _absence(scene: Scene, match: re.Match[str], first: int, last: int) -> Found | None:
    sentence, known = scene.sentence, scene.known
    after = match["after"]
    spoken = sentence.tokens[first].raw.lower()
    if spoken in {"neither", "nor"} and after not in {"HW", "NODE", "CORE", "."} and match["gpu"] == "T:gpu":
        return None
    opening, _ = sentence.clause(first)
    if re.search(
        r" (?:NO|NOT) (?:A |single |one |P:of |MY |THE |N |[a-z]\S* )*NODE (?:BE |[a-z]\S* )*NO ",
        sentence.slice(opening, last),
    ):
        return None
    start, end = sentence.clause(first)
    rest = sentence.slice(last - 1, min(end, last + 5))
    on_own = re.search(r" (?:MY|THIS) (?:NODE|CLUSTER) ", sentence.slice(first, last)) is not None
    mine = on_own or _said_here(sentence, first, last)
    rest = re.split(r" (?:AND|C:\S+) ", rest)[0] + " "
    needs_none = re.search(r" (?:BE )?(?:REQ|necessary|involved|P:for (?:THE|THIS) JOB) ", rest) is not None
    job = not mine and (needs_none or subject(scene, first) == "job")
    only_cpus = sentence.tokens[first].tag in {"CPUONLY", "CPU"}
    if (
        (after in _NOT_ABSENCE - {"REQ"} and not (only_cpus and after == "CLUSTER"))
        or " HEDGE " in sentence.slice(start, end)
        or hedged(sentence, first, last)
        or re.search(r" (?:AFTER|more|additional|extra|dedicated|further|spare|FREE) ", sentence.slice(first, last))
    ):
        return None
    if not mine and listed_with_job(scene, first):
        return None
    if re.search(r" (?:NODE|MY|THE|THIS|these|THESE) (?:\S+ ){0,3}FREE ", sentence.slice(last - 1, min(end, last + 6))):
        return None
    if job:
        asks = known.job_gpus_per_node or 0
        fact = f"the job asks for {asks} GPUs per node" if asks else None
        return Found("gpu_presence", "the job needs no GPUs", first, last, fact)
    if subject(scene, first) == "other" or re.search(r" NOT NO ", sentence.slice(start, last)):
        return None
    bare = (first > start and spoken in {"without", "lacking"} and sentence.tokens[first - 1].tag == "NODE") or (
        spoken == "neither" and sentence.tokens[min(first + 1, last - 1)].raw.lower() in {"kind", "group", "sort", "of"}
    )
    relative = re.search(r" NODE WH (?:do |does )?$", sentence.slice(first - 3, first)) is not None
    bare = bare or relative
    if bare and not relative and first - 1 <= start and not (known.groups and len(known.groups) > 1):
        return None
    if re.match(r" (?:\S+ )?(?:wanted|REQ|asked) ", sentence.slice(last - 1, last + 2)):
        return None
    counted = re.search(r" N NODE (?:, )?(?:HAVE )?$", sentence.slice(first - 5, first)) is not None
    partial = bool(bare) or counted or _of_some(sentence, start, last + (3 if only_cpus else 1))
    return Found("gpu_presence", "no GPUs", first, last, _absence_fact(known, partial))


def listed_with_job(scene: Scene, first: int) -> bool:
    """`100 nodes, 64 GiB each, no GPUs`: a list that starts with what the job asks goes on with it."""
    known = scene.known
    asked = {known.job_nodes, known.job_memory_gib_per_node, known.job_walltime_s} - {
        None,
        known.nodes_free,
        known.nodes,
    }
    start = next((at for at in range(first - 1, -1, -1) if scene.sentence.tokens[at].tag == ";"), 0)
    near = scene.sentence.tokens[max(start, first - 12) : first]
    if re.search(r" (?:MY|I|SELFID|CLUSTER|HAVE|FREE|TOTAL|BUSY) ", scene.sentence.tags) is None:
        near = scene.sentence.tokens[max(start, first - 12) : first + 12]
    return not known.job_gpus_per_node and any(
        token.quantity is not None and {token.quantity.number, *token.quantity.values} & asked for token in near
    )


def _absence_fact(known: Known, partial: bool) -> str | None:
    """Nodes without GPUs are no lie on a cluster that has such nodes."""
    if not known.gpus:
        return None
    if partial and (known.groups is None or any(group.gpus in {0, None} for group in known.groups)):
        return None
    return f"the cluster has {known.gpus} GPUs"


HAS_GPUS = (
    rx(
        r"(?:GPUS|T:gpu) (?:[,a-z]\S* |AND |C:\S+ |REQ ){0,5}?(?:I|SELFID|(?:MY |THIS )CLUSTER) (?:HAVE|brings|RUN) (?:ENOUGH |plenty |many |lots |P:of |<w>){1,3}(?:them|those|THESE) "
    ),
    rx(
        r"(?:MY|THE) (?:<w>|N |TOTAL |FREE ){0,3}?NODE (?:<w>)?(?:HAVE|P:with|come P:with|BE HAVE|BE equipped P:with|comes P:with) (?:<w>|N |HIGH ){0,3}?(?:GPUS|T:gpu HW) "
    ),
    rx(
        r"MY (?:<w>|N |TOTAL |FREE |CPU |/ |AND |HIGH ){0,4}?(?:GPUS|T:gpu (?:HW|NODE|resources|capability|capabilities|ARCH|acceleration|capacity|CORE|power|memory)) "
    ),
    rx(r"PER NODE HAVE (?:<w>|N ){0,2}?GPUS "),
    rx(
        r"(?:<SELF>)(?:<w>)?HAVE (?:<w>|N |TOTAL |A |ENOUGH |FREE |CPU |AND |HIGH |P:of ){0,5}?(?:GPUS|T:gpu (?:HW|NODE|resources|capability|capabilities|acceleration|capacity|power)) "
    ),
    rx(r"(?:MY|THIS) (?:<w>){0,3}?T:gpu HW (?:<w>){0,2}?(?:NODE|CLUSTER|ARCH|HW) "),
    rx(r"(?:<SELF>)BE (?:<w>){0,2}?T:gpu HW "),
    rx(r"<SELF>BE (?:A )?(?:<w>)?(?:equipped P:with|HAVE) (?:<w>){0,2}?(?:GPUS|T:gpu [a-z]\S*) "),
)

LARGE_NODES = (
    rx(r"(?:HIGH|T:memory (?:HW|SPECV)) (?P<mem>T:memory )?(?:capacity )?(?:CPU |T:gpu |compute )?NODE "),
    rx(r"HIGH T:memory (?:ARCH|CLUSTER|partition|servers|machine|SPECN|TYPEN|HW) "),
    rx(r"fat NODE "),
    rx(r"NODE (?:<w>)?(?:BE|P:with) (?:<w>|A )?HIGH T:memory (?=[,.;]|AND|$)"),
)


def high_memory(scene: Scene) -> Iterator[Found]:
    """Return where nodes are called high-memory."""
    for match, first, last in matches(scene.sentence, LARGE_NODES):
        if "T:memory" not in match.group() and not match.group().startswith("fat"):
            continue
        _, end = scene.sentence.clause(first)
        if not _mine(scene, first, last) or re.search(r" REQ | IT RUN ", scene.sentence.slice(last, end)):
            continue
        says_not = negated_in_clause(scene.sentence, first, last)
        yield Found(
            "high_memory",
            f"{'no ' if says_not else ''}high-memory nodes",
            first,
            last,
            _high_fact(scene.known, says_not),
        )


def _high_fact(known: Known, says_not: bool) -> str | None:
    sizes = [group.memory_gib for group in known.groups or ()]
    if not sizes or None in sizes or known.type is None:
        return None
    most = max(size for size in sizes if size is not None)
    if says_not:
        return f"its nodes have {most} GiB each" if most >= HIGH_MEMORY_GIB and known.type == "memory" else None
    wrong = most <= ORDINARY_MEMORY_GIB and known.type != "memory"
    return f"no node has more than {most} GiB of memory" if wrong else None


IDLE = (
    rx(
        r"(?:NO|NOT) (?:<w>|TOTAL |THIS |HAVE |ANY |N |BE ){0,2}?BG (?:LOAD|JOBS|JOB|nodes|NODE|processes|activity|BUSY|work|traffic)? ?"
    ),
)
ALL_FREE = (
    rx(r"PER one P:of (?:THE |MY |ALL )(?:N )?NODE BE (?:<w>)?FREE "),
    rx(
        r"(?:<SELF>|IT |ALL (?:<w>|N |MY |THE |P:of ){0,3}?NODE )(?:<w>){0,1}?BE (?:<w>){0,1}?(?P<all>fully|completely|entirely|TOTAL|totally|wholly|100) FREE "
    ),
    rx(r"ALL (?:<w>|N |MY |THE |P:of ){0,4}?NODE (?:BE )?(?:<w>)?FREE "),
    rx(
        r"NODE (?:, )?(?:AND |C:\S+ )(?:THEY )?(?:ALL|ALL P:of them|ALL P:of THESE|PER one P:of them|ALL P:of which) BE (?:<w>)?FREE (?=[,.;)]|AND|C:|$)"
    ),
    rx(r"NO (?:<w>){0,1}?(?:NODE |LOAD )(?:BE )?(?:<w>)?BUSY "),
    rx(r"NO (?:<w>|THIS ){0,2}?(?:BUSY NODE|BUSY JOBS|allocations|JOBS RUN|LOAD) "),
    rx(r"(?:<SELF>|IT )(?:<w>){0,1}?BE (?:<w>){0,1}?(?:empty|FREE_idle) "),
)
ALL_BUSY = (
    rx(
        r"(?:<SELF>|IT |ALL (?:<w>|N |MY |THE |P:of ){0,3}?NODE )(?:<w>){0,1}?BE (?:<w>){0,1}?(?:fully|completely|entirely|TOTAL|all) (?:BUSY|booked) "
    ),
    rx(
        r"(?:NO|ZERO) (?:<w>){0,1}?(?:FREE NODE|NODE (?:BE )?(?:<w>)?FREE) (?=[,.;)]|AND|P:for|BE (?!NOT what)|AFTER|IN|C:|$)"
    ),
)


def occupancy_words(scene: Scene) -> Iterator[Found]:
    """Return where the cluster is said to be all idle or all taken."""
    known = scene.known
    for _, first, last in matches(scene.sentence, IDLE):
        if _mine(scene, first, last):
            wrong = bool(known.nodes_background)
            yield Found(
                "background",
                "no background load",
                first,
                last,
                f"{known.nodes_background} nodes are busy with background load" if wrong else None,
            )
    for _, first, last in matches(scene.sentence, ALL_FREE):
        if (
            _mine(scene, first, last)
            and not re.search(r" BG |NOT ALL", scene.sentence.slice(first - 1, last))
            and not (" JOBS " in scene.sentence.slice(first, last) and known.nodes_allocated == 0)
            and "spare" not in scene.sentence.text
            and not _limited(scene.sentence, first, last)
        ):
            wrong = None not in (known.nodes_free, known.nodes) and known.nodes_free != known.nodes
            yield Found(
                "occupancy",
                "all nodes are free",
                first,
                last,
                f"{known.nodes_free} of {known.nodes} nodes are free" if wrong else None,
            )
    for _, first, last in matches(scene.sentence, ALL_BUSY):
        if _mine(scene, first, last):
            yield Found(
                "occupancy",
                "no node is free",
                first,
                last,
                f"{known.nodes_free} of {known.nodes} nodes are free" if known.nodes_free else None,
            )


def _limited(sentence: Sentence, first: int, last: int) -> bool:
    """`no conflict`, `all required nodes are free` speak of the job's share."""
    return re.search(r" (?:REQ|PARTLY|these|those|not) ", sentence.slice(first, last)) is not None or hedged(
        sentence, first, last
    )
