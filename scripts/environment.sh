#!/usr/bin/env bash
# Builds .venv from a hashed lock file: `environment.sh run` for the demo and the app, `dev` for tests as well.
set -eu
cd "$(dirname "$0")/.."
which_lock="${1:?run or dev}"
python="${PYTHON:-python3}"
"$python" - <<'PY' || exit 2
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"python3 is {sys.version.split()[0]}; Quorate needs 3.11 to 3.13: make PYTHON=python3.12 <target>")
PY
if [ ! -x .venv/bin/python ]; then
  echo "Creating .venv with $("$python" --version)" >&2
  "$python" -m venv .venv
fi
echo "Installing requirements/$which_lock.lock into .venv (once; about half a minute) ..." >&2
if command -v uv >/dev/null 2>&1; then
  uv pip install --quiet --python .venv/bin/python --require-hashes -r "requirements/$which_lock.lock"
  uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
else
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "requirements/$which_lock.lock"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
# The application is run from its checkout, never installed (docs/adr/0002); this is the `quorate` command beside it.
printf '#!/bin/sh\nexec "%s/.venv/bin/python" "%s/cli.py" "$@"\n' "$PWD" "$PWD" > .venv/bin/quorate
chmod +x .venv/bin/quorate
touch ".venv/.$which_lock"
