"""P-17, P-18: what is known, what is asked for, of whom, and when it is forgotten."""

from quorate.consensus.bodies import Bodies
from quorate.consensus.desk import Desk
from quorate.consensus.effects import Persist, ReplicaSettings, Send
from quorate.consensus.messages import WANTED_MAX, GetBlock, GetItems, GetRange, decode
from quorate.consensus.plain import read_saved_block
from quorate.consensus.pool import Pool
from quorate.consensus.proposing import make_block
from quorate.consensus.signing import Ed25519Verifier, sign_item
from quorate.consensus.wal import decode_record
from quorate.domain.deciding import Block
from tests.quorate.consensus.toy import CHAIN, GENESIS, payload, signer, toy


def bodies():
    desk = Desk(1, CHAIN, signer(1), Ed25519Verifier(), ReplicaSettings())
    pool = Pool((0,) * 6, ReplicaSettings())
    return desk, pool, Bodies(desk, pool, 1, 6)


def asked(desk):
    return [(e.to, decode(CHAIN, e.data)) for e in desk.flush() if isinstance(e, Send)]


ONE = sign_item(CHAIN, 0, 1, payload(1), signer(0))


def test_a_block_is_whole_when_its_last_item_comes():
    desk, pool, known = bodies()
    block = make_block(toy(), [ONE], None, 0)
    assert known.items(block.digest) is None
    known.fetch(block.digest, 3)
    assert asked(desk) == [(3, GetBlock(1, block.digest))]
    known.fetch(block.digest, 4)
    assert asked(desk) == []
    known.learn(block)
    known.fetch(block.digest, 4)
    assert asked(desk) == [(4, GetItems(1, (ONE.digest,)))]
    assert known.waiting
    pool.add(ONE)
    known.settle()
    assert not known.waiting
    assert known.items(block.digest) == (ONE,)
    assert known.item(ONE.digest) == ONE


def test_what_does_not_come_is_asked_of_two_others_each_time_never_of_oneself():
    desk, _, known = bodies()
    known.fetch_run(2, 5, 10_000, 0)
    assert asked(desk) == [(0, GetRange(1, 2, 5, WANTED_MAX))]
    tried = []
    for _ in range(6):
        known.ask_again()
        tried += [to for to, _ in asked(desk)]
    assert set(tried) == {0, 2, 3, 4, 5}


def test_a_long_list_of_items_is_asked_for_in_parts():
    desk, _, known = bodies()
    names = tuple(f"{i:064x}" for i in range(WANTED_MAX + 1))
    block = Block(CHAIN, 1, GENESIS, 0, names, None, None)
    known.learn(block)
    known.fetch(block.digest, 0)
    assert [len(wanted.items) for _, wanted in asked(desk)] == [WANTED_MAX, 1]
    known.forget_requests()
    assert not known.waiting


def test_a_block_is_made_durable_once_and_whole():
    """P-20."""
    desk, pool, known = bodies()
    block = make_block(toy(), [ONE], None, 0)
    pool.add(ONE)
    known.learn(block)
    assert known.items(block.digest)
    known.persist(block.digest)
    known.persist(block.digest)
    (record,) = [e.record for e in desk.flush() if isinstance(e, Persist)]
    assert read_saved_block(decode_record(record).body) == (block, (ONE,))


def test_blocks_that_nothing_names_are_forgotten_but_never_durable_ones():
    """P-19."""
    _, _, known = bodies()
    blocks = [make_block(toy(), [], None, at) for at in range(3)]
    for block in blocks:
        known.learn(block)
        known.items(block.digest)
    known.persist(blocks[0].digest)
    known.drop([blocks[1].digest])
    assert [known.block(block.digest) is not None for block in blocks] == [True, True, False]
