import tomllib

from hypothesis import given
from hypothesis import strategies as st

from tests.ui.screen import heading, page, text
from ui.pages.submit import _toml


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=60))
def test_a_forms_text_survives_toml(value):
    assert tomllib.loads(f"x = {_toml(value)}")["x"] == value


def test_the_reference_costs_nothing_and_says_so(kinds):
    app = page("submit", kinds)
    assert not app.exception
    assert heading(app) == "Submit your own jobs"
    assert "8 jobs × 6 agents: no model is asked" in text(app)


def test_a_job_from_the_form_is_checked_like_a_file(kinds):
    app = page("submit", kinds)
    app.button_group(key="jobs-way").set_value("Form").run()
    assert "1 job × 6 agents" in text(app)
    app.text_input(key="job-id").set_value("no/slash").run()
    assert "jobs.0.id is 'no/slash'" in text(app)
    assert app.button(key="start").disabled


def test_jobs_that_do_not_parse_are_refused_in_a_sentence(kinds):
    app = page("submit", kinds)
    app.button_group(key="jobs-way").set_value("Text").run()
    app.text_area(key="jobs-text").set_value("[[jobs]]\nid =").run()
    assert "jobs is not TOML" in text(app)


def test_a_federation_with_two_equal_ids_is_refused_in_a_sentence(kinds):
    app = page("submit", kinds)
    app.button_group(key="fed-way").set_value("Text").run()
    box = app.text_area(key="fed-text")
    box.set_value(box.value.replace("HPC_RESOURCE_01", "HPC_RESOURCE_00")).run()
    assert "occurs more than once" in text(app)


def test_a_profile_without_its_key_says_which_variable_to_set(kinds, monkeypatch):
    monkeypatch.delenv("SAMBANOVA_API_KEY", raising=False)
    app = page("submit", kinds)
    names = app.selectbox(key="profile").options
    app.selectbox(key="profile").select_index([n.split(" ")[0] for n in names].index("sambanova")).run()
    assert "SAMBANOVA_API_KEY" in text(app)
    assert app.button(key="start").disabled


def test_a_released_prompt_is_chosen_where_somebody_reads_one(kinds):
    app = page("submit", kinds)
    assert not [group for group in app.button_group if group.key == "prompt-version"]
    names = [option.split(" ")[0] for option in app.selectbox(key="profile").options]
    app.selectbox(key="profile").select_index(names.index("rehearsal")).run()
    app.button_group(key="prompt-version").set_value("bid/1").run()
    assert not app.exception
    assert not app.button(key="start").disabled


def test_faults_are_chosen_by_driver_agent_and_job(kinds):
    app = page("submit", kinds)
    app.number_input(key="fault-count").set_value(1).run()
    assert not app.exception
    assert "false-occupancy" in app.selectbox(key="driver-0").options
    assert "HPC_RESOURCE_05" in app.selectbox(key="fault-cluster-0").options
    assert "job_008" in app.multiselect(key="fault-jobs-0").options


def test_a_profile_named_as_its_provider_is_named_once(kinds):
    options = page("submit", kinds).selectbox(key="profile").options
    assert options[0] == "rule"
    assert not any(option == f"{name} · {name}" for option in options for name in ("rule", "ollama", "openai"))
