"""Settings become agents: one chat per profile, shared limits per run, one bidder and one adviser per cluster."""

import os
from collections.abc import Iterable
from pathlib import Path

from agents.asking import Chat
from agents.assessor import BidderAssessor, RuleAssessor
from agents.bidder import Manner, ModelBidder, Refuter, RuleBidder
from agents.limits import Clock, LimitedChat, Limits, Terms
from agents.models import RemoteChat, keep_local
from agents.probe import Found, found_for
from agents.recording import RecordedChat, RecordingChat
from agents.scripted import ScriptedChat
from agents.settings import (
    Environ,
    LlmSettings,
    Prices,
    Profile,
    PromptSettings,
    Recorded,
    Remote,
    RemoteProfile,
    Rule,
    Scripted,
    host,
    key,
)
from agents.telling import Silence, Teller
from agents.voter import ModelVoter
from prompts import Prompt, load
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.trace import Scalar
from quorate.domain.values import ClusterId
from quorate.market.claims import known, refuted
from quorate.ports import Assessor, Bidder, TraceSink


def prose_refuted(text: str, job: Job, snapshot: ClusterSnapshot) -> tuple[str, ...]:
    """Return one sentence for each statement in free text that the facts contradict."""
    return tuple(f"{each.says} is false: {each.fact}" for each in refuted(text, known(job, snapshot)))


class Agents:
    """Everybody who answers in one run. Close it when the run is over."""

    def __init__(
        self,
        settings: LlmSettings,
        prompts: PromptSettings,
        clusters: Iterable[ClusterId],
        *,
        environ: Environ | None = None,
        sink: TraceSink | None = None,
        record: Path | None = None,
        content: bool = True,
        clock: Clock | None = None,
        refuter: Refuter = prose_refuted,
        folder: Path = Path(),
    ) -> None:
        """Make every chat that the clusters need now, so that what is missing is said before the run.

        `folder` is where relative paths of the settings begin; `record` keeps every prompt and reply.

        Raises:
            SettingsInvalid, CredentialMissing, PromptError: each with the remedy.
        """
        keep_local(settings)
        self.settings = settings
        self.clock = clock or Clock()
        self.limits = Limits(settings.budget, settings.breaker, self.clock)
        self._environ = os.environ if environ is None else environ
        self._sink, self._content = sink or Silence(), content
        self._record, self._folder, self._refuter = record, folder, refuter
        self._bid, self._repair = load("bid", prompts.bid), load("repair", prompts.repair)
        self._vote = load("vote", prompts.vote)
        self._chats: dict[str, Chat | None] = {}
        self._prices: dict[str, Prices | None] = {}
        self._remote: list[RemoteChat] = []
        self._names = {cluster: settings.name_for(cluster) for cluster in clusters}
        for name in dict.fromkeys((settings.use, *self._names.values())):
            self._chats[name] = self._chat(name)

    def bidder(self, cluster: ClusterId, prompt: Prompt | None = None) -> Bidder:
        """Return who bids for a cluster: a model's agent, or the rule where the settings name it.

        `prompt` is asked in place of the released version that the settings name; limits and purse stay shared.
        """
        name = self._names.get(cluster, self.settings.use)
        chat = self._chats[name]
        if chat is None:
            return RuleBidder()
        manner = Manner(
            prompt=prompt or self._bid,
            repair=self._repair,
            on_silence=self.settings.on_silence,
            round_s=self.settings.round_s,
            prices=self._prices.get(name),
        )
        return ModelBidder(chat, manner, self._refuter, self._teller(name), self.clock)

    def assessor(self, cluster: ClusterId) -> Assessor:
        """Return who judges rivals for a cluster: as it bids, its model by their facts, or the rule."""
        bidder = self.bidder(cluster)
        if isinstance(bidder, ModelBidder):
            return BidderAssessor(bidder, cluster, self.settings.round_s)
        return RuleAssessor()

    def prices(self, cluster: ClusterId) -> Prices | None:
        """Return what a cluster's model costs: as its profile says, or as the probe found; None if neither does."""
        return self._prices.get(self._names.get(cluster, self.settings.use))

    def voter(self, cluster: ClusterId) -> ModelVoter | None:
        """Return who gives second opinions for a cluster; None if that is off, or the rule answers for it."""
        name = self._names.get(cluster, self.settings.use)
        chat = self._chats[name]
        if chat is None or not self.settings.second_opinion:
            return None
        return ModelVoter(chat, self._vote, self._teller(name), self.clock, self.settings.round_s)

    async def aclose(self) -> None:
        """Close the running event loop's connections."""
        for chat in self._remote:
            await chat.aclose()

    def _teller(self, name: str) -> Teller:
        request = _asked_with(self.settings.profile(name))
        return Teller(self._sink, content=self._content, prices=self._prices.get(name), request=request)

    def _chat(self, name: str) -> Chat | None:
        profile = self.settings.profile(name)
        match profile:
            case Rule():
                return None
            case Scripted():
                return self._kept(ScriptedChat(self._folder / profile.replies), ())
            case Recorded():
                return RecordedChat(self._folder / profile.directory)
            case _:
                return self._remote_chat(name, profile)

    def _remote_chat(self, name: str, profile: RemoteProfile) -> Chat:
        found = found_for(self._folder / self.settings.cache, profile, self._environ)
        chat = RemoteChat(profile, self._environ, found.mode if found else None, self.clock.now_s)
        self._remote.append(chat)
        terms = self._terms(profile, found)
        self._prices[name] = terms.prices
        return self._kept(LimitedChat(chat, terms, self.limits), (key(profile, self._environ),))

    def _terms(self, profile: RemoteProfile, found: Found | None) -> Terms:
        return Terms(
            host=host(profile, self._environ),
            model=profile.model,
            timeout_s=profile.timeout_s,
            retries=profile.retries,
            rpm=profile.rpm,
            max_inflight=min(profile.max_inflight, (found and found.at_once) or profile.max_inflight),
            max_tokens=profile.max_tokens,
            prices=profile.prices or (found.prices if found else None),
        )

    def _kept(self, chat: Chat, secrets: tuple[str, ...]) -> Chat:
        return RecordingChat(chat, self._record, secrets) if self._record is not None else chat


def _asked_with(profile: Profile) -> dict[str, Scalar]:
    """Return what every request of a profile says about itself, by OpenTelemetry's names."""
    if not isinstance(profile, Remote):
        return {}
    return {
        "gen_ai.request.model": profile.model,
        "gen_ai.request.temperature": profile.temperature,
        "gen_ai.request.max_tokens": profile.max_tokens,
    }
