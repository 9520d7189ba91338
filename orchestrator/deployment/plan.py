"""Which contracts go to which chain, in which order, with which constructor arguments and bindings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.deployment.consortium import ConsortiumDescription, MemberDescription, check_members
from orchestrator.deployment.fields import Fields
from orchestrator.deployment.record import DeploymentRecord

ORDER: Mapping[str, tuple[str, ...]] = {
    "public": ("Consortium", "CheckpointAnchor", "AwardDistributor", "DisclosureRegistry"),
    "private": (
        "Consortium",
        "CheckpointSchedule",
        "KeyDirectory",
        "RoundLedger",
        "RevocationLedger",
        "ArtefactRegistry",
    ),
}
MADE_BY: Mapping[str, str] = {"ContributionToken": "AwardDistributor"}
"""Contracts that another one deploys in its constructor."""


def constructor_arguments(name: str, description: ConsortiumDescription, addresses: Mapping[str, str]) -> list[Any]:
    """Arguments of a contract's constructor; ``addresses`` are those of the contracts before it."""
    consortium = addresses.get("Consortium", "")
    if name == "Consortium":
        members = [[_word(m.organisation), m.authority, m.delegate] for m in description.members]
        return [description.consortium_id, members, description.quorum]
    if name == "CheckpointAnchor":
        return [consortium, description.private_chain_id]
    if name == "AwardDistributor":
        blocks = [description.window_blocks, description.vesting_blocks]
        token = [description.token_name, description.token_symbol]
        return [consortium, addresses["CheckpointAnchor"], description.payout_cap, *blocks, *token]
    if name == "DisclosureRegistry":
        return [consortium, description.embargo_seconds]
    if name == "RoundLedger":
        return [consortium, addresses["CheckpointSchedule"], addresses["KeyDirectory"], description.max_phase_blocks]
    if name == "RevocationLedger":
        return [consortium, addresses["RoundLedger"], addresses["CheckpointSchedule"], description.step_blocks]
    return [consortium]


def description_of(record: DeploymentRecord) -> ConsortiumDescription:
    """The development consortium again, with the members of a former deployment.

    Raises:
        ConfigurationError: the record's Consortium was not made with any.
    """
    place = f"{record.chain_id}.json: Consortium: constructor_arguments"
    given = record.contracts["Consortium"].constructor_arguments
    fields = Fields(dict(zip(("consortium_id", "members", "quorum"), given, strict=False)), place)
    members = tuple(_member(entry, f"{place}: members[{at}]") for at, entry in enumerate(fields.items("members")))
    quorum = fields.integer("quorum")
    check_members(members, quorum)
    return ConsortiumDescription(fields.digest("consortium_id"), quorum, members)


def _member(entry: Any, place: str) -> MemberDescription:
    parts = entry if isinstance(entry, list) else []
    fields = Fields(dict(zip(("word", "authority", "delegate"), parts, strict=False)), place)
    name = bytes.fromhex(fields.digest("word")[2:]).rstrip(b"\0").decode("ascii", "replace")
    named = Fields({"organisation": name}, place)
    return MemberDescription(
        named.organisation("organisation"), fields.address("authority"), fields.address("delegate")
    )


def deploys_with(name: str, description: ConsortiumDescription, address: str) -> tuple[str, list[Any]] | None:
    """A contract that ``name``, deployed at ``address``, deploys itself, with its constructor arguments."""
    if name != "AwardDistributor":
        return None
    return "ContributionToken", [description.token_name, description.token_symbol, address]


def bindings(role: str, addresses: Mapping[str, str]) -> dict[str, list[str]]:
    """Arguments of each contract's one-time ``bind``, the Consortium's apart, which needs both chains."""
    if role == "public":
        return {}
    rounds, revocations = addresses["RoundLedger"], addresses["RevocationLedger"]
    return {"CheckpointSchedule": [rounds, revocations], "KeyDirectory": [rounds], "RoundLedger": [revocations]}


def _word(organisation: str) -> str:
    return "0x" + organisation.encode("ascii").ljust(32, b"\0").hex()
