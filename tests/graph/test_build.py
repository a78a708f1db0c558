"""The graph's shape, and what its checkpoints give back."""

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from graph.build import STORED, serializer
from quorate.domain.bidding import Abstention, Answer, Author, Claim, Effort, PromptRef
from quorate.domain.clusters import snapshot
from quorate.domain.jobs import Attribute
from quorate.ledger.participant import Keep
from quorate.market.rule import rule_bid, rule_forecast
from tests.graph.table import NAMES, arrivals, played, table
from tests.quorate.ledger import build as make


def _values():
    job = make.owned("j1", 2, attributes=(Attribute(name="a", value="b"),), description="two\nlines")

    prompt = PromptRef(id="bid", version=2, sha256="0" * 64)
    author = Author(kind="model", provider="openai", model="m", prompt=prompt, mode="text", attempts=2, recording="ab")
    bid = rule_bid(job, snapshot(make.cluster(), 1)).model_copy(
        update={
            "author": author,
            "evidence": (Claim(fact="nodes_free", value=3), Claim(fact="heterogeneous", value=True)),
        }
    )
    abstention = Abstention(job=job.id, cluster="c0", code="deadline", detail="late", author=author)
    answer = Answer(outcome=bid, effort=Effort())
    keep = Keep(job=job.id, opened=3, answer=bid, salt="5a" * 16)
    silent = Keep(job=job.id, opened=3, answer=abstention, salt="5a" * 16)
    return [
        job, job.attributes[0], prompt, author, bid, bid.evidence[0], bid.evidence[1], rule_forecast(job), abstention,
        answer, Answer(outcome=abstention), Effort(), keep, silent,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", [pytest.param(value, id=f"{type(value).__name__}-{i}") for i, value in enumerate(_values())]
)
def test_every_stored_value_comes_back_equal_and_whole_under_the_strict_setting(monkeypatch, value):
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    store = serializer()
    back = store.loads_typed(store.dumps_typed(value))
    assert type(back) is type(value)
    assert back == value
    assert repr(back) == repr(value), "no tuple became a list, no value a table"
    hash(back)


def test_the_allow_list_names_what_is_stored_and_nothing_else():
    assert {name for _, name in STORED} == {type(value).__name__ for value in _values()}
    assert {(type(value).__module__, type(value).__name__) for value in _values()} == set(STORED)


def test_a_type_outside_the_allow_list_is_not_restored(monkeypatch):
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    store = serializer()
    back = store.loads_typed(store.dumps_typed(make.genesis(4)))
    assert not isinstance(back, type(make.genesis(4)))


async def test_every_value_in_a_real_checkpoint_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "c.sqlite")) as saver:
        saver.serde = serializer()
        set_ = table(saver=saver)
        assert await played(set_, make.owned("j1")) == {"j1": "allocated"}
        steps = [step async for step in saver.alist({"configurable": {"thread_id": "test:j1:0"}})]
        values = [step.checkpoint["channel_values"] for step in steps]
    assert len(steps) > 10
    full = max(values, key=lambda channels: len(channels.get("kept", {})))
    assert {type(keep) for keep in full["kept"].values()} == {Keep}
    assert {type(answer) for answer in full["answers"].values()} == {Answer}
    assert full["job"] == arrivals(set_, make.owned("j1"))[0].job


async def test_one_thread_holds_one_call():
    saver = InMemorySaver(serde=serializer())
    set_ = table(saver=saver)
    await played(set_, make.owned("j1"), make.owned("j2"))
    assert {step.config["configurable"]["thread_id"] for step in saver.list(None)} == {"test:j1:0", "test:j2:0"}


def test_the_graph_has_one_named_bidding_and_voting_node_for_each_cluster():
    graph = table().run.graph.get_graph()
    for name in NAMES:
        assert f"bid_{name}" in graph.nodes
        assert f"vote_{name}" in graph.nodes
    edges = {(edge.source, edge.target) for edge in graph.edges}
    assert {(f"bid_{name}", "seal") for name in NAMES} <= edges
    assert {("propose", f"vote_{name}") for name in NAMES} <= edges
    assert {(f"vote_{name}", "tally") for name in NAMES} <= edges
    assert not {(f"bid_{one}", f"bid_{two}") for one in NAMES for two in NAMES} & edges
