"""A watch over Anvil, Ganache and a real IPFS node: a planted stall and a planted missing object are told by name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from audit_life import RealLife
from chain_deployment import deploy
from chain_nodes import anvil, ganache
from ipfs_node import ipfs_node
from local_server import Handler, serving

from orchestrator.cli import run
from orchestrator.storage import IpfsStore

PATIENT = ["watch.stands_after=100000", "watch.object_timeout=5", "watch.object_every=1"]


class StallingLife(RealLife):
    """A life whose first checkpoint nobody signs until ``stalled`` is taken back."""

    stalled = True

    def anchor(self) -> None:
        if not self.stalled:
            super().anchor()

    def _pay(self) -> None:
        if not self.stalled:
            super()._pay()

    def go_on(self) -> None:
        self.stalled = False
        self.anchor()
        self._pay()


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StallingLife]:
    folder = tmp_path_factory.mktemp("nodes")
    with anvil() as public, ganache(folder) as private, ipfs_node(folder) as ipfs:
        life = StallingLife(deploy(public, private, folder / "deployments"), IpfsStore(ipfs))
        life.round()
        yield life


class Receiver(Handler):
    """Whoever is on call."""

    taken: list[dict[str, str]]

    def do_POST(self) -> None:
        type(self).taken += json.loads(self.body)["alerts"]
        self.give(b"")


def settings(life: RealLife) -> list[str]:
    consortium = life.consortium
    urls = {"public": consortium.public_chain, "private": consortium.private_chain}
    places = [f"chain.{side}.{name}={value}" for side, chain in urls.items()
              for name, value in (("url", chain.url), ("chain_id", chain.chain_id))]  # fmt: skip
    store = life.store
    assert isinstance(store, IpfsStore)
    return ["--ipfs", store.api_url, "chain.network=null", f"chain.deployments={consortium.folder}", *places, *PATIENT]


def look(
    life: RealLife, capsys: pytest.CaptureFixture[str], *options: str, more: tuple[str, ...] = ()
) -> tuple[int, list[dict[str, str]]]:
    """Exit code and alerts of one look."""
    code = run(["audit", "watch", "--once", "--json", *options, *settings(life), *more])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, [line for line in lines if line.get("format") == "loranchor/alert"]


def test_a_stall_and_a_missing_object_are_told_once_each(
    life: StallingLife, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, metrics, address = tmp_path / "watch.json", tmp_path / "watch.prom", tmp_path / "webhook"

    class OnCall(Receiver):
        taken: list[dict[str, str]] = []  # noqa: RUF012

    with serving(OnCall) as url:
        address.write_text(f"{url}/alerts\n")
        kept = ["--state", str(state), "--prometheus", str(metrics), "--webhook-file", str(address)]
        time.sleep(2.1)
        code, alerts = look(life, capsys, *kept, more=("watch.stalled_after=1",))
        assert (code, [item["kind"] for item in alerts]) == (8, ["checkpoint-stalled"])
        assert alerts[0]["text"].startswith("checkpoint 1 has been due for")
        assert 'loranchor_watch_alerts{kind="checkpoint-stalled",severity="critical"} 1' in metrics.read_text()
        assert look(life, capsys, *kept, more=("watch.stalled_after=1",)) == (8, [])
        life.go_on()
        code, alerts = look(life, capsys, *kept)
        assert (code, [(item["state"], item["kind"]) for item in alerts]) == (0, [("passed", "checkpoint-stalled")])

        gone = next(iter(life.objects.values()))[1]
        data = life.store.fetch(gone, limit=1 << 20)
        life.store.unpin(gone)
        life.store.collect()
        time.sleep(1.1)
        code, alerts = look(life, capsys, *kept)
        assert (code, [(item["kind"], item["subject"]) for item in alerts]) == (8, [("object-missing", gone)])
        assert alerts[0]["text"].startswith("the header of aurora's contribution in round 1 is missing: no IPFS node")
        life.store.add(data)
        code, alerts = look(life, capsys, *kept)
        assert (code, [(item["state"], item["kind"]) for item in alerts]) == (0, [("passed", "object-missing")])
    told = [(item["state"], item["kind"]) for item in OnCall.taken]
    kinds = ("checkpoint-stalled", "object-missing")
    assert told == [(state, kind) for kind in kinds for state in ("raised", "passed")]


def test_an_outsider_needs_the_public_chain_alone(life: StallingLife, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = ("chain.private.url=http://127.0.0.1:9",)
    assert look(life, capsys, "--public-only", more=nowhere) == (0, [])
    code = run(["audit", "watch", "--once", "--json", *settings(life), *nowhere])
    error = json.loads(capsys.readouterr().err)["error"]
    assert code == 4 and error["message"].startswith("the private chain was not seen: no answer from")


def test_it_runs_as_a_service_until_it_is_told_to_stop(life: StallingLife, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from orchestrator.cli import main; main()",
        "audit",
        "watch",
        "--listen",
        "127.0.0.1:0",
        *settings(life),
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            url = process.stderr.readline().split("metrics at ")[1].split(";")[0]
            page = ""
            while "loranchor_watch_looks_total 1" not in page and process.poll() is None:
                page = requests.get(url, timeout=10).text
                time.sleep(0.1)
            assert 'loranchor_watch_source_up{source="IPFS"} 1' in page
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
