"""What a member thinks of its rivals' bids, and when it says so: with its own answer, and once more if not heard then.

Facts are everybody's from the opening on, so an opinion of what they are worth can be formed before any bid is shown,
and signed with one's own answer. It delays nothing, and no leader can count answers without it. docs/protocol.md P-70.
"""

from collections.abc import Mapping

from quorate.consensus.inclusion import payload_bytes_max
from quorate.domain.bidding import Abstention
from quorate.domain.canonical import canonical_value
from quorate.domain.values import ClusterId, JobId
from quorate.ledger import acts as a
from quorate.ledger.state import Call, LedgerState

Key = tuple[JobId, int]
"""A call: its job, and the height at which it opened."""


class Opining:
    """One member's opinions of the rivals in open calls. They are not durable: after a restart it is silent."""

    def __init__(self, me: int) -> None:
        """Think nothing yet."""
        self._me = me
        self._scores: dict[Key, dict[ClusterId, int]] = {}
        self._times: dict[Key, int] = {}

    def think(self, key: Key, scores: Mapping[ClusterId, int]) -> None:
        """Take this member's own scores of what its rivals could bid in a call, basis points."""
        self._scores[key] = dict(scores)

    def forget(self, job: JobId) -> None:
        """Let go of a job whose call is over."""
        for key in [key for key in self._scores if key[0] == job]:
            del self._scores[key]
            self._times.pop(key, None)

    def due(self, state: LedgerState, shown: set[Key]) -> list[a.Assess]:
        """Return what to say now, `shown` being the calls in which this member has shown its answer.

        It says everything with its answer, and whatever was not heard then once more. What does not fit one item is
        left unsaid: silence agrees with a bid, and answers come first.
        """
        if not self._scores or not state.parameters.assessments or not state.power(state.members[self._me]):
            return []
        room = payload_bytes_max(len(state.sequences)) - 2
        out: list[a.Assess] = []
        for key in list(self._scores):
            call = state.calls.get(key[0])
            if call is None or call.opened != key[1] or not self._turn(key, call, shown):
                continue
            for act in self._unheard(state, key, call):
                room -= len(canonical_value(act)) + 1
                if room < 0 or len(out) == a.ACTS_MAX:
                    return out
                out.append(act)
        return out

    def _turn(self, key: Key, call: Call, shown: set[Key]) -> bool:
        """Say whether to speak about a call, and count it: with one's answer, and once after the ledger has that."""
        included = self._me in call.answers
        turn = (included or key in shown) and self._times.get(key, 0) < 1 + included
        if turn:
            self._times[key] = 1 + included
        return turn

    def _unheard(self, state: LedgerState, key: Key, call: Call) -> list[a.Assess]:
        """Return this member's opinions that the ledger does not have, but of those who said that they do not bid."""
        acts = []
        for cluster, score_bp in self._scores[key].items():
            seat = state.seat_of(cluster)
            if seat is None or (self._me, seat) in call.assessed or isinstance(call.answers.get(seat), Abstention):
                continue
            acts.append(a.Assess(job=key[0], opened=key[1], cluster=cluster, score_bp=score_bp))
        return acts
