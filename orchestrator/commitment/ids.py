"""Identifiers of the private contracts, and the 32-byte form of names."""

from orchestrator.ledger.ids import request_id_of, round_of_subject, round_subject, update_id_of
from orchestrator.ledger.words import hex_word, label_text, label_word, organisation_name, organisation_word, word

__all__ = [
    "hex_word",
    "label_text",
    "label_word",
    "organisation_name",
    "organisation_word",
    "request_id_of",
    "round_of_subject",
    "round_subject",
    "update_id_of",
    "word",
]
