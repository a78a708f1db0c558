# Every target builds the environment it needs first, from the hashed lock files; a second run costs a few milliseconds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
EVALS := $(VENV)/.evals
FUZZ := $(VENV)/.fuzz
# PROFILE=rehearsal SEED=7 ARGS="--json -" become flags of the command beneath.
FLAGS = $(if $(PROFILE),--profile $(PROFILE)) $(if $(SEED),--seed $(SEED)) $(ARGS)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(RUN) ## build the environment in .venv from the lock file

demo: $(RUN) ## eight jobs through six clusters, and one lie (PROFILE= SEED= ARGS=)
	@$(PY) cli.py demo $(FLAGS)

app: $(RUN) ## the browser's view of a run, at http://localhost:8501 (ARGS=)
	@$(PY) -m streamlit run app.py $(ARGS)

test: $(DEV) ## the tests (ARGS="-k quorum -x")
	@$(PY) -m pytest -q $(ARGS)

check: lint test ## the tests, and style, types and floors: what has to hold before a commit

lint: $(DEV)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo

federation: $(RUN) ## six processes over TCP decide the same eight jobs (SEED= ARGS=)
	@$(PY) cli.py federation $(FLAGS)

sim: $(DEV) ## seeded adversarial schedules against the consensus core (SEED= SCHEDULES= COMPILED=1)
	@$(PY) $(if $(COMPILED),scripts/compiled.py -- tests.simulation.run,-m tests.simulation.run) $(if $(SEED),--seed $(SEED)) $(if $(SCHEDULES),--schedules $(SCHEDULES)) $(ARGS)

fuzz: $(FUZZ) ## coverage-guided nonsense for every reader of strangers' bytes (ARGS="message --seconds 600")
	@$(PY) -m tests.fuzz.run $(if $(SEED),--seed $(SEED)) $(ARGS)

eval: $(EVALS) ## score bids with the quick set; no key needed (PROFILE= ARGS=)
	@$(PY) -m evals run --set quick $(FLAGS)

bench: $(DEV) ## measure: prediction, measurement, verdict (ARGS="decision consensus"; none: list)
	@$(PY) -m benchmarks $(ARGS)

pictures: $(DEV) ## screenshots of the app, made from the app itself (needs Chromium)
	@$(PY) scripts/pictures.py $(ARGS)

verify: $(RUN) ## check a ledger offline (LEDGER=runs/<id>/ledger.jsonl)
	@$(PY) cli.py verify $(LEDGER) $(ARGS)

docs: $(DEV) ## write the generated parts of the documents again
	@$(PY) scripts/documents.py $(ARGS)

adr: ## begin a decision record (T="what was decided")
	@$(PYTHON) scripts/decision.py "$(T)"

lock: ## resolve the lock files again (needs uv)
	@bash scripts/lock.sh

clean: ## remove the environment, caches and runs
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks .langgraph_api runs *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/run.lock pyproject.toml
	@PYTHON="$(PYTHON)" bash scripts/environment.sh run

$(EVALS): requirements/evals.lock $(RUN)
	@PYTHON="$(PYTHON)" bash scripts/environment.sh evals

$(DEV): requirements/dev.lock $(RUN)
	@PYTHON="$(PYTHON)" bash scripts/environment.sh dev

$(FUZZ): requirements/fuzz.lock $(DEV)
	@PYTHON="$(PYTHON)" bash scripts/environment.sh fuzz

.PHONY: help setup demo app test check lint federation sim fuzz eval bench pictures verify docs adr lock clean
