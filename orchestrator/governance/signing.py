"""What has to be true on the chains before somebody signs."""

from __future__ import annotations

from orchestrator.errors import KeystoreError, ProtocolError
from orchestrator.governance.ceremony import Ceremony
from orchestrator.governance.contracts import Sides
from orchestrator.governance.present import Present, Stage, position
from orchestrator.governance.submission import governing
from orchestrator.types import Address, OrganisationId


def check_signer(ceremony: Ceremony, sides: Sides | None, signer: Address) -> OrganisationId | None:
    """Whose key this is; None without a look at the chains.

    Raises:
        ProtocolError: the decision cannot take effect any more, or is another consortium's.
        KeystoreError: the key has no say. ChainError: no chain answers.
    """
    if sides is None:
        return None
    if not sides.found:
        error = next(iter(sides.failed.values()))
        raise type(error)(error.message, mend=f"{error.mend}; or sign with --offline")
    for present in _waiting(ceremony, sides):
        if name := present.voters(ceremony.role).get(signer):
            return name
    raise KeystoreError(
        f"{signer} is no {ceremony.role} of a chain that this decision waits for: its signature would not count",
        mend="use the home or the key file of a member",
    )


def _waiting(ceremony: Ceremony, sides: Sides) -> list[Present]:
    """The chains that the decision is still good for."""
    decision = governing(ceremony)
    found = [(present, position(decision, present)) for present in sides.presents]
    for present, at in found:
        if at.stage in (Stage.FOREIGN, Stage.EXPIRED, Stage.REFUSED):
            mend = "ask who proposed it; one that is meant for the other chain alone: --only"
            raise ProtocolError(f"not signed: the {present.side} chain {at.words}", mend=mend)
    waiting = [present for present, at in found if not at.settled]
    if not waiting:
        raise ProtocolError("both chains have this decision already", mend="nothing is left to sign")
    return waiting
