"""Whether a deployment file, which may come from another member, can be worked with: all that reading it alone does not
tell, and always before anything is made of what it says."""

from __future__ import annotations

from pathlib import Path

from orchestrator.deployment.arguments import encode_arguments
from orchestrator.deployment.plan import MADE_BY, ORDER
from orchestrator.deployment.record import RESTORE, DeploymentRecord
from orchestrator.errors import ConfigurationError


def check_record(record: DeploymentRecord, path: Path) -> None:
    """Names and constructor arguments. Contracts may be missing.

    Args:
        path: of its file, for messages.

    Raises:
        ConfigurationError: a contract is none of this side, or has arguments that its constructor cannot have had.
    """
    check_names(record, path)
    for name in record.contracts:
        check_arguments(record, name, path)


def check_names(record: DeploymentRecord, path: Path) -> None:
    """Raises:
    ConfigurationError: a contract is none of this side.
    """
    known = (*ORDER[record.role], *(name for name, maker in MADE_BY.items() if maker in ORDER[record.role]))
    if strange := [name for name in record.contracts if name not in known]:
        raise ConfigurationError(
            f"{path}: {strange[0]} is no contract of the {record.role} chain in this version",
            mend="upgrade LoRAnchor, or restore the file",
        )


def check_order(record: DeploymentRecord, path: Path) -> None:
    """Raises:
    ConfigurationError: a contract is there without those that are deployed before it, or with it.
    """
    check_names(record, path)
    there = [name in record.contracts for name in ORDER[record.role]]
    missing = [name for name, maker in MADE_BY.items() if maker in record.contracts and name not in record.contracts]
    if there != sorted(there, reverse=True):
        missing.append(ORDER[record.role][there.index(False)])
    if missing:
        raise ConfigurationError(f"{path} lacks {missing[0]}, and has what was deployed after it", mend=RESTORE)


def check_arguments(record: DeploymentRecord, name: str, path: Path) -> None:
    """Raises:
    ConfigurationError: they cannot be those of this contract's constructor.
    """
    try:
        encode_arguments(name, record.contracts[name].constructor_arguments)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.message}", mend=RESTORE) from error
