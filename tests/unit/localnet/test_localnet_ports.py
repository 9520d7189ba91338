"""Ports stay the same where they can, and a port asked for is never silently another."""

from __future__ import annotations

import socket

import pytest

from orchestrator.errors import PortTaken
from orchestrator.localnet.ports import HOST, PortPicker, is_free


def test_picked_ports_differ_and_are_free_afterwards() -> None:
    with PortPicker() as ports:
        picked = [ports.pick() for _ in range(20)]
    assert len(set(picked)) == 20
    assert all(is_free(port) for port in picked)


def test_the_former_port_is_used_again() -> None:
    with PortPicker() as ports:
        former = ports.pick()
    with PortPicker() as ports:
        assert ports.pick(former=former) == former
        assert ports.pick(former=former) != former


def test_a_former_port_in_use_is_replaced() -> None:
    with listening() as (server, port), PortPicker() as ports:
        assert server
        assert ports.pick(former=port) != port


def test_a_forced_port_in_use_is_refused_by_number() -> None:
    with listening() as (server, port), PortPicker() as ports:
        assert server
        assert not is_free(port)
        with pytest.raises(PortTaken, match=f"port {port} is in use; choose another with --public-port"):
            ports.pick(forced=port, option="--public-port")


def test_one_port_cannot_be_forced_twice() -> None:
    with PortPicker() as ports:
        free = ports.pick()
    with PortPicker() as ports:
        ports.pick(forced=free)
        with pytest.raises(PortTaken):
            ports.pick(forced=free, option="--private-port")


class listening:
    """A server on a free port."""

    def __enter__(self) -> tuple[socket.socket, int]:
        self.server = socket.create_server((HOST, 0))
        return self.server, self.server.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self.server.close()
