"""Where a demo keeps everything: one folder that can be deleted as a whole."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.files import write_atomic, write_json

MARKER = ".loranchor-demo"
"""Says that a folder is a demo's own, so that clearing it destroys nobody's files."""


@dataclass(frozen=True)
class World:
    """Paths of one demo run under ``root``."""

    root: Path

    @property
    def network(self) -> Path:
        return self.root / "network"

    @property
    def deployments(self) -> Path:
        return self.root / "deployments"

    @property
    def consortium_file(self) -> Path:
        return self.root / "consortium.json"

    @property
    def handover(self) -> Path:
        return self.root / "handover"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def home(self, organisation: str) -> Path:
        return self.root / "organisations" / organisation

    def password_file(self, organisation: str) -> Path:
        return self.root / "passwords" / organisation

    @property
    def environment(self) -> dict[str, str]:
        """Where programs started by the demo find its network, deployments and consortium. Holds no secret."""
        return {
            "LORANCHOR_NETWORK_DIR": str(self.network),
            "LORANCHOR_DEPLOYMENTS": str(self.deployments),
            "LORANCHOR_CONSORTIUM": str(self.consortium_file),
        }

    def clear(self) -> None:
        """Remove what a former run left, and mark the folder as a demo's own.

        Raises:
            ConfigurationError: the folder holds something that no demo made; nothing is touched then.
        """
        marker = self.root / MARKER
        if self.root.exists() and not marker.exists() and any(self.root.iterdir()):
            raise ConfigurationError(
                f"{self.root} holds what no demo made", mend="give --run-dir a new folder, or empty that one yourself"
            )
        write_atomic(marker, b"Made by `loranchor demo`, which removes and makes anew what is in here.\n")
        for path in (self.deployments, self.handover, self.logs, self.root / "organisations", self.root / "passwords"):
            shutil.rmtree(path, ignore_errors=True)
        for name in ("consortium.json", "summary.json", "report.html"):
            (self.root / name).unlink(missing_ok=True)

    def make_password(self, organisation: str) -> Path:
        """A random password in a file that only this user can read."""
        path = self.password_file(organisation)
        write_atomic(path, (secrets.token_urlsafe(24) + "\n").encode(), mode=0o600)
        return path

    def write_consortium(self, document: dict[str, object]) -> None:
        write_json(self.consortium_file, document)
