"""How a task of the server ended, in words for a page."""

import asyncio
import logging
from typing import Literal

from quorate.domain.errors import QuorateError

LOG = logging.getLogger(__name__)

End = Literal["done", "cancelled", "failed"]


def end_of(task: "asyncio.Task[object]", what: str) -> tuple[End, str]:
    """Return how a finished task ended and why; an error that nobody expected goes to the log, not to the page."""
    if task.cancelled():
        return "cancelled", ""
    error = task.exception()
    if error is None:
        return "done", ""
    if isinstance(error, QuorateError | OSError):
        return "failed", str(error)
    LOG.error("%s stopped by an error in the program", what, exc_info=error)
    return "failed", f"an error in the program stopped {what}; the server's log holds it"
