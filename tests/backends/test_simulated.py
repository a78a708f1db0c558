"""The scheduler without a machine: by the seed, in order, each end once."""

from hypothesis import given
from hypothesis import strategies as st

from backends.simulated import RUN_PERCENT_MAX, RUN_PERCENT_MIN, SimulatedBackend
from tests.quorate.ledger.build import job

JOBS = st.dictionaries(
    st.integers(0, 99).map(lambda n: f"j{n}"), st.tuples(st.integers(1, 10_000), st.integers(0, 500)), max_size=8
)


@given(st.integers(0, 2**53), JOBS, st.lists(st.integers(0, 12_000), max_size=5))
def test_every_job_ends_once_in_order_and_not_before_its_time(seed, jobs, asked):
    backend, ends = SimulatedBackend(seed), []
    for name, (walltime_s, at_s) in jobs.items():
        backend.submit("c0", job(name, 1, walltime_s=walltime_s), at_s)
    for at_s in [*sorted(asked), 20_000]:
        came = backend.ended(at_s)
        assert all(end.at_s <= at_s for end in came)
        ends += came
        following = backend.next_end_s()
        assert following is None or following > at_s
    assert [end.at_s for end in ends] == sorted(end.at_s for end in ends)
    assert sorted(end.job for end in ends) == sorted(jobs)
    assert all(end.at_s == jobs[end.job][1] + end.run_s for end in ends)


@given(st.integers(0, 2**53), st.integers(1, 10**6))
def test_a_run_takes_its_share_of_the_limit_and_the_seed_decides_which(seed, walltime_s):
    wanted = job("j1", 1, walltime_s=walltime_s)
    run_s = SimulatedBackend(seed).run_s(wanted)
    assert run_s == SimulatedBackend(seed).run_s(wanted)
    assert max(1, walltime_s * RUN_PERCENT_MIN // 100) <= run_s <= max(1, walltime_s * RUN_PERCENT_MAX // 100)


def test_seeds_and_jobs_differ():
    times = {SimulatedBackend(seed).run_s(job(name, 1, walltime_s=10**6)) for seed in range(5) for name in "abcde"}
    assert len(times) > 10
