"""Effects in words, for people who approve them and for logs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from orchestrator.protocol.effects import Effect

SENTENCES = {
    "publish-prekeys": "Publish {count} one-time prekeys from number {first_index} on.",
    "discard-prekeys": "Take back {count} unused prekeys from number {first_index} on: this keystore cannot open them.",
    "ask-catch-up": "Ask the others for content keys that are missing here: request {ordinal} of this organisation.",
    "open-catch-up": "Open the answer of {organisation} to request {number}, and keep the keys that prove right.",
    "answer-catch-up": "Give {organisation} all content keys that members may have: did it make its request {ordinal}?",
    "settle-catch-up": "Destroy the key of request {number} for content keys.",
    "forget-answer": "Unpin the own answer to request {number} for content keys.",
    "pass-round": "Take no part in round {round}, and say so.",
    "train": "Train an update for round {round} on this organisation's data, seal it and store it.",
    "submit": "Record this organisation's sealed update of round {round}.",
    "secagg-prepare": "Look whether this organisation takes part in masked round {round}.",
    "secagg-announce": "Announce this organisation's mask key of round {round}.",
    "secagg-deal": "Give each member its shares of this organisation's mask secrets of round {round}.",
    "secagg-check": "Fetch object {artefact_id} of a masked round, and endorse or dispute it.",
    "secagg-send": "Train an update for round {round} on this organisation's data, mask it, seal it and record it.",
    "secagg-reveal": "Reveal shares that take the masks out of the sum of round {round}.",
    "secagg-sum": "Add up the masked updates of round {round}, and seal and store their sum.",
    "release": "Show the members where the sealed update {update_id} lies.",
    "collect": "Fetch and open the updates of round {round}.",
    "judge": "Check and score the updates of round {round}.",
    "commit-verdicts": "Commit to the verdicts on round {round}, still hidden.",
    "reveal-verdicts": "Reveal the verdicts on round {round}.",
    "close-round": "Close round {round}.",
    "settle-keys": "Destroy the keys of round {round} that nothing needs any more.",
    "evaluate": "Measure the model after round {round}.",
    "attest": "Sign checkpoint {sequence} for the organisation, in membership epoch {epoch}.",
    "relay": "Carry checkpoint {sequence}, signed by a quorum, to the public chain.",
    "publish-awards": "Carry the awards of checkpoint {sequence} to the distributor.",
    "claim": "Claim award {index} of checkpoint {sequence} for the organisation.",
    "settle-revocation": "Have revocation {request_id} counted again over the present members.",
    "record-affected": "Record what revocation {request_id} affects.",
    "record-replacement": "Record the new manifest of revocation {request_id}.",
    "measure-revocation": "Measure the model before and after revocation {request_id}.",
    "record-verification": "Record this organisation's figures of revocation {request_id}.",
    "endorse": "Sign the certificate of revocation {request_id} for the organisation.",
    "renew-endorsement": "Sign the certificate of revocation {request_id} again, with the figures that came late.",
    "compare-compaction": "Make the sum that object {artefact_id} stands for, compare, and endorse or dispute it.",
    "settle-compaction": "Have the endorsements of object {artefact_id} counted again over the present members.",
    "shred": "Destroy the keys and objects of what revocation {request_id} took out, for ever, and record a receipt.",
}
"""By the effect's name; a test wants each there. One that is not is told by its id."""


def facts_of(effect: Effect) -> dict[str, Any]:
    """An effect's arguments by name."""
    return {item.name: getattr(effect, item.name) for item in fields(effect)}


def sentence_of(effect: Effect) -> str:
    """What an effect does, in one sentence."""
    return SENTENCES.get(effect.name, f"{effect.id}.").format(**facts_of(effect))
