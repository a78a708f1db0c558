"""How a federation of several centres begins: each makes its key and its card, all found one chain from the cards.

A card is public: what the cluster is, its key, where it listens. Whoever holds the same cards, under the same name and
parameters, writes the same genesis; its digest is the chain's name, and is what people compare over another channel.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from federation.home import Address, Home, Roster, address
from federation.keys import new_seed, pem_key, private_pem, write_secret
from quorate.consensus.signing import KeySigner
from quorate.domain.clusters import Cluster
from quorate.domain.errors import RequestInvalid
from quorate.domain.values import Value
from quorate.ledger.genesis import Genesis, Member, Parameters
from quorate.ledger.verify import Verified, genesis_line
from quorate.reputation.standing import PROBATION_HEIGHTS

CARD = "card.json"
PORT_MAX = 65_535
_HOST = re.compile(r"[0-9A-Za-z._:-]{1,255}")


class Card(Value):
    """What one centre tells the others."""

    cluster: Cluster
    background: int = Field(ge=0)
    """Nodes busy for others, as the centre declares."""
    address: Address


def make(folder: Path, cluster: Cluster, background: int, host: str, port: int) -> Card:
    """Make a member's folder with a fresh key and its card; the chain is founded later, from everybody's cards.

    Raises:
        RequestInvalid: the folder exists, or more nodes are declared busy than there are.
    """
    if not 1 <= port <= PORT_MAX:
        raise RequestInvalid(f"{port} is no port; give a number from 1 to {PORT_MAX}")
    if not _HOST.fullmatch(host):
        raise RequestInvalid(f"{ascii(host)[:80]} is no host; give a name or an address, such as 192.0.2.7")
    if not 0 <= background <= cluster.nodes:
        raise RequestInvalid(f"{cluster.id} has {cluster.nodes} nodes, {background} cannot be busy; declare fewer")
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError as error:
        raise RequestInvalid(f"{folder} exists; a key is never written over: name another folder") from error
    seed = new_seed()
    write_secret(folder / "key", seed.hex().encode())
    write_secret(folder / "key.pem", private_pem(seed))
    card = Card(cluster=cluster, background=background, address=address(seed, cluster.id, host, port))
    (folder / "certificate.pem").write_text(card.address.certificate, encoding="utf-8")
    write_card(folder, card)
    return card


def write_card(folder: Path, card: Card) -> None:
    """Leave a card in a folder, for people to hand on."""
    (folder / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")


def make_next(home: Home) -> Card:
    """Make the key that is to take over in a member's folder, once a quorum agrees; return its card.

    Raises:
        RequestInvalid: there is one already, or the member's present card cannot be read.
    """
    if (home.next / "key").exists():
        raise RequestInvalid(f"{home.next} exists: its key waits for consent; hand {home.next / CARD} in, or remove it")
    old = read_card(home.folder / CARD)
    with suppress(OSError):
        home.next.rmdir()  # empty: the last change of keys was cut off after its last step
    card = make(home.next, old.cluster, old.background, old.address.host, old.address.port)
    home.meet(card.address)
    return card


def read_card(path: Path) -> Card:
    """Return a card.

    Raises:
        RequestInvalid: it cannot be read, or its address is another cluster's.
    """
    try:
        card = Card.model_validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise RequestInvalid(f"cannot read the card {path}: {error.strerror}; ask its centre for it") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestInvalid(f"{path} is no card: {where}: {first['msg']}; ask its centre for it again") from error
    if card.address.cluster != card.cluster.id:
        raise RequestInvalid(f"{path} gives the address of {card.address.cluster} for {card.cluster.id}; ask again")
    return card


def enter(home: Home, lines: Sequence[bytes], heights: Sequence[Verified], cards: Sequence[Card]) -> Genesis:
    """Give a folder that `make` made the chain that admitted it: a verified ledger, and where its members are.

    `lines`: the ledger's lines, which `heights` is the verification of.

    Raises:
        RequestInvalid: the folder belongs to a chain, or the ledger has not admitted its key.
    """
    mine = KeySigner(home.seed()).public_key.hex()
    if home.log.exists() or (home.folder / "genesis.json").exists():
        raise RequestInvalid(f"{home.folder} belongs to a chain already; make another folder with `peer-init`")
    members = heights[-1].application.state.members if heights else ()
    if mine not in {member.public_key for member in members}:
        raise RequestInvalid(
            f"{len(heights)} heights of this ledger admit nobody with the key of {home.folder}; "
            "let a quorum endorse `motion join` with its card first, and copy the ledger after that"
        )
    addresses = {card.cluster.id: card.address for card in [*cards, read_card(home.folder / CARD)]}
    (home.folder / "genesis.json").write_bytes(lines[0].rstrip(b"\n"))
    (home.folder / "roster.json").write_bytes(Roster(members=tuple(addresses.values())).model_dump_json().encode())
    home.ledger.write_bytes(b"".join(lines))
    home.answers.touch()
    home.log.touch()
    return home.genesis()


def found(
    home: Home,
    name: str,
    cards: Sequence[Card],
    *,
    bid_window_s: int = 60,
    sealed: bool = True,
    probation_heights: int = PROBATION_HEIGHTS,
    opinions: bool = False,
) -> Genesis:
    """Write genesis and roster into a member's folder, and begin its log; members stand in the order of their ids.

    `bid_window_s`: how long a call waits for answers; `sealed`: answers are committed to before any is shown;
    `probation_heights`: how long a joiner watches without power; `opinions`: whether members' opinions of rivals'
    bids are heard.

    Raises:
        RequestInvalid: the folder's own card is not among them, a chain was founded here before, or the cards make no
            federation.
    """
    mine = KeySigner(home.seed()).public_key
    ordered = sorted(cards, key=lambda card: card.cluster.id)
    keys = [pem_key(card.address.certificate) for card in ordered]
    if mine not in keys:
        raise RequestInvalid(f"the card of {home.folder} is not among the cards; add {home.folder / CARD}")
    if home.log.exists() or (home.folder / "genesis.json").exists():
        raise RequestInvalid(f"{home.folder} belongs to a chain already; make another folder with `peer-init`")
    try:
        members = tuple(
            Member(cluster=card.cluster, public_key=key.hex(), background=card.background)
            for card, key in zip(ordered, keys, strict=True)
        )
        parameters = Parameters(
            bid_window_s=bid_window_s,
            reveal_window_s=bid_window_s,
            sealed=sealed,
            probation_heights=probation_heights,
            assessments=opinions,
        )
        genesis = Genesis(name=name, members=members, parameters=parameters)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestInvalid(f"these cards make no federation: {where}: {first['msg']}; correct that") from error
    (home.folder / "genesis.json").write_bytes(genesis_line(genesis))
    roster = Roster(members=tuple(card.address for card in ordered))
    (home.folder / "roster.json").write_bytes(roster.model_dump_json().encode())
    home.log.touch()
    home.answers.touch()
    return genesis
