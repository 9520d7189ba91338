"""Rules: revocations from a request to the last shred receipt, with members coming and going meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from hypothesis import strategies as st
from stateful.chain_world import Key
from stateful.machine import action, chance, odd, one, several
from stateful.model_revocations import Revocation, RevocationLedgerModel
from stateful.rules_anchoring import digest_of
from stateful.rules_judging import JudgingRules
from stateful.rules_keys import LABELS, SALT, TEXTS

from orchestrator.chain.structs import Mode, Stage, Verification
from orchestrator.commitment.certificate import CERTIFICATE_TYPE
from orchestrator.commitment.eip712 import revocation_domain, struct_hash
from orchestrator.ledger.words import word
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId, RequestId, UpdateId

CERTIFICATES = (digest_of("certificate"), digest_of("another certificate"))
FIGURES = Verification("loss", 3_500_000, 3_600_000, 40)
ODD_FIGURES = [Verification(label, 2**63 - 1, -(2**63), 2**64 - 1) for label in cast("Sequence[str]", (*LABELS, ""))]


def at_stage(*stages: Stage) -> Callable[[RevocationRules], bool]:
    """Whether a request stands at one of these stages."""
    return lambda machine: any(item.stage in stages for item in machine.revocations.requests.values())


class RevocationRules(JudgingRules):
    """``revocations`` models the RevocationLedger."""

    revocations: RevocationLedgerModel

    @action(9, when=lambda self: self.rounds.updates)
    def request_a_revocation(self, data: st.DataObject) -> None:
        sender = self.who(data)
        updates = self._wanted(data, sender)
        reasons: list[str | bytes] = ["poisoned", "", "consent", *LABELS]
        reason = one(data, reasons, "reason")
        mode, urgent = one(data, tuple(Mode), "mode"), chance(data, 3, "urgent")
        digest = ZERO_DIGEST if chance(data, 16, "no digest") else digest_of("request", self.block)
        expected = self.revocations.next_id()
        events = self.act(
            sender,
            "revocations",
            "request",
            updates,
            reason,
            mode,
            urgent,
            digest,
            SALT,
            model=lambda: self.revocations.request(self.block, sender.address, updates, reason, mode, urgent, digest),
        )
        assert all(event.values.get("request_id", expected) == expected for event in events), "the request's id"

    @action(9, when=at_stage(Stage.REQUESTED, Stage.APPROVED))
    def support_a_request(self, data: st.DataObject) -> None:
        item = self._request(data, Stage.REQUESTED, Stage.APPROVED)
        self._step(self.who(data, self._left(item.supported)), item.id, "support", self.revocations.support)

    @action(12, when=at_stage(Stage.APPROVED, Stage.AFFECTED))
    def record_what_is_affected(self, data: st.DataObject) -> None:
        item = self._request(data, Stage.APPROVED, Stage.AFFECTED)
        descendants = several(data, [*self.rounds.updates], data.draw(st.integers(0, 2), "how many"), "descendants")
        nothing = UpdateId(digest_of("no update"))
        descendants = odd(data, descendants, [[nothing], [nothing] * 2, descendants * 2], "descendants")
        sender = self.who(data, self._left(item.affected))
        self._step(sender, item.id, "recordAffected", self.revocations.record_affected, shown=[descendants])

    @action(12, when=at_stage(Stage.AFFECTED, Stage.REPLACED))
    def record_a_replacement(self, data: st.DataObject) -> None:
        item = self._request(data, Stage.AFFECTED, Stage.REPLACED)
        manifest = ZERO_DIGEST if chance(data, 12, "no manifest") else digest_of("manifest without", self.block)
        sender = self.who(data, self._left(item.replaced))
        self._step(sender, item.id, "recordReplacement", self.revocations.record_replacement, manifest)

    @action(12, when=at_stage(Stage.REPLACED, Stage.VERIFIED))
    def record_figures(self, data: st.DataObject) -> None:
        item = self._request(data, Stage.REPLACED, Stage.VERIFIED)
        sender = self.who(data, self._left(item.verified))
        figures = odd(data, FIGURES, ODD_FIGURES, "figures")
        self._step(sender, item.id, "recordVerification", self.revocations.record_verification, shown=[figures])

    @action(15, when=at_stage(Stage.REPLACED, Stage.VERIFIED, Stage.CERTIFIED))
    def endorse_a_certificate(self, data: st.DataObject) -> None:
        item = self._request(data, Stage.REPLACED, Stage.VERIFIED, Stage.CERTIFIED)
        certificate = self._certificate(data, item)
        sender = self.who(data, self._left(item.endorsed))
        signer = one(data, self.delegates("private") or [sender], "signer") if chance(data, 12, "other") else sender
        self._endorse(sender, item, certificate, signer)

    @action(15, when=at_stage(Stage.CERTIFIED))
    def record_a_receipt(self, data: st.DataObject) -> None:
        item = self._request(data, Stage.CERTIFIED)
        receipt = ZERO_DIGEST if chance(data, 12, "no receipt") else digest_of("receipt", self.block)
        certificate, place = self._certificate(data, item), odd(data, "QmReceipt", ["", *TEXTS], "place")
        sender = self.who(data, self._left(item.shredded))
        model = self.revocations.record_shredding
        self._step(sender, item.id, "recordShredding", model, certificate, receipt, shown=[certificate, receipt, place])

    @action(1, when=at_stage(*Stage))
    def settle_a_request(self, data: st.DataObject) -> None:
        item = self._request(data, *Stage)
        certificate = one(data, (*CERTIFICATES, ZERO_DIGEST), "certificate")
        self._step(self.who(data), item.id, "settle", self.revocations.settle, certificate)

    @action(6, when=at_stage(*Stage))
    def everybody_takes_a_step(self, data: st.DataObject) -> None:
        """All members do for one request what its stage waits for."""
        item = self._request(data, *Stage)
        stage, revocations = self.revocations.stage_at(self.block, item), self.revocations
        for name in self.present.organisations:
            sender = self.delegate_of(name)
            if sender is None:
                continue
            if stage == Stage.REQUESTED:
                self._step(sender, item.id, "support", revocations.support)
            elif stage == Stage.APPROVED:
                self._step(sender, item.id, "recordAffected", revocations.record_affected, shown=[[]])
            elif stage == Stage.AFFECTED:
                manifest = digest_of("manifest without", item.id)
                self._step(sender, item.id, "recordReplacement", revocations.record_replacement, manifest)
            elif stage == Stage.REPLACED:
                self._step(sender, item.id, "recordVerification", revocations.record_verification, shown=[FIGURES])
            elif stage == Stage.CERTIFIED:
                shown = [item.certificate, digest_of("receipt", name), "Qm"]
                model = revocations.record_shredding
                self._step(sender, item.id, "recordShredding", model, *shown[:2], shown=shown)

    @action(1, when=lambda self: self.revocations.requests)
    def act_at_another_stage(self, data: st.DataObject) -> None:
        """Any step on any request, whatever its stage; or on none."""
        known = [*self.revocations.requests]
        request = RequestId(digest_of("no request")) if chance(data, 6, "unknown") else one(data, known, "request")
        revocations, sender, digest = self.revocations, self.who(data), digest_of("any")
        steps: dict[str, tuple[Any, ...]] = {
            "support": (revocations.support, [], []),
            "recordAffected": (revocations.record_affected, [], [[]]),
            "recordReplacement": (revocations.record_replacement, [digest], [digest]),
            "recordVerification": (revocations.record_verification, [], [FIGURES]),
            "recordShredding": (revocations.record_shredding, [digest, digest], [digest, digest, "Qm"]),
            "settle": (revocations.settle, [CERTIFICATES[0]], [CERTIFICATES[0]]),
        }
        name = one(data, tuple(steps), "step")
        model, given, shown = steps[name]
        self._step(sender, request, name, model, *given, shown=shown)

    def _endorse(self, sender: Key, item: Revocation, certificate: Digest, signer: Key) -> None:
        signature = signer.sign(self._endorsed(item.id, certificate))
        self.act(
            sender,
            "revocations",
            "endorse",
            item.id,
            certificate,
            "QmCertificate",
            signature,
            SALT,
            model=lambda: self.revocations.endorse(self.block, sender.address, item.id, certificate, signer.address),
        )

    def _step(
        self,
        sender: Key,
        request: RequestId,
        function: str,
        model: Callable[..., None],
        *given: Any,
        shown: Sequence[Any] | None = None,
    ) -> None:
        """Args:
        given: what the model gets after the request. shown: what the contract gets, where that is more.
        """
        self.act(
            sender,
            "revocations",
            function,
            request,
            *(given if shown is None else shown),
            SALT,
            model=lambda: model(self.block, sender.address, request, *given),
        )

    def _request(self, data: st.DataObject, *stages: Stage) -> Revocation:
        known = [item for item in self.revocations.requests.values() if item.stage in stages]
        return one(data, known[::-1], "request")

    def _left(self, done: Any) -> list[OrganisationId]:
        return [name for name in self.present.organisations if name not in done]

    def _wanted(self, data: st.DataObject, sender: Key) -> list[UpdateId]:
        """One's own accepted update, or some of anybody's, sometimes one that is not there."""
        name = self.organisation_of(sender)
        own = [item.id for item in self.rounds.updates.values() if item.organisation == name and item.released]
        free = [item for item in own if item not in self.revocations.holders]
        if free and not chance(data, 3, "of anybody"):
            return [one(data, free[::-1], "own update")]
        wanted = several(data, [*self.rounds.updates], data.draw(st.integers(0, 3), "how many"), "updates")
        wanted += [self.any_update(data)] if chance(data, 8, "any update") else []
        return wanted + (wanted[:1] if chance(data, 8, "one twice") else [])

    def _certificate(self, data: st.DataObject, item: Revocation) -> Digest:
        if item.certificate != ZERO_DIGEST and not chance(data, 6, "any certificate"):
            return item.certificate
        return one(data, (*(CERTIFICATES[:1] * 4), CERTIFICATES[1], ZERO_DIGEST), "certificate")

    def _endorsed(self, request: RequestId, certificate: Digest) -> bytes:
        domain = revocation_domain(self.world.chain_id, self.world["revocations"].address)
        return domain.digest(struct_hash(CERTIFICATE_TYPE, word(request), word(certificate)))
