"""The answers of the API, as its OpenAPI description shows them. All of it is on the chains, or about this daemon."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Block = int


class Answer(BaseModel):
    """Base: immutable, and nothing that is not described."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(Answer):
    code: str = Field(description="Stable name of the kind of error; docs/errors.md lists them.")
    message: str
    mend: str = Field(description="What can be done about it; may be empty.")


class Refusal(Answer):
    """Every answer that is not 2xx, but for /readyz's."""

    error: Fault


class Live(Answer):
    alive: bool = True


class Readiness(Answer):
    ready: bool


class Done(Answer):
    done: bool = True


class Chain(Answer):
    chain_id: int | None
    head: Block = Field(description="Newest final block of the node.")
    followed: Block = Field(description="Facts are taken in up to this block.")
    head_age: float | None = Field(description="Seconds since the head was last higher than before.")
    pending_age: float | None = Field(description="Age of the oldest transaction that is not mined, in seconds.")


class AlarmRow(Answer):
    name: str
    since: float = Field(description="Seconds since 1970.")
    text: str


class RoundClock(Answer):
    round: int
    phase: str
    deadline: Block = Field(description="Last private block of the phase.")
    blocks_left: int = Field(description="Negative when the phase is over.")
    own_act: str = Field(description="What the phase still waits for from this organisation, and how long; or empty.")
    pressing: bool = Field(description="Whether little time is left for it.")


class Cosigners(Answer):
    last_anchored: int = Field(description="Sequence of the newest checkpoint on the public chain; 0 before the first.")
    due: int = Field(description="Sequence of the newest checkpoint that the private chain asks for.")
    waiting_blocks: int = Field(description="Private blocks since the oldest one that is not anchored fell due.")
    signed: list[str] = Field(description="Members that have signed the next one in the present epoch.")
    missing: int = Field(description="Signatures that are still needed for it.")


class Status(Answer):
    organisation: str
    version: str
    mode: str
    dry_run: bool
    paused: bool
    started: float
    ready: bool
    reasons: list[str]
    member: bool = Field(description="Whether the organisation has a seat now.")
    members: list[str]
    quorum: int
    epoch: int
    private: Chain
    public: Chain
    round: RoundClock | None
    checkpoint: Cosigners
    prekeys: int = Field(description="Unused prekeys of this member.")
    unopened: int = Field(description="Contributions and compactions that count and that this member cannot open yet.")
    waiting: int = Field(description="Effects that wait for the operator.")
    in_flight: list[str]
    alarms: list[AlarmRow]


class PendingRow(Answer):
    effect: str = Field(description="Id to approve or deny.")
    says: str
    reach: str = Field(description="home, sends or commits.")
    why: str = Field(description="What holds it: mode, denied, paused or dry-run.")


class RoundRow(Answer):
    round: int
    status: str
    opener: str
    opened: Block
    ended: Block | None
    members: list[str]
    submitted: list[str]
    passed: list[str]
    released: list[str]
    committed: list[str]
    revealed: list[str]
    active: int | None = Field(description="Updates that became contributions; null while it is open.")
    failure: str


class ContributionRow(Answer):
    update: str
    round: int
    organisation: str
    state: str = Field(description="submitted, released, replaced, refused, void, active, revoked or shredded.")
    samples: int
    epsilon: int = Field(description="Millionths.")
    acceptances: int
    unopened: bool = Field(description="It counts, and this member has not its content key yet.")


class RevocationRow(Answer):
    request: str
    organisation: str
    reason: str
    mode: str
    urgent: bool
    step: str
    waits_for: str
    updates: list[str]
    certificate: str | None
    receipts: list[str]


class EventRow(Answer):
    number: int
    time: float
    event: str
    facts: dict[str, Any]


class EffectState(Answer):
    effect: str
    state: str = Field(description="started, completed, failed or cancelled.")
    attempts: int
    code: str = Field(description="Of the last failure; docs/errors.md says what helps. Empty without one.")
    error: str
    begun: float
    ended: float | None


class EffectName(BaseModel):
    model_config = ConfigDict(extra="forbid")
    effect: str = Field(min_length=1, max_length=300, description="Id as in pending.", examples=["submit/3"])


class AlarmName(BaseModel):
    model_config = ConfigDict(extra="forbid")
    alarm: str = Field(min_length=1, max_length=100, examples=["PRIVATE_CHAIN_REWRITTEN"])
