"""No reader breaks on nonsense, takes memory out of proportion, or says something else than it read. P-1, P-2, P-19.

Here with a few hundred examples each, drawn the same way each time; `make fuzz` looks for new ones as long as you like.
"""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.decoders import DECODERS, Decoder

PEAK_BYTES = 3_000_000
PEAK_FACTOR = 60
"""What a reader may take at once: a constant, and so many bytes per byte read."""

SPLICES = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12) | st.sampled_from([b"[" * 3_000, b"9" * 3_000])
    ),
    min_size=1,
    max_size=4,
)
"""Where, how many bytes go, what comes instead."""


def takes(decoder: Decoder, data: bytes) -> bool:
    """Say whether a reader takes the bytes; anything but taking or its own refusals is an error here."""
    try:
        decoder.feed(data)
    except decoder.refusals:
        return False
    return True


def spliced(data: bytes, splices: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, put in splices:
        at = int(share * len(data))
        data = data[:at] + put + data[at + gone :]
    return data


@pytest.mark.parametrize("name", DECODERS)
def test_a_reader_takes_its_examples(name: str) -> None:
    decoder = DECODERS[name]
    examples = decoder.examples()
    assert examples
    taken = [takes(decoder, example) for example in examples]
    assert any(taken) or name in {"certificate", "control", "frames", "federation", "memory"}


@pytest.mark.parametrize("name", DECODERS)
def test_a_reader_refuses_nonsense_and_never_breaks(name: str) -> None:
    decoder = DECODERS[name]
    examples = decoder.examples()

    @settings(max_examples=60)
    @given(st.binary(max_size=200) | st.builds(spliced, st.sampled_from(examples), SPLICES))
    def law(data: bytes) -> None:
        takes(decoder, data)

    law()


@pytest.mark.parametrize("name", DECODERS)
def test_a_reader_takes_memory_in_proportion_to_what_it_reads(name: str) -> None:
    decoder = DECODERS[name]
    longest = max(decoder.examples(), key=len)
    hostile = [
        longest,
        longest * 3,
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"9" * 60_000,
        b"\xff" * 60_000,
        b"\x00" * 60_000,
    ]
    takes(decoder, longest)  # what is made once is made now
    for data in hostile:
        tracemalloc.start()
        try:
            takes(decoder, data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak <= PEAK_BYTES + PEAK_FACTOR * len(data), f"{peak} bytes at once for {len(data)}"
