"""A toy application for the consensus: it counts what the items add. Deterministic, small, and able to be awkward.

Payloads are canonical JSON objects: `{"add": 3}` adds; `{"bad": true}` is refused by `judge`; `{"power": [seat, p]}`
sets a seat's power from the next height on. A block is due while an item waits, or once `tick_s` seconds have passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import orjson

from quorate.consensus.leader import next_priorities
from quorate.consensus.signing import KeySigner
from quorate.domain.canonical import Plain, canonical, digest
from quorate.domain.deciding import Block, Certificate, Committee, Item, Seat
from quorate.domain.values import ClusterId, Digest, Height, VotingPower

CHAIN = "toy"
GENESIS = digest(b"toy genesis")


def signer(seat: int) -> KeySigner:
    return KeySigner(digest(b"toy key %d" % seat).encode()[:32])


def committee(powers: Sequence[int], height: int = 1) -> Committee:
    seats = tuple(
        Seat(cluster=ClusterId(f"C{i}"), public_key=signer(i).public_key.hex(), power=VotingPower(power))
        for i, power in enumerate(powers)
    )
    return Committee(height=Height(height), seats=seats, priorities=(0,) * len(seats))


def payload(add: int) -> bytes:
    return canonical({"add": add})


def _act(item: Item) -> dict[str, object]:
    return cast("dict[str, object]", orjson.loads(item.payload))


@dataclass(frozen=True)
class Toy:
    """The state before one height."""

    committee: Committee
    sequences: tuple[int, ...]
    chain: str = CHAIN
    height: Height = Height(1)
    parent: Digest = GENESIS
    head_at_s: int = 0
    total: int = 0
    tick_s: int | None = None

    def due(self, pool: Sequence[Item], now_s: int) -> bool:
        return bool(pool) or (self.tick_s is not None and now_s >= self.head_at_s + self.tick_s)

    def wake_at_s(self, pool: Sequence[Item]) -> int | None:
        return None if self.tick_s is None else self.head_at_s + self.tick_s

    def _total(self, items: Sequence[Item]) -> int:
        return self.total + sum(cast("int", _act(item).get("add", 0)) for item in items)

    def results(self, at_s: int, items: Sequence[Item], previous: Certificate | None) -> Plain:
        return {"total": self._total(items)}

    def judge(self, item: Item) -> str | None:
        act = orjson.loads(item.payload)
        if not isinstance(act, dict):
            return "it is no object"
        return "it is marked bad" if act.get("bad") else None

    def _powers(self, items: Sequence[Item]) -> list[int]:
        powers = list(self.committee.powers)
        for item in items:
            change = _act(item).get("power")
            if isinstance(change, list):
                powers[change[0]] = change[1]
        return powers

    def apply(self, block: Block, items: Sequence[Item]) -> "Toy":
        sequences = list(self.sequences)
        for item in items:
            sequences[item.sender] = item.seq
        powers = self._powers(items)
        seats = tuple(
            seat if seat.power == power else seat.model_copy(update={"power": power})
            for seat, power in zip(self.committee.seats, powers, strict=True)
        )
        following = Committee.model_construct(
            height=Height(self.height + 1),
            seats=seats,
            priorities=next_priorities(self.committee.priorities, self.committee.powers, powers),
        )
        return replace(
            self,
            committee=following,
            sequences=tuple(sequences),
            height=Height(self.height + 1),
            parent=block.digest,
            head_at_s=block.at_s,
            total=self._total(items),
        )


def toy(powers: Sequence[int] = (1000,) * 6, tick_s: int | None = None) -> Toy:
    return Toy(committee=committee(powers), sequences=(0,) * len(powers), tick_s=tick_s)
