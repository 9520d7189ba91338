"""A node with its API around it lives through a round on simulated chains, as its operator lets it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from unit.daemon.consortium import Consortium
from unit.daemon.lone_node import Heard
from unit.ledger.actors import AURORA, MEMBERS, private_key

from orchestrator.chain.memory import MemoryChain
from orchestrator.daemon.api.address import address_of
from orchestrator.daemon.api.client import ApiClient
from orchestrator.daemon.control_settings import ApiSettings, ControlSettings
from orchestrator.daemon.gate import Gate, Mode
from orchestrator.daemon.node import Node
from orchestrator.daemon.serving import controlled
from orchestrator.errors import ConfigurationError, EnvironmentMissing

PATHS = ("/", "/docs", "/openapi.json", "/metrics", "/v1/status", "/v1/pending", "/v1/effects?limit=200", "/v1/rounds",
         "/v1/contributions", "/v1/revocations", "/v1/alarms", "/v1/events?limit=200")  # fmt: skip


class Ridden:
    """Aurora's node with its API; the two other members are simulated."""

    def __init__(self, life: Consortium, node: Node) -> None:
        self.life, self.node = life, node
        self.api = ApiClient(life.home / AURORA)

    def live(self, until: Callable[[], bool], steps: int = 200) -> bool:
        """Blocks and ticks until it is so; whether it came to be."""
        for _ in range(steps):
            self.life.step()
            self.life.private_chain.mine(max(self.life.history.block - self.life.private_chain.block_number(), 0))
            self.node._tried()
            if until():
                return True
            threading.Event().wait(0.002)
            self.life._since = self.life.history.block  # deadlines of the simulation wait for the lanes
        return False

    def waits(self, name: str) -> bool:
        return any(row["effect"].startswith(f"{name}/") for row in self.api.get("/v1/pending"))


@contextmanager
def ridden(life: Consortium, gate: Gate, **api: Any) -> Iterator[Ridden]:
    life.nodes.pop(AURORA, None)
    services = life.services[AURORA] = life.make_services(AURORA)
    for sender, number in ((services.private_sender, 1337), (services.public_sender, 31337)):
        sender.chain, sender._signer = MemoryChain(number), life.keystores[AURORA]  # type: ignore[assignment]
    with controlled(services, ControlSettings(gate=gate, api=ApiSettings(**api))) as node:
        node._following._listener = Heard(life)  # type: ignore[assignment]
        yield Ridden(life, node)
        node._executor.close()


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consortium]:
    """Three organisations whose prekeys are on the chain."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    consortium = Consortium(tmp_path)
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    yield consortium
    consortium.close()


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated senders have an account, as real ones do."""
    monkeypatch.setattr("unit.daemon.consortium.Sender.address", property(lambda self: self._signer.delegate_address),
                        raising=False)  # fmt: skip


def sent(life: Consortium) -> list[str]:
    services = life.services[AURORA]
    return [*services.private_sender.calls, *services.public_sender.calls]  # type: ignore[attr-defined]


def test_in_oversight_an_update_waits_for_its_approval(life: Consortium) -> None:
    with ridden(life, Gate(Mode.OVERSIGHT)) as rider:
        life.open_round()
        assert rider.live(lambda: rider.waits("submit"))
        assert "submit/1" not in rider.node.state.in_flight, "what waits is not under way"
        assert not rider.live(lambda: bool([name for name in sent(life) if "submit" in name]), steps=20)
        rider.api.post("/v1/pending/approve", {"effect": "submit/1"})
        assert rider.live(lambda: any(item.organisation == AURORA for item in rider.node.state.ledger.updates.values()))
        assert not rider.waits("submit")


def test_with_approvals_a_round_is_anchored_and_without_them_the_others_go_on(life: Consortium) -> None:
    with ridden(life, Gate(Mode.OVERSIGHT)) as rider:
        life.open_round()
        assert rider.live(lambda: rider.waits("submit"))
        rider.api.post("/v1/pending/approve", {"effect": "submit/1"})
        assert rider.live(lambda: life.history.state.rounds[1].ended is not None)
        assert rider.live(lambda: rider.waits("attest"))
        assert AURORA not in rider.node.state.attestations.get(1, {})
        assert rider.live(lambda: rider.node.state.last_anchored == 1), "the two others are a quorum"
        assert rider.live(lambda: not rider.waits("attest")), "what the others have done is no longer offered"


def test_a_pause_holds_everything_and_outlives_a_restart(life: Consortium) -> None:
    with ridden(life, Gate()) as rider:
        rider.api.post("/v1/pause")
        life.open_round()
        assert not rider.live(lambda: bool(sent(life)), steps=20)
        assert rider.waits("train") and rider.node.state.ledger.open_round == 1
    with ridden(life, Gate()) as rider:
        assert not rider.live(lambda: bool(sent(life)), steps=20)
        rider.api.post("/v1/resume")
        assert rider.live(lambda: any("submit" in name for name in sent(life)))


def test_a_dry_run_begins_nothing_and_says_what_would(life: Consortium, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with ridden(life, Gate(Mode.AUTO, dry_run=True)) as rider:
        life.open_round()
        assert not rider.live(lambda: bool(sent(life) or life.benches[AURORA].asked), steps=40)
        assert {row["why"] for row in rider.api.get("/v1/pending")} == {"dry-run"}
    told = [line for line in caplog.messages if line.startswith("train/1 ")]
    assert told == [
        "train/1 would begin: Train an update for round 1 on this organisation's data, seal it and store it."
    ]


def test_a_phase_that_nearly_ends_is_warned_of_once(life: Consortium, caplog: pytest.LogCaptureFixture) -> None:
    with ridden(life, Gate(Mode.OVERSIGHT)) as rider:
        life.open_round()
        assert rider.live(lambda: rider.waits("submit"))
        for _ in range(60):
            life.step()
            rider.node._tried()
        assert rider.node.state.ledger.updates.keys() != set()
    told = [line for line in caplog.messages if "this organisation has submitted no update" in line]
    assert len(told) == 1 and told[0].startswith("round 1: submit ends in ")


def test_the_api_goes_with_the_node(life: Consortium) -> None:
    with ridden(life, Gate()) as rider:
        url = address_of(life.home / AURORA)
        assert rider.live(lambda: rider.api.get("/v1/status")["ready"], steps=5)
        assert rider.api.get("/v1/status")["members"] == list(MEMBERS)
        token = (life.home / AURORA / "api" / "read.token").read_text().strip()
        metrics = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=10).text
        assert "loranchor_ready 1.0" in metrics and 'loranchor_transactions_total{chain="private"}' in metrics
    with pytest.raises(EnvironmentMissing):
        ApiClient(life.home / AURORA)


def test_without_an_api_there_is_none(life: Consortium) -> None:
    services = life.make_services(AURORA)
    with controlled(services, ControlSettings(api=ApiSettings(enabled=False))) as node:
        assert isinstance(node, Node)
        with pytest.raises(EnvironmentMissing):
            ApiClient(life.home / AURORA)


def test_a_token_that_others_can_read_ends_the_start(life: Consortium) -> None:
    with ridden(life, Gate()):
        pass
    (life.home / AURORA / "api" / "act.token").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"), ridden(life, Gate()):
        pass


def test_no_secret_is_in_any_answer_or_log(life: Consortium, caplog: pytest.LogCaptureFixture) -> None:
    """Keys, passwords, tokens and plaintext: of a node that has trained, sealed, opened and judged."""
    caplog.set_level("DEBUG")
    with ridden(life, Gate()) as rider:
        life.open_round()
        assert rider.live(lambda: rider.node.state.last_anchored == 1)
        keystore, home = life.keystores[AURORA], life.home / AURORA
        contents = [(keystore.content_key(item), keystore.content_salt(item)) for item in keystore.contents()]
        secrets = [
            *((home / "api" / name).read_text().strip() for name in ("read.token", "act.token")),
            "correct horse",
            *(payload.decode() for payload in life.benches[AURORA].opened.values()),
            *(part.hex() for pair in contents for part in pair),
            private_key("delegate", AURORA).to_hex(),
        ]
        assert len(secrets) > 6 and all(len(secret) > 8 for secret in secrets)
        url = address_of(home)
        answers = "".join(
            requests.get(url + path, headers={"Authorization": f"Bearer {secrets[1]}"}, timeout=20).text
            for path in PATHS
        )
        assert len(answers) > 20_000
        assert not [secret for secret in secrets if secret in answers or secret in caplog.text]
        assert caplog.text


def test_without_the_extra_it_says_what_to_install(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.delitem(sys.modules, "orchestrator.daemon.api.app")
    services = life.make_services(AURORA)
    for sender in (services.private_sender, services.public_sender):
        sender.chain, sender._signer = MemoryChain(1), life.keystores[AURORA]  # type: ignore[assignment]
    with (
        pytest.raises(EnvironmentMissing, match=r"the API needs fastapi; pip install 'loranchor\[daemon\]'"),
        controlled(services, ControlSettings()),
    ):
        pass


def test_the_verbs_need_no_extra_and_no_chain() -> None:
    code = """
import sys
for name in ("fastapi", "prometheus_client", "uvicorn", "web3", "torch", "pydantic"):
    sys.modules[name] = None
import orchestrator.commands.node, orchestrator.commands.node_text, orchestrator.daemon.api.client
"""
    subprocess.run([sys.executable, "-c", code], check=True)
