"""One tree of errors, split by who must act; each has a sentence of its own in its docstring."""

import inspect

import pytest

from quorate.domain import errors
from quorate.domain.errors import (
    LedgerBroken,
    MisuseError,
    OperatorError,
    ProtocolViolation,
    QuorateError,
    RequestInvalid,
    WorldError,
)

ALL = [thing for _, thing in inspect.getmembers(errors, inspect.isclass) if thing.__module__ == errors.__name__]
BRANCHES = (OperatorError, ProtocolViolation, LedgerBroken, WorldError, MisuseError)


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_error_says_who_must_act(error):
    assert error is QuorateError or sum(issubclass(error, branch) for branch in BRANCHES) == 1
    assert (error.__doc__ or "").splitlines()[0].endswith(".")


def test_a_broken_ledger_says_where():
    error = LedgerBroken("torn", offset=12, height=3)
    assert (str(error), error.offset, error.height) == ("torn", 12, 3)


def test_no_branch_catches_another():
    assert not issubclass(RequestInvalid, ProtocolViolation | LedgerBroken | WorldError | MisuseError)
