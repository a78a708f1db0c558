"""Screens: pure folds from events to rows, and what draws them."""
