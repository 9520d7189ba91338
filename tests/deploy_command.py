"""`brownie run deploy` as a user types it, against a node that this test has started."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account as EthAccount

from orchestrator import deployment as d
from orchestrator.deployment.consortium import parse_description
from tools.setup.paths import ROOT

BROWNIE = ROOT / "tools" / "brownie" / "brownie"
KEY = "0x" + "46" * 32
DEPLOYER = EthAccount.from_key(KEY).address.lower()
PASSWORD = "correct horse"
ENDPOINT = {"sepolia": "SEPOLIA_RPC_URL", "besu": "BESU_RPC_URL"}
CONSORTIUM_ID = "0x" + b"deployment-test".ljust(32, b"\0").hex()
TERMS = {
    "awards": {"window_blocks": 7200, "vesting_blocks": 50400},
    "rounds": {"max_phase_blocks": 302400},
    "revocations": {"step_blocks": 43200},
}
IDS = {"public": 11155111, "private": 2018}


@dataclass
class Place:
    """A deployer's working place: account, password file, consortium file, deployment files.

    Args:
        ids: chain ids of the two sides. network, url: where `--network` leads.
    """

    folder: Path
    network: str
    url: str
    ids: Mapping[str, int] = field(default_factory=lambda: IDS)
    encrypted: bool = True

    def __post_init__(self) -> None:
        accounts = self.folder / "accounts"
        accounts.mkdir(exist_ok=True)
        (accounts / "deployer.json").write_text(json.dumps(EthAccount.encrypt(KEY, PASSWORD, iterations=2)))
        self.write_password(PASSWORD)
        members = [
            {"organisation": name, "authority": f"0x{0xA0 + place:040x}", "delegate": f"0x{0xB0 + place:040x}"}
            for place, name in enumerate(("aurora", "borealis", "cumulus"))
        ]
        self.consortium = {
            "format": "loranchor/consortium",
            "version": 1,
            "consortium_id": CONSORTIUM_ID,
            "quorum": 2,
            "members": members,
            "chains": dict(self.ids),
            "funding_wei": "0",
            **TERMS,
        }
        self.write_consortium()

    def founding(self) -> tuple[Any, ...]:
        """Arguments of both Consortium contracts, as a deployment file has them."""
        description = parse_description(self.consortium)
        return tuple(d.as_json(d.constructor_arguments("Consortium", description, {})))

    @property
    def files(self) -> Path:
        return self.folder / "deployments"

    def write_password(self, password: str) -> None:
        path = self.folder / "password"
        path.touch(mode=0o600)
        path.write_text(password + "\n")

    def write_consortium(self) -> None:
        (self.folder / "consortium.json").write_text(json.dumps(self.consortium))

    def environment(self, **changes: str) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LORANCHOR_")}
        kept = {name: value for name, value in os.environ.items() if name == "LORANCHOR_CACHE"}
        account = {
            "LORANCHOR_DEPLOYER": "deployer",
            "LORANCHOR_DEPLOYER_PASSWORD_FILE": str(self.folder / "password"),
        }
        return {
            **ours,
            **kept,
            **(account if self.encrypted else {}),
            "HOME": str(self.folder),
            "LORANCHOR_ACCOUNTS": str(self.folder / "accounts"),
            "LORANCHOR_NETWORK_DIR": str(self.folder / "network"),
            "LORANCHOR_CONSORTIUM": str(self.folder / "consortium.json"),
            "LORANCHOR_DEPLOYMENTS": str(self.files),
            "LORANCHOR_CONFIRMATIONS": "1",
            ENDPOINT[self.network]: self.url,
            **changes,
        }

    def start(self, *words: str, script: str = "deploy", **changes: str) -> subprocess.Popen[str]:
        """In a process group of its own, as a shell starts a command."""
        command = [str(BROWNIE), "run", script, "--network", self.network, *words]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, script: str = "deploy", **changes: str) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        with self.start(*words, script=script, **changes) as process:
            out, errors = process.communicate(timeout=300)
        return process.returncode, out, errors

    def record(self, side: str) -> Any:
        return json.loads((self.files / f"{self.ids[side]}.json").read_text())
