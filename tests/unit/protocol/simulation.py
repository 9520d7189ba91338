"""Both chains as pure data, and nodes that live on them in lockstep: effects become records, records become facts.

No threads, no time, no keys but those of the records. A record that contradicts the ones before it raises, so a life
that comes to its end has none. Import it as ``from unit.protocol.simulation import Simulation``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from unit.ledger.actors import MEMBERS, task, word_of
from unit.ledger.history import History
from unit.protocol.revoking import Revoking

from orchestrator.commitment.checkpoints import GENESIS_HEAD, head_of
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import Ledger, own_awards
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import PATIENCE, transition
from orchestrator.protocol.rules_checkpoints import agreed_head
from orchestrator.protocol.rules_rounds import own_update
from orchestrator.protocol.state import NodeState
from orchestrator.types import MILLION, OrganisationId, RequestId

PHASES = ("submit", "release", "commit_verdicts", "reveal_verdicts")
WINDOW = 4
"""Public blocks until awards can be claimed."""

Published = tuple[int, int]
"""Sequence of published awards, and the first public block that takes claims."""


@dataclass
class Node:
    """One member: its machine, its own account of the records, and how far it has read."""

    state: NodeState
    ledger: Ledger = field(default_factory=Ledger)
    private_read: int = 0
    public_read: int = 0

    @property
    def me(self) -> OrganisationId:
        return self.state.me


class Simulation(Revoking):
    """Members on two simulated chains.

    Args:
        spec: the task of every round.
        passive: members that stay silent (they run no node).
    """

    def __init__(
        self,
        members: Sequence[OrganisationId] = MEMBERS,
        *,
        quorum: int = 2,
        spec: TaskSpec | None = None,
        passive: Sequence[OrganisationId] = (),
    ) -> None:
        super().__init__()
        self.history = History(members, quorum, prekeys=0)
        self.spec = spec or task()
        self.private: list[ev.Event] = []
        self.public: list[ev.Event | Published] = []
        self.public_block = 1
        self.heads = {0: GENESIS_HEAD}
        self.log: list[tuple[OrganisationId, fx.Effect]] = []
        self.clock: ev.RoundClock | None = None
        self.fails: Callable[[fx.Effect], bool] = lambda effect: False
        self._gathered = self._phase = self._since = 0
        names = [name for name in members if name not in passive]
        self.nodes = {name: Node(NodeState(me=name, ledger=LedgerState())) for name in names}

    # -- lockstep

    def step(self) -> None:
        """One block on each chain: everybody learns and decides, then everybody acts."""
        self.history.mine()
        self.public_block += 1
        heads = self.block_seen()
        asked = [(node, self.decide(node, heads)) for node in self.nodes.values()]
        for node, effects in asked:
            for effect in effects:
                self.carry_out(node, effect)

    def until(self, condition: Callable[[], bool], steps: int = 120) -> None:
        for _ in range(steps):
            if condition():
                return
            self.step()
        raise AssertionError(f"not within {steps} steps; last: {self.log[-5:]}")

    def settle(self, steps: int = 200) -> None:
        """Until nobody has wanted anything for longer than any turn or window takes."""
        quiet = 0
        for _ in range(steps):
            before = len(self.log)
            self.step()
            quiet = quiet + 1 if len(self.log) == before else 0
            if quiet > PATIENCE * len(self.history.state.members.seats):
                return
        raise AssertionError(f"still busy after {steps} steps; last: {self.log[-5:]}")

    def decide(self, node: Node, heads: ev.BlockSeen) -> tuple[fx.Effect, ...]:
        own = replace(heads, stale_endorsements=frozenset(self._stale(node.me)))
        node.state, effects = transition(self.told(node), own)
        return effects

    def told(self, node: Node) -> NodeState:
        """The node's state with all facts up to now; also remembered in the node."""
        self.gather()
        for event in self.private[node.private_read :]:
            node.state, _ = transition(node.state, event)
            if isinstance(event, ev.RecordSeen):
                node.ledger.append(event.record)
        node.private_read = len(self.private)
        for found in self.public[node.public_read :]:
            node.state, _ = transition(node.state, self._own(node, found))
        node.public_read = len(self.public)
        return node.state

    def carry_out(self, node: Node, effect: fx.Effect) -> None:
        """Do what the node's executor would do, and tell the machine how it ended."""
        self.log.append((node.me, effect))
        outcome: ev.Event
        if self.fails(effect):
            outcome = ev.EffectFailed(effect.id, retryable=True)
        else:
            self.perform(node, effect)
            outcome = ev.EffectCompleted(effect.id)
        node.state, _ = transition(node.state, outcome)

    def restart(self, name: OrganisationId) -> None:
        """The node forgets all but the chains."""
        self.nodes[name] = Node(NodeState(me=name, ledger=LedgerState()))

    def block_seen(self) -> ev.BlockSeen:
        self._tick()
        revocations = self.history.state.revocations.values()
        return ev.BlockSeen(
            self.history.block,
            self.public_block,
            self.clock,
            verified=frozenset(item.id for item in revocations if self._verified(item)),
            lapsed=frozenset(item for item in self.deadlines if self.history.block >= self.deadlines[item]),
            affected_wrong=frozenset(item.id for item in revocations if self._wrong(item, "affected")),
            replacement_wrong=frozenset(item.id for item in revocations if self._wrong(item, "replacement")),
        )

    def asked(self, kind: type[fx.Effect]) -> list[tuple[OrganisationId, fx.Effect]]:
        return [(name, effect) for name, effect in self.log if isinstance(effect, kind)]

    # -- what operators do

    def open_round(self, by: OrganisationId | None = None) -> int:
        number = self.history.open_round(self.spec, by or next(iter(self.history.state.members.seats)))
        self._phase, self._since = 0, self.history.block
        return number

    def request(self, organisation: OrganisationId) -> RequestId:
        mine = [item.id for item in self.history.state.updates.values() if item.organisation == organisation]
        return self.history.request(organisation, mine)

    def manifest(self, name: OrganisationId) -> Manifest:
        """As the node computes it."""
        return build_manifest(self.nodes[name].state.ledger, self.spec, self.history.tasks)

    # -- what the contracts do

    def perform(self, node: Node, effect: fx.Effect) -> None:
        me, history = node.me, self.history
        match effect:
            case fx.PublishPrekeys():
                assert effect.first_index == len(history.state.prekeys.get(me, {})), effect
                history.publish_prekeys(me, effect.count)
            case fx.DiscardPrekeys():
                history.discard_prekeys(me)
            case fx.PassRound():
                history.tell("RoundPassed", me, round_id=effect.round, organisation=me)
            case fx.SubmitUpdate():
                assert own_update(history.state, history.state.rounds[effect.round], me) is None, effect
                history.submit(me)
            case fx.ReleaseUpdate():
                assert history.state.updates[effect.update_id].organisation == me
                history.release(effect.update_id)
            case fx.CommitVerdicts():
                commitment = word_of("verdicts", effect.round, me)
                history.tell("VerdictsCommitted", me, round_id=effect.round, organisation=me, commitment=commitment)
            case fx.RevealVerdicts():
                self._reveal(me, history.state.rounds[effect.round])
            case fx.CloseRound():
                self.close_round(me)
            case fx.AttestCheckpoint():
                self._attest(node, effect.sequence)
            case fx.RelayCheckpoint():
                self._anchor(node, effect.sequence)
            case fx.PublishAwards():
                assert not any(isinstance(found, tuple) and found[0] == effect.sequence for found in self.public)
                self.public.append((effect.sequence, self.public_block + WINDOW))
            case fx.ClaimAward():
                self.public.append(ev.AwardClaimedSeen(effect.sequence, effect.index))
            case fx.SettleRevocation():
                self.count_again(me, effect.request_id, effect.certificate)
            case fx.RecordAffected() | fx.RecordReplacement():
                self._consequence(me, effect)
            case fx.RecordVerification():
                figures: dict[str, Any] = {
                    "metric": "loss",
                    "value_before": 3_500_000,
                    "value_after": 3_600_000,
                    "samples": 64,
                }
                self.record_figures(me, effect.request_id, figures)
            case fx.EndorseCertificate() | fx.RenewEndorsement():
                self._endorse(me, effect.request_id)
            case fx.ShredUpdates():
                self._shred(me, effect.request_id)

    def _reveal(self, me: OrganisationId, found: Round) -> None:
        self.history.mine()
        released = [item for item in found.submissions if self.history.state.updates[item].released]
        for place, update_id in enumerate(released):
            named: dict[str, Any] = {"round_id": found.id, "update_id": update_id, "organisation": me}
            verdict: dict[str, Any] = {
                "accept": True,
                "weight_cap": MILLION,
                "score": 10_000 * (1 + place),
                "reason": "",
            }
            self.history.tell("VerdictRevealed", me, same_transaction=True, **named, **verdict)

    def _attest(self, node: Node, sequence: int) -> None:
        checkpoint = self._checkpoint(node, sequence)
        self.gather()
        self.private.append(ev.AttestationSeen(sequence, node.me, head_of(checkpoint), b"signature"))

    def _checkpoint(self, node: Node, sequence: int) -> Checkpoint:
        due = node.state.ledger.due[sequence - 1]
        content = node.ledger.checkpoint_content(due, word_of("block", due.block), self.history.tasks)
        members = node.state.ledger.members
        previous = self.heads[sequence - 1]
        return content.checkpoint(
            previous_head=previous, consortium_digest=members.consortium_digest, epoch=members.epoch
        )

    def _anchor(self, node: Node, sequence: int) -> None:
        assert sequence == len(self.heads), "the anchor takes only the next checkpoint"
        checkpoint = self._checkpoint(node, sequence)
        head = head_of(checkpoint)
        assert head == agreed_head(node.state, sequence)
        self.heads[sequence] = head
        self.public.append(ev.CheckpointAnchoredSeen(checkpoint, head))

    def close_round(self, me: OrganisationId) -> None:
        """Close it, or record why it failed."""
        assert self.clock is not None and self.clock.phase == "awaiting_close", self.clock
        self.history.fail(by=me) if self._too_few(self._round()) else self.history.close(me)

    # -- the clock of the open round

    def _tick(self) -> None:
        state = self.history.state
        if state.open_round is None:
            self.clock = None
            return
        found = self._round()
        while self._phase < len(PHASES) and (self._all_acted(found) or self.history.block > self._deadline()):
            self._phase, self._since = self._phase + 1, self.history.block
        over = self._phase >= len(PHASES) or self._too_few(found)
        phase = "awaiting_close" if over else PHASES[self._phase]
        self.clock = ev.RoundClock(found.id, phase, self._deadline())

    def _round(self) -> Round:
        assert self.history.state.open_round is not None
        return self.history.state.rounds[self.history.state.open_round]

    def _too_few(self, found: Round) -> bool:
        """Whether fewer updates than the round wants were submitted, or released, when that phase was over."""
        standing = [own_update(self.history.state, found, name) for name in found.members]
        count = sum(item is not None and (self._phase < 2 or item.released) for item in standing)
        return self._phase >= 1 and count < found.opening.minimum_updates

    def _deadline(self) -> int:
        if self._phase >= len(PHASES):
            return 0
        terms = self.spec.deadlines
        return self._since + (terms.submit, terms.release, terms.commit, terms.reveal)[self._phase]

    def _all_acted(self, found: Round) -> bool:
        own = {name: own_update(self.history.state, found, name) for name in found.members}
        acted = (
            {name for name in found.members if own[name] is not None or name in found.passed},
            {name for name, update in own.items() if update is None or update.released},
            set(found.commitments),
            set(found.revealed) | (set(found.members) - set(found.commitments)),
        )
        return acted[self._phase] == set(found.members)

    # -- facts

    def gather(self) -> None:
        """Make facts of the records since the last call."""
        fresh = self.history.records[self._gathered :]
        self.private += [ev.RecordSeen(record) for record in fresh]
        self._gathered += len(fresh)

    def _own(self, node: Node, found: ev.Event | Published) -> ev.Event:
        if not isinstance(found, tuple):
            return found
        sequence, claimable = found
        ledger = node.state.ledger
        own = own_awards(ledger, ledger.due[sequence - 1], self.history.tasks, node.me)
        return ev.AwardsPublishedSeen(sequence, claimable, own)
