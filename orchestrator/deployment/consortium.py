"""The consortium file (``loranchor/consortium`` 1): members, and the settings that go into the contracts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.deployment.fields import Fields
from orchestrator.deployment.terms import check_terms, left_out
from orchestrator.errors import ConfigurationError

FORMAT = "loranchor/consortium"
VERSION = 1
ETHER = 10**18
UINT32 = 2**32 - 1
MAX_EMBARGO_SECONDS = 365 * 24 * 3600  # DisclosureRegistry's own limit
LOCAL_PUBLIC, LOCAL_PRIVATE = 31337, 1337
LOCAL_CHAINS = (LOCAL_PUBLIC, LOCAL_PRIVATE)
DEVELOPMENT_ORGANISATIONS = ("aurora", "borealis", "cumulus")
SECTIONS = {
    "chains": ("public", "private"),
    "awards": ("payout_cap", "window_blocks", "vesting_blocks", "token_name", "token_symbol"),
    "rounds": ("max_phase_blocks",),
    "revocations": ("step_blocks",),
    "disclosure": ("embargo_seconds",),
    "confirmations": ("public", "private"),
}
DEVELOPMENT_ID = "0x" + hashlib.sha256(b"loranchor development consortium").hexdigest()


@dataclass(frozen=True)
class MemberDescription:
    """One founding member. Addresses in lower case."""

    organisation: str
    authority: str
    delegate: str


@dataclass(frozen=True)
class ConsortiumDescription:
    """Everything that the contracts' constructors need.

    Attributes:
        consortium_id: 32 bytes in hexadecimal.
        payout_cap: most that one round's awards may pay, in the token's smallest unit.
        max_phase_blocks: longest that a phase of a round may last, in private-chain blocks.
        step_blocks: time for each step of a revocation, in private-chain blocks.
        embargo_seconds: default embargo of a report of a weakness.
        public_confirmations, private_confirmations: blocks, its own included, until a transaction of the deploying
            script counts on a chain that is not local.
        funding_wei: what the deploying script sends to members' keys on the local chains.
        left_out: settings of ``terms.TERMS`` that the file does not name, so that they have a local chain's values.
    """

    consortium_id: str
    quorum: int
    members: tuple[MemberDescription, ...]
    public_chain_id: int = LOCAL_PUBLIC
    private_chain_id: int = LOCAL_PRIVATE
    payout_cap: int = 1_000_000 * ETHER
    window_blocks: int = 3
    vesting_blocks: int = 0
    token_name: str = "LoRAnchor Contribution"
    token_symbol: str = "LORA"
    max_phase_blocks: int = 200_000
    step_blocks: int = 600
    embargo_seconds: int = 90 * 24 * 3600
    public_confirmations: int = 3
    private_confirmations: int = 1
    funding_wei: int = 100 * ETHER
    left_out: tuple[str, ...] = field(default=(), compare=False)

    def chain_id(self, role: str) -> int:
        return self.public_chain_id if role == "public" else self.private_chain_id


def read_description(path: Path) -> ConsortiumDescription:
    """Read a consortium file.

    Raises:
        ConfigurationError: it cannot be read, or is wrong; one line that names the place.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(
            f"cannot read the consortium file {path}: {reason}", mend="check LORANCHOR_CONSORTIUM"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"the consortium file {path} is not JSON: {error}") from error
    try:
        return parse_description(document)
    except ConfigurationError as error:
        raise ConfigurationError(f"consortium file {path}: {error.message}", mend=error.mend) from error


def parse_description(document: Any) -> ConsortiumDescription:
    """Check and read the document of a consortium file."""
    fields = Fields(document, "the document")
    if fields.text("format") != FORMAT:
        raise ConfigurationError(f"format is not {FORMAT}")
    if fields.integer("version", minimum=1) != VERSION:
        raise ConfigurationError(f"this version of {FORMAT} is unknown", mend="upgrade LoRAnchor")
    members = tuple(_member(entry, place) for place, entry in enumerate(fields.items("members")))
    quorum = fields.integer("quorum", minimum=1)
    check_members(members, quorum)
    sections = {name: fields.section(name, known) for name, known in SECTIONS.items()}
    fields.only(("format", "version", "consortium_id", "quorum", "members", "funding_wei", *SECTIONS))
    chains, awards, confirmations = sections["chains"], sections["awards"], sections["confirmations"]
    default = ConsortiumDescription
    description = ConsortiumDescription(
        consortium_id=fields.identifier("consortium_id"),
        quorum=quorum,
        members=members,
        public_chain_id=chains.integer("public", default.public_chain_id, minimum=1),
        private_chain_id=chains.integer("private", default.private_chain_id, minimum=1),
        payout_cap=awards.integer("payout_cap", default.payout_cap, maximum=2**96 - 1),
        window_blocks=awards.integer("window_blocks", default.window_blocks, maximum=UINT32),
        vesting_blocks=awards.integer("vesting_blocks", default.vesting_blocks, maximum=UINT32),
        token_name=awards.text("token_name", default.token_name),
        token_symbol=awards.text("token_symbol", default.token_symbol),
        max_phase_blocks=sections["rounds"].integer(
            "max_phase_blocks", default.max_phase_blocks, minimum=1, maximum=UINT32
        ),
        step_blocks=sections["revocations"].integer("step_blocks", default.step_blocks, minimum=1, maximum=UINT32),
        embargo_seconds=sections["disclosure"].integer(
            "embargo_seconds", default.embargo_seconds, maximum=MAX_EMBARGO_SECONDS
        ),
        public_confirmations=confirmations.integer("public", default.public_confirmations, minimum=1, maximum=1000),
        private_confirmations=confirmations.integer("private", default.private_confirmations, minimum=1, maximum=1000),
        funding_wei=fields.integer("funding_wei", default.funding_wei),
        left_out=left_out(document),
    )
    for role in ("public", "private"):
        if description.chain_id(role) not in LOCAL_CHAINS:
            check_terms(role, description.chain_id(role), description.left_out)
    return description


def development_description(accounts: Sequence[str]) -> ConsortiumDescription:
    """Three organisations with the node's unlocked accounts; the first account is the deployer's.

    Raises:
        ConfigurationError: the node has too few accounts.
    """
    needed = 1 + 2 * len(DEVELOPMENT_ORGANISATIONS)
    if len(accounts) < needed:
        raise ConfigurationError(
            f"the node has {len(accounts)} unlocked accounts, a development consortium needs {needed}",
            mend="name a consortium file in LORANCHOR_CONSORTIUM",
        )
    members = tuple(
        MemberDescription(name, accounts[1 + 2 * place].lower(), accounts[2 + 2 * place].lower())
        for place, name in enumerate(DEVELOPMENT_ORGANISATIONS)
    )
    return ConsortiumDescription(DEVELOPMENT_ID, len(members) // 2 + 1, members)


def check_members(members: Sequence[MemberDescription], quorum: int) -> None:
    """The Consortium contract's own rules, told before a transaction is spent."""
    if not 1 <= len(members) <= 255:
        raise ConfigurationError(f"{len(members)} members", mend="a consortium has 1 to 255")
    if not len(members) < 2 * quorum <= 2 * len(members):
        raise ConfigurationError(
            f"a quorum of {quorum} for {len(members)} members",
            mend=f"take {len(members) // 2 + 1} to {len(members)}",
        )
    names = [member.organisation for member in members]
    keys = [key for member in members for key in (member.authority, member.delegate)]
    for kind, values in (("organisation", names), ("address", keys)):
        if repeated := sorted({value for value in values if values.count(value) > 1}):
            raise ConfigurationError(f"{kind} {repeated[0]} is there twice", mend="every key and name serves once")


def _member(entry: Any, place: int) -> MemberDescription:
    fields = Fields(entry, f"members[{place}]")
    fields.only(("organisation", "authority", "delegate"))
    return MemberDescription(
        fields.organisation("organisation"), fields.address("authority"), fields.address("delegate")
    )
