"""Our words (docs/glossary.md) are the words of the code."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, modules, names, text

GLOSSARY = Path("docs/glossary.md")


def _rows() -> list[list[str]]:
    """The cells of each row of the table: word, field, in the code, means, not."""
    lines = [line for line in text(GLOSSARY).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _claims() -> list[tuple[str, str]]:
    return [(row[0], name) for row in _rows() for name in re.findall(r"`([^`]+)`", row[2])]


def test_the_glossary_has_words_and_each_says_where_it_is_in_the_code() -> None:
    assert len(_rows()) >= 20
    assert all(len(row) == 5 and "`" in row[2] and row[3] for row in _rows())


@pytest.mark.parametrize(("word", "name"), _claims())
def test_a_word_of_ours_exists_in_the_code(word: str, name: str) -> None:
    here = (ROOT / name).exists() if "/" in name else any(name in names(path) for path in modules())
    assert here, f"{GLOSSARY} says that `{word}` is `{name}` in the code, and nothing there is called so"
