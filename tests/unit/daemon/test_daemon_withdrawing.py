"""Withdrawing samples: what saw them goes, the chain has salted commitments only, and it is all done or nothing."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from unit.daemon.consortium import PASSWORD, Consortium
from unit.ledger.actors import AURORA, CUMULUS

from orchestrator.commands import revoke
from orchestrator.daemon import operations
from orchestrator.daemon.view import Look
from orchestrator.disputes.withdrawing import (
    MOST_SAMPLES,
    Withdrawal,
    read_samples,
    traced_samples,
    withdraw,
    withdrawal,
)
from orchestrator.errors import ChainError, ConfigurationError, LoranchorError, ProtocolError, TransactionReverted
from orchestrator.ledger.request import RevocationRequest
from orchestrator.ledger.scope import Scope
from orchestrator.ledger.task import TaskSpec
from orchestrator.samples import sample_id
from orchestrator.settings import Settings
from orchestrator.types import Digest, RequestId, UpdateId
from orchestrator.withdrawn import FILE, Withdrawn
from orchestrator.worker.kept import book_of
from orchestrator.worker.slice_book import Page, SliceBook

ONE, TWO, THREE = (sample_id(text) for text in ("one", "two", "three"))
KEYS = tuple(Digest("0x" + f"{number:02x}" * 32) for number in range(4))


@pytest.fixture(autouse=True)
def seen(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(private: Any, *, block: int | None = None) -> Look:
        return Look(life.history.ledger, life.history.block)

    monkeypatch.setattr(operations, "look", look)
    monkeypatch.setattr(operations, "tasks_of", lambda state, store: dict(life.history.tasks))
    for services in life.services.values():
        monkeypatch.setattr(services.private.rounds, "max_phase_blocks", lambda: 200_000)


def rounds(life: Consortium, count: int, lineage: str) -> None:
    life.spec = TaskSpec.from_document({**life.spec.document, "lineage": lineage})
    for _ in range(count):
        operations.open_round(life.sync(AURORA), life.spec, life.history.agreement)
        life.settle()


def pages(first: tuple[Digest, ...], second: tuple[Digest, ...], key: int = 0) -> tuple[Page, ...]:
    return Page(KEYS[key], first, 2), Page(KEYS[key + 1], second, 2)


def traced(life: Consortium, samples: tuple[Digest, ...], book: dict[int, tuple[Page, ...]]) -> Withdrawal:
    return withdrawal(life.history.state, dict(life.history.tasks), CUMULUS, samples, book)


def numbers(life: Consortium, found: Withdrawal) -> list[int]:
    assert {life.history.state.updates[item].organisation for item in found.updates} == {CUMULUS}
    return [life.history.state.updates[item].round for item in found.updates]


def test_isolated_contributions_go_from_the_first_that_saw_it_on(life: Consortium) -> None:
    rounds(life, 3, "isolated")
    book = {1: pages((ONE,), ()), 2: pages((ONE,), (TWO,)), 3: pages((ONE,), (THREE,))}
    found = traced(life, (TWO,), book)
    assert numbers(life, found) == [2, 3]
    assert (found.unknown, found.chained, found.retrained) == ((), (), (1, 2))
    assert "trains 1 of 2 slices again" in found.lines()[-1]
    assert traced(life, (ONE, THREE), book).retrained == (2, 2)
    assert traced(life, (ONE,), {3: book[3]}).unknown == (1, 2)
    assert traced(life, (TWO,), {}).lines()[-1].endswith("it is trained in full")


def test_chained_contributions_go_whole(life: Consortium) -> None:
    rounds(life, 2, "chained")
    found = traced(life, (TWO,), {1: pages((ONE,), (TWO,)), 2: pages((ONE,), ())})
    assert numbers(life, found) == [1] and found.chained == (1,) and found.retrained is None
    assert "the whole contribution goes" in found.lines()[-1]


def test_a_sample_that_nothing_saw_is_named_by_its_line(life: Consortium) -> None:
    with pytest.raises(ConfigurationError, match="cumulus has no live contribution"):
        traced(life, (ONE,), {})
    rounds(life, 1, "isolated")
    with pytest.raises(ConfigurationError, match="line 2 of the samples is nothing that"):
        traced(life, (ONE, TWO), {1: pages((ONE,), ())})


def test_a_request_tells_commitments_and_the_home_keeps_the_rest(life: Consortium) -> None:
    rounds(life, 1, "isolated")
    access = life.sync(CUMULUS)
    book = SliceBook(book_of(access.home))
    for key in KEYS[:2]:
        book.keep(key, b"a stage")
    book.conclude(1, pages((ONE,), (TWO,)))
    file = access.home / "samples.txt"
    file.write_text("two\n")
    state, tasks = life.history.state, dict(life.history.tasks)
    found = traced_samples(state, tasks, CUMULUS, access.home, file)

    def send(commitments: tuple[Digest, ...]) -> RequestId:
        return operations.request_revocation(access, found.updates, reason="ERASURE", samples=commitments)

    request = withdraw(access.home, found.samples, send)
    recorded = life.history.state.revocations[request]
    (path,) = (access.home / operations.REQUESTS).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = RevocationRequest.from_bytes(path.read_bytes())
    listed = Withdrawn.read(access.home)
    assert listed is not None and TWO in listed and ONE not in listed
    assert document.samples == (listed.commitment(TWO),) and document.updates == recorded.updates == found.updates
    assert TWO not in path.read_text() and path.stem == document.digest
    assert book.rounds() == {0: (Page(KEYS[0], (ONE,), 2),)}
    assert [item.stem for item in (book_of(access.home) / "stages").iterdir()] == [KEYS[0]]


@pytest.mark.parametrize("former", [None, (THREE,)])
@pytest.mark.parametrize(
    ("error", "stays"),
    [(ProtocolError("no"), False), (TransactionReverted("no"), False), (ChainError("silent"), True)],
)
def test_what_fails_leaves_nothing_and_what_may_have_arrived_stays_withdrawn(
    tmp_path: Path, former: tuple[Digest, ...] | None, error: LoranchorError, stays: bool
) -> None:
    before = None if former is None else Withdrawn.empty().with_samples(former)
    if before is not None:
        before.write(tmp_path)

    def send(commitments: tuple[Digest, ...]) -> RequestId:
        raise error

    with pytest.raises(type(error)):
        withdraw(tmp_path, (ONE,), send)
    listed = Withdrawn.read(tmp_path)
    assert (listed is not None and ONE in listed) if stays else listed == before
    assert (tmp_path / FILE).exists() == (stays or before is not None)


def test_samples_are_read_by_id_and_by_text(tmp_path: Path) -> None:
    file = tmp_path / "samples"
    file.write_bytes(b"one\r\n" + TWO.encode() + b"\n three\n")
    assert read_samples(file) == (ONE, TWO, sample_id(" three"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "names 0 samples"),
        (b"one\n\ntwo\n", "line 2 is empty"),
        (b"one\ntwo\none\n", "line 3 repeats line 1"),
        (b"two\n" + TWO.encode(), "line 2 repeats line 1"),
        (b"one\n\xff\n", "line 2 is not UTF-8"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "samples").write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        read_samples(tmp_path / "samples")


def test_what_is_no_file_or_named_twice_is_refused(tmp_path: Path, life: Consortium) -> None:
    with pytest.raises(ConfigurationError, match="cannot read the samples"):
        read_samples(tmp_path / "nothing")
    with pytest.raises(ConfigurationError, match="named twice"):
        traced_samples(life.history.state, {}, CUMULUS, tmp_path, tmp_path / "nothing", round_number=1)


def test_requests_without_samples_keep_their_digests() -> None:
    plain = RevocationRequest(CUMULUS, (), "WITHDRAWN", operations.Mode.DROP, False)
    assert "samples" not in plain.members()
    assert RevocationRequest(CUMULUS, (), "WITHDRAWN", operations.Mode.DROP, False, "", (ONE,)).digest != plain.digest


def test_the_verb_withdraws_and_says_what_it_costs(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds(life, 1, "isolated")
    access = life.sync(CUMULUS)
    SliceBook(book_of(access.home)).conclude(1, pages((ONE,), (TWO,)))
    file, password = access.home / "samples.txt", access.home / "password"
    file.write_text("two\n")
    password.write_text(PASSWORD)
    password.chmod(0o600)
    monkeypatch.setattr("orchestrator.settings.compose", lambda overrides, organisation_home: Settings({}))
    monkeypatch.setattr("orchestrator.daemon.access.connect", lambda settings, home, word: access)
    monkeypatch.setattr("orchestrator.daemon.view.look", operations.look)
    monkeypatch.setattr("orchestrator.daemon.view.tasks_of", operations.tasks_of)
    asked = ["request", "--home", str(access.home), "--password-file", str(password), "--samples"]
    runner = CliRunner()
    missing = runner.invoke(revoke.app, [*asked, str(file) + "x"])
    assert "cannot read the samples" in str(missing.exception) and Withdrawn.read(access.home) is None
    done = runner.invoke(revoke.app, [*asked, str(file)])
    assert done.exit_code == 0, done.exception
    (request,) = life.history.state.revocations
    assert "it trains 1 of 2 slices again" in done.stdout and f"revocation {request} (drop)" in done.stdout
    listed = Withdrawn.read(access.home)
    assert listed is not None and TWO in listed


def test_what_is_shredded_leaves_the_book(life: Consortium) -> None:
    """A whole contribution goes: so does what its training has left, and nobody else's."""
    rounds(life, 2, "isolated")
    books = {name: SliceBook(book_of(life.services[name].home)) for name in (AURORA, CUMULUS)}
    for book in books.values():
        for key in KEYS:
            book.keep(key, b"a stage")
        for number in (1, 2):
            book._set(number, pages((ONE,), (TWO,), key=2 * (number - 1)))
    request = operations.request_revocation(life.sync(CUMULUS), [], reason="WITHDRAWN", scope=Scope(round=2))
    life.until(lambda: CUMULUS in life.history.state.revocations[request].receipts)
    assert list(books[CUMULUS].rounds()) == [1] and list(books[AURORA].rounds()) == [1, 2]
    stages = {item.stem for item in (book_of(life.services[CUMULUS].home) / "stages").iterdir()}
    assert stages == set(KEYS[:2])


def test_shredding_lets_go_of_what_was_trained_since_the_withdrawal(life: Consortium) -> None:
    """A training that was under way then has written its page after it, of a round that the request doesn't name."""
    rounds(life, 1, "isolated")
    access = life.sync(CUMULUS)
    book = SliceBook(book_of(access.home))
    book.conclude(1, pages((ONE,), (TWO,)))
    request = operations.request_revocation(access, [], reason="WITHDRAWN")
    Withdrawn.empty().with_samples([TWO]).write(access.home)
    for key in KEYS[2:]:
        book.keep(key, b"a stage")
    book.conclude(2, pages((ONE,), (TWO,), key=2))
    life.until(lambda: CUMULUS in life.history.state.revocations[request].receipts)
    assert list(book.rounds()) == [0]
    assert [item.stem for item in (book_of(access.home) / "stages").iterdir()] == [KEYS[2]]


def test_samples_keep_their_carriage_returns_and_lose_the_mark_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "samples"
    file.write_bytes(b"\xef\xbb\xbf" + TWO.encode() + b"\none\rtwo\n")
    assert read_samples(file) == (TWO, sample_id("one\rtwo"))


@pytest.mark.parametrize("line", ["0x" + "AB" * 32, "ab" * 32, " 0x" + "ab" * 32])
def test_an_id_that_is_miswritten_is_not_taken_for_a_text(line: str, tmp_path: Path) -> None:
    (tmp_path / "samples").write_text(line + "\n")
    with pytest.raises(ConfigurationError, match="line 1 is no id"):
        read_samples(tmp_path / "samples")


def test_the_most_samples_fit_into_a_request() -> None:
    many = tuple(Digest(f"0x{number:064x}") for number in range(MOST_SAMPLES))
    updates = tuple(UpdateId(f"0x{number:064x}") for number in range(256))
    made = RevocationRequest(CUMULUS, updates, "ERASURE", operations.Mode.DROP, False, "", many)
    assert RevocationRequest.from_bytes(made.to_bytes()) == made
