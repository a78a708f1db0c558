import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import safe


@given(st.text(max_size=200))
def test_html_text_holds_no_markup(text):
    assert not re.search(r"[<>\"']", safe.html_text(text))


@given(st.text(max_size=200))
def test_no_cell_begins_a_formula(text):
    assert not safe.csv_cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.lists(st.text(max_size=30), min_size=2, max_size=2), max_size=5))
def test_a_csv_file_keeps_its_columns(rows):
    read = list(csv.reader(io.StringIO(safe.csv_text(("a", "b"), rows))))
    assert len(read) == len(rows) + 1
    assert all(len(row) == 2 for row in read)


@given(st.text(max_size=200))
def test_a_label_has_no_sign_that_markdown_would_read(text):
    bare = re.sub(r"\\.", "", safe.md(text), flags=re.DOTALL)
    assert not re.search(r"[*_`\[\]()<>#$~|\\:]", bare)


@given(st.text(max_size=100))
def test_a_file_name_is_no_path(text):
    name = safe.file_name(text)
    assert name
    assert "/" not in name
    assert ".." not in name
    assert not name.startswith(".")


@pytest.mark.parametrize("code", [":material/home:", ":smile:", ":red[x]"])
def test_icon_codes_lose_their_meaning(code):
    assert code not in safe.md(code).replace("\\", "") or code == ":red[x]"


def test_direction_changes_are_spelt_out():
    assert safe.visible("a\u202eb\x1b[0m") == "a<U+202E>b␛[0m"


def test_a_pane_is_bounded_and_says_what_it_leaves_out():
    assert safe.shortened("x" * 30_000) == ("x" * 20_000, 10_000)
