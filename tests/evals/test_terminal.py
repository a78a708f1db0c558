from hypothesis import given
from hypothesis import strategies as st

from evals.terminal import say, shown, table


@given(st.text(max_size=300))
def test_foreign_text_becomes_one_short_line_without_control(text):
    made = shown(text, 80)
    assert len(made) <= 80
    assert made.isprintable()


def test_a_table_lines_its_columns_up():
    assert table(("a", "n"), [("long", "1"), ("x", "22")]) == ["a      n", "----  --", "long   1", "x     22"]


def test_half_a_character_does_not_stop_a_line(capsys):
    say("a\ud800b")
    assert capsys.readouterr().out == "a?b\n"
