import json
import shutil
import time

import pytest

from prompts.drafts import released
from serving import AppEngine
from tests.fake_llm import FakeLLM
from tests.fake_llm.brain import Said, answer
from tests.fake_llm.dialect import GOOD_BID
from tests.ui import factory, harness
from tests.ui.hostile import STRINGS
from tests.ui.screen import bodies, heading, page, text
from tests.ui.test_hostile import OURS
from ui.service import Service

MARK = "Prefer the emptiest cluster, whatever its type."
EDITED = released(2).replace("Take care:", f"{MARK} Take care:")


@pytest.fixture(scope="module")
def _server():
    with FakeLLM() as server:
        yield server


@pytest.fixture
def server(_server):
    _server.forget()
    _server.delay_s, _server.answerer = 0.0, answer
    return _server


@pytest.fixture
def root(real, tmp_path, server):
    """A folder with the demonstration, served by an app whose profile reaches the local server."""
    shutil.copytree(real / "demo", tmp_path / "demo")
    serve(tmp_path, server)
    return tmp_path


def serve(root, server, more=""):
    config = root / "quorate.toml"
    config.write_text(
        f'[llm]\nuse = "far"\n{more}\n[llm.profiles.far]\nprovider = "sambanova"\nmodel = "good"\n'
        f'base_url = "{server.url}"\nretries = 0\n[llm.profiles.rehearsal]\nprovider = "scripted"\n'
        'replies = "examples/replies/rehearsal.jsonl"\n'
    )
    if str(root) in harness.SERVICES:
        harness.SERVICES.pop(str(root)).close()
    harness.SERVICES[str(root)] = Service(AppEngine(config, root))


def opened(root, **query):
    return page("what-if", root, q="lab", **query)


def edited(app, copy=EDITED):
    return app.text_area(key="lab-body-2").set_value(copy).run()


def asked(app, root):
    """Press the button and wait for the end."""
    app.button(key="lab-run").click().run()
    return ended(app, root)


def named(app):
    """Return the trial in the address."""
    found = app.query_params["lab"]
    return found if isinstance(found, str) else found[0]


def ended(app, root):
    name = named(app)
    service = harness.service(str(root))
    for _ in range(600):
        if service.trials.watch(name).over:
            break
        time.sleep(0.05)
    return app.run()


def frame(app, number=0):
    return app.dataframe[number].value


def test_an_edited_copy_is_asked_beside_the_released_text_and_both_are_shown(root, server):
    def prefers(body):
        score = "0.95" if MARK in json.dumps(body) and "HPC_RESOURCE_02" in json.dumps(body) else "0.71"
        return Said(GOOD_BID.replace("0.71", score))

    server.answerer = prefers
    app = asked(edited(opened(root)), root)
    assert not app.exception
    shown = frame(app)
    assert list(shown.columns) == [
        "Agent", "Run (rule)", "bid/2", "Edited", "Changed", "Source", "Refuted, void or missing",
    ]  # fmt: skip
    changed = dict(zip(shown["Agent"], shown["Changed"], strict=True))
    assert changed["R02"].startswith("↔ ")
    assert "score +" in changed["R02"]
    assert "The job goes elsewhere" in heading(app) or "The job goes the same way" in heading(app)
    sent = [MARK in json.dumps(call.body) for call in server.calls]
    assert (sent.count(True), sent.count(False)) == (6, 6)
    assert [path.name for path in root.iterdir() if path.is_dir()] == ["demo"]


def test_the_price_is_shown_before_anything_is_asked(root, server):
    app = edited(opened(root))
    assert "6 agents × 1 job × 2 prompts = 12 calls, about" in text(app)
    assert "no price known for this profile" in text(app)
    assert "Nothing of it enters a ledger or a file" in text(app)
    assert app.button(key="lab-run").label == "Ask 12 times"
    assert not server.calls


def test_an_untouched_copy_is_asked_once_as_the_released_version(root, server):
    app = asked(opened(root), root)
    assert not app.exception
    assert "Edited" not in frame(app).columns
    assert len(server.calls) == 6


@pytest.mark.parametrize(
    ("copy", "says"),
    [
        (EDITED.replace("$facts", ""), "✕ $facts is missing"),
        (EDITED + "$price", "$price is no placeholder"),
        (EDITED + "5$", "a `$` that names nothing; write `$$` for a dollar"),
        (EDITED + "\u202e", "holds a hidden character (U+202E)"),
        (EDITED.replace("# User", "User"), "It has 0 lines `# User`"),
    ],
)
def test_a_copy_that_cannot_be_asked_says_why_and_asks_nothing(root, server, copy, says):
    app = edited(opened(root), copy)
    assert not app.exception
    assert says in text(app)
    assert app.button(key="lab-run").disabled
    assert "Nothing can be asked before the copy is mended." in text(app)


def test_a_worked_score_is_remarked_on(root):
    assert "models copy a number such as 0.8" in text(edited(opened(root), EDITED + "Say 0.85."))


def test_the_copy_can_be_taken_away_as_the_next_version(root):
    app = edited(opened(root))
    assert "put it at prompts/bid/v3.md, run python -m prompts" in text(app)
    app.text_input(key="lab-changed").set_value(" ").run()
    assert "✕ say in 1 to 300 characters what changed" in text(app)


def test_the_rule_reads_no_prompt_and_says_what_does(root, server):
    app = opened(root)
    labels = [option.split(" ")[0] for option in app.selectbox(key="lab-profile").options]
    app.selectbox(key="lab-profile").select_index(labels.index("rule")).run()
    assert not app.exception
    assert "The rule reads no prompt, so an edit changes nothing" in text(app)
    assert app.button(key="lab-run").disabled
    app.selectbox(key="lab-profile").select_index(labels.index("rehearsal")).run()
    assert "answers from a file by job and agent" in text(app)
    assert "nothing leaves this machine" in text(app)
    app = asked(app, root)
    assert set(frame(app)["Source"]) <= {"scripted", "scripted, repaired"}
    assert not server.calls


def test_a_provider_that_is_down_is_said_and_every_answer_is_missing(root, server):
    server.plan(*["401"] * 12)
    app = asked(edited(opened(root)), root)
    assert not app.exception
    assert heading(app) == "No model answered: 6 questions, no bid"
    assert "answers missing, provider_refused" in text(app)
    assert set(frame(app)["Edited"]) == {"no bid"}
    assert all("provider_refused" in why for why in frame(app)["Refuted, void or missing"])


def test_a_trial_dearer_than_the_budget_does_not_begin(root, server):
    serve(root, server, "[llm.budget]\ntokens = 2_000")
    app = edited(opened(root))
    assert "tokens and llm.budget.tokens allows 2,000; choose fewer jobs" in text(app)
    assert app.button(key="lab-run").disabled


def test_a_budget_spent_on_the_way_ends_in_abstentions_that_say_so(root, server):
    serve(root, server, "[llm.budget]\ntokens = 6_700")
    app = opened(root)
    assert not app.button(key="lab-run").disabled, text(app)
    app = asked(app, root)
    assert not app.exception
    assert "missing, budget_spent" in text(app)


def test_cancelled_it_stops_at_once_and_shows_what_came(root, server):
    server.plan(*["good"] * 3, *["hang"] * 9)
    app = edited(opened(root))
    app.button(key="lab-run").click().run()
    name = named(app)
    trials = harness.service(str(root)).trials
    for _ in range(400):
        if len(trials.watch(name).told) == 3:
            break
        time.sleep(0.05)
    assert heading(app.run()) == "Asking"
    app.button(key="lab-cancel").click().run()
    assert heading(app) in ("Cancelling the trial", "Cancelled after 3 of 12 answers")
    app = ended(app, root)
    assert not app.exception
    assert heading(app) == "Cancelled after 3 of 12 answers"
    assert list(frame(app)["Edited"]) == ["not asked"] * 6


def test_a_reload_finds_the_trial_with_its_text(root, server):
    name = named(asked(edited(opened(root)), root))
    again = opened(root, lab=name)
    assert heading(again) == "The job goes the same way; 0 of 6 answers differ"
    assert MARK in again.text_area(key="lab-body-2").value


def test_a_trial_of_another_run_is_not_shown_as_this_ones(root, server):
    name = named(asked(opened(root), root))
    shutil.copytree(root / "demo", root / "other")
    assert "No such trial of this run is kept" in text(opened(root, run="other", lab=name))


def test_while_it_asks_it_cannot_be_started_again(root, server):
    server.plan(*["hang"] * 6)
    app = opened(root)
    app.button(key="lab-run").click().run()
    assert app.button(key="lab-run").disabled
    assert not app.button(key="lab-cancel").disabled


def test_a_trial_that_is_gone_is_said_so(root):
    assert "No such trial of this run is kept" in text(opened(root, lab="0123456789ab"))


def test_a_job_in_the_address_is_chosen_and_an_unknown_one_is_named(root):
    assert opened(root, job="job_003").multiselect[0].value == ["job_003"]
    app = opened(root, job="job_0003")
    assert "This run has no decided job 'job_0003'; nearest: job_0" in text(app)
    assert not app.exception


def test_without_a_job_nothing_is_asked(root):
    app = opened(root)
    app.multiselect[0].set_value([]).run()
    assert "No job is chosen" in text(app)
    assert app.button(key="lab-run").disabled


def test_a_run_without_its_ledger_says_what_is_missing(kinds):
    app = opened(kinds)
    assert not app.exception
    assert heading(app) == "This run has no call to ask again"
    assert "this run is shown from run.json" in text(app)


def test_a_run_without_a_decision_has_nothing_to_ask(tmp_path):
    shown = factory.report((), run="empty", submitted=0)
    factory.write(tmp_path, shown, factory.events(shown))
    assert heading(opened(tmp_path)) == "This run has no call to ask again"


@pytest.mark.parametrize("batch", range(len(STRINGS) // 10 + 1))
def test_a_hostile_copy_and_hostile_replies_are_text(root, server, batch):
    foreign = " ".join(STRINGS[batch * 10 : batch * 10 + 10]).replace("\ud7ff\ue000", "")
    said = foreign.replace("\ud800", "")[:500]
    server.answerer = lambda body: Said(
        GOOD_BID.replace('"Enough suitable nodes are free for this job."', json.dumps(said))
    )
    app = edited(opened(root), EDITED + foreign)
    assert not app.exception
    if app.button(key="lab-run").disabled:
        app = edited(app, EDITED + "".join(c for c in foreign if c.isprintable()).replace("$", "$$"))
    app = asked(app, root)
    assert not app.exception
    for body in bodies(app):
        bare = OURS.sub("", body)
        assert "<" not in bare
        assert ">" not in bare
