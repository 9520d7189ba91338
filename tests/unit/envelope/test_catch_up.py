"""Answers to members that lack content keys: round trips, and everything that must not open or be read."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.envelope import CatchUpContext, ContentSecret, generate_prekey, open_catch_up, seal_catch_up
from orchestrator.envelope.catch_up import FORMAT, MAGIC, MOST_ENTRIES, OBJECT_LIMIT, _parsed, _plaintext
from orchestrator.envelope.prekeys import load_public, prekey_digest
from orchestrator.envelope.sealing import HPKE_SUITE
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.types import Address, OrganisationId, UpdateId

AURORA, BOREALIS, CUMULUS = (OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
CONTEXT = CatchUpContext(1337, Address("0x" + "ab" * 20), 7, AURORA, BOREALIS)


def update_id(number: int) -> UpdateId:
    return UpdateId("0x" + number.to_bytes(32, "big").hex())


def secret_of(number: int) -> ContentSecret:
    return ContentSecret(bytes([number % 256]) * 32, bytes([number % 251]) * 32)


SECRETS = {update_id(number): secret_of(number) for number in (9, 3, 250)}


@cache
def key() -> tuple[bytes, bytes]:
    return generate_prekey()


@cache
def sealed() -> bytes:
    return seal_catch_up(SECRETS, CONTEXT, key()[1])


def sealed_plaintext(plaintext: bytes) -> bytes:
    """What a member may well seal: anything."""
    public = key()[1]
    return MAGIC + HPKE_SUITE.encrypt(plaintext, load_public(public), CONTEXT.info(prekey_digest(public)))


def entry(number: int, **changes: Any) -> dict[str, Any]:
    words = {"update_id": update_id(number), "content_key": "0x" + "11" * 32, "content_salt": "0x" + "22" * 32}
    return {**words, **changes}


def document(entries: object, **changes: Any) -> bytes:
    return canonical_bytes({"format": FORMAT, "version": 1, "entries": entries, **changes})


def test_what_is_sealed_opens() -> None:
    assert open_catch_up(sealed(), CONTEXT, key()[0]) == SECRETS
    assert open_catch_up(seal_catch_up({}, CONTEXT, key()[1]), CONTEXT, key()[0]) == {}


def test_secrets_are_in_no_repr_and_not_in_the_object() -> None:
    assert all(secret.content_key not in sealed() for secret in SECRETS.values())
    assert secret_of(9).content_key.hex() not in repr(SECRETS)


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 1338},
        {"directory": Address("0x" + "ac" * 20)},
        {"number": 8},
        {"asker": CUMULUS},
        {"answerer": CUMULUS},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_opens_for_one_request_and_answer_only(change: dict[str, Any]) -> None:
    """Who copies another's object under its own name has answered nothing."""
    with pytest.raises(EnvelopeError, match="does not open: wrong key or context"):
        open_catch_up(sealed(), dataclasses.replace(CONTEXT, **change), key()[0])


def test_it_opens_with_one_key_only() -> None:
    with pytest.raises(EnvelopeError, match="does not open: wrong key or context"):
        open_catch_up(sealed(), CONTEXT, generate_prekey()[0])


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_changed_bytes_do_not_open(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sealed()) - 1), "place")
    changed = bytearray(sealed())
    changed[place] ^= data.draw(st.integers(1, 255), "change")
    with pytest.raises(EnvelopeError):
        open_catch_up(bytes(changed), CONTEXT, key()[0])


@given(st.integers(0, 4096))
@settings(max_examples=20, deadline=None)
def test_cut_bytes_do_not_open(length: int) -> None:
    with pytest.raises(EnvelopeError):
        open_catch_up(sealed()[: min(length, len(sealed()) - 1)], CONTEXT, key()[0])


def test_another_version_is_refused_by_name() -> None:
    with pytest.raises(EnvelopeError, match="not an answer of version 1") as refused:
        open_catch_up(b"LORANCC2" + sealed()[8:], CONTEXT, key()[0])
    assert "upgrade" in str(refused.value.mend)
    with pytest.raises(EnvelopeError, match="version"):
        open_catch_up(sealed_plaintext(document([], version=2)), CONTEXT, key()[0])


@pytest.mark.parametrize("public", [b"", b"x" * 1216, b"x" * 10], ids=["empty", "no curve point", "short"])
def test_a_key_that_is_none_is_told(public: bytes) -> None:
    """The chain takes any bytes for a key; some that have the length of one only fail when something is opened."""
    try:
        made = seal_catch_up(SECRETS, CONTEXT, public)
    except EnvelopeError as error:
        assert "key" in str(error)
    else:
        assert len(public) == 1216
        with pytest.raises(EnvelopeError):
            open_catch_up(made, CONTEXT, key()[0])


MALFORMED: Mapping[str, Callable[[], bytes]] = {
    "no JSON": lambda: b"\xff" * 40,
    "not canonical": lambda: document([]) + b" ",
    "another format": lambda: document([], format="loranchor/delta"),
    "entries that are no list": lambda: document({}),
    "a member more": lambda: document([], more=1),
    "an entry that is none": lambda: document(["entry"]),
    "an entry with a member more": lambda: document([entry(1, more="0x" + "00" * 32)]),
    "an entry without its salt": lambda: document([{k: v for k, v in entry(1).items() if k != "content_salt"}]),
    "a short key": lambda: document([entry(1, content_key="0x" + "11" * 31)]),
    "a key in capitals": lambda: document([entry(1, content_key="0x" + "AB" * 32)]),
    "a number for a key": lambda: document([entry(1, content_key=17)]),
    "an update twice": lambda: document([entry(1), entry(1)]),
    "updates out of order": lambda: document([entry(2), entry(1)]),
    "deep nesting": lambda: b"[" * 5000 + b"]" * 5000,
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_ill_formed_is_refused(what: str) -> None:
    with pytest.raises(EnvelopeError):
        open_catch_up(sealed_plaintext(MALFORMED[what]()), CONTEXT, key()[0])


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4), lambda inner: st.lists(inner))
)
@settings(max_examples=60, deadline=None)
def test_entries_of_any_kind_are_refused_or_read(value: object) -> None:
    try:
        assert _parsed(document(value)) == {} and value == []
    except EnvelopeError:
        assert value != []


def test_sizes_are_bounded() -> None:
    one = {update_id(1): secret_of(1)}
    with pytest.raises(EnvelopeError, match="at most 65536"):
        seal_catch_up({UpdateId(str(number)): secret_of(1) for number in range(MOST_ENTRIES + 1)}, CONTEXT, key()[1])
    with pytest.raises(EnvelopeError, match=f"at most {OBJECT_LIMIT}"):
        open_catch_up(MAGIC + bytes(OBJECT_LIMIT), CONTEXT, key()[0])
    size = len(_plaintext(one)) - len(_plaintext({}))
    rest = len(sealed_plaintext(_plaintext({})))
    assert (size + 1) * MOST_ENTRIES + rest <= OBJECT_LIMIT, "as many entries as are read fit into what is opened"


@given(st.dictionaries(st.integers(0, 2**256 - 1), st.integers(0, 2**31), max_size=20))
@settings(max_examples=15, deadline=None)
def test_any_secrets_come_back(chosen: dict[int, int]) -> None:
    made = {update_id(number): ContentSecret(secrets.token_bytes(32), secret_of(one).content_salt)
            for number, one in chosen.items()}  # fmt: skip
    assert open_catch_up(seal_catch_up(made, CONTEXT, key()[1]), CONTEXT, key()[0]) == made
