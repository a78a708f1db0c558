#!/usr/bin/env bash
# Builds .venv from a hashed lock file: `run` for the demo and the app, `dev` for tests too, `evals` for evaluation runs,
# `fuzz` for `make fuzz`.
# uv is used where it is present; otherwise the standard library's venv and its pip do the same work.
set -eu
cd "$(dirname "$0")/.."
which_lock="${1:?run, dev, evals or fuzz}"
python="${PYTHON:-python3}"
# Centres often sit behind certificates of their own, which the system knows and uv's bundle does not.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" UV_NATIVE_TLS="${UV_NATIVE_TLS:-true}"

if ! command -v "$python" >/dev/null 2>&1; then
  echo "$python is not on the path; Quorate needs Python 3.11 to 3.13: make PYTHON=/path/to/python3.12 <target>" >&2
  exit 2
fi
"$python" - <<'PY' || exit 2
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("python3 is %s; Quorate needs 3.11 to 3.13: make PYTHON=python3.12 <target>" % sys.version.split()[0])
PY

make_venv() {
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$(command -v "$python")" .venv
  elif "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    "$python" -m venv .venv
  else
    echo "$python has no venv module: install it (Debian: apt-get install python3-venv), or install uv" >&2
    exit 2
  fi
}

# Installs from a lock file or the checkout, with whatever this environment was made with.
install() {
  if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python .venv/bin/python "$@"
  elif .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
  else
    echo "uv made .venv and is gone now: run make clean, then this target again" >&2
    exit 2
  fi
}

if [ ! -x .venv/bin/python ]; then
  echo "Creating .venv with $("$python" --version)" >&2
  make_venv
fi
echo "Installing requirements/$which_lock.lock into .venv (once; about half a minute) ..." >&2
install --require-hashes -r "requirements/$which_lock.lock"
if [ "$which_lock" = run ]; then
  install --no-deps --no-build-isolation -e .
  # The application is run from its checkout, never installed (docs/adr/0002); this is the `quorate` command beside it.
  printf '#!/bin/sh\nexec "%s/.venv/bin/python" "%s/cli.py" "$@"\n' "$PWD" "$PWD" > .venv/bin/quorate
  chmod +x .venv/bin/quorate
fi
touch ".venv/.$which_lock"
