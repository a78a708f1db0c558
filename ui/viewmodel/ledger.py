"""The Ledger page: what each height holds, and the evidence in it with both signed statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quorate.consensus.evidence import Evidence, FalseBlock, ItemClaim, report_from
from quorate.consensus.plain import read_json
from quorate.domain.bidding import Bid
from quorate.domain.deciding import Item, Vote
from quorate.domain.errors import MessageMalformed
from quorate.domain.values import ClusterId, JobId
from quorate.ledger import acts as a
from quorate.ledger.report import FindingRow
from quorate.ledger.verify import Verified
from ui.words import Names, cost_words, fmt_score, plural

DIGEST_SHOWN = 12
"""Hex digits of a digest on the screen; the whole stands in the download."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One signed thing on the ledger."""

    seq: int
    height: int
    at_s: int
    round: int
    job: str
    kind: str
    sender: str
    value: str
    digest: str


def event_rows(heights: Sequence[Verified], names: Names) -> list[EventRow]:
    """Return every act, block and certificate vote in the order of the file."""
    found: list[EventRow] = []
    for verified in heights:
        for job, kind, sender, value, digest in _contents(verified, names):
            found.append(_row(len(found) + 1, verified, job, kind, sender, value, digest))
    return found


def _row(seq: int, verified: Verified, job: str, kind: str, sender: str, value: str, digest: str) -> EventRow:
    block, certificate = verified.entry.block, verified.entry.certificate
    return EventRow(
        seq, block.height, block.at_s, certificate.round + 1, job, kind, sender, value, digest[:DIGEST_SHOWN]
    )


def _contents(verified: Verified, names: Names) -> Iterable[tuple[str, str, str, str, str]]:
    """Yield (job, kind, sender, value, digest) of everything signed in one height."""
    entry = verified.entry
    seats = [member.cluster.id for member in verified.application.state.members]
    for item in entry.items:
        sender = names.get(seats[item.sender], seats[item.sender])
        for kind, job, value in _acts(item):
            yield job, kind, sender, value, item.digest
    yield "", "block", "committee", plural(len(entry.block.items), "item"), entry.block.digest
    for vote in entry.certificate.votes:
        sender = names.get(seats[vote.seat], seats[vote.seat])
        yield "", "finalize", sender, entry.block.digest[:8], vote.signature.hex()


def _acts(item: Item) -> Iterable[tuple[str, str, str]]:
    try:
        acts = a.decode_acts(item.payload)
    except MessageMalformed:
        return [("unreadable", "", "")]
    return [(act.act, _job(act), _value(act)) for act in acts]


def _job(act: a.Act) -> str:
    if isinstance(act, a.Submit):
        return act.job.id
    return "" if isinstance(act, a.Report | a.Attest | a.Declare | a.Endorse) else act.job


def _value(act: a.Act) -> str:
    match act:
        case a.Submit():
            return f"{act.job.nodes} nodes"
        case a.Commit():
            return f"sealed {act.seal[:8]}"
        case a.Reveal():
            return fmt_score(act.answer.score_bp / 10_000) if isinstance(act.answer, Bid) else act.answer.code
        case a.End() | a.Receipt():
            return f"{act.run_s} s, {'completed' if act.succeeded else 'failed'}"
        case a.Declare():
            return f"{act.background} nodes"
        case a.Refuse():
            return act.reason
        case a.Endorse():
            return act.motion.motion
        case a.Assess():
            return f"{act.cluster} {fmt_score(act.score_bp / 10_000)}"
        case a.Report() | a.Start() | a.Attest():
            return {"report": "signed evidence", "attest": "a false block, too large to show"}.get(act.act, "")


# -- evidence --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """One side of a contradiction."""

    title: str
    text: str
    signature: str
    """Hex; empty where the other side is a fact that everybody computes."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A finding with both sides."""

    cluster: ClusterId
    what: str
    job: JobId | None
    height: int
    class_: str
    cost: str
    first: Statement
    second: Statement


def proofs(findings: Sequence[FindingRow], heights: Sequence[Verified]) -> list[Proof]:
    """Return every proven contradiction with what was signed and what it contradicts."""
    return [_proof(f, heights) for f in findings if f.proven]


def _proof(finding: FindingRow, heights: Sequence[Verified]) -> Proof:
    pair = _signed_pair(finding, heights) or _vote_against_state(finding, heights)
    first, second = pair or _bid_against_facts(finding, heights)
    return Proof(
        finding.cluster, finding.what, finding.job, finding.height, finding.class_, cost_words(finding), first, second
    )


_MISSING = Statement("Signed statement", "The ledger was not read here; open the Ledger page with the whole file.", "")


def _signed_pair(finding: FindingRow, heights: Sequence[Verified]) -> tuple[Statement, Statement] | None:
    if finding.class_ != "A":
        return None
    for act in (act for v in heights if v.entry.block.height == finding.height for act in _reports(v)):
        evidence = _read_evidence(act)
        if isinstance(evidence, Evidence) and _accused(evidence, heights[0]) == finding.cluster:
            return _statement("First", evidence.first), _statement("Second", evidence.second)
    return None


def _vote_against_state(finding: FindingRow, heights: Sequence[Verified]) -> tuple[Statement, Statement] | None:
    """Return the signed vote for a false block, and what follows instead; its report came a few heights before."""
    if finding.class_ != "A'":
        return None
    for act in (act for v in reversed(heights) if v.entry.block.height < finding.height for act in _reports(v)):
        charge = _read_evidence(act)
        for vote in charge.votes if isinstance(charge, FalseBlock) else ():
            if _accused(vote, heights[0]) == finding.cluster:
                return _statement("Signed", vote), Statement("What everybody can compute", finding.what, "")
    return None


def _reports(verified: Verified) -> Iterable[a.Report]:
    for item in verified.entry.items:
        try:
            yield from (act for act in a.decode_acts(item.payload) if isinstance(act, a.Report))
        except MessageMalformed:
            continue


def _read_evidence(act: a.Report) -> Evidence | FalseBlock | None:
    try:
        return report_from(read_json(act.evidence.encode()))
    except MessageMalformed:
        return None


def _accused(evidence: Evidence | Vote, verified: Verified) -> ClusterId | None:
    members = verified.application.state.members
    return members[evidence.seat].cluster.id if evidence.seat < len(members) else None


def _statement(which: str, signed: Vote | ItemClaim) -> Statement:
    if isinstance(signed, Vote):
        kind = signed.kind.name.lower()
        text = f"kind    {kind}\nheight  {signed.height}\nround   {signed.round + 1}\nvalue   {signed.value or 'none'}"
        return Statement(f"{which}: {kind}", text, signed.signature.hex())
    text = f"item    {signed.seq}\npayload {signed.payload_digest}"
    return Statement(f"{which}: item {signed.seq}", text, signed.signature.hex())


def _bid_against_facts(finding: FindingRow, heights: Sequence[Verified]) -> tuple[Statement, Statement]:
    for verified in heights:
        record = verified.application.record
        if record is None or record.height != finding.height:
            continue
        for decision in (d for d in record.decisions if d.job.id == finding.job):
            answer = next((x for x in decision.answers if x.cluster == finding.cluster), None)
            if answer is None:
                continue
            facts = Statement("What everybody can compute", "\n".join(answer.void) or finding.what, "")
            return _signed_bid(finding, decision.opened, heights), facts
    return _MISSING, Statement("What everybody can compute", finding.what, "")


def _signed_bid(finding: FindingRow, opened: int, heights: Sequence[Verified]) -> Statement:
    """Return the item on the ledger that shows the answer, with the signature under it."""
    for verified in heights:
        for item in verified.entry.items:
            if verified.application.state.members[item.sender].cluster.id != finding.cluster:
                continue
            for act in _reveals(item):
                if act.job == finding.job and act.opened == opened:
                    text = act.answer.model_dump_json(indent=1, exclude={"author"})
                    return Statement(f"Signed as item {item.seq}", text, item.signature.hex())
    return _MISSING


def _reveals(item: Item) -> list[a.Reveal]:
    try:
        return [act for act in a.decode_acts(item.payload) if isinstance(act, a.Reveal)]
    except MessageMalformed:
        return []


def chain_words(heights: int, events: int, broken: str | None) -> str:
    """Return what the check of the chain found."""
    if broken is None:
        return f"{heights:,} heights, {events:,} signed events, chain intact"
    return f"Chain intact up to height {heights:,}; then: {broken}"
