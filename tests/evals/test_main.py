import ast
import subprocess
import sys
from pathlib import Path

import pytest

from evals.__main__ import main

ROOT = Path(__file__).parents[2]


def test_a_wrong_file_exits_two_with_one_sentence(tmp_path, capsys):
    assert main(["score", str(tmp_path / "none.jsonl")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["run", "--epochs", "0"], ["run", "--set", "huge"],
                                       ["gate", "x", "--fallback-max", "2"]])  # fmt: skip
def test_wrong_flags_exit_two(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert capsys.readouterr().err


def test_scoring_a_file_loads_neither_inspect_nor_numpy_nor_a_provider(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text('{"reply": "0.5"}\n')
    code = (
        "import sys; from evals.__main__ import main; main(['score', sys.argv[1]]);"
        "print(sorted({'inspect_ai', 'langchain_core', 'openai', 'streamlit', 'langgraph'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_inspect_is_imported_only_where_a_run_begins():
    importers = {
        path.name
        for path in (ROOT / "evals").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inspect_ai")
    }
    assert importers == {"task.py", "running.py"}
