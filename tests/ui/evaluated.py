"""Evaluation runs on disk: the rule's own answers to a few questions, one run moved a little."""

from pathlib import Path

from evals.answered import Answered
from evals.datasets import grid
from evals.runs import Journal, Manifest, Place, dataset_digest
from quorate.domain.bidding import Answer, Bid, PromptRef
from quorate.market.eligibility import abstention
from quorate.market.rule import rule_bid
from tests.ui import factory

SAMPLES = grid(factory.FEDERATION, 1, "dev", 6)


def write(root: Path, name: str, moved_bp: int = 0, prompt: PromptRef | None = None, first: str = "") -> Path:
    """Write an evaluation run whose bids lie `moved_bp` beside the rule's, asked with `prompt` if one is named."""
    place = Place(root / "evals" / name)
    place.write(
        Manifest.model_validate(
            {"id": name, "commit": "abc1234", "profile": "rule", "provider": "rule", "model": None,
             "prompt": prompt and prompt.model_dump(), "set": "quick", "split": "dev", "seed": 1, "epochs": 1,
             "federation": "reference.toml", "samples": len(SAMPLES), "dataset": dataset_digest(SAMPLES),
             "packages": {}, "status": "done", "started": "2026-11-24T08:00:00Z", "ended": "2026-11-24T08:00:01Z"}
        )
    )  # fmt: skip
    place.write_questions(SAMPLES)
    journal = Journal(place)
    for sample in SAMPLES:
        refusal = abstention(sample.job, sample.snapshot)
        outcome = refusal or _moved(rule_bid(sample.job, sample.snapshot), moved_bp)
        journal.keep(Answered(sample=sample.id, hash=sample.hash, epoch=1, answer=Answer(outcome=outcome), first=first))
    journal.close()
    return place.folder


def _moved(bid: Bid, by_bp: int) -> Bid:
    score = min(10_000, max(0, bid.score_bp + by_bp))
    return bid.model_copy(update={"score_bp": score, "wanted_bp": score})
