"""Rounds of a world: each organisation's real policy decides, the real rule of awards pays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from benchmarks.harness import Configuration, Figures
from benchmarks.participation.world import (
    BATCH,
    EVALUATION,
    LENGTH,
    ORGANISATIONS,
    QUALITY,
    SENDING,
    STALE,
    STEPS,
    TOKENS,
    TRAINING,
    World,
)
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState, Member, Opening, Round, RoundStatus, Update, Verdict
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import Decision, Note, Participation, Situation, outcomes, situation_of
from orchestrator.participation.account import TOKEN
from orchestrator.participation.experience import earned
from orchestrator.settings import compose
from orchestrator.types import MILLION, ZERO_DIGEST, Address, Cid, Digest, OrganisationId, UpdateId

FOCUS = ORGANISATIONS[0]
MINIMUM = 2
NOWHERE = Address("0x" + "00" * 20)
MEMBERS = {name: Member(name, NOWHERE, NOWHERE) for name in ORGANISATIONS}


@dataclass
class Player:
    """One organisation: how it decides, and what came of it, in CPU seconds of the mean machine."""

    name: OrganisationId
    participation: Participation
    price: float
    notes: list[Note] = field(default_factory=list)
    version: int = 0
    used: int = 0
    taken: int = 0
    earned: float = 0.0
    cost: float = 0.0
    judging: float = 0.0

    @property
    def data(self) -> Digest:
        return sha256(f"{self.name}/{self.version}".encode())


@dataclass
class Play:
    """A life of rounds; what is shared by all."""

    world: World
    task: TaskSpec
    players: dict[OrganisationId, Player]
    ledger: LedgerState = field(default_factory=LedgerState)
    failed: int = 0
    gained: float = 0.0

    def round(self, place: int) -> None:
        """Decide, train, judge, pay."""
        for player in self.players.values():
            if self.world.fresh[place][player.name]:
                player.version, player.used = player.version + 1, 0
        number = place + 1
        opened = _round(number, self.task)
        takers = [name for name, player in self.players.items() if self._takes_part(player, opened)]
        gains = {name: self._gain(self.players[name]) for name in takers}
        closed = replace(
            opened,
            submissions=tuple(UpdateId(f"{number}/{name}") for name in takers),
            status=RoundStatus.CLOSED if len(takers) >= MINIMUM else RoundStatus.FAILED,
            revealed=frozenset(ORGANISATIONS),
        )
        updates = {f"{number}/{name}": self._update(number, place, name, gains[name]) for name in takers}
        self.ledger = self.ledger.with_(
            rounds={**self.ledger.rounds, number: closed}, updates={**self.ledger.updates, **updates}
        )
        self._settle(closed, gains)

    def _takes_part(self, player: Player, opened: Round) -> bool:
        account = player.participation.account
        if account is None:
            return player.participation.policy.decide(_blind(opened.id)).take_part
        tasks = {self.task.digest: self.task}
        situation = situation_of(
            opened,
            self.task,
            player.data,
            notes=player.notes,
            ledger=self.ledger,
            tasks=tasks,
            me=player.name,
            account=account,
        )
        past = outcomes(player.notes, self.ledger, tasks, player.name, account)
        decision: Decision = player.participation.policy.after(past).decide(situation)
        player.notes.append(Note(situation, player.data, decision))
        return decision.take_part

    def _gain(self, player: Player) -> float:
        """What an update is worth, and its price: paid whatever becomes of the round."""
        gain = QUALITY * self.world.quality[player.name] * STALE**player.used
        player.used += 1
        player.taken += 1
        player.cost += (TRAINING + SENDING) * player.price
        return gain

    def _update(self, number: int, place: int, owner: OrganisationId, gain: float) -> Update:
        luck = self.world.luck[place]
        verdicts = {
            judge: Verdict(True, score=int(gain * luck[owner, judge] * MILLION))
            for judge in ORGANISATIONS
            if judge != owner
        }
        nothing = ZERO_DIGEST
        return Update(
            id=UpdateId(f"{number}/{owner}"),
            round=number,
            organisation=owner,
            submitted=Position(number, 0),
            ciphertext_digest=nothing,
            header_digest=nothing,
            content_commitment=nothing,
            data_statement_digest=nothing,
            parent_manifest=nothing,
            samples=1,
            epsilon=0,
            released=True,
            verdicts=verdicts,
        )

    def _settle(self, closed: Round, gains: dict[OrganisationId, float]) -> None:
        for player in self.players.values():
            player.judging += EVALUATION * (len(gains) + 1) * player.price if gains else 0.0
        if closed.status is RoundStatus.FAILED:
            self.failed += 1
            return
        self.gained += sum(gains.values())
        for name, amount in earned(self.ledger, closed, {self.task.digest: self.task}).items():
            self.players[name].earned += amount / TOKEN * self.world.token


def play(cell: Configuration) -> Figures:
    """One cell: a policy of one organisation, or of all, over a life of rounds."""
    world = World.of(cell["pay"], cell["arrivals"], cell["rounds"], cell["seed"])
    policy, everybody = cell["policy"], cell["used by"] == "all"
    players = {
        name: Player(name, _participation(policy if everybody or name == FOCUS else "always", name, world), price)
        for name, price in world.price.items()
    }
    life = Play(world, task(), players)
    for place in range(cell["rounds"]):
        life.round(place)
    watched = list(players.values()) if everybody else [players[FOCUS]]
    return {
        "taken": _mean(player.taken for player in watched) / cell["rounds"],
        "earned": _mean(player.earned for player in watched) / cell["rounds"],
        "cost": _mean(player.cost for player in watched) / cell["rounds"],
        "judging": _mean(player.judging for player in watched) / cell["rounds"],
        "gained": life.gained / cell["rounds"],
        "failed": life.failed / cell["rounds"],
    }


@cache
def task() -> TaskSpec:
    """The task of every round: an experiment's, with what the world pays."""
    values = compose(["experiment=sotu_smollm2"]).values
    document = {"format": "loranchor/task", "version": 1, **values["experiment"]["task"]}
    document["base"] = {**document["base"], "digest": ZERO_DIGEST, "architecture": "LlamaForCausalLM"}
    document["training"] = {**document["training"], "steps": STEPS, "batch": BATCH, "length": LENGTH}
    document["awards"] = {"per_round": str(TOKENS * TOKEN)}
    return TaskSpec.from_document({**document, "minimum_updates": MINIMUM})


@cache
def _packaged(policy: str) -> Mapping[str, Any]:
    return compose([f"participation={policy}"]).group("participation")


def _participation(policy: str, name: OrganisationId, world: World) -> Participation:
    """The packaged policy with this organisation's own costs, which it knows."""
    chosen = dict(_packaged(policy))
    if policy != "always":
        price, tokens = world.price[name], STEPS * BATCH * LENGTH
        chosen["costs"] = {"round": SENDING * price, "million_tokens": TRAINING * price * MILLION / tokens}
        chosen["token"] = world.token
    return Participation.from_settings({"participation": chosen}, name)


def _round(number: int, spec: TaskSpec) -> Round:
    cid, none = Cid("Qm"), ZERO_DIGEST
    opening = Opening(none, spec.digest, cid, none, cid, 1, 1, 1, 1, MINIMUM, 0)
    quorum = len(ORGANISATIONS) // 2 + 1
    return Round(number, FOCUS, opening, 1, quorum, MEMBERS, Position(number, 0), ended=Position(number, 1))


def _blind(number: int) -> Situation:
    return Situation(number, 0, None, 0, 0)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
