"""ε on real chains: recorded with each update, refused by the contract beyond the cap, and not spent by daemons."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from real_world import LONG, World, world
from unit.ledger.actors import private, task, word_of

from orchestrator.chain.structs import Submission
from orchestrator.daemon.journal import read_journal
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.services import leaf_salt
from orchestrator.errors import TransactionReverted
from orchestrator.ledger.entities import RoundStatus
from orchestrator.types import OrganisationId

AURORA, BOREALIS, CUMULUS = MEMBERS = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
CAP = 1_500_000
"""One training of ε 1, as the pretended workbench counts, and not two."""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, list[str]]]:
    """Two rounds of one task; in the second, cumulus hands in what is beyond the cap, and what is less than before."""
    with world(tmp_path_factory.mktemp("world")) as found:
        agreement = found.agree()
        for name in MEMBERS:
            found.start(name)
        found.until(lambda: not found.ledger.without_prekeys, 120, "prekeys")
        opener, liar = (found.members[name].services for name in (AURORA, CUMULUS))
        assert opener is not None and liar is not None
        spec = task(deadlines=LONG, minimum_updates=3, privacy=private(epsilon_cap=CAP))
        first = open_round(opener, spec, agreement)
        found.until(lambda: found.ledger.rounds[first].status is RoundStatus.CLOSED, 240, "the first round")
        asked, go_on, train = threading.Event(), threading.Event(), liar.bench.train

        def waiting(*words: Any, **rest: Any) -> Any:
            asked.set()
            assert go_on.wait(240)
            return train(*words, **rest)

        liar.bench.train = waiting  # type: ignore[method-assign]
        second = open_round(opener, spec, agreement)
        found.until(asked.is_set, 120, "cumulus is to train")
        refused = [refusal(liar, second, epsilon) for epsilon in (CAP + 1, 999_999)]
        go_on.set()
        found.until(lambda: found.ledger.rounds[second].status is not RoundStatus.OPEN, 240, "the second round")
        yield found, refused


def refusal(services: Any, number: int, epsilon: int) -> str:
    """The contract's error to an update that says this ε."""
    digests = {name: word_of(name) for name in ("ciphertext_digest", "header_digest", "content_commitment")}
    parent, statement = services.private.rounds, word_of("statement")
    submission = Submission(
        **digests, data_statement_digest=statement, parent_manifest=word_of("parent"), samples=1, epsilon=epsilon
    )
    with pytest.raises(TransactionReverted) as found:
        services.send_private(parent.submit_update(number, submission, leaf_salt()))
    return found.value.error


def test_what_was_spent_is_recorded_with_the_update(made: tuple[World, list[str]]) -> None:
    ledger = made[0].ledger
    found = {ledger.updates[item].organisation: ledger.updates[item].epsilon for item in ledger.rounds[1].submissions}
    assert found == dict.fromkeys(MEMBERS, 1_000_000)


def test_the_contract_refuses_more_than_the_cap_and_less_than_before(made: tuple[World, list[str]]) -> None:
    assert made[1] == ["RoundLedgerEpsilonAboveCap", "RoundLedgerEpsilonFell"]


def test_no_daemon_trains_beyond_the_cap(made: tuple[World, list[str]]) -> None:
    round_ = made[0].ledger.rounds[2]
    assert round_.status is RoundStatus.FAILED and not round_.submissions and round_.passed == set(MEMBERS)
    for name in MEMBERS:
        events = read_journal(made[0].members[name].home)
        (error,) = {
            str(event["error"])
            for event in events
            if event["event"] == "effect-failed" and event["effect"] == "train/2"
        }
        assert "training number 2 would bring ε to 2000000 millionths" in error
