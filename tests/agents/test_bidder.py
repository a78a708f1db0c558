"""One agent from question to answer: facts first, one repair, the allowed interval, and an author on every bid."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.asking import CODES, REPAIRABLE, Kind, ModelFailed, Question, Reply, Usage
from agents.bidder import SILENT, RuleBidder, degraded, fallback_share
from agents.settings import Prices, read_llm
from quorate.domain.bidding import Abstention, Answer, Author, Bid
from quorate.market.check import allowed_interval, findings
from quorate.market.facts import facts
from quorate.market.rule import rule_bid, rule_score_bp
from tests.agents.helpers import Memory, Says, agent, bid_text, job, shot

TRUE = {"fact": "type_match", "value": True}
FALSE = {"fact": "type", "value": "storage"}
JOB, SHOT = job(), shot()


def answer(*says: object, sink: Memory | None = None, **manner: object) -> tuple[Answer, Says]:
    chat = Says(*says)
    return asyncio.run(agent(chat, sink, **manner).bid(JOB, SHOT)), chat


@given(st.decimals(0, 1, places=4), st.integers(0, 60))
def test_what_is_signed_holds_against_every_peers_check(score: object, background: int) -> None:
    snapshot = shot(background=background)
    outcome = asyncio.run(agent(Says(bid_text(score=float(score)))).bid(JOB, snapshot)).outcome
    assert isinstance(outcome, Bid)
    low, high = allowed_interval(rule_score_bp(JOB, snapshot))
    assert low <= outcome.score_bp <= high
    assert outcome.wanted_bp == round(score * 10_000)
    assert findings(outcome, JOB, snapshot) == ()


@given(st.sampled_from(sorted(facts(JOB, SHOT))), st.booleans() | st.integers(-5, 10**6) | st.text(max_size=8))
def test_a_claim_is_signed_only_if_it_is_exactly_the_fact(name: str, value: object) -> None:
    outcome = answer(bid_text(evidence=[{"fact": name, "value": value}]))[0].outcome
    known = facts(JOB, SHOT)[name]
    assert isinstance(outcome, Bid) == (type(value) is type(known) and value == known)


def test_a_job_that_cannot_run_here_costs_no_call() -> None:
    chat = Says(bid_text())
    outcome = asyncio.run(agent(chat).bid(job(nodes=101), SHOT)).outcome
    assert (outcome.code, chat.asked) == ("too_few_nodes", [])


def test_a_bid_names_its_author_whole() -> None:
    outcome = answer(bid_text())[0].outcome
    author = outcome.author
    assert (author.kind, author.provider, author.model, author.mode, author.attempts) == (
        "model",
        "says",
        "says-1",
        "text",
        1,
    )
    assert (author.prompt.id, author.prompt.version, len(author.prompt.sha256)) == ("bid", 2, 64)
    assert outcome.forecast.author == "rule"


def test_a_refuted_claim_is_quoted_back_once_and_the_corrected_bid_counts() -> None:
    sink = Memory()
    found, chat = answer(bid_text(evidence=[FALSE]), bid_text(score=0.6, evidence=[TRUE]), sink=sink)
    assert isinstance(found.outcome, Bid)
    assert found.outcome.wanted_bp == 6_000
    assert (found.effort.repaired, found.effort.calls, found.outcome.author.attempts) == (True, 2, 2)
    repair = chat.asked[1].messages
    assert [message.role for message in repair] == ["system", "user", "assistant", "user"]
    assert "type is gpu, not storage" in repair[3].text
    assert [event.kind for event in sink.events] == ["prompted", "replied", "checked"] * 2
    assert [event.cause for event in sink.events] == [None, 1, 2, 3, 4, 5]
    assert sink.of("checked")[0].notes == ("refuted: type is gpu, not storage",)


def test_a_draft_that_is_false_twice_is_an_abstention_whatever_stands_in_for_silence() -> None:
    for on_silence in ("abstain", "rule"):
        found, chat = answer(bid_text(evidence=[FALSE]), on_silence=on_silence)
        assert (found.outcome.code, len(chat.asked)) == ("bid_breaks_facts", 2)


def test_a_false_draft_followed_by_silence_does_not_become_the_rules_bid() -> None:
    found, _ = answer(bid_text(evidence=[FALSE]), ModelFailed(Kind.TIMEOUT, "x"), on_silence="rule")
    assert found.outcome.code == CODES[Kind.TIMEOUT]


def test_prose_is_checked_too() -> None:
    def refuter(text: str, job: object, snapshot: object) -> tuple[str, ...]:
        return ("you are no storage cluster",) if "storage" in text else ()

    chat = Says(bid_text(reasoning="As a storage cluster I fit."), bid_text())
    outcome = asyncio.run(agent(chat, refuter=refuter).bid(JOB, SHOT)).outcome
    assert isinstance(outcome, Bid)
    assert "you are no storage cluster" in chat.asked[1].messages[-1].text


@pytest.mark.parametrize("kind", sorted(REPAIRABLE))
def test_a_fault_of_what_was_said_is_repaired_once(kind: Kind) -> None:
    found, chat = answer(ModelFailed(kind, "why it failed", text="half an ans"), bid_text())
    assert isinstance(found.outcome, Bid)
    assert "why it failed" in chat.asked[1].messages[-1].text
    assert chat.asked[1].attempt == 2


def test_a_reply_without_text_is_not_quoted_as_an_empty_turn() -> None:
    _, chat = answer(ModelFailed(Kind.EMPTY, "the answer is empty"), bid_text())
    assert [message.role for message in chat.asked[1].messages] == ["system", "user"]


def test_a_huge_refused_reply_is_quoted_in_part() -> None:
    _, chat = answer("x" * 30_000, bid_text())
    assert len(chat.asked[1].messages[2].text) == 2_000


@pytest.mark.parametrize("kind", sorted(Kind))
def test_silence_is_an_abstention_with_its_code_or_the_rule_by_its_own_name(kind: Kind) -> None:
    silent, _ = answer(ModelFailed(kind, "x"))
    assert silent.outcome.code == CODES[kind]
    assert silent.outcome.author.kind == "model"
    found, _ = answer(ModelFailed(kind, "x"), on_silence="rule")
    if kind in SILENT:
        assert found.outcome == rule_bid(JOB, SHOT)
        assert found.outcome.author.kind == "rule"
    else:
        assert found.outcome.code == CODES[kind]


def test_effort_is_summed_and_one_unknown_makes_a_sum_unknown() -> None:
    class Counted(Says):
        async def ask(self, question: Question) -> Reply:
            reply = await super().ask(question)
            known = question.attempt == 1 or self.known
            return reply.model_copy(
                update={"usage": Usage(tokens_in=100, tokens_out=10) if known else None, "calls": 2}
            )

    prices = Prices(input_usd=1.0, output_usd=10.0)
    for known in (True, False):
        chat = Counted("no json", bid_text())
        chat.known = known
        effort = asyncio.run(agent(chat, prices=prices).bid(JOB, SHOT)).effort
        assert (effort.calls, effort.latency_ms) == (4, 500)
        assert (effort.tokens_in, effort.cost_usd_micro) == ((200, 400) if known else (None, None))


def test_the_rule_bidder_is_a_bidder_like_any_other() -> None:
    assert asyncio.run(RuleBidder().bid(JOB, SHOT)).outcome == rule_bid(JOB, SHOT)
    assert asyncio.run(RuleBidder().bid(job(nodes=101), SHOT)).outcome.code == "too_few_nodes"


def test_a_run_with_too_few_bids_by_its_model_is_degraded_and_says_so() -> None:
    settings = read_llm({"use": "s", "profiles": {"s": {"provider": "sambanova", "model": "m"}}})
    bid = answer(bid_text())[0].outcome
    ruled = rule_bid(JOB, SHOT)
    silent = Abstention(
        job="j", cluster="c", code="rate_limited", detail="x", author=Author(kind="model", provider="s")
    )
    busy = Abstention(job="j", cluster="c", code="busy_now", detail="x")
    assert fallback_share(settings, [bid, ruled, silent, busy]) == (2, 3)
    assert degraded(settings, [bid] * 20 + [busy] * 9) is None
    assert degraded(settings, [bid] * 19 + [silent]) is None
    assert "2 of 20 eligible calls" in degraded(settings, [bid] * 18 + [silent, ruled])
    assert degraded(settings.using("rule"), [ruled] * 9) is None
    assert degraded(settings, []) is None
