"""A call that the contract refuses after it was checked: what has happened in between is what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.chain.proxy import Call
from orchestrator.disputes.award_actions import BATCH, Claim, claim_all
from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.reach import Keys
from orchestrator.errors import ProtocolError, TransactionReverted
from orchestrator.ledger.awards import Award
from orchestrator.types import Address, Digest, UpdateId

CALL = Call("Contract.function", 1, Address("0x" + "11" * 20), b"", "delegate")


class Refusing:
    """A sender whose contract refuses with one error."""

    def __init__(self, error: str) -> None:
        self.error, self.calls = error, 0

    def send(self, call: Call) -> Any:
        self.calls += 1
        raise TransactionReverted("the contract refused", error=self.error)


def keys(error: str) -> Keys:
    own = Keys(cast("Any", None), cast("Any", None), "delegate")
    own.sender = lambda side: Refusing(error)  # type: ignore[method-assign,assignment,return-value]
    return own


def test_the_second_look_says_it_better(tmp_path: Path) -> None:
    def again() -> None:
        raise ProtocolError("somebody else was faster")

    with pytest.raises(ProtocolError, match="somebody else was faster"):
        keys("RoundLedgerNotOpen").send("private", CALL, again)


def test_where_nothing_has_changed_the_refusal_stands() -> None:
    looked: list[int] = []
    with pytest.raises(TransactionReverted, match="the contract refused"):
        keys("RoundLedgerNotOpen").send("private", CALL, lambda: looked.append(1))
    assert looked == [1]


def claims(count: int) -> list[Claim]:
    awards = tuple(
        Award(place, UpdateId(f"0x{place:064x}"), Address("0x" + "22" * 20), 1 + place) for place in range(count)
    )
    listed = AwardList(1, awards)
    return [Claim(listed, award, None) for award in awards]


class Distributor:
    """The part of the proxies that claiming uses."""

    def __init__(self) -> None:
        self.awards = self
        self.batches: list[int] = []

    def claim_batch(self, awards: list[Any], proofs: list[list[Digest]]) -> Call:
        self.batches.append(len(awards))
        return CALL


def test_awards_that_a_daemon_claimed_first_are_no_error() -> None:
    public, sender = Distributor(), Refusing("AwardDistributorNothingLeft")
    assert claim_all(cast("Any", public), cast("Any", sender), claims(2 * BATCH + 1)) == []
    assert public.batches == [BATCH, BATCH, 1]
    with pytest.raises(TransactionReverted):
        claim_all(cast("Any", public), cast("Any", Refusing("AwardDistributorTooEarly")), claims(1))
