"""Takes the README's pictures from the real app: `make pictures` (needs Chromium).

One demonstration run is made in a folder of its own, the app is served on it, and each page is photographed on a
desktop and a phone, in light and in dark; the Live page while a longer run is on its way. Nothing is drawn by hand and
no number is typed.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FOLDER = ROOT / "docs" / "pictures"
CHROMIUM = os.environ.get("QUORATE_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
SIZES = {"desktop": (1360, 900), "phone": (390, 844)}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PAGES = {
    "run": "/?run=demo",
    "decision": "/decision?run=demo&job=job_007",
    "agents": "/agents?run=demo",
    "what-if": "/what-if?run=demo",
    "lab": "/what-if?run=demo&q=lab",
    "ledger": "/ledger?run=demo",
    "submit": "/submit",
    "live": "/live",
    "evals": "/evals",
}
LIVE_JOBS = 190
"""Jobs of the run that the Live page is photographed with: more than it decides meanwhile."""
LIVE_READY = 40
"""Seconds it is let go on before the first picture, at most."""
HEIGHT_MAX = 6_000
COLOURS = 256
APP = """
import os, sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {root!r})
from serving import AppEngine
from ui.shell import show
show(partial(AppEngine, folder=Path({runs!r})))
"""


def make_run(runs: Path) -> None:
    """Make the demonstration run that every picture shows."""
    import carrying
    import wiring

    settings = wiring.read_settings(None)
    asked = wiring.request(settings, faults=wiring.REFERENCE_FAULTS, profile="rule", seed=42, name="demo")
    asyncio.run(carrying.carry_out(settings, asked, wiring.Places(runs / "demo"), wiring.Options()))


def healthy(base: str) -> bool:
    """Say whether the server answers."""
    try:
        with urllib.request.urlopen(f"{base}/_stcore/health", timeout=2) as answer:
            return bool(answer.read() == b"ok")
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the app on the runs in `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    script = folder / "app.py"
    script.write_text(APP.format(root=str(ROOT), runs=str(folder)), "utf-8")
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not healthy(base) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=20)


def live_jobs() -> str:
    """Return the reference jobs over and over, five minutes apart, as a job list."""
    names = [job["name"] for job in tomllib.loads((ROOT / "data/workloads/reference.toml").read_text("utf-8"))["jobs"]]
    jobs = "".join(
        f'[[jobs]]\nid = "job_{n + 1:03}"\nname = "{names[n % len(names)]}"\nnodes = {4 + n % 9}\n'
        f"walltime_min = {20 + n % 50}\n"
        for n in range(LIVE_JOBS)
    )
    return f"interval_min = 5\n{jobs}"


def start_live(browser: Browser, base: str) -> str:
    """Start a long run as a person would, on the Submit page; return the address that shows it."""
    page = browser.new_page()
    page.goto(f"{base}/submit")
    page.get_by_text("Text", exact=True).first.click()
    box = page.get_by_label("Jobs (TOML)")
    box.fill(live_jobs())
    box.press("Control+Enter")
    page.get_by_text(f"{LIVE_JOBS} jobs × 6 agents").wait_for(timeout=60_000)
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/live?run=*", timeout=60_000)
    page.locator("li").nth(4).wait_for(timeout=LIVE_READY * 1_000)
    address = page.url.removeprefix(base)
    page.close()
    return address


def photograph(browser: Browser, address: str, size: str, scheme: Scheme, out: Path) -> None:
    """Take one picture of a whole page."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("h1.q-head", timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_timeout(1_500)
    full = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, min(int(full) + 20, HEIGHT_MAX))})
    page.wait_for_timeout(900)
    # Not between two looks at a run: what is about to be drawn anew is pale.
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.screenshot(path=str(out))
    context.close()
    smaller(out)


def smaller(picture: Path) -> None:
    """Write a picture again in its 256 most frequent colours: a third of the bytes, and nobody sees it."""
    with Image.open(picture) as image:
        plain = image.convert("RGB")
    reduced(plain, COLOURS).save(picture, optimize=True)


def reduced(plain: Image.Image, most: int) -> Image.Image:
    """Return an RGB picture in its most frequent colours, so that those on a screen's surfaces stay exact."""
    counted = sorted(plain.getcolors(plain.width * plain.height) or (), key=lambda found: -found[0])
    colours = [part for _, colour in counted[:most] for part in (colour if isinstance(colour, tuple) else ())]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours)
    return plain.quantize(palette=palette, dither=Image.Dither.NONE)


def main(arguments: list[str]) -> int:
    """Take the pictures; return 2 where there is no Chromium."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=sorted(PAGES), nargs="*", default=sorted(PAGES))
    args = parser.parse_args(arguments)
    if not Path(CHROMIUM).exists():
        print(f"no Chromium at {CHROMIUM}: install it, or name it in QUORATE_CHROMIUM", file=sys.stderr)
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make_run(Path(folder))
        with serving(Path(folder)) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS))
            for name in args.only:
                address = base + (start_live(browser, base) if name == "live" else PAGES[name])
                for size in SIZES:
                    for scheme in SCHEMES:
                        picture = args.out / f"{name}-{size}-{scheme}.png"
                        photograph(browser, address, size, scheme, picture)
                        print(picture.name)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
