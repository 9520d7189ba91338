"""Commitments to verdicts: a member is bound to its judgement before it sees those of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from eth_abi.abi import encode
from eth_hash.auto import keccak

from orchestrator.errors import FormatError
from orchestrator.ledger.words import hex_word, label_word, organisation_word, word
from orchestrator.types import MILLION, Digest, OrganisationId, UpdateId

_TYPES = ("uint64", "bytes32", "(bytes32,bool,uint32,int64,bytes32)[]", "bytes32")


class SentVerdict(Protocol):
    """One verdict as it is sent to the contract; weight cap and score in millionths, the reason a label."""

    @property
    def update_id(self) -> UpdateId: ...
    @property
    def accept(self) -> bool: ...
    @property
    def weight_cap(self) -> int: ...
    @property
    def score(self) -> int: ...
    @property
    def reason(self) -> str: ...


def verdict_commitment(
    round_id: int, organisation: OrganisationId, verdicts: Sequence[SentVerdict], nonce: Digest
) -> Digest:
    """keccak256(abi.encode(roundId, organisation, verdicts, nonce)); the reveal must send the same ones in order.

    Raises:
        FormatError: a verdict that the contract would refuse to reveal.
    """
    rows = [_arguments(verdict) for verdict in verdicts]
    return hex_word(keccak(encode(_TYPES, [round_id, organisation_word(organisation), rows, word(nonce)])))


def _arguments(verdict: SentVerdict) -> tuple[bytes, bool, int, int, bytes]:
    if not 0 <= verdict.weight_cap <= MILLION:
        raise FormatError(f"the weight cap {verdict.weight_cap} is not between 0 and {MILLION}")
    if not -(2**63) <= verdict.score < 2**63:
        raise FormatError(f"the score {verdict.score} does not fit in 64 bits")
    if verdict.accept and verdict.reason:
        raise FormatError(f"the accepted update {verdict.update_id} has the reason {verdict.reason!r}")
    reason = label_word(verdict.reason)
    return word(verdict.update_id), verdict.accept, verdict.weight_cap, verdict.score, reason
