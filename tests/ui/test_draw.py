from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from tests.ui.screen import bodies, text
from ui.draw import marked
from ui.safe import html_text


@given(st.text(max_size=80), st.text(max_size=5))
def test_marking_changes_nothing_but_the_marks(whole, search):
    assert marked(whole, search).replace("<mark>", "").replace("</mark>", "") == html_text(whole)


def drawn(script: str) -> AppTest:
    return AppTest.from_string(f"from ui import draw\n{script}", default_timeout=60).run()


def test_a_heading_is_text():
    assert "&lt;script&gt;" in bodies(drawn("draw.heading('<script>x</script>')"))[0]


def test_a_pane_says_what_it_leaves_out():
    assert "10,000 more characters are in the download." in text(drawn("draw.pane('x' * 30_000, 'Prompt')"))


def test_a_pane_without_content_says_why():
    assert "content is switched off" in text(drawn("draw.pane(None, 'Prompt')"))


def test_a_difference_marks_what_went_and_what_came():
    body = bodies(drawn("draw.differences('a\\n<b>', 'a\\nc', 'x')"))[0]
    assert "<del>-&lt;b&gt;</del>" in body
    assert "<ins>+c</ins>" in body


def test_badges_stand_in_a_row():
    assert "contested" in text(drawn("draw.badges([('contested', 'contested')])"))
