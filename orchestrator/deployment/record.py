"""``deployments/<chain id>.json`` (``loranchor/deployment`` 1): what lies where on one chain."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.deployment.fields import Fields, shown
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.canonical import check_nesting

FORMAT = "loranchor/deployment"
VERSION = 1
EXACT = 2**53
UINT64 = 2**64 - 1
RESTORE = "restore it, or get it from another member: on a real chain it says what must not be deployed twice"
CONTRACT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


@dataclass(frozen=True)
class ContractRecord:
    """One contract. ``code_hash`` is the keccak of the code at the address, immutables included."""

    address: str
    block: int
    transaction: str
    constructor_arguments: tuple[Any, ...]
    code_hash: str


@dataclass(frozen=True)
class BindingRecord:
    """The transaction that made a contract known to those that may call it."""

    block: int
    transaction: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Announced:
    """A transaction that was about to be sent.

    Attributes:
        what: the step, such as `Consortium` or `RoundLedger.bind`.
        address: what it creates, calls or pays.
        transaction: its hash where it was signed by us; empty where the node signs.
    """

    what: str
    address: str
    nonce: int
    transaction: str = ""


@dataclass(frozen=True)
class Pending:
    """What an interrupted run may have sent: account and nonce say what became of it.

    Attributes:
        block: the newest block then; nothing of this is in it or before it.
    """

    sender: str
    block: int
    transactions: tuple[Announced, ...]


@dataclass(frozen=True)
class DeploymentRecord:
    """All that is deployed on one chain, in the order of deployment.

    Attributes:
        deployer: the account that deployed it and alone may bind; empty in files of earlier versions.
        bindings: by contract.
    """

    chain_id: int
    role: str
    consortium_id: str
    contracts: Mapping[str, ContractRecord] = field(default_factory=dict)
    bindings: Mapping[str, BindingRecord] = field(default_factory=dict)
    deployer: str = ""
    pending: Pending | None = None

    @property
    def addresses(self) -> dict[str, str]:
        return {name: contract.address for name, contract in self.contracts.items()}

    def document(self) -> dict[str, Any]:
        """The file's JSON."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "chain_id": self.chain_id,
            "role": self.role,
            "consortium_id": self.consortium_id,
            **({"deployer": self.deployer} if self.deployer else {}),
            "contracts": {name: _entry(contract) for name, contract in self.contracts.items()},
            "bindings": {name: _binding_entry(binding) for name, binding in self.bindings.items()},
        }
        if self.pending is not None:
            document["pending"] = _pending_entry(self.pending)
        return document


def as_json(value: Any) -> Any:
    """Constructor arguments as JSON carries them: numbers beyond 2⁵³ as decimal strings."""
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return str(value) if isinstance(value, int) and value > EXACT else value


def record_path(folder: Path, chain_id: int) -> Path:
    return folder / f"{chain_id}.json"


def read_record(folder: Path, chain_id: int) -> DeploymentRecord | None:
    """The record of a chain, also of an unfinished deployment; None where there is none.

    Raises:
        ConfigurationError: the file is there and cannot be read, or is wrong.
    """
    path = record_path(folder, chain_id)
    try:
        text = path.read_bytes()
        check_nesting(text, FORMAT)
        record = _parse(json.loads(text))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend="check LORANCHOR_DEPLOYMENTS") from error
    except (ValueError, FormatError) as error:
        raise ConfigurationError(f"{path} is not JSON: {error}", mend=RESTORE) from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.message}", mend=error.mend or RESTORE) from error
    if record.chain_id != chain_id:
        raise ConfigurationError(
            f"{path} is of chain {record.chain_id}", mend="give it that chain's name, or restore it"
        )
    return record


def write_record(folder: Path, record: DeploymentRecord) -> None:
    """Write atomically and to the disk: after a crash the file holds the old record or the new one.

    Raises:
        ConfigurationError: the folder cannot be written to.
    """
    path = record_path(folder, record.chain_id)
    draft = path.with_name(f".{path.name}.draft")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(record.document(), indent=2) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        _sync(folder)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}",
            mend="make room for it there, then run this again: it goes on where it stopped",
        ) from error


def _sync(folder: Path) -> None:
    """The names in a folder, to the disk."""
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)


def _entry(contract: ContractRecord) -> dict[str, Any]:
    return {
        "address": contract.address,
        "block": contract.block,
        "transaction": contract.transaction,
        "constructor_arguments": list(contract.constructor_arguments),
        "code_hash": contract.code_hash,
    }


def _binding_entry(binding: BindingRecord) -> dict[str, Any]:
    return {"block": binding.block, "transaction": binding.transaction, "arguments": list(binding.arguments)}


def _pending_entry(pending: Pending) -> dict[str, Any]:
    return {
        **vars(pending),
        "transactions": [
            {name: value for name, value in vars(announced).items() if value != ""}
            for announced in pending.transactions
        ],
    }


def _parse(document: Any) -> DeploymentRecord:
    fields = Fields(document, "the document")
    if fields.text("format") != FORMAT:
        raise ConfigurationError(f"format is not {FORMAT}")
    if fields.integer("version") != VERSION:
        raise ConfigurationError(f"this version of {FORMAT} is unknown", mend="upgrade LoRAnchor")
    role = fields.text("role")
    if role not in ("public", "private"):
        raise ConfigurationError(f"role is {shown(role)}")
    contracts, bindings = document.get("contracts"), document.get("bindings", {})
    if not isinstance(contracts, dict):
        raise ConfigurationError("the document lacks contracts")
    if not isinstance(bindings, dict):
        raise ConfigurationError("bindings is not an object")
    if strange := [name for name in (*contracts, *bindings) if not CONTRACT.fullmatch(name)]:
        raise ConfigurationError(f"{shown(strange[0])} is no contract's name")
    pending = document.get("pending")
    return DeploymentRecord(
        chain_id=fields.integer("chain_id", maximum=UINT64),
        role=role,
        consortium_id=fields.digest("consortium_id"),
        contracts={name: _contract(Fields(entry, name)) for name, entry in contracts.items()},
        bindings={name: _binding(Fields(entry, f"bindings: {name}")) for name, entry in bindings.items()},
        deployer=fields.address("deployer") if "deployer" in document else "",
        pending=None if pending is None else _pending(Fields(pending, "pending")),
    )


def _contract(fields: Fields) -> ContractRecord:
    return ContractRecord(
        address=fields.address("address"),
        block=fields.integer("block", maximum=UINT64),
        transaction=fields.digest("transaction"),
        constructor_arguments=fields.arguments("constructor_arguments"),
        code_hash=fields.digest("code_hash"),
    )


def _binding(fields: Fields) -> BindingRecord:
    return BindingRecord(
        fields.integer("block", maximum=UINT64), fields.digest("transaction"), fields.arguments("arguments")
    )


def _pending(fields: Fields) -> Pending:
    announced = [_announced(Fields(entry, "pending")) for entry in fields.items("transactions")]
    return Pending(fields.address("sender"), fields.integer("block", maximum=UINT64), tuple(announced))


def _announced(fields: Fields) -> Announced:
    transaction = fields.text("transaction", "-")
    return Announced(
        what=fields.text("what"),
        address=fields.address("address"),
        nonce=fields.integer("nonce", maximum=UINT64),
        transaction="" if transaction == "-" else fields.digest("transaction"),
    )
