"""``RoundLedger``: rounds, updates and verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.chain.proxy import Call, Proxy
from orchestrator.chain.structs import Opening, Phase, RoundView, Submission, UpdateView, Verdict
from orchestrator.types import Cid, Digest, OrganisationId, UpdateId


class RoundLedgerProxy(Proxy):
    contract = "RoundLedger"

    def round_count(self) -> int:
        return int(self._view("roundCount"))

    def max_phase_blocks(self) -> int:
        """The longest phase that a round may have."""
        return int(self._view("maxPhaseBlocks"))

    def open_round_id(self) -> int:
        """The open round, 0 when none is."""
        return int(self._view("openRoundId"))

    def phase_of(self, round_id: int, *, block: int | None = None) -> Phase:
        return Phase(self._view("phaseOf", round_id, block=block))

    def phase_at(self, round_id: int, block: int) -> Phase:
        """Phase that an action in that block would meet."""
        return Phase(self._view("phaseAt", round_id, block))

    def deadline_of(self, round_id: int, *, block: int | None = None) -> int:
        """Last block of the present phase."""
        return int(self._view("deadlineOf", round_id, block=block))

    def round(self, round_id: int, *, block: int | None = None) -> RoundView:
        """The contract's own view of a round. The ledger's state is the full account."""
        answer = self._view("round", round_id, block=block)
        return RoundView(**{**answer, "phase": Phase(answer["phase"])})

    def update(self, update_id: UpdateId) -> UpdateView:
        return UpdateView(**self._view("update", update_id))

    def owner_of(self, update_id: UpdateId) -> OrganisationId:
        return OrganisationId(self._view("ownerOf", update_id))

    def accept_agreement(self, agreement_digest: Digest, leaf_salt: Digest) -> Call:
        return self._call("acceptAgreement", agreement_digest, leaf_salt, role="authority")

    def open_round(self, opening: Opening, leaf_salt: Digest) -> Call:
        return self._call("openRound", opening, leaf_salt)

    def submit_update(self, round_id: int, submission: Submission, leaf_salt: Digest) -> Call:
        return self._call("submitUpdate", round_id, submission, leaf_salt)

    def pass_round(self, round_id: int, leaf_salt: Digest) -> Call:
        return self._call("passRound", round_id, leaf_salt)

    def release_update(self, update_id: UpdateId, payload_cid: Cid, header_cid: Cid, leaf_salt: Digest) -> Call:
        return self._call("releaseUpdate", update_id, payload_cid, header_cid, leaf_salt)

    def commit_verdicts(self, round_id: int, commitment: Digest, leaf_salt: Digest) -> Call:
        return self._call("commitVerdicts", round_id, commitment, leaf_salt)

    def reveal_verdicts(self, round_id: int, verdicts: Sequence[Verdict], nonce: Digest, leaf_salt: Digest) -> Call:
        return self._call("revealVerdicts", round_id, verdicts, nonce, leaf_salt)

    def abandon_round(self, round_id: int, leaf_salt: Digest) -> Call:
        return self._call("abandonRound", round_id, leaf_salt)

    def close_round(self, round_id: int, leaf_salt: Digest) -> Call:
        return self._call("closeRound", round_id, leaf_salt)
