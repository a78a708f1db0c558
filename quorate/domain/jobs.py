"""A job as its submitter asks for it: whole nodes, for a limited time."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from quorate.domain.clusters import NAME_PATTERN, ClusterType
from quorate.domain.values import JobId, Value

_HIDDEN = re.compile(r"[^\S \n\t]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def _printable(text: str) -> str:
    """Refuse what could drive a terminal or hide text; a person sees exactly what was asked."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} and character not in "\n\t":
            raise ValueError(f"control character U+{ord(character):04X} is not allowed; remove it")
    if _HIDDEN.search(text):
        raise ValueError("an invisible or direction-changing character is not allowed; remove it")
    return text


Text = Annotated[str, AfterValidator(_printable)]
"""Text from outside: no control, invisible or direction-changing characters."""

NODES_MAX = 1_000_000
WALLTIME_S_MAX = 365 * 24 * 3600


class Attribute(Value):
    """A free attribute of a job: described, never interpreted."""

    name: Text = Field(min_length=1, max_length=60)
    value: Text = Field(max_length=200)


class Job(Value):
    """A request for whole nodes."""

    id: JobId = Field(pattern=NAME_PATTERN)
    """Unique in a ledger."""
    name: Text = Field(default="", max_length=120)
    """For people."""
    application: Text = Field(default="", max_length=80)
    """The program."""
    type: ClusterType = "hpc"
    """The kind of cluster that it suits best."""
    nodes: int = Field(ge=1, le=NODES_MAX)
    """Whole nodes."""
    gpus_per_node: int = Field(default=0, ge=0, le=1_000)
    """GPUs that every one of its nodes must have."""
    memory_gib_per_node: int = Field(default=0, ge=0, le=1_000_000)
    """Memory that every one of its nodes must have, GiB."""
    walltime_s: int = Field(ge=1, le=WALLTIME_S_MAX)
    """The limit asked for, s; what it took is `run_s`."""
    description: Text = Field(default="", max_length=2_000)
    """What it does, in the submitter's words: data, never instructions."""
    attributes: tuple[Attribute, ...] = Field(default=(), max_length=20)
    """Anything else the submitter wants to say."""
    submitter: Text = Field(default="anonymous", max_length=80)
    """Who asks."""
    submitter_key: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """The submitter's Ed25519 public key, hex; its receipt closes the job. Empty: no receipt will come."""
    submitted_at_s: int = Field(default=0, ge=0)
    """Ledger time of submission, s."""

    @property
    def title(self) -> str:
        """What to call it on a screen."""
        return self.name or self.id
