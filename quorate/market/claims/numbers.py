"""Every number of a sentence whose meaning is clear, and whether it is right."""

from collections.abc import Callable, Iterator

from quorate.market.claims.amounts import bandwidth, duration, memory, percent
from quorate.market.claims.counts import count
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.rules import Found, Scene

_READERS: dict[str, Callable[[Scene, int], Truth | None]] = {
    "N": count,
    "Q:pct": percent,
    "Q:mem": memory,
    "Q:time": duration,
    "Q:bw": bandwidth,
}
"""Tag of a quantity -> who tells what it may truly be."""


def numbers(scene: Scene) -> Iterator[Found]:
    """Return every number of the sentence whose meaning is clear."""
    for index, token in enumerate(scene.sentence.tokens):
        reader = _READERS.get(token.tag)
        truth = reader(scene, index) if reader else None
        if truth is not None:
            yield judged(scene, index, token, truth)
