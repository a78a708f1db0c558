"""docs/protocol.md and the tests know each other: each clause is cited by a test, each citation is of a clause."""

import re
from pathlib import Path

from tests.house.tree import files, text

PROTOCOL = Path("docs/protocol.md")
DEFINED = re.compile(r"^(?:#+ |[-*] |\| ?)?\*{0,2}(P-\d+)\b", re.MULTILINE)
CITED = re.compile(r"\bP-\d+\b")


def _clauses() -> list[str]:
    return DEFINED.findall(text(PROTOCOL)) if PROTOCOL in files() else []


def _citations() -> dict[str, set[str]]:
    tests = [path for path in files() if path.suffix == ".py" and path.parts[0] == "tests" and path.parts[1] != "house"]
    return {path.as_posix(): set(CITED.findall(text(path))) for path in tests}


def test_no_clause_is_numbered_twice() -> None:
    clauses = _clauses()
    assert sorted(set(clauses)) == sorted(clauses)


def test_every_clause_is_cited_by_a_test() -> None:
    uncited = set(_clauses()) - set().union(*_citations().values())
    assert not uncited, f"no test cites {sorted(uncited, key=lambda clause: int(clause[2:]))}"


def test_every_citation_is_of_a_clause() -> None:
    clauses = set(_clauses())
    unknown = {name: sorted(cited - clauses) for name, cited in _citations().items() if cited - clauses}
    assert not unknown, f"{PROTOCOL} has no such clause: {unknown}"
