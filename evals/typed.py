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
        "link_gbps": known.link_gbps,
        "storage_pb": known.storage_pb,
        "has_gpus": None if known.gpus is None else known.gpus > 0,
        "fits": known.fits,
        "penalty": None if known.match is None else not known.match,
    }


ALIASES: dict[str, tuple[str, ...]] = {
    "type": ("cluster_type", "own_type", "my_type", "my_cluster_type"),
    "job_type": ("job_type",),
    "type_match": ("type_match", "matches_type", "type_matches", "match", "is_match", "type_matched", "types_match",
                   "matches_job_type", "job_type_match", "specialization_match", "specialisation_match"),
    "heterogeneous": ("heterogeneous", "is_heterogeneous"),
    "homogeneous": ("homogeneous", "is_homogeneous"),
    "nodes": ("total_nodes", "nodes_total"),
    "nodes_free": ("nodes_free", "free_nodes", "available_nodes", "nodes_available", "idle_nodes"),
    "nodes_allocated": ("nodes_allocated", "allocated_nodes"),
    "nodes_background": ("nodes_background", "background_nodes"),
    "nodes_suitable": ("nodes_suitable", "suitable_nodes"),
    "nodes_suitable_free": ("nodes_suitable_free",),
    "share_of_cluster_percent": ("share_of_cluster_percent", "share_percent", "job_share_percent"),
    "cores": ("total_cores",),
    "memory_gib": ("total_memory_gib", "total_memory_gb"),
    "memory_gib_per_node": ("memory_gib_per_node", "memory_gb_per_node", "memory_per_node_gib", "memory_per_node_gb"),
    "gpus": ("total_gpus", "gpus_total"),
    "gpus_per_node": (),
    "link_gbps": ("link_gbps",),
    "storage_pb": ("storage_pb",),
    "has_gpus": ("has_gpus", "has_gpu", "gpu_available"),
    "fits": ("fits", "feasible", "is_feasible", "can_run", "can_handle", "can_host", "meets_requirements"),
    "penalty": ("penalty", "penalty_applied", "penalty_applies", "mismatch_penalty", "penalty_needed"),
}  # fmt: skip
"""Fact -> fields that state it. Names that may mean the job's need (`nodes`, `gpus_per_node`) are left out."""

BY_FIELD = {field: fact for fact, fields in ALIASES.items() for field in fields}


def contradicts(fact: str, said: Plain, true: Fact) -> bool:
    """Say whether a stated value contradicts a known fact; another type of value says nothing."""
    if true is None or said is None or isinstance(said, list | dict):
        return False
    if isinstance(true, bool):
        return isinstance(said, bool) and said is not true
    if isinstance(true, str):
        kind = kind_of(said)
        return kind is not None and kind != true
    number = None if isinstance(said, bool) else amount(said)
    if number is None:
        return False
    if fact == "share_of_cluster_percent":
        return not math.isclose(number, true, abs_tol=NEAR_PERCENT)
    return not math.isclose(number, true, rel_tol=NEAR)


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
    facts = facts_of(known)
    found = list(_speaker(body, known))
    for fact, written, said in _fields(body):
        name = fact if fact in facts else BY_FIELD.get(fact, "")
        if name and contradicts(name, said, facts[name]):
            spoken = str(said).lower() if isinstance(said, bool) else str(said)[:80]
            true = facts[name]
            shown = (
                str(true).lower() if isinstance(true, bool) else f"{true:g}" if isinstance(true, float) else str(true)
            )
            found.append(Typed(name, f"{written[:80]}: {spoken}", f"{name} is {spoken}", f"{name} is {shown}"))
    return found
