"""Commitments to verdicts: a member is bound to its judgement before it sees those of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_hash.auto import keccak

from orchestrator.errors import FormatError
from orchestrator.ledger.words import hex_word, label_word, organisation_word, word
from orchestrator.types import MILLION, Digest, OrganisationId, UpdateId

_TYPES = ("uint64", "bytes32", "(bytes32,bool,uint32,int64,bytes32)[]", "bytes32")


@dataclass(frozen=True, slots=True)
class SentVerdict:
    """One verdict as it is sent to the contract.

    Attributes:
        weight_cap, score: millionths. reason: label; empty when accepted.
    """

    update_id: UpdateId
    accept: bool
    weight_cap: int = MILLION
    score: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.weight_cap <= MILLION:
            raise FormatError(f"the weight cap {self.weight_cap} is not between 0 and {MILLION}")
        if not -(2**63) <= self.score < 2**63:
            raise FormatError(f"the score {self.score} does not fit in 64 bits")
        if self.accept and self.reason:
            raise FormatError("an accepted update has no reason")

    def arguments(self) -> tuple[bytes, bool, int, int, bytes]:
        """As the contract's struct."""
        return word(self.update_id), self.accept, self.weight_cap, self.score, label_word(self.reason)


def verdict_commitment(
    round_id: int, organisation: OrganisationId, verdicts: Sequence[SentVerdict], nonce: bytes
) -> Digest:
    """keccak256(abi.encode(roundId, organisation, verdicts, nonce)); the reveal must send the same ones in order."""
    if len(nonce) != 32:
        raise FormatError(f"a nonce has 32 bytes, not {len(nonce)}")
    rows = [verdict.arguments() for verdict in verdicts]
    return hex_word(keccak(encode(_TYPES, [round_id, organisation_word(organisation), rows, nonce])))
