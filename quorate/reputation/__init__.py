"""Behaviour that peers can verify, to score, to integer voting power."""
