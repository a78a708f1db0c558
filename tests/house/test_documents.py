"""What is generated in the documents is what would be generated now, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from scripts.documents import DOCUMENTS, ROOT, generated, stale
from tests.house.tree import files, text


def test_no_generated_part_is_stale() -> None:
    assert [path.relative_to(ROOT).as_posix() for path in stale()] == [], "make docs"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_with_generated_parts_has_one(name: str) -> None:
    assert "<!-- generated: " in text(Path(name))


def test_what_is_written_by_hand_stays() -> None:
    before = "above\n<!-- generated: decisions -->\nold\n<!-- end -->\nbelow\n"
    after = generated(before)
    assert after.startswith("above\n<!-- generated: decisions -->\n- [0001 ")
    assert after.endswith("\n<!-- end -->\nbelow\n")
    assert generated(after) == after


@pytest.mark.parametrize("path", [path for path in files() if path.suffix == ".md"], ids=Path.as_posix)
def test_a_link_within_the_project_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"```.*?```", "", text(path), flags=re.DOTALL))
    broken = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    broken = [link for link in broken if not (ROOT / path.parent / link).exists()]
    assert not broken, f"{path}: {broken}"
