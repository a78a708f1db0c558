"""One answer to one sample in one epoch, as it is stored and scored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pydantic import Field

from agents.asking import ModelFailed
from agents.parsing import ReplyBid, parse_bid
from evals.samples import Sample
from quorate.domain.bidding import Answer, Bid, Claim, Forecast
from quorate.domain.values import Value


class Answered(Value):
    """An answer with the question's id and hash."""

    sample: str
    hash: str
    """The sample's hash: answers to different questions under one id are never compared."""
    epoch: int = Field(ge=1)
    answer: Answer
    first: str = ""
    """The model's first reply as it came, before code checked, repaired or refused it; empty if none was asked."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a bidder said by itself."""

    score_bp: int
    reasoning: str
    evidence: tuple[Claim, ...]
    forecast: Forecast | None


@lru_cache(maxsize=50_000)
def _parsed(text: str) -> ReplyBid | None:
    try:
        return parse_bid(text).bid
    except ModelFailed:
        return None


def said_first(first: str, answer: Answer) -> Said | None:
    """Return what was said first: the first reply if it could be read, the bid where no reply was kept."""
    if first:
        read = _parsed(first)
        return None if read is None else Said(read.score_bp, read.reasoning, read.claims, read.expected())
    bid = answer.outcome
    if not isinstance(bid, Bid):
        return None
    return Said(bid.wanted_bp, bid.reasoning, bid.evidence, bid.forecast)


@dataclass(frozen=True, slots=True)
class Record:
    """A question and its answer."""

    sample: Sample
    epoch: int
    answer: Answer
    said: Said | None
    """What the bidder said before code touched it; None if that was no bid."""

    @property
    def bid(self) -> Bid | None:
        """The bid, None for an abstention."""
        return self.answer.outcome if isinstance(self.answer.outcome, Bid) else None

    @property
    def code(self) -> str:
        """The abstention's code, empty for a bid."""
        outcome = self.answer.outcome
        return "" if isinstance(outcome, Bid) else outcome.code

    @property
    def asked(self) -> bool:
        """Whether a model was asked (or the answer claims to be a model's)."""
        author = self.answer.outcome.author
        return self.answer.effort.calls > 0 or (author is not None and author.kind == "model")

    @property
    def score_bp(self) -> int | None:
        """The score that its author wanted first, before code moved or refused it; None without one."""
        return None if self.said is None else self.said.score_bp


def record(sample: Sample, epoch: int, answer: Answer, first: str = "") -> Record:
    """Return an answer as scorers see it."""
    return Record(sample, epoch, answer, said_first(first, answer))


def records(samples: Iterable[Sample], answered: Iterable[Answered]) -> list[Record]:
    """Join answers with their questions; answers to a question that has changed since are left out."""
    by_id = {sample.id: sample for sample in samples}
    return [
        record(by_id[one.sample], one.epoch, one.answer, one.first)
        for one in answered
        if one.sample in by_id and by_id[one.sample].hash == one.hash
    ]


def by_sample(found: Iterable[Record]) -> Mapping[str, Sequence[Record]]:
    """Return the records of each sample, epochs in order."""
    gathered: dict[str, list[Record]] = {}
    for one in sorted(found, key=lambda record: record.epoch):
        gathered.setdefault(one.sample.id, []).append(one)
    return gathered
