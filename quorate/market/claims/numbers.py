"""Claims with a number: what it counts, whose it is, and whether it is right."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from quorate.market.claims.lexer import Token
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene, owner
from quorate.market.claims.values import ClaimKind, Known

_MODS = r"(?:[a-z][^ ]* |CPU |FREE |TOTAL |REQ |BUSY |BG |HIGH |HW |THIS |MY |THE |INT |SPECV |P:of |HOM |HET ){0,3}?"
COUNTED = re.compile(
    r" N (?:(?:P:of|/|out P:of|C:out_of) (?:THE |MY |its |ITS |A )?(?:TOTAL |FREE )?(?:P:of )?N )?(?P<mods>" + _MODS + r"(?:T:gpu |CPUONLY |CPU )?)(?P<head>NODE|GPUS|CORE|T:gpu CORE) "
)
_PER_NODE = re.compile(r" (?:[a-z]\S* )?(?:IN|P:on) (?:EACH|PER|ALL) (?:P:of )?(?:MY |THE |ITS )?(?:N )?NODE| (?:[a-z]\S* |\( |T:memory |CPU |P:of |HOM ){0,3}?(?:PER NODE|/ NODE|PER |on PER|P:on PER|IN PER|NODE PER|P:for PER NODE)")
_NODE_EACH = re.compile(r" (?:PER NODE|NODE|NODE PER) (?:[a-z]\S* )?(?:(?:BE|HAVE|P:with|:|=|P:of|PER|equipped|containing|P:at) ){1,3}(?:[a-z]\S* )?$| PER (?:HAVE|P:with|[a-z]\S* P:with) (?:[a-z]\S* )?$| (?:GPUS|T:gpu|CORE|T:memory) (?:capacity )?(?:PER|/) NODE (?:BE |: |= |P:of |\( )*$| NODE (?:P:with |HAVE )(?:N |Q:mem |T:\S+ |CORE |GPUS |AND |, |CPU |[a-z]\S* ){0,8}$")


@dataclass(frozen=True, slots=True)
class Truth:
    """What a number may be, the first value being the plain answer, and how to say it; None = unknown."""

    kind: ClaimKind
    name: str
    values: tuple[float | None, ...]
    unit: str = ""

    @property
    def fact(self) -> str:
        """State the plain answer as one clause."""
        value = self.values[0]
        shown = f"{value:.1f}".removesuffix(".0") if value is not None else "unknown"
        return f"{self.name} {'is' if self.unit or value == 1 else 'are'} {shown}{' ' + self.unit if self.unit else ''}"


def numbers(scene: Scene) -> Iterator[Found]:
    """Return every number of the sentence whose meaning is clear."""
    readers: dict[str, Callable[[Scene, int], Truth | None]] = {
        "N": _count, "Q:pct": _percent, "Q:mem": _memory, "Q:time": _time, "Q:bw": _bandwidth,
    }  # fmt: skip
    for index, token in enumerate(scene.sentence.tokens):
        reader = readers.get(token.tag)
        truth = reader(scene, index) if reader else None
        if truth is not None:
            yield _judged(scene, index, token, truth)


def _judged(scene: Scene, index: int, token: Token, truth: Truth) -> Found:
    quantity = token.quantity
    assert quantity is not None  # every reader's tag carries one
    truths = [value for value in truth.values if value is not None]
    asserted = f"{truth.name}: {token.raw}"
    if truth.values[0] is None or not truths:
        return Found(truth.kind, asserted, index, index + 1)
    before = scene.sentence.slice(max(0, index - 2), index)
    right = close(quantity.values, truths, *_tolerance(token, before))
    if re.search(r" MORE (?:THE |MY )?$", before):
        right = right or max(truths) >= min(quantity.values)
    if re.search(r" LESS (?:THE |MY )?$", before):
        right = right or min(truths) <= max(quantity.values)
    return Found(truth.kind, asserted, index, index + 1, None if right else truth.fact)


def _tolerance(token: Token, before: str) -> tuple[float, float]:
    quantity = token.quantity
    assert quantity is not None
    about = re.search(r" (?:ABOUT|PARTLY|~) (?:THE |A )?$", before) is not None
    if token.tag == "N":
        round_number = quantity.number >= 1_000 and quantity.number % 100 == 0
        return quantity.step, 0.06 if about else 0.02 if round_number or quantity.step else 0.0
    if token.tag == "Q:pct":
        return (max(quantity.step, 3.0) if about else quantity.step), 0.0
    return quantity.step, 0.1 if about else 0.02


def _around(scene: Scene, index: int, back: int = 9, ahead: int = 10) -> tuple[str, str]:
    return scene.sentence.slice(max(0, index - back), index), scene.sentence.slice(index, index + ahead)


# ── Counts: nodes, GPUs, cores ───────────────────────────────────────────────────────────────────────────────────


def _count(scene: Scene, index: int) -> Truth | None:
    before, after = _around(scene, index)
    if _hyphened(scene, index) and re.match(r" N T:gpu NODE ", after):
        return _gpus(scene, index, before, " PER NODE ")
    match = COUNTED.match(after)
    if match is None:
        return _bare(scene, index, before, after)
    rest = " " + after[match.end() :]
    first = match.group().split().index("N") if re.match(r" N (?:P:of|/|out|C:out_of) ", after) else None
    head = match["head"]
    if head == "NODE":
        return _part_of(scene, before, after, rest) if first is not None else _nodes(scene, index, before, match["mods"], rest)
    if re.match(r" N (?:P:of|/|out) ", after):
        return None
    if head == "GPUS" or (head == "T:gpu CORE" and False):
        return _gpus(scene, index, before, rest)
    return _cores(scene, index, before, rest) if head == "CORE" else None


def _hyphened(scene: Scene, index: int) -> bool:
    """Tell `4-GPU nodes` from `256 GPU nodes`."""
    tokens = scene.sentence.tokens
    at = tokens[index].end - tokens[0].start
    return scene.sentence.text[at : at + 1] == "-"


def _bare(scene: Scene, index: int, before: str, after: str) -> Truth | None:
    """`Nodes: 320`, `GPUs per node: 4`, `175 free of 200`, `4-GPU nodes`."""
    if re.match(r" N T:gpu NODE ", after):
        return _gpus(scene, index, before, " PER NODE ")
    keyed = re.search(r" (FREE|TOTAL|REQ|BUSY) NODE \( $", before)
    if keyed and re.match(r" N [)/]", after):
        return _total_nodes(scene.known) if keyed[1] == "TOTAL" else _keyed_nodes(scene, before)
    if re.search(r"(?<! PER) NODE (?:count )?(?::|=) $", before) or re.search(r" NODE TOTAL (?::|=) $| TOTAL NODE (?::|=|BE|P:of) $", before):
        return _total_nodes(scene.known) if not re.search(r" (?:REQ|FREE|BUSY|JOB|BG) (?:NODE|:)", before) else _keyed_nodes(scene, before)
    if re.search(r" (?:FREE|BUSY|BG|REQ) (?:NODE )?(?:count )?(?::|=|BE) $| NODE (?:FREE|REQ|BUSY) (?::|=|BE) $", before):
        return _keyed_nodes(scene, before) if re.search(r" NODE ", scene.sentence.tags) or re.match(r" N (?:/|P:of|NODE)", after) else None
    if re.match(r" N (?:BE |will BE )?(?:[a-z]\S* |THIS ){0,2}FREE (?!NODE|GPUS|T:|capacity|MEM|CORE|resources|P:of GPUS)", after) and _among_nodes(before):
        return _left_nodes(scene.known) if " AFTER " in before + after else _free_nodes(scene.known)
    if re.match(r" N (?:IN )?TOTAL (?:[.,;)]|$)", after):
        things = re.findall(r" (NODE|GPUS|CORE)(?= )", re.sub(r" PER NODE | / NODE ", " ", before))
        makers = {"NODE": lambda: _total_nodes(scene.known), "GPUS": lambda: _gpus(scene, index, " TOTAL ", " "), "CORE": lambda: None}
        return makers[things[-1]]() if things else None
    if re.match(r" N P:of WH (?:BE )?(?:[a-z]\S* |THIS ){0,2}FREE ", after) and _among_nodes(before):
        return _free_nodes(scene.known)
    if re.match(r" N BE (?:[a-z]\S* )?BG ", after) and _among_nodes(before):
        return _background(scene.known)
    if re.match(r" N BE (?:[a-z]\S* |THIS ){0,2}BUSY ", after) and _among_nodes(before):
        return _busy_nodes(scene.known)
    if re.search(r" CORE (?:count |TOTAL )?(?:: |= |BE |P:of )$", before) and not re.match(r" N (?:NODE|GPUS|PER|/)", after):
        return _cores(scene, index, " ", " PER NODE " if re.search(r" PER NODE ", before) else " ")
    if re.search(r" NODE (?:BE )?(?:FREE )?out P:of (?:A |MY )?(?:TOTAL )?(?:P:of )?$", before) and not re.match(r" N (?:GPUS|CORE|T:)", after):
        return _total_nodes(scene.known)
    if re.search(r" (?:GPUS|T:gpu) (?:PER|/) NODE (?:BE |: |= |P:of )+$", before):
        return _gpus(scene, index, before, " PER NODE ")
    if re.search(r" (?:GPUS|TOTAL GPUS|GPUS count|T:gpu count) (?:: |= )$", before):
        return _gpus(scene, index, before, " ")
    return None


def _among_nodes(before: str) -> bool:
    """Whether the last thing counted before was nodes."""
    return re.search(r" NODE (?!.*(?: GPUS | CORE | T:gpu | NODE ))", before) is not None


def _keyed_nodes(scene: Scene, before: str) -> Truth | None:
    key = re.findall(r"FREE|BUSY|BG|REQ|JOB", before)[-1]
    makers = {"FREE": _free_nodes, "BUSY": _busy_nodes, "BG": _background, "REQ": _job_nodes, "JOB": _job_nodes}
    return makers[key](scene.known)


def _part_of(scene: Scene, before: str, after: str, rest: str) -> Truth | None:
    """The first number of `175 of 200 nodes`; the second is met again as a count of its own."""
    if re.match(r" (?:BE )?(?:[a-z]\S* |THIS ){0,2}(?:FREE) ", rest):
        return _free_nodes(scene.known)
    if re.match(r" (?:BE )?(?:[a-z]\S* ){0,2}(?:BUSY|IN use) ", rest):
        return _busy_nodes(scene.known)
    if re.search(r" (?:REQ|JOB|JOB 'S) (?:<w>|[a-z]\S* |LESS |ONLY |P:for )*$", before):
        return _job_nodes(scene.known)
    return None


def _nodes(scene: Scene, index: int, before: str, mods: str, rest: str) -> Truth | None:
    known = scene.known
    if re.search(r" (?:P:than|OTHER|OTHERID|IF|HEDGE P:with) (?:\S+ ){0,2}$", before) or re.search(r" (?:additional|more|extra|few|another|MORE_) ", " " + mods):
        return None
    special = _special_nodes(known, mods, before, rest)
    if special is not None:
        return special
    role = _role(scene, index, before, mods, rest)
    if role in {"free", "own"} and " AFTER " in before:
        role = "left"
    if re.search(r" N (?:P:of|/|out P:of) (?:THE |MY |ITS |ALL |TOTAL )*$", before) and "FREE" not in mods:
        role = "total"
    makers = {
        "job": _job_nodes, "free": _free_nodes, "busy": _busy_nodes, "background": _background, "total": _total_nodes,
        "left": _left_nodes, "own": _own_nodes,
    }  # fmt: skip
    if role == "total" and re.search(r" TOTAL ", before[-30:] + " " + mods + rest[:24]):
        return Truth("node_count", "the cluster's nodes", (known.nodes,))
    return makers[role](known) if role else None


def _special_nodes(known: Known, mods: str, before: str, rest: str) -> Truth | None:
    """GPU nodes and CPU nodes are counted by group."""
    if "T:gpu" not in mods and "CPU" not in mods and not re.match(r" (?:P:with|HAVE|NO) (?:[a-z]\S* |N |NO ){0,2}?(?:GPUS|T:gpu)", rest):
        return None
    if known.groups is None or re.search(r" (?:REQ|JOB|JOB 'S) (?:[a-z]\S* |A |ONLY |LESS )*$", before):
        return None
    with_gpus = "T:gpu" in mods or ("CPU" not in mods and "NO" not in rest.split()[:3])
    chosen = [group for group in known.groups if bool(group.gpus) == with_gpus]
    if "CPU" in mods.split() and not with_gpus:
        chosen = [*known.groups]
    sizes = (sum(group.nodes or 0 for group in chosen), sum(group.free or 0 for group in chosen), known.job_nodes)
    each = tuple(group.nodes for group in chosen) + tuple(group.free for group in chosen)
    return Truth("node_count", f"nodes {'with' if with_gpus else 'without'} GPUs", (*sizes, *each, known.nodes, known.nodes_free))


_ROLE_AFTER = (
    ("job", re.compile(r" (?:BE |P:of |THE )?(?:REQ|JOB|for the job|P:for (?:THE|THIS|A) (?:[a-z]\S* |T:\S+ )?(?:JOB|REQ)) ")),
    ("background", re.compile(r" (?:BE |P:of )?(?:[a-z]\S* |BUSY ){0,2}(?:P:with |P:by |IN |P:for |P:to )?BG ")),
    ("busy", re.compile(r" (?:BE |WH BE )?(?:[a-z]\S* |THIS ){0,2}(?:BUSY|IN use|P:in use|running) ")),
    ("left", re.compile(r" (?:BE |HEDGE |still )?(?:[a-z]\S* )?(?:FREE )?(?:AFTER|P:after|P:for OTHER) ")),
    ("free", re.compile(r" (?:will )?(?:BE |WH BE |THAT BE |\( )?(?:[a-z]\S* |THIS |ONLY |AFTER ){0,2}FREE ")),
    ("total", re.compile(r" (?:[a-z]\S* )?(?:IN (?:THE |MY |THIS )?)?TOTAL | CLUSTER ")),
)
_ROLE_BEFORE = (
    ("left", re.compile(r" (?:LEAVE|AFTER) (?:[a-z]\S* |MY |ABOUT |THE |P:with |A ){0,3}$")),
    ("background", re.compile(r" BG (?:LOAD |JOBS |processes |work |activity |NODE )?(?:P:of |: |= |BE |uses |BUSY |REQ |P:on |ABOUT |LASTS ){1,3}$")),
    ("job", re.compile(r" (?:REQ|JOB|JOB 'S|JOB P:of|JOB P:for) (?:[a-z]\S* |ONLY |A |THE |P:for |LESS |MORE |ABOUT |TOTAL |P:of |: |= |REQ |\( |NODE ){0,4}$")),
    ("free", re.compile(r" FREE (?:capacity |resources |NODE |CLUSTER |THE |MY ){0,2}(?:P:of |: |= |BE |MY |\( |ABOUT ){1,3}$")),
    ("total", re.compile(r" (?:out P:of|P:out_of|P:of|/|C:out_of) (?:THE |MY |ITS |ALL )?$| TOTAL (?:P:of |: |BE |NODE |ABOUT ){0,3}$| (?:ALL|TOTAL) (?:MY |P:of |THE )*$")),
    ("own", re.compile(r" (?:HAVE|MY|P:with|CLUSTER 'S|(?:I|SELFID|CLUSTER) (?!P:as)[a-z]\S*) (?:[a-z]\S* |A |TOTAL |ABOUT |P:of |MORE |ONLY |MY |ALL ){0,3}$")),
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
    extra = tuple(group.nodes for group in known.groups or ()) + (known.suitable, known.nodes_free)
    return Truth("node_count", "the cluster's nodes", (known.nodes, *extra))


def _free_nodes(known: Known) -> Truth:
    extra = tuple(group.free for group in known.groups or ()) + (known.suitable_free,)
    return Truth("free_nodes", "free nodes", (known.nodes_free, *extra))


def _left_nodes(known: Known) -> Truth:
    asked = known.job_nodes or 0
    bases = (known.nodes_free, known.nodes, known.suitable_free, *(group.free for group in known.groups or ()))
    values = tuple(None if base is None or known.job_nodes is None else base - asked for base in bases)
    return Truth("arithmetic", "nodes free after the job", (*values, known.nodes_free if values[0] is not None else None))


def _busy_nodes(known: Known) -> Truth:
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    asked = known.job_nodes or 0
    extra = (known.nodes_allocated, known.nodes_background)
    after = tuple(value + asked for value in (taken, *extra) if value is not None)
    return Truth("occupancy", "busy nodes", (taken, *extra, *after))


def _background(known: Known) -> Truth:
    return Truth("background", "nodes busy with background load", (known.nodes_background,))


def _job_nodes(known: Known) -> Truth:
    return Truth("job_nodes", "the nodes that the job asks for", (known.job_nodes,))


def _own_nodes(known: Known) -> Truth:
    truth = _total_nodes(known)
    return Truth("node_count", truth.name, (*truth.values, *_free_nodes(known).values, known.suitable_free, known.job_nodes))


def _gpus(scene: Scene, index: int, before: str, rest: str) -> Truth | None:
    known = scene.known
    who = _owner(scene, index, before)
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
    summed = re.search(r" (?:give|gives|giving|make|makes|yield|yields|EQ|BE|=|TOTAL|is|for) (?:A |ABOUT |P:of |TOTAL ){0,3}$", before) and "PER" not in rest[:12]
    if (_PER_NODE.match(rest) or _NODE_EACH.search(before)) and not (summed and re.search(r" N GPUS ", before)):
        return _gpus_each(known, who, own_each, _every(before + rest), _firm(before) or placed or rest.startswith(" PER NODE "))
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


_FIRM = re.compile(r" (?:HAVE|MY|P:with|BE|:|=|PER NODE|NODE) (?:[a-z]\S* |ONLY |A |HIGH |P:of |TOTAL |THE ){0,2}$")


def _firm(before: str) -> bool:
    """Whether the number is directly what somebody has, not what it is measured against."""
    return _FIRM.search(before) is not None


_KEY = re.compile(r" (?:GPUS|T:gpu|T:memory|CORE) (?:capacity )?(?:PER NODE |/ NODE )?(?:BE |: |= |P:of )+(?:ONLY )?$")


def _owner(scene: Scene, index: int, before: str) -> str:
    """Whose figure it is; `GPUs per node: 4` is the cluster's unless its clause, or a list that it ends, is the job's."""
    who = owner(scene, index)
    if not _KEY.search(before):
        return who
    start, _ = scene.sentence.clause(max(0, index - 4))
    named = re.search(r" (?:JOB|REQ) ", scene.sentence.slice(start, index)) is not None
    if re.search(r" (?::|=) $", before):
        return who or "self"
    return who if named else ""


def _every(tags: str) -> bool:
    return re.search(r" (?:ALL|PER|EACH) (?:P:of |MY |THE |N )*NODE (?:HAVE|P:with|comes|carries|contains)", tags) is not None


def _gpus_each(known: Known, who: str, own_each: tuple[int | None, ...], every: bool, firm: bool) -> Truth | None:
    if who == "job":
        return Truth("gpus_per_node", "the GPUs that the job asks of each node", (known.job_gpus_per_node,))
    if not own_each:
        return None
    if every and len(set(own_each)) > 1:
        return Truth("gpus_per_node", "GPUs on every node: some nodes have fewer; the fewest", (min(each or 0 for each in own_each),))
    extra = () if who == "self" and firm else (known.job_gpus_per_node,)
    return Truth("gpus_per_node", "the cluster's GPUs per node", (max(own_each, key=lambda each: each or 0), *own_each, *extra))


def _cores(scene: Scene, index: int, before: str, rest: str) -> Truth | None:
    known = scene.known
    if owner(scene, index) in {"job", "other"} or known.groups is None or re.search(r" T:gpu $", before):
        return None
    each = tuple(group.cores for group in known.groups if group.gpus or " T:gpu NODE " not in before)
    if (_PER_NODE.match(rest) or _NODE_EACH.search(before)) and not re.match(r" (?:IN )?TOTAL ", rest):
        if re.search(r" ALL (?:P:of |MY |THE |N )*NODE HAVE ", before) and len(set(each)) > 1:
            return Truth("cores", "cores on every node: some nodes have fewer; the fewest", (min(size or 0 for size in each),))
        return Truth("cores", "the cluster's cores per node", (each[0], *each))
    parts = tuple((group.nodes or 0) * (group.cores or 0) for group in known.groups)
    free = tuple((group.free or 0) * (group.cores or 0) for group in known.groups)
    asked = tuple((known.job_nodes or 0) * (cores or 0) for cores in each)
    return Truth("cores", "the cluster's cores", (known.cores, *parts, *free, sum(free), *asked, *each))


# ── Percentages ──────────────────────────────────────────────────────────────────────────────────────────────────


def _ratio(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def _percent(scene: Scene, index: int) -> Truth | None:
    known = scene.known
    before, after = _around(scene, index, 8, 9)
    start, end = scene.sentence.clause(index)
    near = scene.sentence.slice(max(start, index - 7), min(end, index + 6))
    close_by = scene.sentence.slice(max(start, index - 4), index) + "| " + scene.sentence.slice(index, min(end, index + 4))
    if re.search(r" (?:SKIP|PENALTY|OTHER|OTHERID) (?!.*(?:AND|LOAD|BUSY).*\|)", close_by.partition(" AND confidence")[0]):
        return None
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    if " BG " in near:
        return Truth("background", "background load", (_ratio(known.nodes_background, known.nodes),), "%")
    if re.match(r" Q:pct (?:P:of (?:MY |THE |ITS |ALL |TOTAL |CLUSTER |NODE )*)?(?:BE |still )?(?:[a-z]\S* ){0,1}FREE (?!NODE|capacity|resources|GPUS)", after) or re.search(r" FREE (?:capacity |NODE )?(?:P:of |: |BE |P:at |= )+(?:ABOUT )?$", before):
        free_after = _ratio((known.nodes_free or 0) - (known.job_nodes or 0), known.nodes)
        return Truth("occupancy", "the free part of the cluster", (_ratio(known.nodes_free, known.nodes), free_after), "%")
    if re.search(r" LOAD ", near) or re.search(r" LOAD (?:[a-z]\S* |BE |P:of |\( |: |= |P:at |ABOUT ){0,3}$", before) or re.match(r" Q:pct (?:P:of (?:MY |THE |ITS |ALL |TOTAL |CLUSTER |NODE )*)?(?:BE )?(?:[a-z]\S* )?BUSY ", after):
        return _occupancy(known, taken)
    return _share(scene, index, before, after)


def _occupancy(known: Known, taken: int | None) -> Truth:
    asked = known.job_nodes or 0
    allocated = known.nodes_allocated
    more = (allocated, *(value + asked for value in (taken, allocated) if value is not None))
    return Truth("occupancy", "the cluster's occupancy", (_ratio(taken, known.nodes), *(_ratio(part, known.nodes) for part in more)), "%")


_SHARE = re.compile(r" Q:pct (?:share )?(?:P:of )(?:[a-z]\S* |MY |THE |ITS |TOTAL |THIS |FREE |ALL |THE ){0,4}?(?:NODE|CLUSTER|capacity|resources|machine|nodes|MY|SELFID)|^ Q:pct (?:share |CLUSTER |NODE share )")
_SHARE_BEFORE = re.compile(r" (?:share|fraction|proportion|percentage) (?:P:of (?:MY |THE |CLUSTER |NODE |TOTAL |ITS )*)?(?:BE |: |= |P:of |ONLY |ABOUT |\( )+$| NODE \( (?:ONLY |ABOUT |i\.e\. )?$| (?:REQ|RUN) (?:ONLY |ABOUT |[a-z]\S* ){0,2}$| CLUSTER \( $")


def _near_counts(scene: Scene, index: int) -> set[float]:
    return {token.quantity.number for token in scene.sentence.tokens[max(0, index - 4) : index] if token.quantity}


def _share(scene: Scene, index: int, before: str, after: str) -> Truth | None:
    known = scene.known
    if not (_SHARE.search(after) or (_SHARE_BEFORE.search(before) and not re.search(r" (?:FREE|BUSY) NODE \( $", before))):
        return None
    asked = known.job_nodes
    bases: tuple[int | None, ...] = (known.nodes, known.suitable)
    if re.match(r" Q:pct (?:share )?P:of (?:[a-z]\S* |MY |THE |ITS |THIS |ALL ){0,3}?FREE ", after):
        bases = (known.nodes_free, known.suitable_free)
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    named = re.search(r" N NODE \( (?:ONLY )?$", before) is not None
    others = () if named and known.job_nodes in _near_counts(scene, index) else (_ratio(known.nodes_free, known.nodes), _ratio(taken, known.nodes)) if "NODE (" in before else ()
    return Truth("share_of_cluster", "the job's share of the cluster", (*(_ratio(asked, base) for base in bases), *others), "%")


# ── Memory, storage, time, network ───────────────────────────────────────────────────────────────────────────────


def _memory(scene: Scene, index: int) -> Truth | None:
    known = scene.known
    before, after = _around(scene, index, 7, 9)
    start, end = scene.sentence.clause(index)
    near = scene.sentence.slice(max(start, index - 4), min(end, index + 5))
    if re.search(r" (?::|=) $", before):
        near = scene.sentence.slice(max(0, index - 4), index) + near
    who = _owner(scene, index, before)
    if who == "job" and re.search(r" (?:P:on|IN) $", before) and re.match(r" Q:mem (?:T:memory )?NODE ", after):
        who = ""
    if who == "other" or re.search(r" (?:hbm|hbm2|hbm2e|hbm3|vram|T:gpu T:memory|dataset|T:data|data|checkpoint|input|output) ", near):
        return None
    if _stored(near, scene.sentence.tokens[index].raw):
        value = None if known.storage_pb is None else known.storage_pb * 1e6
        return None if who == "job" else Truth("storage", f"the cluster's storage ({known.storage_pb} PB); in GB that", (value,), "GB")
    each = tuple(group.memory_gib for group in known.groups or ())
    if _PER_NODE.match(" " + after[after.find("Q:mem") + 6 :]) or _NODE_EACH.search(before) or re.match(r" Q:mem (?:T:memory )?NODE ", after):
        return _memory_each(known, who, each, _firm(before) or " MY " in near)
    if re.search(r" HAVE (?:ONLY )?$", before) and re.match(r" Q:mem (?:[.,;)]|AND|C:)", after) and " PER NODE " in scene.sentence.tags and each:
        return Truth("memory_per_node", "the cluster's memory per node", (max(size or 0 for size in each), *each, known.memory_gib), "GiB")
    if " T:memory " not in near and not re.search(r" (?:Q:mem NODE) ", near):
        return None
    asked = known.job_nodes or 0
    job = known.job_memory_gib_per_node
    if who == "job":
        return None if job is None else Truth("memory_total", "the memory that the job asks for", (job * asked, job), "GiB")
    if known.memory_gib is None or not each:
        return None
    parts = [(group.nodes or 0) * (group.memory_gib or 0) for group in known.groups or ()]
    free = [(group.free or 0) * (group.memory_gib or 0) for group in known.groups or ()]
    return Truth("memory_total", "the cluster's memory", (known.memory_gib, *each, *parts, *free, sum(free), *(asked * (size or 0) for size in each), job, (job or 0) * asked), "GiB")


def _stored(near: str, raw: str) -> bool:
    words = re.search(r" (?:STO|T:storage|capacity) ", near) is not None
    return words and " T:memory " not in near and re.search(r"[PT]i?B|petabyte|terabyte", raw, re.IGNORECASE) is not None


def _memory_each(known: Known, who: str, each: tuple[int | None, ...], firm: bool) -> Truth | None:
    if who == "job":
        return Truth("memory_per_node", "the memory that the job asks of each node", (known.job_memory_gib_per_node,), "GiB")
    if not each:
        return None
    extra = () if who == "self" and firm else (known.job_memory_gib_per_node,)
    return Truth("memory_per_node", "the cluster's memory per node", (max(each, key=lambda size: size or 0), *each, *extra), "GiB")


_FORECAST = re.compile(r" (?:HEDGE|forecast|median|p50|p90|finish|finishing|actual|actually|expected|expect|wait|waiting|queue|start|starts|delay|percentile|complete|IN P:than|saves|saving|predicted|predict|typical|typically|startup|IF|elapsed|uptime|buffer|maintenance) ")
_TIMED = re.compile(r" (?:TIMEN|REQ|JOB|T:sim|RUN|LASTS|estimated|hour|long) ")


def _time(scene: Scene, index: int) -> Truth | None:
    known = scene.known
    if known.job_walltime_s is None:
        return None
    token = scene.sentence.tokens[index]
    assert token.quantity is not None
    start, end = scene.sentence.clause(index)
    around = scene.sentence.slice(max(start, index - 9), min(end, index + 6))
    wide = scene.sentence.slice(max(0, index - 9), index + 6)
    truth = Truth("walltime", "the job's time limit", (known.job_walltime_s,), f"s ({known.job_walltime_s / 60:g} minutes)")
    misread = any(close((token.quantity.number * unit,), (known.job_walltime_s,), share=0.001) for unit in (1, 60, 3_600))
    if misread and not re.search(r" (?:wait|queue|delay|start) ", wide):
        return truth
    if _FORECAST.search(around) or re.search(r" (?:OTHER|OTHERID) ", around) or not _TIMED.search(wide):
        return None
    return truth if owner(scene, index) in {"job", ""} or " TIMEN " in wide or re.search(r" Q:time (?:long )?JOB | JOB .*P:for (?:ABOUT |ONLY |[a-z]\S* )?Q:time ", wide) else None


def _bandwidth(scene: Scene, index: int) -> Truth | None:
    around = scene.sentence.slice(max(0, index - 7), index + 6)
    ahead = scene.sentence.slice(max(0, index - 7), index)
    if re.search(r" (?:HEDGE|IF) ", ahead) or re.search(r" (?:TOTAL|bisection|T:memory bandwidth|STO|T:storage|injection|throughput|OTHER|OTHERID|nvlink|pcie|read|write) ", around):
        return None
    if owner(scene, index) in {"job", "other"} and not re.search(r" (?:MY|NET:\S+) ", around):
        return None
    if not re.search(r" (?:link|links|interconnect|network|fabric|NET:\w+|bandwidth|GEN:\w+|networking|connectivity|connection) ", around):
        return None
    return Truth("interconnect", "one link's bandwidth", (scene.known.link_gbps,), "Gb/s")
