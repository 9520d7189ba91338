"""Three organisations with homes on two real chains: what their daemons would send is sent here; disputes are typed."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chain_deployment import Consortium, MemberKeys
from unit.ledger.actors import task

from orchestrator import cli
from orchestrator.chain.connection import Connection
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.reader import read_records
from orchestrator.chain.sender import TransactionSender
from orchestrator.chain.structs import Opening, Submission, Verdict
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.disputes.anchored import anchor_view
from orchestrator.disputes.signed import SignedCheckpoint, write_signed
from orchestrator.envelope import generate_prekey
from orchestrator.keystore import Keystore
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.ids import request_id_of
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import Ledger
from orchestrator.organisation import FILE, Organisation
from orchestrator.storage import IpfsStore
from orchestrator.types import Cid, Digest, OrganisationId, RequestId, UpdateId

SALT, NONCE = sha256(b"leaf salt"), sha256(b"nonce")
PASSWORD = "correct horse"
WINDOW, VESTING, STEPS = 40, 5, 60
SPEC = task(minimum_updates=2, deadlines={"submit": 30, "release": 30, "commit": 30, "reveal": 30})


@dataclass(frozen=True)
class Said:
    """What a verb printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class World:
    """Members by name, their homes, the IPFS node of all of them, and the private chain as it was read last."""

    consortium: Consortium
    folder: Path
    ipfs: str
    tasks: Mapping[Digest, TaskSpec] = field(default_factory=lambda: {SPEC.digest: SPEC})
    SALT: Digest = SALT
    known: Ledger = field(default_factory=Ledger)
    seen: int = -1

    def __post_init__(self) -> None:
        self.members: Mapping[str, MemberKeys] = {item.organisation: item for item in self.consortium.members}
        for member in self.consortium.members:
            self._home(member)
        self.store = IpfsStore(self.ipfs)
        self.agreement = self._agree()

    def _home(self, member: MemberKeys) -> None:
        home = self.folder / "homes" / member.organisation
        password = self.folder / f"{member.organisation}.password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD + "\n")
        keys = {
            "authority_key": bytes(member.authority.account.key),
            "delegate_key": bytes(member.delegate.account.key),
        }
        settings = {
            "chain.network": None,
            "chain.deployments": str(self.consortium.folder),
            "chain.public.url": self.consortium.public_chain.url,
            "chain.private.url": self.consortium.private_chain.url,
            "storage.api_url": self.ipfs,
        }
        with Keystore.create(home, PASSWORD, scrypt_n=2, **keys) as store:
            made = Organisation(member.organisation, home, store.authority_address, store.delegate_address, settings)
        (home / FILE).write_text(json.dumps(made.document))

    def _agree(self) -> Agreement:
        private, names = self.consortium.private, list(self.members)
        agreement = Agreement.of(private.deployment.consortium_id, "Agreement", names, "tests", ["Be honest."])
        for name in names:
            self.by(name, private.rounds.accept_agreement(agreement.digest, SALT))
        return agreement

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Both chains as they were before, whatever happens within."""
        chains = (self.consortium.public_chain, self.consortium.private_chain)
        marks = [chain.request("evm_snapshot", []) for chain in chains]
        try:
            yield
        finally:
            for chain, mark in zip(chains, marks, strict=True):
                assert chain.request("evm_revert", [mark])
            self.known, self.seen = Ledger(), -1

    # -- what is typed

    def type(self, name: str, *words: str, signs: bool = False) -> Said:
        """A verb on a member's home; ``signs`` gives the password's file, too."""
        home = ["--home", str(self.folder / "homes" / name)]
        password = ["--password-file", str(self.folder / f"{name}.password")] if signs else []
        return self.run([*words, *home, *password])

    def run(self, words: Sequence[str]) -> Said:
        """A whole command line."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(list(words))
        return Said(code, out.getvalue(), err.getvalue())

    def done(self, name: str, *words: str, signs: bool = False) -> str:
        """What a verb printed that succeeded."""
        said = self.type(name, *words, signs=signs)
        assert said.code == 0, said
        assert said.err == ""
        return said.out

    def refused(self, name: str, *words: str, code: int, signs: bool = False) -> str:
        """The one line of a verb that was refused."""
        said = self.type(name, *words, signs=signs)
        assert said.code == code, said
        assert said.out == "" and said.err.count("\n") == 1 and said.err.startswith("error: "), said
        return said.err

    # -- what daemons send

    @property
    def state(self) -> LedgerState:
        """With everything that happened since it was last looked at."""
        chain, contracts, members = self.consortium.private_chain, self.consortium.private, self.known.state.members
        head = chain.block_number()
        for record in read_records(chain, contracts, self.seen + 1, head, members=members):
            self.known.append(record)
        self.seen = head
        return self.known.state

    def by(self, name: str, call: Call) -> Receipt:
        member = self.members[name]
        on_public = call.chain_id == self.consortium.public_chain.chain_id
        chain = self.consortium.public_chain if on_public else self.consortium.private_chain
        signer = member.authority if call.role == "authority" else member.delegate
        return TransactionSender(chain, signer, timeout=30, poll=0.02).send(call)

    def open(self, **changes: Any) -> int:
        """A round; every member has a prekey for it."""
        private = self.consortium.private
        for name in self.members:
            self.by(name, private.keys.publish_prekeys([generate_prekey()[1]], SALT))
        return self.reopen(**changes)

    def reopen(self, **changes: Any) -> int:
        """A round with the prekeys that are there."""
        self.by("aurora", self.consortium.private.rounds.open_round(replace(self._opening(), **changes), SALT))
        number = self.state.open_round
        assert number is not None
        return number

    def _opening(self) -> Opening:
        return Opening(
            manifest_digest=build_manifest(self.state, SPEC, self.tasks).digest,
            task_digest=SPEC.digest,
            task_cid=self.store.add(SPEC.to_bytes()),
            agreement_digest=self.agreement.digest,
            agreement_cid=self.store.add(self.agreement.to_bytes()),
            submit_blocks=SPEC.deadlines.submit,
            release_blocks=SPEC.deadlines.release,
            commit_blocks=SPEC.deadlines.commit,
            reveal_blocks=SPEC.deadlines.reveal,
            minimum_updates=SPEC.minimum_updates,
            epsilon_cap=1_000_000,
        )

    def submit(self, name: str, number: int, *, epsilon: int = 0) -> None:
        parent = self.state.rounds[number].opening.manifest_digest
        parts = [sha256(f"{name}/{number}/{part}".encode()) for part in range(4)]
        self.by(
            name, self.consortium.private.rounds.submit_update(number, Submission(*parts, parent, 9, epsilon), SALT)
        )

    def updates(self, number: int) -> dict[str, UpdateId]:
        """A round's updates by owner."""
        state = self.state
        return {state.updates[item].organisation: item for item in state.rounds[number].submissions}

    def release(self, name: str, number: int) -> None:
        call = self.consortium.private.rounds.release_update(self.updates(number)[name], Cid("QmP"), Cid("QmH"), SALT)
        self.by(name, call)

    def judge(self, number: int, scores: Mapping[str, Mapping[str, int]]) -> None:
        """Everybody commits, then reveals; ``scores``: by judge, by owner."""
        rounds, updates = self.consortium.private.rounds, self.updates(number)
        verdicts = {
            judge: [Verdict(update, True, score=scores[judge].get(owner, 0)) for owner, update in updates.items()]
            for judge in scores
        }
        for judge, rows in verdicts.items():
            name = OrganisationId(judge)
            self.by(judge, rounds.commit_verdicts(number, verdict_commitment(number, name, rows, NONCE), SALT))
        for judge, rows in verdicts.items():
            self.by(judge, rounds.reveal_verdicts(number, rows, NONCE, SALT))

    def round(self, scores: Mapping[str, Mapping[str, int]]) -> int:
        """A whole round, closed; returns the sequence of its checkpoint."""
        number = self.open()
        for name in self.members:
            self.submit(name, number)
        for name in self.members:
            self.release(name, number)
        self.judge(number, scores)
        self.by("borealis", self.consortium.private.rounds.close_round(number, SALT))
        return self.state.due[-1].sequence

    def checkpoint(self, **changes: Any) -> Checkpoint:
        """The newest checkpoint that is due, as honest members sign it; or with another content."""
        due = self.state.due[-1]
        block = self.consortium.private_chain.block(due.block)
        content = self.known.checkpoint_content(due, block.hash, self.tasks)
        current = self.consortium.public.consortium.current()
        view = anchor_view(self.consortium.public)
        honest = content.checkpoint(
            previous_head=view.head, consortium_digest=current.consortium_digest, epoch=current.epoch
        )
        return replace(honest, **changes)

    def signature(self, name: str, checkpoint: Checkpoint, key: str = "delegate") -> bytes:
        anchor = self.consortium.public.anchor
        message = checkpoint_digest(checkpoint, anchor.chain.chain_id, anchor.address)
        return bytes(getattr(self.members[name], key).account.unsafe_sign_hash(message).signature)

    def write_signed(self, path: Path, name: str, checkpoint: Checkpoint, key: str = "delegate") -> Path:
        """A document of a member's, as another one might hand it over."""
        anchor, signature = self.consortium.public.anchor, self.signature(name, checkpoint, key)
        organisation = self.members[name].organisation
        signed = SignedCheckpoint(checkpoint, organisation, signature, anchor.chain.chain_id, anchor.address)
        return write_signed(path, signed)

    def attest(self, name: str, checkpoint: Checkpoint) -> None:
        call = self.consortium.private.schedule.attest(
            checkpoint.sequence, head_of(checkpoint), self.signature(name, checkpoint)
        )
        self.by(name, call)

    def anchor(self, checkpoint: Checkpoint, signers: Sequence[str], by: str = "aurora") -> None:
        """Relayed with these members' signatures."""
        signed = {self.members[name].delegate.address: self.signature(name, checkpoint) for name in signers}
        ordered = [signed[address] for address in sorted(signed)]
        previous = anchor_view(self.consortium.public).last
        self.by(by, self.consortium.public.anchor.anchor(previous, checkpoint, ordered))

    def next_request(self) -> RequestId:
        """The id that the next revocation request will have."""
        ledger = self.consortium.private.revocations
        return request_id_of(ledger.chain.chain_id, ledger.address, len(self.state.revocations) + 1)

    def mine(self, chain: Connection, until: int) -> None:
        """Empty blocks up to that number."""
        while chain.block_number() < until:
            chain.request("evm_mine", [])

    def pass_window(self, sequence: int) -> None:
        """Public blocks until the next one pays the awards of a checkpoint."""
        self.mine(self.consortium.public_chain, self.consortium.public.awards.vested_from(sequence) - 1)


def scores(**by_owner: int) -> dict[str, dict[str, int]]:
    """The same scores from every judge."""
    return {judge: dict(by_owner) for judge in ("aurora", "borealis", "cumulus")}
