"""Ratchets, not cliffs: what is counted in ratchet.toml may only improve."""

from scripts.ratchet import measure, recorded, worse


def test_nothing_that_is_counted_got_worse() -> None:
    assert recorded().keys() == measure().keys()
    slipped = worse(recorded(), measure())
    assert not slipped, f"tests/house/ratchet.toml (recorded -> measured): {slipped}"


def test_worse_names_only_what_rose() -> None:
    assert worse({"any": 3, "noqas": 3}, {"any": 4, "noqas": 2}) == {"any": "3 -> 4"}
