from tests.ui import factory
from tests.ui.screen import heading, page, text


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


def test_the_lab_shows_the_price_before_it_asks(real):
    app = page("what-if", real)
    app.button_group(key="whatif").set_value("Prompt lab").run()
    assert not app.exception
    assert "6 calls, about" in text(app)
