"""The machine of the private chain: set-up, what is compared after every transaction, the fold over a whole life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from hypothesis import strategies as st
from stateful.anvil_client import Anvil
from stateful.chain_world import Contract, Event, Key, World
from stateful.epilogue import Epilogue
from stateful.fold_agrees import fold_agrees
from stateful.invariants_members import MembersInvariants
from stateful.invariants_private import PrivateInvariants
from stateful.machine import action
from stateful.model_keys import KeysModel
from stateful.model_members import MembersModel
from stateful.model_revocations import RevocationLedgerModel
from stateful.model_round_ledger import RoundLedgerModel
from stateful.model_rounds import Round
from stateful.public_machine import QUORUM, bind_consortium, deploy_consortium, founders, pair_of
from stateful.rules_rounds import LONGEST_PHASE

from tools.compile import Compiled

CONTRACTS = ("Consortium", "CheckpointSchedule", "KeyDirectory", "RoundLedger", "RevocationLedger")
STEP = 12


def private_world(anvil: Anvil, code: Mapping[str, Compiled]) -> World:
    """The contracts of the private chain, bound; the public half of the pair is deployed on the same node."""
    world = World(anvil, code)
    for label in ("public", "private"):
        deploy_consortium(world, label, founders(world))
    bind_consortium(world, "private", pair_of(world, "public", "private"))
    consortium = world["private"].address
    schedule = world.deploy("schedule", "CheckpointSchedule", consortium).address
    keys = world.deploy("keys", "KeyDirectory", consortium).address
    rounds = world.deploy("rounds", "RoundLedger", consortium, schedule, keys, LONGEST_PHASE).address
    terms = (consortium, rounds, schedule, STEP)
    revocations = world.deploy("revocations", "RevocationLedger", *terms).address
    world.setup("schedule", "bind", rounds, revocations)
    world.setup("keys", "bind", rounds)
    world.setup("rounds", "bind", revocations)
    world.keep()
    return world


class PrivateMachine(Epilogue):
    """Agreements, keys, rounds and revocations through whole lives, with the membership changing under them."""

    weights: ClassVar[Mapping[str, int]] = {
        "decide_on_membership": 3,
        "deliver_a_decision": 1,
        "rotate_a_delegate": 1,
        "appoint_a_delegate": 12,
        "resume": 12,
    }

    def begin(self) -> None:
        world = self.world
        model = MembersModel(pair_of(world, "public", "private"), QUORUM, founders(world))
        self.members, self.decisions, self.judgements = {"private": model}, [], {}
        self.keys = KeysModel(model)
        self.rounds = RoundLedgerModel(model, self.keys, world.chain_id, world["rounds"].address, LONGEST_PHASE)
        address = world["revocations"].address
        self.revocations = RevocationLedgerModel(model, self.rounds, world.chain_id, address, STEP)
        self.rounds.revocations = self.revocations
        self.membership = MembersInvariants(world, ["private"])
        self.privately = PrivateInvariants(world)

    def observe(self, sender: Key, contract: Contract, function: str, events: Sequence[Event]) -> None:
        last = [("rounds", "round", len(self.rounds.rounds))] if self.rounds.rounds else []
        members = [("private", view) for view in ("members", "current", "paused")]
        self.world.views([*members, *last, *self.privately.views()])  # all in one request
        self.membership.after(contract.label, function, self.delivered)
        self.privately.after(events, self.membership.shown["private"])
        self._agrees_with_the_model()

    def end(self) -> None:
        self.conclude()
        fold_agrees(self.world)

    @action(1, when=lambda self: self.rounds.rounds)
    def read_the_chain(self, data: st.DataObject) -> None:
        """In the middle of a life, too."""
        fold_agrees(self.world)

    def _agrees_with_the_model(self) -> None:
        model, world = self.present, self.world
        members, current = world.views([("private", "members"), ("private", "current")])
        shown = [(one["organisation"], one["authority"], one["delegate"]) for one in members]
        assert shown == [(one.organisation, one.authority, one.delegate) for one in model.members], "members"
        assert tuple(current) == (model.epoch, model.quorum, model.digest), "epoch, quorum and digest"
        assert world.view("private", "paused") == model.paused, "paused"
        assert world.view("schedule", "latestSequence") == self.rounds.checkpoints, "checkpoints"
        if self.rounds.rounds:
            self._round_agrees(self.current)
        for item in self.revocations.requests.values():
            stage = self.revocations.stage_at(world.anvil.height, item)
            assert world.view("revocations", "stageOf", item.id) == stage, f"stage of {item.id}"

    def _round_agrees(self, round_: Round) -> None:
        shown = self.world.view("rounds", "round", round_.id)
        clock = round_.clock_at(self.world.anvil.height)
        expected = {
            "phase": clock.phase,
            "deadline": clock.end,
            "epoch": round_.epoch,
            "quorum": round_.quorum,
            "members": len(round_.members),
            "submitted": len(round_.submissions),
            "passed": len(round_.passed),
            "released": len(round_.released),
            "committed": len(round_.commitments),
            "revealed": len(round_.reveals),
            "accepted": len(round_.accepted()),
        }
        assert {name: shown[name] for name in expected} == expected, f"round {round_.id}"
