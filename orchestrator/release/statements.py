"""The data statements that a release is asked about: files, and what the folder's bill of materials says of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.ledger.canonical import MAX_BYTES
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.release.settings import ReleaseSettings
from orchestrator.release.supply.bill import NAME as BOM
from orchestrator.release.supply.bom_reader import read_bom
from orchestrator.release.supply.refusal import ModelRefused
from orchestrator.sensitivity import SensitivityPolicy


@dataclass(frozen=True, slots=True)
class Statements:
    """What is asked.

    Attributes:
        policy: of `conf/sensitivity`. expected: how many data sets are behind the model; None where nobody says.
        bound: whether the bill names each statement, and so that those given are all. unbound: the sentence if not.
    """

    statements: tuple[DataStatement, ...]
    policy: SensitivityPolicy
    expected: int | None
    bound: bool

    unbound = "that these are all statements of this model is the word of whoever gave them"


def statements_of(folder: Path, settings: ReleaseSettings, policy: SensitivityPolicy | None) -> Statements | None:
    """Read them; None where none is given.

    Raises:
        ConfigurationError: a file cannot be read, or no sensitivity policy is chosen. FormatError: it is no statement.
        DataError: one is of no contribution that the bill lists.
    """
    if not settings.statements:
        return None
    if policy is None:
        raise ConfigurationError("no sensitivity policy is chosen", mend="add sensitivity=default")
    found = {item.digest: item for item in map(_read, settings.statements)}
    named = _named(folder)
    if named is None:
        return Statements(tuple(found.values()), policy, settings.data_sets, bound=False)
    if strange := sorted(found.keys() - named):
        raise DataError(
            f"the data statement of {found[strange[0]].organisation} is of no contribution in {BOM}",
            mend="give the statements of this model's contributions",
        )
    return Statements(tuple(found.values()), policy, len(named), bound=True)


def _read(path: Path) -> DataStatement:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 2)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", mend="name files of data statements in release.statements"
        ) from error
    return DataStatement.from_bytes(data.removesuffix(b"\n"))


def _named(folder: Path) -> frozenset[str] | None:
    """Digests of all statements, of a bill that names organisations; the others have them blinded."""
    if not (folder / BOM).is_file():
        return None
    try:
        bill = read_bom(folder)
    except ModelRefused:  # the check `supply` says why
        return None
    return frozenset(item.statement for item in bill.items if item.statement) if bill.named else None
