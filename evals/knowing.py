"""Facts under whatever name a log gives them; what is missing, ambiguous or odd stays unknown and refutes nobody."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Literal, cast

from evals.reading import DEPTH_MAX, Plain, name_of
from quorate.domain.clusters import CLUSTER_TYPES, ClusterType
from quorate.market.claims import Known, KnownGroup, Rival

Facts = Mapping[str, Plain]

NODE_GIB_MIN = 4
"""No node of a supercomputer has less: a smaller quotient means that the figure was per node all along."""

NODE_GIB_CLEAR = 32
"""From this quotient on the figure was a total beyond doubt; in between it stays unknown."""

NODES_TELLING = 8
"""With fewer nodes, totals may divide evenly by chance."""

NODE_GIB_MAX = 16_384
"""No single node has more."""

CLUSTER_NAMES: dict[str, tuple[str, ...]] = {
    "cluster": ("id", "cluster_id", "cluster", "agent_id", "resource_id", "resource", "name", "cluster_name",
                "resource_name", "agent", "site"),
    "type": ("type", "cluster_type", "resource_type", "specialization", "specialisation", "kind", "category"),
    "nodes": ("nodes", "total_nodes", "nodes_total", "node_count", "num_nodes", "n_nodes", "number_of_nodes"),
    "nodes_free": ("nodes_free", "free_nodes", "available_nodes", "nodes_available", "idle_nodes", "nodes_idle",
                   "free_node_count", "nodes_free_now", "free", "available"),
    "nodes_allocated": ("nodes_allocated", "allocated_nodes", "allocated", "nodes_in_jobs"),
    "nodes_background": ("nodes_background", "background_nodes", "background_load", "background"),
    "nodes_used": ("nodes_used", "used_nodes", "busy_nodes", "nodes_busy", "occupied_nodes"),
    "cores": ("cores", "total_cores", "cpu_cores", "cores_total", "total_cpu_cores", "cpus", "total_cpus"),
    "cores_per_node": ("cores_per_node", "cpus_per_node", "cpu_cores_per_node"),
    "gpus": ("gpus", "total_gpus", "gpus_total", "gpu_count", "num_gpus", "n_gpus", "gpu"),
    "gpus_per_node": ("gpus_per_node", "gpu_per_node", "gpus_node"),
    "interconnect": ("interconnect", "network", "fabric", "network_type", "interconnect_type"),
    "link_gbps": ("link_gbps", "bandwidth_gbps", "network_gbps", "interconnect_gbps", "network_bandwidth_gbps"),
    "storage_pb": ("storage_pb", "storage_capacity_pb", "total_storage_pb", "filesystem_pb"),
    "heterogeneous": ("heterogeneous", "is_heterogeneous"),
    "homogeneous": ("homogeneous", "is_homogeneous"),
}  # fmt: skip
"""Our name -> names in logs, most telling first."""

GROUP_LISTS = ("node_groups", "groups", "partitions", "node_types", "node_kinds")

JOB_NAMES: dict[str, tuple[str, ...]] = {
    "job": ("id", "job_id", "job", "jobid"),
    "job_name": ("name", "job_name", "title"),
    "job_application": ("application", "app", "program", "software"),
    "type": ("type", "job_type", "resource_type", "preferred_type", "required_type", "workload_type",
             "category", "kind", "preferred_resource_type", "required_resource_type"),
    "nodes": ("nodes", "node_count", "nodes_required", "required_nodes", "num_nodes", "n_nodes", "nodes_requested",
              "requested_nodes", "nodes_needed", "number_of_nodes", "min_nodes"),
    "gpus_per_node": ("gpus_per_node", "gpu_per_node", "gpus_node", "required_gpus_per_node", "gpus_required_per_node"),
    "gpus": ("gpus", "gpu_count", "total_gpus", "gpus_total", "num_gpus", "gpus_required", "required_gpus", "n_gpus",
             "requires_gpus", "gpu_requirement", "gpus_needed"),
}  # fmt: skip

SECONDS: dict[str, int] = {"s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "mins": 60,
                           "minute": 60, "minutes": 60, "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
                           "d": 86_400, "day": 86_400, "days": 86_400}  # fmt: skip

TIME_STEMS = ("walltime", "wall_time", "estimated_runtime", "runtime", "run_time", "duration", "time_limit",
              "estimated_duration", "expected_runtime", "max_runtime", "requested_time", "walltime_limit")  # fmt: skip

GIB: dict[str, float] = {"gib": 1, "gb": 1, "g": 1, "tib": 1024, "tb": 1024, "t": 1024, "mib": 1 / 1024, "mb": 1 / 1024}
"""GB and GiB are one word in logs; TB is read as 1,024 GB, and prose may divide by 1,000 as well."""


def flat(facts: Facts, depth: int = 0) -> dict[str, Plain]:
    """Return all facts by one spelling of their names; what stands nested joins unless the outer level says it too."""
    found: dict[str, Plain] = {}
    for key, value in facts.items():
        if isinstance(value, dict):
            if depth < DEPTH_MAX:
                found = flat(value, depth + 1) | found
        else:
            found[name_of(key)] = value
    return found


def amount(value: Plain) -> float | None:
    """Return a number, also from `"1,280"` or `"512 GB"`; None if it is none or absurd."""
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        return None
    if isinstance(value, str):
        found = re.match(r"\s*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,12}(?:\.\d{1,9})?)(?![\d.,])", value)
        if found is None:
            return None
        value = float(found.group(1).replace(",", ""))
    return float(value) if 0 <= value <= 1e12 else None


def whole(value: Plain) -> int | None:
    """Return a whole number, None if it is none."""
    number = amount(value)
    return int(number) if number is not None and number == int(number) else None


def kind_of(value: Plain) -> ClusterType | None:
    """Return a type word however it is dressed: `ResourceType.GPU`, `gpu_cluster`, `Storage-Optimized`.

    >>> kind_of("ResourceType.GPU"), kind_of("compute")
    ('gpu', None)
    """
    if not isinstance(value, str) or len(value) > 80:
        return None
    word = name_of(value.rsplit(".", 1)[-1])
    for suffix in ("cluster", "resource", "system", "job", "workload", "type", "optimized", "optimised", "intensive",
                   "specialized", "specialised", "focused", "heavy", "bound"):  # fmt: skip
        word = word.removesuffix(f"_{suffix}")
    word = {"mem": "memory", "high_memory": "memory", "ai_ml": "ai", "ml": "ai", "data": "storage"}.get(word, word)
    return word if word in CLUSTER_TYPES else None


def _first(facts: Facts, names: tuple[str, ...], read: Callable[[Plain], object]) -> object:
    for name in names:
        if name in facts and (value := read(facts[name])) is not None:
            return value
    return None


def _int(facts: Facts, table: Mapping[str, tuple[str, ...]], name: str) -> int | None:
    return cast(int | None, _first(facts, table[name], whole))


def _text(value: Plain) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)[:200] or None


def _str(facts: Facts, table: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    return cast(str | None, _first(facts, table[name], _text))


def _bool(facts: Facts, name: str) -> bool | None:
    value = _first(facts, CLUSTER_NAMES[name], lambda found: found if isinstance(found, bool) else None)
    return cast(bool | None, value)


def _gib(key: str, value: Plain) -> int | None:
    """Return GiB of a figure whose unit stands in its name or its text."""
    number = amount(value)
    if number is None:
        return None
    spoken = re.search(r"\d\s*([a-z]+)", value.lower()) if isinstance(value, str) else None
    words = [*key.split("_"), *([spoken.group(1)] if spoken else [])]
    factor = next((GIB[word] for word in reversed(words) if word in GIB), 1)
    return round(number * factor)


def _memory(facts: Facts, nodes: int | None) -> tuple[int | None, int | None]:
    """Return (all memory, memory of one node), GiB. A name without `total` or `per node` is told by its size."""
    total = each = loose = None
    for key, value in facts.items():
        if not re.search(r"(^|_)(memory|mem|ram)(_|$)", key) or "bandwidth" in key:
            continue
        found = _gib(key, value)
        if "per_node" in key or "node" in key.split("_"):
            each = found if each is None else each
        elif "total" in key:
            total = found if total is None else total
        else:
            loose = found if loose is None else loose
    if loose is None or not nodes:
        return total, each
    if each is None and loose / nodes < NODE_GIB_MIN:
        return total, loose
    if total is None and (loose > NODE_GIB_MAX or loose >= nodes * NODE_GIB_CLEAR):
        return loose, each
    return total, each


def _groups(facts: Facts) -> tuple[KnownGroup, ...] | None:
    found = next((facts[name] for name in GROUP_LISTS if isinstance(facts.get(name), list)), None)
    if not isinstance(found, list) or not 0 < len(found) <= 64:
        return None
    groups = [flat(cast(Facts, one)) for one in found if isinstance(one, dict)]
    if len(groups) != len(found):
        return None
    return tuple(_group(group) for group in groups)


def _group(facts: Facts) -> KnownGroup:
    memory = next(
        (_gib(key, value) for key, value in facts.items() if re.search(r"(^|_)(memory|mem|ram)(_|$)", key)), None
    )
    count = _first(facts, (*CLUSTER_NAMES["nodes"], "count"), whole)
    cores = _first(facts, (*CLUSTER_NAMES["cores_per_node"], *CLUSTER_NAMES["cores"]), whole)
    gpus = _first(facts, (*CLUSTER_NAMES["gpus_per_node"], *CLUSTER_NAMES["gpus"]), whole)
    return KnownGroup(
        nodes=cast(int | None, count),
        free=_int(facts, CLUSTER_NAMES, "nodes_free"),
        cores=cast(int | None, cores),
        memory_gib=memory,
        gpus=cast(int | None, gpus),
    )


def _total(groups: tuple[KnownGroup, ...] | None, field: Literal["nodes", "cores", "memory_gib", "gpus"]) -> int | None:
    """Return the sum over groups, None if any part of it is unknown."""
    total = 0
    for group in groups or ():
        each = 1 if field == "nodes" else getattr(group, field)
        if group.nodes is None or each is None:
            return None
        total += group.nodes * int(each)
    return total if groups else None


def _alike(facts: Facts, nodes: int) -> bool | None:
    """Say whether all nodes are equal: by a word of the log, or because every total divides evenly by the nodes.

    Cores, memory and GPUs that all divide by 200 nodes without a rest are 200 equal nodes; 512 GPUs in 328 are not.
    """
    said = _bool(facts, "heterogeneous")
    homogeneous = _bool(facts, "homogeneous")
    if said is not None or homogeneous is not None:
        return not said if said is not None else homogeneous
    for word in (facts.get(name) for name in ("architecture", "node_mix", "composition")):
        if isinstance(word, str) and (
            found := re.search(r"(homogeneous|uniform)|(heterogeneous|mixed)", word, re.IGNORECASE)
        ):
            return found.group(1) is not None
    totals = (_int(facts, CLUSTER_NAMES, "cores"), _int(facts, CLUSTER_NAMES, "gpus"), _memory(facts, nodes)[0])
    return True if nodes >= NODES_TELLING and all(t is not None and t % nodes == 0 for t in totals) else None


def _equal_nodes(facts: Facts, nodes: int | None, each: int | None) -> tuple[KnownGroup, ...] | None:
    """Return one group if all nodes are equal, two unknown ones if they differ, None if that is unknown.

    A total alone says nothing about one node: 512 GPUs in 328 nodes may stand in 256 of them.
    """
    alike = _alike(facts, nodes) if nodes else None
    if not alike or not nodes:
        return (KnownGroup(), KnownGroup()) if alike is False else None
    gpus, cores = (_int(facts, CLUSTER_NAMES, name) for name in ("gpus_per_node", "cores_per_node"))
    free = _int(facts, CLUSTER_NAMES, "nodes_free")
    return (
        KnownGroup(
            nodes=nodes,
            free=free,
            cores=cores if cores is not None else _shared(_int(facts, CLUSTER_NAMES, "cores"), nodes),
            memory_gib=each if each is not None else _shared(_memory(facts, nodes)[0], nodes),
            gpus=gpus if gpus is not None else _shared(_int(facts, CLUSTER_NAMES, "gpus"), nodes),
        ),
    )


def _shared(total: int | None, nodes: int) -> int | None:
    return total // nodes if total is not None and total % nodes == 0 else None


def _free(facts: Facts, nodes: int | None, allocated: int | None, background: int | None) -> int | None:
    free = _int(facts, CLUSTER_NAMES, "nodes_free")
    if free is not None or nodes is None:
        return free
    used = _int(facts, CLUSTER_NAMES, "nodes_used")
    if used is None and allocated is not None and background is not None:
        used = allocated + background
    return None if used is None else max(0, nodes - used)


def walltime_s(facts: Facts) -> int | None:
    """Return the time asked for, s. A name without a unit is in minutes, as schedulers' users write it."""
    for key, value in facts.items():
        stem = next((stem for stem in TIME_STEMS if key.startswith(stem)), None)
        if stem is None:
            continue
        if isinstance(value, str) and (
            clock := re.fullmatch(r"\s*(?:(\d+)-)?(\d{1,4}):(\d{2})(?::(\d{2}))?\s*", value)
        ):
            days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        number = amount(value)
        if number is None:
            continue
        spoken = re.search(r"\d\s*([a-z]+)", value.lower()) if isinstance(value, str) else None
        words = [*key.removeprefix(stem).split("_"), *([spoken.group(1)] if spoken else [])]
        factor = next((SECONDS[word] for word in reversed(words) if word in SECONDS), 60)
        return round(number * factor)
    return None


def _gpus_asked(job: Facts, nodes: int | None) -> int | None:
    """Return GPUs per node that the job needs; a total is shared out over its nodes."""
    each = _int(job, JOB_NAMES, "gpus_per_node")
    if each is not None:
        return each
    total = _int(job, JOB_NAMES, "gpus")
    if total == 0:
        return 0
    return math.ceil(total / nodes) if total and nodes and total >= nodes else None


def known_from(job: Facts, cluster: Facts, rivals: tuple[Rival, ...] = ()) -> Known:
    """Return what a record's job and cluster say, under our names."""
    job, cluster = flat(job), flat(cluster)
    groups = _groups(cluster)
    nodes = _int(cluster, CLUSTER_NAMES, "nodes") or _total(groups, "nodes")
    allocated, background = (_int(cluster, CLUSTER_NAMES, name) for name in ("nodes_allocated", "nodes_background"))
    memory, each = _memory(cluster, nodes)
    groups = groups or _equal_nodes(cluster, nodes, each)
    gpus = _int(cluster, CLUSTER_NAMES, "gpus")
    if gpus and nodes and gpus < nodes and not groups:
        gpus = None  # 4 GPUs beside 320 nodes: of a node, or in all? Unknown.
    per_node = _int(cluster, CLUSTER_NAMES, "gpus_per_node")
    if per_node == 0:
        gpus = 0
    job_nodes = _int(job, JOB_NAMES, "nodes")
    free = _free(cluster, nodes, allocated, background)
    if groups and len(groups) == 1 and groups[0].free is None:
        groups = (groups[0].model_copy(update={"free": free}),)
    return Known(
        cluster=_str(cluster, CLUSTER_NAMES, "cluster"),
        type=cast(ClusterType | None, _first(cluster, CLUSTER_NAMES["type"], kind_of)),
        nodes=nodes,
        nodes_free=free,
        nodes_allocated=allocated,
        nodes_background=background,
        cores=_int(cluster, CLUSTER_NAMES, "cores") or _total(groups, "cores"),
        memory_gib=memory if memory is not None else _total(groups, "memory_gib"),
        gpus=gpus if gpus is not None else _total(groups, "gpus"),
        groups=groups,
        interconnect=_str(cluster, CLUSTER_NAMES, "interconnect"),
        link_gbps=_int(cluster, CLUSTER_NAMES, "link_gbps"),
        storage_pb=_int(cluster, CLUSTER_NAMES, "storage_pb"),
        job=_str(job, JOB_NAMES, "job"),
        job_name=_str(job, JOB_NAMES, "job_name"),
        job_application=_str(job, JOB_NAMES, "job_application"),
        job_type=cast(ClusterType | None, _first(job, JOB_NAMES["type"], kind_of)),
        job_untyped=_untyped(job),
        job_nodes=job_nodes,
        job_gpus_per_node=_gpus_asked(job, job_nodes),
        job_memory_gib_per_node=_job_memory(job, job_nodes),
        job_walltime_s=walltime_s(job),
        rivals=tuple(rival for rival in rivals if rival.id != _str(cluster, CLUSTER_NAMES, "cluster")),
    )


def _untyped(job: Facts) -> bool:
    """Whether the log says that the job states no type: a name for a type is there, and null, `none` or empty."""
    said = [job[name] for name in JOB_NAMES["type"] if name in job]
    return bool(said) and all(
        value is None or name_of(str(value)) in {"", "none", "null", "any", "unspecified"} for value in said
    )


def rival_from(cluster: Facts) -> Rival | None:
    """Return a cluster of the log as the others see it; None if it has no name."""
    cluster = flat(cluster)
    name = _str(cluster, CLUSTER_NAMES, "cluster")
    kind = cast(ClusterType | None, _first(cluster, CLUSTER_NAMES["type"], kind_of))
    return None if name is None else Rival(id=name, type=kind)


def _job_memory(job: Facts, nodes: int | None) -> int | None:
    total, each = _memory(job, nodes)
    return each if each is not None or total is None or not nodes else math.ceil(total / nodes)


def per_node_limits(cluster: Facts) -> tuple[int | None, int | None]:
    """Return (GPUs, GiB) that the best node has, where the log says it; None = unknown."""
    cluster = flat(cluster)
    groups = _groups(cluster)
    nodes = _int(cluster, CLUSTER_NAMES, "nodes") or _total(groups, "nodes")
    gpus, memory = _int(cluster, CLUSTER_NAMES, "gpus_per_node"), _memory(cluster, nodes)[1]
    groups = groups or _equal_nodes(cluster, nodes, memory)
    if groups:
        gpus = _most([group.gpus for group in groups], gpus)
        memory = _most([group.memory_gib for group in groups], memory)
    if _int(cluster, CLUSTER_NAMES, "gpus") == 0:
        gpus = 0
    return gpus, memory


def _most(values: list[int | None], otherwise: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else otherwise
