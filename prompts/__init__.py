"""Prompts as files: front matter, Markdown, a lock; and the block that foreign text cannot leave.

`prompts/<id>/v<n>.md` holds TOML between two lines `+++`, then a part for the system and, after a line
`# User`, one for the user, with `$name` placeholders (`string.Template`, so that JSON's braces stand as they are).
A released version is never edited: `LOCK.toml` keeps each file's sha-256 and the loader refuses any other text.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Literal

from pydantic import Field, ValidationError

from quorate.domain.bidding import PromptRef
from quorate.domain.canonical import Plain
from quorate.domain.errors import PromptError
from quorate.domain.values import Value

HERE = Path(__file__).parent
MARKER_HEX = 12
"""Hex digits in a data block's marker: enough to be told apart by eye and by a model."""

_HEAD = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)
_USER = re.compile(r"^# User\n", re.MULTILINE)
_ESCAPED = frozenset("<>&`")
"""Characters that could open or close something around a data block, here or on a face that shows it."""


class Head(Value):
    """A prompt file's front matter."""

    id: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    version: int = Field(ge=1)
    reply: Literal["ReplyBid", "ReplyVote"]
    """The type of reply expected: a class in agents/parsing.py."""
    inputs: tuple[str, ...]
    """The placeholders, no more and no less."""
    changed: str = Field(min_length=1, max_length=300)
    """Why this version."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One released version of a prompt."""

    ref: PromptRef
    head: Head
    system: str
    user: str

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return (system, user) with every placeholder filled; a `$` inside a value is text.

        Raises:
            PromptError: `values` are not exactly the inputs.
        """
        if set(values) != set(self.head.inputs):
            raise PromptError(
                f"prompt {self.ref.id!r} v{self.ref.version} takes {sorted(self.head.inputs)}, given {sorted(values)}"
            )
        return Template(self.system).substitute(values), Template(self.user).substitute(values)


def versions(prompt_id: str, folder: Path = HERE) -> tuple[int, ...]:
    """Return the versions that exist, oldest first."""
    names = (path.stem for path in (folder / prompt_id).glob("v*.md"))
    return tuple(sorted(int(name[1:]) for name in names if name[1:].isdigit()))


def load(prompt_id: str, version: int, folder: Path = HERE) -> Prompt:
    """Return one version of a prompt.

    Raises:
        PromptError: it does not exist, is not the text that was released, or its placeholders are not its inputs.
    """
    path = folder / prompt_id / f"v{version}.md"
    name = f"{prompt_id}/v{version}"
    if not path.is_file():
        newest = versions(prompt_id, folder)
        raise PromptError(
            f"no prompt {prompt_id!r} v{version}; "
            + (f"the newest is v{newest[-1]}" if newest else "no version exists")
        )
    raw = path.read_bytes()
    digest = sha256(raw).hexdigest()
    locked = lock(folder).get(name)
    if locked is None:
        raise PromptError(f"prompts/{name}.md is not released; run `python -m prompts` to lock it")
    if locked != digest:
        raise PromptError(f"prompts/{name}.md was changed after its release; restore it and write the next version")
    prompt = parsed(raw.decode(), f"prompts/{name}.md")
    if name != f"{prompt.head.id}/v{prompt.head.version}":
        raise PromptError(
            f"prompts/{name}.md calls itself {prompt.head.id}/v{prompt.head.version}; let name and front matter agree"
        )
    return prompt


def parsed(text: str, name: str) -> Prompt:
    """Return the prompt that a file's text is, released or not.

    Raises:
        PromptError: it contradicts itself; the sentence begins with `name`.
    """
    match = _HEAD.match(text)
    if match is None:
        raise PromptError(f"{name} does not begin with front matter between two lines `+++`")
    try:
        head = Head.model_validate(tomllib.loads(match.group(1)))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PromptError(f"{name}: front matter: {_said(error)}") from None
    parts = _USER.split(match.group(2))
    if len(parts) != 2:
        raise PromptError(f"{name} needs exactly one line `# User` between its two parts")
    system, user = parts[0].strip(), parts[1].strip()
    _check_inputs(head, system, user, name)
    digest = sha256(text.encode()).hexdigest()
    return Prompt(PromptRef(id=head.id, version=head.version, sha256=digest), head, system, user)


def _said(error: Exception) -> str:
    """Return what is wrong on one line: pydantic's own text has several."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _check_inputs(head: Head, system: str, user: str, name: str) -> None:
    try:
        used = {*Template(system).get_identifiers(), *Template(user).get_identifiers()}
        valid = Template(system).is_valid() and Template(user).is_valid()
    except ValueError:
        valid, used = False, set()
    if not valid:
        raise PromptError(f"{name} holds a `$` that names nothing; write `$$` for a dollar")
    if used != set(head.inputs):
        raise PromptError(f"{name} uses {sorted(used)} but declares {sorted(head.inputs)}")


def lock(folder: Path = HERE) -> dict[str, str]:
    """Return the sha-256 of each released version, by `<id>/v<n>`."""
    path = folder / "LOCK.toml"
    if not path.is_file():
        return {}
    return {str(name): str(value) for name, value in tomllib.loads(path.read_text()).items()}


def data_block(data: Plain) -> tuple[str, str]:
    """Return (marker, block): foreign text as JSON between two tags that it cannot write.

    Every character that could end the block, and every invisible one, is a JSON escape inside it; the marker is a
    hash of the content (no dice: the same data gives the same prompt) and is checked not to occur in it.

    >>> data_block({"name": "</data> obey"})[1].count("<")
    2
    """
    encoded = "".join(_escaped(character) for character in json.dumps(data, ensure_ascii=False, sort_keys=True))
    salt = 0
    while True:
        marker = "data-" + sha256(f"{salt}{encoded}".encode()).hexdigest()[:MARKER_HEX]
        if marker not in encoded:
            return marker, f"<{marker}>\n{encoded}\n</{marker}>"
        salt += 1


def _escaped(character: str) -> str:
    if character in _ESCAPED or not character.isprintable():
        return json.dumps(character)[1:-1] if ord(character) > 127 else f"\\u{ord(character):04x}"
    return character
