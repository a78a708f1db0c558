"""Adversarial simulation of the consensus core: seeded schedules, liars, checkers apart from the core, mutants."""
