"""The market as the independent judge computes it: what a cluster can run, its score by rule, a forecast's worth.

Shares no code with the library; only the rule's tables of preferences are taken from it. docs/protocol.md P-40 to P-43
and P-57.
"""

from quorate.market.rule import LINK_WANTED_GBPS, MATCH


class Facts:
    """One cluster at one moment: nodes free per group."""

    def __init__(self, cluster, jobs, background):
        self.cluster, self.jobs = cluster, list(jobs)
        order = sorted(range(len(jobs)), key=lambda g: (cluster["groups"][g]["gpus"] > 0, g))
        busy, left = [0] * len(jobs), background
        for group in order:
            busy[group] = min(left, cluster["groups"][group]["nodes"])
            left -= busy[group]
        sizes = [group["nodes"] for group in cluster["groups"]]
        self.busy = [min(b, n - j) for b, n, j in zip(busy, sizes, jobs, strict=True)]
        self.free = [n - j - b for n, j, b in zip(sizes, jobs, self.busy, strict=True)]

    def fitting(self, job):
        return [
            g
            for g, group in enumerate(self.cluster["groups"])
            if group["gpus"] >= job["gpus_per_node"] and group["memory_gib"] >= job["memory_gib_per_node"]
        ]

    def suitable(self, job):
        return sum(self.cluster["groups"][g]["nodes"] for g in self.fitting(job))

    def suitable_free(self, job):
        return sum(self.free[g] for g in self.fitting(job))

    def can_now(self, job):
        return self.suitable_free(job) >= job["nodes"]

    def can_ever(self, job):
        return self.suitable(job) >= job["nodes"]

    def place(self, job):
        groups = self.cluster["groups"]
        taken, left = [0] * len(groups), job["nodes"]
        for g in sorted(self.fitting(job), key=lambda g: (groups[g]["gpus"], groups[g]["memory_gib"], g)):
            taken[g] = min(left, self.free[g])
            left -= taken[g]
        return None if left else taken

    def rule(self, job):
        groups, nodes = self.cluster["groups"], sum(group["nodes"] for group in self.cluster["groups"])
        free, fit = self.suitable_free(job), 0
        for count, group in zip(self.place(job), groups, strict=True):
            gpus = 10_000 * (job["gpus_per_node"] + 1) // (group["gpus"] + 1)
            memory = 10_000 * (job["memory_gib_per_node"] + 1) // (group["memory_gib"] + 1)
            fit += count * (gpus + memory) // 2
        parts = [
            (45, MATCH[self.cluster["type"]][job["type"]]),
            (15, 10_000 * free // self.suitable(job)),
            (10, 10_000 * (free - job["nodes"]) // free),
            (5, 10_000 * (nodes - job["nodes"]) // nodes),
            (10, min(10_000, 10_000 * self.cluster["link_gbps"] // LINK_WANTED_GBPS[job["type"]])),
            (15, fit // job["nodes"]),
        ]
        return sum(weight * part for weight, part in parts) // 100

    def known(self, job):
        groups = self.cluster["groups"]
        nodes = sum(group["nodes"] for group in groups)
        return {
            "type": self.cluster["type"],
            "type_match": self.cluster["type"] == job["type"],
            "heterogeneous": len(groups) > 1,
            "nodes": nodes,
            "nodes_free": sum(self.free),
            "nodes_allocated": sum(self.jobs),
            "nodes_background": sum(self.busy),
            "nodes_suitable": self.suitable(job),
            "nodes_suitable_free": self.suitable_free(job),
            "share_of_cluster_percent": (200 * job["nodes"] + nodes) // (2 * nodes),
            "cores": sum(group["nodes"] * group["cores"] for group in groups),
            "memory_gib": sum(group["nodes"] * group["memory_gib"] for group in groups),
            "memory_gib_per_node": max(group["memory_gib"] for group in groups),
            "gpus": sum(group["nodes"] * group["gpus"] for group in groups),
            "gpus_per_node": max(group["gpus"] for group in groups),
            "link_gbps": self.cluster["link_gbps"],
            "storage_pb": self.cluster["storage_pb"],
        }

    def refuted(self, job, bid, interval):
        """Say whether a signed bid contradicts facts."""
        if not self.can_now(job):
            return True
        known, rule = self.known(job), self.rule(job)
        lies = [
            c for c in bid["evidence"] if (type(c["value"]), c["value"]) != (type(known[c["fact"]]), known[c["fact"]])
        ]
        return bool(lies) or not max(0, rule - interval) <= bid["score_bp"] <= min(10_000, rule + interval)


def pinball(percent, forecast, actual, scale):
    gap = actual - forecast
    return abs(gap) * (percent if gap >= 0 else 100 - percent) * 10_000 // (100 * max(1, scale))


def loss(forecast, start_s, run_s, succeeded, walltime_s):
    total = (10_000 * succeeded - forecast["success_bp"]) ** 2 // 10_000
    for name, actual in (("start", start_s), ("run", run_s)):
        total += pinball(50, forecast[f"{name}_p50_s"], actual, walltime_s)
        total += pinball(90, forecast[f"{name}_p90_s"], actual, walltime_s)
    return total


def by_rule(job):
    run = max(1, job["walltime_s"] * 70 // 100)
    return {"start_p50_s": 0, "start_p90_s": 60, "run_p50_s": run, "run_p90_s": job["walltime_s"], "success_bp": 9_500}
