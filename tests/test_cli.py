"""The terminal's door on good input: exit statuses, one job from anywhere, JSON alone on standard output."""

import json
import signal
import subprocess
import time

import pytest

import carrying
import cli
from tests.doors import ROOT, command, one_sentence, opened, process
from tests.graph.table import Dropping

JOB = {"id": "mine", "nodes": 4, "walltime_min": 30}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORATE_PROFILE", raising=False)


def test_the_demo_places_eight_jobs_finds_one_liar_and_exits_0(capsys, tmp_path):
    said = opened(capsys, "demo", "--no-times", "--json", "run.json")
    assert said.status == 0
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["schema"] == "quorate.run/1"
    assert report["summary"]["allocated"] == report["summary"]["submitted"] == 8
    assert [d["outcome"] for d in report["decisions"]] == ["allocated"] * 8
    assert [(f["cluster"], f["before"], f["after"]) for f in report["findings"]] == [("HPC_RESOURCE_00", 1.0, 0.6)]
    assert "8 of 8 jobs placed; one agent caught lying" in said.out
    assert said.err == ""


def test_a_job_that_fits_nowhere_exits_1_and_says_why(capsys):
    said = opened(capsys, "run", "--nodes", "5000", "--no-times", "--json", "-")
    assert said.status == 1
    (decision,) = json.loads(said.out)["decisions"]
    assert decision["outcome"] == "unallocated"
    assert len(decision["reasons"]) == 6
    assert "nodes" in said.err, "the person reads the same story on the other channel"


def test_json_on_standard_output_is_json_alone(capsys):
    said = opened(capsys, "run", "--nodes", "4", "--json", "-")
    assert said.status == 0
    assert json.loads(said.out)["decisions"][0]["outcome"] == "allocated"
    assert "1 of 1 job" in said.err


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_two_processes(tmp_path):
    files = []
    for number, hash_seed in enumerate(("1", "2")):
        place = tmp_path / str(number)
        place.mkdir()
        said = process(place, "demo", "--no-times", "--json", "run.json", "--ledger", "l", PYTHONHASHSEED=hash_seed)
        assert said.status == 0
        text = said.out.replace(str(place), "")
        files.append(((place / "run.json").read_bytes(), (place / "l").read_bytes(), text))
    assert files[0] == files[1]


def test_another_seed_gives_other_bytes(capsys):
    one = opened(capsys, "run", "--nodes", "4", "--no-times", "--seed", "1", "--json", "-")
    two = opened(capsys, "run", "--nodes", "4", "--no-times", "--seed", "2", "--json", "-")
    assert json.loads(one.out)["seed"] == 1
    assert json.loads(one.out)["federation"] != json.loads(two.out)["federation"], "the background load is drawn"


def test_wall_clock_times_are_left_out_only_when_asked(capsys):
    with_times = opened(capsys, "run", "--nodes", "4", "--json", "-")
    without = opened(capsys, "run", "--nodes", "4", "--no-times", "--json", "-")
    assert json.loads(with_times.out)["decisions"][0]["bids_s"] is not None
    assert json.loads(without.out)["decisions"][0]["bids_s"] is None


FORMS = {
    "toml": "".join(f"{k} = {json.dumps(v)}\n" for k, v in JOB.items()),
    "toml-table": "[[jobs]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in JOB.items()),
    "json": json.dumps(JOB),
    "json-lines-apart": json.dumps(JOB, indent=2),
    "json-list": f" [ {json.dumps(JOB)} ]",
    "json-workload": json.dumps({"jobs": [JOB]}),
}


class Pipe:
    """Standard input that holds some bytes."""

    def __init__(self, data: bytes) -> None:
        import io

        self.buffer = io.BytesIO(data)


@pytest.mark.parametrize("form", FORMS)
def test_one_job_comes_from_standard_input_in_any_form(capsys, monkeypatch, form):
    monkeypatch.setattr("sys.stdin", Pipe(FORMS[form].encode()))
    said = opened(capsys, "run", "--jobs", "-", "--no-times", "--json", "-")
    assert said.status == 0, said.err
    (decision,) = json.loads(said.out)["decisions"]
    assert decision["job"]["id"] == "mine"
    assert decision["outcome"] == "allocated"


def test_json_lines_on_standard_input_are_many_jobs(capsys, monkeypatch):
    lines = "\n".join(json.dumps({**JOB, "id": f"j{n}", "name": "a { b"}) for n in range(3)) + "\n\n"
    monkeypatch.setattr("sys.stdin", Pipe(lines.encode()))
    said = opened(capsys, "run", "--jobs", "-", "--no-times", "--json", "-")
    assert [d["job"]["id"] for d in json.loads(said.out)["decisions"]] == ["j0", "j1", "j2"]


@pytest.mark.parametrize("suffix", ["toml", "json", "jsonl"])
def test_a_job_list_is_read_from_a_file_by_its_suffix(capsys, tmp_path, suffix):
    text = FORMS["toml-table"] if suffix == "toml" else json.dumps(JOB)
    (tmp_path / f"jobs.{suffix}").write_text(text)
    assert opened(capsys, "run", "--jobs", f"jobs.{suffix}", "--no-times", "--quiet").status == 0


def test_a_job_of_flags_carries_every_field(capsys):
    said = opened(
        capsys, "run", "--id", "mine", "--name", "Mine", "--application", "WRF", "--type", "ai", "--nodes", "4",
        "--gpus-per-node", "4", "--memory-gib-per-node", "200", "--walltime-min", "90", "--description", "why",
        "--no-times", "--json", "-",
    )  # fmt: skip
    job = json.loads(said.out)["decisions"][0]["job"]
    wanted = {"id": "mine", "name": "Mine", "application": "WRF", "type": "ai", "nodes": 4, "gpus_per_node": 4}
    assert wanted.items() <= job.items()
    assert (job["memory_gib_per_node"], job["walltime_s"], job["description"]) == (200, 5_400, "why")


def test_a_walltime_that_was_left_open_is_chosen_aloud(capsys):
    said = opened(capsys, "run", "--nodes", "4", "--no-times")
    assert "the job may run 60 min, for no --walltime-min was given" in said.out
    assert (
        "for no --walltime-min" not in opened(capsys, "run", "--nodes", "4", "--walltime-min", "60", "--no-times").out
    )


@pytest.mark.parametrize("out", [[], ["--json", "-"], ["--quiet"]], ids=str)
def test_a_provider_without_its_key_exits_2_before_anything_is_begun(capsys, monkeypatch, tmp_path, out):
    monkeypatch.delenv("SAMBANOVA_API_KEY", raising=False)
    assert "set SAMBANOVA_API_KEY" in one_sentence(
        opened(capsys, "run", "--nodes", "4", "--profile", "sambanova", *out)
    )
    assert "set SAMBANOVA_API_KEY" in one_sentence(opened(capsys, "federation", "--profile", "sambanova"))
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_followed_by_its_certificates_and_what_that_leaves_open_is_said(capsys, tmp_path):
    assert opened(capsys, "run", "--nodes", "4", "--ledger", "l", "--quiet").status == 0
    full, light, skip = (opened(capsys, "verify", "l", *flags) for flags in ([], ["--light"], ["--light", "--skip"]))
    assert full.out.replace("verified", "certified") == light.out.splitlines(keepends=True)[0]
    assert light.out.splitlines()[1:] == [
        "  6 certificates checked",
        "  not executed: awards, findings and reputations are believed because a quorum certified them",
    ]
    assert "left aside: those blocks are ancestors of a checked one" in skip.out
    head = full.out.split()[-1]
    assert opened(capsys, "verify", "l", "--light", "--skip", "--checkpoint", f"6:{head}").status == 0
    another = one_sentence(opened(capsys, "verify", "l", "--light", "--checkpoint", f"6:{'ab' * 32}"))
    assert "another past" in another
    data = bytearray((tmp_path / "l").read_bytes())
    data[-400] ^= 1
    (tmp_path / "l").write_bytes(data)
    assert "does not verify at height 6" in one_sentence(opened(capsys, "verify", "l", "--light"))


def test_the_ledger_of_a_run_verifies_and_a_changed_byte_does_not(capsys, tmp_path):
    assert opened(capsys, "run", "--nodes", "4", "--ledger", "mine.jsonl", "--quiet").status == 0
    said = opened(capsys, "verify", "mine.jsonl")
    assert said.status == 0
    assert "heights verified from genesis" in said.out
    data = bytearray((tmp_path / "mine.jsonl").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "mine.jsonl").write_bytes(data)
    assert "does not verify" in one_sentence(opened(capsys, "verify", "mine.jsonl"))


def test_an_undecided_job_exits_1(capsys, monkeypatch):
    honest = carrying._Wired.members

    def three_dead(self, *known):
        return [Dropping(member) if seat < 3 else member for seat, member in enumerate(honest(self, *known))]

    monkeypatch.setattr(carrying._Wired, "members", three_dead)
    said = opened(capsys, "run", "--nodes", "4", "--no-times", "--json", "-")
    assert said.status == 1
    report = json.loads(said.out)
    assert (report["summary"]["allocated"], report["summary"]["undecided"]) == (0, 1)
    assert [d["outcome"] for d in report["decisions"]] == ["undecided"]


def test_a_job_that_waits_still_when_the_run_is_over_is_reported_with_its_reasons(capsys):
    said = opened(
        capsys, "run", "--nodes", "300", "--gpus-per-node", "2", "--walltime-min", "10", "--no-times", "--json", "-"
    )
    assert said.status == 1
    report = json.loads(said.out)
    assert (report["summary"]["submitted"], report["summary"]["unallocated"]) == (1, 1)
    (decision,) = report["decisions"]
    assert decision["outcome"] == "unallocated"
    assert "HPC_RESOURCE_01: 283 of 320 suitable nodes free now, 300 asked" in decision["reasons"]
    assert len(decision["reasons"]) == 6


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_an_undecided_job_had_the_rounds_that_are_allowed_and_no_more(capsys, tmp_path, allowed):
    (tmp_path / "own.toml").write_text(f"[run]\nrounds_max = {allowed}\n")
    faults = "".join(
        f'[[faults]]\ndriver = "contrary-vote"\ncluster = "HPC_RESOURCE_0{seat}"\njobs = ["job_001"]\n'
        for seat in range(3)
    )
    (tmp_path / "three.toml").write_text(faults)
    said = opened(
        capsys, "run", "--nodes", "4", "--no-times", "--config", "own.toml", "--faults", "three.toml", "--json", "-"
    )
    assert said.status == 1
    (decision,) = json.loads(said.out)["decisions"]
    assert (decision["outcome"], decision["rounds"]) == ("undecided", allowed)
    assert decision["reasons"] == [f"no quorum in {allowed} rounds"]
    assert len(decision["votes"]) == 6


def test_a_devices_name_is_written_to_and_never_replaced(capsys):
    assert opened(capsys, "run", "--nodes", "4", "--quiet", "--json", "/dev/null").status == 0
    assert not __import__("pathlib").Path("/dev/null").is_file()


SLOW = """
import asyncio, sys
sys.path.insert(0, {root!r})
import cli, carrying
from agents.bidder import RuleBidder
inner = RuleBidder.bid
async def slow(self, job, snapshot):
    await asyncio.sleep(0 if job.id == "j0" else 60)
    return await inner(self, job, snapshot)
RuleBidder.bid = slow
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_ctrl_c_exits_130_keeps_what_was_decided_and_resume_finishes(capsys, tmp_path):
    (tmp_path / "jobs.jsonl").write_text("\n".join(json.dumps({**JOB, "id": f"j{n}"}) for n in range(2)))
    (tmp_path / "slow.py").write_text(SLOW.format(root=str(ROOT)))
    flags = ("run", "--jobs", "jobs.jsonl", "--no-times")
    run = subprocess.Popen(
        [command()[0], "slow.py", *flags, "--json", "cut.json"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    ledger = tmp_path / "runs/seed-42/ledger.jsonl"
    for _ in range(600):
        if ledger.exists() and ledger.read_bytes().count(b"\n") > 4:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert "j0" in out
    cut = json.loads((tmp_path / "cut.json").read_text())
    assert cut["status"] == "cancelled"
    assert next((d["job"]["id"], d["outcome"]) for d in cut["decisions"]) == ("j0", "allocated")
    kept = ledger.read_bytes()
    said = opened(capsys, *flags, "--resume", "--json", "-")
    assert said.status == 0, said.err
    assert [d["outcome"] for d in json.loads(said.out)["decisions"]] == ["allocated", "allocated"]
    assert json.loads(said.out)["status"] == "done"
    assert ledger.read_bytes().startswith(kept)


def test_what_is_known_is_told(capsys):
    with pytest.raises(SystemExit) as leaving:
        cli.main(["--help"])
    assert leaving.value.code == 0
    assert "demo" in capsys.readouterr().out
    assert "false-occupancy" in opened(capsys, "faults").out
    said = opened(capsys, "config")
    assert said.status == 0
    assert "rule" in said.out


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_failure(tmp_path):
    run = subprocess.Popen(command("demo", "--no-times"), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"Quorate" in run.stdout.readline()
    run.stdout.close()
    assert (run.stderr.read(), run.wait(timeout=60)) == (b"", 0)
    run.stderr.close()
