"""A real server and a real Chromium, with every way out of this machine closed and listed.

One browser, one context a size and scheme for the whole folder: what Streamlit serves is read once, as in a browser
that was here before. A page of its own is a session of its own. Where a first visit matters a test asks for a fresh
context.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import carrying
import wiring
from tests.browser.serving import ARGUMENTS, CHROMIUM, WAIT_MS, serving
from tests.ui import factory

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
WALK = (Path(__file__).parent / "walks.js").read_text("utf-8").split("\n", 1)[1]
SETTLED = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
PROBED = ("/_stcore/health", "/_stcore/host-config")
"""What Streamlit's client asks for beside a deep link and does not need."""

SHIFTS = """
window.shifts = 0
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value })
  .observe({ type: "layout-shift", buffered: true })
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, and skip it where there is no browser (a failure under QUORATE_REQUIRE=all)."""
    here = [item for item in items if "tests/browser/" in item.nodeid]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if not CHROMIUM.exists():
            item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))
        elif not AXE.exists():
            item.add_marker(pytest.mark.skip(reason="no axe-core: npm ci --prefix tests/browser"))


@dataclass
class View:
    """One page in one browser, with what it received and where it tried to go."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received: int = 0
    frames: list[tuple[float, int]] = field(default_factory=list)
    """(seconds, bytes) of every frame from the server."""

    def settle(self, extra_ms: int = 250) -> None:
        """Wait until the script has ended and everything is drawn."""
        self.page.wait_for_selector(SETTLED, timeout=WAIT_MS)
        self.page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=WAIT_MS)
        self.page.evaluate(
            "document.fonts.ready.then(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))))"
        )
        self.page.wait_for_timeout(extra_ms)

    def go(self, path: str, *, ready: str = "h1.q-head") -> "View":
        """Open an address and wait for its verdict."""
        self.page.goto(self.base + path)
        self.page.wait_for_selector(ready, timeout=WAIT_MS)
        self.settle()
        return self

    def spent(self, act: Callable[[], None], extra_ms: int = 600) -> int:
        """Return the bytes that an act brought from the server."""
        before = self.received
        act()
        self.settle(extra_ms)
        return self.received - before

    def heading(self) -> str:
        """Return the verdict."""
        return self.page.locator("h1.q-head").inner_text()

    def full(self) -> None:
        """Make the window as high as the page, so that a picture holds all of it."""
        size = self.page.viewport_size or {"width": 1360, "height": 900}
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": min(8_000, max(size["height"], height + 40))})
        self.settle()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for this folder: while it lives an event loop runs here, which tests elsewhere could not bear."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real run, a run of every kind of decision, and one of ten thousand jobs."""
    root = tmp_path_factory.mktemp("runs")
    many = factory.many(10_000)
    factory.write(root, many)
    shown = factory.report()
    factory.write(root, shown, factory.events(shown))
    settings = wiring.read_settings(None)
    asked = wiring.request(settings, faults=wiring.REFERENCE_FAULTS, profile="rule", seed=42, name="demo")

    def carry() -> None:
        asyncio.run(carrying.carry_out(settings, asked, wiring.Places(root / "demo"), wiring.Options()))

    _elsewhere(carry)
    return root


def _elsewhere(act: Callable[[], None]) -> None:
    """Run in a thread of its own: Playwright's synchronous face holds an event loop in this one."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


@pytest.fixture(scope="session")
def base(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on those runs."""
    with serving(runs, tmp_path_factory.mktemp("home")) as address:
        yield address


Open = Callable[..., View]


class Contexts:
    """Browser contexts by what they pretend to be: kept, so that a page's scripts are read once."""

    def __init__(self, browser: Browser) -> None:
        """Open none yet."""
        self.browser = browser
        self.kept: dict[tuple[str, tuple[int, int], str], BrowserContext] = {}

    def make(self, scheme: str, size: tuple[int, int], motion: str) -> BrowserContext:
        """Return a context of its own."""
        view = {"width": size[0], "height": size[1]}
        return self.browser.new_context(viewport=view, color_scheme=scheme, reduced_motion=motion)

    def get(self, scheme: str, size: tuple[int, int], motion: str) -> BrowserContext:
        """Return the shared context of this kind."""
        key = (scheme, size, motion)
        if key not in self.kept:
            self.kept[key] = self.make(*key)
        return self.kept[key]


def opener(contexts: Contexts, base: str, close: list[Callable[[], None]]) -> Open:
    """Return what opens a view on an app; `close` takes what ends it."""

    def new(
        scheme: str = "light", size: tuple[int, int] = (1360, 900), *, motion: str = "reduce", fresh: bool = False
    ) -> View:
        context = contexts.make(scheme, size, motion) if fresh else contexts.get(scheme, size, motion)
        page = context.new_page()
        close.append(context.close if fresh else page.close)
        view = View(page, base)
        page.add_init_script(SHIFTS)

        def frame(payload):
            view.received += len(payload)
            view.frames.append((time.monotonic(), len(payload)))

        page.on("request", lambda asked: _asked(view, asked.url))
        page.on("websocket", lambda ws: (_asked(view, ws.url), ws.on("framereceived", frame)))
        page.on("pageerror", lambda error: view.errors.append(str(error)))
        page.on("dialog", lambda dialog: (view.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda message: _noted(view, message))
        return view

    return new


def _asked(view: View, address: str) -> None:
    if not address.startswith((view.base, view.base.replace("http", "ws", 1), "data:", "blob:")):
        view.outside.append(address)


def _noted(view: View, message) -> None:
    place = str(message.location.get("url", ""))
    if message.type == "error" and not place.endswith(PROBED) and not any(p in message.text for p in PROBED):
        view.errors.append(message.text)


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Contexts:
    """The contexts of this folder."""
    return Contexts(browser)


@contextmanager
def opening(contexts: Contexts, base: str) -> Iterator[Open]:
    """Give what opens views, and close what it opened."""
    close: list[Callable[[], None]] = []
    yield opener(contexts, base, close)
    for end in close:
        end()


@pytest.fixture
def open_view(contexts: Contexts, base: str) -> Iterator[Open]:
    """Open views on the shared app."""
    with opening(contexts, base) as opened:
        yield opened
