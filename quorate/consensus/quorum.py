"""The joint quorum: two thirds of the active seats and two thirds of the power, in whole numbers.

Safe while the faulty hold less than a third by count or by power; live for any f <= n // 5 while powers lie in
500..1000. Both theorems are checked by z3 in tests/quorate/consensus/test_theorems.py. docs/protocol.md P-10.
"""


def is_quorum(members: int, active: int, power: int, total: int) -> bool:
    """Say whether `members` of `active` seats with `power` of `total` milli-units may decide.

    >>> is_quorum(4, 6, 4_000, 6_000), is_quorum(4, 6, 3_600, 5_600), is_quorum(0, 0, 0, 0)
    (True, False, False)
    """
    return active > 0 and total > 0 and 3 * members >= 2 * active and 3 * power >= 2 * total


def is_third(members: int, active: int, power: int, total: int) -> bool:
    """Say whether `members` are so many that one of them must be honest within both fault bounds."""
    return active > 0 and total > 0 and 3 * members >= active and 3 * power >= total
