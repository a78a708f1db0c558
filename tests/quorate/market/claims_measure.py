"""Measure the claim extractor on a corpus of labelled sentences.

    python tests/quorate/market/claims_measure.py [FILE.jsonl ...]

One sentence a line: `{"id", "cluster", "job", "background", "allocated", "text", "false": [kinds]}`; an empty `false`
means that nothing in it is false. Printed: each miss, then precision and recall of "states a falsehood".
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from quorate.domain.clusters import ClusterSnapshot, Federation, snapshot
from quorate.domain.jobs import Job
from quorate.market.claims import Known, known, refuted

ROOT = Path(__file__).parents[3]
CORPUS = Path(__file__).with_name("claims_corpus.jsonl")
FRESH = Path(__file__).with_name("claims_fresh.jsonl")
FAMILIES = Path(__file__).with_name("claims_families.jsonl")


class Score(NamedTuple):
    """Counts of sentences: refuted and false, refuted and true, not refuted though false; and what went wrong."""

    hits: int
    alarms: int
    misses: int
    faults: list[str]

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.alarms)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.misses)


def federation() -> Federation:
    return Federation.model_validate(tomllib.loads((ROOT / "data/federations/reference.toml").read_text()))


def jobs() -> dict[str, Job]:
    rows = tomllib.loads((ROOT / "data/workloads/reference.toml").read_text())["jobs"]
    kept = ("id", "name", "application", "type", "nodes", "gpus_per_node", "memory_gib_per_node")
    return {
        row["id"]: Job(**{key: row[key] for key in kept if key in row}, walltime_s=60 * row["walltime_min"])
        for row in rows
    }


def place(cluster_id: str, background: int, allocated: int) -> ClusterSnapshot:
    """The first group holds what is allocated, as far as it goes."""
    cluster = federation().cluster(cluster_id)
    return snapshot(cluster, background, allocated=(allocated,) + (0,) * (len(cluster.groups) - 1))


def scene(row: dict[str, object]) -> Known:
    job = jobs()[str(row["job"])]
    return known(job, place(str(row["cluster"]), int(str(row["background"])), int(str(row["allocated"]))))


def measure(path: Path) -> Score:
    hits = alarms = misses = 0
    faults = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        said = refuted(row["text"], scene(row))
        hits += bool(said and row["false"])
        alarms += bool(said and not row["false"])
        misses += bool(row["false"] and not said)
        if bool(said) != bool(row["false"]):
            shown = "; ".join(f"{one.kind}: {one.says} / {one.fact}" for one in said) or f"missed {row['false']}"
            faults.append(f"{row['id']} {row['cluster'][-2:]} {row['job']}: {row['text']}\n      {shown}")
    return Score(hits, alarms, misses, faults)


def main(paths: list[str]) -> None:
    for path in [Path(name) for name in paths] or [CORPUS, FRESH, FAMILIES]:
        score = measure(path)
        sys.stdout.write("".join(f"  {fault}\n" for fault in score.faults))
        sys.stdout.write(
            f"{path.name}: precision {score.precision:.3f}, recall {score.recall:.3f} "
            f"({score.hits} hits, {score.alarms} false alarms, {score.misses} misses)\n"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
