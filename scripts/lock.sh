#!/usr/bin/env bash
# Resolves the lock files from pyproject.toml. Hashes are kept, index addresses are not.
set -eu
cd "$(dirname "$0")/.."
if ! command -v uv >/dev/null 2>&1; then
  echo "make lock needs uv, which resolves for every platform at once: pip install uv" >&2
  exit 2
fi
flags=(--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet)
uv pip compile pyproject.toml --extra app "${flags[@]}" -o requirements/run.lock
uv pip compile pyproject.toml --extra app --group dev -c requirements/run.lock "${flags[@]}" -o requirements/dev.lock
