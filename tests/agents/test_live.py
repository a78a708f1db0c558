"""A real provider, by hand: `QUORATE_PROFILE=sambanova pytest -m live tests/agents/test_live.py`."""

import asyncio
import os
import tomllib
from pathlib import Path

import pytest

from agents.building import Agents
from agents.probe import probe, utc_now
from agents.settings import Remote, read_llm, read_prompts
from prompts import load
from quorate.domain.bidding import Bid
from quorate.domain.values import ClusterId
from tests.agents.helpers import job, shot

pytestmark = [pytest.mark.live, pytest.mark.enable_socket]
TABLE = tomllib.loads(Path("quorate.toml").read_text())


@pytest.fixture(autouse=True)
def no_foreign_environment() -> None:
    """Here the environment's keys are what the test is about."""


def test_the_chosen_profile_holds_the_schema_in_some_mode_and_bids() -> None:
    settings = read_llm(TABLE["llm"]).using(os.environ.get("QUORATE_PROFILE", "sambanova"))
    profile = settings.profile(settings.use)
    assert isinstance(profile, Remote)
    found = asyncio.run(probe(profile, os.environ, load("bid", 2), utc_now, (1, 2)))
    assert found.mode is not None, found.lines()
    agents = Agents(settings, read_prompts(TABLE["prompts"]), [ClusterId("C")])
    outcome = asyncio.run(agents.bidder(ClusterId("C")).bid(job(), shot("C"))).outcome
    assert isinstance(outcome, Bid), outcome
