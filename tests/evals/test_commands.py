import json

from evals.commands import run_gold, run_power, run_score
from tests.evals.test_precision import SAID, folder


def test_scoring_prints_each_reply_and_writes_every_record(tmp_path, capsys):
    made = folder(tmp_path, *SAID)
    assert run_score(made / "bids.jsonl", str(tmp_path / "out.json"), strict=False) == 0
    assert run_score(made / "bids.jsonl", None, strict=True) == 1
    said = capsys.readouterr().out
    assert "0: refuted; score 0.5" in said
    assert "3 replies: 2 clean, 1 refuted, 0 infeasible, 0 unreadable" in said
    made_json = json.loads((tmp_path / "out.json").read_text())
    assert made_json["verdicts"] == {"clean": 2, "refuted": 1, "infeasible": 0, "unreadable": 0}
    assert [one["id"] for one in made_json["records"]] == ["0", "1", "2"]


def test_json_on_standard_output_is_nothing_but_json(tmp_path, capsys):
    assert run_score(folder(tmp_path, *SAID) / "bids.jsonl", "-", strict=False) == 0
    assert len(json.loads(capsys.readouterr().out)["records"]) == 3


def test_gold_under_its_goal_exits_one(tmp_path, capsys):
    assert run_gold(folder(tmp_path, SAID[1], SAID[0]), None) == 0
    assert run_gold(folder(tmp_path, SAID[0], SAID[2]), str(tmp_path / "g.json")) == 1
    assert "own_type" in capsys.readouterr().out
    assert json.loads((tmp_path / "g.json").read_text())["figures"]


def test_power_is_printed_beside_the_plan(capsys):
    assert run_power(20, 1) == 0
    assert "(0.94)" in capsys.readouterr().out
