"""What became of awards on the public chain, in the order of its events."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from orchestrator.audit.site.material import Material
from orchestrator.chain.public_events import AwardEvent

KINDS = {
    "AwardsPublication": "published",
    "ObjectionRaised": "objected",
    "AwardsRootReplaced": "replaced",
    "AwardVoided": "voided",
    "AwardClaim": "claimed",
}


def tokens_document(material: Material) -> dict[str, Any]:
    """Every event, the supply, the account of each organisation, and what each checkpoint awarded."""
    awarded = [
        {"sequence": sequence, "leaves": [[item.update_id, item.account, str(item.amount)] for item in listed]}
        for sequence, listed in sorted(material.awards.items())
    ]
    events = [_event(item) for item in material.award_events]
    return {"supply": str(material.supply), "accounts": _accounts(material), "awarded": awarded, "events": events}


def _accounts(material: Material) -> dict[str, str]:
    """Authorities of all epochs, which are what awards are paid to."""
    found: dict[str, str] = {}
    for record in (*material.membership, *material.records):
        if record.kind in ("MemberAdded", "AuthorityReplaced"):
            account = record.fields.get("authority") or record.fields["current"]
            found[account] = record.fields["organisation"]
    return found


def _event(item: AwardEvent) -> dict[str, Any]:
    named = {part.name: getattr(item, part.name) for part in fields(item) if part.name != "place"}
    if "amount" in named:
        named["amount"] = str(named["amount"])
    place = {"block": item.place.block, "transaction": item.place.transaction}
    return {"kind": KINDS[type(item).__name__], **named, **place}
