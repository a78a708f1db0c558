"""A fault plan says who misbehaves, how and when; each line once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import wiring
from faults.plan import Fault, FaultPlan
from quorate.domain.errors import RequestInvalid
from wiring import ROOT

NAMES = st.sampled_from(["a", "b", "c"])
FAULTS = st.lists(
    st.builds(Fault, driver=NAMES, cluster=NAMES, jobs=st.lists(NAMES, max_size=3).map(tuple)), max_size=6
)


@given(FAULTS)
def test_a_plan_is_refused_exactly_if_it_says_something_twice(faults):
    said = [(f.driver, f.cluster, job) for f in faults for job in f.jobs or ("*",)]
    if len(set(said)) == len(said):
        assert FaultPlan(faults=tuple(faults)).faults == tuple(faults)
    else:
        with pytest.raises(ValidationError, match="acts twice on"):
            FaultPlan(faults=tuple(faults))


@given(st.lists(NAMES, max_size=3), st.none() | NAMES)
def test_a_driver_acts_at_the_jobs_that_are_named_or_at_all(jobs, job):
    assert Fault(driver="a", cluster="c", jobs=tuple(jobs)).acts_at(job) == (not jobs or job in jobs)


@pytest.mark.parametrize(
    "change",
    [{"driver": ""}, {"driver": "a b"}, {"driver": "\x1b"}, {"cluster": "a\n"}, {"jobs": ["\x1b[2J"]}, {"when": "now"}],
    ids=str,
)
def test_a_name_that_could_not_be_one_is_refused(change):
    with pytest.raises(ValidationError):
        Fault.model_validate({"driver": "a", "cluster": "c", **change})


def test_a_long_plan_is_checked_in_one_pass():
    jobs = tuple(f"j{number}" for number in range(10_000))
    plan = FaultPlan(faults=tuple(Fault(driver="a", cluster=f"c{i}", jobs=jobs) for i in range(20)))
    assert len(plan.faults) == 20


@pytest.mark.parametrize("path", sorted((ROOT / "data/faults").glob("*.toml")), ids=lambda path: path.stem)
def test_a_plan_that_is_shipped_names_drivers_clusters_and_jobs_that_exist(path):
    asked = wiring.request(wiring.read_settings(None), faults=path, name="shipped")
    clusters = {cluster.id for cluster in asked.federation.clusters}
    assert asked.faults.faults
    assert all(fault.against is None or fault.against in clusters for fault in asked.faults.faults)


def test_a_plan_against_nobody_of_the_federation_is_refused():
    plan = FaultPlan(faults=(Fault(driver="censor", cluster="HPC_RESOURCE_00", against="HPC_RESOURCE_99"),))
    with pytest.raises(RequestInvalid, match="there is no rival 'HPC_RESOURCE_99'"):
        wiring.request(wiring.read_settings(None), faults=plan)
