"""`python -m prompts`: release what is new. A released text that was changed is refused."""

import sys
from hashlib import sha256

from prompts import HERE, load, lock, versions
from quorate.domain.errors import PromptError


def main() -> int:
    """Add every unlocked version to LOCK.toml, then load them all."""
    locked = lock()
    found = sorted((path.name, version) for path in HERE.iterdir() if path.is_dir() for version in versions(path.name))
    for prompt_id, version in found:
        digest = sha256((HERE / prompt_id / f"v{version}.md").read_bytes()).hexdigest()
        locked.setdefault(f"{prompt_id}/v{version}", digest)
    head = "# sha-256 of every released prompt; written by `python -m prompts`. A released version is never edited.\n"
    (HERE / "LOCK.toml").write_text(head + "".join(f'"{name}" = "{locked[name]}"\n' for name in sorted(locked)))
    try:
        for prompt_id, version in found:
            load(prompt_id, version)
    except PromptError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
