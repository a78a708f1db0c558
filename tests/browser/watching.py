"""Looks at a run for thousands of ticks and weighs server and browser: shared by the suite and `benchmarks/live.py`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What both sides hold after so many ticks, after the browser has collected its garbage."""

    ticks: int
    server_mb: float
    """Resident memory of the server's process."""
    heap_mb: float
    """JavaScript heap of the page."""
    nodes: int
    """DOM nodes of the page."""


class Ticks:
    """Counts the looks that a page has taken: each ends in one message of its script's end."""

    def __init__(self, page: Page) -> None:
        """Listen to a page's connection before it is made."""
        self.count = 0
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, payload: str | bytes) -> None:
        # The end of a script is a handful of bytes; what is longer draws something and needs no reading.
        if isinstance(payload, bytes) and len(payload) < 200:
            message = ForwardMsg()
            message.ParseFromString(payload)
            self.count += message.WhichOneof("type") == "script_finished"


def resident_mb(pid: int) -> float:
    """Return a process's resident memory, MB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1_024 / MB if found else 0.0


def watch(page: Page, ticks: Ticks, pid: int, *, until: int, every: int) -> Iterator[Sample]:
    """Yield a sample each `every` ticks until `until` of them have passed."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    wanted = every
    while wanted <= until:
        while ticks.count < wanted:
            page.wait_for_timeout(200)
        session.send("HeapProfiler.collectGarbage")
        measured = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        heap, nodes = measured["JSHeapUsedSize"] / MB, int(measured["Nodes"])
        yield Sample(ticks.count, resident_mb(pid), heap, nodes)
        wanted += every
