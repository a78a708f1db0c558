"""What the terminal's commands share in reading their flags: one sentence for a wrong one, exit status 2."""

import argparse
from pathlib import Path
from typing import NoReturn

import wiring
from backends.reading import shown
from quorate.domain.errors import RequestInvalid


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a flag as everything else does: one sentence, exit status 2."""

    def error(self, message: str) -> NoReturn:
        """Raise the sentence."""
        raise RequestInvalid(message if "; " in message else f"{message}; {self.prog} --help lists what is known")


def command(commands: "argparse._SubParsersAction[Parser]", name: str, words: str) -> Parser:
    """Add a command, or a kind of one; `words` say what it does, in the list and above its own flags."""
    return commands.add_parser(name, allow_abbrev=False, help=words, description=words[:1].upper() + words[1:] + ".")


def whole(text: str) -> int:
    """Return the whole number that a flag's value writes."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{shown(text)} is no whole number; write digits, such as 40") from error


def natural(text: str) -> int:
    """Return a whole number that is not below nought."""
    number = whole(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{shown(text)} is below nought; give 0 or more")
    return number


def positive(text: str) -> int:
    """Return a whole number above nought."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{shown(text)} is below one; give 1 or more")
    return number


def seed(text: str) -> int:
    """Return a seed."""
    number = whole(text)
    if not 0 <= number <= wiring.SEED_MAX:
        raise argparse.ArgumentTypeError(f"{shown(text)} is no seed; give a number from 0 to {wiring.SEED_MAX}")
    return number


def place(text: str) -> str:
    """Return the name of a file or folder that may exist."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{shown(text)} names no file or folder; give one")
    return text


def path(name: str | None) -> Path | None:
    """Return a flag's path, None if it was not given."""
    return None if name is None else Path(name)
