"""Feed every reader with bytes that a coverage-guided fuzzer makes up; the exit status is 1 when one of them broke.

    python -m tests.fuzz.run --seconds 60                  every reader, one after another
    python -m tests.fuzz.run message acts --seconds 600    the named ones
    python -m tests.fuzz.run message --input FILE          once, with the bytes of a file: how a failure is reproduced

A reader breaks when anything but its own refusals leaves it, when it takes more memory than its bound, or when it does
not say again what it read. Needs atheris (`make fuzz` installs it).
"""

import argparse
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

COMMAND = "python -m tests.fuzz.run"
INPUT_BYTES_MAX = 65_536
RSS_MB_MAX = 400
"""What the whole process may take, the fuzzer's own tables among it."""
MALLOC_MB_MAX = 64
"""No single allocation may be larger."""
UNIT_S_MAX = 20
"""No input may take longer."""
EXECUTED = re.compile(r"number_of_executed_units:\s*(\d+)")
INSTRUMENTED = ["quorate", "agents", "backends", "federation"]


def hunt(name: str, folder: Path, seconds: int, seed: int) -> None:
    """Fuzz one reader in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.decoders import DECODERS
    decoder = DECODERS[name]
    for number, example in enumerate(decoder.examples()):
        (folder / f"example-{number}").write_bytes(example)

    def one(data: bytes) -> None:
        with suppress(*decoder.refusals):
            decoder.feed(data)

    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={INPUT_BYTES_MAX}",
        f"-rss_limit_mb={RSS_MB_MAX}",
        f"-malloc_limit_mb={MALLOC_MB_MAX}",
        f"-timeout={UNIT_S_MAX}",
        f"-seed={seed}",
        "-print_final_stats=1",
    ]
    atheris.Setup([name, str(folder), f"-artifact_prefix={Path.cwd()}/fuzz-{name}-", *limits], one)
    atheris.Fuzz()


def campaign(names: list[str], seconds: int, seed: int) -> int:
    """Fuzz readers in processes of their own; print what each came to."""
    broken = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", str(seconds), "--seed", str(seed)]
            done = subprocess.run([*words, "--corpus", folder], capture_output=True, text=True, check=False)
        found = EXECUTED.search(done.stderr)
        broken += done.returncode != 0 or found is None
        verdict = "broken" if done.returncode else "held"
        sys.stdout.write(f"{name:12} {found[1] if found else 0:>10} executions  {verdict}\n")
        if done.returncode or found is None:
            sys.stdout.write(f"{done.stdout[-3000:]}\n{done.stderr[-1000:]}\n{COMMAND} {name} --input FILE\n")
        sys.stdout.flush()
    sys.stdout.write(f"readers={len(names)} broken={broken}\n")
    return 1 if broken else 0


def _once(name: str, data: bytes) -> str:
    """Return what one reader says to these bytes; what breaks it is raised."""
    from tests.fuzz.decoders import DECODERS

    try:
        DECODERS[name].feed(data)
    except DECODERS[name].refusals as refusal:
        return f"refused: {refusal}"
    return "read"


def names() -> list[str]:
    """Return every reader's name."""
    from tests.fuzz.decoders import DECODERS

    return list(DECODERS)


def main(words: list[str] | None = None) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("readers", nargs="*", help="names; none: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--input", type=Path, help="read the bytes of this file once")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.corpus is not None:
        hunt(options.readers[0], options.corpus, options.seconds, options.seed)
        return 0
    unknown = sorted({*options.readers} - {*names()})
    if unknown:
        parser.error(f"no reader is called {unknown[0]}; there are {', '.join(names())}")
    if options.input is not None:
        for name in options.readers:
            sys.stdout.write(f"{name}: {_once(name, options.input.read_bytes())}\n")
        return 0
    return campaign(options.readers or names(), options.seconds, options.seed)


if __name__ == "__main__":
    sys.exit(main())
