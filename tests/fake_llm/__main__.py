"""`python -m tests.fake_llm --port 8001`: the server by itself, for a person or another program to talk to."""

import argparse
import sys
import time

from tests.fake_llm.faults import FAULTS
from tests.fake_llm.server import FakeLLM


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_llm", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="loopback port (default 8001)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    given = parser.parse_args()
    with FakeLLM(port=given.port, delay_s=given.delay) as server:
        names = " ".join(f"fault-{fault.name}" for fault in FAULTS)
        sys.stdout.write(f"{server.url}\nany model name answers well; these do not: {names}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
