"""A deceiver stands where a participant stands, lies while its driver acts, and is honest otherwise."""

import pytest

from faults.drivers import DRIVERS
from quorate.ledger import acts as a
from quorate.ledger.participant import Conduct
from quorate.market.rule import rule_bid
from tests.faults.rogues import Group
from tests.quorate.ledger.build import job


def test_it_answers_to_everything_that_a_member_answers_to():
    member = Group("silence").members[0]
    wanted = [name for name in vars(Conduct) if not name.startswith("_")]
    assert len(wanted) >= 9
    assert all(hasattr(member, name) for name in (*wanted, "unsaid"))


def test_a_false_answer_is_sealed_while_the_driver_acts_and_an_honest_one_after():
    group = Group("inflated-bid")
    group.open("j1")
    group.active = False
    group.open("j2")
    shown = {act.job: act.answer for act in group.acts(0) if isinstance(act, a.Reveal)}
    assert shown["j1"].score_bp == 10_000
    facts = next(answer.snapshot for answer in group.records[-1].decisions[0].answers if answer.cluster == "c0")
    assert shown["j2"] == rule_bid(job("j2"), facts)
    assert shown["j2"].score_bp < 10_000


@pytest.mark.parametrize("driver", ["accept-then-drop", "delay"])
def test_only_who_drops_jobs_never_says_start(driver):
    group = Group(driver)
    group.open("j1")
    effects = group.members[0].started(("j1",), group.now_ms)
    assert (effects == []) is DRIVERS[driver].drops
    assert group.members[0].unsaid == 0


def test_what_it_has_to_say_is_said_through_the_driver():
    group = Group("silence")
    assert all(
        type(effect).__name__ not in ("Send", "Broadcast") for effect in group.members[0].submit_job(job(), "", 0)
    )
    assert [act.act for act in group.members[0].unsettled()] == ["submit"]
    for effects in (group.members[0].refused("j1", "full", 0), group.members[0].ended("j1", 5, True, 0)):
        assert all(type(effect).__name__ not in ("Send", "Broadcast") for effect in effects)
