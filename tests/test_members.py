"""The terminal's commands around members: six real processes change their committee, and one head is left in the end.

docs/protocol.md P-58, P-59.
"""

import asyncio
import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout

import pytest

import cli
import wiring
from backends.ledger_file import read_lines
from federating import LocalFederation, free_ports, scratch
from federation.founding import CARD, make
from federation.home import Home
from federation.keys import write_secret
from quorate.consensus.signing import KeySigner
from quorate.ledger.verify import verify_lines
from tests.doors import one_sentence, opened

C0, C1, C2, C3, C4, C5 = (f"HPC_RESOURCE_{seat:02d}" for seat in range(6))
PROBATION = 3


def asked():
    return wiring.request(wiring.read_settings(None), seed=42, profile="rule", name="members")


@pytest.fixture
async def federation():
    made = LocalFederation(scratch(), asked(), ("--hasten", "20000"), probation_heights=PROBATION)
    yield made
    await made.stop()
    shutil.rmtree(made.folder)


def given(out, *words):
    with redirect_stdout(out), redirect_stderr(out):
        return cli.main([str(word) for word in words])


async def said(*words, status=0):
    """Give one command, beside the running loop; return what it printed."""
    out = io.StringIO()
    assert await asyncio.to_thread(given, out, *words) == status, (words, out.getvalue())
    return out.getvalue()


async def moved(federation, members, *motion):
    """Let members stand behind a motion, one after another; return what the last of them was told."""
    answers = [await said("motion", *motion, "--member", federation.homes[name].folder) for name in members]
    return answers[-1]


async def placed(federation, number, through):
    job = await federation.submit(number, through, patience_s=8.0)
    decision = await federation.decided(job)
    assert decision is not None
    assert decision.outcome == "allocated"
    return decision


async def standing(federation, through, cluster):
    status = await federation.status(through)
    return next((each for each in status.members if each.cluster == cluster), None)


async def until(federation, through, cluster, holds, times=400):
    for _ in range(times):
        found = await standing(federation, through, cluster)
        if found is not None and holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def confirmed(federation):
    """A submitter signs a job with its own key and, when it has ended, the receipt."""
    at = ("--member", federation.homes[C1].folder)
    key, jobs = federation.folder / "alice.key", federation.folder / "mine.json"
    jobs.write_text(json.dumps({"id": "mine", "nodes": 2, "walltime_min": 5}))
    assert "give the file to nobody" in await said("key", key)
    assert "1 of 1 jobs handed in" in await said("submit", jobs, *at, "--key", key, "--submitter", "alice")
    for _ in range(400):
        status = await federation.status(C1)
        if any(end.job == "mine" for end in status.ended):
            break
        await asyncio.sleep(0.05)
    await said("key", federation.folder / "mallory.key")
    refused = await said("receipt", "mine", *at, "--key", federation.folder / "mallory.key", status=2)
    assert "is not signed with the key of the job" in refused
    assert "confirms HPC_RESOURCE_" in await said("receipt", "mine", *at, "--key", key)
    for _ in range(100):
        out = io.StringIO()
        if await asyncio.to_thread(given, out, "receipt", "mine", *at, "--key", key) == 2:
            assert "no receipt is awaited for mine" in out.getvalue(), "the ledger has it"
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the receipt never came to the ledger")


def newcomer(folder):
    """A seventh cluster, larger than it needs to be, with a card of its own."""
    twin = asked().federation.clusters[2]
    cluster = twin.model_copy(update={"id": "NEWCOMER"})
    (port,) = free_ports(1)
    make(folder / "NEWCOMER", cluster, 0, "127.0.0.1", port)
    return Home(folder / "NEWCOMER")


@pytest.mark.slow
async def test_six_processes_let_one_go_admit_one_change_a_key_and_release_one(federation):
    for cluster in federation.homes:
        await federation.start(cluster)
    await federation.ready()
    await placed(federation, 0, C1)
    await confirmed(federation)

    # Four of six let C5 go; three do not.
    told = await moved(federation, (C0, C1, C2), "leave", C5)
    assert "3 of 6 with power stand behind it" in told
    assert "has left" in await moved(federation, (C3,), "leave", C5)

    # A seventh comes in by its card, reads the ledger that admitted it, and watches first.
    home = newcomer(federation.folder)
    told = await moved(federation, (C0, C1, C2, C3), "join", home.folder / CARD)
    assert "on probation, votes from height" in told
    ledger = federation.folder / "copy.jsonl"
    shutil.copy(federation.homes[C0].ledger, ledger)
    cards = [federation.homes[name].folder / CARD for name in (C0, C1, C2, C3, C4, C5)]
    assert "enters the chain" in await said("peer-enter", home.folder, ledger, *cards)
    await said("meet", home.folder / CARD, "--member", federation.homes[C4].folder)
    federation.homes["NEWCOMER"] = home
    await federation.start("NEWCOMER")
    await federation.ready()
    await placed(federation, 1, C2)
    for name in (C0, "NEWCOMER"):  # who endorses by its own ledger must have come as far
        await until(federation, name, "NEWCOMER", lambda each: each.power >= 500)

    # C1 gets a new key; its process takes it by itself and votes on.
    old = (await standing(federation, C0, C1)).public_key
    await said("peer-rotate", federation.homes[C1].folder)
    card = federation.homes[C1].next / CARD
    others = (C0, C2, C3, "NEWCOMER", C4)
    await moved(federation, others, "rotate", card)
    fresh = await until(federation, C0, C1, lambda each: each.public_key != old)
    await placed(federation, 2, C1)
    assert not federation.homes[C1].next.exists()
    assert KeySigner(federation.homes[C1].seed()).public_key.hex() == fresh.public_key

    # C2 signs two votes and is jailed; honest again, it is released and watches first.
    await federation.kill(C2)
    await federation.start(C2, "--fault", "two-votes")
    await federation.ready()
    await placed(federation, 3, C3)
    for name in (C0, C1, C3, C4):
        await until(federation, name, C2, lambda each: each.jailed)
    await federation.kill(C2)
    await federation.start(C2)
    await federation.ready()
    told = await moved(federation, (C0, C1, C3, C4), "release", C2)
    assert "on probation" in told
    for number in (4, 5):
        await placed(federation, number, C4)
    for name in (C0, C2):
        await until(federation, name, C2, lambda each: each.power >= 500)

    # C4 is down while its key changes: nobody links with its old one, so it catches up under the next and takes it.
    await said("peer-rotate", federation.homes[C4].folder)
    await federation.kill(C4)
    told = await moved(federation, (C0, C1, C2, C3), "rotate", federation.homes[C4].next / CARD)
    assert "done at height" in told
    await federation.start(C4)
    await federation.ready()
    for _ in range(400):
        if not federation.homes[C4].next.exists() and await federation.status(C4):
            break
        await asyncio.sleep(0.05)
    output = (federation.homes[C4].folder / "output.log").read_text()
    assert "the others know its next key only" in output
    assert output.count("its key was changed by the ledger: it goes on with the next one") == 1
    await placed(federation, 6, C4)

    heads = await federation.settled(list(federation.processes), 30.0)
    assert len(heads) == 1, heads
    shown = json.loads(await said("status", "--member", federation.homes[C3].folder, "--json"))
    assert shown["cluster"] == C3
    assert {each["cluster"] for each in shown["members"]} == {C0, C1, C2, C3, C4, C5, "NEWCOMER"}
    await federation.stop()
    ledgers = [list(verify_lines(read_lines(home.ledger))) for home in federation.homes.values()]
    blocks = [[height.entry.block.digest for height in ledger] for ledger in ledgers]
    assert all(mine == max(blocks, key=len)[: len(mine)] for mine in blocks)
    heights = ledgers[0]
    signers = [
        {height.application.state.members[vote.seat].cluster.id for vote in height.entry.certificate.votes}
        for height in heights
    ]
    assert "NEWCOMER" in set().union(*signers[-12:])
    assert {C1, C4} <= set().union(*signers[-12:])


# -- what is refused, in one sentence, before anything is begun

HOSTILE = {
    "no member": ["status"],
    "a member that is nowhere": ["status", "--member", "nowhere"],
    "a member with a null": ["status", "--member", "a\0b"],
    "a member with a name too long": ["status", "--member", "x" * 300],
    "a member with an escape": ["status", "--member", "\x1b[2J"],
    "no jobs": ["submit", "--member", "nowhere"],
    "jobs that are nowhere": ["submit", "nothing.toml", "--member", "nowhere"],
    "jobs under a key that is nowhere": ["submit", "jobs.json", "--member", "nowhere", "--key", "none"],
    "a job at a member that is nowhere": ["submit", "jobs.json", "--member", "nowhere"],
    "a submitter that clears the screen": [
        "submit",
        "jobs.json",
        "--member",
        "nowhere",
        "--key",
        "k",
        "--submitter",
        "\x1b",
    ],
    "a receipt without a key": ["receipt", "job_1", "--member", "nowhere"],
    "a receipt with a key that is no key": ["receipt", "job_1", "--member", "nowhere", "--key", "jobs.json"],
    "a receipt for nobody": ["receipt", "\x1b[2J", "--member", "nowhere", "--key", "k"],
    "a receipt of a run below nought": ["receipt", "job_1", "--member", "nowhere", "--key", "k", "--run-s", "-1"],
    "a motion without a kind": ["motion"],
    "a motion of another kind": ["motion", "crown", "HPC_RESOURCE_00", "--member", "nowhere"],
    "a motion of nobody": ["motion", "leave", "--member", "nowhere"],
    "a motion at nobody": ["motion", "leave", "HPC_RESOURCE_00", "--member", "nowhere"],
    "a motion with a card that is nowhere": ["motion", "join", "none.json", "--member", "nowhere"],
    "a motion with a card that is none": ["motion", "rotate", "jobs.json", "--member", "nowhere"],
    "a meeting with nobody": ["meet", "none.json", "--member", "nowhere"],
    "a key over a file": ["key", "jobs.json"],
    "a key in no folder": ["key", "none/such/key"],
    "a key with a null": ["key", "a\0b"],
    "a next key for nobody": ["peer-rotate", "nowhere"],
    "a next key for no member": ["peer-rotate", "."],
    "an entry with a ledger that is nowhere": ["peer-enter", "home", "none.jsonl", "none.json"],
    "an entry with a ledger that is none": ["peer-enter", "home", "jobs.json", "none.json"],
    "an entry without cards": ["peer-enter", "home", "none.jsonl"],
    "a founding with windows of nought": ["peer-found", "home", "c.json", "--name", "x", "--bid-window-s", "0"],
    "a member that holds messages back for ever": ["peer", "home", "--delay-ms", "9" * 12],
    "a member from the future": ["peer", "home", "--delay-ms", "-1"],
    "a member that is hastened by nought": ["peer", "home", "--hasten", "0"],
    "a port that is none": ["peer-init", "home", "--cluster", "HPC_RESOURCE_00", "--host", "h", "--port", "0"],
    "a cluster that is none": ["peer-init", "home", "--cluster", "\x1b[2J", "--host", "h", "--port", "1"],
    "a host that is too long": [
        "peer-init",
        "home",
        "--cluster",
        "HPC_RESOURCE_00",
        "--host",
        "h" * 300,
        "--port",
        "1",
    ],
    "a host that clears the screen": [
        "peer-init",
        "home",
        "--cluster",
        "HPC_RESOURCE_00",
        "--host",
        "\x1b",
        "--port",
        "1",
    ],
    "a folder without a name": ["peer-init", "", "--cluster", "HPC_RESOURCE_00", "--host", "h", "--port", "1"],
    "a member without a name": ["peer", ""],
    "a member's folder with a null": ["peer", "a\0b"],
    "a card with a null": ["motion", "join", "a\0b", "--member", "nowhere"],
    "a seed that is a word": ["federation", "--seed", "many"],
    "trouble of another kind": ["federation", "--trouble", "fire"],
    "a victim that is nobody": ["federation", "--victim", "\x1b[2J"],
    "an empty federation": ["federation", "--federation", ""],
    "an empty job list": ["federation", "--jobs", ""],
    "an unknown profile": ["federation", "--profile", "oracle"],
    "skipping without light": ["verify", "jobs.json", "--skip"],
    "a light look at what is no ledger": ["verify", "jobs.json", "--light"],
    "a light look at nothing": ["verify", "none.jsonl", "--light", "--skip"],
    "a checkpoint that is none": ["verify", "jobs.json", "--light", "--checkpoint", "7"],
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(capsys, monkeypatch, tmp_path, case):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORATE_PROFILE", raising=False)
    (tmp_path / "jobs.json").write_text('{"id": "mine", "nodes": 2, "walltime_min": 5}')
    write_secret(tmp_path / "k", b"ab" * 32)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    one_sentence(opened(capsys, *HOSTILE[case]))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


COMMANDS = [
    [], ["demo"], ["run"], ["verify"], ["faults"], ["config"], ["probe"], ["federation"], ["peer"], ["peer-init"],
    ["peer-found"], ["peer-enter"], ["peer-rotate"], ["status"], ["submit"], ["receipt"], ["key"], ["meet"],
    ["motion"], ["motion", "join"], ["motion", "leave"], ["motion", "rotate"], ["motion", "release"],
]  # fmt: skip


def test_every_command_is_asked_for_its_help():
    top = next(action for action in cli.parser()._actions if getattr(action, "choices", None))
    assert {words[0] for words in COMMANDS if words} == set(top.choices)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_what_each_flag_is(capsys, words):
    with pytest.raises(SystemExit) as leaving:
        cli.main([*words, "--help"])
    assert leaving.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: quorate")
    parsers = cli.parser()
    for word in words:
        parsers = next(action for action in parsers._actions if getattr(action, "choices", None)).choices[word]
    assert parsers.description
    for action in parsers._actions:
        assert action.help or getattr(action, "choices", None), (words, action.dest)
