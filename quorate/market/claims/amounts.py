# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Amounts: shares in percent, memory, storage, time, bandwidth."""

import re

from quorate.market.claims.figures import NODE_EACH, PER_NODE, Truth, around, firm, holder
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Scene, owner
from quorate.market.claims.values import Known


def _ratio(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def percent(scene: Scene, index: int) -> Truth | None:
    """Say what a percentage may truly be: background, free part, occupancy, or the job's share."""
    known = scene.known
    before, after = around(scene, index, 8, 9)
    start, end = scene.sentence.clause(index)
    near = scene.sentence.slice(max(start, index - 7), min(end, index + 6))
    close_by = (
        scene.sentence.slice(max(start, index - 4), index) + "| " + scene.sentence.slice(index, min(end, index + 4))
    )
    if re.search(
        r" (?:SKIP|PENALTY|DEDUCT|OTHER|OTHERID) (?!.*(?:AND|LOAD|BUSY).*\|)", close_by.partition(" AND confidence")[0]
    ):
        return None
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    if " BG " in near:
        return Truth("background", "background load", (_ratio(known.nodes_background, known.nodes),), "%")
    if re.match(
        r" Q:pct (?:P:of (?:MY |THE |ITS |ALL |TOTAL |CLUSTER |NODE )*)?(?:BE |still )?(?:[a-z]\S* ){0,1}FREE (?!NODE|capacity|resources|GPUS)",
        after,
    ) or re.search(r" FREE (?:capacity |NODE )?(?:P:of |: |BE |P:at |= )+(?:ABOUT )?$", before):
        free_after = _ratio((known.nodes_free or 0) - (known.job_nodes or 0), known.nodes)
        return Truth(
            "occupancy", "the free part of the cluster", (_ratio(known.nodes_free, known.nodes), free_after), "%"
        )
    if (
        re.search(r" LOAD ", near)
        or re.search(r" LOAD (?:[a-z]\S* |BE |P:of |\( |: |= |P:at |ABOUT ){0,3}$", before)
        or re.match(
            r" Q:pct (?:P:of (?:MY |THE |ITS |ALL |TOTAL |CLUSTER |NODE |it |IT |I |them )*)?(?:BE )?(?:[a-z]\S* )?BUSY ",
            after,
        )
    ):
        return _occupancy(known, taken)
    return _share(scene, index, before, after)


def _occupancy(known: Known, taken: int | None) -> Truth:
    asked = known.job_nodes or 0
    allocated = known.nodes_allocated
    more = (allocated, *(value + asked for value in (taken, allocated) if value is not None))
    return Truth(
        "occupancy",
        "the cluster's occupancy",
        (_ratio(taken, known.nodes), *(_ratio(part, known.nodes) for part in more)),
        "%",
    )


_SHARE = re.compile(
    r" Q:pct (?:share )?(?:P:of )(?:[a-z]\S* |MY |THE |ITS |TOTAL |THIS |FREE |ALL |THE ){0,4}?(?:NODE|CLUSTER|capacity|resources|machine|nodes|MY|SELFID|I )|^ Q:pct (?:share |CLUSTER |NODE share )"
)
_SHARE_BEFORE = re.compile(
    r" (?:share|fraction|proportion|percentage) (?:P:of (?:MY |THE |CLUSTER |NODE |TOTAL |ITS )*)?(?:BE |BEING |: |= |P:of |ONLY |ABOUT |\( )+$| NODE \( (?:ONLY |ABOUT |i\.e\. )?$| (?:REQ|RUN) (?:ONLY |ABOUT |[a-z]\S* ){0,2}$| CLUSTER \( $"
)


def _near_counts(scene: Scene, index: int) -> set[float]:
    return {token.quantity.number for token in scene.sentence.tokens[max(0, index - 4) : index] if token.quantity}


def _share(scene: Scene, index: int, before: str, after: str) -> Truth | None:
    known = scene.known
    whole = scene.sentence.tokens[index + 2].raw.lower() if index + 2 < len(scene.sentence.tokens) else ""
    if re.match(r" Q:pct P:of ", after) and whole in {"what", "it", "its", "that", "them"}:
        return None
    if not (
        _SHARE.search(after) or (_SHARE_BEFORE.search(before) and not re.search(r" (?:FREE|BUSY) NODE \( $", before))
    ):
        return None
    asked = known.job_nodes
    bases: tuple[int | None, ...] = (known.nodes, known.suitable)
    if re.match(r" Q:pct (?:share )?P:of (?:[a-z]\S* |MY |THE |ITS |THIS |ALL ){0,3}?FREE ", after):
        bases = (known.nodes_free, known.suitable_free)
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    named = re.search(r" N NODE \( (?:ONLY )?$", before) is not None
    others = (
        ()
        if named and known.job_nodes in _near_counts(scene, index)
        else (_ratio(known.nodes_free, known.nodes), _ratio(taken, known.nodes))
        if "NODE (" in before
        else ()
    )
    return Truth(
        "share_of_cluster", "the job's share of the cluster", (*(_ratio(asked, base) for base in bases), *others), "%"
    )


def memory(scene: Scene, index: int) -> Truth | None:
    """Say what an amount of bytes may truly be: memory of a node or of all, or storage."""
    known = scene.known
    before, after = around(scene, index, 7, 9)
    start, end = scene.sentence.clause(index)
    near = scene.sentence.slice(max(start, index - 4), min(end, index + 5))
    if re.search(r" (?::|=) $", before):
        near = scene.sentence.slice(max(0, index - 4), index) + near
    who = holder(scene, index, before)
    if who == "job" and re.search(r" (?:P:on|IN) $", before) and re.match(r" Q:mem (?:T:memory )?NODE ", after):
        who = ""
    if who == "other" or re.search(
        r" (?:hbm|hbm2|hbm2e|hbm3|vram|T:gpu T:memory|dataset|T:data|data|checkpoint|input|output) ", near
    ):
        return None
    if _stored(near, scene.sentence.tokens[index].raw):
        value = None if known.storage_pb is None else known.storage_pb * 1e6
        return (
            None
            if who == "job"
            else Truth("storage", f"the cluster's storage ({known.storage_pb} PB); in GB that", (value,), "GB")
        )
    each = tuple(group.memory_gib for group in known.groups or ())
    if not re.search(r" (?:together|TOTAL) ", before) and (
        PER_NODE.match(" " + after[after.find("Q:mem") + 6 :])
        or NODE_EACH.search(before)
        or re.match(r" Q:mem (?:T:memory )?NODE ", after)
    ):
        return _memory_each(known, who, each, firm(before) or " MY " in near)
    if (
        re.search(r" HAVE (?:ONLY )?$", before)
        and re.match(r" Q:mem (?:[.,;)]|AND|C:)", after)
        and " PER NODE " in scene.sentence.tags
        and each
    ):
        return Truth(
            "memory_per_node",
            "the cluster's memory per node",
            (max(size or 0 for size in each), *each, known.memory_gib),
            "GiB",
        )
    if " T:memory " not in near and not re.search(r" (?:Q:mem NODE) ", near):
        return None
    return _memory_total(known, who, each)


def _memory_total(known: Known, who: str, each: tuple[int | None, ...]) -> Truth | None:
    """Return what an amount of memory that names no node may truly be: the job's, the cluster's, or a part of it."""
    asked, job = known.job_nodes or 0, known.job_memory_gib_per_node
    if who == "job":
        what = "the memory that the job asks for"
        return None if job is None else Truth("memory_total", what, (job * asked, job), "GiB")
    if known.memory_gib is None or not each:
        return None
    parts = [(group.nodes or 0) * (group.memory_gib or 0) for group in known.groups or ()]
    free = [(group.free or 0) * (group.memory_gib or 0) for group in known.groups or ()]
    taken = (asked * (size or 0) for size in each)
    sizes = (known.memory_gib, *each, *parts, *free, sum(free), *taken, job, (job or 0) * asked)
    return Truth("memory_total", "the cluster's memory", sizes, "GiB")


def _stored(near: str, raw: str) -> bool:
    words = re.search(r" (?:STO|T:storage|capacity) ", near) is not None
    if re.search(r"P(?:i?B|\b)|peta|pebi", raw, re.IGNORECASE) and " T:memory " not in near:
        return True
    return (
        words and " T:memory " not in near and re.search(r"[PT]i?B|petabyte|terabyte", raw, re.IGNORECASE) is not None
    )


def _memory_each(known: Known, who: str, each: tuple[int | None, ...], firm: bool) -> Truth | None:
    if who == "job":
        return Truth(
            "memory_per_node", "the memory that the job asks of each node", (known.job_memory_gib_per_node,), "GiB"
        )
    if not each:
        return None
    extra = () if who == "self" and firm else (known.job_memory_gib_per_node,)
    return Truth(
        "memory_per_node",
        "the cluster's memory per node",
        (max(each, key=lambda size: size or 0), *each, *extra),
        "GiB",
    )


_FORECAST = re.compile(
    r" (?:HEDGE|forecast|median|p50|p90|finish|finishing|actual|actually|expected|expect|wait|waiting|queue|start|starts|delay|percentile|complete|IN P:than|saves|saving|predicted|predict|typical|typically|startup|IF|elapsed|uptime|buffer|maintenance) "
)
_TIMED = re.compile(r" (?:TIMEN|REQ|JOB|T:sim|RUN|LASTS|estimated|hour|long) ")


def duration(scene: Scene, index: int) -> Truth | None:
    """Say what a duration may truly be: the job's time limit, unless it is a wait or a forecast."""
    known = scene.known
    if known.job_walltime_s is None:
        return None
    token = scene.sentence.tokens[index]
    assert token.quantity is not None
    start, end = scene.sentence.clause(index)
    around = scene.sentence.slice(max(start, index - 9), min(end, index + 6))
    wide = scene.sentence.slice(max(0, index - 9), index + 6)
    truth = Truth(
        "walltime", "the job's time limit", (known.job_walltime_s,), f"s ({known.job_walltime_s / 60:g} minutes)"
    )
    misread = any(
        close((token.quantity.number * unit,), (known.job_walltime_s,), share=0.001) for unit in (1, 60, 3_600)
    )
    if misread and not re.search(r" (?:wait|queue|delay|start) ", wide):
        return truth
    if _FORECAST.search(around) or re.search(r" (?:OTHER|OTHERID) ", around) or not _TIMED.search(wide):
        return None
    return (
        truth
        if owner(scene, index) in {"job", ""}
        or " TIMEN " in wide
        or re.search(r" Q:time (?:long )?JOB | JOB .*P:for (?:ABOUT |ONLY |[a-z]\S* )?Q:time ", wide)
        else None
    )


def bandwidth(scene: Scene, index: int) -> Truth | None:
    """Say what a bandwidth may truly be: one link's."""
    around = scene.sentence.slice(max(0, index - 7), index + 6)
    ahead = scene.sentence.slice(max(0, index - 7), index)
    if re.search(r" (?:HEDGE|IF) ", ahead) or re.search(
        r" (?:TOTAL|bisection|T:memory bandwidth|STO|T:storage|injection|throughput|OTHER|OTHERID|nvlink|pcie|read|write) ",
        around,
    ):
        return None
    if owner(scene, index) in {"job", "other"} and not re.search(r" (?:MY|NET:\S+) ", around):
        return None
    if not re.search(
        r" (?:link|links|interconnect|network|fabric|MY ARCH|NET:\w+|bandwidth|GEN:\w+|networking|connectivity|connection) ",
        around,
    ):
        return None
    return Truth("interconnect", "one link's bandwidth", (scene.known.link_gbps,), "Gb/s")
