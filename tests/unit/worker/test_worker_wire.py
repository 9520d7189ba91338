"""Frames and words between a daemon and its worker."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, word_of

from orchestrator import errors
from orchestrator.contribution import ContributionRefused, Reason
from orchestrator.daemon.workbench import Judgement
from orchestrator.errors import ContentKeyDestroyed, DataError, FormatError, LoranchorError, WorkerError, WorkerLimit
from orchestrator.ledger.compactions import CompactionEntry, Prefix
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.types import ArtefactId, Digest, UpdateId, protected
from orchestrator.worker import wire
from orchestrator.worker.wire import Channel, Ended
from orchestrator.worker.words import (
    delta_of,
    delta_words,
    error_of,
    error_words,
    figure_of,
    judgements_of,
    judgements_words,
    manifest_of,
    manifest_words,
)

Pair = tuple[Channel, Channel]


@pytest.fixture
def pair() -> Pair:
    left, right = socket.socketpair()
    return Channel(left), Channel(right)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(words=st.dictionaries(st.text(min_size=1).filter(lambda key: key not in ("kind", "body", "self")), JSON))
def test_words_arrive_as_they_were(words: dict[str, object]) -> None:
    left, right = (Channel(end) for end in socket.socketpair())
    left.send("said", b"\x00\xff", **words)
    frame = right.receive()
    assert (frame.kind, frame.words, frame.body) == ("said", words, b"\x00\xff")
    left.close()
    right.close()


def test_a_large_body_arrives_while_it_is_sent(pair: Pair) -> None:
    body = os.urandom(20 << 20)
    sender = threading.Thread(target=pair[0].send, args=("large", body))
    sender.start()
    tracemalloc.start()
    found = pair[1].receive().body
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == body and peak < 1.4 * len(body), "it is in memory once"
    sender.join()
    close(pair)


def test_whether_something_came(pair: Pair) -> None:
    assert not pair[1].ready(0.01)
    pair[0].send("now")
    assert pair[1].ready(0.01)
    close(pair)


def test_the_end_is_noticed(pair: Pair) -> None:
    pair[0].close()
    assert pair[1].ready(1)
    with pytest.raises(Ended):
        pair[1].receive()
    with pytest.raises(Ended):
        pair[0].receive()
    with pytest.raises(Ended):
        pair[1].send("anybody", b"x" * (1 << 20))
    close(pair)


def test_an_end_in_the_middle_of_a_frame() -> None:
    left, right = socket.socketpair()
    left.sendall(wire._HEAD.pack(100, 0) + b"{")
    left.close()
    channel = Channel(right)
    with pytest.raises(Ended):
        channel.receive()
    channel.close()


def test_what_is_no_frame_is_an_end() -> None:
    left, right = socket.socketpair()
    left.sendall(b"\xff" * 12)
    channel = Channel(right)
    with pytest.raises(Ended, match="is none"):
        channel.receive()
    channel.close()
    left.close()


DEEP = b"[" * 200_000
WORDS = [b"{", b"\xff", DEEP, b"[]", b"{}", b'{"kind": 3}']


@pytest.mark.parametrize("words", WORDS, ids=["cut", "no text", "deep", "no object", "no kind", "a strange kind"])
def test_words_that_are_none_are_an_end(words: bytes) -> None:
    """Whoever sends them is not to end the daemon."""
    left, right = socket.socketpair()
    channel = Channel(right)
    sender = threading.Thread(target=left.sendall, args=(wire._HEAD.pack(len(words), 0) + words,))
    sender.start()
    with pytest.raises(Ended):
        channel.receive()
    sender.join()
    channel.close()
    left.close()


def test_a_frame_that_the_receiver_finds_too_large_is_not_read() -> None:
    left, right = socket.socketpair()
    channel = Channel(right, most_words=100, most_bytes=1000)
    for words, body in ((101, 0), (2, 1001)):
        left.sendall(wire._HEAD.pack(words, body))
        with pytest.raises(Ended, match="is none"):
            channel.receive()
    channel.close()
    left.close()


def test_a_frame_does_not_come_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is as good as none."""
    monkeypatch.setattr(wire, "STUCK_SECONDS", 0.2)
    left, right = socket.socketpair()
    channel, stop = Channel(right), threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not stop.wait(0.05):
                left.sendall(b" ")

    left.sendall(wire._HEAD.pack(1000, 0))
    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with pytest.raises(Ended, match="too slow"):
            channel.receive()
    finally:
        stop.set()
        dripping.join()
        channel.close()
        left.close()


def close(pair: Pair) -> None:
    for end in pair:
        end.close()


def test_a_manifest_keeps_its_digest() -> None:
    entries = tuple(
        Entry(number, AURORA, UpdateId(word_of(f"u{number}")), *(word_of(str(place)) for place in range(3)), 2**32)
        for number in (1, 2)
    )
    whole = Manifest(word_of("base"), word_of("settings"), "stack", entries)
    prefix = Prefix(1, 1, word_of("root"), word_of("manifest"))
    standing = CompactionEntry(ArtefactId(word_of("artefact")), word_of("object"), prefix, 10**20)
    compacted = Manifest(word_of("base"), word_of("settings"), "stack", (standing, entries[1]), entries[:1])
    for manifest in (whole, compacted):
        assert manifest_of(manifest_words(manifest)) == manifest
        assert manifest_of(manifest_words(manifest)).digest == manifest.digest


def test_judgements_and_deltas() -> None:
    first, second = UpdateId(word_of("first")), UpdateId(word_of("second"))
    judgements = {first: Judgement(True, 5, -3, ""), second: Judgement(False, 0, 0, "NOT_FINITE")}
    assert judgements_of(judgements_words(judgements)) == judgements
    delta = protected(b"payload", policy="none", samples=3, epsilon=0, parent_manifest=Digest("0x" + "00" * 32))
    assert delta_of(delta_words(delta), delta.payload) == delta


@pytest.mark.parametrize("error", [DataError("no", mend="so"), ContentKeyDestroyed("gone"), WorkerLimit("much")])
def test_an_error_keeps_its_kind_and_words(error: LoranchorError) -> None:
    back = error_of(error_words(error))
    assert (type(back), str(back), back.mend) == (type(error), str(error), error.mend)


def test_every_error_can_be_told() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LoranchorError)]
    assert all(type(error_of(error_words(kind("x")))) is kind for kind in kinds)


def test_an_error_of_the_worker_alone_is_the_next_wider_one() -> None:
    assert type(error_of(error_words(ContributionRefused(Reason.EMPTY, "x")))) is FormatError


SOUND = {"accept": True, "weight_cap": 5, "score": -3, "reason": ""}
DELTA = {"policy": "none", "samples": 3, "epsilon": 0, "parent_manifest": word_of("parent")}
FIGURE = {"metric": "loss", "value": 1.5, "samples": 8}
UPDATE = word_of("update")
STRANGE: list[tuple[Any, Any]] = [
    (judgements_of, None),
    (judgements_of, {UPDATE: None}),
    (judgements_of, {"0xab": SOUND}),
    (judgements_of, {UPDATE: {}}),
    *((judgements_of, {UPDATE: SOUND | change}) for change in (
        {"accept": 1}, {"weight_cap": -1}, {"weight_cap": 2**32}, {"weight_cap": 1.5}, {"score": 2**63},
        {"score": None}, {"reason": 7}, {"reason": "x" * 33}, {"reason": "\u00e9"}, {"more": 1},
    )),
    *((figure_of, FIGURE | change) for change in (
        {"value": float("nan")}, {"value": float("inf")}, {"value": "1"}, {"value": True}, {"samples": -1},
        {"metric": None}, {"more": 1},
    )),
    (figure_of, {}),
    *((lambda words: delta_of(words, b""), DELTA | change) for change in (
        {"policy": 1}, {"samples": -1}, {"samples": 2**64}, {"epsilon": 0.5}, {"parent_manifest": "0x"}, {"more": 1},
    )),
    *((error_of, words) for words in (
        {}, {"kinds": [], "message": "", "mend": ""}, {"kinds": ["Exception"], "message": "", "mend": ""},
        {"kinds": ["DataError"], "message": 1, "mend": ""}, {"kinds": 3, "message": "", "mend": ""},
        {"kinds": [[]], "message": "", "mend": ""},
    )),
]  # fmt: skip


@pytest.mark.parametrize(("decode", "words"), STRANGE)
def test_strange_answers_are_the_workers_fault_and_nobody_elses(decode: Any, words: Any) -> None:
    assert judgements_of({UPDATE: SOUND}) and figure_of(FIGURE) and delta_of(DELTA, b"")
    with pytest.raises(WorkerError, match="no answer"):
        raise decode(words)
