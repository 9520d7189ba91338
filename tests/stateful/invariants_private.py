"""What must hold of the private chain after every transaction, seen from views and events alone.

- one_open_round: at most one round is in a phase that is not its last, and it is the one that ``openRoundId`` names.
- phases_never_go_back: a round is in one phase, and each transaction finds it there or later.
- nothing_is_submitted_late: an update is recorded up to the submit deadline of the opening, and not after it.
- one_live_update: a member has at most one update in a round that is not replaced; a replacement names the former one.
- epsilon_never_falls: nor does it pass the cap; what the contract shows is what was recorded last.
- verdict_rule: a closed round accepts what at least k of its members accept, the owner of a released update being one.
- prekeys_serve_once: an index is assigned to one round, and never after it was discarded.
- answers_reach_who_asks: an answer is to the latest request of another member, by the delegate that it still has, and
  each member answers once.
- stages_never_go_back: of a revocation (see ``stages_never_go_back`` for the one that is computed).
- certified_by_a_quorum: at least k present members endorsed that digest.
- an_update_is_in_one_approved_request; no_round_before_the_replacement: none opens while an approved revocation waits.
- one_member_fails_one_round: between two closed rounds, a revocation that no quorum supports, for what counts.
- checkpoints_are_numbered: by one more for each closed round and each certified revocation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from stateful.chain_world import Event, World
from stateful.invariants_members import Membership

from orchestrator.chain.structs import Phase, Stage

OPEN = range(Phase.SUBMIT, Phase.CLOSED)


class PrivateInvariants:
    """Watches one life. Every method checks what its name says, and raises AssertionError."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._phases: dict[int, int] = {}
        self._rounds: dict[int, Mapping[str, Any]] = {}
        self._quorums: dict[int, int] = {}
        self._live: dict[tuple[int, str], str] = {}
        self._owners: dict[str, tuple[int, str]] = {}
        self._released: set[str] = set()
        self._verdicts: defaultdict[str, dict[str, bool]] = defaultdict(dict)
        self._epsilon: dict[tuple[str, str], int] = {}
        self._prekeys: defaultdict[str, int] = defaultdict(int)
        self._asked = 0
        self._answers: set[tuple[int, str]] = set()
        self._stages: dict[str, int] = {}
        self._requested: dict[str, Sequence[str]] = {}
        self._held: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._endorsed: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._due = 0
        self._alone: dict[str, int] = {}
        self._last_request = ""
        self._requesters: dict[str, str] = {}
        self._supporters: defaultdict[str, set[str]] = defaultdict(set)

    def views(self) -> list[tuple[Any, ...]]:
        """What it looks at, to be asked in one request."""
        asked: list[tuple[Any, ...]] = [("rounds", "openRoundId"), ("rounds", "closedCount")]
        asked += [("revocations", "awaitingReplacement"), ("schedule", "latestSequence")]
        asked += [("rounds", "phaseOf", number) for number in self._rounds]
        return asked + [("revocations", "stageOf", request) for request in self._stages]

    def after(self, events: Sequence[Event], members: Membership) -> None:
        """Args:
        members: the private Consortium's, after the transaction.
        """
        for event in events:
            check = getattr(self, f"_on_{event.name}", None)
            if check is not None:
                check(event.values, members)
        self._world.views(self.views())
        self.phases_never_go_back()
        self.one_open_round()
        self.stages_never_go_back()
        assert self._world.view("revocations", "awaitingReplacement") == len(self._waiting), "how many wait"
        assert self._world.view("schedule", "latestSequence") == self._due, "checkpoints_are_numbered"

    def phases_never_go_back(self) -> None:
        for number in self._rounds:
            phase, before = self._world.view("rounds", "phaseOf", number), self._phases.get(number, Phase.SUBMIT)
            onwards = phase == before if before >= Phase.CLOSED else before <= phase <= Phase.FAILED
            assert onwards, f"round {number} went from phase {before} to {phase}"
            self._phases[number] = phase

    def one_open_round(self) -> None:
        still_open = [number for number, phase in self._phases.items() if phase in OPEN]
        shown = self._world.view("rounds", "openRoundId")
        assert still_open == ([shown] if shown else []), f"rounds {still_open} are open, {shown} is shown"
        closed = sum(phase == Phase.CLOSED for phase in self._phases.values())
        assert self._world.view("rounds", "closedCount") == closed, "closedCount"

    def stages_never_go_back(self) -> None:
        """``Verified`` without an endorsement is computed over the present members, so a change of membership may take
        it back to ``Replaced``; no other stage is ever left but for a later one."""
        for request, before in self._stages.items():
            stage = self._world.view("revocations", "stageOf", request)
            computed = before == Stage.VERIFIED and stage == Stage.REPLACED and not self._endorsed[request]
            assert stage >= before or computed, f"request {request} went from stage {before} to {stage}"
            self._stages[request] = stage

    def _on_RoundOpened(self, values: Mapping[str, Any], members: Membership) -> None:
        assert not self._waiting, f"no_round_before_the_replacement: {self._waiting} wait"
        self._rounds[values["round_id"]] = {**values["opening"], "opened": self._world.anvil.height}
        self._quorums[values["round_id"]] = members.quorum

    def _on_UpdateSubmitted(self, values: Mapping[str, Any], _members: Membership) -> None:
        number, name, update = values["round_id"], values["organisation"], values["update_id"]
        opening, epsilon = self._rounds[number], values["submission"]["epsilon"]
        deadline = opening["opened"] + opening["submit_blocks"]
        assert self._world.anvil.height <= deadline, f"nothing_is_submitted_late: after block {deadline}"
        entry = (name, opening["task_digest"])
        assert self._epsilon.get(entry, 0) <= epsilon <= opening["epsilon_cap"], "epsilon_never_falls"
        self._epsilon[entry] = epsilon
        assert self._world.view("rounds", "epsilonSpent", *entry) == epsilon, "epsilon_never_falls"
        self._owners[update] = (number, name)
        former = self._live.setdefault((number, name), update)
        if former != update:
            self._live[number, name] = update
            assert self._world.view("rounds", "update", former)["replaced"], "one_live_update"

    def _on_UpdateReplaced(self, values: Mapping[str, Any], _members: Membership) -> None:
        previous, current = values["previous"], values["current"]
        same = self._owners[previous] == self._owners[current]
        assert same and self._live[self._owners[current]] == current, "one_live_update"

    def _on_UpdateReleased(self, values: Mapping[str, Any], _members: Membership) -> None:
        update = values["update_id"]
        assert self._live[self._owners[update]] == update and update not in self._released, "one_live_update"
        self._released.add(update)

    def _on_VerdictRevealed(self, values: Mapping[str, Any], _members: Membership) -> None:
        given = self._verdicts[values["update_id"]]
        assert values["organisation"] not in given, "a member judged one update twice"
        given[values["organisation"]] = values["accept"]

    def _on_RoundClosed(self, values: Mapping[str, Any], _members: Membership) -> None:
        number = values["round_id"]
        accepted = 0
        for update in (item for item, (round_, _name) in self._owners.items() if round_ == number):
            counts = update in self._released and self._acceptances(update) >= self._quorums[number]
            assert self._world.view("rounds", "accepted", update) == counts, f"verdict_rule: {update}"
            accepted += counts
        assert values["accepted"] == accepted, f"verdict_rule: {accepted}, but {values['accepted']} are told"
        released = sum(self._owners[update][0] == number for update in self._released)
        assert values["released"] == released, "how many were released"

    def _on_PrekeyAssigned(self, values: Mapping[str, Any], _members: Membership) -> None:
        name, index = values["organisation"], values["index"]
        assert index == self._prekeys[name], f"prekeys_serve_once: {name}'s {index}"
        self._prekeys[name] = index + 1

    def _on_PrekeysDiscarded(self, values: Mapping[str, Any], _members: Membership) -> None:
        assert values["first"] == self._prekeys[values["organisation"]], "prekeys_serve_once"
        self._prekeys[values["organisation"]] += values["count"]

    def _on_CatchUpAsked(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._asked += 1
        assert values["number"] == self._asked == self._world.view("keys", "catchUpOf", values["organisation"])

    def _on_CatchUpAnswered(self, values: Mapping[str, Any], _members: Membership) -> None:
        number, answering = values["number"], values["organisation"]
        asker, delegate, _digest = self._world.view("keys", "catchUp", number)
        assert self._world.view("keys", "catchUpOf", asker) == number, "answers_reach_who_asks: superseded"
        assert self._world.view("private", "delegateOf", asker) == delegate, "answers_reach_who_asks: lapsed"
        assert asker != answering and (number, answering) not in self._answers, "answers_reach_who_asks"
        self._answers.add((number, answering))

    def _on_RoundFailed(self, values: Mapping[str, Any], members: Membership) -> None:
        """A revocation fails a round in the transaction that a quorum decides, or the owner of what counts asks for."""
        asked = self._last_request
        if (
            values["reason"] != "revocation"
            or len(self._supporters[asked] & {*members.organisations}) >= members.quorum
        ):
            return
        owner, closed = self._requesters[asked], self._world.view("rounds", "closedCount")
        assert self._alone.get(owner) != closed, f"one_member_fails_one_round: {owner}"
        counts = self._world.views([("rounds", "accepted", update) for update in self._requested[asked]])
        assert any(counts), "one_member_fails_one_round: nothing that counts is revoked"
        self._alone[owner] = closed

    def _on_RevocationSupported(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._last_request = values["request_id"]
        self._supporters[self._last_request].add(values["organisation"])

    def _on_RevocationRequested(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._last_request = values["request_id"]
        self._requesters[self._last_request] = values["organisation"]
        self._supporters[self._last_request].add(values["organisation"])
        self._requested[values["request_id"]] = values["updates"]
        self._stages[values["request_id"]] = Stage.REQUESTED

    def _on_RevocationApproved(self, values: Mapping[str, Any], _members: Membership) -> None:
        request = self._last_request = values["request_id"]
        for update in self._requested[request]:
            assert self._held.setdefault(update, request) == request, "an_update_is_in_one_approved_request"
        held = self._world.views([("revocations", "requestOf", update) for update in self._requested[request]])
        assert set(held) == {request}, "an_update_is_in_one_approved_request"
        self._waiting.add(request)

    def _on_ManifestReplaced(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._waiting.discard(values["request_id"])

    def _on_CertificateEndorsed(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._endorsed[values["request_id"]][values["organisation"]] = values["certificate_digest"]

    def _on_RevocationCertified(self, values: Mapping[str, Any], members: Membership) -> None:
        given = self._endorsed[values["request_id"]]
        endorsers = [name for name in members.organisations if given.get(name) == values["certificate_digest"]]
        assert len(endorsers) >= members.quorum, f"certified_by_a_quorum: only {endorsers}"

    def _on_CheckpointDue(self, values: Mapping[str, Any], _members: Membership) -> None:
        self._due += 1
        assert values["sequence"] == self._due, "checkpoints_are_numbered"

    def _acceptances(self, update: str) -> int:
        owner = self._owners[update][1]
        return 1 + sum(accept for judge, accept in self._verdicts[update].items() if judge != owner)
