"""A checkpoint: what a height's block was, as its reader knows it from elsewhere.

Certificates show that a quorum of the keys of their height signed. Whoever gets hold of old keys, long after their
holders let go of them, can certify another past (a long-range fork), and no signature tells the two apart. A reader who
wrote down one recent head can: a ledger that says otherwise at that height, or ends before it, is refused.
"""

import re
from collections.abc import Iterable, Iterator

from pydantic import Field

from quorate.domain.errors import LedgerBroken, RequestInvalid
from quorate.domain.values import Digest, Value
from quorate.ledger.verify import Verified

_TEXT = re.compile(r"([1-9][0-9]{0,15}):([0-9a-f]{64})")


class Checkpoint(Value):
    """One height and the digest of its block."""

    height: int = Field(ge=1)
    digest: Digest = Field(pattern=r"^[0-9a-f]{64}$")


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that `HEIGHT:DIGEST` writes.

    Raises:
        RequestInvalid: it is not written so.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise RequestInvalid(f"{ascii(text)[:90]} is no checkpoint; write HEIGHT:DIGEST, such as 24: and 64 hex digits")
    return Checkpoint(height=int(found[1]), digest=Digest(found[2]))


def holding(heights: Iterable[Verified], checkpoint: Checkpoint) -> Iterator[Verified]:
    """Yield verified heights of a ledger that agrees with a checkpoint.

    Raises:
        LedgerBroken: the ledger has another block at that height, or ends before it.
    """
    last = 0
    for verified in heights:
        block = verified.entry.block
        last = block.height
        if last == checkpoint.height and block.digest != checkpoint.digest:
            raise LedgerBroken(
                f"block {block.digest} contradicts the checkpoint {checkpoint.digest}: another past",
                offset=verified.offset,
                height=last,
            )
        yield verified
    if last < checkpoint.height:
        raise LedgerBroken(f"the ledger ends before the checkpoint at height {checkpoint.height}", height=last)
