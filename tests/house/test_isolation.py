"""A test reaches no other machine: the guard is on, and this machine is all that it lets through."""

import socket

import pytest
from hypothesis import settings
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use:UserWarning")
def test_an_address_that_is_not_allowed_is_refused_before_a_byte_leaves() -> None:
    # 127.0.0.2 is this machine too, so that a broken guard fails this test and nothing else.
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("127.0.0.2", 9))


def test_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_examples_are_drawn_the_same_way_each_time() -> None:
    assert settings.get_current_profile_name() == "explore" or settings.default.derandomize
