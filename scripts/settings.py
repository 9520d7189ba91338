"""What the environment says about a deployment; the table is in docs/deploying.md."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.deployment.account import Account, KeyAccount, NodeAccount
from orchestrator.deployment.fields import LONGEST, Fields
from orchestrator.errors import ConfigurationError
from orchestrator.keystore.password import read_password
from tools.brownie.accounts import accounts_folder

KEY = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Settings:
    """As the environment has them.

    Attributes:
        consortium: LORANCHOR_CONSORTIUM. deployments: LORANCHOR_DEPLOYMENTS.
        deployer: LORANCHOR_DEPLOYER, the name or path of an encrypted account.
        password_file: LORANCHOR_DEPLOYER_PASSWORD_FILE; without it the password is asked for.
        confirmations: LORANCHOR_CONFIRMATIONS.
        dry_run, raise_fee: the options of those names.
    """

    consortium: Path | None
    deployments: Path
    deployer: str
    password_file: Path | None
    confirmations: int | None
    dry_run: bool
    raise_fee: bool

    @classmethod
    def read(cls) -> Settings:
        """Raises:
        ConfigurationError: LORANCHOR_CONFIRMATIONS is no number.
        """
        given = {name: value for name, value in os.environ.items() if value}
        numbers = Fields({name: given[name] for name in ("LORANCHOR_CONFIRMATIONS",) if name in given}, "environment")
        confirmations = numbers.integer("LORANCHOR_CONFIRMATIONS", 0, maximum=1000)
        return cls(
            consortium=_path(given.get("LORANCHOR_CONSORTIUM")),
            deployments=_path(given.get("LORANCHOR_DEPLOYMENTS")) or Path("deployments"),
            deployer=given.get("LORANCHOR_DEPLOYER", ""),
            password_file=_path(given.get("LORANCHOR_DEPLOYER_PASSWORD_FILE")),
            confirmations=confirmations or None,
            dry_run="LORANCHOR_DRY_RUN" in given,
            raise_fee="LORANCHOR_RAISE_FEE" in given,
        )

    def confirmations_on(self, role: str, description: d.ConsortiumDescription, *, local: bool) -> int:
        """Blocks, its own included, until a transaction counts."""
        if self.confirmations is not None:
            return self.confirmations
        if local:
            return 1
        return description.public_confirmations if role == "public" else description.private_confirmations

    def account(self, chain: Connection, *, local: bool) -> Account:
        """The encrypted account named; else, on a local chain, the node's first unlocked one.

        Raises:
            ConfigurationError: there is none.
        """
        if self.deployer:
            return _key_account(account_path(self.deployer), self.password_file)
        unlocked = chain.request("eth_accounts", []) if local else []
        if unlocked:
            return NodeAccount(unlocked[0])
        raise ConfigurationError(
            f"no account to deploy from on chain {chain.chain_id}",
            mend="name an encrypted one in LORANCHOR_DEPLOYER (`brownie accounts generate NAME` makes one)",
        )


@cache
def _key_account(path: Path, password_file: Path | None) -> KeyAccount:
    """One for all chains of a run, so that its password is asked for once."""
    return KeyAccount(path, lambda: read_password(password_file, prompt=f"Password of account {path.stem}: "))


def account_path(name: str) -> Path:
    """The file of an encrypted account: one of `brownie accounts` by its name, or any by its path.

    Raises:
        ConfigurationError: there is none.
    """
    folder = accounts_folder()
    for path in (folder / f"{name}.json", Path(name)):
        if os.path.isfile(path):  # noqa: PTH113 (false, not an error, for a name that no file can have)
            return path
    if KEY.search(name):
        raise ConfigurationError(
            "LORANCHOR_DEPLOYER holds 64 hexadecimal digits, as a private key does; it takes an account's name",
            mend="if that was a key, its shell's history has it now: `brownie accounts new NAME` encrypts one",
        )
    name = name if len(name) <= LONGEST and name.isprintable() else "NAME"
    known = ", ".join(sorted(path.stem for path in folder.glob("*.json"))) or "none"
    raise ConfigurationError(
        f"there is no account {name} (there are: {known})", mend=f"`brownie accounts generate {name}` makes one"
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
