"""What `scripts/compiled.py` does to a source before it is compiled; that traces stay equal is its own `--check`."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "compiled.py"
SPEC = importlib.util.spec_from_file_location("compiled", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
compiled = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(compiled)

MODULE = '''
"""A module."""

from quorate.domain.values import Value

LIMIT = 3


class Kept(Value):
    size: int = LIMIT


class Moved:
    inner: Kept
'''


def test_classes_that_pydantic_makes_stand_in_a_module_of_their_own() -> None:
    values, rest = compiled.parted(MODULE)
    assert "class Kept(Value)" in values
    assert "class Moved" not in values
    assert "class Kept" not in rest
    assert f"from {compiled.VALUES} import Kept" in rest
    for text in (values, rest):
        assert "LIMIT = 3" in text


def test_the_parts_of_the_real_module_define_what_it_defines() -> None:
    values, rest = compiled.parted((compiled.ROOT / compiled.DECIDING).read_text("utf-8"))
    assert "class Seat(" in values
    assert "class Committee(" in values
    assert "class Block:" in rest
    assert "import Seat, Committee" in rest


def test_every_module_that_is_compiled_is_one_of_the_sources_of_a_build() -> None:
    names = {path.as_posix() for path in compiled.sources()}
    assert set(compiled.to_compile()) <= names
