"""A height's record says everything that it did, and reads back as it was written."""

from quorate.ledger.records import Finding, HeightRecord
from tests.quorate.ledger.build import Chain, Plainly, bid, genesis, honest, job, owned


def test_a_record_of_a_whole_life_reads_back_as_written():
    chain = Chain(genesis(4))
    records = [chain.place(owned("a", 2), owned("b", 50))]
    records.append(chain.run(chain.state.running["a"].job))
    for record in records:
        assert HeightRecord.model_validate_json(record.model_dump_json(), strict=True) == record


def test_every_finding_says_who_what_and_how_far():
    life = Plainly(genesis(4))
    life.open(job())
    told = {seat: [honest(life.state, seat, "j1")] for seat in range(3)}
    told[1] = [bid(life.state, 1, "j1", 0)]
    record = life.settle(told)
    assert [(f.cluster, f.class_, f.job, f.before, f.after) for f in record.findings] == [
        ("c1", "B", "j1", 1_000, 600),
        ("c3", "absence", "j1", 1_000, 990),
    ]
    assert all(isinstance(found, Finding) and found.what for found in record.findings)


def test_whoever_got_no_job_is_told_why_by_everybody():
    record = Plainly(genesis(5)).place(job("j1", 50))
    (decision,) = record.decisions
    assert (decision.winner, decision.nodes, len(decision.reasons)) == (None, (), 5)
    assert [reason.split(":")[0] for reason in decision.reasons] == [f"c{i}" for i in range(5)]


def test_records_are_what_checking_every_part_of_them_would_give():
    """They are made of checked parts, without a second check."""
    life = Plainly(genesis(4))
    life.open(job("j1", 2), job("j2", 10**6))
    bids = {seat: [honest(life.state, seat, name) for name in ("j1", "j2")] for seat in range(3)}
    record = life.settle(bids)
    assert [each.outcome for each in record.decisions] == ["allocated", "unallocated"]
    assert record.findings
    again = HeightRecord.model_validate_json(record.model_dump_json(), strict=True)
    assert again == record
    assert again.model_dump_json() == record.model_dump_json()
    assert again.model_fields_set == record.model_fields_set == set(HeightRecord.model_fields)
