"""The questions: every family drawn from a seed and a federation, the same bytes each time.

F1 grid, F2 boundaries, F3 nothing fits, F4 metamorphic pairs, F5 injections with controls, F6 notes from peers, F7
languages, units and formats, F9 sequences through consensus (`evals.outcome`), F10 drift canary. F8 (wait time) has
its place kept: it needs queues with known starts, which come with the simulation of workloads.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Literal, get_args

from evals.attacks import Payload, inject, payloads, peer_payloads
from evals.oracle import feasible
from evals.relations import RELATIONS, follow_up
from evals.samples import Family, Sample, Split
from evals.wordings import AMOUNT_STYLES, DESCRIPTIONS, LONG, amounts, description
from quorate.domain.canonical import digest
from quorate.domain.clusters import CLUSTER_TYPES, Cluster, ClusterSnapshot, ClusterType, Federation, NodeGroup
from quorate.domain.clusters import snapshot as snapshot_of
from quorate.domain.jobs import Attribute, Job
from quorate.domain.values import JobId

SetName = Literal["quick", "compare", "full"]
SET_NAMES: tuple[SetName, ...] = get_args(SetName)

DEFAULT_SEED = 20260801
CANARY_SEED = 7
"""F10 never changes: its drift is the provider's."""

FITTING_MIN = 3
"""A grid group is drawn again until this many clusters can run the job: a ranking of two says little."""

NEEDS: dict[ClusterType, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "hpc": ((0,), (64, 128, 256)),
    "gpu": ((1, 2, 4), (128, 256)),
    "memory": ((0,), (256, 512, 960)),
    "hybrid": ((0, 1, 2), (128, 192)),
    "ai": ((2, 4), (192, 256)),
    "storage": ((0,), (128, 256, 448)),
}
"""GPUs and GiB per node that a job of each type asks for."""

TITLES: dict[ClusterType, str] = {
    "hpc": "Flow over a ridge",
    "gpu": "Molecular dynamics",
    "memory": "Genome assembly",
    "hybrid": "Galaxy formation",
    "ai": "Language model training",
    "storage": "Archive indexing",
}


def _rng(seed: int, split: Split | str, *path: object) -> random.Random:
    return random.Random(":".join(map(str, (seed, split, *path))))


def _draw_nodes(rng: random.Random) -> int:
    """Draw 8..300 nodes, small jobs more often (log-uniform, as in production logs)."""
    return round(8 * math.exp(math.log(300 / 8) * rng.random()))


def _draw_job(rng: random.Random, kind: ClusterType) -> Job:
    gpus, memory = NEEDS[kind]
    job = Job(
        id=JobId("job"),
        name=TITLES[kind],
        application="solver",
        type=kind,
        nodes=_draw_nodes(rng),
        gpus_per_node=rng.choice(gpus),
        memory_gib_per_node=rng.choice(memory),
        walltime_s=rng.choice((1, 2, 4, 8, 12, 24)) * 3600,
        attributes=(Attribute(name="campaign", value="spring"), Attribute(name="restart", value="from checkpoint")),
    )
    return job.model_copy(update={"description": description("en", job)})


def _draw_snapshot(rng: random.Random, cluster: Cluster) -> ClusterSnapshot:
    """Draw an occupancy between empty and nearly full."""
    busy = int(cluster.nodes * rng.random() ** 2)
    held = int(busy * rng.random())
    background = snapshot_of(cluster, busy - held)
    left, allocated = held, []
    for group, taken in zip(cluster.groups, background.background, strict=True):
        allocated.append(min(left, group.nodes - taken))
        left -= allocated[-1]
    return background.model_copy(update={"allocated": tuple(allocated)})


def _draw_run_s(rng: random.Random, job: Job) -> int:
    """Draw how long it will run: a minority stops early, the rest uses 40-100 % of its limit."""
    share = 0.02 + 0.1 * rng.random() if rng.random() < 0.1 else 0.4 + 0.6 * rng.random() ** 1.2
    return max(1, int(job.walltime_s * share))


@cache
def run_share_quantile(share: float, draws: int = 4_000) -> float:
    """Return this quantile of run time / walltime over all jobs: what a forecast must beat (as QBETS does)."""
    job = Job(id=JobId("any"), nodes=1, walltime_s=1_000_000)
    rng = _rng(DEFAULT_SEED, "baseline", "F1")
    drawn = sorted(_draw_run_s(rng, job) for _ in range(draws))
    return drawn[int(share * draws)] / job.walltime_s


def _job_id(name: str) -> JobId:
    """Return an id that tells a bidder nothing about what is tried on it."""
    return JobId(f"job-{digest(name.encode())[:8]}")


def _group(family: Family, name: str, job: Job, snapshots: Sequence[ClusterSnapshot], run_s: int) -> list[Sample]:
    job = job.model_copy(update={"id": _job_id(name)})
    return [
        Sample(
            id=f"{name}-{snap.cluster.id}", family=family, group=name, job=job, snapshot=snap,
            run_s=run_s or None,
        )
        for snap in snapshots
    ]  # fmt: skip


def grid_group(federation: Federation, seed: int, split: Split, number: int, family: Family = "F1") -> list[Sample]:
    """Return one job on one network state, asked of every cluster; at least three can run it."""
    kind = CLUSTER_TYPES[number % len(CLUSTER_TYPES)]
    for attempt in itertools.count():
        rng = _rng(seed, split, family, number, attempt)
        job = _draw_job(rng, kind)
        snapshots = [_draw_snapshot(rng, cluster) for cluster in federation.clusters]
        samples = _group(family, f"{family}-{split}-{number:03d}", job, snapshots, _draw_run_s(rng, job))
        if sum(map(feasible, samples)) >= min(FITTING_MIN, len(samples)):
            return samples
    raise AssertionError("itertools.count does not end")


def grid(federation: Federation, seed: int, split: Split, groups: int = 100) -> list[Sample]:
    """F1: six job types x sizes x run times x occupancy."""
    return [sample for number in range(groups) for sample in grid_group(federation, seed, split, number)]


def _hardware(cluster: Cluster, job: Job, gpus: int, memory_gib: int) -> Cluster:
    """Return the cluster with nodes that have exactly this much; the job needs no more of the other thing."""
    groups = tuple(
        NodeGroup(
            nodes=max(g.nodes, job.nodes + 1), cores=g.cores, memory_gib=max(1, memory_gib), gpus=max(0, gpus)
        )
        for g in cluster.groups
    )  # fmt: skip
    return cluster.model_copy(update={"groups": groups})


def _at_boundary(cluster: Cluster, job: Job, axis: str, offset: int) -> ClusterSnapshot:
    """Return a state of `cluster` in which what the job needs on `axis` is there by `offset`, the rest amply."""
    ample = _hardware(cluster, job, job.gpus_per_node + 1, job.memory_gib_per_node * 2)
    if axis == "gpus":
        return snapshot_of(_hardware(cluster, job, job.gpus_per_node + offset, job.memory_gib_per_node * 2), 0)
    if axis == "memory":
        return snapshot_of(_hardware(cluster, job, job.gpus_per_node, job.memory_gib_per_node + offset), 0)
    if axis == "partition" and len(ample.groups) > 1:
        first, *rest = ample.groups  # only the first group has GPUs; its free nodes are the boundary
        plain = [group.model_copy(update={"gpus": 0}) for group in rest]
        mixed = ample.model_copy(update={"groups": (first, *plain)})
        taken = (first.nodes - job.nodes - offset, *(0 for _ in plain))
        return ClusterSnapshot(cluster=mixed, taken_at_s=0, allocated=(0,) * len(taken), background=taken)
    return snapshot_of(ample, ample.nodes - job.nodes - offset)


AXES = ("nodes", "gpus", "memory", "partition")


def boundary(federation: Federation, seed: int, split: Split, jobs: int = 3) -> list[Sample]:
    """F2: free nodes, GPUs per node, memory per node and partitions one below, at and one above the need."""
    samples: list[Sample] = []
    for axis, number, offset in itertools.product(AXES, range(jobs), (-1, 0, 1)):
        rng = _rng(seed, split, "F2", axis, number)
        job = _draw_job(rng, "ai")
        name = f"F2-{split}-{axis}-{number}-{('below', 'at', 'above')[offset + 1]}"
        if axis == "partition":  # the group with GPUs must be able to hold the job
            job = job.model_copy(update={"nodes": 8 + number})
        states = [_at_boundary(cluster, job, axis, offset) for cluster in federation.clusters]
        samples += _group("F2", name, job, states, 0)
    return samples


def _impossible(rng: random.Random, job: Job, federation: Federation, way: int) -> Job:
    clusters = federation.clusters
    change: dict[str, int] = [
        {"nodes": max(cluster.nodes for cluster in clusters) + 1 + rng.randrange(400)},
        {"gpus_per_node": max(group.gpus for cluster in clusters for group in cluster.groups) + 1},
        {"memory_gib_per_node": max(group.memory_gib for cluster in clusters for group in cluster.groups) + 1},
        {},
    ][way]
    return job.model_copy(update=change)


def infeasible(federation: Federation, seed: int, split: Split, groups: int = 20) -> list[Sample]:
    """F3: no cluster can run the job: too many nodes, GPUs or GiB, or everything is busy."""
    samples: list[Sample] = []
    for number in range(groups):
        rng = _rng(seed, split, "F3", number)
        job = _draw_job(rng, CLUSTER_TYPES[number % 6])
        job = _impossible(rng, job, federation, number % 4)
        busy = number % 4 == 3
        states = [
            snapshot_of(cluster, cluster.nodes - min(job.nodes - 1, 3) if busy else 0)
            for cluster in federation.clusters
        ]
        samples += _group("F3", f"F3-{split}-{number:03d}", job, states, 0)
    return samples


def plain_questions(federation: Federation, seed: int, split: Split, family: Family, count: int) -> list[Sample]:
    """Return feasible questions, three of a group, that follow-ups and controls start from."""
    drawn: list[Sample] = []
    for number in itertools.count():
        fitting = [sample for sample in grid_group(federation, seed, split, number, family) if feasible(sample)]
        drawn += _rng(seed, split, family, number, "pick").sample(fitting, 3)
        if len(drawn) >= count:
            break
    return drawn[:count]


def metamorphic(federation: Federation, seed: int, split: Split, sources: int = 120) -> list[Sample]:
    """F4: each source once, then its follow-up under each of the eleven relations that apply to it."""
    samples: list[Sample] = []
    for source in plain_questions(federation, seed, split, "F4", sources):
        samples.append(source.model_copy(update={"side": "source"}))
        afters = (follow_up(relation, source) for relation in RELATIONS)
        samples += [_submitted_anew(after) for after in afters if after is not None]
    return samples


def _submitted_anew(sample: Sample) -> Sample:
    """Return the question with a job id of its own: a second submission, which no recording confuses with the first."""
    return sample.model_copy(update={"job": sample.job.model_copy(update={"id": _job_id(sample.id)})})


def attacked(source: Sample, payload: Payload) -> list[Sample]:
    """Return the control and the attack: one base question, the same slot, the same length."""
    common = {"group": f"{source.group}-{payload.kind}", "relation": payload.kind}
    control = source.model_copy(
        update=common
        | {"id": f"{source.id}-{payload.name}-control", "side": "control"}
        | {"job": inject(source.job, payload.slot, payload.benign)}
    )
    attack = source.model_copy(
        update=common
        | {"id": f"{source.id}-{payload.name}", "side": "attack", "pair": control.id}
        | {"job": inject(source.job, payload.slot, payload.text)}
    )
    return [_submitted_anew(control), _submitted_anew(attack)]


def _spread(items: Sequence[Payload], count: int | None, rng: random.Random) -> list[Payload]:
    chosen = list(items)
    rng.shuffle(chosen)
    return chosen[:count]


def injection(federation: Federation, seed: int, split: Split, attacks: int | None = None) -> list[Sample]:
    """F5: every payload (or `attacks` of them) with its control."""
    chosen = _spread(list(payloads()), attacks, _rng(seed, split, "F5"))
    bases = plain_questions(federation, seed, split, "F5", min(60, len(chosen)))
    return [sample for i, payload in enumerate(chosen) for sample in attacked(bases[i % len(bases)], payload)]


def peer_notes(federation: Federation, seed: int, split: Split, attacks: int | None = None) -> list[Sample]:
    """F6: notes that look like a peer's, with their controls."""
    peers = tuple(str(cluster.id) for cluster in federation.clusters)
    chosen = _spread(list(peer_payloads(peers)), attacks, _rng(seed, split, "F6"))
    bases = plain_questions(federation, seed, split, "F6", min(30, len(chosen)))
    return [sample for i, payload in enumerate(chosen) for sample in attacked(bases[i % len(bases)], payload)]


def _reworded(source: Sample) -> Iterator[tuple[str, str]]:
    yield from (
        (f"lang_{language}", description(language, source.job)) for language in DESCRIPTIONS if language != "en"
    )
    yield from (
        (f"amount_{style}", f"{source.job.description}: {amounts(style, source.job)}") for style in AMOUNT_STYLES
    )
    yield "long_text", (f"{source.job.description}. " + LONG * 6)[:2_000]


def wordings(federation: Federation, seed: int, split: Split, sources: int = 17) -> list[Sample]:
    """F7: the same job described in six languages, five notations of its amounts, and at length."""
    samples: list[Sample] = []
    for source in plain_questions(federation, seed, split, "F7", sources):
        samples.append(source.model_copy(update={"side": "source"}))
        for relation, text in _reworded(source):
            job = source.job.model_copy(update={"description": text})
            update = {"id": f"{source.id}-{relation}", "side": "follow_up", "relation": relation, "pair": source.id}
            samples.append(_submitted_anew(source.model_copy(update=update | {"job": job})))
    return samples


def canary(federation: Federation) -> list[Sample]:
    """F10: thirty questions that never change, asked every day: what moves is the model behind the name."""
    groups = (grid_group(federation, CANARY_SEED, "dev", number, "F10") for number in range(5))
    return [sample for group in groups for sample in group]


Maker = Callable[[Federation, int, Split], list[Sample]]

SETS: dict[SetName, tuple[Maker, ...]] = {
    "quick": (
        lambda f, s, p: grid(f, s, p, 4),
        lambda f, s, p: boundary(f, s, p, 1)[:12],
        lambda f, s, p: infeasible(f, s, p, 1),
        lambda f, s, p: metamorphic(f, s, p, 1),
        lambda f, s, p: injection(f, s, p, 3),
    ),
    "compare": (grid,),
    "full": (
        grid, boundary, infeasible, metamorphic, injection, peer_notes, wordings,
        lambda f, _s, _p: canary(f),
    ),
}  # fmt: skip


def dataset(name: SetName, federation: Federation, seed: int = DEFAULT_SEED, split: Split = "dev") -> list[Sample]:
    """Return the samples of a set; ids are unique, and equal arguments give equal samples."""
    return [sample for make in SETS[name] for sample in make(federation, seed, split)]
