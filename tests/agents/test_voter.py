"""Second opinions: shown, with whose they are, and nothing that a vote could be made of."""

import asyncio
import inspect

from agents.asking import Kind, ModelFailed
from agents.limits import Clock
from agents.telling import Teller
from agents.voter import ModelVoter, Opinion
from prompts import load
from quorate.domain.values import ClusterId
from quorate.market.rule import rule_bid
from tests.agents.helpers import Memory, Says, job, shot

ME = ClusterId("HPC_RESOURCE_04")


def opinion(*says: object) -> tuple[Opinion | None, Says, Memory]:
    chat, sink = Says(*says), Memory()
    voter = ModelVoter(chat, load("vote", 2), Teller(sink), Clock())
    found = asyncio.run(voter.opinion(job(), ME, shot(), (rule_bid(job(), shot()),)))
    return found, chat, sink


def test_an_opinion_is_shown_with_its_grounds_and_its_model() -> None:
    found, chat, sink = opinion('{"approves": false, "reasoning": "Another matches the type."}')
    assert found is not None
    assert found.sentence == "says-1 would not: Another matches the type."
    assert chat.asked[0].purpose == "vote"
    assert [event.kind for event in sink.events] == ["prompted", "replied", "checked"]
    assert {event.purpose for event in sink.events if event.kind != "checked"} == {"vote"}


def test_no_opinion_is_made_up() -> None:
    for says in ("yes, approve", '{"approves": "true", "reasoning": "x"}', ModelFailed(Kind.TIMEOUT, "x")):
        found, chat, _ = opinion(says)
        assert found is None
        assert len(chat.asked) == 1


def test_an_opinion_has_no_way_into_a_vote() -> None:
    """It returns words and a flag for people; a replica takes neither, and nothing in the library imports this."""
    assert set(Opinion.model_fields) == {"cluster", "approves", "reasoning", "model"}
    assert "consensus" not in inspect.getsource(inspect.getmodule(ModelVoter))
