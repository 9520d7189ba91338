"""Identifiers that the private contracts compute, recomputed: nobody chooses one."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_hash.auto import keccak

from orchestrator.ledger.words import address_bytes, hex_word, organisation_word
from orchestrator.types import Address, ArtefactId, Digest, OrganisationId, RequestId, UpdateId


def update_id_of(
    chain_id: int, round_ledger: Address, round_id: int, organisation: OrganisationId, ordinal: int
) -> UpdateId:
    """Id of a member's submission to a round; ``ordinal`` counts them from 1."""
    types = ["uint256", "address", "uint64", "bytes32", "uint256"]
    values = [chain_id, address_bytes(round_ledger), round_id, organisation_word(organisation), ordinal]
    return UpdateId(hex_word(keccak(encode(types, values))))


def request_id_of(chain_id: int, revocation_ledger: Address, number: int) -> RequestId:
    """Id of a revocation request; ``number`` counts all requests from 1."""
    values = [chain_id, address_bytes(revocation_ledger), number]
    return RequestId(hex_word(keccak(encode(["uint256", "address", "uint64"], values))))


def artefact_id_of(chain_id: int, artefact_registry: Address, number: int) -> ArtefactId:
    """Id of a proposed artefact; ``number`` counts all proposals from 1."""
    values = [chain_id, address_bytes(artefact_registry), number]
    return ArtefactId(hex_word(keccak(encode(["uint256", "address", "uint64"], values))))


def round_subject(round_id: int) -> Digest:
    """What a checkpoint's announcement names for a round: its number as 32 bytes."""
    return hex_word(round_id.to_bytes(32, "big"))


def round_of_subject(subject: Digest) -> int:
    """The round that an announcement names."""
    return int(subject, 16)
