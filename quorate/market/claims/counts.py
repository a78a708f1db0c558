# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Counts: nodes in their roles, GPUs and cores, per node and in all."""

import re
from collections.abc import Callable

from quorate.market.claims.figures import NODE_EACH, PER_NODE, Truth, around, firm, holder
from quorate.market.claims.rules import Scene, owner
from quorate.market.claims.values import Known

_MODS = r"(?:[a-z][^ ]* |CPU |FREE |TOTAL |REQ |BUSY |BG |HIGH |HW |THIS |MY |THE |INT |SPECV |P:of |HOM |HET ){0,3}?"
COUNTED = re.compile(
    r" N (?:(?:P:of|/|out P:of|C:out_of) (?:THE |MY |its |ITS |A )?(?:TOTAL |FREE )?(?:P:of )?N )?(?P<mods>"
    + _MODS
    + r"(?:T:gpu |CPUONLY |CPU )?)(?P<head>NODE|GPUS|CORE|T:gpu CORE) "
)


def count(scene: Scene, index: int) -> Truth | None:
    """Say what a bare number may truly be, by the noun that it counts and the role that its words give it."""
    before, after = around(scene, index)
    if _hyphened(scene, index) and re.match(r" N T:gpu NODE ", after):
        return _gpus(scene, index, before, " PER NODE ")
    with_gpus = re.match(
        r" N P:of (?:MY|THE|ITS|ALL) (?:THE |MY )?(?:FREE )?NODE (?=(?:HAVE|P:with|NO) (?:[a-z]\S* |NO |N )*(?:GPUS|T:gpu))",
        after,
    )
    if with_gpus:
        return _special_nodes(scene.known, "", before, " " + after[with_gpus.end() :])
    match = COUNTED.match(after)
    if match is None:
        return _bare(scene, index, before, after)
    rest = " " + after[match.end() :]
    first = match.group().split().index("N") if re.match(r" N (?:P:of|/|out|C:out_of) ", after) else None
    head = match["head"]
    if head == "NODE":
        return (
            _part_of(scene, before, after, rest)
            if first is not None
            else _nodes(scene, index, before, match["mods"], rest)
        )
    if re.match(r" N (?:P:of|/|out) ", after):
        return None
    if head == "GPUS":
        return _gpus(scene, index, before, rest)
    return _cores(scene, index, before, rest) if head == "CORE" else None


def _hyphened(scene: Scene, index: int) -> bool:
    """Tell `4-GPU nodes` from `256 GPU nodes`."""
    tokens = scene.sentence.tokens
    at = tokens[index].end - tokens[0].start
    return scene.sentence.text[at : at + 1] == "-"


_FREE_AFTER = r"(?:[a-z]\S* |THIS ){0,2}FREE (?!NODE|GPUS|T:|capacity|MEM|CORE|resources|P:of GPUS)"
_BARE: tuple[tuple[str, str, str], ...] = (
    # words before, words after, what it counts
    ("", r" N T:gpu NODE ", "gpus each"),
    (r" (?:FREE|REQ|BUSY) NODE \( $", r" N [)/]", "keyed"),
    (r" TOTAL NODE \( $", r" N [)/]", "total"),
    (r" (?:REQ|FREE|BUSY|JOB|BG) (?:\S+ ){0,2}?(?<! PER )NODE (?:count )?(?::|=) $", "", "keyed"),
    (r"(?<! PER) NODE (?:count )?(?::|=) $| NODE TOTAL (?::|=) $| TOTAL NODE (?::|=|BE|P:of) $", "", "total"),
    (r" (?:FREE|BUSY|BG|REQ) (?:NODE )?(?:count )?(?::|=|BE) $| NODE (?:FREE|REQ|BUSY) (?::|=|BE) $", "", "keyed"),
    (r" NODE ", r" N (?:BE |will BE |P:of (?:WH|them|THESE) (?:BE )?)?" + _FREE_AFTER, "free"),
    (r" NODE ", r" N BE (?:[a-z]\S* )?BG ", "background"),
    (r" NODE ", r" N (?:P:of (?:WH|them) )?BE (?:[a-z]\S* )?REQ ", "job"),
    (r" NODE ", r" N BE (?:[a-z]\S* |THIS ){0,2}BUSY ", "busy"),
    (r" (?:NODE|GPUS|CORE) ", r" N (?:IN )?TOTAL (?:[.,;)]|$)", "total of it"),
    (r" CORE (?:count |TOTAL )?(?:: |= |BE |P:of )$", r" N (?!NODE|GPUS|PER|/)", "cores"),
    (r" NODE (?:BE )?(?:FREE )?out P:of (?:A |MY )?(?:TOTAL )?(?:P:of )?$", r" N (?!GPUS|CORE|T:)", "total"),
    (r" (?:GPUS|T:gpu) (?:PER|/) NODE (?:BE |: |= |P:of )+$", "", "gpus each"),
    (r" (?:GPUS|TOTAL GPUS|GPUS count|T:gpu count) (?:: |= |BE )$", "", "gpus"),
)
"""What a number without a noun of its own counts; the first row that fits decides."""
_BARE_RULES = tuple((re.compile(before), re.compile(after), what) for before, after, what in _BARE)


_ELLIPSIS = re.compile(
    r" (?:I|MY CLUSTER|THE CLUSTER|THIS CLUSTER) (?:[a-z]\S* |ONLY )?(?:HAVE |got |HAVE got )(?:ONLY |ABOUT )?$"
)


def _elliptic(scene: Scene, index: int, before: str, after: str) -> Truth | None:
    """`The job wants GPUs on each node and we have eight on each`; `96 nodes asked, and we have 1200`."""
    if not _ELLIPSIS.search(before):
        return None
    earlier = re.findall(r" (NODE|GPUS|T:gpu|CORE)(?= )", re.sub(r"(?: PER| /| P:on PER) NODE(?= )", " ", before))
    noun = earlier[-1].replace("T:gpu", "GPUS") if earlier else scene.noun
    if re.match(r" N (?:P:on |IN |P:at )?(?:PER|EACH|ALL|A NODE|/ NODE)", after) and noun == "GPUS":
        return _gpus_each(scene.known, "self", tuple(group.gpus for group in scene.known.groups or ()), False, True)
    if not re.match(r" N (?:[.,;)!]|AND|C:\S+|$|FREE)", after):
        return None
    if noun == "NODE":
        return _own_nodes(scene.known)
    if noun != "GPUS" or not scene.known.groups:
        return None
    each = tuple(group.gpus for group in scene.known.groups)
    mine = tuple((scene.known.job_nodes or 0) * (size or 0) for size in each)
    return Truth(
        "gpus_per_node",
        "the cluster's GPUs per node",
        (max(size or 0 for size in each), *each, scene.known.gpus, *mine),
    )


def _bare(scene: Scene, index: int, before: str, after: str) -> Truth | None:
    """`Nodes: 320`, `GPUs per node: 4`, `of which 40 are free`, `4-GPU nodes`."""
    elliptic = _elliptic(scene, index, before, after)
    if elliptic is not None:
        return elliptic
    if re.search(r" (?:-|\+|x|minus|plus|times) (?:\S+ ){0,4}(?:=|EQ|LEAVE|->) $", before):
        return None
    for before_rule, after_rule, what in _BARE_RULES:
        if (
            before_rule.search(before)
            and after_rule.match(after)
            and (before_rule.pattern != " NODE " or _among_nodes(before))
        ):
            return _of_bare(scene, index, what, before, after)
    return None


def _of_bare(scene: Scene, index: int, what: str, before: str, after: str) -> Truth | None:
    if what == "keyed":
        counted = " NODE " in scene.sentence.tags or re.match(r" N (?:/|P:of|NODE)", after)
        return _keyed_nodes(scene, before) if counted else None
    if what == "total of it":
        what = {"NODE": "total", "GPUS": "gpus", "CORE": "cores"}[
            re.findall(r" (NODE|GPUS|CORE)(?= )", re.sub(r" PER NODE | / NODE ", " ", " GPUS" + before))[-1]
        ]
    if what == "free" and " AFTER " in before + after:
        what = "left"
    if what in _MAKERS:
        return _MAKERS[what](scene.known)
    if what == "cores":
        return _cores(scene, index, " ", " PER NODE " if " PER NODE " in before else " ")
    return _gpus(scene, index, before, " PER NODE " if what == "gpus each" else " ")


def _among_nodes(before: str) -> bool:
    """Whether the last thing counted before was nodes."""
    return re.search(r" NODE (?!.*(?: GPUS | CORE | T:gpu | NODE ))", before) is not None


def _keyed_nodes(scene: Scene, before: str) -> Truth | None:
    key = re.findall(r"FREE|BUSY|BG|REQ|JOB", before)[-1]
    roles = {"FREE": "free", "BUSY": "busy", "BG": "background", "REQ": "job", "JOB": "job"}
    return _MAKERS[roles[key]](scene.known)


def _part_of(scene: Scene, before: str, after: str, rest: str) -> Truth | None:
    """The first number of `175 of 200 nodes`; the second is met again as a count of its own."""
    if re.match(r" (?:BE )?(?:[a-z]\S* |THIS ){0,2}(?:FREE) ", rest):
        return _of_free(scene, after) or free_nodes(scene.known)
    if re.match(r" (?:BE )?(?:[a-z]\S* ){0,2}(?:BUSY|IN use) ", rest):
        return busy_nodes(scene.known, scene.sentence.text)
    if re.search(r" (?:REQ|JOB|JOB 'S) (?:<w>|[a-z]\S* |LESS |ONLY |P:for )*$", before):
        return job_nodes(scene.known)
    return None


def _of_free(scene: Scene, after: str) -> Truth | None:
    """`42 of 200 nodes free`: the job's nodes, if the second number is that of the free ones; `200 of 200` is all free."""
    known = scene.known
    if known.nodes_free is None or numbers_after(scene, after) != known.nodes_free:
        return None
    asked = job_nodes(known)
    return Truth(asked.kind, asked.name, (*asked.values, known.nodes_free))


def numbers_after(scene: Scene, after: str) -> float | None:
    """Return the second number of a pair that starts at `after`."""
    first = len(scene.sentence.tags) - len(scene.sentence.tags.partition(after.strip())[2]) - len(after.strip())
    start = scene.sentence.index(first)
    found = [
        token.quantity.number
        for token in scene.sentence.tokens[start : start + 6]
        if token.tag == "N" and token.quantity
    ]
    return found[1] if len(found) > 1 else None


def _nodes(scene: Scene, index: int, before: str, mods: str, rest: str) -> Truth | None:
    known = scene.known
    if re.search(r" (?:P:than|OTHER|OTHERID|IF|HEDGE P:with) (?:\S+ ){0,2}$", before) or re.search(
        r" (?:additional|more|extra|few|another|MORE_) ", " " + mods
    ):
        return None
    special = _special_nodes(known, mods, before, rest)
    if special is not None:
        return special
    role = _role(scene, index, before, mods, rest)
    if role in {"free", "own"} and " AFTER " in before:
        role = "left"
    if re.search(r" N (?:P:of|/|out P:of) (?:THE |MY |ITS |ALL |TOTAL )*$", before) and "FREE" not in mods:
        role = "total"
    if role == "total" and re.search(r" ALL (?:P:of |THE )*$", before):
        return Truth("node_count", "the cluster's nodes", (*_own_nodes(known).values,))
    if role == "total" and re.search(r" TOTAL ", before[-30:] + " " + mods + rest[:24]):
        return Truth("node_count", "the cluster's nodes", (known.nodes,))
    if role == "busy":
        return busy_nodes(known, scene.sentence.text)
    return _MAKERS[role](known) if role else None


def _special_nodes(known: Known, mods: str, before: str, rest: str) -> Truth | None:
    """GPU nodes and CPU nodes are counted by group."""
    if (
        "T:gpu" not in mods
        and "CPU" not in mods
        and not re.match(r" (?:P:with|HAVE|NO) (?:[a-z]\S* |N |NO ){0,2}?(?:GPUS|T:gpu)", rest)
    ):
        return None
    if known.groups is None or re.search(r" (?:REQ|JOB|JOB 'S) (?:[a-z]\S* |A |ONLY |LESS )*$", before):
        return None
    with_gpus = "T:gpu" in mods or ("CPU" not in mods and "NO" not in rest.split()[:3])
    chosen = [group for group in known.groups if bool(group.gpus) == with_gpus]
    if "CPU" in mods.split() and not with_gpus:
        chosen = [*known.groups]
    sizes = (sum(group.nodes or 0 for group in chosen), sum(group.free or 0 for group in chosen), known.job_nodes)
    each = tuple(group.nodes for group in chosen) + tuple(group.free for group in chosen)
    return Truth(
        "node_count", f"nodes {'with' if with_gpus else 'without'} GPUs", (*sizes, *each, known.nodes, known.nodes_free)
    )


_ROLE_AFTER = (
    (
        "job",
        re.compile(
            r" (?:BE |P:of |THE )?(?:REQ|JOB|for the job|P:for (?:THE|THIS|A) (?:[a-z]\S* |T:\S+ )?(?:JOB|REQ)) "
        ),
    ),
    ("background", re.compile(r" (?:BE |P:of )?(?:[a-z]\S* |BUSY ){0,2}(?:P:with |P:by |IN |P:for |P:to )?BG ")),
    ("busy", re.compile(r" (?:BE |WH BE )?(?:[a-z]\S* |THIS ){0,2}(?:BUSY|IN use|P:in use|running) ")),
    ("left", re.compile(r" (?:BE |HEDGE |still )?(?:[a-z]\S* )?(?:FREE )?(?:AFTER|P:after|P:for OTHER) ")),
    ("free", re.compile(r" (?:will )?(?:BE |WH BE |THAT BE |\( )?(?:[a-z]\S* |THIS |ONLY |AFTER ){0,2}FREE ")),
    ("total", re.compile(r" (?:[a-z]\S* )?(?:IN (?:THE |MY |THIS )?)?TOTAL | CLUSTER ")),
)
_ROLE_BEFORE = (
    ("left", re.compile(r" (?:LEAVE|AFTER) (?:[a-z]\S* |MY |ABOUT |THE |P:with |A ){0,3}$")),
    (
        "background",
        re.compile(
            r" BG (?:LOAD |JOBS |processes |work |activity |NODE )?(?:P:of |: |= |BE |uses |BUSY |REQ |P:on |ABOUT |LASTS ){1,3}$"
        ),
    ),
    (
        "job",
        re.compile(
            r" (?:REQ|JOB|JOB 'S|JOB P:of|JOB P:for) (?:[a-z]\S* |ONLY |A |THE |P:for |LESS |MORE |ABOUT |TOTAL |P:of |: |= |REQ |\( |NODE ){0,4}$"
        ),
    ),
    (
        "free",
        re.compile(
            r" FREE (?:capacity |resources |NODE |CLUSTER |THE |MY ){0,2}(?:stands P:at |amounts P:to |P:of |: |= |BE |MY |\( |ABOUT ){1,3}$"
        ),
    ),
    (
        "total",
        re.compile(
            r" (?:out P:of|P:out_of|P:of|/|C:out_of) (?:THE |MY |ITS |ALL )?$| TOTAL (?:P:of |: |BE |NODE |ABOUT ){0,3}$| (?:ALL|TOTAL) (?:MY |P:of |THE )*$"
        ),
    ),
    (
        "own",
        re.compile(
            r" (?:HAVE|MY|P:with|CLUSTER 'S|(?:I|SELFID|CLUSTER) (?!P:as)[a-z]\S*) (?:[a-z]\S* |A |TOTAL |ABOUT |P:of |MORE |ONLY |MY |ALL ){0,3}$"
        ),
    ),
)


def _role(scene: Scene, index: int, before: str, mods: str, rest: str) -> str | None:
    by_mods = {"FREE": "free", "TOTAL": "total", "REQ": "job", "BUSY": "busy", "BG": "background"}
    for word, role in by_mods.items():
        if word in mods.split():
            return "left" if role == "free" and re.search(r" (?:LEAVE|AFTER) ", before + rest) else role
    for role, pattern in _ROLE_BEFORE[:1]:
        if pattern.search(before):
            return role
    for role, pattern in _ROLE_AFTER:
        if pattern.match(rest):
            return role
    for role, pattern in _ROLE_BEFORE[1:]:
        if pattern.search(before):
            return role if role != "own" or owner(scene, index) in {"self", ""} else None
    return None


def _total_nodes(known: Known) -> Truth:
    extra = (*(group.nodes for group in known.groups or ()), known.suitable, known.nodes_free)
    return Truth("node_count", "the cluster's nodes", (known.nodes, *extra))


def free_nodes(known: Known) -> Truth:
    """Free nodes, in all or of one kind."""
    extra = (*(group.free for group in known.groups or ()), known.suitable_free)
    return Truth("free_nodes", "free nodes", (known.nodes_free, *extra))


def left_nodes(known: Known) -> Truth:
    """Free nodes after the job."""
    asked = known.job_nodes or 0
    bases = (known.nodes_free, known.nodes, known.suitable_free, *(group.free for group in known.groups or ()))
    values = tuple(None if base is None or known.job_nodes is None else base - asked for base in bases)
    return Truth(
        "arithmetic", "nodes free after the job", (*values, known.nodes_free if values[0] is not None else None)
    )


_ALLOCATED = re.compile(r"\b(?:allocat\w*|reserved|committed|running|jobs?)\b", re.IGNORECASE)


def busy_nodes(known: Known, text: str = "allocated") -> Truth:
    """Busy nodes, now or with the job; `allocated` may leave out the background."""
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    bases = (taken, known.nodes_allocated) if _ALLOCATED.search(text) else (taken,)
    after = tuple(value + (known.job_nodes or 0) for value in bases if value is not None)
    return Truth("occupancy", "busy nodes", (*bases, *after))


def background(known: Known) -> Truth:
    """Nodes of the background load."""
    return Truth("background", "nodes busy with background load", (known.nodes_background,))


def job_nodes(known: Known) -> Truth:
    """The nodes that the job asks for."""
    return Truth("job_nodes", "the nodes that the job asks for", (known.job_nodes,))


def _own_nodes(known: Known) -> Truth:
    truth = _total_nodes(known)
    return Truth(
        "node_count", truth.name, (*truth.values, *free_nodes(known).values, known.suitable_free, known.job_nodes)
    )


_MAKERS: dict[str, Callable[[Known], Truth]] = {
    "job": job_nodes, "free": free_nodes, "busy": busy_nodes, "background": background, "total": _total_nodes,
    "left": left_nodes, "own": _own_nodes,
}  # fmt: skip
"""Role of a number of nodes -> what it may truly be."""


def _gpus(scene: Scene, index: int, before: str, rest: str) -> Truth | None:
    known = scene.known
    who = holder(scene, index, before)
    if re.match(r" (?:BE )?(?:REQ|PER JOB|P:for (?:THE|THIS) JOB) ", rest):
        who = "job"
    elif re.search(r" NODE (?:<w>)?(?:HAVE|BE HAVE|P:with) (?:[a-z]\S* )*$".replace("<w>", r"[a-z]\S* "), before):
        who = who or "self"
    placed = re.match(r" (?:[a-z]\S* )?(?:IN|P:on) (?:EACH|PER|ALL) (?:P:of )?(?:MY|THE) ", rest) is not None
    who = "self" if placed else who
    if who == "other" or re.search(r" (?:additional|more|extra|FREE) $", before):
        return None
    job_each, asked = known.job_gpus_per_node, known.job_nodes
    job_all = None if job_each is None or asked is None else job_each * asked
    own_each = tuple(group.gpus for group in known.groups or ())
    summed = (
        re.search(
            r" (?:give|gives|giving|make|makes|yield|yields|EQ|BE|=|TOTAL|is|for) (?:A |ABOUT |P:of |TOTAL ){0,3}$",
            before,
        )
        and "PER" not in rest[:12]
    )
    if (PER_NODE.match(rest) or NODE_EACH.search(before)) and not (summed and re.search(r" N GPUS ", before)):
        return _gpus_each(
            known, who, own_each, _every(before + rest), firm(before) or placed or rest.startswith(" PER NODE ")
        )
    quantity = scene.sentence.tokens[index].quantity
    if quantity is not None and quantity.number == 0 and who != "job":
        return Truth("gpu_presence", "the cluster's GPUs", (known.gpus,)) if known.gpus else None
    if who == "job":
        return Truth("gpu_total", "the GPUs that the job asks for", (job_all, job_each))
    group_all = tuple((group.nodes or 0) * (group.gpus or 0) for group in known.groups or ())
    free_all = tuple((group.free or 0) * (group.gpus or 0) for group in known.groups or ())
    for_job = tuple((asked or 0) * (gpus or 0) for gpus in own_each)
    name = "the cluster's GPUs"
    extra = (*group_all, *free_all, sum(free_all), *for_job, *own_each, job_all, job_each)
    if re.search(r" (?:TOTAL|ALL) (?:P:of |MY |THE |GPUS )*$", before) and who == "self":
        extra = (*group_all, *free_all, sum(free_all), *for_job, job_all)
    return Truth("gpu_total", name, (known.gpus if known.groups else None if own_each else known.gpus, *extra))


def _every(tags: str) -> bool:
    return (
        re.search(r" (?:ALL|PER|EACH) (?:P:of |MY |THE |N )*NODE (?:HAVE|P:with|comes|carries|contains)", tags)
        is not None
    )


def _gpus_each(known: Known, who: str, own_each: tuple[int | None, ...], every: bool, firm: bool) -> Truth | None:
    if who == "job":
        return Truth("gpus_per_node", "the GPUs that the job asks of each node", (known.job_gpus_per_node,))
    if not own_each:
        return None
    if every and len(set(own_each)) > 1:
        return Truth(
            "gpus_per_node",
            "GPUs on every node: some nodes have fewer; the fewest",
            (min(each or 0 for each in own_each),),
        )
    extra = () if who == "self" and firm else (known.job_gpus_per_node,)
    return Truth(
        "gpus_per_node", "the cluster's GPUs per node", (max(own_each, key=lambda each: each or 0), *own_each, *extra)
    )


def _cores(scene: Scene, index: int, before: str, rest: str) -> Truth | None:
    known = scene.known
    if owner(scene, index) in {"job", "other"} or known.groups is None or re.search(r" T:gpu $", before):
        return None
    each = tuple(group.cores for group in known.groups if group.gpus or " T:gpu NODE " not in before)
    if (PER_NODE.match(rest) or NODE_EACH.search(before)) and not re.match(r" (?:IN )?TOTAL ", rest):
        every = re.search(r" ALL (?:P:of |MY |THE |N )*NODE HAVE ", before) or re.match(
            r" (?:IN|P:on) (?:EACH|ALL) ", rest
        )
        if every and len(set(each)) > 1:
            return Truth(
                "cores", "cores on every node: some nodes have fewer; the fewest", (min(size or 0 for size in each),)
            )
        return Truth("cores", "the cluster's cores per node", (each[0], *each))
    parts = tuple((group.nodes or 0) * (group.cores or 0) for group in known.groups)
    free = tuple((group.free or 0) * (group.cores or 0) for group in known.groups)
    asked = tuple((known.job_nodes or 0) * (cores or 0) for cores in each)
    return Truth("cores", "the cluster's cores", (known.cores, *parts, *free, sum(free), *asked, *each))
