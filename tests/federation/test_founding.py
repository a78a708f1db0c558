"""Centres that hold the same cards found the same chain; no key is written over, and a stranger's cards are refused."""

import pytest

from federation.founding import CARD, enter, found, make, read_card
from federation.home import Home
from federation.keys import pem_key
from quorate.domain.errors import RequestInvalid
from quorate.ledger import acts as a
from quorate.ledger.verify import verify_lines
from tests.quorate.ledger.build import Chain, cluster, genesis

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
    ("background", "host", "port", "said"),
    [
        (11, "127.0.0.1", 1, "declare fewer"),
        (0, "127.0.0.1", 0, "is no port"),
        (0, "127.0.0.1", 65_536, "port"),
        (0, "", 1, "is no host; give a name or an address"),
        (0, "a\x1b[2J", 1, "is no host"),
        (0, "h" * 256, 1, "is no host"),
    ],
    ids=range(6),
)
def test_what_cannot_be_is_refused_before_a_folder_is_made(tmp_path, background, host, port, said):
    with pytest.raises(RequestInvalid, match=said):
        make(tmp_path / "c9", cluster("c9"), background, host, port)
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


def admitting(genesis, card):
    """The ledger of a chain whose first height admits a card."""
    chain = Chain(genesis)
    key_ = pem_key(card.address.certificate).hex()
    motion = a.Endorse(motion=a.Join(cluster=card.cluster, public_key=key_, background=0))
    chain.decide({seat: [motion] for seat in range(3)})
    return chain


def test_whoever_was_admitted_enters_with_the_ledger_that_says_so(tmp_path):
    new = make(tmp_path / "new", cluster("new"), 0, "127.0.0.1", 5_000)
    others = [make(tmp_path / name, cluster(name), 0, "127.0.0.1", 5_001) for name in NAMES]
    chain = admitting(genesis(4), new)
    home, heights = Home(tmp_path / "new"), list(verify_lines(chain.lines()))
    with pytest.raises(
        RequestInvalid, match=r"0 heights of this ledger admit nobody with the key of .*new; let a quorum"
    ):
        enter(home, chain.lines()[:1], [], others)
    assert enter(home, chain.lines(), heights, others) == chain.genesis
    assert home.ledger.read_bytes() == b"".join(chain.lines())
    assert home.addresses(chain.application.committee.seats)[4] == new.address
    assert home.silent_through(2) == 0
    with pytest.raises(RequestInvalid, match="belongs to a chain already"):
        enter(home, chain.lines(), heights, others)


def test_who_was_not_admitted_does_not_enter(tmp_path):
    new, other = (make(tmp_path / name, cluster(name), 0, "127.0.0.1", 5_000) for name in ("new", "other"))
    chain = admitting(genesis(4), new)
    with pytest.raises(RequestInvalid, match="1 heights of this ledger admit nobody"):
        enter(Home(tmp_path / "other"), chain.lines(), list(verify_lines(chain.lines())), [other])
    assert not (tmp_path / "other" / "genesis.json").exists()
