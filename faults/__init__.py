"""Drivers that make a member misbehave, by name: outside the library, imported by doors and tests only."""
