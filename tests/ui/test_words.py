import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui import factory
from ui import words

NAMES = words.short_names(factory.CLUSTERS)
REPORT = factory.report()
ROWS = dict(zip(factory.KINDS, REPORT.decisions, strict=True))


@given(st.integers(0, 10_000))
def test_a_score_is_rounded_half_up_from_its_basis_points(bp):
    assert words.fmt_score(bp / 10_000) == f"{(bp + 50) // 100 / 100:.2f}"


@given(st.integers(0, 6_000))
def test_a_weight_shows_every_milli_unit(milli):
    assert round(float(words.fmt_weight(milli / 1_000)) * 1_000) == milli


@given(st.integers(0, 5_000), st.integers(1, 5_000))
def test_a_percentage_follows_from_the_integers_beside_it(part, whole):
    shown = float(words.percent(part, whole).removesuffix(" %"))
    assert abs(shown - 100 * part / whole) <= 0.0500001


def test_thirty_five_of_two_hundred_is_seventeen_and_a_half_percent():
    assert words.percent(35, 200) == "17.5 %"


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_bids_and_votes_add_up_to_the_total_as_printed(bids_ms, votes_ms):
    row = ROWS["unanimous"].model_copy(update={"bids_s": bids_ms / 1_000, "votes_s": votes_ms / 1_000})
    numbers = [int("".join(filter(str.isdigit, part))) for part in words.timing(row).split(" ms")[:3]]
    assert numbers[0] + numbers[1] == numbers[2]


def test_short_names_stay_apart():
    names = words.short_names(["A_NODE_00", "B_NODE_00", "HPC_RESOURCE_01"])
    assert len(set(names.values())) == 3
    assert names["HPC_RESOURCE_01"] == "R01"


def test_the_quorum_is_said_by_heads_and_by_weight():
    assert words.quorum_words(ROWS["equivocation"]) == "5 of 6 votes, weight 5.000 of 5.600, needs 3.734"


@pytest.mark.parametrize("kind", factory.KINDS)
def test_every_kind_has_three_answers_of_at_most_two_sentences_each(kind):
    row = ROWS[kind]
    for said in (
        words.explain_why(row, NAMES),
        words.explain_dissent(row, NAMES),
        words.explain_honesty(row, words.findings_of(REPORT, row), NAMES),
    ):
        assert said
        assert said.endswith((".", "”."))
        assert said.count(". ") <= 3


@pytest.mark.parametrize(
    "kind", ["unanimous", "contested", "re-voted", "over-claim", "repaired", "silent", "no quorum"]
)
def test_nobody_is_called_a_liar_without_a_signed_contradiction(kind):
    assert words.explain_honesty(ROWS[kind], words.findings_of(REPORT, ROWS[kind]), NAMES).startswith("No.")


@pytest.mark.parametrize("kind", ["void", "equivocation"])
def test_a_signed_contradiction_is_named_with_its_cost(kind):
    said = words.explain_honesty(ROWS[kind], words.findings_of(REPORT, ROWS[kind]), NAMES)
    assert said.startswith("Yes. R00: ")
    assert ("→ 0.600" if kind == "void" else "jailed, its vote counts no more") in said


def test_a_contradiction_about_no_job_belongs_to_the_decision_that_follows_it():
    finding = REPORT.findings[0].model_copy(update={"job": None, "height": ROWS["re-voted"].height - 1})
    report = REPORT.model_copy(update={"findings": (finding,)})
    assert words.findings_of(report, ROWS["re-voted"]) == (finding,)
    assert words.findings_of(report, ROWS["contested"]) == ()
    assert words.findings_of(report, ROWS["equivocation"]) == ()


def test_an_overclaim_is_a_remark_and_no_proof():
    said = words.explain_honesty(ROWS["over-claim"], words.findings_of(REPORT, ROWS["over-claim"]), NAMES)
    assert "R00 bid 0.24 above the rule: high, but allowed." in said


def test_dissent_quotes_the_reason():
    assert "R00 skipped: “insists on another block”." in words.explain_dissent(ROWS["contested"], NAMES)


def test_a_long_quotation_is_cut():
    assert len(words.quoted("x" * 5_000)) == words.QUOTE_CHARS_MAX + 2


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("unanimous",) * 8, "8 of 8 jobs placed; all unanimous"),
        (("unanimous",) * 7 + ("void",), "8 of 8 jobs placed; one agent caught lying"),
        (("unanimous",) * 3 + ("no quorum",), "3 of 4 jobs placed; job 4 found no quorum in 3 rounds"),
        (("unanimous", "not placed"), "1 of 2 jobs placed; 1 job fits no cluster"),
        (("unanimous", "contested", "re-voted"), "3 of 3 jobs placed; 1 contested, 1 re-voted"),
        ((), "0 of 0 jobs placed; nothing to decide"),
    ],
)
def test_the_verdict_is_one_sentence(kinds, expected):
    assert words.verdict(factory.report(kinds)) == expected


def test_a_cancelled_run_says_how_far_it_came():
    shown = factory.report(("unanimous",) * 3, status="cancelled", submitted=8)
    assert words.verdict(shown) == "Run cancelled after 3 of 8 jobs"


def test_bids_are_ordered_as_the_ledger_ranked_them_then_void_then_absent():
    order = [one.cluster for one in words.ordered_bids(ROWS["void"])]
    assert order[:4] == list(ROWS["void"].ranking)
    assert order[-2:] == [factory.CLUSTERS[0], factory.CLUSTERS[5]]


def test_equal_bids_are_said_to_be_decided_by_the_draw():
    row = ROWS["unanimous"]
    bids = [one.model_copy(update={"score": 0.9, "weighted": 0.9}) for one in row.bids[:4]]
    assert "the draw decided" in words.explain_why(row.model_copy(update={"bids": tuple(bids)}), NAMES)


def test_a_bid_that_opinions_moved_says_so_in_the_sum_and_in_the_shadow():
    row = factory.report().decisions[list(factory.KINDS).index("unanimous")]
    best = words.bid_of(row, row.cluster)
    moved = best.model_copy(update={"assessed": best.score - 0.02})
    said = words.explain_why(row.model_copy(update={"bids": (moved, *row.bids[1:])}), NAMES)
    assert f"after its rivals' opinions {best.score - 0.02:.2f} × reputation" in said
    second = row.bids[1].model_copy(update={"score": 0.99, "assessed": 0.90})
    said = words.explain_why(row.model_copy(update={"bids": (row.bids[0], second, *row.bids[2:])}), NAMES)
    assert "bid 0.99; opinions and reputation leave" in said


def test_thousands_of_jobs_are_separated_wherever_they_are_counted():
    many = factory.many(1_200)
    assert words.verdict(many).startswith("1,200 of 1,200 jobs placed")
    assert words.tiles(many)[0][:2] == ("Placed", "1,200 of 1,200")
    assert words.tiles(many)[2][1].endswith("of 1,200")
