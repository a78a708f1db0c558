"""The fault drivers by name: what each makes a member answer, send, or leave undone.

No driver sets anything that the protocol reads: peers find out from what was signed, or not at all. A coalition is
several lines of a plan; farming trust and then betraying it is one whose driver acts at late jobs (`faults.plan`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from faults import forging, rogue, speaking
from faults.forging import Tamper
from faults.rogue import Ballot, Leading, Speaking
from quorate.domain.bidding import Abstention, AbstentionCode, Bid, Claim
from quorate.domain.clusters import ClusterSnapshot
from quorate.domain.jobs import Job
from quorate.domain.values import BASIS_POINTS
from quorate.market.check import allowed_interval
from quorate.market.eligibility import ineligible
from quorate.market.rule import RULE_AUTHOR, rule_forecast, rule_score_bp

Answering = Callable[[Job, ClusterSnapshot, Bid | Abstention], Bid | Abstention]
"""Makes a false answer out of an honest one."""


def honest(_job: Job, _facts: ClusterSnapshot, outcome: Bid | Abstention) -> Bid | Abstention:
    """Answer as an honest member does."""
    return outcome


@dataclass(frozen=True, slots=True)
class Driver:
    """One way to misbehave."""

    name: str
    says: str
    """The driver's own line for people."""
    answer: Answering = honest
    tamper: Tamper | None = None
    """What it sends."""
    ballot: Ballot | None = None
    """How it votes."""
    speak: Speaking | None = None
    """What it puts on the ledger."""
    lead: Leading | None = None
    """What it proposes when it leads."""
    blind: bool = False
    """Approves whatever is proposed."""
    drops: bool = False
    """Takes an awarded job and never starts it."""


def _bid(job: Job, facts: ClusterSnapshot, outcome: Bid | Abstention, *, score_bp: int) -> Bid:
    if isinstance(outcome, Bid):
        return outcome.model_copy(update={"score_bp": score_bp, "wanted_bp": score_bp})
    return Bid(
        job=job.id,
        cluster=facts.cluster.id,
        score_bp=score_bp,
        wanted_bp=score_bp,
        reasoning="every requirement is met",
        forecast=rule_forecast(job),
        author=RULE_AUTHOR,
    )


def inflated(job: Job, facts: ClusterSnapshot, outcome: Bid | Abstention) -> Bid:
    """Bid 1.00 whatever the facts."""
    return _bid(job, facts, outcome, score_bp=BASIS_POINTS)


def _claiming(bid: Bid, *claims: Claim) -> Bid:
    named = {claim.fact for claim in claims}
    kept = tuple(claim for claim in bid.evidence if claim.fact not in named)
    return bid.model_copy(update={"evidence": (*kept, *claims)})


def false_occupancy(job: Job, facts: ClusterSnapshot, outcome: Bid | Abstention) -> Bid:
    """Sign that every node is free, and one more."""
    bid = _bid(job, facts, outcome, score_bp=outcome.score_bp if isinstance(outcome, Bid) else BASIS_POINTS)
    return _claiming(bid, Claim(fact="nodes_free", value=max(facts.cluster.nodes, facts.nodes_free + 1)))


def false_capability(job: Job, facts: ClusterSnapshot, outcome: Bid | Abstention) -> Bid:
    """Sign that the nodes have the GPUs and memory that the job asks for, and more."""
    bid = _bid(job, facts, outcome, score_bp=BASIS_POINTS)
    return _claiming(
        bid,
        Claim(fact="gpus_per_node", value=job.gpus_per_node + 8),
        Claim(fact="memory_gib_per_node", value=2 * job.memory_gib_per_node + 4_096),
    )


def highest_allowed(job: Job, facts: ClusterSnapshot, outcome: Bid | Abstention) -> Bid | Abstention:
    """Bid the highest score that peers will not refute: wrong, and not to be told from a judgement."""
    if ineligible(job, facts) is not None:
        return outcome
    return _bid(job, facts, outcome, score_bp=allowed_interval(rule_score_bp(job, facts))[1])


def stand_aside(job: Job, facts: ClusterSnapshot, outcome: Bid | Abstention) -> Bid | Abstention:
    """Abstain where an honest member bids, so that a partner wins."""
    if isinstance(outcome, Abstention):
        return outcome
    code = AbstentionCode.BUDGET_SPENT
    return Abstention(job=job.id, cluster=facts.cluster.id, code=code, detail="no budget left for this call")


DRIVERS: dict[str, Driver] = {
    driver.name: driver
    for driver in (
        Driver("inflated-bid", "bids 1.00 whatever the facts", inflated),
        Driver("false-occupancy", "signs more free nodes than the ledger allows", false_occupancy),
        Driver("false-capability", "signs GPUs and memory that its nodes do not have", false_capability),
        Driver("two-bids", "seals two answers under one number", tamper=forging.two_items),
        Driver("two-proposals", "puts two blocks to the vote in one round", tamper=forging.two_proposals),
        Driver("two-votes", "approves two blocks in one round", tamper=forging.two_votes),
        Driver("contrary-vote", "skips whatever is proposed", ballot=rogue.contrarily),
        Driver("random-vote", "votes by dice", ballot=rogue.by_dice),
        Driver("withheld-vote", "signs no vote", ballot=rogue.never),
        Driver("withheld-reveal", "seals an answer and never shows it", speak=speaking.without_reveals),
        Driver("silence", "sends nothing", tamper=forging.silence),
        Driver("delay", "sends everything one step late", tamper=forging.delay),
        Driver("replay", "sends old messages again", tamper=forging.replaying),
        Driver("forged-signature", "sends votes in a rival's name", tamper=forging.forged_signature),
        Driver("wrong-chain", "sends votes that were signed for another chain", tamper=forging.wrong_chain),
        Driver("garbage", "sends oversized and malformed bytes", tamper=forging.garbage),
        Driver("censor", "as leader leaves a rival's items out", lead=rogue.censoring),
        Driver("slander", "reports a rival for votes that it never signed", speak=speaking.slandering),
        Driver("highest-allowed", "bids the most that peers cannot refute", highest_allowed),
        Driver("stand-aside", "abstains so that a partner wins", stand_aside),
        Driver("accept-then-drop", "takes an awarded job and never starts it", drops=True),
        Driver("false-results", "as leader claims other results than follow", lead=rogue.lying),
        Driver("blind-approval", "approves every proposal unseen", blind=True),
        Driver("withheld-items", "as leader leaves out even the items that it owes a rival", lead=rogue.withholding),
        Driver("low-opinions", "signs that every rival's bid is worth nothing", speak=speaking.belittling),
    )
}


def unknown_driver(name: str) -> str:
    """Return the sentence for a driver that does not exist."""
    return f"there is no fault driver {name!r}; drivers: {', '.join(DRIVERS)}"
