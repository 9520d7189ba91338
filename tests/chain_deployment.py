"""All contracts on two test chains, deployed without Brownie, for tests of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain_nodes import AccountSigner

from benchmarks.round.deployment import deploy_described
from orchestrator.chain.connection import Connection
from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.chain.structs import Opening
from orchestrator.deployment import ConsortiumDescription, MemberDescription
from orchestrator.ledger.words import hex_word
from orchestrator.types import Cid, Digest, OrganisationId

NAMES = ("aurora", "borealis", "cumulus")


@dataclass(frozen=True)
class MemberKeys:
    """Both keys of a member."""

    organisation: OrganisationId
    authority: AccountSigner
    delegate: AccountSigner


@dataclass(frozen=True)
class Consortium:
    """Three members with their contracts on both chains."""

    members: tuple[MemberKeys, ...]
    public: PublicContracts
    private: PrivateContracts
    public_chain: Connection
    private_chain: Connection
    folder: Path


def deploy(
    public_chain: Connection,
    private_chain: Connection,
    folder: Path,
    *,
    quorum: int = 2,
    names: Sequence[str] = NAMES,
    **terms: Any,
) -> Consortium:
    """Deploy, bind, fund, and load the proxies, whose code is checked then. ``terms``: of the description."""
    keys = tuple(MemberKeys(OrganisationId(name), AccountSigner(), AccountSigner()) for name in names)
    members = tuple(MemberDescription(key.organisation, key.authority.address, key.delegate.address) for key in keys)
    description = ConsortiumDescription(
        "0x" + "c0" * 32,
        quorum,
        members,
        public_chain_id=public_chain.chain_id,
        private_chain_id=private_chain.chain_id,
        **{"window_blocks": 2, **terms},
    )
    deploy_described({"public": public_chain, "private": private_chain}, folder, description)
    public, private = public_contracts(public_chain, folder), private_contracts(private_chain, folder)
    return Consortium(keys, public, private, public_chain, private_chain, folder)


def digest(text: str) -> Digest:
    """SHA-256 of a text, where any digest will do."""
    return hex_word(hashlib.sha256(text.encode()).digest())


def opening(agreement: Digest) -> Opening:
    """A round that nobody has a task for."""
    return Opening(
        manifest_digest=digest("manifest"),
        task_digest=digest("task"),
        task_cid=Cid("QmTask"),
        agreement_digest=agreement,
        agreement_cid=Cid("QmAgreement"),
        submit_blocks=100,
        release_blocks=100,
        commit_blocks=100,
        reveal_blocks=100,
        minimum_updates=2,
        epsilon_cap=0,
    )
