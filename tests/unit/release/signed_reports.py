"""Release reports of one figure, as members sign them."""

from __future__ import annotations

from unit.ledger.actors import AURORA, private_key, word_of

from orchestrator.release.check import Finding
from orchestrator.release.policy import Bound, Policy
from orchestrator.release.report import ReleaseReport, Row
from orchestrator.release.signed import SignedReport, digest_to_sign
from orchestrator.types import Digest, OrganisationId

MANIFEST = word_of("manifest")
POLICY = Policy("mine", frozenset({"membership"}), {"membership": Bound(0.55, 0.6)}, {})


def report(auc: float = 0.5, *, manifest: Digest = MANIFEST, policy: Policy = POLICY) -> ReleaseReport:
    rows = (Row.of(policy.judged(Finding("membership", "pass", {"auc": auc}, "auc"))),)
    model, data = word_of("model"), {"members": (word_of("members"), 40)}
    return ReleaseReport(
        manifest, model, (), "causal_lm", policy.name, policy.digest, tuple(policy.required), data, rows, model, {}
    )


def signed(found: ReleaseReport, by: OrganisationId = AURORA, key_of: OrganisationId | None = None) -> SignedReport:
    raw = private_key("delegate", key_of or by).sign_recoverable(digest_to_sign(by, found), hasher=None)
    return SignedReport(found, by, raw[:64] + bytes([raw[64] + 27]))
