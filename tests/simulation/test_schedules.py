"""Random schedules: every law holds for a few hundred seeds, and a seed means one run and no other."""

import os
import subprocess
import sys

import pytest

from tests.simulation.play import play
from tests.simulation.schedule import DRAWN, TRICKS, draw, live_without, quorum, within_bound

SEEDS = 160
STEP = 20


@pytest.mark.parametrize("start", range(1, SEEDS, STEP))
def test_every_law_holds_in_random_schedules(start: int) -> None:
    broken = [outcome for seed in range(start, start + STEP) if (outcome := play(draw(seed))).law is not None]
    assert not broken, [f"--seed {outcome.seed}: {outcome.law}: {outcome.detail[:200]}" for outcome in broken]


@pytest.mark.parametrize("trick", TRICKS)
def test_every_law_holds_under_a_liar_of_each_kind(trick: str) -> None:
    for seed in (1, 2, 3):
        outcome = play(draw(seed, n=6, liars=1, tricks=(trick,)))
        assert outcome.law is None, f"--seed {seed} --n 6 --liars 1 --tricks {trick}: {outcome.law}: {outcome.detail}"


@pytest.mark.parametrize("stage", DRAWN)
def test_every_law_holds_in_staged_schedules(stage: str) -> None:
    for seed in (1, 2, 3, 4):
        outcome = play(draw(seed, stage=stage))
        assert outcome.law is None, f"--seed {seed} --stage {stage}: {outcome.law}: {outcome.detail}"
        assert outcome.finished


def test_a_few_seeds_mean_a_staged_schedule() -> None:
    bridged = [seed for seed in range(1_000) if draw(seed).bridged]
    assert 10 <= len(bridged) <= 90


def test_blocks_called_false_charge_liars_only() -> None:
    tricks = ("bad_block", "censor", "stale_previous")
    charged = [play(draw(seed, n=6, liars=1, tricks=tricks)) for seed in range(1, 31)]
    assert all(outcome.law is None for outcome in charged)
    assert any(outcome.refuted for outcome in charged), "a false block was never charged; the path is not exercised"


def test_every_law_holds_with_real_signatures() -> None:
    for seed in (1, 2, 3):
        outcome = play(draw(seed), signatures="ed25519")
        assert outcome.law is None, f"--seed {seed} --signatures ed25519: {outcome.law}: {outcome.detail}"


def test_liars_convict_themselves_and_nobody_else() -> None:
    convicted = [play(draw(seed, n=6, liars=1, tricks=("echo",))).convicted for seed in range(1, 11)]
    assert any(convicted), "an omniscient signer was never caught; the evidence path is not exercised"


def test_a_fork_beyond_the_bound_convicts_a_third() -> None:
    forks = 0
    for seed in range(1, 2000):
        plan = draw(seed, n=6, liars=2, tricks=("echo", "two_proposals"), beyond=True)
        outcome = play(plan, forks=True)
        assert outcome.law is None, f"beyond --seed {seed}: {outcome.law}: {outcome.detail}"
        if outcome.forks:
            forks += 1
            assert 3 * len(outcome.convicted) >= plan.n
            assert outcome.convicted <= plan.liar_seats()
            break
    assert forks


def test_in_a_rift_both_colluders_are_convicted_once_the_halves_meet() -> None:
    forks = 0
    for seed in (1, 2, 3, 19, 32, 35):
        outcome = play(draw(seed, stage="rift"), forks=True)
        assert outcome.law is None, f"beyond --seed {seed} --stage rift: {outcome.law}: {outcome.detail}"
        forks += outcome.forks > 0
        assert not outcome.forks or len(outcome.convicted) == 2, f"beyond --seed {seed} --stage rift"
    assert forks >= 3


def test_a_seed_gives_one_trace_whatever_the_hash_seed() -> None:
    command = [sys.executable, "-m", "tests.simulation.run", "--seed", "7", "--schedules", "12", "--digest"]
    traces = [
        subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
        ).stdout.splitlines()[:12]
        for hash_seed in ("1", "2")
    ]
    assert len(set(traces[0])) == 12
    assert traces[0] == traces[1]


def test_schedules_stay_within_the_bound_and_owe_liveness_by_arithmetic() -> None:
    for seed in range(500):
        plan = draw(seed)
        lying = plan.liar_seats()
        assert all(within_bound(powers, lying) for powers in plan.tables)
        assert plan.live == all(live_without(powers, lying) for powers in plan.tables)


def test_the_checkers_quorum_is_two_thirds_of_both() -> None:
    assert quorum(4, 6, 4_000, 6_000)
    assert not quorum(4, 6, 3_600, 5_600)
    assert not quorum(3, 6, 6_000, 6_000)
    assert not quorum(0, 0, 0, 0)
