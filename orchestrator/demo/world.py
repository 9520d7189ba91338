"""Where a demo keeps everything: one folder that can be deleted as a whole."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestrator.files import write_atomic, write_json


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
        """Remove what a former run left."""
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
