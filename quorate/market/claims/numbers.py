"""Every number of a sentence whose meaning is clear, and whether it is right."""

from collections.abc import Callable, Iterator

from quorate.market.claims.amounts import bandwidth, duration
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.tallies import tallied

_READERS: dict[str, Callable[[Scene, int], Truth | None]] = {"Q:time": duration, "Q:bw": bandwidth}
"""Tag of a quantity -> who tells what it may truly be; numbers, shares and bytes are told by their roles."""


def numbers(scene: Scene) -> Iterator[Found]:
    """Return every number of the sentence whose meaning is clear."""
    by_role = tallied(scene)
    for index, token in enumerate(scene.sentence.tokens):
        if index in by_role:
            yield by_role[index][0]
        elif token.tag in _READERS:
            truth = _READERS[token.tag](scene, index)
            if truth is not None:
                yield judged(scene, index, token, truth)
