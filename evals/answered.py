"""One answer to one sample in one epoch, as it is stored and scored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from evals.samples import Sample
from quorate.domain.bidding import Answer, Bid
from quorate.domain.values import Value


class Answered(Value):
    """An answer with the question's id and hash; `error` says what a bug said instead of an answer."""

    sample: str
    hash: str
    """The sample's hash: answers to different questions under one id are never compared."""
    epoch: int = Field(ge=1)
    answer: Answer | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A question and its answer."""

    sample: Sample
    epoch: int
    answer: Answer

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
    def wanted_bp(self) -> int | None:
        """The score that its author wanted, before code moved it; None without a bid."""
        return None if self.bid is None else self.bid.wanted_bp


def records(samples: Iterable[Sample], answered: Iterable[Answered]) -> list[Record]:
    """Join answers with their questions; answers to a question that has changed since are left out."""
    by_id = {sample.id: sample for sample in samples}
    return [
        Record(by_id[one.sample], one.epoch, one.answer)
        for one in answered
        if one.answer is not None and one.sample in by_id and by_id[one.sample].hash == one.hash
    ]


def by_sample(found: Iterable[Record]) -> Mapping[str, Sequence[Record]]:
    """Return the records of each sample, epochs in order."""
    gathered: dict[str, list[Record]] = {}
    for record in sorted(found, key=lambda record: record.epoch):
        gathered.setdefault(record.sample.id, []).append(record)
    return gathered
