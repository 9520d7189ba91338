"""`loranchor node` against an API on a real socket, and where a daemon says that it listens."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from unit.control.api_world import World
from unit.protocol.simulation import Simulation

from orchestrator import cli
from orchestrator.daemon.api import client as api_client
from orchestrator.daemon.api import server as api_server
from orchestrator.daemon.api.address import address_of, address_path
from orchestrator.daemon.api.client import ApiClient
from orchestrator.daemon.api.server import ApiServer
from orchestrator.daemon.api.tokens import Scope, token_path
from orchestrator.daemon.gate import Approvals
from orchestrator.errors import ConfigurationError, EnvironmentMissing, FormatError, PortTaken
from tests.local_server import Handler, serving


@pytest.fixture
def served(world: World) -> Iterator[World]:
    server = ApiServer(world.asgi, "127.0.0.1", 0, world.home)
    server.start()
    yield world
    server.stop()


def node(world: World, *words: str) -> int:
    return cli.run(["node", words[0], "--home", str(world.home), *words[1:]])


def test_status_in_words_and_as_json(served: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert node(served, "status") == 0
    shown = capsys.readouterr().out
    for words in ("aurora: ready, mode oversight", "block 106, followed to 104", "2, submit: 15 blocks left",
                  "2 of 2 anchored", "3 effects; see `loranchor node pending`", "judge/1"):  # fmt: skip
        assert words in shown
    assert node(served, "status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["organisation"] == "aurora"


def test_a_daemon_that_is_not_ready_says_why_and_ends_with_4(served: World, capsys: pytest.CaptureFixture[str]) -> None:
    served.node.ready, served.node.reasons = False, ("the private chain is silent",)
    served.journal.raise_alarm("CHAIN_SILENT", "no answer for 93 s")
    assert node(served, "status") == 4
    shown = capsys.readouterr().out
    assert "NOT READY" in shown and "not ready: the private chain is silent" in shown and "ALARM CHAIN_SILENT" in shown


def test_a_deadline_that_presses_is_on_the_line_of_the_round(served: World, capsys: pytest.CaptureFixture[str]) -> None:
    state = served.node.state
    assert state.clock is not None
    bare = replace(state.ledger.rounds[2], submissions=())
    ledger = state.ledger.with_(rounds={**state.ledger.rounds, 2: bare})
    served.node.state = state.with_(ledger=ledger, private_block=state.clock.deadline + 2)
    assert node(served, "status") == 0
    shown = capsys.readouterr().out
    assert "late by 2 blocks" in shown and "NEARLY LATE: round 2: submit ended 2 blocks ago" in shown


def test_what_waits_is_listed_approved_and_denied(served: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert node(served, "pending") == 0
    assert "submit/2  mode, commits: Record this organisation's sealed update of round 2." in capsys.readouterr().out
    assert node(served, "approve", "submit/2", "train/2") == 0
    assert node(served, "deny", "attest/3/0", "--json") == 0
    expected = Approvals(frozenset({"submit/2", "train/2"}), frozenset({"attest/3/0"}))
    assert served.control.book.approvals == expected
    assert capsys.readouterr().out.startswith("approved submit/2\napproved train/2\n")
    served.node.waiting = ()
    assert node(served, "pending") == 0
    assert capsys.readouterr().out == "Nothing waits.\n"


def test_what_does_not_wait_is_one_line_and_2(served: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert node(served, "approve", "submit/9") == 2
    told = capsys.readouterr().err
    assert told == "error: 'submit/9' does not wait (NotFound); see `loranchor node pending`\n"


def test_pause_resume_and_alarms(served: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert node(served, "pause") == 0 and served.control.book.approvals.paused
    assert node(served, "resume") == 0 and not served.control.book.approvals.paused
    assert node(served, "alarms") == 0
    assert capsys.readouterr().out == "paused\nresumed\nNo alarm.\n"
    served.journal.raise_alarm("PRIVATE_CHAIN_REWRITTEN", "block 7 is another one now")
    assert node(served, "alarms") == 0
    assert "PRIVATE_CHAIN_REWRITTEN since 2" in capsys.readouterr().out
    assert node(served, "alarms", "--clear", "PRIVATE_CHAIN_REWRITTEN") == 0
    assert served.journal.alarms() == ()


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("rounds", ["aurora, borealis, cumulus", "closed", "open"]),
        ("contributions", ["shredded", "active", "0x"]),
        ("revocations", ["the end of round 2", "approved"]),
        ("effects", ["judge/9  failed, attempt 1; StorageError: no node"]),
    ],
)
def test_lists_for_people_and_programs(
    served: World, verb: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    served.journal.effect_started("judge/9", local=True)
    served.journal.effect_failed("judge/9", "StorageError", "no node")
    assert node(served, verb) == 0
    shown = capsys.readouterr().out
    assert not [word for word in words if word not in shown]
    assert node(served, verb, "--limit", "1", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_lists_that_are_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path, life=Simulation())
    server = ApiServer(world.asgi, "127.0.0.1", 0, world.home)
    server.start()
    assert [node(world, verb) for verb in ("rounds", "contributions", "revocations", "effects")] == [0, 0, 0, 0]
    assert capsys.readouterr().out == "None yet.\nNone yet.\nNone yet.\nNothing yet.\n"
    server.stop()


def test_another_machine_is_named_by_address_and_token(
    served: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, token = address_of(served.home), token_path(served.home, Scope.READ)
    given = ["--url", url, "--token-file", str(token)]
    assert cli.run(["node", "status", *given]) == 0
    assert cli.run(["node", "pause", *given]) == 2, "that token only reads"
    assert "(Refused)" in capsys.readouterr().err
    token.chmod(0o644)
    assert cli.run(["node", "status", *given]) == 2
    assert "mode 0644" in capsys.readouterr().err
    assert cli.run(["node", "status", "--url", url]) == 2


def test_no_daemon_is_one_line_and_3(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert node(world, "status") == 3
    assert "start it with `loranchor daemon run`" in capsys.readouterr().err
    address_path(world.home).write_text(json.dumps({"url": f"http://127.0.0.1:{free_port()}"}))
    assert node(world, "status") == 3
    assert "no daemon answers at http://127.0.0.1:" in capsys.readouterr().err


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": 5}', b'{"error": {"code": "x"}}', b"[" * 100_000])
def test_whatever_else_answers_is_told(world: World, body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    class Other(Handler):
        def do_GET(self) -> None:
            self.give(body, 500)

    with serving(Other) as url:
        address_path(world.home).write_text(json.dumps({"url": url}))
        assert node(world, "status") == 7
    assert "is no daemon of LoRAnchor" in capsys.readouterr().err


def test_an_answer_without_end_is_no_daemons(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too long is not read to its end."""
    monkeypatch.setattr(api_client, "_LIMIT", 1 << 20)
    sent: list[int] = []

    class Other(Handler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(ConnectionError):
                for _ in range(256):
                    self.wfile.write(b" " * (1 << 18))
                    sent.append(1 << 18)
            self.close_connection = True

    with serving(Other) as url:
        address_path(world.home).write_text(json.dumps({"url": url}))
        with pytest.raises(FormatError, match="is no daemon of LoRAnchor"):
            ApiClient(world.home).get("/v1/status")
    assert sum(sent) < 64 << 20


# -- the server


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_the_address_is_there_while_it_serves(world: World) -> None:
    server = ApiServer(world.asgi, "127.0.0.1", 0, world.home)
    assert not address_path(world.home).exists()
    server.start()
    assert address_of(world.home) == server.url
    assert address_path(world.home).stat().st_mode & 0o777 == 0o600
    server.stop()
    with pytest.raises(EnvironmentMissing):
        address_of(world.home)


def test_a_port_in_use_and_an_address_of_nobody_are_told(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match=r"set daemon\.api\.port"):
            ApiServer(world.asgi, "127.0.0.1", taken.getsockname()[1], world.home)
    with pytest.raises(ConfigurationError, match=r"set daemon\.api\.host"):
        ApiServer(world.asgi, "203.0.113.9", 0, world.home)


def test_it_serves_ipv6_where_there_is_one(world: World) -> None:
    server = ApiServer(world.asgi, "::1", 0, world.home)
    server.start()
    assert server.url.startswith("http://[::1]:")
    assert node(world, "status") == 0
    server.stop()


def test_who_says_nothing_is_hung_up_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else as many connections as there may be would be all that it takes to be the last one served."""
    monkeypatch.setattr(api_server, "CONNECTION_SECONDS", 0.3)
    server = ApiServer(world.asgi, "127.0.0.1", 0, world.home)
    server.start()
    port = int(server.url.rpartition(":")[2])
    began = b"POST /v1/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n"
    token = f"Authorization: Bearer {world.token(Scope.ACT)}\r\n\r\n".encode()
    try:
        for said in (b"", began, began + token):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as silent:
                silent.sendall(said)
                assert silent.recv(1) == b""
        assert not world.control.book.approvals.paused, "what did not come to its end was never said"
        assert ApiClient(world.home).get("/v1/status")["organisation"] == "aurora"
    finally:
        server.stop()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"half a body"])
def test_who_takes_all_places_shuts_nobody_out(world: World, said: bytes) -> None:
    """All callers have one address here, so it is the longest silence that has to make room."""
    server = ApiServer(world.asgi, "127.0.0.1", 0, world.home)
    server.start()
    port = int(server.url.rpartition(":")[2])
    if said == b"half a body":
        token = f"Authorization: Bearer {world.token(Scope.ACT)}\r\n\r\n".encode()
        said = b"POST /v1/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n" + token

    def held(stack: ExitStack) -> socket.socket:
        made = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        made.sendall(said)
        return made

    try:
        with ExitStack() as stack:
            first, *_ = [held(stack) for _ in range(3 * api_server.CONNECTIONS)]
            for _ in range(3):
                assert ApiClient(world.home).get("/v1/status")["organisation"] == "aurora"
            with suppress(ConnectionResetError):
                assert first.recv(1) == b"", "it has made room"
        assert not world.control.book.approvals.paused
    finally:
        server.stop()
