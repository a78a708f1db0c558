from tests.ui import factory
from tests.ui.screen import heading, page


def test_by_the_same_rule_everything_stands(real):
    app = page("what-if", real)
    assert not app.exception
    assert heading(app) == "Counted again: all 8 decisions stand"


def test_without_the_winner_a_decision_changes(real):
    app = page("what-if", real)
    app.button_group(key="without").set_value(["HPC_RESOURCE_03"]).run()
    assert "change" in heading(app)


def test_two_runs_side_by_side(real, tmp_path):
    for name, kinds in (("a", ("unanimous", "contested")), ("b", ("unanimous", "no quorum"))):
        shown = factory.report(kinds, run=name)
        factory.write(tmp_path, shown, factory.events(shown))
    app = page("what-if", tmp_path, run="a", b="b")
    assert not app.exception
    assert heading(app) == "0 of 2 jobs move; 1 decision flips"


def test_alone_it_says_how_to_get_a_second_run(kinds):
    app = page("what-if", kinds)
    app.button_group(key="whatif").set_value("Two runs").run()
    assert heading(app) == "There is one run only"


def test_a_second_run_that_cannot_be_shown_is_said_and_another_can_be_chosen(tmp_path):
    shown = factory.report(("unanimous",), run="a")
    factory.write(tmp_path, shown, factory.events(shown))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run.json").write_text("{")
    app = page("what-if", tmp_path, run="a", b="b")
    assert not app.exception
    assert heading(app) == "That run cannot be shown"
    assert app.selectbox(key="other-choice").value == "b"


def test_choices_of_a_recount_are_in_its_heading_at_once(real):
    app = page("what-if", real)
    app.button_group(key="share").set_value("three quarters").run()
    app.toggle(key="with-reputation").set_value(False).run()
    assert not app.exception
    assert heading(app).startswith("Counted again: ")


def test_the_question_is_in_the_address(real):
    app = page("what-if", real, q="lab")
    assert heading(app) == "What would another prompt have done?"
    app.button_group(key="whatif").set_value("Count again").run()
    assert heading(app) == "Counted again: all 8 decisions stand"
    assert app.query_params["q"] in ("count", ["count"])


def test_a_question_that_does_not_exist_is_the_first_one(real):
    assert heading(page("what-if", real, q="why")) == "Counted again: all 8 decisions stand"
