"""Per-height Simplex with a joint quorum, as machines without hands."""
