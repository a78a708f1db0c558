"""The app as a server of its own, and the browser that looks at it: for the suite and for measurements."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("QUORATE_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
"""The last one closes every name but this machine's: a page that asks elsewhere gets nothing, and is found out."""
WAIT_MS = 120_000
"""Nothing here measures speed; a shared machine may be slow."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/_stcore/health", timeout=2) as answer:
            return bool(answer.read() == b"ok")
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def serving(runs: Path, home: Path, script: str = "app_under_test.py", **more: str) -> Iterator[str]:
    """Serve the app on a folder of runs; a fresh home holds no configuration and no credentials."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", f"tests/browser/{script}", "--server.port", str(port)]
    keep = {"PATH", "LANG", "LC_ALL", "TZ"}
    environment = {name: value for name, value in os.environ.items() if name in keep}
    environment |= {"HOME": str(home), "QUORATE_TEST_RUNS": str(runs), **more}
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not _healthy(base):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((home / "server.log").read_text("utf-8"))
            time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def many_jobs(count: int) -> str:
    """Return a workload of jobs a minute apart (TOML)."""
    return "interval_min = 1\n" + "".join(
        f'[[jobs]]\nid = "job_{n:03}"\nname = "Job number {n}"\nnodes = {4 + n % 9}\nwalltime_min = {20 + n % 50}\n'
        for n in range(1, count + 1)
    )
