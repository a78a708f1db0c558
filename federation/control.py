"""Where users of a member's own machine hand in jobs and ask how things stand: JSON lines over a local socket."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from federation.home import Address
from quorate.domain.errors import PeerUnreachable
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS, ClusterId, Value
from quorate.ledger.acts import Motion, Receipt, Submit

LINE_BYTES_MAX = 64_000
JOBS_MAX = 64
"""Jobs in one line."""
STATUS_BYTES_MAX = 64_000_000
"""A member of one's own machine says how every job fared."""


class SubmitJob(Value):
    """Enter a job, signed by its submitter."""

    ask: Literal["submit"] = "submit"
    job: Job
    signature: str = Field(default="", pattern=r"^([0-9a-f]{128})?$")


class SubmitJobs(Value):
    """Enter jobs that come together, each signed by its submitter; answered without the history."""

    ask: Literal["submit_all"] = "submit_all"
    jobs: tuple[Submit, ...] = Field(min_length=1, max_length=JOBS_MAX)


class HandReceipt(Value):
    """Hand in a submitter's word on an ended job, signed with the job's key."""

    ask: Literal["receipt"] = "receipt"
    receipt: Receipt


class EndorseMotion(Value):
    """Stand behind a change of the committee."""

    ask: Literal["motion"] = "motion"
    motion: Motion


class MeetAddress(Value):
    """Keep the address of somebody who joins, moved or gets another key."""

    ask: Literal["meet"] = "meet"
    address: Address


class AskStatus(Value):
    """Say how things stand here; `brief`: without the history."""

    ask: Literal["status"] = "status"
    brief: bool = False


Ask = Annotated[
    SubmitJob | SubmitJobs | HandReceipt | EndorseMotion | MeetAddress | AskStatus, Field(discriminator="ask")
]
_ASK: TypeAdapter[Ask] = TypeAdapter(Ask)


class Decision(Value):
    """One job as this member's ledger decided it."""

    job: str
    outcome: str
    cluster: str | None
    height: int
    assessed: dict[ClusterId, int] = Field(default_factory=dict)
    """Per cluster whose bid rivals' opinions moved, its score after them, basis points."""

    @property
    def moved(self) -> str:
        """What opinions did, to stand behind the rest of a line; empty if they moved nothing."""
        told = (f"{cluster} to {score_bp / BASIS_POINTS:.4f}" for cluster, score_bp in self.assessed.items())
        return f"; opinions moved {', '.join(told)}" if self.assessed else ""


class Ended(Value):
    """One job as this member's ledger says that it ended."""

    job: str
    cluster: str
    run_s: int
    succeeded: bool


class Standing(Value):
    """One member as this member's ledger sees it."""

    cluster: str
    public_key: str
    reputation: int
    """Milli-units."""
    power: int
    """Milli-units at the next height."""
    jailed: bool = False
    left: bool = False
    powerless_until: int = 0
    """First height at which it has power again, 0 if it is not on probation."""


class Pending(Value):
    """One motion that waits for more consent."""

    motion: str
    """Its digest: what it asks for stands in the acts of those who stand behind it."""
    behind: tuple[str, ...]


class PeerStatus(Value):
    """How things stand at one member."""

    cluster: str
    height: int
    """Heights decided."""
    head: str
    """Digest of the block decided last."""
    reputation: dict[str, int]
    """Milli-units."""
    decisions: tuple[Decision, ...]
    findings: tuple[str, ...]
    refused_links: int
    decided: int = 0
    """Decisions so far, those left out of a brief answer among them."""
    round_timeout_ms: int = 0
    """How long this member lets a round take at first, as the measured delays ask for."""
    leader_timeout_ms: int = 0
    """How long it lets the leader of that round be silent."""
    jailed: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    """Jobs whose calls are open or wait here."""
    ended: tuple[Ended, ...] = ()
    credits: tuple[str, ...] = ()
    """Trust earned: cluster, and by what."""
    members: tuple[Standing, ...] = ()
    """In seat order, who left among them."""
    pending: tuple[Pending, ...] = ()
    halted: str = ""
    """Why nothing can be decided any more, empty while it can."""
    chain: str = ""
    """The chain's name: what submitters and members sign under."""
    error: str = ""
    """Why nothing was done, empty if it was."""


Answerer = Callable[[Ask], PeerStatus]


async def serve(path: Path, answer: Answerer) -> asyncio.Server:
    """Listen at `path` (a name that is free) and answer line by line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(_answered(line, answer) + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError):
            pass  # a line too long, or a user who left: nothing is owed
        finally:
            writer.close()

    return await asyncio.start_unix_server(talk, path, limit=LINE_BYTES_MAX)


def _answered(line: bytes, answer: Answerer) -> bytes:
    try:
        return answer(_ASK.validate_json(line)).model_dump_json().encode()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        refusal = PeerStatus(
            cluster="", height=0, head="", reputation={}, decisions=(), findings=(), refused_links=0,
            error=f"not understood: {where} {first['msg']}",
        )  # fmt: skip
        return refusal.model_dump_json().encode()


async def ask(path: Path, question: Ask, timeout_s: float = 5.0) -> PeerStatus:
    """Ask a member of this machine.

    Raises:
        PeerUnreachable: nobody answers at `path`.
    """
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(path, limit=STATUS_BYTES_MAX)
            try:
                writer.write(question.model_dump_json().encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise PeerUnreachable(
            f"no member answers at {path}: {error.strerror or 'timeout'}; start it with `peer`"
        ) from error
    if not line:
        raise PeerUnreachable(f"the member at {path} closed the line; look at its output")
    return PeerStatus.model_validate_json(line)
