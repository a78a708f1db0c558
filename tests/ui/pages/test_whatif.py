import shutil
import time

from tests.ui import factory, harness
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


def test_the_lab_asks_another_version_and_shows_both(real, tmp_path):
    shutil.copytree(real / "demo", tmp_path / "demo")
    app = page("what-if", tmp_path)
    app.button_group(key="whatif").set_value("Prompt lab").run()
    labels = [option.split(" ")[0] for option in app.selectbox(key="lab-profile").options]
    app.selectbox(key="lab-profile").select_index(labels.index("rehearsal")).run()
    app.button(key="lab-run").click().run()
    assert not app.exception
    service = harness.service(str(tmp_path))
    for _ in range(600):
        if not service.active():
            break
        time.sleep(0.1)
    app.run()
    assert not app.exception
    assert "Bids side by side" in text(app)
    assert len(app.dataframe[-1].value) == 6
