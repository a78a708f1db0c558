"""A stranger checks a ledger, without a key and without trust. Run: `python -m examples.verify_a_ledger [LEDGER]`."""

import asyncio
import sys
import tempfile
from pathlib import Path

import carrying
import wiring
from backends.ledger_file import read_lines
from quorate.domain.errors import LedgerBroken
from quorate.ledger.verify import verify_lines


def main(path: str = "") -> None:
    """Verify the ledger at `path`, or one made for the purpose; then change one letter of it."""
    with tempfile.TemporaryDirectory() as folder:
        places = wiring.Places(Path(folder))
        if not path:
            settings = wiring.read_settings(None)
            asked = wiring.request(settings, name="to be verified")
            asyncio.run(carrying.carry_out(settings, asked, places, wiring.Options(times=False)))
        lines = list(read_lines(Path(path) if path else places.ledger))
    print(f"{len(list(verify_lines(lines)))} heights verified from genesis")
    lines[-1] = lines[-1].replace(b'"at_s":', b'"at_s":1', 1)
    try:
        print(f"{len(list(verify_lines(lines)))} heights verified although a digit was put in")
    except LedgerBroken as error:
        print(f"with one digit more, height {error.height} does not verify: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
