"""The tests: they mirror the tree, and house/ holds our conventions."""
