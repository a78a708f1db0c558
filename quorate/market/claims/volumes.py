# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Shares in percent, bytes and link speeds, judged by the words round them."""

import re
from dataclasses import replace
from itertools import pairwise

from quorate.market.claims import gauges
from quorate.market.claims.context import Around, Role, around, cues, denied, elsewhere, supposed
from quorate.market.claims.figures import Truth
from quorate.market.claims.rules import Scene
from quorate.market.claims.values import ClaimKind, Known

OTHER_BYTES = frozenset({
    "hbm", "hbm2", "hbm2e", "hbm3", "vram", "dataset", "datasets", "data", "input", "inputs", "output", "outputs", "file",
    "files", "checkpoint", "checkpoints", "cache", "bandwidth", "traffic", "transfer", "transferred", "genomes", "model",
    "results", "images", "corpus", "archive", "index", "swap", "quota", "log", "logs", "message", "messages", "gap",
    "difference", "l3", "gpu-memory", "headroom", "surplus", "margin", "short", "more", "extra", "read", "write", "ssd", "nvme",
})  # fmt: skip
_MEMORY_NEAR = re.compile(r" (?:T:memory|NODE|PER|HAVE|MY|I|REQ|JOB|SELFID) ")
_STORED = re.compile(r" (?:STO|T:storage|capacity|attached) ")
_PETA = re.compile(r"P(?:i?B|\b)|peta|pebi", re.IGNORECASE)
_LARGE = re.compile(r"[PT]i?B|petabyte|terabyte|tebi|pebi", re.IGNORECASE)


def stored(near: Around, raw: str) -> bool:
    """Whether an amount of bytes is one of storage."""
    tags = near.tags
    if " T:memory " in tags:
        return False
    return _PETA.search(raw) is not None or (_STORED.search(tags) is not None and _LARGE.search(raw) is not None)


def memory(scene: Scene, index: int) -> Truth | None:
    """Say what an amount of bytes may truly be: memory of a node or of all; None if the words do not tell."""
    near, known = around(scene, index), scene.known
    raw = scene.sentence.tokens[index].raw
    near_words = {token.raw.lower() for token in (*near.left[-4:], *near.right[:4])}
    if stored(near, raw):
        return _storage(near, known)
    per_node = re.search(r" \* (?:T:memory |P:of )*(?:PER|/|A) NODE ", near.tags) is not None
    if (near_words & OTHER_BYTES and not per_node) or " T:gpu T:memory " in near.tags or _STORED.search(near.tags):
        return None
    if re.search(r" N NODE (?:, )?$", scene.sentence.slice(index - 4, index)) and re.match(
        r" Q:mem TOTAL ", scene.sentence.slice(index, index + 2)
    ):
        return gauges.memory(known).any_of()
    earlier = " IN TOTAL " in near.tags and " T:memory " in scene.sentence.slice(0, index)
    opened = re.match(r" Q:mem (?:, )?(?:A|PER|EACH|MY|THE|ITS) ", scene.sentence.slice(index, index + 3)) is not None
    holds = re.search(
        r" (?:NODE|CLUSTER) (?:together |TOTAL |BOTH |ALL )(?:hold |HAVE |[a-z]\S* )",
        scene.sentence.slice(index - 7, index),
    )
    if _MEMORY_NEAR.search(near.tags) is None and not holds and not earlier and not opened:
        return None
    truth = gauges.judge(scene, index, gauges.memory(known))
    if truth is None or truth.kind == "memory_per_node" or len(truth.values) == 1 or " T:memory " in near.tags:
        return truth
    job = (known.job_memory_gib_per_node, gauges.memory(known).job_all)
    return Truth(truth.kind, truth.name, (*truth.values, *job), truth.unit)


def _storage(near: Around, known: Known) -> Truth | None:
    if (
        elsewhere(near)
        or supposed(near)
        or denied(near)
        or (gauges.reading(near).job and near.tagged & {"JOB", "REQ"})
        or (
            near.words & {"dataset", "input", "output"}
            and not re.search(r" T:storage (?:P:of|BE|:|P:at) \* ", near.tags)
        )
    ):
        return None
    value = None if known.storage_pb is None else known.storage_pb * 1e6
    return Truth("storage", f"the cluster's storage ({known.storage_pb} PB); in GB that", (value,), "GB")


def _ratio(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


_NO_SHARE = frozenset({
    "confidence", "confident", "probability", "chance", "likely", "penalty", "penalties", "score", "weight", "weighted", "bonus",
    "discount", "reduction", "efficiency", "efficient", "faster", "slower", "speedup", "success", "reputation", "lower",
    "higher", "margin", "increase", "increases", "improvement", "threshold", "deduction", "points", "sure", "certain",
    "certainty", "cap", "mismatch", "deducted", "reduced", "reduces", "surplus", "more", "less", "overhead", "headroom",
    "buffer", "fewer", "priority", "utility", "rating", "suitability", "match", "compatibility", "penalized", "penalised",
    "accuracy", "reliability", "uptime", "limit", "bid", "minus", "parallel", "scaling", "time", "walltime", "gpus", "cores",
    "memory", "ram", "gpu", "storage", "bandwidth", "network",
})  # fmt: skip


def _shares(known: Known, role: Role) -> tuple[float | None, ...]:
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    job, free, allocated = known.job_nodes, known.nodes_free, known.nodes_allocated
    table: dict[Role, tuple[float | None, ...]] = {
        "job": (_ratio(job, known.nodes), _ratio(job, known.suitable)),
        "whole_job": (_ratio(job, known.nodes),),
        "free_job": (_ratio(job, free), _ratio(job, known.suitable_free)),
        "free": (_ratio(free, known.nodes),),
        "busy": (_ratio(taken, known.nodes), _ratio(allocated, known.nodes)),
        "later": tuple(
            _ratio(None if one is None or job is None else one + job, known.nodes) for one in (taken, allocated)
        ),
        "left": (_ratio(None if free is None or job is None else free - job, known.nodes),),
        "background": (_ratio(known.nodes_background, known.nodes),),
    }
    return table[role]


_OF_FREE = re.compile(
    r" (?:share|fraction|P:of) (?:P:of )?(?:MY |THE |ALL )*FREE (?:NODE |ones )(?:\S+ ){0,3}\* | \* P:of (?:THE |MY )?NODE (?:WH |that )(?:BE )?(?:[a-z]\S* |THIS )?FREE | \* (?:share )?P:of (?:[a-z]\S* |MY |THE |ITS |THIS |ALL |WH |what ){0,3}?FREE "
)
_WHOLE = re.compile(
    r" (?:NODE|CLUSTER|capacity|resources|SELFID|share|TOTAL|footprint|pool|slots?|P:of what I|P:of (?:I|MY|MINE)) "
)


_NAMED: dict[Role, tuple[ClaimKind, str]] = {
    "job": ("share_of_cluster", "the job's share of the cluster"),
    "whole_job": ("share_of_cluster", "the job's share of the cluster"),
    "free_job": ("share_of_cluster", "the job's share of the free nodes"),
    "free": ("occupancy", "the free part of the cluster"),
    "busy": ("occupancy", "the cluster's occupancy"),
    "later": ("occupancy", "the cluster's occupancy with the job"),
    "left": ("occupancy", "the free part of the cluster after the job"),
    "background": ("background", "background load"),
}
"""Role of a share -> its kind and name; the first that is there names the fact."""


_BASED = re.compile(
    r"^ Q:pct P:of (?:THE |MY |ALL |THIS |ITS |those |what |WH |BE |TOTAL |entire |complete )*(?:FREE|NODE|CLUSTER|SELFID) "
)


def _own_base(scene: Scene, index: int, near: Around) -> Around:
    """`80 % of the free nodes (47 % of all nodes)`: what stands before the bracket is the base of another share."""
    start = index - len(near.left)
    marks = [at for at, token in enumerate(near.left) if token.tag in {"(", ","}]
    if not marks or start == 0 or scene.sentence.tokens[start - 1].tag != "Q:pct":
        return near
    return (
        replace(near, left=near.left[marks[-1] + 1 :]) if _BASED.match(scene.sentence.slice(index, index + 7)) else near
    )


def percent(scene: Scene, index: int) -> Truth | None:
    """Say what a percentage may truly be; None if the words do not tell."""
    near = _own_base(scene, index, around(scene, index))
    if near.words & _NO_SHARE or elsewhere(near) or supposed(near):
        return None
    if " out of " in scene.sentence.tokens[index].raw.lower() and "NODE" not in near.tagged:
        return None  # `with four GPUs in every node, three out of four would go unused`
    return _of_count(scene, index) or _by_role(scene, index, near)


def _by_role(scene: Scene, index: int, near: Around) -> Truth | None:
    if _of_other(near) or _computed(scene, index) or _of_something(near) or _symbols(near):
        return None
    if re.match(r" Q:pct P:of (?:MY|THE|ITS) (?:N (?!NODE)|Q:mem )", scene.sentence.slice(index, index + 6)):
        return None
    if re.search(r" P:of (?:THE |MY |THESE )?N (?:\S+ ){0,2}NODE , (?:[a-z]\S* )?$", scene.sentence.slice(0, index)):
        return None
    if re.search(r" P:of WH ", scene.sentence.slice(index - 8, index)):
        return None
    roles, known = _roles(near), scene.known
    if _FREE_BASE.search(scene.sentence.slice(index - 9, index)):
        roles = {"free_job"}
    if not roles and re.match(r" Q:pct P:of (?:THE |MY |ALL )?N NODE ", scene.sentence.slice(index, index + 6)):
        roles = {"job"}
    if not roles:
        return None
    chosen = [role for role in _NAMED if role in roles]
    each = [_shares(known, role) for role in chosen]
    first = None if any(one[0] is None for one in each) else each[0][0]
    kind, name = _NAMED[chosen[0]]
    counted = _counts_before(scene, index)
    return Truth(kind, name, (first, *(value for one in each for value in one), *counted), "%")


_FREE_BASE = re.compile(
    r" P:of (?:THE |MY |THOSE |those )?(?:N |[a-z]\S* )?FREE (?:NODE |ones )?(?:, )?(?:IT|this|that|THIS|THE JOB|JOB) (?:BE|EQ|HEDGE BE|makes) (?:ABOUT |ONLY |A )?$"
)
"""`Of the seven free ones it is 57 %`."""
_WHOLES = frozenset({"N", "NODE", "CLUSTER", "FREE", "TOTAL", "I", "MY", "SELFID", "capacity", "resources", "pool", "it", "IT", "them",
                     "MINE", "ALL", "slots", "nodes", "fleet", "inventory", "BUSY", "THESE", "THIS"})  # fmt: skip


def _counts_before(scene: Scene, index: int) -> list[float | None]:
    """`70 nodes run jobs, i.e. a third of the cluster`: the shares of the counts that stand right before."""
    near = scene.sentence.tokens[max(0, index - 18) : index]
    if re.match(
        r" Q:pct P:of (?:THE |MY |THIS )?(?:CLUSTER|SELFID) [,(] N NODE ", scene.sentence.slice(index, index + 7)
    ):
        near = scene.sentence.tokens[max(0, index - 18) : index + 7]
    counts = [int(token.quantity.number) for token in near if token.tag == "N" and token.quantity]
    counts = [*counts, *(one + two for one, two in pairwise(counts)), *([sum(counts)] if counts else [])]
    return [_ratio(count, scene.known.nodes) for count in counts if count <= (scene.known.nodes or 0)]


def _symbols(near: Around) -> bool:
    """Whether letters stand for numbers: `f/N = 85 %`."""
    return any(len(token.raw) == 1 and token.raw.isalpha() and token.tag not in {"I", "A"} for token in near.left)


def _of_other(near: Around) -> bool:
    """`half of what is needed`; `10 % of it is in use` is of the cluster."""
    after = near.right[1].raw.lower() if len(near.right) > 1 and near.right[0].tag == "P:of" else ""
    if after in {"it", "them"} and {"BUSY", "FREE", "TOTAL"} & {token.tag for token in near.right}:
        return False
    if [token.tag for token in near.right[:4]] == ["P:of", "what", "I", "HAVE"]:
        said = {token.tag for token in (*near.before[-12:], *near.left)}
        return bool(said & {"Q:mem", "T:memory", "GPUS", "CORE", "T:gpu"})
    return after in {"what", "it", "its", "that", "them", "a", "an", "those"}


def _of_something(near: Around) -> bool:
    """`half of the requirement` is no share of the cluster."""
    if not near.right or near.right[0].tag != "P:of":
        return False
    rest = [token.tag for token in near.right[1:5] if token.tag not in {"THE", "ITS", "A", "P:of", "entire"}]
    return (
        bool(rest) and rest[0] not in _WHOLES and not (rest[0][:1].islower() and len(rest) > 1 and rest[1] in _WHOLES)
    )


def _of_count(scene: Scene, index: int) -> Truth | None:
    """`42 nodes (15 %)`: the share of what was counted."""
    known, tokens = scene.known, scene.sentence.tokens
    at = next((at for at in range(index - 1, max(-1, index - 7), -1) if tokens[at].tag == "N"), None)
    quantity = tokens[at].quantity if at is not None else None
    match = re.search(
        r"(?<! P:of)(?<! /)(?<! P:out_of)(?<! P:of THE)(?<! P:of MY) N (?:FREE |REQ |BUSY )?(?:NODE |REQ )(?:FREE |REQ |BUSY )?\( (?:ABOUT |ONLY |~ )?$",
        scene.sentence.slice(index - 6, index),
    )
    if match is None or quantity is None or known.nodes is None or quantity.number > known.nodes:
        return None
    part = int(quantity.number)
    values = (_ratio(part, known.nodes), _ratio(part, known.nodes_free), _ratio(part, known.suitable))
    return Truth("share_of_cluster", f"{part} nodes of the cluster", values, "%")


_OF_ALL = re.compile(r" Q:pct P:of (?:THE|MY|THIS) (?:TOTAL |entire )?CLUSTER ")


def _computed(scene: Scene, index: int) -> bool:
    """`42 of 200 (21 %)` is a sum, judged as one."""
    if _OF_ALL.match(scene.sentence.slice(index, index + 6)) and "P:of N NODE" not in scene.sentence.slice(
        index - 7, index
    ):
        return False
    before = scene.sentence.slice(index - 7, index)
    return (
        re.search(
            r" N (?:NODE )?(?:P:of|/|out|P:out_of|C:out_of) (?:\S+ ){0,3}?N (?:\S+ ){0,3}?(?:\(|=|BE|EQ|,|->|\u2248|~) (?:\S+ ){0,2}$",
            before,
        )
        is not None
    )


_LEFT_OVER = frozenset({"remain", "remains", "left", "stay", "stays", "untouched"})
_MOVES = re.compile(
    r" (?:climb|climbs|rise|rises|rising|grow|grows|go|goes|increase|increases|push|pushes|raise|raises|jump|jumps|move|moves|bring|brings|lift|lifts|drop|drops|sink|sinks|fall|FITV|HIGHER|up|LOAD) (?:THE |MY |LOAD |P:of |CLUSTER |FREE |part |[a-z]\S* ){0,4}(?:P:to|P:from) (?:ABOUT |ONLY |just |[a-z]\S* )?\* "
)
"""`would climb to 44 %`, `from 73 %` tell of the load, whoever moves it."""


def _roles(near: Around) -> set[Role]:
    end = next((at for at, token in enumerate(near.right) if token.tag == ","), 7)
    found = {role for _, role in (*cues(near.left), *cues(near.right[: min(end, 7)]))}
    if _OF_FREE.search(near.tags):
        return set() if near.words & _LEFT_OVER else {"free_job"}
    if re.search(r" (?:CLUSTER|I|SELFID) (?:BE |[a-z]\S* ){0,3}P:at (?:ABOUT )?\* ", near.tags):
        return {"busy", "later"}
    if _MOVES.search(near.tags) and not {"share", "footprint"} & near.words:
        return {"busy", "later", "free", "left"}
    whole = re.search(r" \* P:of (?:THE|MY|THIS) (?:TOTAL |entire )?CLUSTER ", near.tags)
    if whole and not found - {"job", "own", "total"} and not {"LOAD", "HEDGE"} & near.tagged:
        return {"whole_job"}
    roles: set[Role] = found & {"background", "free", "left", "job"}
    if (
        found & {"busy", "jobs"}
        or near.words & {"full", "crowded"}
        or "LOAD" in {token.tag for token in (*near.left, *near.right)}
    ):
        roles |= {"busy", "later"}
        if {"usage", "use", "used"} & near.words or "HEDGE" in near.tagged:
            roles |= {"job"}
    if (
        "job" in found
        and "JOB" in {token.tag for token in near.left}
        and "LOAD" not in {token.tag for token in near.left}
        and not {"BUSY", "FREE", "LOAD"} & {token.tag for token in near.right}
    ):
        roles = {"job"}
    return _settled(roles, near, whole is not None)


def _settled(roles: set[Role], near: Around, whole: bool) -> set[Role]:
    """Return the roles with those that they imply; `of the cluster` leaves no smaller base."""
    if whole and "job" in roles:
        roles = (roles - {"job"}) | {"whole_job"}
    if "free" in roles:
        roles = roles | {"left"}
    return {"job"} if not roles and _WHOLE.search(near.tags) else roles
