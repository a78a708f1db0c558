"""One prompt in three forms: the same words with other marks, breaks and capitals.

A model's figures may move by dozens of points when nothing but such form changes (Sclar et al. 2024, arXiv
2310.11324), so a difference between two prompts that is smaller than the spread over forms of one says little.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, get_args

from evals.metrics import PRIMARY, Measures, interval, metric
from prompts import Prompt

FormName = Literal["released", "flowing", "shouting"]
FORM_NAMES: tuple[FormName, ...] = get_args(FormName)

_BULLET = re.compile(r"^- ", re.MULTILINE)
_NUMBER = re.compile(r"^(\d+)\. ", re.MULTILINE)
_WRAPPED = re.compile(r"(?<=\S)\n(?: {2,})?(?=[^\s\-*\d$])")
_LABEL = re.compile(r"^[^$\n]+:$", re.MULTILINE)


def _flowing(text: str) -> str:
    """One line a paragraph, stars for dashes, brackets for points."""
    paragraphs = [part if "$" in part else _WRAPPED.sub(" ", part) for part in text.split("\n\n")]
    return _NUMBER.sub(r"\1) ", _BULLET.sub("* ", "\n\n".join(paragraphs)))


def _shouting(text: str) -> str:
    """Labels in capitals, no quotes around names, an empty line before each point of a list."""
    plain = text.replace("`", "")
    capitals = _LABEL.sub(lambda found: found.group().upper(), plain)
    return re.sub(r"(?<!\n)\n(?=- |\d+\. )", "\n\n", capitals)


FORMS: dict[FormName, Callable[[str], str]] = {
    "released": lambda text: text,
    "flowing": _flowing,
    "shouting": _shouting,
}


def in_form(prompt: Prompt, form: FormName) -> Prompt:
    """Return the prompt in one form, under a hash of its own: answers to it are no answers to the released text."""
    if form == "released":
        return prompt
    system, user = FORMS[form](prompt.system), FORMS[form](prompt.user)
    hashed = sha256(f"{system}\n# User\n{user}".encode()).hexdigest()
    return replace(prompt, ref=prompt.ref.model_copy(update={"sha256": hashed}), system=system, user=user)


@dataclass(frozen=True, slots=True)
class Spread:
    """One primary figure over the forms of one prompt."""

    metric: str
    by_form: Mapping[FormName, float]

    @property
    def width(self) -> float:
        """The largest less the smallest."""
        return max(self.by_form.values()) - min(self.by_form.values())


def spreads(measured: Mapping[FormName, Measures]) -> list[Spread]:
    """Return the spread of each primary figure that every form has."""
    found = []
    for name in PRIMARY:
        if all(name in measures for measures in measured.values()):
            means = {form: interval(measures[name], metric(name)).estimate for form, measures in measured.items()}
            found.append(Spread(name, means))
    return found
