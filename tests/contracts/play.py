"""Plays rounds and revocations: the members of a test's consortium and what they do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from brownie import web3
from contract_support import MILLION, SALT, ZERO, digest, mine
from eth_abi import encode
from eth_utils import keccak

AGREEMENT, TASK, MANIFEST = digest("agreement"), digest("task"), digest("manifest 0")
SUBMIT, RELEASE, COMMIT, REVEAL = 30, 20, 20, 20
NONCE = digest("nonce")
NONE, SUBMITTING, RELEASING, COMMITTING, REVEALING, AWAITING, CLOSED, FAILED = range(8)
VERDICT = "(bytes32,bool,uint32,int64,bytes32)[]"


def opening(**changes: Any) -> tuple[Any, ...]:
    values = {
        "manifest": MANIFEST,
        "task": TASK,
        "task_cid": "QmTask",
        "agreement": AGREEMENT,
        "agreement_cid": "QmAgreement",
        "submit": SUBMIT,
        "release": RELEASE,
        "commit": COMMIT,
        "reveal": REVEAL,
        "minimum": 2,
        "cap": 3 * MILLION,
    }
    assert changes.keys() <= values.keys()
    return tuple({**values, **changes}.values())


def submission(label: str = "u", epsilon: int = 0, **changes: Any) -> tuple[Any, ...]:
    values = {part: digest(f"{label} {part}") for part in ("ciphertext", "header", "commitment", "statement")}
    values["parent"] = MANIFEST
    return (*{**values, **changes}.values(), 100, epsilon)


def verdict(update: str, *, accept: bool = True, cap: int = MILLION, score: int = 5, reason: str = ZERO) -> tuple:
    return (update, accept, cap, score, reason)


def commitment(number: int, organisation: str, verdicts: list[tuple[Any, ...]], nonce: str = NONCE) -> str:
    rows = [(raw(v[0]), v[1], v[2], v[3], raw(v[4])) for v in verdicts]
    values = [number, raw(organisation), rows, raw(nonce)]
    return "0x" + keccak(encode(["uint64", "bytes32", VERDICT, "bytes32"], values)).hex()


def raw(word: str) -> bytes:
    return bytes.fromhex(str(word)[2:])


def mine_past(deadline: int) -> None:
    """So that the next transaction is in a block after ``deadline``."""
    mine(deadline - web3.eth.block_number)


class Rounds:
    """The private chain's contracts, and rounds played on them; ``number`` is that of the last one opened here."""

    def __init__(self, private: SimpleNamespace, parties: list[Any]) -> None:
        self.ledger, self.keys, self.parties = private.rounds, private.keys, parties
        self.number = 0

    def accept_agreement(self, agreement: str = AGREEMENT) -> None:
        for one in self.parties:
            self.ledger.acceptAgreement(agreement, SALT, {"from": one.authority})

    def open(self, **changes: Any) -> Any:
        tx = self.ledger.openRound(opening(**changes), SALT, {"from": self.parties[0].delegate})
        self.number = tx.events["RoundOpened"]["roundId"]
        return tx

    def submit(self, one: Any, label: str = "", epsilon: int = 0) -> str:
        terms = submission(label or one.organisation, epsilon)
        tx = self.ledger.submitUpdate(self.number, terms, SALT, {"from": one.delegate})
        return str(tx.events["UpdateSubmitted"]["updateId"])

    def submit_all(self) -> list[str]:
        return [self.submit(one) for one in self.parties]

    def release(self, one: Any, update: str) -> Any:
        return self.ledger.releaseUpdate(update, "QmPayload", "QmHeader", SALT, {"from": one.delegate})

    def commit(self, one: Any, verdicts: list[tuple[Any, ...]]) -> Any:
        word = commitment(self.number, one.organisation, verdicts)
        return self.ledger.commitVerdicts(self.number, word, SALT, {"from": one.delegate})

    def reveal(self, one: Any, verdicts: list[tuple[Any, ...]], nonce: str = NONCE) -> Any:
        return self.ledger.revealVerdicts(self.number, verdicts, nonce, SALT, {"from": one.delegate})

    def judge(self, verdicts_by: list[list[tuple[Any, ...]]]) -> list[Any]:
        for one, verdicts in zip(self.parties, verdicts_by, strict=True):
            self.commit(one, verdicts)
        return [self.reveal(one, verdicts) for one, verdicts in zip(self.parties, verdicts_by, strict=True)]

    def close(self) -> Any:
        return self.ledger.closeRound(self.number, SALT, {"from": self.parties[0].delegate})

    def fail(self) -> Any:
        """A quorum abandons the round."""
        for one in self.parties[:2]:
            tx = self.ledger.abandonRound(self.number, SALT, {"from": one.delegate})
        return tx

    def phase(self) -> int:
        return int(self.ledger.phaseOf(self.number))

    def whole(self, **changes: Any) -> list[str]:
        """A round in which all goes well; the updates by member."""
        self.open(**changes)
        updates = self.submit_all()
        for one, update in zip(self.parties, updates, strict=True):
            self.release(one, update)
        self.judge([[verdict(update) for update in updates] for _ in self.parties])
        self.close()
        return updates
