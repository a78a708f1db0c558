"""Who wins: score times reputation, ties by a draw that everybody can repeat and nobody can choose."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from quorate.domain.bidding import Bid
from quorate.domain.values import MILLI, ClusterId, Digest, JobId


def weighted_bp(score_bp: int, reputation_milli: int) -> int:
    """Return score x reputation, basis points, floored.

    >>> weighted_bp(9_100, 600)
    5460
    """
    return score_bp * reputation_milli // MILLI


def tie_draw(previous: Digest, job: JobId, cluster: ClusterId) -> bytes:
    """Return the draw that breaks ties: the lowest wins.

    BLAKE2b-256 over the digest of the block before the call and both names: the block was decided before
    anybody bid, so nobody can choose a draw, and over many jobs each of n equals wins one in n.
    """
    return blake2b(f"{previous}|{job}|{cluster}".encode(), digest_size=32).digest()


def rank(
    bids: Iterable[Bid],
    reputation: Mapping[ClusterId, int],
    previous: Digest,
    assessed: Mapping[ClusterId, int] | None = None,
) -> tuple[Bid, ...]:
    """Return the bids, best first: highest weighted score, then highest score, then lowest draw.

    `assessed` replaces the scores of those clusters whose bids others assessed, basis points.
    """
    scores = assessed or {}

    def merit(bid: Bid) -> tuple[int, int, bytes]:
        score = scores.get(bid.cluster, bid.score_bp)
        return -weighted_bp(score, reputation[bid.cluster]), -score, tie_draw(previous, bid.job, bid.cluster)

    return tuple(sorted(bids, key=merit))
