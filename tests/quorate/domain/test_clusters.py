"""Totals are sums over groups, and no snapshot can hold more than the nodes that exist. docs/protocol.md P-50."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quorate.domain.clusters import (
    MEMBERS_MAX,
    MEMBERS_MIN,
    Cluster,
    ClusterSnapshot,
    Federation,
    NodeGroup,
    snapshot,
    spread_background,
)
from quorate.domain.deciding import SEATS_MAX
from tests.quorate.ledger.build import cluster, group

GROUPS = st.lists(
    st.builds(
        NodeGroup,
        nodes=st.integers(1, 500),
        cores=st.integers(1, 128),
        memory_gib=st.integers(1, 2_048),
        gpus=st.integers(0, 8),
    ),
    min_size=1,
    max_size=5,
)


@given(GROUPS)
def test_totals_are_sums_over_the_nodes(groups):
    made = cluster(groups=groups)
    nodes = [one for one in groups for _ in range(one.nodes)]
    assert made.nodes == len(nodes)
    assert made.cores == sum(one.cores for one in nodes)
    assert made.memory_gib == sum(one.memory_gib for one in nodes)
    assert made.gpus == sum(one.gpus for one in nodes)
    assert made.heterogeneous == (len(groups) > 1)


@given(GROUPS, st.integers(0, 3_000))
def test_background_fills_what_is_there_and_takes_gpu_nodes_last(groups, busy):
    spread = spread_background(cluster(groups=groups), busy)
    assert sum(spread) == min(busy, sum(one.nodes for one in groups))
    assert all(0 <= taken <= one.nodes for taken, one in zip(spread, groups, strict=True))
    plain_left = any(taken < one.nodes for taken, one in zip(spread, groups, strict=True) if not one.gpus)
    assert not (plain_left and any(taken for taken, one in zip(spread, groups, strict=True) if one.gpus))


@given(GROUPS, st.data())
def test_a_snapshot_is_jobs_background_and_free_and_nothing_else(groups, data):
    made = cluster(groups=groups)
    jobs = tuple(data.draw(st.integers(0, one.nodes)) for one in groups)
    busy = tuple(data.draw(st.integers(0, one.nodes - held)) for one, held in zip(groups, jobs, strict=True))
    taken = ClusterSnapshot(cluster=made, taken_at_s=0, allocated=jobs, background=busy)
    assert taken.nodes_allocated + taken.nodes_background + taken.nodes_free == made.nodes
    assert taken.gpus_of(jobs) + taken.gpus_of(busy) + taken.gpus_of(taken.free) == made.gpus


@pytest.mark.parametrize(("jobs", "busy"), [((11,), (0,)), ((0,), (11,)), ((6,), (5,)), ((-1,), (0,)), ((0,), (-1,))])
def test_nobody_holds_nodes_that_do_not_exist(jobs, busy):
    with pytest.raises(ValidationError, match="cannot be taken"):
        ClusterSnapshot(cluster=cluster(), taken_at_s=0, allocated=jobs, background=busy)


def test_a_snapshot_from_one_number_derives_everything_from_it():
    made = cluster(groups=[group(4, gpus=2), group(3)])
    assert snapshot(made, 5).background == (2, 3)
    assert snapshot(made, 0, allocated=(1, 2)).free == (3, 1)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a\n", "a/b", "ä", "x" * 65, "\x1b[31m", ".."])
def test_a_name_that_could_not_be_a_file_name_is_refused(name):
    with pytest.raises(ValidationError):
        cluster(name)


def test_a_federation_has_four_to_as_many_members_as_a_committee_has_seats():
    assert MEMBERS_MIN == 4
    assert MEMBERS_MAX == SEATS_MAX
    with pytest.raises(ValidationError, match="at least 4"):
        Federation(name="three", clusters=tuple(cluster(f"c{i}") for i in range(3)))
    with pytest.raises(ValidationError, match="at most 128"):
        Federation(name="many", clusters=tuple(cluster(f"c{i}") for i in range(129)))


def test_two_clusters_cannot_share_a_name():
    with pytest.raises(ValidationError, match="'c0' occurs more than once"):
        Federation(name="twins", clusters=tuple(cluster(name) for name in ("c0", "c1", "c2", "c0")))


def test_a_cluster_is_found_by_its_name():
    made = Federation(name="four", clusters=tuple(cluster(f"c{i}") for i in range(4)))
    assert isinstance(made.cluster("c2"), Cluster)
    with pytest.raises(KeyError):
        made.cluster("c9")
