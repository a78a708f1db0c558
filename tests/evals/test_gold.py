"""The gold bids are whole, balanced, and their own figures are right. No scorer is involved here."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest

GOLD = Path(__file__).parents[2] / "evals" / "gold"
CATEGORICAL = {
    "identity",
    "own_type",
    "specialisation",
    "type_match",
    "job_type",
    "penalty_rule",
    "heterogeneity",
    "gpu_presence",
    "capacity",
}
NUMERIC = {
    "gpus_per_node",
    "node_count",
    "free_nodes",
    "share_of_cluster",
    "memory_per_node",
    "memory_total",
    "cores",
    "walltime_unit",
    "interconnect",
    "storage",
    "occupancy",
    "arithmetic",
}
CLASSES = CATEGORICAL | NUMERIC
FIGURE = re.compile(r"(?<![A-Za-z_\d.-])(\d[\d,]*(?:\.\d+)?)\s?(%|percent|per cent)?")
NAME = re.compile(r"HPC_RESOURCE_\d\d|Slingshot-\d+|[a-z]+-\d+\b")


class Group(TypedDict):
    nodes: int
    cores: int
    memory_gib: int
    gpus: int


class Job(TypedDict):
    id: str
    type: str | None
    nodes: int
    gpus_per_node: int
    memory_gib_per_node: int
    walltime_min: int


class Cluster(TypedDict):
    id: str
    type: str
    nodes: int
    cores: int
    memory_gib: int
    gpus: int
    nodes_free: int
    nodes_allocated: int
    nodes_background: int
    node_groups: list[Group]
    link_gbps: int
    storage_pb: int


class Bid(TypedDict):
    id: str
    split: str
    style: str
    job: Job
    cluster: Cluster
    reply: str


# The functional form, because `class` is a field name of the file.
Claim = TypedDict("Claim", {"sentence": str, "class": str, "false": bool, "fact": str})


class Label(TypedDict):
    id: str
    false: bool
    claims: list[Claim]


def _lines(name: str) -> list[str]:
    return (GOLD / name).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def bids() -> dict[str, Bid]:
    rows: list[Bid] = [json.loads(line) for line in _lines("bids.jsonl")]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def labels() -> list[Label]:
    return [json.loads(line) for line in _lines("labels-1.jsonl")]


def _claims(labels: list[Label]) -> Iterator[tuple[str, Claim]]:
    return ((label["id"], claim) for label in labels for claim in label["claims"])


def _counts(bid: Bid) -> set[float]:
    """All counts that a true sentence about this bid may contain (nodes, GPUs, GiB, TiB, TB, minutes, hours, days)."""
    job, cluster = bid["job"], bid["cluster"]
    need, nodes, free, minutes = job["nodes"], cluster["nodes"], cluster["nodes_free"], job["walltime_min"]
    found: set[float] = {
        need,
        nodes,
        free,
        nodes - free,
        need - nodes,
        free - need,
        cluster["nodes_allocated"],
        cluster["nodes_background"],
    }
    found |= {
        cluster["cores"],
        cluster["memory_gib"],
        cluster["memory_gib"] / 1024,
        cluster["memory_gib"] / 1000,
        cluster["gpus"],
    }
    found |= {
        job["gpus_per_node"],
        need * job["gpus_per_node"],
        job["memory_gib_per_node"],
        need * job["memory_gib_per_node"],
    }
    found |= {
        minutes,
        minutes / 60,
        minutes // 60,
        minutes % 60,
        minutes / 1440,
        cluster["link_gbps"],
        cluster["storage_pb"],
        len(cluster["node_groups"]),
    }
    for group in cluster["node_groups"]:
        found |= {
            group["nodes"],
            nodes - group["nodes"],
            group["cores"],
            group["gpus"],
            need * group["gpus"],
            group["memory_gib"],
            group["memory_gib"] / 1024,
        }
    return found


def _shares(bid: Bid) -> set[float]:
    """Percentages: the job's share of all and of the free nodes, and what is busy, free, in jobs, in background."""
    cluster, need = bid["cluster"], bid["job"]["nodes"]
    nodes, free = cluster["nodes"], cluster["nodes_free"]
    parts = {need, nodes - free, free, cluster["nodes_allocated"], cluster["nodes_background"]}
    return {100 * part / nodes for part in parts} | ({100 * need / free} if free else set())


def _figures(sentence: str) -> Iterator[tuple[float, bool]]:
    for match in FIGURE.finditer(NAME.sub("", sentence)):
        yield float(match[1].rstrip(",").replace(",", "")), match[2] is not None


def _right(value: float, *, percent: bool, bid: Bid) -> bool:
    if percent:
        return any(abs(value - share) <= 1 for share in _shares(bid))
    return any(abs(value - count) <= 0.02 * abs(count) for count in _counts(bid))


def test_there_are_at_least_420_bids_and_every_one_is_labelled_once(bids: dict[str, Bid], labels: list[Label]) -> None:
    assert len(bids) >= 420
    assert [label["id"] for label in labels] == list(bids)


def test_a_record_is_false_exactly_when_one_of_its_claims_is(labels: list[Label]) -> None:
    assert [label["id"] for label in labels if label["false"] != any(claim["false"] for claim in label["claims"])] == []


def test_about_half_of_the_records_are_clean(labels: list[Label]) -> None:
    assert 0.45 <= sum(label["false"] for label in labels) / len(labels) <= 0.55


def test_every_class_has_at_least_eight_false_and_four_true_claims(labels: list[Label]) -> None:
    false = Counter(claim["class"] for _, claim in _claims(labels) if claim["false"])
    true = Counter(claim["class"] for _, claim in _claims(labels) if not claim["false"])
    assert set(false) | set(true) == CLASSES
    assert {name: (false[name], true[name]) for name in sorted(CLASSES) if false[name] < 8 or true[name] < 4} == {}


def test_every_quoted_sentence_occurs_in_its_reply(bids: dict[str, Bid], labels: list[Label]) -> None:
    assert [
        (who, claim["sentence"])
        for who, claim in _claims(labels)
        if not claim["sentence"] or claim["sentence"] not in bids[who]["reply"]
    ] == []


def test_no_claim_is_quoted_from_inside_think_tags(bids: dict[str, Bid], labels: list[Label]) -> None:
    said = {who: re.sub(r"<think>.*?</think>", "", bid["reply"], flags=re.DOTALL) for who, bid in bids.items()}
    assert [(who, claim["sentence"]) for who, claim in _claims(labels) if claim["sentence"] not in said[who]] == []


def test_no_two_records_share_reply_and_facts(bids: dict[str, Bid]) -> None:
    seen = Counter(json.dumps([bid["reply"], bid["job"], bid["cluster"]], sort_keys=True) for bid in bids.values())
    assert max(seen.values()) == 1


def test_derived_records_are_under_half_of_the_set(bids: dict[str, Bid]) -> None:
    assert sum(not who.endswith("a") for who in bids) < len(bids) / 2


def test_nodes_and_totals_of_every_cluster_add_up(bids: dict[str, Bid]) -> None:
    for who, bid in bids.items():
        cluster, groups = bid["cluster"], bid["cluster"]["node_groups"]
        assert (
            cluster["nodes_free"] == cluster["nodes"] - cluster["nodes_allocated"] - cluster["nodes_background"] >= 0
        ), who
        assert cluster["nodes"] == sum(group["nodes"] for group in groups), who
        assert cluster["cores"] == sum(group["nodes"] * group["cores"] for group in groups), who
        assert cluster["memory_gib"] == sum(group["nodes"] * group["memory_gib"] for group in groups), who
        assert cluster["gpus"] == sum(group["nodes"] * group["gpus"] for group in groups), who


def test_the_split_follows_from_the_family_part_of_the_id(bids: dict[str, Bid]) -> None:
    for who, bid in bids.items():
        assert re.fullmatch(r"g\d{3}[a-f]", who)
        bucket = int(hashlib.sha256(who[:-1].encode()).hexdigest(), 16) % 100
        assert bid["split"] == ("dev" if bucket < 40 else "held_out"), who


def test_every_figure_in_a_true_claim_is_a_fact_of_its_record(bids: dict[str, Bid], labels: list[Label]) -> None:
    wrong = [
        (who, claim["sentence"], value)
        for who, claim in _claims(labels)
        if not claim["false"] and claim["class"] in NUMERIC
        for value, percent in _figures(claim["sentence"])
        if not _right(value, percent=percent, bid=bids[who])
    ]
    assert wrong == []


def test_a_false_share_in_per_cent_is_more_than_a_point_off(bids: dict[str, Bid], labels: list[Label]) -> None:
    for who, claim in _claims(labels):
        figures = list(_figures(claim["sentence"]))
        if not claim["false"] or claim["class"] != "share_of_cluster" or not any(percent for _, percent in figures):
            continue
        share = 100 * bids[who]["job"]["nodes"] / bids[who]["cluster"]["nodes"]
        off = [
            abs(value - share) > 1 if percent else not _right(value, percent=False, bid=bids[who])
            for value, percent in figures
        ]
        assert any(off), (who, claim["sentence"], share)


def test_a_capacity_claim_agrees_with_the_nodes_that_qualify(bids: dict[str, Bid], labels: list[Label]) -> None:
    denies = re.compile(
        r"\b(?:not?|none|cannot|can't|infeasible|impossible|unable|out of the question|does not|not placeable)\b",
        re.IGNORECASE,
    )
    for who, claim in _claims(labels):
        if claim["class"] != "capacity":
            continue
        job, cluster = bids[who]["job"], bids[who]["cluster"]
        able = [
            g["nodes"]
            for g in cluster["node_groups"]
            if g["gpus"] >= job["gpus_per_node"] and g["memory_gib"] >= job["memory_gib_per_node"]
        ]
        memory_only = "emory" in claim["sentence"] and not denies.search(claim["sentence"])
        fits = sum(able) >= job["nodes"] and (memory_only or cluster["nodes_free"] >= job["nodes"])
        says_fits = not denies.search(claim["sentence"])
        assert claim["false"] == (says_fits != fits), (
            who,
            claim["sentence"],
            sum(able),
            cluster["nodes_free"],
            job["nodes"],
        )


def test_the_table_in_the_readme_holds_these_counts(labels: list[Label]) -> None:
    readme = (GOLD / "README.md").read_text(encoding="utf-8")
    false = Counter(claim["class"] for _, claim in _claims(labels) if claim["false"])
    true = Counter(claim["class"] for _, claim in _claims(labels) if not claim["false"])
    assert [name for name in sorted(CLASSES) if f"| `{name}` | {false[name]} | {true[name]} |" not in readme] == []
    assert f"{len(labels)} records, {sum(label['false'] for label in labels)} false" in readme
