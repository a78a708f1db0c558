"""A copy of a released prompt that somebody edits: what is wrong with it, and the file that it would become.

A draft is asked like any prompt, and its hash stands in every answer; it becomes a version only as a file of its own,
released by `python -m prompts`. Its text is foreign: bounded, without characters that nobody sees.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from prompts import HERE, Prompt, load, parsed, versions
from quorate.domain.errors import PromptError

DRAFT_CHARS_MAX = 12_000
"""Three times the longest released prompt; what is longer costs more than it can say."""

CHANGED_CHARS_MAX = 300
"""The line that says why there is a new version (`Head.changed`)."""

FILE_BYTES_MAX = 4 * DRAFT_CHARS_MAX

_USER = re.compile(r"^# User$", re.MULTILINE)
_DECIMAL = re.compile(r"\d+[.,]\d")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def body(prompt: Prompt) -> str:
    """Return what is to be edited of a prompt: both parts, without its front matter."""
    return f"{prompt.system}\n\n# User\n{prompt.user}\n"


def normal(text: str) -> str:
    """Return a text with the line ends of a released file."""
    return text.replace("\r\n", "\n").strip("\n") + "\n"


def problems(text: str, inputs: Sequence[str]) -> tuple[str, ...]:
    r"""Return why a body cannot be asked, one sentence each; empty if it can.

    >>> problems("Bid for $cluster.\n# User\n$facts, $price\n", ("cluster", "facts"))
    ('line 3: $price is no placeholder; there are $cluster, $facts',)
    """
    if len(text) > DRAFT_CHARS_MAX:
        return (f"it has {len(text):,} characters; at most {DRAFT_CHARS_MAX:,}: shorten it",)
    return (*unseen(text), *_parts(text), *_placeholders(text, inputs))


def remarks(text: str) -> tuple[str, ...]:
    """Return what is allowed and seldom wise, one sentence each."""
    shown = _DECIMAL.search(text)
    if shown is None:
        return ()
    return (f"line {_line(text, shown.start())}: models copy a number such as {shown[0]} as their score",)


def unseen(text: str) -> tuple[str, ...]:
    """Return a sentence about characters that nobody sees, naming the first; empty if there are none."""
    found = [(at, char) for at, char in enumerate(text) if _hidden(char)]
    if not found:
        return ()
    at, char = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return (f"line {_line(text, at)} holds a hidden character (U+{ord(char):04X}){more}; delete it",)


def _hidden(char: str) -> bool:
    return char not in " \n\t" and unicodedata.category(char) in _UNSEEN


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _parts(text: str) -> tuple[str, ...]:
    found = len(_USER.findall(text))
    if found != 1:
        return (f"it has {found} lines `# User`; one line of its own divides the system's part from the user's",)
    empty = [name for name, part in zip(("system", "user"), _USER.split(text), strict=True) if not part.strip()]
    return tuple(f"the {name}'s part is empty; write something there" for name in empty)


def _placeholders(text: str, inputs: Sequence[str]) -> tuple[str, ...]:
    found = list(Template.pattern.finditer(text))
    used = [(name, match.start()) for match in found if (name := match["named"] or match["braced"])]
    known = ", ".join(f"${name}" for name in inputs)
    unknown = [f"line {_line(text, at)}: ${name} is no placeholder; there are {known}"
               for name, at in used if name not in inputs]  # fmt: skip
    stray = [f"line {_line(text, match.start())}: a `$` that names nothing; write `$$` for a dollar"
             for match in found if match["invalid"] is not None]  # fmt: skip
    missing = set(inputs) - {name for name, _ in used}
    gone = [f"${name} is missing; the agent would be asked without it: put it back" for name in inputs
            if name in missing]  # fmt: skip
    return (*_few(unknown), *_few(stray), *gone)


def _few(sentences: Iterable[str], most: int = 3) -> list[str]:
    """Return the first few, each once: a text of dollars is not answered with a wall."""
    return list(dict.fromkeys(sentences))[:most]


def next_version(prompt_id: str) -> int:
    """Return the number that the next release of a prompt gets."""
    return versions(prompt_id)[-1] + 1


def whole(text: str, base: Prompt, changed: str) -> str:
    """Return the file that a body would be as the next version after all released ones.

    Raises:
        PromptError: the line about the change is empty, too long, or holds what nobody sees.
    """
    line = " ".join(changed.split())
    if not 1 <= len(line) <= CHANGED_CHARS_MAX:
        raise PromptError(f"say in 1 to {CHANGED_CHARS_MAX} characters what changed; it has {len(line)}")
    if hidden := unseen(line):
        raise PromptError(f"what changed: {hidden[0]}")
    inputs = ", ".join(json.dumps(name) for name in base.head.inputs)
    return (
        f'+++\nid = "{base.head.id}"\nversion = {next_version(base.head.id)}\nreply = "{base.head.reply}"\n'
        f"inputs = [{inputs}]\nchanged = {json.dumps(line, ensure_ascii=False)}\n+++\n{normal(text)}"
    )


def draft(text: str, name: str, prompt_id: str = "bid") -> Prompt:
    """Return the prompt that a whole file's text is, asked in the place of `prompt_id`; `name` stands in sentences.

    Raises:
        PromptError: it cannot be asked, and why.
    """
    if hidden := unseen(text):  # before anything is encoded: half a character has no bytes
        raise PromptError(f"{name}: {hidden[0]}")
    found = parsed(text, name)
    newest = load(prompt_id, versions(prompt_id)[-1]).head
    if (found.head.id, found.head.reply) != (newest.id, newest.reply):
        raise PromptError(f"{name} is a prompt {found.head.id!r}; {newest.id!r} is asked here: name another file")
    if set(found.head.inputs) != set(newest.inputs):
        raise PromptError(f"{name} takes {sorted(found.head.inputs)}; {sorted(newest.inputs)} are given here")
    if wrong := problems(body(found), newest.inputs):
        raise PromptError(f"{name}: {wrong[0]}")
    return found


def read_draft(path: Path, prompt_id: str = "bid") -> Prompt:
    """Return the prompt in a file that need not be released.

    Raises:
        PromptError: it cannot be read, or cannot be asked.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
        text = raw.decode()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise PromptError(f"{path} cannot be read: {reason}; name a prompt's file") from None
    if len(raw) > FILE_BYTES_MAX:
        raise PromptError(f"{path} has more than {FILE_BYTES_MAX:,} bytes; shorten it")
    return draft(text, str(path), prompt_id)


def released(version: int, prompt_id: str = "bid") -> str:
    """Return a released version's body, to be copied and edited."""
    return body(load(prompt_id, version, HERE))
