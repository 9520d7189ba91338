"""Everything that a receiver can check of a model's folder, in the order in which it may be trusted.

First what the files are, then who signed them, then whether record, bill of materials, manifest and report agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.export.record import NAME as RECORD
from orchestrator.export.record import SIGNATURE, read_record
from orchestrator.release.supply.bill import NAME as BOM
from orchestrator.release.supply.bill import Bill, check_bill
from orchestrator.release.supply.bom_reader import read_bom
from orchestrator.release.supply.keys import fingerprint
from orchestrator.release.supply.notices import check_notice
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.supply.reports import check_report
from orchestrator.release.supply.scan import files_of
from orchestrator.release.supply.signing import check_signature, sha256_of
from orchestrator.types import Digest

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Verified:
    """A folder that nothing is wrong with.

    Attributes:
        manifest: of which it is. compared: whether that was held against one that the receiver had from elsewhere.
        key: fingerprint of the signer's. files: SHA-256 by name, of everything but the signature.
        report: None where none was given.
    """

    manifest: Digest
    compared: bool
    key: str
    files: Mapping[str, str]
    bill: Bill
    report: Mapping[str, Any] | None = None


def verify(
    folder: Path,
    key: ec.EllipticCurvePublicKey,
    *,
    manifest: Digest | None = None,
    report: Path | None = None,
    notices: Sequence[Path] = (),
) -> Verified:
    """Check a folder that `loranchor model export` made and `loranchor model sign` signed.

    Args:
        key: the signer's. manifest: as the public chain has it; without, the folder is only held against itself.
        report: of a release check. notices: of withdrawals; one of this manifest refuses the folder.

    Raises:
        ModelRefused: by the name of the first thing that is wrong.
    """
    names = files_of(folder)
    signed = check_signature(folder, names, key)
    record = _record(folder, signed)
    found = Digest(record["manifest"])
    if manifest is not None and manifest != found:
        raise ModelRefused(
            Reason.ANOTHER_MANIFEST, f"{folder} is of manifest {found}, not of {manifest}",
            mend="ask for the model of the manifest that you mean",
        )  # fmt: skip
    bill = _bill(folder, record, signed)
    for notice in notices:
        check_notice(notice, found)
    told = check_report(report, found) if report is not None else None
    return Verified(found, manifest is not None, fingerprint(key), signed, bill, told)


def check_papers(folder: Path) -> Bill:
    """Record, bill, manifest and files of a folder against each other, whoever signed them.

    Raises:
        ModelRefused: by the name of the first thing that is wrong.
    """
    digests = {name: sha256_of(folder / name) for name in files_of(folder) if name != SIGNATURE}
    return _bill(folder, _record(folder, digests), digests)


def _bill(folder: Path, record: Mapping[str, Any], digests: Mapping[str, str]) -> Bill:
    bill = read_bom(folder)
    _check_agreement(bill, record)
    check_bill(bill, record["contributions"])
    _check_files(bill, digests)
    return bill


def listed(names: list[str]) -> list[str]:
    """Files that a bill of materials lists: all but the papers, which name each other."""
    return [name for name in names if name not in (RECORD, BOM, CARD, SIGNATURE)]


def _record(folder: Path, signed: Mapping[str, str]) -> Mapping[str, Any]:
    """The export's record, which lists every file but itself and the signature."""
    record = read_record(folder)
    files = record.get("files") if record is not None else None
    if record is None or not isinstance(files, dict):
        raise ModelRefused(Reason.BAD_RECORD, f"{folder} holds no {RECORD} that can be read")
    if type(record.get("contributions")) is not int or not all(
        isinstance(record.get(name), str) for name in ("manifest", "base", "consortium")
    ):
        raise ModelRefused(Reason.BAD_RECORD, f"{RECORD} does not say what it is an export of")
    told = {name: entry.get("sha256") if isinstance(entry, dict) else None for name, entry in files.items()}
    expected = {name: f"0x{digest}" for name, digest in signed.items() if name != RECORD}
    for name in sorted(told.keys() | expected.keys()):
        if told.get(name) != expected.get(name):
            raise ModelRefused(Reason.BAD_RECORD, f"{RECORD} and the folder disagree on {name}")
    return record


def _check_agreement(bill: Bill, record: Mapping[str, Any]) -> None:
    for name, value in (("manifest", bill.manifest), ("base", bill.base), ("consortium", bill.consortium)):
        if value != record[name]:
            raise ModelRefused(
                Reason.BOM_DIFFERS, f"{BOM} is of {name} {value}, and the model's record says {record[name]}"
            )


def _check_files(bill: Bill, signed: Mapping[str, str]) -> None:
    expected = {name: signed[name] for name in listed(list(signed))}
    for name in sorted(bill.files.keys() | expected.keys()):
        if bill.files.get(name) != expected.get(name):
            raise ModelRefused(Reason.BOM_DIFFERS, f"{BOM} and the folder disagree on {name}")
