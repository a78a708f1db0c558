"""What a member thinks of its rivals: the rule's score, or its own model's; a failure is no opinion."""

import asyncio

from agents.asking import Kind, ModelFailed
from agents.assessor import BidderAssessor, RuleAssessor
from quorate.market.rule import rule_score_bp
from tests.agents.helpers import Memory, Says, agent, bid_text, job, shot

ME, RIVALS = "HPC_RESOURCE_04", [shot("c7"), shot("c8")]


def test_the_rule_thinks_of_a_rival_what_it_would_bid_there_and_nothing_of_one_that_cannot_run_the_job():
    asked = job()
    full = shot("c8", background=RIVALS[1].cluster.nodes)
    thinks = asyncio.run(RuleAssessor().scores(asked, [RIVALS[0], full]))
    assert thinks == {"c7": rule_score_bp(asked, RIVALS[0])}


def test_a_model_is_asked_about_rivals_facts_as_an_opinion_with_the_name_of_who_asks():
    chat, sink = Says(bid_text(score=0.71)), Memory()
    thinks = asyncio.run(BidderAssessor(agent(chat, sink), ME, 5.0).scores(job(), RIVALS))
    assert set(thinks) == {"c7", "c8"}
    assert {(q.cluster, q.purpose, q.asker) for q in chat.asked} == {("c7", "opinion", ME), ("c8", "opinion", ME)}
    told = sink.of("prompted")
    assert {event.purpose for event in told} == {"opinion"}
    assert all(event.attributes["hpc.asker.id"] == ME for event in told)
    assert {event.kind for event in sink.events} == {"prompted", "replied"}


def test_a_model_that_fails_and_a_rule_that_steps_in_are_no_opinion():
    for manner in ({}, {"on_silence": "rule"}):
        chat = Says(ModelFailed(Kind.TIMEOUT, "too slow", provider="says"))
        assert asyncio.run(BidderAssessor(agent(chat, **manner), ME, 5.0).scores(job(), RIVALS)) == {}


def test_who_is_late_is_left_out():
    class Slow(Says):
        async def ask(self, question):
            await asyncio.sleep(30.0 if question.cluster == "c7" else 0.0)
            return await super().ask(question)

    assert set(asyncio.run(BidderAssessor(agent(Slow(bid_text())), ME, 0.2).scores(job(), RIVALS))) == {"c8"}
    assert asyncio.run(BidderAssessor(agent(Says(bid_text())), ME, 0.2).scores(job(), [])) == {}
