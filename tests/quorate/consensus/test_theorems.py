"""P-10: the two theorems about the joint quorum, checked by z3 with symbolic powers.

Safety: two quorums whose common seats all lie do not exist while the liars are fewer than a third by count, or hold
less than a third by power. Liveness: while f <= n // 5 lie and powers lie in 500..1000, the others are a quorum.
By symmetry only the sizes of the parts matter for the count; powers stay symbolic per seat.
"""

import pytest
import z3

from quorate.domain.deciding import POWER_MAX, POWER_MIN


def quorum(members: z3.BoolRef, powers: list[z3.ArithRef]) -> z3.BoolRef:
    """Return the rule of `is_quorum` over symbolic membership."""
    n = len(powers)
    count = z3.Sum([z3.If(m, 1, 0) for m in members])
    power = z3.Sum([z3.If(m, w, z3.RealVal(0)) for m, w in zip(members, powers, strict=True)])
    return z3.And(3 * count >= 2 * n, 3 * power >= 2 * z3.Sum(powers))


def safety_counterexample(n: int, liars: str) -> z3.CheckSatResult:
    """Say whether two quorums can meet in liars only, with fewer than a third of them by `liars` (count or power).

    Sizes stand for sets: seats are sorted into (in first, in second) by enumeration of the four part sizes, which is
    complete, for the seats are interchangeable while their powers are symbolic.
    """
    for both in range(n + 1):
        for first in range(n - both + 1):
            for second in range(n - both - first + 1):
                if 3 * (both + first) < 2 * n or 3 * (both + second) < 2 * n:
                    continue
                if liars == "count" and 3 * both >= n:
                    continue
                if _satisfiable(n, both, first, second, liars) == z3.sat:
                    return z3.sat
    return z3.unsat


def _satisfiable(n: int, both: int, first: int, second: int, liars: str) -> z3.CheckSatResult:
    solver = z3.Solver()
    w = [z3.Real(f"w{i}") for i in range(n)]
    solver.add(*[x >= 0 for x in w])
    total, common = z3.Sum(w), z3.Sum([z3.RealVal(0), *w[:both]])
    mine = z3.Sum([z3.RealVal(0), *w[: both + first]])
    theirs = z3.Sum([common, *w[both + first : both + first + second]])
    solver.add(total > 0, 3 * mine >= 2 * total, 3 * theirs >= 2 * total)
    if liars == "power":
        solver.add(3 * common < total)
    return solver.check()


def liveness_counterexample(n: int, f: int) -> z3.CheckSatResult:
    """Say whether some powers in the allowed range leave the other n - f seats without a quorum."""
    solver = z3.Solver()
    w = [z3.Real(f"w{i}") for i in range(n)]
    solver.add(*[z3.And(x >= POWER_MIN, x <= POWER_MAX) for x in w])
    members = [z3.BoolVal(i >= f) for i in range(n)]
    solver.add(z3.Not(quorum(members, w)))
    return solver.check()


@pytest.mark.parametrize("n", range(4, 12), ids=lambda n: f"n={n}")
@pytest.mark.parametrize("liars", ["count", "power"])
def test_no_two_quorums_meet_in_liars_only(n, liars):
    """P-10, safety."""
    assert safety_counterexample(n, liars) == z3.unsat


@pytest.mark.parametrize("n", range(4, 13), ids=lambda n: f"n={n}")
def test_a_fifth_of_liars_leaves_a_quorum_whatever_the_reputations(n):
    """P-10, liveness."""
    assert liveness_counterexample(n, n // 5) == z3.unsat


@pytest.mark.parametrize("n", range(4, 13), ids=lambda n: f"n={n}")
def test_one_liar_more_than_a_fifth_can_stop_the_committee(n):
    """P-10: the bound is tight."""
    assert liveness_counterexample(n, n // 5 + 1) == z3.sat
