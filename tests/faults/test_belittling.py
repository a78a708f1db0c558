"""Where opinions are heard (P-70) a liar that slanders by them moves nothing, and a bid too high to refute falls."""

import json
from functools import cache

from faults.plan import Fault, FaultPlan
from quorate.domain.bidding import Bid
from quorate.ledger import acts as a
from quorate.ledger.verify import verify_lines
from tests.faults.playing import CLUSTERS, play, workload

JOBS = workload(7, 8)
SLANDERER, BOASTER = CLUSTERS[1], CLUSTERS[5]


@cache
def played(*drivers, opinions=True):
    faults = tuple(Fault(driver=driver, cluster=cluster) for driver, cluster in drivers)
    return play(JOBS, FaultPlan(faults=faults), opinions=opinions)


def decisions(run):
    records = [height.application.record for height in verify_lines(run.lines)]
    return [decision for record in records for decision in record.decisions]


def landed(run):
    return [(decision.job.id, decision.winner, decision.ranking) for decision in decisions(run)]


def opinions_of(run, seat):
    entries = [json.loads(line) for line in run.lines[1:]]
    items = [item for entry in entries for item in entry["items"] if item[0] == seat]
    return [act for item in items for act in item[3] if act["act"] == "assess"]


def bids(run):
    answers = [answer for decision in decisions(run) for answer in decision.answers if not answer.void]
    return [answer for answer in answers if isinstance(answer.answer, Bid)]


def test_every_member_signs_what_it_thinks_of_each_rival_and_who_bids_by_the_rule_is_moved_by_nobody():
    run = played()
    assert run.verdict.violations == []
    assert all(opinions_of(run, seat) for seat in range(6))
    assert bids(run)
    assert all(answer.assessed_bp == answer.answer.score_bp for answer in bids(run))
    assert landed(run) == landed(played(opinions=False))


def test_one_liar_whose_opinions_slander_every_rival_moves_no_bid_and_no_job():
    run = played(("low-opinions", SLANDERER))
    said = opinions_of(run, CLUSTERS.index(SLANDERER))
    assert said
    assert {act["score_bp"] for act in said} == {0}
    assert run.verdict.violations == []
    assert all(answer.assessed_bp == answer.answer.score_bp for answer in bids(run))
    assert landed(run) == landed(played())


def test_what_no_fact_refutes_is_taken_down_by_a_tenth_at_most_with_a_slanderer_among_the_rivals():
    run = played(("highest-allowed", BOASTER), ("low-opinions", SLANDERER))
    assert run.verdict.violations == []
    boasts = [answer for answer in bids(run) if answer.cluster == BOASTER]
    assert any(answer.assessed_bp < answer.answer.score_bp for answer in boasts)
    for answer in boasts:
        own = answer.answer.score_bp
        assert answer.assessed_bp == max(answer.rule_bp, own - own // 10)
    assert all(answer.assessed_bp == answer.answer.score_bp for answer in bids(run) if answer.cluster != BOASTER)
    unheard, heard = played(("highest-allowed", BOASTER), opinions=False), run
    assert decisions(unheard)[0].winner == BOASTER
    assert decisions(heard)[0].winner != BOASTER, "the first job goes to whom its facts favour"


def test_without_the_chains_consent_nobody_says_a_word():
    run = played(("low-opinions", SLANDERER), opinions=False)
    assert b'"assess' not in run.ledger
    assert a.Assess.model_fields["act"].default == "assess"
