import pytest

from evals.answered import Answered
from evals.files import read_lines, write_json
from quorate.domain.errors import RequestInvalid


def test_json_is_written_whole_and_leaves_nothing_beside_it(tmp_path):
    write_json(str(tmp_path / "o.json"), {"a": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["o.json"]
    with pytest.raises(RequestInvalid, match="name another file"):
        write_json(str(tmp_path / "no" / "o.json"), {})


def test_json_goes_to_standard_output(capsys):
    write_json("-", {"a": 1})
    assert capsys.readouterr().out == '{\n "a": 1\n}\n'


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(RequestInvalid, match="No such file"):
        list(read_lines(tmp_path / "none", Answered))
