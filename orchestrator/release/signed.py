"""A release report under an organisation's delegate key, as a file that leaves it. EIP-712, without a chain.

The signature says: this organisation measured this. That a quorum stands behind a report is another matter: its digest
is then an artefact of the private chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.commitment.eip712 import Domain, TypedDigest, struct_hash
from orchestrator.commitment.signatures import recover
from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import organisation_word, word
from orchestrator.release.report import ReleaseReport
from orchestrator.types import Address, Digest, OrganisationId

TYPE = "ReleaseReport(bytes32 organisation,bytes32 manifest,bytes32 report)"
DOMAIN = Domain("LoRAnchor Release")


def digest_to_sign(organisation: OrganisationId, report: ReleaseReport) -> TypedDigest:
    """What the delegate signs."""
    fields = organisation_word(organisation), word(report.manifest), word(report.digest)
    return DOMAIN.digest(struct_hash(TYPE, *fields))


@dataclass(frozen=True, slots=True)
class SignedReport(CanonicalObject):
    """A validated file; who signed it is for :meth:`signer` to say.

    Attributes:
        signature: r ‖ s ‖ v.
    """

    format = "loranchor/signed-release-report"
    place = "signed_release_report"
    report: ReleaseReport
    organisation: OrganisationId
    signature: bytes

    def members(self) -> Document:
        return {
            "report": self.report.document(),
            "digest": self.report.digest,
            "organisation": self.organisation,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        report = ReleaseReport.from_document(reader.take("report"))
        if reader.digest("digest") != report.digest:
            reader.bad("digest", "is not its report's")
        return cls(report, reader.organisation("organisation"), signature_of(reader))

    def signer(self) -> Address:
        """Whose key signed it. FormatError where no key can have."""
        return recover(digest_to_sign(self.organisation, self.report), self.signature)

    def check(self, *, delegate: Address | None = None, manifest: Digest | None = None) -> None:
        """Refuse it, by name, where it is of someone or something else.

        Raises:
            ProtocolError: another key signed it, or it was made for another manifest. FormatError: no key can have.
        """
        signer = self.signer()
        if delegate is not None and signer != delegate:
            raise ProtocolError(
                f"the release report of {self.organisation} was signed by {signer}, not by {delegate}",
                mend="ask the organisation for its own report",
            )
        if manifest is not None and self.report.manifest != manifest:
            raise ProtocolError(
                f"the release report was made for manifest {self.report.manifest}, not for {manifest}",
                mend="run `loranchor release check` on this model",
            )


def signature_of(reader: Reader) -> bytes:
    """The member ``signature``: 0x and r ‖ s ‖ v. FormatError for anything else."""
    text = reader.text("signature")
    try:
        signature = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        reader.bad("signature", "is not hexadecimal")
    if text != "0x" + signature.hex() or len(signature) != 65:
        reader.bad("signature", "is not 0x and 130 lower-case hexadecimal digits")
    return signature
