import json

import pytest

from evals.precision import by_class, by_split, figures, gold
from quorate.domain.errors import RequestInvalid

CLUSTER = {"id": "A_1", "type": "gpu", "nodes": 100, "nodes_free": 50}


def folder(tmp_path, *said):
    bids = [
        {"id": str(i), "split": "held_out" if i % 2 else "dev", "style": "plain", "job": {"type": "ai"},
         "cluster": CLUSTER, "reply": json.dumps({"score": 0.5, "reasoning": text})}
        for i, (text, _false) in enumerate(said)
    ]  # fmt: skip
    labels = [
        {"id": str(i), "false": false, "claims": [{"class": "own_type", "false": false, "sentence": "", "fact": ""}]}
        for i, (_text, false) in enumerate(said)
    ]
    for name, lines in (("bids.jsonl", bids), ("labels-1.jsonl", labels)):
        (tmp_path / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return tmp_path


SAID = [("We are an ai cluster.", True), ("We are a gpu cluster.", False), ("We are a gpu cluster.", True)]


def test_precision_and_recall_are_counted_over_replies(tmp_path):
    found = figures("all", gold(folder(tmp_path, *SAID)))
    assert (found.replies, found.precision.estimate, found.recall.estimate) == (3, 1.0, 0.5)
    assert (found.precision.groups, found.recall.groups) == (1, 2)


def test_the_figures_come_per_split_style_and_class(tmp_path):
    labelled = gold(folder(tmp_path, *SAID))
    assert [each.name for each in by_split(labelled)] == ["all", "dev", "held_out", "held_out, plain"]
    assert [(name, count) for name, count, _ in by_class(labelled)] == [("own_type", 2)]


def two_sets(tmp_path):
    folder(tmp_path, *SAID)
    (tmp_path / "more-2").mkdir()
    folder(tmp_path / "more-2", SAID[1], SAID[0], SAID[2])
    return tmp_path


def test_the_folders_in_a_folder_are_sets_of_their_own(tmp_path):
    labelled = gold(two_sets(tmp_path))
    assert [(one.part, one.id) for one in labelled] == [(part, str(i)) for part in "12" for i in range(3)]
    assert gold(tmp_path / "more-2") == labelled[3:]


def test_the_held_out_split_of_the_second_set_is_one_figure_and_no_more(tmp_path):
    labelled = gold(two_sets(tmp_path))
    first = ["set 1", "set 1, dev", "set 1, held_out", "set 1, held_out, plain"]
    assert [each.name for each in by_split(labelled)] == ["all", *first, "set 2", "set 2, dev", "set 2, held_out"]
    assert [(name, count) for name, count, _ in by_class(labelled)] == [("own_type", 3)]
    assert sum(one.false for one in labelled) == 4
    assert [one.told for one in labelled] == [True, True, True, True, False, True]


def test_settled_labels_win(tmp_path):
    made = folder(tmp_path, SAID[0])
    (made / "labels.jsonl").write_text('{"id": "0", "false": false, "claims": []}\n')
    assert not gold(made)[0].false


def test_a_folder_without_labels_is_one_sentence(tmp_path):
    with pytest.raises(RequestInvalid, match="name a folder"):
        gold(tmp_path)
