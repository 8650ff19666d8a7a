import os
import socket
import sys

import pytest

from agent.peers import linux, owner


def test_on_linux_a_peer_of_ours_is_known(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("the way of Linux")
    owners = owner.of_this_system()
    assert isinstance(owners, linux.LinuxOwners)
    assert owners.can_tell
    assert owners.ours == os.geteuid()


def test_where_the_system_does_not_tell_nobody_is_known_and_that_is_said(monkeypatch):
    monkeypatch.setattr(owner.sys, "platform", "sunos5")
    owners = owner.of_this_system()
    assert not owners.can_tell
    with socket.socket() as any_socket:
        assert owners.of_peer(any_socket) is None
