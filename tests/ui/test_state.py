from tests.ui import factory
from tests.ui.screen import heading, page, text
from ui.state import link


def test_a_link_reopens_exactly_this():
    assert link("decision", run="a b", job="job_001") == "/decision?run=a+b&job=job_001"


def test_the_address_names_the_run_once_it_is_open(kinds):
    app = page("run", kinds)
    assert app.query_params["run"] in ("kinds", ["kinds"])


def test_choosing_another_run_opens_it(tmp_path):
    factory.write(tmp_path, factory.report(("unanimous",), run="one"))
    factory.write(tmp_path, factory.report(("contested",), run="two"))
    app = page("run", tmp_path, run="one")
    app.selectbox(key="run-choice").set_value("two").run()
    assert heading(app) == "1 of 1 job placed; 1 contested"


def test_a_run_shown_from_its_document_says_it_was_not_checked(kinds):
    assert "not re-checked" in text(page("agents", kinds))


def test_without_any_run_there_is_one_button(tmp_path):
    app = page("decision", tmp_path)
    assert heading(app) == "No runs yet"
    assert [button.label for button in app.button] == ["Start the eight jobs"]


def test_a_degraded_run_says_why(tmp_path):
    shown = factory.report(("silent",)).model_copy(update={"degraded": "2 of 5 calls ended without a model's bid"})
    factory.write(tmp_path, shown, factory.events(shown))
    assert "Degraded: 2 of 5 calls ended without a model's bid." in text(page("run", tmp_path))
