"""A released model called back: a quorum's record, and a member's signed notice of it for whoever has the model.

The record is an artefact of the private chain about the manifest. Receivers see no private chain: a notice is the same
object under a member's delegate key, EIP-712 without a chain, and goes where the model went.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.commitment.eip712 import Domain, TypedDigest, struct_hash
from orchestrator.commitment.signatures import recover
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import organisation_word, word
from orchestrator.release.signed import signature_of
from orchestrator.types import Address, Digest, OrganisationId

TYPE = "ReleaseWithdrawal(bytes32 organisation,bytes32 manifest,bytes32 withdrawal)"
DOMAIN = Domain("LoRAnchor Release")


@dataclass(frozen=True, slots=True)
class Withdrawal(CanonicalObject):
    """A validated withdrawal.

    Attributes:
        manifest: whose model is not to be used any more, in whatever folder. reason: one sentence.
    """

    format = "loranchor/release-withdrawal"
    place = "release_withdrawal"
    manifest: Digest
    reason: str

    def members(self) -> Document:
        return {"manifest": self.manifest, "reason": self.reason}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.digest("manifest"), reader.text("reason"))


def digest_to_sign(organisation: OrganisationId, withdrawal: Withdrawal) -> TypedDigest:
    """What the delegate signs."""
    fields = organisation_word(organisation), word(withdrawal.manifest), word(withdrawal.digest)
    return DOMAIN.digest(struct_hash(TYPE, *fields))


@dataclass(frozen=True, slots=True)
class Notice(CanonicalObject):
    """A validated file; who signed it is for :meth:`signer` to say.

    Attributes:
        signature: r ‖ s ‖ v.
    """

    format = "loranchor/withdrawal-notice"
    place = "withdrawal_notice"
    withdrawal: Withdrawal
    organisation: OrganisationId
    signature: bytes

    def members(self) -> Document:
        return {
            "withdrawal": self.withdrawal.document(),
            "organisation": self.organisation,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        withdrawal = Withdrawal.from_document(reader.take("withdrawal"))
        return cls(withdrawal, reader.organisation("organisation"), signature_of(reader))

    def signer(self) -> Address:
        """Whose key signed it. FormatError where no key can have."""
        return recover(digest_to_sign(self.organisation, self.withdrawal), self.signature)
