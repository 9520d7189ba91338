"""Catching up with real keys and seals: what is kept, what is refused, and what is destroyed afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.daemon.catching import DORADO, Catching, Given
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task

from orchestrator.daemon.catching_up import context_of_answer, keep_proven, secrets_to_give, unopened_updates
from orchestrator.daemon.opening import open_contribution
from orchestrator.envelope import ContentSecret, generate_prekey, open_catch_up
from orchestrator.errors import ContentKeyDestroyed, EnvelopeError, KeystoreError, ObjectMissing, ProtocolError
from orchestrator.ledger.catch_ups import shareable_updates
from orchestrator.protocol import effects as fx
from orchestrator.types import Cid, UpdateId


@pytest.fixture
def life(catching: Catching) -> Catching:
    return catching


@pytest.fixture
def asked(life: Catching) -> Catching:
    """A newcomer has asked, and nobody else runs its node."""
    life.join()
    for name in MEMBERS:
        life.nodes.pop(name)
    life.until(lambda: bool(life.history.state.catch_ups))
    return life


def open_answers(life: Catching) -> None:
    """Until the newcomer has nothing to do."""
    life.until(lambda: bool(life.asked(fx.OpenCatchUp)))


def told(life: Catching, event: str) -> list[dict[str, object]]:
    return [dict(item) for item in life.services[DORADO].journal.events() if item["event"] == event]


def test_a_newcomer_opens_what_was_sealed_before_it_came(life: Catching) -> None:
    life.join()
    life.until(life.caught_up())
    life.settle()
    assert life.manifest(DORADO) == life.manifest(AURORA) and len(life.manifest(DORADO).updates) == 3
    for update_id in life.manifest(DORADO).updates:
        update = life.history.state.updates[update_id]
        opened = [open_contribution(life.services[name], update) for name in (AURORA, DORADO)]
        assert opened[0] == opened[1]
        assert {update.header_cid, update.payload_cid} <= life.stores[DORADO].pinned


def test_it_takes_part_in_the_next_round(life: Catching) -> None:
    life.join()
    life.until(life.caught_up())
    life.settle()
    life.open_round()
    life.settle()
    assert {life.history.state.updates[item].organisation for item in life.history.state.rounds[2].submissions} == {
        *MEMBERS,
        DORADO,
    }
    assert life.manifest(DORADO) == life.manifest(CUMULUS) and len(life.manifest(DORADO).updates) == 7


def test_a_round_that_opens_meanwhile_waits_for_the_keys(life: Catching) -> None:
    """Training is tried again when the manifest can be opened; nobody passes a round for that."""
    life.join()
    life.spec = task(deadlines={"submit": 120, "release": 20, "commit": 20, "reveal": 20})
    number = life.open_round()
    life.until(lambda: life.history.state.open_round is None, steps=300)
    found, owners = life.history.state.rounds[number], life.history.state.updates
    assert life.asked(fx.TrainUpdate).count((DORADO, fx.TrainUpdate(number))) == 2, "the first time nothing opened"
    assert DORADO not in found.passed and DORADO in {owners[item].organisation for item in found.submissions}


def test_the_key_of_the_request_is_destroyed_when_it_has_served(life: Catching) -> None:
    life.join()
    life.until(life.caught_up())
    asked = life.history.state.catch_ups[1]
    (answerer, answer), *_ = asked.answers.items()
    life.settle()
    with pytest.raises(KeystoreError, match="destroyed"):
        life.keystores[DORADO].prekey_private(asked.key_digest)
    assert answer.cid in life.stores[answerer].pinned, "while the request stands"


def test_a_member_without_a_prekey_in_a_round_catches_up(life: Catching) -> None:
    life.history.discard_prekeys(CUMULUS)
    number = life.open_round()
    assert CUMULUS not in life.history.state.rounds[number].recipients
    life.until(lambda: life.history.state.open_round is None)
    life.until(life.caught_up(CUMULUS))
    life.settle()
    assert {name for name, _ in life.asked(fx.AskCatchUp)} == {CUMULUS}
    assert life.manifest(CUMULUS) == life.manifest(AURORA)
    assert set(life.manifest(CUMULUS).updates) <= set(life.keystores[CUMULUS].contents())


def test_a_member_that_was_away_for_a_round_comes_back_alone(life: Catching) -> None:
    """Its prekey of the round is destroyed unused: whatever was sealed to it meanwhile the others give it."""
    life.open_round()
    life.until(lambda: len(life.history.state.updates) == 6)
    del life.nodes[CUMULUS]
    life.until(lambda: life.history.state.open_round is None, steps=200)
    life.restart(CUMULUS)
    life.until(life.caught_up(CUMULUS))
    life.settle()
    assert life.manifest(CUMULUS) == life.manifest(AURORA) and len(life.manifest(CUMULUS).updates) >= 5
    assigned = life.history.state.rounds[2].recipients[CUMULUS].digest
    with pytest.raises(KeystoreError, match="destroyed"):
        life.keystores[CUMULUS].prekey_private(assigned)


def test_unopened_says_what_is_missing(asked: Catching) -> None:
    ledger = asked.now(DORADO).ledger
    assert unopened_updates(ledger, asked.services[DORADO]) == shareable_updates(ledger) != ()
    assert unopened_updates(ledger, asked.services[AURORA]) == ()


def test_only_what_may_be_shared_is_given(life: Catching) -> None:
    services, ledger = life.services[AURORA], life.now(AURORA).ledger
    assert set(secrets_to_give(services, ledger)) == set(shareable_updates(ledger))
    services.keystore.store_content(
        UpdateId("0x" + "77" * 32), bytes(32), bytes(32)
    )  # of a round that is open, or lost
    assert set(secrets_to_give(services, ledger)) == set(shareable_updates(ledger))


def test_a_revoked_contribution_does_not_come_back(life: Catching) -> None:
    """Not before, not while, and not after it is shredded, though a member still has it and sends it."""
    revoked = next(item for item in life.history.state.updates.values() if item.organisation == AURORA)
    stolen = life.secrets(AURORA)
    life.request(AURORA)
    life.settle()
    assert next(iter(life.history.state.revocations.values())).shredded
    life.join()
    for name in MEMBERS:
        life.nodes.pop(name)
    life.until(lambda: bool(life.history.state.catch_ups))
    life.give(BOREALIS, 1, stolen)
    open_answers(life)
    assert life.lacks(DORADO) == set()
    assert revoked.id not in life.keystores[DORADO].contents()
    with pytest.raises(ContentKeyDestroyed):
        life.keystores[AURORA].store_content(revoked.id, bytes(32), bytes(32))


def test_what_a_keystore_without_tombstones_shredded_is_not_taken_back(asked: Catching) -> None:
    """As after a restored backup: what may be kept follows from the records."""
    first = next(iter(asked.history.state.updates))
    secrets = asked.secrets(AURORA)
    asked.history.request(asked.history.state.updates[first].organisation, [first])
    asked.give(AURORA, 1, secrets)
    open_answers(asked)
    assert set(asked.keystores[DORADO].contents()) == set(secrets) - {first}


def wrong_key(secrets: Given) -> Given:
    return {item: ContentSecret(bytes(32), secret.content_salt) for item, secret in secrets.items()}


def wrong_salt(secrets: Given) -> Given:
    return {item: ContentSecret(secret.content_key, bytes(32)) for item, secret in secrets.items()}


def swapped(secrets: Given) -> Given:
    names = [*secrets]
    return dict(zip(names, [secrets[name] for name in names[1:] + names[:1]], strict=True))


@pytest.mark.parametrize("lie", [wrong_key, wrong_salt, swapped], ids=lambda lie: lie.__name__)
def test_a_wrong_secret_is_not_kept(asked: Catching, lie: Callable[[Given], Given]) -> None:
    asked.give(BOREALIS, 1, lie(asked.secrets(BOREALIS)))
    open_answers(asked)
    assert asked.keystores[DORADO].contents() == ()
    assert {item["code"] for item in told(asked, "catch-up-refused")} == {"EnvelopeError"}


def test_what_is_right_in_a_bad_answer_is_kept(asked: Catching) -> None:
    secrets = asked.secrets(BOREALIS)
    good = next(iter(secrets))
    asked.give(BOREALIS, 1, {**wrong_key(secrets), good: secrets[good]})
    open_answers(asked)
    assert asked.keystores[DORADO].contents() == (good,)


def copied_from_another(life: Catching) -> None:
    """The bytes of a good answer under another's name."""
    life.give(BOREALIS, 1, life.sealed(AURORA, 1, life.secrets(AURORA)))


BAD_OBJECTS: dict[str, Callable[[Catching], None]] = {
    "bytes of any kind": lambda life: life.give(BOREALIS, 1, b"nothing"),
    "an older version": lambda life: life.give(BOREALIS, 1, b"LORANCC0" + bytes(2000)),
    "another object than recorded": lambda life: life.give(BOREALIS, 1, life.secrets(BOREALIS), "0x" + "00" * 32),
    "no CID": lambda life: life.answered(BOREALIS, 1, "0x" + "11" * 32, Cid("../../etc/passwd")),
    "a copy": copied_from_another,
}


@pytest.mark.parametrize("what", BAD_OBJECTS)
def test_a_bad_object_is_given_up_at_once_and_another_is_asked_for(asked: Catching, what: str) -> None:
    BAD_OBJECTS[what](asked)
    open_answers(asked)
    assert asked.keystores[DORADO].contents() == ()
    asked.until(lambda: len(asked.history.state.catch_ups) == 2)
    asked.give(AURORA, 2, asked.secrets(AURORA))
    asked.until(asked.caught_up())


def test_an_object_that_nobody_has_is_given_up_after_a_second_look(asked: Catching) -> None:
    asked.answered(BOREALIS, 1, "0x" + "11" * 32, Cid("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"))
    asked.until(lambda: len(asked.history.state.catch_ups) == 2)
    assert len(asked.asked(fx.OpenCatchUp)) == 2


def test_a_payload_that_is_late_is_waited_for(asked: Catching, monkeypatch: pytest.MonkeyPatch) -> None:
    late = next(iter(asked.history.state.updates.values()))
    fetch = asked.stores[DORADO].fetch

    def slow(cid: Cid, **how: object) -> bytes:
        if cid == late.payload_cid and len(asked.asked(fx.OpenCatchUp)) == 1:
            raise ObjectMissing("nobody answers yet")
        return fetch(cid, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(asked.stores[DORADO], "fetch", slow)
    asked.give(BOREALIS, 1, asked.secrets(BOREALIS))
    open_answers(asked)
    assert asked.lacks(DORADO) == {late.id}
    asked.until(asked.caught_up())
    assert len(asked.history.state.catch_ups) == 1


def test_what_is_neither_contribution_nor_compaction_is_refused(asked: Catching) -> None:
    secret = ContentSecret(bytes(32), bytes(32))
    with pytest.raises(ProtocolError, match="neither a contribution nor a compaction"):
        keep_proven(asked.services[DORADO], asked.now(DORADO).ledger, UpdateId("0x" + "77" * 32), secret)


def test_an_answer_is_for_the_asker_only(life: Catching) -> None:
    life.join()
    life.until(lambda: bool(life.asked(fx.OpenCatchUp)))
    asked = life.history.state.catch_ups[1]
    name, answer = next(iter(asked.answers.items()))
    sealed = life.stores[AURORA].fetch(answer.cid, limit=1 << 24)
    assert all(secret.content_key not in sealed for secret in life.secrets(AURORA).values())
    with pytest.raises(EnvelopeError):
        open_catch_up(sealed, context_of_answer(life.services[name], asked, name), generate_prekey()[0])


def test_a_superseded_object_is_unpinned(life: Catching) -> None:
    life.join()
    life.until(lambda: bool(life.history.state.catch_ups[1].answers) if life.history.state.catch_ups else False)
    name, answer = next(iter(life.history.state.catch_ups[1].answers.items()))
    life.settle()
    life.handle(DORADO, life.now(DORADO), fx.AskCatchUp(2))
    life.settle()
    assert answer.cid not in life.stores[name].pinned


@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_answered_only_right_keys_are_kept(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any mixture of right, wrong, foreign and missing entries, of two members."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    life = Catching(tmp_path_factory.mktemp("life"))
    try:
        life.until(lambda: all(name in life.history.state.prekeys for name in MEMBERS))
        life.open_round()
        life.settle()
        life.join()
        for name in MEMBERS:
            life.nodes.pop(name)
        life.until(lambda: bool(life.history.state.catch_ups))
        right = life.secrets(AURORA)
        for name in data.draw(st.permutations([AURORA, BOREALIS]), "order"):
            life.give(name, 1, mixed(data, right, name))
        life.until(lambda: len(life.asked(fx.OpenCatchUp)) >= 2)
        assert set(life.keystores[DORADO].contents()) <= set(right)
        for item in life.keystores[DORADO].contents():
            assert replace(right[item]) == life.secrets(DORADO)[item]
    finally:
        life.close()


def mixed(data: st.DataObject, right: Given, name: str) -> Given:
    made: Given = {}
    for item, secret in right.items():
        kind = data.draw(st.sampled_from(["right", "left out", "wrong key", "wrong salt"]), f"{name}: {item[:8]}")
        if kind != "left out":
            key = bytes(32) if kind == "wrong key" else secret.content_key
            made[item] = ContentSecret(key, bytes(32) if kind == "wrong salt" else secret.content_salt)
    if data.draw(st.booleans(), f"{name}: a foreign one"):
        made[UpdateId("0x" + "99" * 32)] = ContentSecret(bytes(32), bytes(32))
    return made
