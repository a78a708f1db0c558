"""The deterministic bidder: a score from facts alone, in basis points, and a sentence that cites only facts.

score = (45 match + 15 available + 10 headroom + 5 share + 10 interconnect + 15 fit) / 100, floored; each part
in 0..10,000:

match         MATCH[cluster type][job type]; 10,000 for the same type
available     suitable nodes free / suitable nodes: how idle what the job needs is, after jobs and background
headroom      suitable nodes left free after the job / suitable nodes free
share         1 - job nodes / cluster nodes: a job that fills a cluster leaves it little room
interconnect  one link's bandwidth / what the job's type wants, at most 1
fit           how little of the chosen nodes' GPUs and memory lies idle: mean of (asked + 1) / (has + 1)

Reputation does not enter: it enters once, into ranking (score x reputation).
"""

from quorate.domain.bidding import Author, Bid, Claim, Forecast
from quorate.domain.clusters import ClusterSnapshot, ClusterType, NodesByGroup
from quorate.domain.errors import MisuseError
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS, Value
from quorate.market.facts import place, share_percent, suitable, suitable_free

MATCH: dict[ClusterType, dict[ClusterType, int]] = {
    "hpc": {"hpc": 10_000, "gpu": 6_000, "memory": 5_500, "hybrid": 8_000, "ai": 5_000, "storage": 5_500},
    "gpu": {"hpc": 5_000, "gpu": 10_000, "memory": 3_500, "hybrid": 7_000, "ai": 8_500, "storage": 4_000},
    "memory": {"hpc": 6_000, "gpu": 2_000, "memory": 10_000, "hybrid": 6_000, "ai": 2_500, "storage": 6_000},
    "hybrid": {"hpc": 7_000, "gpu": 7_500, "memory": 5_500, "hybrid": 10_000, "ai": 7_500, "storage": 6_000},
    "ai": {"hpc": 4_500, "gpu": 8_500, "memory": 3_500, "hybrid": 7_000, "ai": 10_000, "storage": 4_500},
    "storage": {"hpc": 5_000, "gpu": 5_500, "memory": 6_000, "hybrid": 6_000, "ai": 5_500, "storage": 10_000},
}
"""MATCH[cluster type][job type], basis points: our choice, recorded in docs/adr/0016."""

LINK_WANTED_GBPS: dict[ClusterType, int] = {
    "hpc": 100, "gpu": 100, "memory": 100, "hybrid": 200, "ai": 200, "storage": 100,
}  # fmt: skip
"""Bandwidth at which a job of this type no longer waits for the network, Gb/s: our choice, same ADR."""

WEIGHTS = {"match": 45, "available": 15, "headroom": 10, "share": 5, "interconnect": 10, "fit": 15}
"""Percent of the score that each part makes; they sum to 100."""

RUN_P50_PERCENT = 70
"""Users ask for more time than they need; the median job uses well under its limit (Mu'alem and Feitelson 2001)."""

SUCCESS_BP = 9_500
"""Before any outcome is known, nineteen jobs in twenty are expected to complete."""

RULE_AUTHOR = Author(kind="rule", provider="rule")


class Parts(Value):
    """The parts of a rule score, each 0..10,000 basis points."""

    match: int
    available: int
    headroom: int
    share: int
    interconnect: int
    fit: int

    @property
    def score_bp(self) -> int:
        """The weighted sum, floored."""
        return (
            self.match * WEIGHTS["match"]
            + self.available * WEIGHTS["available"]
            + self.headroom * WEIGHTS["headroom"]
            + self.share * WEIGHTS["share"]
            + self.interconnect * WEIGHTS["interconnect"]
            + self.fit * WEIGHTS["fit"]
        ) // 100


def _fit(job: Job, snapshot: ClusterSnapshot, nodes: NodesByGroup) -> int:
    total = 0
    for count, group in zip(nodes, snapshot.cluster.groups, strict=True):
        gpus = BASIS_POINTS * (job.gpus_per_node + 1) // (group.gpus + 1)
        memory = BASIS_POINTS * (job.memory_gib_per_node + 1) // (group.memory_gib + 1)
        total += count * (gpus + memory) // 2
    return total // job.nodes


def parts(job: Job, snapshot: ClusterSnapshot) -> Parts:
    """Return the parts of the score of an eligible job.

    Raises:
        MisuseError: the job does not fit now; ask `eligibility.ineligible` first.
    """
    nodes = place(job, snapshot)
    if nodes is None:
        raise MisuseError(f"{job.id} does not fit {snapshot.cluster.id} now; check eligibility first")
    cluster, free = snapshot.cluster, suitable_free(job, snapshot)
    return Parts(
        match=MATCH[cluster.type][job.type],
        available=BASIS_POINTS * free // suitable(job, snapshot),
        headroom=BASIS_POINTS * (free - job.nodes) // free,
        share=BASIS_POINTS * (cluster.nodes - job.nodes) // cluster.nodes,
        interconnect=min(BASIS_POINTS, BASIS_POINTS * cluster.link_gbps // LINK_WANTED_GBPS[job.type]),
        fit=_fit(job, snapshot, nodes),
    )


def rule_score_bp(job: Job, snapshot: ClusterSnapshot) -> int:
    """Return the rule's score for an eligible job, basis points; MisuseError if it does not fit now."""
    shape = job.type, job.nodes, job.gpus_per_node, job.memory_gib_per_node
    score = snapshot.scores.get(shape)
    if score is None:
        score = snapshot.scores[shape] = parts(job, snapshot).score_bp
    return score


def rule_forecast(job: Job) -> Forecast:
    """Return the forecast for a job that fits now: it starts at once and rarely reaches its limit."""
    return Forecast(
        start_p50_s=0,
        start_p90_s=60,
        run_p50_s=max(1, job.walltime_s * RUN_P50_PERCENT // 100),
        run_p90_s=job.walltime_s,
        success_bp=SUCCESS_BP,
        author="rule",
    )


def _article(kind: ClusterType) -> str:
    """Return `a` or `an` as the type is spoken: an hpc cluster, an ai job."""
    return "an" if kind in {"hpc", "ai"} else "a"


def _reasoning(job: Job, snapshot: ClusterSnapshot) -> str:
    cluster = snapshot.cluster
    match = (
        f"{_article(cluster.type)} {cluster.type} cluster for {_article(job.type)} {job.type} job"
        if cluster.type != job.type
        else f"{_article(cluster.type)} {cluster.type} cluster, the type the job asks for"
    )
    free, of = suitable_free(job, snapshot), suitable(job, snapshot)
    return (
        f"{match}; {free} of {of} suitable nodes free, {job.nodes} asked "
        f"({share_percent(job, snapshot)} % of the cluster); {cluster.link_gbps} Gb/s links"
    )


def rule_bid(job: Job, snapshot: ClusterSnapshot) -> Bid:
    """Return the rule's bid for an eligible job; MisuseError if it does not fit now."""
    score = rule_score_bp(job, snapshot)
    return Bid(
        job=job.id,
        cluster=snapshot.cluster.id,
        score_bp=score,
        wanted_bp=score,
        reasoning=_reasoning(job, snapshot),
        evidence=(
            Claim(fact="type", value=snapshot.cluster.type),
            Claim(fact="nodes_suitable", value=suitable(job, snapshot)),
            Claim(fact="nodes_suitable_free", value=suitable_free(job, snapshot)),
            Claim(fact="share_of_cluster_percent", value=share_percent(job, snapshot)),
            Claim(fact="link_gbps", value=snapshot.cluster.link_gbps),
        ),
        forecast=rule_forecast(job),
        author=RULE_AUTHOR,
    )
