"""Under each single fault driver every job lands right or is refused with the reason, as an independent judge finds.

Eight jobs here; `python -m benchmarks.faults` plays twenty-five. docs/protocol.md P-11, P-15, P-16.
"""

from collections import Counter
from functools import cache

import pytest

import faults.rogue
import quorate.consensus.proposing
import quorate.ledger.application
import quorate.ledger.auction
from faults.drivers import DRIVERS
from faults.plan import Fault, FaultPlan, betrayal, colluding_pair
from tests.faults.judging import Judge
from tests.faults.playing import CLUSTERS, everywhere, gpu_workload, placed, play, workload

JOBS = workload(7, 8)

CONVICTED = {
    "inflated-bid": "B", "false-occupancy": "B", "false-capability": "B", "withheld-reveal": "B", "slander": "B",
    "accept-then-drop": "B", "two-bids": "A", "two-proposals": "A", "two-votes": "A", "silence": "absence",
    "false-results": "A'",
}  # fmt: skip
"""What the ledger holds against a driver's cluster; nothing against any other: what leaves no contradiction costs
nothing but the liveness that it takes."""


@cache
def played(driver):
    return play(JOBS, everywhere(driver, placed(driver)))


@cache
def honestly():
    return play(JOBS, FaultPlan())


@pytest.mark.parametrize("driver", DRIVERS)
def test_under_one_driver_every_job_lands_right_or_is_refused_with_its_reason(driver):
    verdict = played(driver).verdict
    assert verdict.violations == []
    assert len(verdict.landed) + len(verdict.refused) + len(verdict.waiting) == 8
    assert len(verdict.landed) >= 6


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_ledger_holds_against_a_liar_what_it_signed_and_nothing_against_anybody_else(driver):
    found = {(name, class_) for name, class_ in played(driver).verdict.findings}
    assert found == ({(placed(driver), CONVICTED[driver])} if driver in CONVICTED else set())
    jailed = {placed(driver)} if CONVICTED.get(driver) == "A" else set()
    assert played(driver).verdict.jailed == jailed


def votes(driver):
    """What each cluster's votes of decided heights say, by the trace."""
    seen = Counter()
    for event in played(driver).trace:
        if event["kind"] == "voted":
            seen[event["cluster"], event["vote"]] += 1
    return seen


def test_a_contrary_voter_signs_skips_only_and_no_certificate_holds_it():
    liar = placed("contrary-vote")
    assert votes("contrary-vote")[liar, "skip"] >= played("contrary-vote").verdict.heights
    assert votes("contrary-vote")[liar, "approve"] == votes("contrary-vote")[liar, "finalize"] == 0
    seat = CLUSTERS.index(liar)
    assert all(seat not in seats for seats in played("contrary-vote").verdict.certified.values())


def test_a_member_that_withholds_votes_is_in_no_certificate():
    seat = CLUSTERS.index(placed("withheld-vote"))
    assert all(seat not in seats for seats in played("withheld-vote").verdict.certified.values())
    assert not any(votes("withheld-vote")[placed("withheld-vote"), word] for word in ("approve", "finalize", "skip"))


def test_dice_vote_every_way_and_never_both_ways():
    liar = placed("random-vote")
    assert 0 < votes("random-vote")[liar, "finalize"] < played("random-vote").verdict.heights
    assert 0 < votes("random-vote")[liar, "skip"] < played("random-vote").verdict.heights


def test_a_silent_contact_does_not_swallow_a_job():
    run = play(workload(7, 1), everywhere("silence", CLUSTERS[0]))
    assert list(run.verdict.landed) == ["job_001"]
    assert run.verdict.items[1][0] == (0, 0), "it came in through another member"
    assert run.verdict.items[1][1] == (1, 0)


def test_who_withholds_what_it_sealed_goes_on_speaking():
    liar, verdict = placed("withheld-reveal"), played("withheld-reveal").verdict
    seat = CLUSTERS.index(liar)
    assert verdict.findings[liar, "B"] == 8
    assert max(height for height, items in verdict.items.items() if items[seat][0]) > verdict.heights // 2


def left_out(run, seat):
    """Heights that a third of the power reported more of a seat's items for than their block holds."""
    owes = {height: items[seat][1] for height, items in run.verdict.items.items()}
    return [height - 1 for height, count in owes.items() if count > 0]


def test_what_a_censor_leaves_out_comes_in_one_height_later():
    liar = placed("censor")
    rival = (CLUSTERS.index(liar) + 1) % 6
    run = played("censor")
    rounds = {event["height"]: event["round"] for event in run.trace if event["kind"] == "decided"}
    led = {
        event["height"]
        for event in run.trace
        if event["kind"] == "proposed" and event["cluster"] == liar and rounds.get(event["height"]) == event["round"]
    }
    censored = [height for height in left_out(run, rival) if height in led]
    assert censored, "the censor led no height at which its rival had something to say"
    for height in censored:
        assert run.verdict.items[height][rival][0] == 0
        included, owed = run.verdict.items[height + 1][rival]
        assert included >= owed > 0


def test_a_censored_rival_loses_nothing_but_a_height():
    assert played("censor").verdict.landed == honestly().verdict.landed
    assert played("censor").verdict.heights > honestly().verdict.heights


def test_accepted_and_dropped_jobs_run_elsewhere():
    liar, verdict = placed("accept-then-drop"), played("accept-then-drop").verdict
    dropped = [job for job, cluster in honestly().verdict.landed.items() if cluster == liar]
    assert dropped
    assert all(verdict.landed[job] != liar for job in dropped)
    assert verdict.findings[liar, "B"] >= 1


def test_a_liar_without_gpus_wins_no_gpu_job_and_its_reputation_shows_it():
    run = play(gpu_workload(30), everywhere("false-capability", "HPC_RESOURCE_02"))
    assert run.verdict.violations == []
    assert len(run.verdict.landed) == 30
    assert "HPC_RESOURCE_02" not in run.verdict.landed.values()
    assert run.verdict.reputation["HPC_RESOURCE_02"] <= 1
    assert run.report["status_by_cluster"]["HPC_RESOURCE_02"]["status"] == "BYZANTINE"


def test_a_pair_that_shares_awards_stays_within_what_the_rule_allows():
    run = play(JOBS, colluding_pair("HPC_RESOURCE_03", "HPC_RESOURCE_01"))
    won = list(run.verdict.landed.values()).count("HPC_RESOURCE_03")
    assert run.verdict.violations == []
    assert won >= list(honestly().verdict.landed.values()).count("HPC_RESOURCE_03")
    assert not run.verdict.findings, "bidding high within the interval, and abstaining, contradict nothing"


def test_trust_that_was_earned_does_not_outlive_the_first_lie():
    ids = [job.id for job in JOBS.jobs]
    run = play(JOBS, betrayal("HPC_RESOURCE_03", ids, 5))
    first = next(change for change in run.report["findings"] if change["cluster"] == "HPC_RESOURCE_03")
    assert run.verdict.violations == []
    assert (first["before"], first["after"]) == (1.0, 0.6)
    assert run.verdict.findings["HPC_RESOURCE_03", "B"] == 3


def test_a_plan_without_a_job_to_betray_is_refused():
    with pytest.raises(ValueError, match="betray earlier"):
        betrayal("HPC_RESOURCE_03", ["j1"], 1)


# -- quorums of every size ---------------------------------------------------------------------------------------


def silent(count, members):
    """The last members say nothing; jobs come in through the first."""
    seats = range(members - count, members)
    return FaultPlan(faults=tuple(Fault(driver="silence", cluster=f"HPC_RESOURCE_{seat:02d}") for seat in seats))


@pytest.mark.parametrize("members", range(4, 14))
def test_as_long_as_two_thirds_speak_jobs_land_and_with_one_less_nothing_is_decided(members):
    needed = -(-2 * members // 3)
    two = workload(3, 2)
    run = play(two, silent(members - needed, members), members=members)
    assert run.verdict.violations == []
    assert len(run.verdict.landed) + len(run.verdict.refused) == 2
    assert run.verdict.landed
    stuck = play(two.model_copy(update={"jobs": two.jobs[:1]}), silent(members - needed + 1, members), members=members)
    assert (stuck.verdict.heights, stuck.verdict.landed) == (0, {})
    assert [event["job"] for event in stuck.trace if event["kind"] == "undecided"] == ["job_001"]


@pytest.mark.parametrize("driver", ["two-proposals", "two-votes"])
@pytest.mark.parametrize("members", [5, 7, 10, 13])
def test_two_stories_never_part_the_members_whatever_their_number(members, driver):
    liars = [f"HPC_RESOURCE_{seat:02d}" for seat in range(members // 5 or 1)]
    plan = FaultPlan(faults=tuple(Fault(driver=driver, cluster=cluster) for cluster in liars))
    run = play(workload(3, 2), plan, members=members)
    assert run.verdict.violations == []
    assert run.verdict.jailed == set(liars)


def test_four_members_lose_their_federation_with_the_first_that_is_jailed():
    run = play(workload(3, 2), everywhere("two-votes", CLUSTERS[0]), members=4)
    assert run.verdict.jailed == {CLUSTERS[0]}
    assert run.verdict.landed == {}
    assert all("never answered" in said or "undecided" in said for said in run.verdict.violations)


# -- the judge can object ----------------------------------------------------------------------------------------


rank = quorate.ledger.auction.rank


def naive(*_args):
    return ()


BREAKAGES = {
    "the lowest bid wins": ("quorate.ledger.auction.rank", lambda *args: rank(*args)[::-1]),
    "nobody checks a bid": ("quorate.ledger.auction.findings", naive),
    "a lie costs little": ("quorate.reputation.standing.CONTRADICTION_MILLI", 950),
    "a rival pays for slander": ("quorate.ledger.execute.verify_evidence", naive),
}


@pytest.mark.parametrize("what", BREAKAGES)
def test_the_judge_objects_if(what, monkeypatch):
    monkeypatch.setattr(*BREAKAGES[what])
    driver = "slander" if "slander" in what else "false-occupancy"
    # On a cluster that wins, for a wrong ranking; where it makes no difference nobody could object.
    assert play(JOBS, everywhere(driver, "HPC_RESOURCE_03")).verdict.violations


def test_the_judge_objects_if_nobody_minds_what_is_left_out(monkeypatch):
    for module in (faults.rogue, quorate.consensus.proposing, quorate.ledger.application):
        monkeypatch.setattr(module, "owed", lambda _certificate, _committee, sequences: tuple(sequences))
    plan = tuple(Fault(driver="censor", cluster=cluster, against=CLUSTERS[5]) for cluster in CLUSTERS[:5])
    found = play(JOBS, FaultPlan(faults=plan)).verdict.violations
    assert any("leaves out what it owes" in violation for violation in found)


@pytest.mark.parametrize("where", [b'"votes"', b'"items":[[', b'"signature":"'], ids=["vote", "item", "submission"])
def test_the_judge_objects_to_another_digit_in_a_signed_statement(where):
    lines = list(honestly().lines)
    at = lines[1].rindex(where) + 40
    digit = b"0" if lines[1][at : at + 1] != b"0" else b"1"
    lines[1] = lines[1][:at] + digit + lines[1][at + 1 :]
    assert Judge(lines).verdict.violations


@pytest.mark.parametrize("cluster", CLUSTERS[:2])
def test_one_false_block_costs_four_tenths_and_no_job(cluster):
    """P-23: it is refused, decided without, and paid for two heights later."""
    run = play(JOBS, FaultPlan(faults=(Fault(driver="false-results", cluster=cluster, jobs=("job_001",)),)))
    assert run.verdict.violations == []
    assert run.verdict.findings == {(cluster, "A'"): 1}
    (finding,) = run.report["findings"]
    assert (finding["class"], finding["before"], finding["after"]) == ("A'", 1.0, 0.6)
    assert "it claims" in finding["what"]
    assert run.report["status_by_cluster"][cluster]["status"] == "BYZANTINE"
    assert all(run.verdict.reputation[other] >= 1_000 for other in CLUSTERS if other != cluster)
    assert set(run.verdict.landed) == set(honestly().verdict.landed)


def test_whoever_approves_a_false_block_unseen_pays_like_its_leader_and_for_true_ones_nothing():
    plan = FaultPlan(
        faults=(
            Fault(driver="false-results", cluster=CLUSTERS[0], jobs=("job_001",)),
            Fault(driver="blind-approval", cluster=CLUSTERS[3]),
        )
    )
    run = play(JOBS, plan)
    assert run.verdict.violations == []
    assert run.verdict.findings == {(CLUSTERS[0], "A'"): 1, (CLUSTERS[3], "A'"): 1}
    said = {finding["cluster"]: finding["what"].split(" a false")[0] for finding in run.report["findings"]}
    assert said == {CLUSTERS[0]: "proposed", CLUSTERS[3]: "approved"}
