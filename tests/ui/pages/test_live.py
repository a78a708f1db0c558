import time

from tests.ui import harness
from tests.ui.screen import heading, page, text


def test_without_a_run_it_offers_one(kinds):
    app = page("live", kinds)
    assert not app.exception
    assert heading(app) == "Nothing is running"


def test_a_run_is_shown_until_its_end(tmp_path):
    app = page("live", tmp_path)
    app.button(key="again").click().run()
    assert heading(app) in ("Live run", "This run has ended")
    service = harness.service(str(tmp_path))
    for _ in range(600):
        if not service.active():
            break
        time.sleep(0.1)
    app.run()
    assert heading(app) == "This run has ended"
    assert "Every job is decided." in text(app)
    assert "Fusion Plasma → R03" in text(app)


def test_cancelled_the_page_says_so_at_once_and_then_what_stands(tmp_path):
    app = page("live", tmp_path)
    app.button(key="again").click().run()
    app.button(key="cancel").click().run()
    assert not app.exception
    assert heading(app) in ("Cancelling the run", "This run has ended")
    service = harness.service(str(tmp_path))
    for _ in range(600):
        if not service.active():
            break
        time.sleep(0.05)
    app.run()
    assert heading(app) == "This run has ended"
    assert "What was decided stays in the ledger and holds." in text(app)
    assert app.button(key="cancel").disabled
    assert not app.button(key="open-run").disabled
