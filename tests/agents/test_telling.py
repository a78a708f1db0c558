"""The story of a question in the trace: who, what, how long, and content only where it is wanted."""

import asyncio

from agents.asking import Kind, ModelFailed
from agents.telling import Silence, Teller, milliseconds
from quorate.domain.trace import SEMANTICS, TRACE_EVENTS
from tests.agents.helpers import Memory, Says, agent, bid_text, job, shot


def story(*says: object, content: bool = True) -> Memory:
    sink = Memory()
    bidder = agent(Says(*says))
    bidder.teller = Teller(sink, content=content)
    asyncio.run(bidder.bid(job(), shot()))
    return sink


def test_a_call_carries_the_names_of_the_pinned_conventions() -> None:
    replied = story(bid_text()).of("replied")[0].attributes
    assert replied["schema_url"] == SEMANTICS
    assert replied["gen_ai.provider.name"] == "says"
    assert replied["gen_ai.response.model"] == "says-1"
    assert replied["gen_ai.usage.input_tokens"] is None
    assert (replied["hpc.job.id"], replied["hpc.agent.id"]) == ("job_001", "HPC_RESOURCE_01")


def test_content_is_left_out_where_it_is_not_wanted() -> None:
    hidden = story("not a bid: secret words", bid_text(), content=False)
    assert all(event.text is None for event in hidden.events if event.kind in {"prompted", "replied"})
    shown = story(bid_text())
    assert "Facts known to every member" in shown.of("prompted")[0].text
    assert shown.of("replied")[0].text == bid_text()


def test_a_failure_is_told_with_its_code_and_sentence() -> None:
    told = story(ModelFailed(Kind.RATE_LIMIT, "Rate limit exceeded", latency_s=0.2)).of("replied")[0]
    assert (told.text, told.failure, told.detail) == (None, "rate_limited", "Rate limit exceeded")
    assert told.latency_ms == 200
    assert told.attributes["error.type"] == "rate_limit"


def test_every_event_can_be_written_and_read() -> None:
    for event in story("no", bid_text()).events:
        assert TRACE_EVENTS.validate_json(event.model_dump_json()) == event


def test_nobody_need_listen() -> None:
    assert Silence().emit(story(bid_text()).events[0]) == 0
    assert (milliseconds(None), milliseconds(0.0014)) == (None, 1)
