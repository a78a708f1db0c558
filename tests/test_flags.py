"""What flags are read as, and the sentence for what they are not."""

import argparse
from pathlib import Path

import pytest

import flags
from quorate.domain.errors import RequestInvalid
from wiring import SEED_MAX


@pytest.mark.parametrize(
    ("read", "text", "number"),
    [(flags.whole, "-3", -3), (flags.natural, "0", 0), (flags.positive, "1", 1), (flags.seed, str(SEED_MAX), SEED_MAX)],
)
def test_a_number_in_bounds_is_read(read, text, number):
    assert read(text) == number


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (flags.whole, "4.5", "write digits"),
        (flags.whole, "9" * 5_000, "no whole number"),
        (flags.place, "", "names no file or folder"),
        (flags.place, "a\0b", "names no file or folder"),
        (flags.natural, "-1", "give 0 or more"),
        (flags.positive, "0", "give 1 or more"),
        (flags.seed, str(SEED_MAX + 1), "give a number from 0 to"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_what_to_give(read, text, says):
    with pytest.raises(argparse.ArgumentTypeError, match=says):
        read(text)


def test_a_path_is_one_or_none():
    assert (flags.path(None), flags.path("a/b")) == (None, Path("a/b"))


def test_a_command_says_what_it_does_and_takes_no_flag_cut_short(capsys):
    top = flags.Parser(prog="x")
    sing = flags.command(top.add_subparsers(), "sing", "make a sound")
    sing.add_argument("--loudly", action="store_true")
    with pytest.raises(RequestInvalid, match="--help lists what is known"):
        top.parse_args(["sing", "--loud"])
    with pytest.raises(SystemExit):
        top.parse_args(["sing", "--help"])
    assert "Make a sound." in capsys.readouterr().out
