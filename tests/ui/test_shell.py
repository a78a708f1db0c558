from streamlit.testing.v1 import AppTest

from tests.ui.screen import heading
from ui.shell import ICONS, PAGES


def test_every_page_has_an_address_a_question_and_an_icon():
    assert [page[0] for page in PAGES] == list(ICONS)
    assert all(question.endswith(("?", ".")) for _, _, question, _ in PAGES)


def test_the_whole_app_opens_on_its_first_page(kinds):
    script = (
        "from functools import partial\nfrom pathlib import Path\nfrom serving import AppEngine\n"
        f"from ui.shell import show\nshow(partial(AppEngine, folder=Path({str(kinds)!r})))"
    )
    app = AppTest.from_string(script, default_timeout=60).run()
    assert not app.exception
    assert heading(app) == "8 of 10 jobs placed; one agent caught lying"
