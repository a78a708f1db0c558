# Every target that needs the environment builds it first, from the hashed lock files.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.run ## build the environment in .venv from the lock file

$(VENV)/.run: requirements/run.lock pyproject.toml
	@PYTHON="$(PYTHON)" bash scripts/environment.sh run

$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	@PYTHON="$(PYTHON)" bash scripts/environment.sh dev

lock: ## resolve the lock files again (needs uv)
	@bash scripts/lock.sh

clean: ## remove the environment, caches and runs
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis runs *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup lock clean
