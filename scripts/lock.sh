#!/usr/bin/env bash
# Resolves the lock files from pyproject.toml. Hashes are kept, index addresses are not.
set -eu
cd "$(dirname "$0")/.."
if ! command -v uv >/dev/null 2>&1; then
  echo "make lock needs uv, which resolves for every platform at once: pip install uv" >&2
  exit 2
fi
flags=(--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet)
# The evaluation's extra is resolved first: it has the narrowest wishes, and one environment can hold all three.
uv pip compile pyproject.toml --extra app --extra evals "${flags[@]}" -o requirements/evals.lock
uv pip compile pyproject.toml --extra app -c requirements/evals.lock "${flags[@]}" -o requirements/run.lock
uv pip compile pyproject.toml --extra app --extra evals --group dev -c requirements/evals.lock "${flags[@]}" -o requirements/dev.lock
uv pip compile --group fuzz "${flags[@]}" -o requirements/fuzz.lock
