"""Centres that hold the same cards found the same chain; no key is written over, and a stranger's cards are refused."""

import pytest

from federation.founding import CARD, found, make, read_card
from federation.home import Home
from quorate.domain.errors import RequestInvalid
from tests.quorate.ledger.build import cluster

NAMES = ("c3", "c0", "c2", "c1")


@pytest.fixture
def cards(tmp_path):
    return [make(tmp_path / name, cluster(name), 1, "127.0.0.1", 4_000 + int(name[1])) for name in NAMES]


def test_everybody_founds_the_same_chain_whatever_the_order_of_the_cards(cards, tmp_path):
    founded = [found(Home(tmp_path / name), "pilot", cards[turn:] + cards[:turn]) for turn, name in enumerate(NAMES)]
    assert len({genesis.digest for genesis in founded}) == 1
    assert [member.cluster.id for member in founded[0].members] == ["c0", "c1", "c2", "c3"]
    for name in NAMES:
        home = Home(tmp_path / name)
        assert home.genesis() == founded[0]
        assert [member.cluster for member in home.roster(home.genesis()).members] == ["c0", "c1", "c2", "c3"]
        assert home.silent_through(1) == 0, "a new log is no lost one"


def test_other_parameters_found_another_chain(cards, tmp_path):
    one = found(Home(tmp_path / "c0"), "pilot", cards)
    other = found(Home(tmp_path / "c1"), "pilot", cards, bid_window_s=61)
    assert one.digest != other.digest


def test_a_card_tells_what_others_may_know_and_not_the_key(cards, tmp_path):
    assert read_card(tmp_path / "c0" / CARD) == cards[1]
    text = (tmp_path / "c0" / CARD).read_text()
    assert (tmp_path / "c0" / "key").read_text() not in text
    assert "PRIVATE" not in text


def test_a_key_is_never_written_over(cards, tmp_path):
    with pytest.raises(RequestInvalid, match="exists; a key is never written over"):
        make(tmp_path / "c0", cluster("c0"), 0, "127.0.0.1", 4_000)


@pytest.mark.parametrize(
    ("background", "port", "said"), [(11, 1, "declare fewer"), (0, 0, "is no port"), (0, 65_536, "port")]
)
def test_what_cannot_be_is_refused_before_a_folder_is_made(tmp_path, background, port, said):
    with pytest.raises(RequestInvalid, match=said):
        make(tmp_path / "c9", cluster("c9"), background, "127.0.0.1", port)
    assert not (tmp_path / "c9").exists()


def test_a_folder_belongs_to_one_chain(cards, tmp_path):
    found(Home(tmp_path / "c0"), "pilot", cards)
    with pytest.raises(RequestInvalid, match="belongs to a chain already"):
        found(Home(tmp_path / "c0"), "pilot", cards)


def test_ones_own_card_must_be_among_them(cards, tmp_path):
    with pytest.raises(RequestInvalid, match="is not among the cards"):
        found(Home(tmp_path / "c0"), "pilot", [card for card in cards if card.cluster.id != "c0"])


@pytest.mark.parametrize("wrong", [lambda cards: cards[:2], lambda cards: [*cards, cards[0]]], ids=["too few", "twice"])
def test_cards_that_make_no_federation_are_refused(cards, tmp_path, wrong):
    with pytest.raises(RequestInvalid, match="make no federation"):
        found(Home(tmp_path / "c3"), "pilot", wrong(cards))


def test_a_card_with_anothers_address_is_refused(cards, tmp_path):
    forged = cards[0].model_copy(update={"address": cards[1].address})
    (tmp_path / "forged").write_text(forged.model_dump_json())
    with pytest.raises(RequestInvalid, match="gives the address of c0 for c3"):
        read_card(tmp_path / "forged")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cluster": 1}'])
def test_what_is_no_card_is_refused(tmp_path, text):
    (tmp_path / "card").write_text(text)
    with pytest.raises(RequestInvalid, match="is no card: "):
        read_card(tmp_path / "card")
    with pytest.raises(RequestInvalid, match="cannot read the card"):
        read_card(tmp_path / "nothing")
