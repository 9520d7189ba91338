"""The ceremony document: one decision and the signatures that it has so far; copies signed in several places merge.

Format: docs/formats/ceremony.md. Reading one recomputes its digest and recovers every signer, so whoever holds a
:class:`Ceremony` holds real signatures; whether their signers have a say is :func:`standing`'s question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.commitment.signatures import recover
from orchestrator.errors import ConfigurationError, FormatError, ProtocolError
from orchestrator.files import write_atomic
from orchestrator.governance.decisions import (
    Decision,
    Kind,
    SignerRole,
    domain_of,
    fields_of,
    has_domain,
    kind_of,
    read_address,
    read_decision,
    signed_by,
)
from orchestrator.ledger.canonical import Document, canonical_bytes, check_format, parse
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word
from orchestrator.types import Address, Digest, OrganisationId

FORMAT = "loranchor/ceremony"
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One decision and its signatures.

    Attributes:
        signatures: 65 bytes r ‖ s ‖ v each, by signer, ascending by signer; every one recovers to its signer.
    """

    decision: Decision
    signatures: Mapping[Address, bytes]

    @classmethod
    def of(cls, decision: Decision) -> Ceremony:
        """A ceremony that nobody has signed, checked as a reader would."""
        return cls.from_document(cls(decision, {}).document())

    @property
    def kind(self) -> Kind:
        return kind_of(self.decision)

    @property
    def role(self) -> SignerRole:
        """Whose keys sign it."""
        return signed_by(self.kind)

    @property
    def digest(self) -> Digest:
        """The EIP-712 digest, which is what keys sign."""
        return hex_word(self.decision.digest())

    def signed(self, signature: bytes) -> Ceremony:
        """With one more signature; the first of a signer stays.

        Raises:
            FormatError: malformed or malleable.
        """
        signer = recover(self.decision.digest(), signature)
        return replace(self, signatures=_ascending({signer: signature, **self.signatures}))

    def ordered(self, allowed: Collection[Address]) -> list[bytes]:
        """Signatures of those who have a say, in the order that contracts want: ascending by signer."""
        return [signature for signer, signature in self.signatures.items() if signer in allowed]

    def document(self) -> Document:
        domain = domain_of(self.decision)
        return {
            "format": FORMAT,
            "version": 1,
            "kind": self.kind.value,
            "change": fields_of(self.decision),
            **({} if domain is None else {"domain": domain}),
            "digest": self.digest,
            "signatures": [
                {"signer": signer, "signature": "0x" + signature.hex()} for signer, signature in self.signatures.items()
            ],
        }

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.document())

    @classmethod
    def from_bytes(cls, data: bytes) -> Ceremony:
        """Read canonical bytes; raises as :meth:`from_document`."""
        return cls.from_document(parse(data, format=FORMAT, limit=MAX_BYTES))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Ceremony:
        """Read a ceremony and check all of it.

        Raises:
            FormatError: of an unknown version or kind, a member is missing, unknown or malformed, the digest is not
                that of the change, or a signature is not its signer's.
        """
        check_format(document, format=FORMAT)
        root = Reader(document, "ceremony")
        kind = Kind(root.choice("kind", set(Kind)))
        domain = root.inner("domain") if has_domain(kind) else None
        ceremony = cls(read_decision(kind, root.inner("change"), domain), {})
        if (named := root.digest("digest")) != ceremony.digest:
            raise FormatError(f"ceremony.digest is {named}, but the change hashes to {ceremony.digest}")
        signatures = _read_signatures(root.take("signatures"), ceremony.decision.digest())
        root.end()
        return replace(ceremony, signatures=signatures)


def merge(copies: Iterable[Ceremony]) -> Ceremony:
    """One ceremony with the signatures of all copies, whatever their order.

    Raises:
        ProtocolError: no copy, or copies of different decisions.
    """
    found = list(copies)
    if not found:
        raise ProtocolError("there is no ceremony to merge")
    for other in found[1:]:
        if other.digest != found[0].digest:
            raise ProtocolError(
                f"the copies are of two decisions, {found[0].digest} and {other.digest}",
                mend="show each of them, and merge only copies of one",
            )
    signatures: dict[Address, bytes] = {}
    for ceremony in found:
        # two valid signatures of one signer: the smaller stays, so that the order of the copies does not matter
        for signer, signature in ceremony.signatures.items():
            signatures[signer] = min(signature, signatures.get(signer, signature))
    return replace(found[0], signatures=_ascending(signatures))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a ceremony has come in one consortium.

    Attributes:
        signed, waiting: members, in member order. strangers: signers without a say, whose signatures do not count.
    """

    signed: tuple[OrganisationId, ...]
    waiting: tuple[OrganisationId, ...]
    strangers: tuple[Address, ...]
    quorum: int

    @property
    def missing(self) -> int:
        """How many signatures are still needed."""
        return max(self.quorum - len(self.signed), 0)


def standing(ceremony: Ceremony, voters: Mapping[Address, OrganisationId], quorum: int) -> Standing:
    """Who has signed; ``voters`` are the present keys of the ceremony's role, in member order."""
    return Standing(
        signed=tuple(name for key, name in voters.items() if key in ceremony.signatures),
        waiting=tuple(name for key, name in voters.items() if key not in ceremony.signatures),
        strangers=tuple(signer for signer in ceremony.signatures if signer not in voters),
        quorum=quorum,
    )


def read_ceremony(path: Path) -> Ceremony:
    """Read a ceremony's file.

    Raises:
        ConfigurationError: no such file. FormatError: it is no ceremony, or a false one; names the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend="name a ceremony's file") from error
    try:
        return Ceremony.from_bytes(data)
    except FormatError as error:
        mend = error.mend or "take the file as it was sent; nothing in it can be changed by hand"
        raise FormatError(f"{path}: {error.message}", mend=mend) from error


def write_ceremony(path: Path, ceremony: Ceremony) -> None:
    """Write it, whole or not at all; ``ConfigurationError`` where it cannot be."""
    try:
        write_atomic(path, ceremony.to_bytes())
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}", mend="name another file") from error


def _read_signatures(rows: object, digest: bytes) -> Mapping[Address, bytes]:
    if not isinstance(rows, list):
        raise FormatError("ceremony.signatures is not a list")
    found: dict[Address, bytes] = {}
    for place, row in enumerate(rows):
        signer, signature = _read_signature(row, f"ceremony.signatures[{place}]", digest)
        if signer in found:
            raise FormatError(f"ceremony.signatures has two signatures of {signer}")
        found[signer] = signature
    if list(found) != sorted(found):
        raise FormatError("ceremony.signatures is not in ascending order of signer")
    return found


def _read_signature(row: object, place: str, digest: bytes) -> tuple[Address, bytes]:
    reader = Reader(row, place)
    signer, text = read_address(reader, "signer"), reader.text("signature")
    reader.end()
    if not _is_hex(text):
        reader.bad("signature", "is not 0x and lower-case hexadecimal digits")
    signature = bytes.fromhex(text[2:])
    try:
        actual = recover(digest, signature)
    except FormatError as error:
        raise FormatError(f"{place}: {error.message}") from error
    if actual != signer:
        reader.bad("signature", f"is not by {signer}: it recovers to {actual}")
    return signer, signature


def _is_hex(text: str) -> bool:
    return text.startswith("0x") and len(text) % 2 == 0 and set(text[2:]) <= set("0123456789abcdef")


def _ascending(signatures: Mapping[Address, bytes]) -> Mapping[Address, bytes]:
    return {signer: signatures[signer] for signer in sorted(signatures)}
