"""P-18, P-19: answers have a price per peer and interval."""

from hypothesis import given
from hypothesis import strategies as st

from quorate.consensus.catchup import CONTINUED_MAX, Allowance, Archive
from quorate.consensus.desk import Desk
from quorate.consensus.effects import ReplicaSettings, Serve
from quorate.consensus.signing import Ed25519Verifier
from tests.quorate.consensus.toy import CHAIN, signer


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50)), max_size=80))
def test_no_peer_gets_more_than_its_answers_in_an_interval(most, asked):
    allowance, now, granted = Allowance(most, 100), 0, []
    for peer, wait in asked:
        now += wait
        if allowance.grants(peer, now):
            granted.append((peer, now))
    for peer in range(3):
        times = [at for who, at in granted if who == peer]
        assert all(sum(1 for t in times if start <= t < start + 100) <= 2 * most for start in times)
    assert len(granted) <= most * 3 * (now // 100 + 1)


def archive():
    desk = Desk(0, CHAIN, signer(0), Ed25519Verifier(), ReplicaSettings(rebroadcast_ms=100))
    return desk, Archive(desk)


def test_the_same_question_is_answered_once_and_progress_is_answered_at_once():
    desk, kept = archive()
    for height in (1, 1, 1, 251, 501, 501, 3):
        kept.serve(4, height, 10)
    assert desk.flush() == [Serve(4, 1), Serve(4, 251), Serve(4, 501)]
    kept.serve(4, 3, 120)
    assert desk.flush() == [Serve(4, 3)]


def test_even_progress_has_a_bound():
    desk, kept = archive()
    for height in range(1, 1_000):
        kept.serve(4, height, 10)
    assert len(desk.flush()) == 1 + CONTINUED_MAX
