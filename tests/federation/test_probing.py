"""By which of its keys a member is still known: peers that do not know a key close its link."""

from federation.founding import make
from federation.home import Home
from federation.probing import welcomes
from quorate.consensus.signing import KeySigner
from tests.federation.houses import houses, keys
from tests.federation.test_carrier import Member
from tests.quorate.ledger.build import cluster


def others(homes, me):
    roster = homes[me].roster(homes[me].genesis())
    return [address for seat, address in enumerate(roster.members) if seat != me]


async def test_those_who_know_a_key_leave_its_link_open_and_those_who_do_not_close_it(tmp_path):
    homes = houses(tmp_path)
    members = [Member(homes, seat) for seat in (1, 2)]
    for member in members:
        await member.carrier.start()
    try:
        assert await welcomes(homes[0], others(homes, 0), 0.3) == 2, "the third does not run"
        stranger = tmp_path / "stranger"
        make(stranger, cluster("c0"), 0, "127.0.0.1", 1)
        assert await welcomes(Home(stranger), others(homes, 0), 0.3) == 0
    finally:
        for member in members:
            await member.carrier.stop()


async def test_once_the_others_have_taken_a_new_key_the_old_one_is_welcome_no_more(tmp_path):
    homes = houses(tmp_path)
    card = make(tmp_path / "next", cluster("c0"), 0, "127.0.0.1", 1)
    fresh = KeySigner(bytes.fromhex((tmp_path / "next" / "key").read_text().strip())).public_key
    member = Member(homes, 1)
    await member.carrier.start()
    try:
        member.carrier.meet({**member.addresses, 0: card.address}, (fresh, *keys(homes)[1:]))
        assert await welcomes(homes[0], others(homes, 0)[:1], 0.3) == 0
        assert await welcomes(Home(tmp_path / "next"), others(homes, 0)[:1], 0.3) == 1
    finally:
        await member.carrier.stop()


async def test_where_nobody_runs_nobody_welcomes(tmp_path):
    homes = houses(tmp_path)
    assert await welcomes(homes[0], others(homes, 0), 0.2) == 0
    assert await welcomes(homes[0], [], 0.2) == 0
