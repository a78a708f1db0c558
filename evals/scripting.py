"""The scripted profile's replies to the quick set: a pretended model with the usual vices, made by a command.

It knows four scores, now and then claims a specialisation that it does not have (and takes it back when asked again),
and once in a while cuts its JSON. So a run without a key shows what the suite finds, and every figure is repeatable.
"""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from backends.reading import read_federation
from evals.datasets import DEFAULT_SEED, dataset
from evals.oracle import feasible
from evals.planted import clean, spoken
from evals.samples import Sample
from evals.terminal import say

FEDERATION = Path(__file__).parent.parent / "data" / "federations" / "reference.toml"

LIES, CUTS = 0.3, 0.05

TOKENS_IN, CHARS_PER_TOKEN = 1_050, 4


def _score(sample: Sample, rng: random.Random) -> float:
    if not feasible(sample):
        return rng.choice((0.0, 0.83))
    return 0.92 if sample.snapshot.cluster.type == sample.job.type else rng.choice((0.83, 0.85))


def _first(sample: Sample, rng: random.Random) -> str:
    draft = replace(clean(sample), score=_score(sample, rng))
    if sample.snapshot.cluster.type != sample.job.type and rng.random() < LIES:
        claim = f"Our {sample.job.type}-specialised nodes suit the job."
        draft = replace(draft, reasoning=f"{draft.reasoning} {claim}")
    text = spoken(draft)
    return text[: len(text) * 3 // 4] if rng.random() < CUTS else text


def _line(sample: Sample, attempt: int, reply: str) -> dict[str, object]:
    return {
        "job": sample.job.id,
        "cluster": sample.snapshot.cluster.id,
        "prompt": "bid",
        "attempt": attempt,
        "reply": reply,
        "tokens_in": TOKENS_IN,
        "tokens_out": len(reply) // CHARS_PER_TOKEN,
    }


def replies(samples: Iterable[Sample]) -> Iterator[dict[str, object]]:
    """Yield the replies to some questions: the first, and the honest one to a repair call."""
    for sample in samples:
        rng = random.Random(f"scripted:{sample.id}")
        score = _score(sample, random.Random(f"scripted:{sample.id}"))
        yield _line(sample, 1, _first(sample, rng))
        yield _line(sample, 2, spoken(replace(clean(sample), score=score)))


def write_replies(path: Path) -> int:
    """Write the replies to the quick set of the dev split; return the exit status."""
    samples = dataset("quick", read_federation(FEDERATION), DEFAULT_SEED, "dev")
    lines = [json.dumps(line) for line in replies(samples)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    say(f"{path}: {len(lines)} replies to {len(samples)} questions")
    return 0
