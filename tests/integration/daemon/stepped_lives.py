"""A consortium whose life goes on round after round, and two of whose daemons begin new lives whenever they are told.

``from stepped_lives import laps``. In each round, and in each revocation of what borealis has contributed, the daemons
of aurora and cumulus begin fresh lives; that of borealis lives on. What has to hold is looked at after each.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak
from real_world import LONG, ROOT, Member, World, task, world

from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import decode_values
from orchestrator.chain.connection import Connection
from orchestrator.daemon.journal import read_journal
from orchestrator.daemon.operations import open_round, request_revocation
from orchestrator.daemon.services import Services
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.entities import LedgerState, RoundStatus
from orchestrator.ledger.manifest import build_manifest
from orchestrator.localnet.guard import Guard
from orchestrator.protocol.state import NodeState
from orchestrator.types import Address, OrganisationId

AURORA, BOREALIS, CUMULUS = (OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
PRIVATE = ("KeyDirectory", "RoundLedger", "RevocationLedger", "CheckpointSchedule")
PUBLIC = ("CheckpointAnchor", "AwardDistributor")
MORTAL = (AURORA, CUMULUS)
HALVES = ("round", "revocation")
PATIENCE_SECONDS = 180

ROUND_ALONE = {
    "submitUpdate": 1, "releaseUpdate": 1, "commitVerdicts": 1, "revealVerdicts": 1, "publishPrekeys": 1, "attest": 1,
}  # fmt: skip
"""What each member sends in a round, and how often."""
ROUND_SHARED = {"closeRound": 1, "anchor": 1, "publish": 1, "claim": 3}
"""What one of them sends, or each for itself. A turn passes on while its owner is dead: then the owner's transaction,
stored before it died, may come beside another member's; but nobody's comes twice."""
REVOCATION_ALONE = {"recordVerification": 1, "recordShredding": 1, "attest": 1}
REVOCATION_SHARED = {"recordAffected": 1, "recordReplacement": 1, "anchor": 1}
RACED = {"closeRound", "anchor", "publish", "recordAffected", "recordReplacement", "endorse", "settle"}
"""Two may be at one of these at a time: then the contract refuses one of them."""


@dataclass
class Laps:
    """The consortium, and what is known of its chains.

    Attributes:
        died: folder of the steps at which daemons have died, a file for rounds and one for revocations.
        worker: folder of the worker processes' orders, by organisation.
        rounds: how many were closed. revoked: of which borealis' contribution was revoked.
    """

    made: World
    agreement: Agreement
    processes: dict[OrganisationId, subprocess.Popen[str]]
    died: Path
    worker: Path
    rounds: int = 0
    revoked: int = 0
    _read: dict[str, int] = field(default_factory=dict)
    _functions: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _sequences: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for contract in (*PRIVATE, *PUBLIC):
            for name, entry in artifact(contract).functions.items():
                self._functions[keccak(text=signature_of(entry))[:4].hex()] = (name, entry["inputs"])
        self._sequences = {name: [] for name in self.made.members}

    # -- what happens

    def round(self, how: str) -> list[str]:
        """A round, to its last award, in fresh lives; gives the steps at which they ended."""
        known = self.begin(how, "round")
        number = open_round(self._services, task(deadlines=LONG, minimum_updates=3), self.agreement)
        self._until(lambda ledger: ledger.rounds[number].status is RoundStatus.CLOSED, f"round {number}")
        self._settle()
        self.rounds = number
        self._check(ROUND_ALONE, ROUND_SHARED)
        self._check_round(number)
        return self._news("round", known)

    def revocation(self, how: str) -> list[str]:
        """A revocation, to its last receipt, in fresh lives; gives the steps at which they ended."""
        known = self.begin(how, "revocation")
        request = request_revocation(self._services, (), reason="withdrawn")
        everybody = set(self.made.members)
        self._until(
            lambda ledger: (
                ledger.revocations[request].shredded and set(ledger.revocations[request].receipts) == everybody
            ),
            f"revocation {request}",
        )
        self._settle()
        self.revoked = self.rounds
        self._check(REVOCATION_ALONE, REVOCATION_SHARED)
        self._check_manifest()
        return self._news("revocation", known)

    # -- lives

    def order(self, kind: str) -> None:
        """Have the next worker of each mortal one die in the middle of such a call."""
        for name in MORTAL:
            (self.worker / name / kind).touch()

    def orders(self, name: OrganisationId) -> list[str]:
        """In which calls a worker of this member has died, sorted."""
        return sorted(line.split()[0] for line in (self.worker / name / "deaths").read_text().splitlines())

    def begin(self, how: str, half: str) -> int:
        """Have the mortal ones begin new lives; gives how many deaths there were before."""
        known = len(self._deaths(half))
        word = f"die {half}" if how == "die" else how
        for name in MORTAL:
            assert self.say(name, word) == word, self.made.log_of(name)
        return known

    def say(self, name: OrganisationId, word: str) -> str:
        process = self.processes[name]
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(word + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    def _deaths(self, half: str) -> list[str]:
        return (self.died / half).read_text().splitlines()

    def _news(self, half: str, known: int) -> list[str]:
        """Where lives have ended since."""
        for name in MORTAL:
            assert self.processes[name].poll() is None, self.made.log_of(name)
        return self._deaths(half)[known:]

    # -- waiting

    @property
    def _services(self) -> Services:
        services = self.made.members[BOREALIS].services
        assert services is not None
        return services

    @property
    def _state(self) -> NodeState:
        node = self.made.members[BOREALIS].node
        assert node is not None
        return node.state

    def _until(self, condition: Callable[[LedgerState], bool], what: str) -> None:
        def held() -> bool:
            try:
                return condition(self._state.ledger)
            except KeyError:  # not told yet
                return False

        last = {half: self._deaths(half)[-2:] for half in HALVES}
        self.made.until(held, PATIENCE_SECONDS, f"{what}, after the deaths at {last}")

    def _settle(self) -> None:
        """Checkpoints and awards are done, prekeys replaced, models evaluated, and borealis wants nothing more."""
        self._until(lambda _: _settled(self._state, set(self.made.members)), "checkpoints and awards")
        homes = [self.made.members[name].home for name in MORTAL]
        self._until(lambda ledger: all(str(max(ledger.rounds)) in _manifests(home) for home in homes), "evaluations")

    # -- what must hold

    def _check(self, alone: dict[str, int], shared: dict[str, int]) -> None:
        """One transaction for each action of this half, and one signature of each checkpoint."""
        sent, refused = self._sent()
        assert refused == []
        for name, calls in sent.items():
            assert {call: calls[call] for call in alone} == alone, name
            assert calls["endorse"] + calls["settle"] <= 1, name
        together = sum(sent.values(), Counter[str]())
        for call, count in shared.items():
            least, most = (count, count) if call == "claim" else (1, len(sent))
            assert least <= together[call] <= most, f"{call}: {sent}"
            assert call == "claim" or all(calls[call] <= 1 for calls in sent.values()), f"{call}: {sent}"
        known = {*alone, *shared, "endorse", "settle", "openRound", "request"}
        assert set(together) <= known, "nothing was sent that nobody has to send"
        self._check_signatures()

    def _check_signatures(self) -> None:
        due = len(self._state.ledger.due)
        for name, heads in self._sequences.items():
            assert [sequence for sequence, _ in heads] == list(range(1, due + 1)), f"{name} signed one twice, or none"
        assert len({tuple(heads) for heads in self._sequences.values()}) == 1
        for member in self.made.members.values():
            with closing(sqlite3.connect(member.home / "keystore" / "signed.sqlite")) as database:
                rows = database.execute("SELECT sequence FROM checkpoints ORDER BY sequence").fetchall()
            assert [row[0] for row in rows] == list(range(1, due + 1)), member.name

    def _check_round(self, number: int) -> None:
        """Everybody's account of the round is the same; each sealed one update and judged once."""
        homes = [member.home for member in self.made.members.values()]
        assert len({_manifests(home)[str(number)] for home in homes}) == 1
        for home in homes:
            kinds = Counter(item["kind"] for item in read_journal(home) if item["event"] == "result")
            assert kinds["sealed"] == kinds["verdicts"] == number, home.name
        ledger = self._state.ledger
        for update_id in ledger.rounds[number].submissions:
            update = ledger.updates[update_id]
            judges = set(self.made.members) - {update.organisation}
            assert judges <= set(update.verdicts) and all(update.verdicts[name].accept for name in judges)
        self._check_manifest()

    def _check_manifest(self) -> None:
        """The shape of an undisturbed life: everybody's contributions, but for those that borealis has withdrawn."""
        tasks = self._services.tasks
        manifest = build_manifest(self._state.ledger, next(iter(tasks.values())), tasks)
        weights: dict[int, list[int]] = {}
        for entry in manifest.entries:
            weights.setdefault(entry.round, []).append(entry.weight)
        assert all(max(found) - min(found) <= 1 for found in weights.values()), "each weighs the same in its round"
        assert [(entry.round, entry.organisation) for entry in manifest.entries] == [
            (number, name)
            for number in range(1, self.rounds + 1)
            for name in (AURORA, BOREALIS, CUMULUS)
            if name != BOREALIS or number > self.revoked
        ]

    def _sent(self) -> tuple[dict[str, Counter[str]], list[str]]:
        """What each member's delegate had mined since it was looked at last, by name; and what was refused."""
        names = {keys.delegate.address: keys.organisation for keys in self.made.consortium.members}
        sent = {name: Counter[str]() for name in self.made.members}
        refused = []
        for transaction, succeeded in self._mined():
            name = names.get(Address(transaction["from"].lower()))
            if name is None:
                continue
            data = bytes.fromhex(transaction["input"][2:])
            function, inputs = self._functions[data[:4].hex()]
            if not succeeded:
                refused += [] if function in RACED else [f"{name} {function}"]
                continue
            sent[name][function] += 1
            if function == "attest":
                sequence, head, _ = decode_values(inputs, data[4:], function)
                self._sequences[name].append((sequence, str(head)))
        return sent, refused

    def _mined(self) -> Iterator[tuple[dict[str, str], bool]]:
        for chain in (self.made.consortium.public_chain, self.made.consortium.private_chain):
            first, last = self._read.get(chain.url, 0), chain.block_number()
            self._read[chain.url] = last + 1
            yield from _transactions(chain, range(first, last + 1))


def _transactions(chain: Connection, numbers: range) -> Iterator[tuple[dict[str, str], bool]]:
    for block in chain.batch("eth_getBlockByNumber", [[hex(number), True] for number in numbers]):
        for item in block["transactions"]:
            yield item, chain.request("eth_getTransactionReceipt", [item["hash"]])["status"] == "0x1"


def _settled(state: NodeState, members: set[OrganisationId]) -> bool:
    ledger = state.ledger
    full = all(sum(prekey.unused for prekey in ledger.prekeys[name].values()) == 16 for name in members)
    due = len(ledger.due)
    signed = all(set(state.attestations.get(sequence, {})) == members for sequence in range(1, due + 1))
    claimed = len(state.claimed) == len(ledger.updates)
    return full and signed and claimed and state.last_anchored == due and not state.in_flight


def _manifests(home: Path) -> dict[str, str]:
    path = home / "figures.json"
    found: dict[str, str] = json.loads(path.read_text()).get("manifests", {}) if path.exists() else {}
    return found


@contextmanager
def laps(folder: Path, died: Path) -> Iterator[Laps]:
    """A new consortium whose quorum is everybody, so that nothing goes on without the daemons that die."""
    died.mkdir()
    for half in HALVES:
        (died / half).touch()
    worker = folder / "worker"
    with world(folder, quorum=3) as made, ExitStack() as stack:
        agreement = made.agree()
        made.start(BOREALIS)
        processes = {
            name: stack.enter_context(_mortal(made.members[name], made, died, worker / name)) for name in MORTAL
        }
        run = Laps(made, agreement, processes, died, worker)
        run._until(lambda ledger: all(len(ledger.prekeys[name]) == 16 for name in made.members), "prekeys")
        run._sent()  # what came before the first round is nobody's
        yield run
        for name in MORTAL:
            assert run.say(name, "end") == "0", made.log_of(name)


@contextmanager
def _mortal(member: Member, made: World, died: Path, worker: Path) -> Iterator[subprocess.Popen[str]]:
    """The program ``stepped_daemon.py`` for one member."""
    worker.mkdir(parents=True)
    program = Path(__file__).with_name("stepped_daemon.py")
    command = [sys.executable, str(program), str(member.home), str(died), str(worker), *member.overrides]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    with Guard() as guard, (made.folder / f"{member.name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env={**environment, **guard.mark},
        )
        guard.watch(process.pid)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
