"""Eligibility, the deterministic bidder, bid checking, ranking and the reading of claims."""
