"""`loranchor audit bundle`, and `audit verify --bundle`: one file for an auditor who has access to nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestrator.audit import Sources
    from orchestrator.audit.bundle.book import TrustAnchors
    from orchestrator.audit.report import AuditReport

To = Annotated[Path, typer.Option("--to", metavar="FILE", help="New file to write.", show_default=False)]
Disclose = Annotated[
    list[str] | None,
    typer.Option(
        "--disclose",
        metavar="TERM",
        help="What to disclose: none (default), all, kind:NAME, organisation:NAME or round:N; may be repeated.",
        show_default=False,
    ),
]
BundleFile = Annotated[
    Path | None,
    typer.Option("--bundle", metavar="FILE", help="A bundle, checked offline by the anchors.", show_default=False),
]
BlockHash = Annotated[
    str | None,
    typer.Option("--block-hash", metavar="0x…", help="Anchor: hash of the bundle's public block.", show_default=False),
]
AnchorAddress = Annotated[
    str | None,
    typer.Option("--anchor", metavar="0x…", help="Anchor: address of CheckpointAnchor.", show_default=False),
]
ChainId = Annotated[
    int | None, typer.Option("--chain-id", metavar="N", help="Anchor: id of the public chain.", show_default=False)
]
ConsortiumId = Annotated[
    str | None,
    typer.Option("--consortium-id", metavar="0x…", help="Anchor: the consortium's id.", show_default=False),
]
PrivateChainId = Annotated[
    int | None,
    typer.Option("--private-chain-id", metavar="N", help="Anchor: id of the private chain.", show_default=False),
]
_HEX = re.compile(r"0x[0-9a-fA-F]*")


def make(sources: Sources, to: Path, disclose: list[str] | None) -> dict[str, object]:
    """Write a bundle; returns what the command says of it."""
    from orchestrator.audit.bundle.disclosure import disclosure_of
    from orchestrator.audit.bundle.make import write_bundle
    from orchestrator.audit.bundle.proofs import NodeProofs
    from orchestrator.chain.connection import Connection
    from orchestrator.errors import ConfigurationError

    rule = disclosure_of(disclose or ())
    if not isinstance(sources.public, Connection):
        raise ConfigurationError("state proofs come from a node", mend="set chain.public.url")
    made = write_bundle(to, sources, NodeProofs(sources.public), rule)
    return {"bundle": str(to), "lines": made.lines, "bytes": to.stat().st_size, "block": made.block,
            "block_hash": made.block_hash, "disclosed": list(rule.terms)}  # fmt: skip


def anchors_of(
    block_hash: str | None, anchor: str | None, chain_id: int | None, consortium_id: str | None, private: int | None
) -> TrustAnchors:
    """What the auditor gives; nothing of it is ever taken from the bundle.

    Raises:
        ConfigurationError: one is missing or malformed.
    """
    from orchestrator.audit.bundle.book import TrustAnchors
    from orchestrator.errors import ConfigurationError
    from orchestrator.types import Address, Digest

    if block_hash is None or anchor is None or chain_id is None:
        raise ConfigurationError(
            "a bundle is checked against --block-hash, --anchor and --chain-id",
            mend="take them from a block explorer or a node that you trust, and from the members' public word",
        )
    identity = None if consortium_id is None else Digest(_hex(consortium_id, "--consortium-id", 32))
    named = Digest(_hex(block_hash, "--block-hash", 32)), chain_id, Address(_hex(anchor, "--anchor", 20))
    return TrustAnchors(*named, identity, private)


def check(bundle: Path, anchors: TrustAnchors) -> AuditReport:
    """Check a bundle offline."""
    from orchestrator.audit.bundle.verify import verify_bundle

    return verify_bundle(bundle, anchors)


def _hex(text: str, option: str, size: int) -> str:
    from orchestrator.errors import ConfigurationError

    if not _HEX.fullmatch(text) or len(text) != 2 + 2 * size:
        raise ConfigurationError(f"{option} {text!r} is not 0x and {2 * size} hexadecimal digits", mend="copy it anew")
    return text.lower()
