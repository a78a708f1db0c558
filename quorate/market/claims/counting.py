# ruff: noqa: E501 - words of a class stand together
"""What a number of nodes can be, by role, and the words that make it natural to read it so."""

import re
from collections.abc import Iterator

from quorate.market.claims.lexer import Token
from quorate.market.claims.values import Known

OF_ROLE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("total", re.compile(r" (?:out of|of|total|all|altogether|cluster|have|own|our|entire|whole|size) ")),
    ("free", re.compile(r" (?:free|idle|available|unused|empty|vacant|open|left|spare|unoccupied|remain\w*|still|ready) ")),
    ("job", re.compile(r" (?:job|it|asks?|asked|asking|wants?|wanted|needs?|needed|request\w*|requir\w*|allocation|take|takes|demand\w*|give|giving|given|grant\w*|place|placing) ")),
    ("busy", re.compile(r" (?:busy|occupied|used|taken|use|working|allocated|unavailable|engaged|tied|not free|not idle|in jobs) ")),
    ("jobs", re.compile(r" (?:jobs?|allocated|running|run|users?|busy|others?) ")),
    ("background", re.compile(r" (?:background|system|maintenance|services?) ")),
    ("left", re.compile(r" (?:left|leav\w+|remain\w*|stay\w*|after\w*|rest|still|spare|over|reserve|untouched|keep|kept|minus|would) ")),
    ("gpu nodes", re.compile(r" (?:gpus?|accelerat\w+|them|which|those|equipped|cards) ")),
    ("bare nodes", re.compile(r" (?:gpus?|accelerat\w+|cpu|cpu-only|plain|bare|without) ")),
    ("kind", re.compile(r" (?:kind|group|with|of which|that have|memory|gib|tib|partition|type|sort|larger?|smaller?|big|fat|thin|lean|have the required|qualif\w+|suitable|eligible|such) ")),
    ("margin", re.compile(r" (?:by|more than|fewer than|less than|short\w*|surplus|extra|additional|missing|difference|too many|too few) ")),
)  # fmt: skip
"""What a number of nodes can be, and the words that make it natural to read it so."""


def counts(known: Known) -> dict[str, tuple[int | None, ...]]:
    """Return what a number of nodes may be, by role."""
    groups = known.groups or ()
    job, nodes, free = known.job_nodes, known.nodes, known.nodes_free
    bases = (free, nodes, known.suitable, known.suitable_free, *(group.free for group in groups))
    with_gpus, bare = [g for g in groups if g.gpus], [g for g in groups if not g.gpus]
    sums = [tuple(total(getattr(g, what) for g in part) for what in ("nodes", "free")) for part in (with_gpus, bare)]
    return {
        "total": (nodes,),
        "free": (free, known.suitable_free),
        "job": (job,),
        "busy": (
            less(nodes, free),
            known.nodes_allocated,
            plus(less(nodes, free), job),
            *(less(group.nodes, group.free) or None for group in groups),
        ),
        "jobs": (known.nodes_allocated,),
        "background": (known.nodes_background,),
        "left": tuple(less(base, job) for base in (free, known.suitable_free, *(group.free for group in groups))),
        "gpu nodes": sums[0],
        "bare nodes": sums[1],
        "kind": (
            *(g.nodes for g in groups),
            *(g.free for g in groups),
            known.suitable,
            known.suitable_free,
            *(less(g.nodes, job) for g in groups),
        ),
        "margin": tuple(None if base is None or job is None else abs(base - job) for base in bases),
    }


def total(parts: Iterator[int | None]) -> int | None:
    """Return the sum, None if a part is unknown."""
    values = [*parts]
    return None if None in values else sum(value or 0 for value in values)


def less(base: int | None, part: int | None) -> int | None:
    """Return a difference, None if a side is unknown."""
    return None if base is None or part is None else base - part


def plus(base: int | None, part: int | None) -> int | None:
    """Return a sum, None if a side is unknown."""
    return None if base is None or part is None else base + part


def words_of(tokens: tuple[Token, ...]) -> str:
    """Return the words in lower case, spaced."""
    return " " + " ".join(token.raw.lower() for token in tokens) + " "
