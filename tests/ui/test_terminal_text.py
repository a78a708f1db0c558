import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ui.terminal_text import Column, Screen, bar, carried, cell, cut, filled, folded, grid, heading, plain, verbatim

HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]x[/bold] :smile: \u202eevil\u2066 \x9b2J\r\nnext\x00\u200b"


@given(st.text())
def test_nothing_that_could_drive_a_terminal_survives(text):
    shown = plain(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert plain(shown) == shown
    assert all(not unicodedata.category(c).startswith("C") for line in verbatim(text) for c in line)


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_ordinary_text_is_shown_as_it_is(text):
    assert plain(text) == text


def test_hostile_text_is_spelt_out_and_markup_stays_literal():
    shown = plain(HOSTILE)
    assert "[bold]x[/bold] :smile:" in shown
    for spelt in ("\\x1b[31m", "\\x07", "\\u202e", "\\u2066", "\\x9b", "\\x0d", "\\x00", "\\u200b"):
        assert spelt in shown


def test_a_pile_of_combining_marks_is_spelt_out():
    assert plain("e" + "\u0301" * 50).count("\\u0301") == 47


@given(st.text(), st.integers(1, 40))
def test_cut_text_fits_and_says_that_it_was_cut(text, width):
    whole = cell(text)
    short = cut(whole, width)
    assert short.cell_len <= max(width, 1)
    assert short.plain == whole.plain or short.plain.endswith("…")


@given(st.text(), st.integers(2, 40))
def test_folded_text_fits_and_loses_only_spaces(text, width):
    whole = cell(text)
    lines = folded(whole, width)
    assert all(line.cell_len <= width for line in lines)
    assert "".join(line.plain for line in lines).replace(" ", "") == whole.plain.replace(" ", "")


def test_folding_keeps_the_indentation_of_a_prompt():
    assert [line.plain for line in folded(Text("    two words"), 20)] == ["    two words"]


@given(
    st.integers(40, 200),
    st.lists(st.tuples(st.text(max_size=60), st.integers(0, 10**9), st.text(max_size=300)), max_size=5),
    st.booleans(),
)
def test_no_line_is_wider_than_the_screen_and_no_number_is_cut(width, rows, wrap):
    columns = (Column("name"), Column("nodes", "number"), Column("why", "rest"))
    cells = [(cell(name), f"{number:,}", cell(why)) for name, number, why in rows]
    lines = grid(columns, cells, Screen(width), wrap=wrap)
    assert all(line.cell_len <= width for line in lines)
    assert sum(
        any(part == f"{number:,}" for line in lines for part in line.plain.split()) for _, number, _ in rows
    ) == len(rows)


def test_columns_leave_at_their_breakpoints_and_only_there():
    columns = (Column("name"), Column("nodes", "number"), Column("bar", at=100), Column("short", below=100))
    row = [("a", "7", "####", "#")]
    assert grid(columns, row, Screen(100))[0].plain.split() == ["name", "nodes", "bar"]
    assert grid(columns, row, Screen(99))[0].plain.split() == ["name", "nodes", "short"]


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 60))
def test_a_bar_never_overflows_and_something_is_never_nothing(part, whole, width):
    cells = filled(part, whole, width)
    assert 0 <= cells <= width
    assert (cells > 0) == (part > 0 and whole > 0)
    assert bar([(cells, "█", "")], width).cell_len == width


@given(st.text("✓✕≠◆–—→·×┊│─█▒░…“”−≥↑↓⋯ abc", min_size=1))
def test_an_output_without_our_signs_gets_others_of_the_same_width(text):
    told = carried(text, "ascii")
    assert told.isascii()
    assert "?" not in told
    assert len(told) == len(text)
    assert carried(text, "utf-8") == text


def test_a_pipe_has_one_fixed_layout_without_emoji():
    assert Screen.of(Console(file=None, width=40, force_terminal=False), emoji=True) == Screen(116, emoji=False)


@pytest.mark.parametrize("emoji", [True, False])
def test_emoji_are_shown_only_where_they_are_wanted(emoji):
    screen = Screen.of(Console(width=120, force_terminal=True), emoji=emoji)
    assert heading(screen, "🎯", "Job").plain.startswith("🎯" if screen.emoji else "Job")
    assert screen.emoji is False or emoji


def test_a_heading_fills_its_line_exactly():
    assert cell_len(heading(Screen(90), "", "Job", ["a", "b"]).plain) == 90
