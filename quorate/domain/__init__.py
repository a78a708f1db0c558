"""The nouns of the house: clusters, jobs, bids, messages and the words two peers must agree on."""
