"""Events that the contracts count and nobody entitled has signed: told by an alarm, once, and in what they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.audit.life import Life
from unit.daemon.followed import Followed, accept
from unit.ledger.actors import AURORA, BOREALIS, private_key, word_of

from orchestrator.daemon.alarms import RECORD_PASSED_OVER
from orchestrator.errors import ProtocolError


@pytest.fixture
def followed(tmp_path: Path, believed_at_once: None) -> Iterator[Followed]:
    made = Followed.of(Life(), tmp_path)
    made.go()
    yield made
    made.services.journal.close()


def forge(life: Life, event: str, **values: object) -> str:
    """As a development chain's node mines what its operator sends in a member's name."""
    named = {"organisation": AURORA, "leaf_salt": word_of("forged"), **values}
    told = [("RoundLedger", event, named)]
    hash_ = life.private.transact(private_key("delegate", AURORA), life.private.addresses["RoundLedger"], b"", told)
    life.private._mined[hash_][0]["r"] = 0  # type: ignore[index]
    return hash_


def test_it_is_an_alarm_that_names_it(followed: Followed) -> None:
    hash_ = forge(followed.life, "AgreementAccepted", agreement_digest=word_of("forged"))
    followed.go()
    followed.check()
    assert followed.alarms == [RECORD_PASSED_OVER]
    (alarm,) = followed.services.journal.alarms()
    assert "AgreementAccepted" in alarm.text and hash_ in alarm.text
    assert word_of("forged") not in followed.state.ledger.agreements


def test_what_the_operator_has_seen_is_not_told_again_but_a_further_one_is(followed: Followed) -> None:
    forge(followed.life, "AgreementAccepted", agreement_digest=word_of("forged"))
    followed.go()
    followed.services.journal.clear_alarm(RECORD_PASSED_OVER)
    followed.start()
    followed.go()
    accept(followed.life, "one")
    followed.go()
    assert followed.alarms == []
    forge(followed.life, "AgreementAccepted", agreement_digest=word_of("again"))
    followed.go()
    assert followed.alarms == [RECORD_PASSED_OVER]


def test_one_that_a_reorganisation_brings_again_is_told_again(followed: Followed) -> None:
    before = followed.life.private.block_number()
    forge(followed.life, "AgreementAccepted", agreement_digest=word_of("forged"))
    followed.go()
    followed.services.journal.clear_alarm(RECORD_PASSED_OVER)
    followed.life.private.rewind(before)
    followed.life.private.mine(2)
    followed.go()
    assert followed.alarms == []
    forge(followed.life, "AgreementAccepted", agreement_digest=word_of("forged"))
    followed.go()
    assert followed.alarms == [RECORD_PASSED_OVER]


def test_what_builds_on_it_ends_the_daemon_by_name(followed: Followed) -> None:
    """The alarm is on disk before: the next start finds both."""
    hash_ = forge(followed.life, "AgreementAccepted", agreement_digest=word_of("forged"))
    values = {"round_id": 9, "organisation": BOREALIS, "leaf_salt": word_of("salt")}
    told = [("RoundLedger", "RoundPassed", values)]
    chain = followed.life.private
    chain.transact(private_key("delegate", BOREALIS), chain.addresses["RoundLedger"], b"", told)
    for _ in range(2):
        with pytest.raises(ProtocolError, match="contradicts the ledger: round 9 is not open") as caught:
            followed.go()
        assert "AgreementAccepted" in caught.value.mend and hash_ in caught.value.mend
        assert followed.alarms == [RECORD_PASSED_OVER]
        followed.start()
