"""Runs made without a model, for tests of what reads them."""

from pathlib import Path

from backends.reading import read_federation
from evals.datasets import dataset
from evals.planted import CLEAN, answer
from evals.runs import Answered, Journal, Manifest, Place, dataset_digest

FEDERATION = read_federation(Path(__file__).parents[2] / "data" / "federations" / "reference.toml")


def made_run(folder, planted=CLEAN, set_name="quick", provider="planted", leave_out=0, **changes):
    """Write a whole run of a planted bidder and return its folder."""
    samples = dataset(set_name, FEDERATION)
    place = Place(folder)
    manifest = Manifest.model_validate(
        {
            "id": folder.name, "commit": "abc", "profile": "local", "provider": provider, "model": "m", "prompt": None,
            "set": set_name, "split": "dev", "seed": 1, "epochs": 1, "federation": "data/federations/reference.toml",
            "samples": len(samples), "dataset": dataset_digest(samples), "packages": {}, "status": "done",
            "started": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:01:00Z", "schema": "quorate.evals.run/1",
        }
        | changes
    )  # fmt: skip
    place.write(manifest)
    place.write_questions(samples)
    journal = Journal(place)
    for sample in samples[leave_out:]:
        journal.keep(Answered(sample=sample.id, hash=sample.hash, epoch=1, answer=answer(planted, sample, 1, 1)))
    journal.close()
    return folder
