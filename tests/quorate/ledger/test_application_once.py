"""An application remembers its last execution, and only that one: nobody can tell but by the clock."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.ledger.application import LedgerApplication
from tests.quorate.ledger import build as make

ASKED = st.tuples(st.integers(0, 3), st.sampled_from([(), ("j1",), ("j2",), ("j1", "j2")]))


@given(st.lists(ASKED, min_size=1, max_size=8))
def test_an_application_asked_before_answers_as_a_fresh_one_does(questions):
    chain = make.Chain(make.genesis())
    used = LedgerApplication(chain.state)
    for at_s, names in questions:
        items = chain.items({0: [make.submit(chain.state.chain, make.job(name)) for name in names]} if names else {})
        fresh = LedgerApplication(chain.state)
        assert used.results(at_s, items, None) == fresh.results(at_s, items, None)
    assert len(used.executed) == 1
    assert used == LedgerApplication(chain.state)
