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
SECOND = {"dev-2": "dev", "held_out-2": "held_out"}
"""The folders of the second set, and the split that each is."""
LATER = {**SECOND, "dev-3": "dev", "dev-4": "dev", "dev-5": "dev", "held_out-5": "held_out"}
"""The folders of all sets but the first."""
HALVES = ("dev-5", "held_out-5")
"""The folders of the fifth set: what two writers wrote, half of it unread by whoever works on the reader."""
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
ROUGHLY = re.compile(r"\b(?:about|roughly|around|nearly|almost)\b|~", re.IGNORECASE)
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


def _lines(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text(encoding="utf-8").splitlines()


def _bids(folder: Path) -> dict[str, Bid]:
    rows: list[Bid] = [json.loads(line) for line in _lines(folder, "bids.jsonl")]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


def _labels(folder: Path, name: str = "labels-1.jsonl") -> list[Label]:
    held = name if (folder / name).is_file() else "labels.jsonl"
    return [json.loads(line) for line in _lines(folder, held)]


@pytest.fixture(scope="module", params=[".", *LATER])
def folder(request: pytest.FixtureRequest) -> Path:
    return GOLD / str(request.param)


@pytest.fixture(scope="module")
def bids(folder: Path) -> dict[str, Bid]:
    return _bids(folder)


@pytest.fixture(scope="module")
def labels(folder: Path) -> list[Label]:
    return _labels(folder)


def _claims(labels: list[Label]) -> Iterator[tuple[str, Claim]]:
    return ((label["id"], claim) for label in labels for claim in label["claims"])


def _counts(bid: Bid) -> set[float]:
    """All counts that a true sentence about this bid may contain (nodes, GPUs, GiB, TiB, TB, minutes, hours, days)."""
    job, cluster = bid["job"], bid["cluster"]
    need, nodes, free, minutes = job["nodes"], cluster["nodes"], cluster["nodes_free"], job["walltime_min"]
    memory = need * job["memory_gib_per_node"]
    found: set[float] = {need, nodes, free, nodes - free, need - nodes, nodes - need, free - need, need - free}
    found |= {cluster["nodes_allocated"], cluster["nodes_background"], free - 2 * need, len(cluster["node_groups"])}
    found |= {cluster["cores"], cluster["gpus"], cluster["link_gbps"], cluster["storage_pb"]}
    found |= {whole / part for whole in (cluster["memory_gib"], memory) for part in (1, 1000, 1024)}
    found |= {job["gpus_per_node"], need * job["gpus_per_node"], job["memory_gib_per_node"]}
    found |= {minutes, minutes / 60, minutes // 60, minutes % 60, minutes / 1440}
    for group in cluster["node_groups"]:
        found |= _counts_of(group, bid)
    return {count for count in found if count is not None}  # a storage volume may be unknown


def _counts_of(group: Group, bid: Bid) -> set[float]:
    """Of one kind of node: its own, what the job would take, what would idle, and how the memories compare."""
    need, gpus, memory = bid["job"]["nodes"], bid["job"]["gpus_per_node"], bid["job"]["memory_gib_per_node"]
    nodes, rest = group["nodes"], bid["cluster"]["nodes"] - group["nodes"]
    found: set[float] = {nodes, rest, group["cores"], group["gpus"], group["memory_gib"], group["memory_gib"] / 1024}
    found |= {need * group["cores"], need * group["gpus"], nodes * group["gpus"], nodes - need}
    found |= {group["gpus"] - gpus, need * (group["gpus"] - gpus), (need - rest) * group["gpus"]}
    found |= {abs(group["memory_gib"] - memory), need * group["memory_gib"], memory / group["memory_gib"]}
    return found | {bid["cluster"]["nodes_free"] * group["gpus"]}


def _shares(bid: Bid) -> set[float]:
    """Percentages: the job's share of all and of the free nodes and of a node's memory; what is busy, what is free."""
    cluster, job = bid["cluster"], bid["job"]
    nodes, free, need = cluster["nodes"], cluster["nodes_free"], job["nodes"]
    parts = {need, nodes - free, free, cluster["nodes_allocated"], cluster["nodes_background"]}
    parts |= {group["nodes"] for group in cluster["node_groups"]}
    memories = {100 * job["memory_gib_per_node"] / group["memory_gib"] for group in cluster["node_groups"]}
    return {100 * part / nodes for part in parts} | memories | ({100 * need / free} if free else set())


def _figures(sentence: str) -> Iterator[tuple[float, bool]]:
    for match in FIGURE.finditer(NAME.sub("", sentence)):
        yield float(match[1].rstrip(",").replace(",", "")), match[2] is not None


def _right(value: float, *, percent: bool, bid: Bid, roughly: bool = False) -> bool:
    if percent:
        return any(abs(value - share) <= (2 if roughly else 1) for share in _shares(bid))
    return any(abs(value - count) <= (0.05 if roughly else 0.02) * abs(count) for count in _counts(bid))


def test_there_are_hundreds_of_bids_and_every_one_is_labelled_once(
    folder: Path, bids: dict[str, Bid], labels: list[Label]
) -> None:
    assert len(bids) >= (210 if folder.name in HALVES else 320)
    assert [label["id"] for label in labels] == list(bids)


def test_a_record_is_false_exactly_when_one_of_its_claims_is(labels: list[Label]) -> None:
    assert [label["id"] for label in labels if label["false"] != any(claim["false"] for claim in label["claims"])] == []


def test_about_half_of_the_records_are_clean(labels: list[Label]) -> None:
    assert 0.45 <= sum(label["false"] for label in labels) / len(labels) <= 0.55


def _tally(labels: list[Label]) -> tuple[Counter[str], Counter[str]]:
    false = Counter(claim["class"] for _, claim in _claims(labels) if claim["false"])
    return false, Counter(claim["class"] for _, claim in _claims(labels) if not claim["false"])


@pytest.mark.parametrize(
    ("name", "false_min", "true_min"),
    [
        (".", 8, 4),
        ("dev-2", 12, 12),
        ("held_out-2", 12, 12),
        ("dev-3", 8, 12),
        ("dev-4", 7, 12),
        ("dev-5", 2, 0),
        ("held_out-5", 3, 0),
    ],
)
def test_every_class_has_its_false_and_its_true_claims(name: str, false_min: int, true_min: int) -> None:
    false, true = _tally(_labels(GOLD / name, "labels.jsonl"))
    assert set(false) | set(true) == CLASSES
    short = {each for each in CLASSES if false[each] < false_min or true[each] < true_min}
    assert {each: (false[each], true[each]) for each in sorted(short)} == {}


def test_most_false_records_of_the_later_sets_hold_one_false_claim() -> None:
    for name in LATER:
        false = [label for label in _labels(GOLD / name, "labels.jsonl") if label["false"]]
        assert sum(sum(claim["false"] for claim in label["claims"]) == 1 for label in false) > 0.6 * len(false)


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


def test_the_split_follows_from_the_family_part_of_the_id_or_from_the_folder() -> None:
    for name, split in LATER.items():
        assert {bid["split"] for bid in _bids(GOLD / name).values()} == {split}
    for who, bid in _bids(GOLD).items():
        assert re.fullmatch(r"g\d{3}[a-f]", who)
        bucket = int(hashlib.sha256(who[:-1].encode()).hexdigest(), 16) % 100
        assert bid["split"] == ("dev" if bucket < 40 else "held_out"), who


def test_every_figure_in_a_true_claim_is_a_fact_of_its_record(bids: dict[str, Bid], labels: list[Label]) -> None:
    wrong = [
        (who, claim["sentence"], value)
        for who, claim in _claims(labels)
        if not claim["false"] and claim["class"] in NUMERIC
        for value, percent in _figures(claim["sentence"])
        if not _right(value, percent=percent, bid=bids[who], roughly=ROUGHLY.search(claim["sentence"]) is not None)
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


def test_no_text_stands_in_two_sets() -> None:
    texts = [bid["reply"] for name in (".", *LATER) for bid in _bids(GOLD / name).values()]
    apart = {bid["reply"] for bid in _bids(GOLD).values()}
    assert len(set(texts)) == len(apart) + sum(len(_bids(GOLD / name)) for name in LATER)


def _able(bid: Bid) -> list[int]:
    job, groups = bid["job"], bid["cluster"]["node_groups"]
    return [
        group["nodes"]
        for group in groups
        if group["gpus"] >= job["gpus_per_node"] and group["memory_gib"] >= job["memory_gib_per_node"]
    ]


def test_a_capacity_claim_of_the_later_sets_quotes_the_nodes_that_qualify() -> None:
    for name in LATER:
        bids = _bids(GOLD / name)
        for who, claim in _claims(_labels(GOLD / name)):
            if claim["class"] == "capacity":
                facts = [sum(_able(bids[who])), bids[who]["cluster"]["nodes_free"], bids[who]["job"]["nodes"]]
                assert [int(each) for each in re.findall(r"\d+", claim["fact"])] == facts, who


def test_a_capacity_claim_agrees_with_the_nodes_that_qualify() -> None:
    bids, labels = _bids(GOLD), _labels(GOLD)
    denies = re.compile(
        r"\b(?:not?|none|cannot|can't|infeasible|impossible|unable|out of the question|does not|not placeable)\b",
        re.IGNORECASE,
    )
    for who, claim in _claims(labels):
        if claim["class"] != "capacity":
            continue
        job, cluster = bids[who]["job"], bids[who]["cluster"]
        able = _able(bids[who])
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


def test_the_tables_in_the_readme_hold_these_counts() -> None:
    readme, labels = (GOLD / "README.md").read_text(encoding="utf-8"), _labels(GOLD)
    false, true = _tally(labels)
    assert [name for name in sorted(CLASSES) if f"| `{name}` | {false[name]} | {true[name]} |" not in readme] == []
    assert f"{len(labels)} records, {sum(label['false'] for label in labels)} false" in readme
    settled = [_labels(GOLD / name, "labels.jsonl") for name in SECOND]
    for name, part in zip(SECOND, settled, strict=True):
        wrong = sum(label["false"] for label in part)
        assert f"| `{name}` | {len(part)} | {wrong} | {len(part) - wrong} |" in readme
    counts = [each for part in settled for each in _tally(part)]
    for name in sorted(CLASSES):
        assert f"| `{name}` | {' | '.join(str(each[name]) for each in counts)} |" in readme, name


@pytest.mark.parametrize(("name", "title"), [("dev-3", "## The third set"), ("dev-4", "## The fourth set")])
def test_the_table_of_a_later_set_in_the_readme_holds_its_counts(name: str, title: str) -> None:
    part = (GOLD / "README.md").read_text(encoding="utf-8").split(title)[1].split("\n## ")[0]
    labels = _labels(GOLD / name, "labels.jsonl")
    false, true = _tally(labels)
    assert [each for each in sorted(CLASSES) if f"| `{each}` | {false[each]} | {true[each]} |" not in part] == []
    wrong = sum(label["false"] for label in labels)
    assert f"{len(labels)} records, {wrong} false, {len(labels) - wrong} clean" in part


def test_the_tables_of_the_fifth_set_in_the_readme_hold_its_counts() -> None:
    part = (GOLD / "README.md").read_text(encoding="utf-8").split("## The fifth set")[1].split("\n## ")[0]
    settled = [_labels(GOLD / name, "labels.jsonl") for name in HALVES]
    for name, labels in zip(HALVES, settled, strict=True):
        wrong = sum(label["false"] for label in labels)
        assert f"| `{name}` | {len(labels)} | {wrong} | {len(labels) - wrong} |" in part
    for each in sorted(CLASSES):
        counts = " | ".join(str(tally[each]) for labels in settled for tally in _tally(labels))
        assert f"| `{each}` | {counts} |" in part
