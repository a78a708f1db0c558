"""Helping those who fell behind, at a price that a peer cannot drive up.

A peer's STATUS of a lower height is answered with decided entries, as many as fit one message; the newest are kept
here, older ones are the driver's to read from its ledger (`Serve`). docs/protocol.md P-18 and P-19.
"""

from collections import deque
from collections.abc import Sequence

from quorate.consensus.desk import Desk
from quorate.consensus.effects import Send, Serve
from quorate.consensus.messages import encode_certificates, encode_decided_lines, fitting
from quorate.consensus.plain import entry_line
from quorate.domain.deciding import Certificate, Entry

CONTINUED_MAX = 16
"""Answers per interval to a peer whose every question starts above the one before: it is catching up."""


class Allowance:
    """So many answers per peer and interval."""

    def __init__(self, answers_max: int, interval_ms: int) -> None:
        """Start with nothing spent."""
        self._answers_max = answers_max
        self._interval_ms = interval_ms
        self._spent: dict[int, tuple[int, int]] = {}

    def grants(self, peer: int, now_ms: int) -> bool:
        """Say whether `peer` may be answered once more, and count it."""
        since, count = self._spent.get(peer, (now_ms, 0))
        if now_ms - since >= self._interval_ms or now_ms < since:
            since, count = now_ms, 0
        if count >= self._answers_max:
            return False
        self._spent[peer] = since, count + 1
        return True


class Archive:
    """The newest decided entries, as they travel."""

    def __init__(self, desk: Desk) -> None:
        """Keep nothing yet."""
        settings = desk.settings
        self._desk = desk
        self._lines: deque[tuple[int, Entry]] = deque(maxlen=settings.recent_entries_max)
        self._given_up: deque[tuple[int, Sequence[Certificate]]] = deque(maxlen=settings.recent_entries_max)
        self._allowance = Allowance(1, settings.rebroadcast_ms)
        self._continued = Allowance(CONTINUED_MAX, settings.rebroadcast_ms)
        self._last: dict[int, int] = {}

    def keep(self, entry: Entry, given_up: Sequence[Certificate] = ()) -> None:
        """Keep a decided entry, and what shows that rounds before its own were given up."""
        self._lines.append((entry.block.height, entry))
        self._given_up.append((entry.block.height, given_up))

    def serve(self, peer: int, height: int, now_ms: int) -> None:
        """Send decided entries from `height` on, at most one message per interval, unless the peer makes progress."""
        goes_on = height > self._last.get(peer, height)
        if not (self._continued if goes_on else self._allowance).grants(peer, now_ms):
            return
        self._last[peer] = height
        if not self._lines or self._lines[0][0] > height:
            self._desk.out.append(Serve(peer, height))
            return
        for given_up in (certificates for at, certificates in self._given_up if at == height - 1 and certificates):
            self._desk.out.append(Send(peer, encode_certificates(self._desk.chain, given_up)))
        lines = [entry_line(entry) for at, entry in self._lines if at >= height]
        chosen = fitting(lines, self._desk.settings.message_bytes_max)
        self._desk.out.append(Send(peer, encode_decided_lines(self._desk.chain, chosen)))
