"""What the agents' tests share: one small cluster, one job, a sink that remembers, and agents on the fake server."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.asking import Chat, Message, Question, Reply
from agents.bidder import Manner, ModelBidder, Refuter
from agents.limits import Clock, LimitedChat, Limits, Terms
from agents.models import RemoteChat
from agents.parsing import bid_shape
from agents.settings import Breaker, OpenAI, RemoteProfile, SambaNova
from agents.telling import Teller
from prompts import load
from quorate.domain.bidding import PromptRef
from quorate.domain.clusters import Cluster, ClusterSnapshot, NodeGroup, snapshot
from quorate.domain.jobs import Job
from quorate.domain.trace import TraceEvent
from quorate.domain.values import ClusterId, JobId

PROFILES = {"sambanova": SambaNova, "openai": OpenAI}
REF = PromptRef(id="bid", version=1, sha256="0" * 64)


def cluster(name: str = "HPC_RESOURCE_01", kind: str = "gpu") -> Cluster:
    group = NodeGroup(nodes=100, cores=64, memory_gib=512, gpus=4)
    return Cluster.model_validate(
        {"id": name, "type": kind, "interconnect": "Slingshot", "link_gbps": 200, "storage_pb": 10, "groups": (group,)}
    )


def shot(name: str = "HPC_RESOURCE_01", kind: str = "gpu", background: int = 20) -> ClusterSnapshot:
    return snapshot(cluster(name, kind), background=background)


def job(**fields: object) -> Job:
    given = {
        "id": JobId("job_001"),
        "name": "Docking",
        "type": "gpu",
        "nodes": 40,
        "gpus_per_node": 4,
        "walltime_s": 3600,
    }
    return Job.model_validate(given | fields)


def question(text: str = "hello", attempt: int = 1, deadline_s: float | None = None) -> Question:
    turns = (Message(role="system", text="You bid."), Message(role="user", text=text))
    return Question(JobId("job_001"), ClusterId("HPC_RESOURCE_01"), REF, attempt, turns, bid_shape(), deadline_s)


@dataclass
class Memory:
    """A trace sink that keeps everything."""

    events: list[TraceEvent] = field(default_factory=list)

    def emit(self, event: TraceEvent) -> int:
        self.events.append(event)
        return len(self.events)

    def of(self, kind: str) -> list[TraceEvent]:
        return [event for event in self.events if event.kind == kind]


class FakeTime:
    """A clock whose sleeping is instant, and which remembers how long it slept."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, []

    def clock(self) -> Clock:
        return Clock(lambda: self.now, self._sleep, random.Random(1))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += max(seconds, 0.0)
        await asyncio.sleep(0)


def hurried() -> Clock:
    """The real clock with waits cut to a fiftieth: backoff is tested elsewhere, on a clock of its own."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 50)

    return Clock(sleep=sleep)


def profile(provider: str, url: str, model: str = "good", **more: object) -> RemoteProfile:
    return PROFILES[provider].model_validate(
        {"provider": provider, "model": model, "base_url": url, "timeout_s": 20.0} | more
    )


def limited(chat: Chat, given: RemoteProfile, limits: Limits | None = None) -> LimitedChat:
    terms = Terms(
        host=given.base_url,
        model=given.model,
        timeout_s=given.timeout_s,
        retries=given.retries,
        rpm=given.rpm,
        max_inflight=given.max_inflight,
        max_tokens=given.max_tokens,
        prices=given.prices,
    )
    return LimitedChat(chat, terms, limits or Limits(clock=hurried(), breaker=Breaker(failures=1000)))


def nothing_refuted(text: str, job: Job, snapshot: ClusterSnapshot) -> tuple[str, ...]:
    return ()


def agent(chat: Chat, sink: Memory | None = None, refuter: Refuter = nothing_refuted, **manner: object) -> ModelBidder:
    given = Manner(prompt=load("bid", 2), repair=load("repair", 1), **manner)
    return ModelBidder(chat, given, refuter, Teller(sink or Memory()))


def remote_agent(given: RemoteProfile, sink: Memory | None = None, **manner: object) -> tuple[ModelBidder, RemoteChat]:
    chat = RemoteChat(given, {})
    return agent(limited(chat, given), sink, **manner), chat


class Says:
    """A chat that answers from a list, or by a function of the question."""

    provider = "says"

    def __init__(self, *answers: str | Exception | Callable[[Question], str]) -> None:
        self.answers, self.asked = list(answers), []

    async def ask(self, question: Question) -> Reply:
        self.asked.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else answer(question)
        return Reply(text=text, provider=self.provider, model="says-1", mode="text", latency_s=0.25)


def bid_text(
    score: object = 0.71, reasoning: str = "Enough nodes are free.", evidence: object = (), **more: object
) -> str:
    import json

    return json.dumps({"score": score, "reasoning": reasoning, "evidence": list(evidence), "forecast": None} | more)
