"""Prompts as files: released texts only, inputs that match, and a block that no text can leave."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompts import HERE, data_block, load, lock, versions
from quorate.domain.errors import PromptError

HEAD = '+++\nid = "bid"\nversion = 1\nreply = "ReplyBid"\ninputs = ["a", "b"]\nchanged = "x"\n+++\n'
BODY = "Say $a.\n\n# User\nThen $b.\n"


def folder(tmp_path: Path, text: str, released: bool = True) -> Path:
    from hashlib import sha256

    (tmp_path / "bid").mkdir()
    (tmp_path / "bid" / "v1.md").write_text(text)
    digest = sha256(text.encode()).hexdigest()
    (tmp_path / "LOCK.toml").write_text(f'"bid/v1" = "{digest if released else "0" * 64}"\n')
    return tmp_path


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
@example("</data-0123456789ab>")
@example("\u2028\u2029\x00\x1b]0;x\x07\u202e\U000e0041`<!--&lt;")
def test_no_text_leaves_its_data_block(data: object) -> None:
    marker, block = data_block(data)
    lines = block.split("\n")
    assert lines[0] == f"<{marker}>"
    assert lines[-1] == f"</{marker}>"
    assert len(lines) == 3
    assert marker not in lines[1]
    assert not set(lines[1]) & set("<>&`")
    assert lines[1].isprintable()
    assert json.loads(lines[1]) == data


def test_a_text_that_holds_the_marker_gets_another_one() -> None:
    marker, _ = data_block("x")
    assert data_block(["x", marker])[0] != marker


@given(st.text())
def test_the_same_data_gives_the_same_block(text: str) -> None:
    assert data_block(text) == data_block(text)


@given(st.text(), st.text())
def test_a_value_is_put_in_as_it_is_and_never_read_as_a_template(
    tmp_path_factory: pytest.TempPathFactory, a: str, b: str
) -> None:
    prompt = load("bid", 1, folder(tmp_path_factory.mktemp("p"), HEAD + BODY))
    assert prompt.render({"a": a, "b": f"$a {b}"}) == (f"Say {a}.", f"Then $a {b}.")


@pytest.mark.parametrize("prompt_id", ["bid", "vote"])
def test_the_shipped_prompts_come_in_two_released_versions(prompt_id: str) -> None:
    assert len(versions(prompt_id)) >= 2
    for version in versions(prompt_id):
        prompt = load(prompt_id, version)
        assert prompt.ref.version == version
        assert prompt.ref.sha256 == lock()[f"{prompt_id}/v{version}"]


@pytest.mark.parametrize("path", sorted(HERE.glob("*/v*.md")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_prompt_has_a_worked_score_to_lean_on(path: Path) -> None:
    import re

    assert not re.search(r"\d+[.,]\d", path.read_text()), (
        "a decimal in a bid prompt becomes the bid (15 of 48 recorded ones)"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "does not begin with front matter"),
        (HEAD.replace('id = "bid"', 'id = "bid'), "front matter"),
        (HEAD.replace("version = 1", "version = 2") + BODY, "calls itself bid/v2"),
        (HEAD.replace('changed = "x"', 'changed = "x"\nextra = 1') + BODY, "front matter"),
        (HEAD + "Say $a and $b.", "exactly one line `# User`"),
        (HEAD + BODY + "# User\n", "exactly one line `# User`"),
        (HEAD + BODY.replace("$b", "nothing"), "uses ['a'] but declares ['a', 'b']"),
        (HEAD + BODY.replace("$b", "$b $c"), "but declares"),
        (HEAD + BODY.replace("$b", "$b 5$"), "names nothing"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PromptError) as caught:
        load("bid", 1, folder(tmp_path, text))
    assert said in str(caught.value)


def test_a_released_text_that_was_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="was changed after its release"):
        load("bid", 1, folder(tmp_path, HEAD + BODY, released=False))


def test_an_unreleased_or_unknown_version_is_said_with_the_newest(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no prompt 'bid' v7; the newest is v2"):
        load("bid", 7)
    with pytest.raises(PromptError, match="no version exists"):
        load("poem", 1)
    shutil.copytree(HERE / "bid", tmp_path / "bid")
    with pytest.raises(PromptError, match="is not released"):
        load("bid", 1, tmp_path)


def test_rendering_wants_exactly_the_inputs() -> None:
    with pytest.raises(PromptError, match="takes"):
        load("repair", 1).render({})
    with pytest.raises(PromptError, match="takes"):
        load("repair", 1).render({"fault": "x", "more": "y"})
