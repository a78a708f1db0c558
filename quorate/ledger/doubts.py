"""A member's own list of false blocks that it will report, unless somebody else does first.

Every honest member refuses the same blocks, and one report is enough: members take their turn by seat after the
accused, two at a time, so that a ledger holds a false block twice, not once for every member.
"""

from collections.abc import Callable

from quorate.consensus.evidence import Evidence, FalseBlock, item_evidence, verify_evidence
from quorate.consensus.pool import Pool
from quorate.consensus.signing import Ed25519Verifier
from quorate.domain.errors import ProtocolViolation
from quorate.ledger.height import PAST_HEIGHTS
from quorate.ledger.state import LedgerState

AT_ONCE = 2
"""So many members report at the same height: one of them may be silent, or a friend of the accused."""
TURN_HEIGHTS = 2
"""A report is included and tried within this many heights, if it came in time."""
_VERIFIER = Ed25519Verifier()
WAIT_MAX = 4
"""Nobody waits longer: an older height cannot be tried any more (P-23)."""


class Doubts:
    """False blocks of the last heights, as one member saw them."""

    def __init__(self, me: int) -> None:
        """Doubt nothing yet."""
        self._me = me
        self._charges: list[FalseBlock] = []
        self._answered: set[tuple[int, int]] = set()
        """Items of which this member showed both payloads."""

    def note(self, charge: FalseBlock) -> None:
        """Keep a block that this member refused."""
        self._charges.append(charge)

    def ripe(self, state: LedgerState) -> list[FalseBlock]:
        """Return what to report now, `state` being the one after the height decided last."""
        decided = state.height - 1
        self._charges = [charge for charge in self._charges if not _settled(charge, state)]
        now = [charge for charge in self._charges if decided - charge.block.height >= self._wait(charge, state)]
        mine = [charge for charge in now if not _waits(charge, state)]
        self._charges = [charge for charge in self._charges if charge not in mine]
        return mine

    def large(self, fits: Callable[[FalseBlock], bool]) -> list[FalseBlock]:
        """Return, once, the blocks that no report has room for: everybody speaks of those, and nobody waits."""
        found = [charge for charge in self._charges if not fits(charge)]
        self._charges = [charge for charge in self._charges if charge not in found]
        return found

    def answers(self, state: LedgerState, pool: Pool) -> list[Evidence]:
        """Return what convicts the senders of whose items waiting reports show another payload than this member holds.

        Without it a sender who gives one payload to many and another to one could have the many found guilty of
        leaving an item out (P-23).
        """
        found = []
        for item in (item for report in state.reported for item in report.charge.items):
            place = item.sender, item.seq
            if item.sender >= len(state.members) or place in self._answered:
                continue
            pairs = [item_evidence(other, item) for other in pool.variants(*place)]
            true = [pair for pair in pairs if pair is not None and _convicts(pair, state)]
            self._answered.update(place for _ in true[:1])
            found += true[:1]
        return found

    def _wait(self, charge: FalseBlock, state: LedgerState) -> int:
        """Return how many heights after the block's it is this member's turn."""
        accused = charge.votes[0].seat
        turn = (self._me - accused - 1) % len(state.members)
        return min(WAIT_MAX, turn // AT_ONCE * TURN_HEIGHTS)


def _convicts(pair: Evidence, state: LedgerState) -> bool:
    try:
        verify_evidence(pair, state.committee(), state.chain, _VERIFIER)
    except ProtocolViolation:
        return False
    return not state.members[pair.seat].standing.jailed


def _settled(charge: FalseBlock, state: LedgerState) -> bool:
    """Say whether everybody charged has paid, or it is too late."""
    height = charge.block.height
    charged = {(vote.seat, height) for vote in charge.votes if not state.members[vote.seat].standing.jailed}
    return charged <= state.tried or height + PAST_HEIGHTS <= state.height


def _waits(charge: FalseBlock, state: LedgerState) -> bool:
    """Say whether a report of this block is about to be tried."""
    return any(report.charge.block.digest == charge.block.digest for report in state.reported)
