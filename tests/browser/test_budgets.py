"""What a page weighs, how it moves, and what keys do."""

import re

import pytest

from ui import words
from ui.runs import load
from ui.viewmodel.run import decision_lines

KB = 1_000


def test_a_run_stays_within_thirty_kilobytes(open_view):
    view = open_view()
    view.go("/?run=demo")
    assert view.received <= 30 * KB, view.received


def test_a_decision_within_eighty(open_view):
    view = open_view()
    view.go("/decision?run=demo&job=job_007")
    assert view.received <= 80 * KB, view.received


def test_another_agents_trace_within_ten(open_view):
    view = open_view().go("/decision?run=kinds&job=job_007")
    spent = view.spent(view.page.get_by_role("radio", name=re.compile("^R01")).first.click)
    assert 0 < spent <= 10 * KB, spent


def test_playing_a_decision_back_costs_no_byte(open_view):
    view = open_view().go("/decision?run=kinds&job=job_004")
    theatre = view.page.locator(".theatre")
    theatre.scroll_into_view_if_needed()

    def play() -> None:
        theatre.locator("input").press("Home")
        for _ in range(12):
            theatre.locator(".next").click()
        view.page.locator(".votes tbody button").nth(4).click()

    assert view.spent(play) == 0
    assert theatre.locator(".say").inner_text().startswith("13 of ")
    assert "ev=13" in view.page.url
    assert "R01, round 1" in view.page.locator(".votes .say").inner_text()


def test_the_drawing_can_be_taken_away_with_its_colours(open_view):
    view = open_view("dark").go("/decision?run=kinds&job=job_004")
    with view.page.expect_download() as caught:
        view.page.locator(".theatre .save").click()
    text = caught.value.path().read_text("utf-8")
    assert caught.value.suggested_filename == "kinds-job_004.svg"
    assert text.startswith("<svg")
    assert "var(--" not in text
    assert text.count("<circle") >= 20


def test_a_link_reopens_the_very_message(open_view):
    view = open_view().go("/decision?run=kinds&job=job_004&ev=9")
    assert view.page.locator(".theatre .say").inner_text().startswith("9 of ")


@pytest.mark.parametrize("slower", [1, 4])
@pytest.mark.parametrize("path", ["/?run=demo", "/decision?run=demo&job=job_007", "/agents?run=demo"])
def test_nothing_jumps_while_a_page_is_built_on_a_slow_machine_too(open_view, path, slower):
    view = open_view(fresh=True)
    view.page.context.new_cdp_session(view.page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    view.go(path)
    view.settle(800 * slower)
    assert view.page.evaluate("window.shifts") <= 0.10


def test_ten_thousand_jobs_are_one_drawing_of_two_hundred_kilobytes(open_view):
    view = open_view().go("/?run=many")
    canvas = view.page.locator(".gantt canvas")
    canvas.wait_for()
    assert "10,000 jobs" in canvas.get_attribute("aria-label")
    assert view.received <= 200 * KB, view.received
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    assert view.spent(lambda: canvas.press("+")) == 0


def test_the_matrix_is_one_stop_and_arrows_move_in_it(open_view):
    view = open_view().go("/decision?run=kinds&job=job_004")
    cells = view.page.locator(".votes tbody button")
    cells.first.focus()
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    assert view.page.locator(".votes .say").inner_text().startswith("R01, round 1")
    view.page.keyboard.press("Tab")
    inside = (
        "document.activeElement.shadowRoot?.activeElement?.closest('tbody') ?? document.activeElement.closest('tbody')"
    )
    assert view.page.evaluate(f"Boolean({inside})") is False


def test_a_job_is_reached_by_keys_in_the_gantt(open_view):
    view = open_view().go("/?run=demo")
    view.page.locator(".gantt .bar").first.focus()
    view.page.keyboard.press("End")
    assert view.page.locator(".gantt .say").inner_text().startswith("Job 5, Graph Analytics: R05")
    view.page.keyboard.press("Enter")
    view.page.wait_for_url("**/decision?run=demo&job=job_005")


def test_the_next_job_is_one_key_away(open_view):
    view = open_view().go("/decision?run=demo&job=job_001")
    view.page.locator("body").press("j")
    view.page.get_by_role("heading", name="LLM Training → R04 ai").wait_for()
    view.settle()
    assert "job=job_002" in view.page.url


def test_every_number_on_the_first_screen_is_the_ledgers(open_view, runs):
    report = load(runs, "demo").report
    view = open_view().go("/?run=demo")
    shown = [tile.inner_text().split("\n") for tile in view.page.locator(".q-tiles > div").all()]
    assert [tuple(part for part in tile if part.strip()) for tile in shown] == list(words.tiles(report))
    bars = [bar.get_attribute("aria-label") for bar in view.page.locator(".gantt .bar").all()]
    assert len(bars) == report.summary.allocated
    for line in decision_lines(report):
        nodes = next(row.nodes for row in report.decisions if row.number == line.number)
        said = f"Job {line.number}, {line.title}: {line.to.split()[0]}, {nodes} nodes"
        assert any(bar.startswith(said) for bar in bars), said


def test_every_number_of_a_vote_is_the_ledgers(open_view, runs):
    report = load(runs, "demo").report
    row = report.decisions[7]
    view = open_view().go("/decision?run=demo&job=job_008")
    table = view.page.locator(".votes table").inner_text()
    assert [float(n) for n in re.findall(r"(\d\.\d{3}) ✓", table)] == [row.weight_approving] * 2
    assert f"2/3 of {words.fmt_weight(row.weight_total)} = {words.fmt_weight(row.weight_needed)}" in table
    weights = [cell.inner_text() for cell in view.page.locator(".votes td.weight .number").all()]
    assert weights == [words.fmt_weight(vote.power) for vote in row.votes]
    assert words.quorum_words(row) in view.page.locator("[data-testid=stMain]").inner_text()


def test_a_theme_change_sends_nothing_and_changes_the_colours(open_view):
    view = open_view("light").go("/decision?run=demo&job=job_007")
    before = view.page.locator(".theatre .mark.finalize").first.evaluate("e => getComputedStyle(e).fill")
    spent = view.spent(lambda: view.page.emulate_media(color_scheme="dark"))
    after = view.page.locator(".theatre .mark.finalize").first.evaluate("e => getComputedStyle(e).fill")
    assert (spent, before != after) == (0, True)
