"""Drafts: what is wrong is said at once, and what is right becomes exactly the file that a release takes."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompts import HERE, Prompt, load, versions
from prompts.drafts import (
    DRAFT_CHARS_MAX,
    body,
    draft,
    next_version,
    problems,
    read_draft,
    released,
    remarks,
    whole,
)
from quorate.domain.errors import PromptError

BASE = load("bid", 2)
INPUTS = BASE.head.inputs
ALL = " ".join(f"${name}" for name in INPUTS)


@pytest.mark.parametrize("version", versions("bid"))
def test_a_copy_of_a_released_prompt_has_no_fault_and_says_the_same(version: int) -> None:
    base = load("bid", version)
    assert problems(body(base), base.head.inputs) == ()
    again = draft(whole(released(version), base, "Nothing."), "the copy")
    assert (again.system, again.user) == (base.system, base.user)
    assert again.ref.version == next_version("bid")
    assert again.ref.sha256 != base.ref.sha256


@given(st.text(max_size=400), st.text(max_size=60))
@example("A `$`: $5 ${} $$ $", "x")
@example("+++\nid = 1\n+++", '"] ; [x]')
@example("\ud800", "\ud800")
@example("\x7f\u202e", '"\\\n')
def test_every_text_is_either_refused_in_sentences_or_asked_as_it_stands(text: str, changed: str) -> None:
    told = f"{text}\n# User\n{ALL}\n"
    if problems(told, INPUTS):
        assert all("\n" not in sentence and len(sentence) < 300 for sentence in problems(told, INPUTS))
        return
    try:
        file = whole(told, BASE, changed)
    except PromptError:
        return
    assert draft(file, "the copy").system == told.split("\n# User\n")[0].strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"System.\n# User\n{ALL} $price", "line 3: $price is no placeholder; there are $cluster, $request"),
        (f"System.\n# User\n{ALL} ${{price}}", "line 3: $price is no placeholder"),
        (f"System.\n# User\n{ALL.replace('$facts', '')}", "$facts is missing"),
        (f"Costs $5.\n# User\n{ALL}", "line 1: a `$` that names nothing; write `$$` for a dollar"),
        (f"Sys\u200btem\u202e.\n# User\n{ALL}", "line 1 holds a hidden character (U+200B), and 1 more; delete it"),
        (f"A\xa0space.\n# User\n{ALL}", "hidden character (U+00A0)"),
        (f"System.\n{ALL}", "it has 0 lines `# User`"),
        (f"System.\n# User\n# User\n{ALL}", "it has 2 lines `# User`"),
        (f"# User\n{ALL}", "the system's part is empty"),
        (f"{ALL}\n# User\n", "the user's part is empty"),
        ("x" * (DRAFT_CHARS_MAX + 1), f"it has {DRAFT_CHARS_MAX + 1:,} characters; at most {DRAFT_CHARS_MAX:,}"),
    ],
)
def test_each_fault_has_its_sentence(text: str, said: str) -> None:
    assert any(sentence.startswith(said) or said in sentence for sentence in problems(text, INPUTS))


def test_a_thousand_dollars_are_answered_in_a_few_sentences() -> None:
    assert len(problems("$a $b $c $d $5 " * 400 + f"\n# User\n{ALL}", INPUTS)) <= 6


def test_a_worked_score_is_remarked_on_and_not_refused() -> None:
    told = f"Such as 0.85.\n# User\n{ALL}"
    assert problems(told, INPUTS) == ()
    assert "line 1: models copy a number such as 0.8" in remarks(told)[0]
    assert remarks(body(BASE)) == ()


def test_what_is_downloaded_is_what_a_release_takes(tmp_path: Path) -> None:
    told = body(BASE).replace("You weigh", "You weigh again")
    file = whole(told, BASE, 'Says "again", \\ and nothing else.')
    (tmp_path / "bid").mkdir()
    number = next_version("bid")
    (tmp_path / "bid" / f"v{number}.md").write_text(file, encoding="utf-8")
    (tmp_path / "LOCK.toml").write_text(f'"bid/v{number}" = "{sha256(file.encode()).hexdigest()}"\n')
    found = load("bid", number, tmp_path)
    assert found == draft(file, "the copy")
    assert found.head.changed == 'Says "again", \\ and nothing else.'


@pytest.mark.parametrize("changed", ["", " \n ", "x" * 301, "a\u202eb"])
def test_the_line_about_the_change_is_checked_too(changed: str) -> None:
    with pytest.raises(PromptError):
        whole(body(BASE), BASE, changed)


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "mine.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_that_is_not_released_can_be_asked(tmp_path: Path) -> None:
    path = written(tmp_path, whole(body(BASE), BASE, "Nothing."))
    assert isinstance(read_draft(path), Prompt)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff", "it is no UTF-8 text"),
        ("no head", "does not begin with front matter"),
        (b"x" * 100_000, "has more than"),
        ((HERE / "vote/v2.md").read_bytes(), "is a prompt 'vote'"),
        (whole(body(BASE), BASE, "x").replace('"marker", ', "").replace("$marker", "m"), "are given here"),
        (whole(body(BASE), BASE, "x") + "\u202e", "hidden character"),
        ("+++\nid = 3\n+++\nx", "front matter: id: "),
    ],
)
def test_a_file_that_cannot_be_asked_is_refused_with_its_name(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PromptError) as refused:
        read_draft(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="cannot be read: No such file"):
        read_draft(tmp_path / "none.md")
