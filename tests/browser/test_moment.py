"""The moment of a run: played and dragged in the browser at no byte, told to the server at rest, in the address."""

import re
from urllib.parse import parse_qs, urlparse

import pytest

from tests.browser.serving import WAIT_MS
from ui.runs import load
from ui.viewmodel.run import moment_words

LINE = "e => Number(getComputedStyle(e.querySelector('.chart')).getPropertyValue('--at'))"
REST_MS = 900
"""Longer than the component waits before it tells the server where it came to rest."""


def line(view) -> float:
    """Return where the dashed line stands: a share of the time axis."""
    return float(view.page.locator(".gantt").evaluate(LINE))


def minute(view) -> int:
    """Return the moment in the address."""
    return int(parse_qs(urlparse(view.page.url).query)["at"][0])


def said(view) -> str:
    """Return what the chart says about its moment."""
    return view.page.locator(".gantt .when").inner_text()


def rest(view) -> None:
    """Wait until the server has answered to where the chart came to rest."""
    view.page.wait_for_timeout(REST_MS)
    view.settle(REST_MS)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_playing_moves_the_line_at_no_byte_and_pausing_tells_the_server(open_view, runs, motion):
    view = open_view(motion=motion).go("/?run=demo&at=10")
    report, play = load(runs, "demo").report, view.page.locator(".gantt .play")
    play.scroll_into_view_if_needed()
    begun, before = line(view), view.received
    play.click()
    places = []
    for _ in range(5):
        view.page.wait_for_timeout(500)
        places.append(line(view))
    assert view.received == before
    assert places == sorted(places)
    assert places[-1] > begun
    assert play.inner_text() == "❚❚ Pause"
    play.click()
    rest(view)
    assert view.received > before
    assert said(view) == moment_words(report, 60 * minute(view))
    page = view.page.locator("[data-testid=stMain]").inner_text()
    assert said(view) in page, "the page and the chart say the same"


def test_keys_move_the_moment_and_space_plays_it(open_view, runs):
    view = open_view().go("/?run=demo&at=30")
    report, slider = load(runs, "demo").report, view.page.locator(".gantt .moment")
    slider.scroll_into_view_if_needed()
    slider.focus()
    before = view.received
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        slider.press(key)
    assert view.received == before, "nothing is told before it comes to rest"
    rest(view)
    step = minute(view) - 30
    assert step >= 1
    slider.press("Home")
    rest(view)
    assert (minute(view), said(view)) == (0, moment_words(report, 0))
    slider.press("End")
    rest(view)
    last = minute(view)
    assert last == int(slider.get_attribute("max") or 0)
    assert slider.get_attribute("aria-valuetext") == moment_words(report, 60 * last)
    slider.press(" ")
    assert view.page.locator(".gantt .play").inner_text() == "❚❚ Pause"
    slider.press(" ")
    assert view.page.locator(".gantt .play").inner_text() == "▶ Play"
    rest(view)


def test_the_slider_of_the_page_moves_the_line_without_sending_ten_thousand_jobs_again(open_view):
    view = open_view().go("/?run=many&at=600")
    assert view.received > 95_000
    view.page.get_by_role("slider", name="Time").focus()
    spent = view.spent(lambda: view.page.keyboard.press("ArrowRight"), REST_MS)
    assert minute(view) == 601
    assert said(view) == "10 h 1 min, after job 601"
    assert spent <= 45_000, "the hundred kilobytes of the chart stay where they are"


def test_jobs_that_begin_later_are_outlined(open_view, runs):
    report = load(runs, "demo").report
    view = open_view().go("/?run=demo&at=25")
    later = [bar.get_attribute("aria-label") for bar in view.page.locator(".gantt .bar.later").all()]
    numbers = sorted(int(re.match(r"Job (\d+)", label)[1]) for label in later)
    assert numbers == [row.number for row in report.decisions if row.cluster and row.at_s > 25 * 60]


def test_a_chart_of_ten_thousand_jobs_plays_zooms_and_opens(open_view):
    view = open_view().go("/?run=many&at=600")
    canvas = view.page.locator(".gantt canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    canvas.focus()

    def move() -> None:
        for key in ("+", "+", "ArrowRight", "-", "Home", "End"):
            canvas.press(key)
        canvas.hover()
        view.page.mouse.wheel(0, -200)
        canvas.press(" ")
        view.page.wait_for_timeout(900)

    assert view.spent(move) == 0
    assert said(view).startswith("10 h")
    canvas.press(" ")
    rest(view)
    assert minute(view) > 600


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/?run=demo", "demo.json"),
        ("/decision?run=demo&job=job_007", "demo-job_007.json"),
        ("/agents?run=demo", "demo-agents.csv"),
        ("/ledger?run=demo", "demo.jsonl"),
    ],
)
def test_d_takes_the_first_download_of_a_page(open_view, path, name):
    view = open_view().go(path)
    with view.page.expect_download(timeout=20_000) as caught:
        view.page.locator("body").press("d")
    assert caught.value.suggested_filename == name
    assert len(caught.value.path().read_bytes()) > 100


@pytest.mark.parametrize("path", ["/?run=demo", "/decision?run=demo&job=job_007", "/agents?run=demo"])
def test_l_goes_to_what_happens_now(open_view, path):
    view = open_view().go(path)
    view.page.locator("body").press("l")
    view.page.wait_for_url("**/live*", timeout=WAIT_MS)
    view.page.get_by_role("heading", name="Nothing is running").wait_for(timeout=WAIT_MS)
