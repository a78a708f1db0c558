"""P-19: the defaults are finite and fit together."""

from quorate.consensus.effects import ReplicaSettings


def test_every_default_bound_is_finite_and_positive_but_the_silence():
    given = ReplicaSettings()
    bounds = {name: getattr(given, name) for name in given.__dataclass_fields__ if name.endswith(("_max", "_ms"))}
    assert all(isinstance(value, int) and value > 0 for value in bounds.values())
    assert given.silent_through == 0
    assert given.rounds_ahead_max == 64
    assert given.message_bytes_max == 1_000_000


def test_a_round_outlasts_its_grace():
    """P-22: T(r) > 3 delays + grace is what the first honest leader needs."""
    given = ReplicaSettings()
    assert given.round_timeout_ms > given.grace_ms
    assert given.timeout_cap_ms > given.round_timeout_ms
