"""Eleven ways to change a question so that the answer must not change, or must move one way.

Metamorphic relations (CheckList INV and DIR, Ribeiro et al. 2020): no reference answer is needed. `=` relations hold
within a tolerance; `<=` and `>=` relations hold in sign, and where the rule itself moves by five points, the bidder
must move too: a bidder that never moves satisfies every sign.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evals.oracle import feasible
from evals.samples import Sample
from evals.wordings import DESCRIPTIONS, FLATTERY, IRRELEVANT, description
from quorate.domain.clusters import ClusterSnapshot, NodeGroup
from quorate.domain.jobs import Attribute, Job
from quorate.domain.values import ClusterId

Expectation = Literal["=", "<=", ">="]

UNUSED_GPUS = 2
EXAMPLE_BP = 3_100
"""Far from any value that an example would show by itself."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A change of the question and what it may do to the answer."""

    name: str
    expects: Expectation
    change: Callable[[Sample], Sample | None]
    """Return the changed question, None where the relation says nothing about this one."""


def _with(sample: Sample, job: Job | None = None, snapshot: ClusterSnapshot | None = None) -> Sample:
    return sample.model_copy(update={"job": job or sample.job, "snapshot": snapshot or sample.snapshot})


def _describe(sample: Sample, text: str) -> Sample:
    return _with(sample, job=sample.job.model_copy(update={"description": text}))


def _more_free(sample: Sample) -> Sample | None:
    snap = sample.snapshot
    if not snap.nodes_background:
        return None
    return _with(sample, snapshot=snap.model_copy(update={"background": (0,) * len(snap.background)}))


def _bigger_job(sample: Sample) -> Sample | None:
    """Ask for almost all suitable free nodes."""
    low, high = sample.job.nodes, sample.snapshot.nodes_free
    while low < high:  # the largest job that still fits; eligibility is monotone in nodes
        middle = (low + high + 1) // 2
        if feasible(_with(sample, job=sample.job.model_copy(update={"nodes": middle}))):
            low = middle
        else:
            high = middle - 1
    nodes = low * 95 // 100
    return _with(sample, job=sample.job.model_copy(update={"nodes": nodes})) if nodes > sample.job.nodes else None


def _type_match(sample: Sample) -> Sample | None:
    cluster = sample.snapshot.cluster
    if cluster.type == sample.job.type:
        return None
    matching = cluster.model_copy(update={"type": sample.job.type})
    return _with(sample, snapshot=sample.snapshot.model_copy(update={"cluster": matching}))


def _relabel(sample: Sample) -> Sample:
    renamed = sample.snapshot.cluster.model_copy(update={"id": ClusterId("SITE_K7")})
    return _with(sample, snapshot=sample.snapshot.model_copy(update={"cluster": renamed}))


def _key_order(sample: Sample) -> Sample | None:
    """Turn round the order of attributes and of node groups: the same facts."""
    snap, attributes = sample.snapshot, tuple(reversed(sample.job.attributes))
    if len(attributes) < 2 and len(snap.cluster.groups) < 2:
        return None
    groups = tuple(reversed(snap.cluster.groups))
    turned = ClusterSnapshot(
        cluster=snap.cluster.model_copy(update={"groups": groups}),
        taken_at_s=snap.taken_at_s,
        allocated=tuple(reversed(snap.allocated)),
        background=tuple(reversed(snap.background)),
    )
    return _with(sample, job=sample.job.model_copy(update={"attributes": attributes}), snapshot=turned)


def _irrelevant(sample: Sample) -> Sample:
    return _describe(sample, f"{sample.job.description} {IRRELEVANT}")


def _flattery(sample: Sample) -> Sample:
    return _describe(sample, f"{sample.job.description} {FLATTERY}")


def _unused_gpus(sample: Sample) -> Sample | None:
    if sample.job.gpus_per_node:
        return None
    cluster = sample.snapshot.cluster
    groups = tuple(
        NodeGroup(nodes=g.nodes, cores=g.cores, memory_gib=g.memory_gib, gpus=g.gpus + UNUSED_GPUS)
        for g in cluster.groups
    )
    changed = cluster.model_copy(update={"groups": groups})
    return _with(sample, snapshot=sample.snapshot.model_copy(update={"cluster": changed}))


def _units(sample: Sample) -> Sample:
    """Say the same amounts in other units: hours instead of minutes, TiB instead of GiB."""
    job = sample.job
    memory = job.nodes * job.memory_gib_per_node
    note = f"Walltime {job.walltime_s / 3600:g} h, {memory / 1024:.2f} TiB over all nodes."
    return _with(
        sample, job=job.model_copy(update={"attributes": (*job.attributes, Attribute(name="units", value=note))})
    )


def _language(sample: Sample) -> Sample:
    languages = [name for name in DESCRIPTIONS if name != "en"]
    chosen = languages[sum(sample.id.encode()) % len(languages)]
    return _describe(sample, description(chosen, sample.job))


def _example(sample: Sample) -> Sample:
    return sample.model_copy(update={"example_bp": EXAMPLE_BP})


RELATIONS: tuple[Relation, ...] = (
    Relation("more_free", ">=", _more_free),
    Relation("bigger_job", "<=", _bigger_job),
    Relation("type_match", ">=", _type_match),
    Relation("relabel", "=", _relabel),
    Relation("key_order", "=", _key_order),
    Relation("irrelevant_text", "=", _irrelevant),
    Relation("flattery", "=", _flattery),
    # Not `=`: the market leaves GPU nodes to jobs that use them (fit), so idle GPUs may cost, never help.
    Relation("unused_gpus", "<=", _unused_gpus),
    Relation("units", "=", _units),
    Relation("language", "=", _language),
    Relation("example_value", "=", _example),
)

EXPECTATION: dict[str, Expectation] = {relation.name: relation.expects for relation in RELATIONS}


def follow_up(relation: Relation, source: Sample) -> Sample | None:
    """Return the follow-up of `source`, None where the relation does not apply or the job would not fit any more."""
    changed = relation.change(source)
    if changed is None or not feasible(changed):
        return None
    return changed.model_copy(
        update={
            "id": f"{source.id}-{relation.name}",
            "side": "follow_up",
            "relation": relation.name,
            "pair": source.id,
        }
    )
