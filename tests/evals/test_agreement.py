import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.agreement import (
    HERE,
    Claim,
    Label,
    OnClass,
    differing,
    families,
    kappa,
    kappa_interval,
    labels,
    main,
    on_classes,
    pairs,
    raw,
    report,
    sets,
)
from quorate.domain.errors import RequestInvalid

VERDICTS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def sides(verdicts):
    return [a for a, _ in verdicts], [b for _, b in verdicts]


@given(VERDICTS)
def test_kappa_does_not_care_who_came_first_nor_what_true_means(verdicts):
    first, second = sides(verdicts)
    found = kappa(first, second)
    for other in (kappa(second, first), kappa([not a for a in first], [not b for b in second])):
        assert math.isnan(found) == math.isnan(other)
        assert math.isnan(found) or other == pytest.approx(found)


@given(VERDICTS)
def test_kappa_is_never_above_the_raw_agreement(verdicts):
    first, second = sides(verdicts)
    found = kappa(first, second)
    assert math.isnan(found) or -1 <= found <= raw(first, second) + 1e-12


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_kappa_with_oneself_is_one_and_with_ones_opposite_is_not_positive(said):
    if len(set(said)) == 1:
        assert math.isnan(kappa(said, said))
    else:
        assert kappa(said, said) == pytest.approx(1)
        assert kappa(said, [not one for one in said]) < 0


@given(VERDICTS)
def test_the_interval_of_kappa_holds_kappa_and_grows_with_fewer_units(verdicts):
    first, second = sides(verdicts)
    whole = kappa_interval(first, second, len(first))
    if math.isnan(whole.estimate):
        return
    assert whole.low <= whole.estimate + 1e-9
    assert whole.estimate <= whole.high + 1e-9
    half = kappa_interval(first, second, max(1, len(first) // 2))
    assert half.low <= whole.low + 1e-9


def test_kappa_is_the_one_of_the_textbook():
    # 20 both yes, 5 first only, 10 second only, 15 both no: raw 0.7, by chance 0.5.
    verdicts = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert kappa(*sides(verdicts)) == pytest.approx(0.4)


def test_perfect_agreement_still_has_a_lower_bound_below_one():
    said = [True, False] * 50
    found = kappa_interval(said, said, 100)
    # The exact lower bound of 100 of 100 is 0.025 ** (1 / 100).
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx((0.025**0.01 - 0.5) / 0.5, abs=1e-6)


def one(name, *classes):
    return Label(id=name, false=bool(classes), classes=classes)


def test_both_forms_of_a_label_name_the_same_false_classes():
    claims = tuple(
        Claim(**{"sentence": "", "class": c, "false": f, "fact": ""}) for c, f in (("cores", True), ("storage", False))
    )
    assert Label(id="g1a", false=True, claims=claims).wrong == one("g1a", "cores").wrong == {"cores"}


def test_agreement_on_a_class_ignores_the_records_where_neither_saw_it():
    both = pairs(
        [one("g1a", "cores"), one("g1b", "cores"), one("g2a"), one("g3a")],
        [one("g1a", "cores"), one("g1b", "storage"), one("g2a"), one("g3a", "cores")],
    )
    assert on_classes(both) == [OnClass("cores", 1, 1, 1), OnClass("storage", 0, 0, 1)]
    assert [found.share for found in on_classes(both)] == [0.5, 0.0]
    assert differing(both) == (["g3a"], ["g1b"])
    assert families(both) == 3


def test_files_over_different_records_are_refused():
    for second in ([one("g1b")], [], [one("g1a"), one("g1b")]):
        with pytest.raises(RequestInvalid, match="do not label the same records"):
            pairs([one("g1a")], second)
    with pytest.raises(RequestInvalid, match="do not label the same records"):
        pairs([], [])


def test_a_folder_without_labels_or_with_other_lines_is_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "name a folder with labels-1.jsonl and labels-2.jsonl" in capsys.readouterr().err
    (tmp_path / "labels-1.jsonl").write_text('{"id": "g1a", "false": false}\n{"id": 7}\n')
    assert main([str(tmp_path)]) == 2
    assert "labels-1.jsonl line 2" in capsys.readouterr().err
    assert main(["a", "b"]) == 2


@pytest.fixture(scope="module")
def gold():
    return pairs(labels(HERE / "labels-1.jsonl"), labels(HERE / "labels-2.jsonl"))


@pytest.fixture(scope="module")
def readme():
    return (HERE / "README.md").read_text("utf-8")


def test_both_annotators_labelled_every_record(gold):
    ids = [json.loads(line)["id"] for line in (HERE / "bids.jsonl").read_text("utf-8").splitlines()]
    assert [first.id for first, _ in gold] == ids


def test_a_record_is_false_exactly_when_a_false_claim_was_seen(gold):
    assert [label.id for pair in gold for label in pair if label.false != bool(label.wrong)] == []


def test_the_second_annotator_knows_the_classes_of_the_rules_alone(gold):
    rules = set(re.findall(r"^\| `(\w+)` \|", (HERE / "RULES.md").read_text("utf-8"), re.MULTILINE))
    assert len(rules) == 21
    assert {name for _, second in gold for name in second.classes} <= rules


SECOND = [folder for folder in sets() if folder != HERE]


def both(folder):
    return pairs(labels(folder / "labels-1.jsonl"), labels(folder / "labels-2.jsonl"))


def test_the_readme_shows_what_the_command_prints(readme, capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    told = ["\n".join([f"{folder.name}:", *report(both(folder))]) for folder in sets()]
    assert printed == "".join(f"{part}\n\n" for part in told)
    assert [part[:40] for part in told if f"{part}\n" not in readme] == []


def test_one_folder_is_told_of_alone(capsys):
    assert main([str(SECOND[0])]) == 0
    assert capsys.readouterr().out.splitlines() == [*report(both(SECOND[0])), ""]


def listed(readme, title):
    part = readme.split(f"### {title}")[1].split("\n##")[0]
    return re.findall(r"^\| `([gpq]\d{3}[a-f])` \|", part, re.MULTILINE)


def test_every_disagreement_is_an_erratum_or_left_open(readme, gold):
    verdict, classes = differing(gold)
    errata, left = listed(readme, "Errata of labels-1"), listed(readme, "Left open")
    assert sorted(errata + left) == sorted(verdict + classes)


def test_the_settled_labels_differ_from_the_first_in_the_errata_alone(readme, gold):
    settled = labels(HERE / "labels.jsonl")
    assert [label.id for label in settled] == [first.id for first, _ in gold]
    moved = [label.id for label, (first, _) in zip(settled, gold, strict=True) if label != first]
    assert moved == listed(readme, "Errata of labels-1")
    assert [label.false for label in settled] == [first.false for first, _ in gold]
    false = [sum(claim.false for label in every for claim in label.claims) for every in ([a for a, _ in gold], settled)]
    assert false[1] - false[0] == 19


def test_in_the_second_set_too_errata_and_open_cases_are_the_disagreements(readme):
    apart = [who for folder in SECOND for part in differing(both(folder)) for who in part]
    errata, left = listed(readme, "Errata of set 2"), listed(readme, "Open in set 2")
    assert sorted(errata + left) == sorted(apart)
    settled = [label for folder in SECOND for label in labels(folder / "labels.jsonl")]
    first = [label for folder in SECOND for label in labels(folder / "labels-1.jsonl")]
    assert [a.id for a, b in zip(settled, first, strict=True) if a != b] == errata


@pytest.mark.parametrize("folder", sets(), ids=lambda folder: folder.name)
def test_a_mended_record_names_only_classes_that_either_annotator_saw(folder):
    for label, (first, second) in zip(labels(folder / "labels.jsonl"), both(folder), strict=True):
        assert label.wrong <= first.wrong | second.wrong, label.id
        assert label.false == bool(label.wrong), label.id


@pytest.mark.parametrize("folder", sets(), ids=lambda folder: folder.name)
def test_every_settled_sentence_stands_outside_the_think_tags_of_its_reply(folder):
    bids = {b["id"]: b["reply"] for b in map(json.loads, (folder / "bids.jsonl").read_text("utf-8").splitlines())}
    for label in labels(folder / "labels.jsonl"):
        said = re.sub(r"<think>.*?</think>", "", bids[label.id], flags=re.DOTALL)
        assert [claim.sentence for claim in label.claims if claim.sentence not in said] == [], label.id
