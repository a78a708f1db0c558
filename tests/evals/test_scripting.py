import json
from pathlib import Path

from agents.scripted import read_replies
from evals.datasets import dataset
from evals.run_commands import SCRIPTED_REPLIES
from evals.scripting import replies
from tests.evals.made import FEDERATION

FILE = Path(__file__).parents[2] / SCRIPTED_REPLIES


def test_the_file_is_what_the_command_writes():
    made = "".join(f"{json.dumps(line)}\n" for line in replies(dataset("quick", FEDERATION)))
    assert FILE.read_text("utf-8") == made, "write it again: python -m evals script"


def test_every_question_of_the_quick_set_has_a_reply_and_an_answer_to_a_repair():
    known = read_replies(FILE)
    for sample in dataset("quick", FEDERATION):
        for attempt in (1, 2):
            assert (sample.job.id, sample.snapshot.cluster.id, "bid", attempt) in known
