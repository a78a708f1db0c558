"""Prompt evaluation: datasets, relations, scorers and statistics as pure functions, and a runner beside them."""
