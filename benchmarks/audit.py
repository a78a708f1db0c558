"""What an offline audit costs beside the signatures in it: both in one run, on one file.

Run: `.venv/bin/python -m benchmarks.audit [--heights 1000] [--jobs 0] [--repeats 7] [--profile FILE]`. The ledger has
so many heights with an item of each of six members; with `--jobs` it is that of a run of six members that decides so
many jobs instead. The limit is a loop over the very checks that the audit made (key, message, signature), each
signature once; both are measured in turn, in processor time, so that other work on the machine slows both.
"""

import argparse
import cProfile
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from benchmarks.light import made
from quorate.consensus import signing
from quorate.consensus.signing import Ed25519Verifier
from quorate.ledger import acts, state
from quorate.ledger.verify import verify_lines

# By name, because tests are checked by running them and carry no types.
build = import_module("tests.quorate.ledger.build")

PREDICTION = 0.60
"""Share of the limit, from the design's goals."""

Check = tuple[bytes, bytes, bytes]


def grown(heights: int) -> list[bytes]:
    """Return the lines of a ledger of so many heights, each with an item of every one of six members."""
    wide = [build.cluster(f"c{seat}", groups=[build.group(nodes=1_000_000)]) for seat in range(6)]
    chain = build.Chain(build.genesis(wide))
    for number in range(heights):  # every payload is another: none is known from an earlier height
        chain.decide({seat: [acts.Declare(background=6 * number + seat)] for seat in range(6)})
    return list(chain.lines())


def checks_of(lines: list[bytes]) -> list[Check]:
    """Return what an audit of these lines checks: keys, messages and signatures, in its order."""
    made_: list[Check] = []
    valid = Ed25519Verifier.valid

    def noting(self: Ed25519Verifier, public_key: bytes, message: bytes, signature: bytes) -> bool:
        made_.append((public_key, message, signature))
        return valid(self, public_key, message, signature)

    with patch.object(Ed25519Verifier, "valid", noting):
        _audited(lines)
    return made_


def _audited(lines: list[bytes]) -> None:
    """Audit as a stranger who begins: nothing is remembered of the audit before."""
    for known in (signing._statement, signing._ext_digest, state._seated, state._seat):
        known.cache_clear()
    with patch.object(acts, "_READ", acts.Read(acts.READ_BYTES_MAX)):
        for _ in verify_lines(lines):
            pass


def _checked(checks: list[Check]) -> None:
    valid = Ed25519Verifier().valid
    for key, message, signature in checks:
        valid(key, message, signature)


def _spent_s(act: Callable[[], None]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _profiled(lines: list[bytes], file: str) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(_audited, lines)
    profiler.dump_stats(file)


def main() -> int:
    """Measure, and print a line for the ledger."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heights", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--profile", help="write a cProfile of one audit here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = made(args.jobs, Path(folder) / "run") if args.jobs else grown(args.heights)
    checks = list(dict.fromkeys(checks_of(lines)))
    if args.profile:
        _profiled(lines, args.profile)
    gc.collect()
    gc.freeze()  # what made the ledger is no part of an audit: the collector must not walk through it
    pairs = [(_spent_s(lambda: _audited(lines)), _spent_s(lambda: _checked(checks))) for _ in range(args.repeats)]
    _report(len(lines) - 1, len(checks), pairs)
    return 0


def _report(heights: int, checks: int, pairs: list[tuple[float, float]]) -> None:
    shares = [alone / whole for whole, alone in pairs]
    whole, alone = (min(column) for column in zip(*pairs, strict=True))
    share = statistics.median(shares)
    print(
        f"prediction {PREDICTION:.2f}; measured {share:.2f} of the limit (median of {len(pairs)} pairs, "
        f"{min(shares):.2f} to {max(shares):.2f}): {heights} heights at {heights / whole:.0f}/s, "
        f"{1e6 * whole / heights:.0f} us each, of which {checks / heights:.1f} signatures take "
        f"{1e6 * alone / heights:.0f} us; {'held' if share >= PREDICTION else 'missed'}; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
