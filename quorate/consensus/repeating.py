"""What a member that is stuck says again, so that lost messages cost one interval and not the height.

docs/protocol.md P-18.
"""

from quorate.consensus.effects import Broadcast, Send
from quorate.consensus.messages import encode_certificates, encode_status, encode_vote
from quorate.consensus.rounds import Round
from quorate.consensus.table import Table
from quorate.domain.deciding import Kind

_MINE = (Kind.NOTARIZE, Kind.NULLIFY, Kind.FINALIZE)


def repetition(table: Table) -> list[Broadcast | Send]:
    """Return where I stand; while at work also what let me in here, my votes of two rounds, and my proposal."""
    chain = table.desk.chain
    said: list[Broadcast | Send] = [Broadcast(encode_status(chain, table.status()))]
    if not table.active:
        return said
    entered = table.entered_by()
    if entered:
        said.append(Broadcast(encode_certificates(chain, entered)))
    for round_ in (table.rounds.get(table.round - 1), table.rounds.get(table.round)):
        if round_ is not None:
            mine = [round_.mine[kind] for kind in _MINE if kind in round_.mine]
            said.extend(Broadcast(encode_vote(chain, vote)) for vote in mine)
    return [*said, *_proposal(table, table.rounds.get(table.round))]


def _proposal(table: Table, round_: Round | None) -> list[Broadcast | Send]:
    """Return my proposal for those who have not approved anything in this round."""
    if round_ is None or round_.sent is None:
        return []
    seats = range(len(table.committee.seats))
    lacking = [seat for seat in seats if seat != table.desk.me and (Kind.NOTARIZE, seat) not in round_.votes]
    return [Send(seat, round_.sent) for seat in lacking]
