from tests.ui.screen import heading, page


def test_the_page_opens(kinds):
    app = page("evals", kinds)
    assert not app.exception
    assert heading(app)
