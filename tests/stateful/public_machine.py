"""The machine of governance and of the public chain: set-up, and what is compared after every transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from stateful.anvil_client import Anvil
from stateful.chain_world import Contract, Event, Key, World
from stateful.fold_check import members_agree, read_ledger, read_public
from stateful.invariants_members import MembersInvariants
from stateful.invariants_public import PublicInvariants
from stateful.model_anchor import AnchorModel
from stateful.model_awards import AwardsModel
from stateful.model_members import Member, MembersModel
from stateful.rules_anchoring import HOLDERS, PRIVATE_CHAIN, digest_of
from stateful.rules_awards import AwardRules
from stateful.rules_governance import NAMES, POOL

from orchestrator.chain.public_events import AwardClaim
from orchestrator.commitment.eip712 import Pair
from tools.compile import Compiled

CONTRACTS = ("Consortium", "CheckpointAnchor", "AwardDistributor", "ContributionToken")
CONSORTIUM_ID = digest_of("consortium")
FOUNDERS, QUORUM = 3, 2
WINDOW, VESTING, CAP = 10, 3, 100


def founders(world: World) -> list[Member]:
    keys = [key.address for key in world.keys[POOL]]
    return [Member(NAMES[place], keys[2 * place], keys[2 * place + 1]) for place in range(FOUNDERS)]


def deploy_consortium(world: World, label: str, members: Sequence[Member]) -> Contract:
    return world.deploy(label, "Consortium", CONSORTIUM_ID, members, QUORUM)


def pair_of(world: World, public: str, private: str) -> Pair:
    return Pair(CONSORTIUM_ID, world.chain_id, world[public].address, world.chain_id, world[private].address)


def bind_consortium(world: World, label: str, pair: Pair) -> None:
    halves = (pair.public_chain_id, pair.public_address, pair.private_chain_id, pair.private_address)
    world.setup(label, "bind", *halves)


def public_world(anvil: Anvil, code: Mapping[str, Compiled]) -> World:
    """The pair, a third Consortium that claims the same private half, and the contracts of the public chain."""
    world = World(anvil, code)
    members = founders(world)
    for label in ("public", "private", "third"):
        deploy_consortium(world, label, members)
    for label, public in (("public", "public"), ("private", "public"), ("third", "third")):
        bind_consortium(world, label, pair_of(world, public, "private"))
    consortium = world["public"].address
    anchor = world.deploy("anchor", "CheckpointAnchor", consortium, PRIVATE_CHAIN)
    terms = (consortium, anchor.address, CAP, WINDOW, VESTING, "Contribution", "CON")
    world.deploy("distributor", "AwardDistributor", *terms)
    world.found("token", "ContributionToken", world.view("distributor", "token"))
    world.keep()
    return world


class PublicMachine(AwardRules):
    """Members, anchor and awards through whole lives."""

    sides = ("public", "private")

    def begin(self) -> None:
        world, members = self.world, founders(self.world)
        model = MembersModel(pair_of(world, "public", "private"), QUORUM, members)
        third = MembersModel(pair_of(world, "third", "private"), QUORUM, members)
        self.members = {"public": model, "private": deepcopy(model), "third": third}
        self.anchor = AnchorModel(model, PRIVATE_CHAIN)
        self.awards = AwardsModel(model, self.anchor, WINDOW, VESTING, CAP)
        self.decisions, self.statements, self.trees = [], [], {}
        holders = [key.address for key in world.keys[HOLDERS]]
        self.membership = MembersInvariants(world, tuple(self.members), "third")
        self.publicly = PublicInvariants(world, holders)

    def observe(self, sender: Key, contract: Contract, function: str, events: Sequence[Event]) -> None:
        self.world.views(self._looked_at())  # all in one request
        before = self.membership.after(contract.label, function, self.delivered)
        self.publicly.after(events, before["public"])
        self._agrees_with_the_model()

    def end(self) -> None:
        self.conclude()
        members_agree(self.world, "private", read_ledger(self.world, ["private"]))
        checkpoints, awards = read_public(self.world)
        assert checkpoints == self.anchor.chain[1:], "the reader's checkpoints are not those that were anchored"
        claims = [one for one in awards if isinstance(one, AwardClaim)]
        paid = {(one.sequence, self.awards.published[one.sequence].root, one.index) for one in claims}
        assert len(paid) == len(claims) and paid <= self.awards.books.spent, "claims"
        supply = self.world.view("token", "totalSupply")
        assert sum(one.amount for one in claims) == supply, "the claims do not add up to the supply"

    def _looked_at(self) -> list[tuple[object, ...]]:
        views: list[tuple[object, ...]] = [("token", "totalSupply")]
        views += [(label, view) for label in self.members for view in ("members", "current", "paused")]
        views += [("token", "balanceOf", key.address) for key in self.world.keys[HOLDERS]]
        return views + [("distributor", "publication", sequence) for sequence in self.awards.published]

    def _agrees_with_the_model(self) -> None:
        for label, model in self.members.items():
            members, current, paused = self.world.views([(label, "members"), (label, "current"), (label, "paused")])
            shown = [(one["organisation"], one["authority"], one["delegate"]) for one in members]
            expected = [(one.organisation, one.authority, one.delegate) for one in model.members]
            assert shown == expected, f"members of {label}: {shown}, expected {expected}"
            now = (model.epoch, model.quorum, model.digest)
            assert tuple(current) == now, f"epoch, quorum and digest of {label}: {current}, expected {now}"
            assert paused == model.paused, f"{label} is {'' if paused else 'not '}paused"
        for sequence, known in self.awards.published.items():
            publication = tuple(self.world.view("distributor", "publication", sequence))
            now_known = (known.root, known.claimable_from, known.cap, known.claimed)
            assert publication == now_known, f"publication {sequence}: {publication}, expected {now_known}"
