"""What a pool says is the same whether it is gathered item by item or at once. docs/protocol.md P-22."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.domain.deciding import Item
from quorate.ledger import acts as a
from quorate.ledger.gathered import Gathered
from tests.quorate.ledger.test_acts import SAMPLES

ITEMS = [
    Item(sender, seq, a.encode_acts(SAMPLES[first : first + 3]), bytes(64))
    for sender in range(3)
    for seq, first in enumerate(range(0, len(SAMPLES), 2), 1)
]


def said(gathered):
    return gathered.urgent, gathered.commits, gathered.reveals, gathered.starts


@given(st.lists(st.lists(st.sampled_from(ITEMS), unique=True), min_size=1, max_size=6))
def test_pools_in_any_order_leave_what_the_last_one_says(pools):
    gathered, fresh = Gathered(), Gathered()
    for pool in pools:
        gathered.take(pool)
    fresh.take(pools[-1])
    assert said(gathered) == said(fresh)


def test_every_kind_of_act_waits_for_something_or_for_nothing():
    gathered = Gathered()
    gathered.take([item for item in ITEMS if item.sender == 2])
    acts = [act for item in ITEMS if item.sender == 2 for act in a.decode_acts(item.payload)]
    assert set(gathered.commits) == {act.job for act in acts if isinstance(act, a.Commit)}
    assert set(gathered.reveals) == {act.job for act in acts if isinstance(act, a.Reveal)}
    assert gathered.starts == {act.job for act in acts if isinstance(act, a.Start)}
    assert all(seats == {2} for seats in (*gathered.commits.values(), *gathered.reveals.values()))
    assert gathered.urgent
