"""The proof of an equivocation: two documents, checked here by the contract's rules before anything is sent."""

from __future__ import annotations

from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.proxy import Call
from orchestrator.disputes.equivocation import check_pair
from orchestrator.disputes.signatures import Owners
from orchestrator.disputes.signed import SignedCheckpoint
from orchestrator.errors import ProtocolError
from orchestrator.types import OrganisationId


def proof(public: PublicContracts, a: SignedCheckpoint, b: SignedCheckpoint) -> tuple[OrganisationId, Call | None]:
    """Who equivocated, and the call that proves it; None where it is on record already.

    Raises:
        ProtocolError: the documents are of another anchor, or prove nothing; says why.
        FormatError: a signature is malformed.
    """
    anchor = public.anchor
    for document in (a, b):
        if (document.chain_id, document.anchor) != (anchor.chain.chain_id, anchor.address):
            raise ProtocolError(
                f"a document is for anchor {document.anchor} on chain {document.chain_id}; this consortium's is"
                f" {anchor.address} on chain {anchor.chain.chain_id}",
                mend="a signature counts for the anchor alone that it was made for",
            )
    owners = Owners(public)
    organisation = check_pair(a, b, [owners.organisation(document.signer()) for document in (a, b)])
    if anchor.equivocated(a.checkpoint.sequence, organisation):
        return organisation, None
    return organisation, anchor.prove_equivocation(a.checkpoint, b.checkpoint, a.signature, b.signature)
