import pytest

from agents.settings import LlmSettings, PromptSettings
from evals.bench import Bench
from evals.datasets import dataset
from evals.runs import Journal, Place
from tests.evals.made import FEDERATION

pytest.importorskip("inspect_ai", reason="runs need Inspect: make eval")

from pathlib import Path

from evals.task import task


def test_a_log_holds_no_arguments_and_every_question_by_its_hash(tmp_path):
    samples = dataset("quick", FEDERATION)
    journal = Journal(Place(tmp_path))
    made = task("arm", Bench(LlmSettings(), PromptSettings(), samples, Path()), samples, 2, journal, lambda whole: None)
    journal.close()
    assert [sample.id for sample in made.dataset] == [sample.id for sample in samples]
    assert made.dataset[0].metadata["hash"] == samples[0].hash
    assert made.epochs == 2
