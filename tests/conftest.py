"""What every test shares: deterministic Hypothesis, no shared state, and no quiet skip where nothing may be missing."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# "ci" (the default) draws the same examples every time, so that a red test is a fact about the change before you.
# HYPOTHESIS_PROFILE=explore looks for new ones. A slow shared machine is no failure, hence no deadline.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

SKIPS = tomllib.loads((ROOT / "tests" / "skips.toml").read_text("utf-8")).get("skip", [])


def allowed_to_skip(nodeid: str) -> bool:
    """Say whether `tests/skips.toml` names this test as a foreign suite's own skip."""
    return any(nodeid.endswith(skip["test"]) for skip in SKIPS)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("QUORATE_REQUIRE") != "all" or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    if allowed_to_skip(report.nodeid):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: skipped ({reason}), and QUORATE_REQUIRE=all lets nothing be missing"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report: pytest.TestReport = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report: pytest.CollectReport = yield
    _refuse_skip(report)
    return report
