"""What the ledger knows of a cluster's trustworthiness, and how evidence and outcomes move it.

All in milli-units. Only what every peer can verify moves a standing: accusations, flags and free text never do.
Rules and figures: docs/protocol.md, section Reputation.
"""

from pydantic import Field

from quorate.domain.values import MILLI, ClusterId, Value, VotingPower

POWER_MIN = 500
"""Floor of an active member's power: with it any f <= n/5 leaves a live quorum whatever the reputations."""

CONTRADICTION_MILLI = 600
"""One signed statement that contradicts the ledger leaves six tenths of a reputation."""

ABSENCE = 10
"""An absence costs at most this, and never takes a reputation below ABSENCE_FLOOR: asynchrony is no crime."""

ABSENCE_FLOOR = 800

PRESENCE = 2
"""A height whose bid and vote were present and unrefuted."""

DISPUTE_MAX = 10
"""What disputes of several submitters cost at most: they are words, no proof."""

DISPUTERS_MIN = 3
"""So many distinct submitters must disagree with a cluster before anything follows."""

COMPLETION = 10
"""A contested job completed, with the receipt of its submitter."""

CALIBRATION_MAX = 10
"""A forecast's score, per completed job."""

JOINER = 500
"""A member that joins, or is released from jail, starts here."""

PROBATION_HEIGHTS = 20
"""Heights that a joiner or a released member watches without power."""


class Standing(Value):
    """One cluster's reputation and whether it may vote."""

    cluster: ClusterId
    reputation: int = Field(default=MILLI, ge=0, le=MILLI)
    """0..1000 milli-units; founders start at 1000."""
    jailed: bool = False
    """Signed two incompatible statements; released only by a quorum."""
    probation_until: int = Field(default=0, ge=0)
    """First height at which it has power again; 0 for founders."""

    def power(self, height: int) -> VotingPower:
        """Return its voting power at `height`: 0 if jailed or on probation, else 500..1000 milli-units."""
        if self.jailed or height < self.probation_until:
            return VotingPower(0)
        return VotingPower(min(MILLI, max(POWER_MIN, self.reputation)))


def _with(standing: Standing, reputation: int) -> Standing:
    """Return the standing with this reputation within its bounds: the very same, if it has it already."""
    bounded = min(MILLI, max(0, reputation))
    return standing if bounded == standing.reputation else standing.model_copy(update={"reputation": bounded})


def contradicted(standing: Standing) -> Standing:
    """A signed statement contradicted the ledger (class B).

    >>> contradicted(Standing(cluster="c")).reputation
    600
    """
    return _with(standing, standing.reputation * CONTRADICTION_MILLI // MILLI)


def absent(standing: Standing) -> Standing:
    """No sealed answer came to a call that closed."""
    if standing.reputation <= ABSENCE_FLOOR:
        return standing
    return _with(standing, max(ABSENCE_FLOOR, standing.reputation - ABSENCE))


def present(standing: Standing) -> Standing:
    """Answer and vote were there, and nothing in them was refuted."""
    return _with(standing, standing.reputation + PRESENCE)


def completed(standing: Standing, calibration: int) -> Standing:
    """A contested job completed and its submitter says so; `calibration` in -10..10 scores the forecast."""
    return _with(standing, standing.reputation + COMPLETION + max(-CALIBRATION_MAX, min(CALIBRATION_MAX, calibration)))


def disputed(standing: Standing, milli: int) -> Standing:
    """Several submitters say otherwise than it (class S); never below the floor of power by that alone.

    >>> disputed(Standing(cluster="c", reputation=505), 10).reputation
    500
    """
    if standing.reputation <= POWER_MIN:
        return standing
    return _with(standing, max(POWER_MIN, standing.reputation - min(DISPUTE_MAX, milli)))


def jailed(standing: Standing) -> Standing:
    """Two incompatible signatures (class A): no power until a quorum releases it."""
    return standing.model_copy(update={"jailed": True})


def released(standing: Standing, probation_until: int) -> Standing:
    """A quorum released it: it starts over as a joiner does, without power before height `probation_until`."""
    return Standing(cluster=standing.cluster, reputation=JOINER, probation_until=probation_until)
