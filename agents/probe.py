"""`quorate probe`: does the model exist, how does it hold a schema, how fast, how many calls at once.

What is found goes into a cache file by host and model; runs read the mode, the prices and the number of calls
from it. A probe asks about a made-up job with the released bid prompt, so that what it measures is what runs do.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from pydantic import Field, ValidationError

from agents.asking import Kind, Message, ModelFailed, Question, Reply, plain
from agents.models import LADDERS, RemoteChat
from agents.parsing import bid_shape, parse_bid
from agents.rendering import bid_inputs
from agents.settings import Environ, Mode, Prices, RemoteProfile, address, host, key
from agents.wire import JsonObject
from prompts import Prompt
from quorate.domain.clusters import Cluster, NodeGroup, snapshot
from quorate.domain.jobs import Job
from quorate.domain.values import ClusterId, JobId, Value

WIDTHS = (1, 2, 4, 6, 12)
"""Simultaneous calls that are tried, until the provider says 429."""

LIST_TIMEOUT_S = 10.0
MILLION = 1_000_000


class ModeFound(Value):
    """What came of asking in one mode."""

    mode: Mode
    holds: bool
    """Whether the reply was a whole, closed, readable bid."""
    latency_s: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    detail: str = ""
    """Why not, if it does not hold."""


class Found(Value):
    """What is known of one model at one host."""

    host: str
    model: str
    listed: bool | None
    """Whether the provider's list of models has it; None if there is no such list."""
    context_length: int | None = None
    prices: Prices | None = None
    modes: tuple[ModeFound, ...] = ()
    at_once: int | None = Field(default=None, ge=0)
    """Most simultaneous calls that all came back; None if not tried."""
    median_s: float | None = None
    """Median latency of single calls, s."""
    probed_on: str = ""
    """When, ISO 8601 UTC."""

    @property
    def mode(self) -> Mode | None:
        """The strictest mode that holds."""
        return next((found.mode for found in self.modes if found.holds), None)

    def lines(self) -> tuple[str, ...]:
        """Return the findings for a person, one sentence a line."""
        listed = {True: "is listed", False: "is NOT in the provider's list", None: "(the provider lists no models)"}
        shown = [f"{self.model} at {self.host} {listed[self.listed]}"]
        shown += [_mode_line(found) for found in self.modes]
        shown.append(f"mode taken: {self.mode or 'none holds the schema'}")
        if self.at_once is not None:
            shown.append(f"simultaneous calls without 429: {self.at_once}")
        if self.prices is not None:
            shown.append(f"US dollars per million tokens: {self.prices.input_usd:g} in, {self.prices.output_usd:g} out")
        return tuple(shown)


def _mode_line(found: ModeFound) -> str:
    if not found.holds:
        return f"{found.mode}: no ({found.detail})"
    tokens = "tokens unknown" if found.tokens_in is None else f"{found.tokens_in} + {found.tokens_out} tokens"
    return f"{found.mode}: yes, {found.latency_s or 0:.2f} s, {tokens}"


async def probe(
    profile: RemoteProfile, environ: Environ, prompt: Prompt, now: Callable[[], str], widths: tuple[int, ...] = WIDTHS
) -> Found:
    """Ask a provider what it can do: about five calls for the modes and 25 for the simultaneous ones.

    Raises:
        CredentialMissing, SettingsInvalid: the profile cannot be used; with the remedy.
    """
    entry, listed = await _listed(profile, environ)
    modes = [await _try_mode(profile, environ, prompt, mode) for mode in LADDERS[profile.provider]]
    holding = next((found.mode for found in modes if found.holds), None)
    at_once = await _at_once(profile, environ, prompt, holding, widths) if holding else None
    times = [found.latency_s for found in modes if found.latency_s is not None]
    return Found(
        host=host(profile, environ),
        model=profile.model,
        listed=listed,
        context_length=_integer(entry.get("context_length")),
        prices=profile.prices or _prices(entry, now()),
        modes=tuple(modes),
        at_once=at_once,
        median_s=statistics.median(times) if times else None,
        probed_on=now(),
    )


def _question(prompt: Prompt) -> Question:
    cluster = Cluster(
        id=ClusterId("PROBE"),
        type="gpu",
        interconnect="InfiniBand",
        link_gbps=200,
        storage_pb=10,
        groups=(NodeGroup(nodes=100, cores=64, memory_gib=512, gpus=4),),
    )
    job = Job(id=JobId("probe"), name="Probe", type="gpu", nodes=10, gpus_per_node=4, walltime_s=3600)
    system, user = prompt.render(bid_inputs(job, snapshot(cluster, background=20)))
    turns = (Message(role="system", text=system), Message(role="user", text=user))
    return Question(job.id, cluster.id, prompt.ref, 1, turns, bid_shape())


async def _asked(
    profile: RemoteProfile, environ: Environ, prompt: Prompt, mode: Mode, width: int
) -> list[Reply | BaseException]:
    fixed = profile.model_copy(update={"structured": mode})
    chat = RemoteChat(fixed, environ)
    question = _question(prompt)
    try:
        async with asyncio.timeout(profile.timeout_s):
            return await asyncio.gather(*(chat.ask(question) for _ in range(width)), return_exceptions=True)
    except TimeoutError:
        return [ModelFailed(Kind.TIMEOUT, f"no answer within {profile.timeout_s:g} s")] * width
    finally:
        await chat.aclose()


async def _try_mode(profile: RemoteProfile, environ: Environ, prompt: Prompt, mode: Mode) -> ModeFound:
    (came,) = await _asked(profile, environ, prompt, mode, 1)
    if isinstance(came, Reply):
        return _of_reply(mode, came)
    if isinstance(came, ModelFailed):
        return ModeFound(mode=mode, holds=False, detail=str(came))
    raise came


def _of_reply(mode: Mode, came: Reply) -> ModeFound:
    fault = ""
    try:
        parse_bid(came.text)
    except ModelFailed as failure:
        fault = failure.detail
    return ModeFound(
        mode=mode,
        holds=not fault,
        latency_s=came.latency_s,
        tokens_in=came.usage.tokens_in if came.usage else None,
        tokens_out=came.usage.tokens_out if came.usage else None,
        detail=fault,
    )


async def _at_once(
    profile: RemoteProfile, environ: Environ, prompt: Prompt, mode: Mode, widths: tuple[int, ...]
) -> int:
    most = 0
    for width in widths:
        came = await _asked(profile, environ, prompt, mode, width)
        if any(isinstance(each, ModelFailed) and each.kind is Kind.RATE_LIMIT for each in came):
            break
        if all(isinstance(each, Reply) for each in came):
            most = width
    return most


async def _listed(profile: RemoteProfile, environ: Environ) -> tuple[JsonObject, bool | None]:
    """Return (the model's entry, whether it is listed) from GET /models; the key goes to the profile's host only."""
    if profile.provider not in {"sambanova", "openai"}:
        return {}, None
    secret = key(profile, environ)
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    url = address(profile, environ).rstrip("/") + "/models"
    try:
        async with httpx.AsyncClient(timeout=LIST_TIMEOUT_S) as client:
            answer = await client.get(url, headers=headers)
            entries = answer.json()["data"] if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return {}, None
    if not isinstance(entries, list):
        return {}, None
    named = [entry for entry in entries if isinstance(entry, dict) and entry.get("id") == profile.model]
    return (named[0], True) if named else ({}, False)


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _prices(entry: JsonObject, today: str) -> Prices | None:
    """Return the listed price per token as a price per million, None if it is not there."""
    listed: JsonObject = entry.get("pricing") or {}
    try:
        prompt, completion = float(listed["prompt"]), float(listed["completion"])
    except (KeyError, TypeError, ValueError):
        return None
    read_on = plain(f"{today}, the provider's model list", 40)
    return Prices(input_usd=prompt * MILLION, output_usd=completion * MILLION, read_on=read_on)


def read_cache(path: Path) -> tuple[Found, ...]:
    """Return what earlier probes found; nothing if the file is missing or of another make."""
    try:
        return tuple(Found.model_validate(each) for each in json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError, TypeError):
        return ()


def write_cache(path: Path, found: Found) -> None:
    """Put one finding into the cache, in place of an older one about the same model."""
    kept = [each for each in read_cache(path) if (each.host, each.model) != (found.host, found.model)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([each.model_dump(mode="json") for each in (*kept, found)], indent=1) + "\n")


def found_for(path: Path, profile: RemoteProfile, environ: Environ) -> Found | None:
    """Return what is known of the profile's model, None if it was never probed."""
    at = host(profile, environ)
    return next((each for each in read_cache(path) if (each.host, each.model) == (at, profile.model)), None)


def utc_now() -> str:
    """Return the wall clock, ISO 8601 UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
