"""The audit of a life with a compaction: manifests, checkpoints and certificates follow from the records as ever."""

from __future__ import annotations

from unit.audit.life import PRIVATE, Life
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, cid_of, task, word_of

from orchestrator.audit import collect, verify, verify_evidence
from orchestrator.audit.recomputed import Recomputed
from orchestrator.ledger.covers import cover_until
from orchestrator.ledger.ids import artefact_id_of
from orchestrator.ledger.view import manifest_of
from orchestrator.types import ArtefactId


def compacted(life: Life) -> ArtefactId:
    """Everything so far, proposed by one member and endorsed by another."""
    cover = cover_until(manifest_of(life.ledger.state, life.tasks), task(), 10**6)
    assert cover is not None
    number = artefact_id_of(PRIVATE, life.private.addresses["ArtefactRegistry"], 1)
    named = {"artefact_id": number, "kind": "compaction", "subject": cover.prefix.manifest, "digest": word_of("object")}
    proposed = {**named, "organisation": AURORA, "cid": cid_of("object")}
    own = {"artefact_id": number, "organisation": AURORA, "deviation": 0}
    life.by(AURORA, ("ArtefactRegistry", "ArtefactProposed", proposed), ("ArtefactRegistry", "ArtefactEndorsed", own))
    other = {"artefact_id": number, "organisation": BOREALIS, "deviation": 41}
    life.by(BOREALIS, ("ArtefactRegistry", "ArtefactEndorsed", other), ("ArtefactRegistry", "ArtefactAgreed", named))
    return number


def test_a_life_with_a_compaction_agrees() -> None:
    life = Life()
    updates = life.round()
    artefact = compacted(life)
    life.round()
    evidence = collect(life.sources)
    report = verify_evidence(evidence)
    assert [str(finding) for finding in report.findings] == []
    own = Recomputed(evidence)
    named = {point.name: point.manifest for point in own.points.values() if point.manifest is not None}
    first, second = named.values()
    assert first.compaction is None and second.compaction is not None
    assert second.compaction.artefact_id == artefact and second.compaction.deviation == 41
    request = life.request(CUMULUS, [updates[CUMULUS]])
    life.verify(request)
    life.certify(request)
    life.anchor()
    assert [str(finding) for finding in verify(life.sources).findings if "receipt" not in str(finding)] == []
    assert manifest_of(life.ledger.state, life.tasks).compaction is None
