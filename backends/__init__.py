"""Hands: files, clocks and schedulers behind the library's ports."""
