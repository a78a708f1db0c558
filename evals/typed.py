"""Yes, no and numbers that a reply states as fields: `"type_match": true` is a statement like any sentence."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evals.knowing import amount, kind_of
from evals.reading import DEPTH_MAX, Plain, name_of
from quorate.market.claims import Known

NEAR = 0.02
"""Counts are right within 2 % here; a live bid's evidence is compared exactly (`quorate.market.check`)."""

NEAR_PERCENT = 1.0

Fact = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Typed:
    """A field that says something false."""

    kind: str
    sentence: str
    says: str
    fact: str


def _most(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def facts_of(known: Known) -> Mapping[str, Fact]:
    """Return what is known under the names of the fact vocabulary, and a few yes/no facts beside it."""
    groups = list(known.groups or ())
    share = 100 * known.job_nodes / known.nodes if known.job_nodes and known.nodes else None
    return {
        "type": known.type,
        "job_type": known.job_type,
        "type_match": known.match,
        "heterogeneous": known.heterogeneous,
        "homogeneous": None if known.heterogeneous is None else not known.heterogeneous,
        "nodes": known.nodes,
        "nodes_free": known.nodes_free,
        "nodes_allocated": known.nodes_allocated,
        "nodes_background": known.nodes_background,
        "nodes_suitable": known.suitable,
        "nodes_suitable_free": known.suitable_free,
        "share_of_cluster_percent": share,
        "cores": known.cores,
        "memory_gib": known.memory_gib,
        "memory_gib_per_node": _most([group.memory_gib for group in groups]),
        "gpus": known.gpus,
        "gpus_per_node": _most([group.gpus for group in groups]),
        "job_nodes": known.job_nodes,
        "link_gbps": known.link_gbps,
        "storage_pb": known.storage_pb,
        "has_gpus": None if known.gpus is None else known.gpus > 0,
        "fits": known.fits,
        "penalty": None if known.match is None else not known.match,
    }


ALIASES: dict[str, tuple[str, ...]] = {
    "type": ("cluster_type", "own_type", "my_type", "my_cluster_type", "resource_type", "our_type", "specialization",
             "specialisation", "cluster_specialization"),
    "job_type": ("job_type", "workload_type", "requested_type", "required_type", "jobtype"),
    "type_match": ("type_match", "matches_type", "type_matches", "match", "is_match", "type_matched", "types_match",
                   "matches_job_type", "job_type_match", "specialization_match", "specialisation_match", "same_type",
                   "matching_type", "type_ok", "types_equal", "matched", "matches", "type_fit", "spec_match"),
    "type_mismatch": ("mismatch", "type_mismatch", "is_mismatch"),
    "heterogeneous": ("heterogeneous", "is_heterogeneous", "mixed_nodes"),
    "homogeneous": ("homogeneous", "is_homogeneous"),
    "nodes": ("total_nodes", "nodes_total", "cluster_nodes", "cluster_size"),
    "job_nodes": ("job_nodes", "nodes_requested", "requested_nodes", "nodes_needed", "needed_nodes", "nodes_required",
                  "required_nodes", "nodes_asked", "job_size"),
    "nodes_free": ("nodes_free", "free_nodes", "available_nodes", "nodes_available", "idle_nodes", "free",
                   "nodes_idle"),
    "nodes_busy": ("busy_nodes", "nodes_busy", "used_nodes", "nodes_used", "occupied_nodes"),
    "nodes_left": ("nodes_left", "remaining_nodes", "nodes_remaining", "nodes_after", "free_after", "nodes_free_after",
                   "left", "remaining", "left_after"),
    "nodes_allocated": ("nodes_allocated", "allocated_nodes", "nodes_in_jobs"),
    "nodes_background": ("nodes_background", "background_nodes"),
    "nodes_suitable": ("nodes_suitable", "suitable_nodes"),
    "nodes_suitable_free": ("nodes_suitable_free",),
    "share_of_cluster_percent": ("share_of_cluster_percent", "share_percent", "job_share_percent", "share", "job_share",
                                 "share_pct", "cluster_share", "share_of_cluster", "node_share"),
    "busy_percent": ("utilization", "utilisation", "load", "busy_percent", "busy", "occupancy", "util", "busy_pct",
                     "utilization_percent", "current_utilization", "cluster_utilization"),
    "free_percent": ("free_percent", "free_pct", "idle_percent"),
    "cores": ("total_cores", "cores_total"),
    "memory_gib": ("total_memory_gib", "total_memory_gb", "memory_total_gib", "memory_total_gb"),
    "memory_tib": ("total_memory_tib", "total_memory_tb", "memory_total_tib", "memory_total_tb"),
    "gpus": ("total_gpus", "gpus_total"),
    "link_gbps": ("link_gbps", "network_gbps", "bandwidth_gbps", "interconnect_gbps", "net_gbps"),
    "storage_pb": ("storage_pb", "storage_total_pb"),
    "has_gpus": ("has_gpus", "has_gpu", "gpu_available", "gpus_available", "gpus_present", "gpu_present"),
    "needs_gpus": ("needs_gpu", "needs_gpus", "job_needs_gpus", "requires_gpu", "requires_gpus"),
    "fits": ("fits", "feasible", "is_feasible", "can_run", "can_handle", "can_host", "meets_requirements", "fit",
             "can_fit", "job_fits", "capacity_ok", "requirements_met", "meets_all_requirements", "eligible",
             "resources_sufficient", "enough_resources", "runnable", "placeable"),
    "nodes_ok": ("nodes_ok", "enough_nodes", "nodes_sufficient", "enough_free_nodes", "nodes_fit", "node_fit"),
    "gpus_ok": ("gpu_ok", "gpus_ok", "enough_gpus", "gpus_sufficient", "gpu_fit", "gpu_match", "gpu_requirement_met"),
    "memory_ok": ("memory_ok", "mem_ok", "enough_memory", "memory_sufficient", "memory_fit", "mem_fit", "memory_fits",
                  "memory_requirement_met"),
    "penalty": ("penalty", "penalty_applied", "penalty_applies", "mismatch_penalty", "penalty_needed", "type_penalty",
                "penalised", "penalized", "apply_penalty", "deduction", "penalty_used"),
}  # fmt: skip
"""Fact -> fields that state it."""

EITHER: dict[str, tuple[str, ...]] = {
    "nodes": ("nodes", "node_count", "num_nodes"),
    "gpus_per_node": ("gpus_per_node", "gpu_per_node", "gpus_node"),
    "memory_per_node": ("memory_gib_per_node", "memory_gb_per_node", "memory_per_node_gib", "memory_per_node_gb",
                        "memory_gb", "memory_gib", "mem_gb", "memory_per_node", "mem_per_node", "mem_gib"),
    "gpus": ("gpus", "gpu", "gpu_count"),
    "cores": ("cores", "cores_per_node"),
    "storage": ("storage",),
    "memory": ("memory", "mem"),
    "kinds": ("type",),
    "walltime": ("walltime", "walltime_h", "walltime_min", "runtime_h", "runtime_min", "walltime_hours",
                 "walltime_minutes",
                 "runtime", "runtime_hours", "runtime_minutes", "hours", "minutes", "duration_h", "duration_min"),
}  # fmt: skip
"""Fields that may speak of the cluster or of the job, of a node or of all: false where no reading is true."""

BY_FIELD = {field: fact for fact, fields in ALIASES.items() for field in fields}
BY_LOOSE = {field: fact for fact, fields in EITHER.items() for field in fields}

YES = frozenset(
    {"yes", "true", "y", "ok", "match", "matched", "exact", "full", "met", "perfect", "same", "fits", "applied"}
)
NO = frozenset(
    {"no", "false", "n", "none", "mismatch", "mismatched", "not_met", "different", "no_match", "not_ok", "waived"}
)


def _group_sum(known: Known, need: str) -> int | None:
    """Return how many nodes have what the job asks in one respect."""
    asked = known.job_gpus_per_node if need == "gpus" else known.job_memory_gib_per_node
    if known.groups is None or asked is None:
        return None
    total = 0
    for group in known.groups:
        has = group.gpus if need == "gpus" else group.memory_gib
        if group.nodes is None or has is None:
            return None
        total += group.nodes if has >= asked else 0
    return total


def _at_least(have: int | None, asked: int | None) -> bool | None:
    return None if have is None or asked is None else have >= asked


def _percent(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def more_facts(known: Known) -> Mapping[str, Fact]:
    """Return what only this module asks for: loads, what is left, single needs."""
    nodes, free, asked = known.nodes, known.nodes_free, known.job_nodes
    busy = None if nodes is None or free is None else nodes - free
    return {
        "type_mismatch": None if known.match is None else not known.match,
        "job_nodes": asked,
        "nodes_busy": busy,
        "nodes_left": None if free is None or asked is None else free - asked,
        "busy_percent": _percent(busy, nodes),
        "free_percent": _percent(free, nodes),
        "memory_tib": None if known.memory_gib is None else known.memory_gib / 1024,
        "needs_gpus": None if known.job_gpus_per_node is None else known.job_gpus_per_node > 0,
        "nodes_ok": _at_least(free, asked),
        "gpus_ok": _at_least(_group_sum(known, "gpus"), asked),
        "memory_ok": _at_least(_group_sum(known, "memory"), asked),
    }


def either(known: Known) -> Mapping[str, tuple[Fact, ...]]:
    """Return, for each loose field, everything that would make it true; the first must be known."""
    groups = known.groups or ()
    gpus = tuple(group.gpus for group in groups)
    memory = tuple(group.memory_gib for group in groups)
    cores = tuple(group.cores for group in groups)
    asked = known.job_nodes or 0
    per_job = tuple(asked * (each or 0) for each in (*gpus, known.job_gpus_per_node))
    mems = (*memory, known.job_memory_gib_per_node, known.memory_gib)
    tib = tuple(value / scale for value in mems if value is not None for scale in (1024, 1000))
    seconds = known.job_walltime_s
    return {
        "nodes": (known.nodes, known.job_nodes, known.nodes_free, *(group.nodes for group in groups)),
        "gpus_per_node": (*gpus[:1], *gpus, known.job_gpus_per_node),
        "memory_per_node": (*memory[:1], *mems),
        "gpus": (known.gpus, *gpus, known.job_gpus_per_node, *per_job),
        "cores": (known.cores, *cores, *(asked * (each or 0) for each in cores)),
        "storage": (known.storage_pb, None if known.storage_pb is None else known.storage_pb * 1_000),
        "memory": (*memory[:1], *mems, *tib),
        "kinds": (known.type, known.job_type),
        "walltime": () if seconds is None else (seconds, seconds / 60, seconds / 3_600),
    }


def contradicts(fact: str, said: Plain, true: Fact) -> bool:
    """Say whether a stated value contradicts a known fact; another type of value says nothing."""
    if true is None or said is None or isinstance(said, list | dict):
        return False
    if isinstance(true, bool):
        return (yes := _yes(fact, said)) is not None and yes is not true
    if isinstance(true, str):
        kind = kind_of(said)
        return kind is not None and kind != true
    number = None if isinstance(said, bool) else amount(said)
    if number is None:
        return False
    if fact.endswith("_percent"):
        readings = (number, 100 * number) if number <= 1 and not str(said).strip().endswith("%") else (number,)
        return not any(math.isclose(each, true, abs_tol=NEAR_PERCENT) for each in readings)
    if isinstance(said, str) and re.search(
        r"[a-z%]", re.sub(r"\b(?:nodes?|free|gpus?|gi?b|ti?b|pb|of|total)\b", "", said.lower())
    ):
        return False
    return not math.isclose(number, true, rel_tol=NEAR)


def _yes(fact: str, said: Plain) -> bool | None:
    """Return the yes or no that a value says; a penalty may be a number."""
    if isinstance(said, bool):
        return said
    if isinstance(said, str):
        word = name_of(said)
        return True if word in YES else False if word in NO else None
    if fact == "penalty" and isinstance(said, int | float):
        return said not in {0, 1}
    return None


def _unlike(said: Plain, truths: tuple[Fact, ...]) -> bool:
    """Whether a loose field has no true reading; nothing is said where any reading is unknown."""
    if not truths or None in truths or isinstance(said, bool | list | dict) or said is None:
        return False
    if isinstance(truths[0], str):
        kind = kind_of(said)
        return kind is not None and kind not in truths
    number = amount(said)
    if number is None or (isinstance(said, str) and re.search(r"[/%]|of", said)):
        return False
    return not any(math.isclose(number, true, rel_tol=NEAR) for true in truths if isinstance(true, int | float))


def _fields(value: Plain, depth: int = 0) -> Iterator[tuple[str, str, Plain]]:
    """Yield (fact, as written, value) for every field that states a fact, evidence lists included."""
    if depth > DEPTH_MAX:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _fields(inner, depth + 1)
    if not isinstance(value, dict):
        return
    named = value.get("fact", value.get("name"))
    if isinstance(named, str) and "value" in value:
        yield name_of(named), named, value["value"]
        return
    for key, inner in value.items():
        if isinstance(inner, dict | list):
            yield from _fields(inner, depth + 1)
        elif (fact := BY_FIELD.get(name_of(key))) is not None:
            yield fact, key, inner
        elif (loose := BY_LOOSE.get(name_of(key))) is not None:
            yield f"?{loose}", key, inner


SPEAKER = ("cluster", "cluster_id", "resource_id", "my_cluster", "i_am")
"""Fields in which a reply says whose bid it is."""


def _speaker(body: Plain, known: Known) -> Iterator[Typed]:
    """Yield a field that names another cluster as the bidder. `cluster: our` or a longer form of the id is none."""
    for key, value in body.items() if isinstance(body, dict) else ():
        if name_of(key) not in SPEAKER or not isinstance(value, str) or known.cluster is None:
            continue
        said, mine = name_of(value), name_of(known.cluster)
        looks_like_one = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{2,63}", value) is not None and value != value.lower()
        if looks_like_one and mine and said not in mine and mine not in said:
            yield Typed("identity", f"{key}: {value}", f"bids as {value}", f"this cluster is {known.cluster}")


def refuted_fields(body: Plain, known: Known) -> list[Typed]:
    """Return every field of a reply that the facts contradict."""
    facts, loose = {**facts_of(known), **more_facts(known)}, either(known)
    found = list(_speaker(body, known))
    for fact, written, said in _fields(body):
        if fact.startswith("?"):
            truths = loose[fact[1:]]
            if _unlike(said, truths):
                found.append(
                    Typed(
                        written[:80],
                        f"{written[:80]}: {str(said)[:80]}",
                        str(said)[:80],
                        f"{written[:80]} is {truths[0]}",
                    )
                )
            continue
        name = fact if fact in facts else BY_FIELD.get(fact, "")
        if name and contradicts(name, said, facts[name]):
            spoken = str(said).lower() if isinstance(said, bool) else str(said)[:80]
            true = facts[name]
            shown = (
                str(true).lower() if isinstance(true, bool) else f"{true:g}" if isinstance(true, float) else str(true)
            )
            found.append(Typed(name, f"{written[:80]}: {spoken}", f"{name} is {spoken}", f"{name} is {shown}"))
    return found
