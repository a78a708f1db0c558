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
