"""One daemon a home, one nonce at a time, and what settings, tasks and agreements say when they are wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from unit.ledger.actors import CONSORTIUM_ID, MEMBERS

from orchestrator.daemon.access import NonceLock, single_instance
from orchestrator.daemon.equipment import agreement_of, check_equipment, equipment_of, task_of_settings
from orchestrator.errors import ConfigurationError, DataError, DiskError, FormatError
from orchestrator.organisation import Organisation
from orchestrator.settings import Settings, compose
from orchestrator.types import Address, OrganisationId

HOLDER = """
import sys
from pathlib import Path
from orchestrator.daemon.access import NonceLock, single_instance
home, what = Path(sys.argv[1]), sys.argv[2]
with NonceLock(home, "delegate") if what == "nonce" else single_instance(home):
    print("held", flush=True)
    sys.stdin.readline()
"""


class Holder:
    """Another process that holds a lock until it is told to let go."""

    def __init__(self, home: Path, what: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(home), what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Holder:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"
        return self

    def let_go(self) -> None:
        self.process.communicate("\n", timeout=20)

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_a_nonce_lock_excludes_another_process(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with NonceLock(tmp_path, "delegate"):
            entered.set()

    with Holder(tmp_path, "nonce") as holder:
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.3)
        with NonceLock(tmp_path, "authority"):
            pass  # another account's nonce is free
        holder.let_go()
        assert entered.wait(10)
        waiting.join()


def test_a_nonce_lock_excludes_another_thread_and_can_be_taken_again(tmp_path: Path) -> None:
    lock, inside, most = NonceLock(tmp_path, "delegate"), [], []

    def enter() -> None:
        for _ in range(20):
            with lock:
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 80 and max(most) == 1


def test_a_nonce_lock_is_free_after_an_error(tmp_path: Path) -> None:
    lock = NonceLock(tmp_path, "delegate")
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock, Holder(tmp_path, "instance"):
        pass


def test_a_nonce_lock_whose_file_could_not_be_opened_is_free_afterwards(tmp_path: Path) -> None:
    """As on a disk that was read-only for a moment: nothing would ever be sent again."""
    lock, path = NonceLock(tmp_path, "delegate"), tmp_path / "locks" / "delegate.lock"
    path.mkdir(parents=True)
    with pytest.raises(IsADirectoryError), lock:
        raise AssertionError("nobody holds it")
    path.rmdir()
    entered = threading.Event()

    def enter() -> None:
        with lock:
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    assert entered.wait(5)


def test_a_second_daemon_of_a_home_is_refused(tmp_path: Path) -> None:
    with Holder(tmp_path, "instance") as holder:
        with (
            pytest.raises(ConfigurationError, match=r"another daemon already runs on .*stop it first"),
            single_instance(tmp_path),
        ):
            raise AssertionError("two daemons on one home")
        with single_instance(tmp_path / "another"):
            holder.let_go()
        with single_instance(tmp_path):
            pass


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_home_that_cannot_be_written_is_a_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Before the keystore is looked at, which would take it for a fault of its own."""

    def refuse(path: Path, mode: str) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DiskError, match=re.escape(os.strerror(number))), single_instance(tmp_path):
        raise AssertionError("it has no lock")


# -- equipment, task, agreement


def settings(*overrides: str, name: str | None = "aurora") -> Settings:
    composed = compose(["experiment=tiny", *overrides])
    if name is None:
        return composed
    nobody = Address("0x" + "00" * 20)
    return replace(composed, organisation=Organisation(OrganisationId(name), Path("home"), nobody, nobody, {}))


def test_equipment_is_what_the_experiment_says_of_the_organisation() -> None:
    found = equipment_of(settings())
    assert (found.organisation, found.model, found.device, found.threads) == ("aurora", "tiny:llama", "cpu", 1)
    assert found.data.shard == {"years": [1790, 1793]} and found.data.validation_limit == 8


def test_an_organisation_without_data_is_told_who_has_some() -> None:
    with pytest.raises(ConfigurationError, match=r"experiment tiny has no data for dune.*aurora, borealis, cumulus"):
        equipment_of(settings(name="dune"))


def test_equipment_of_nobody() -> None:
    with pytest.raises(ConfigurationError, match=r"no organisation is given.*--home"):
        equipment_of(settings(name=None))


def test_a_model_that_is_not_there_is_refused_before_anything_is_done() -> None:
    with pytest.raises(DataError, match="nowhere"):
        check_equipment(equipment_of(settings("model.name=./nowhere")))


def test_data_that_are_not_there_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    empty = replace(
        equipment_of(settings()), data=replace(equipment_of(settings()).data, source="text", folder=tmp_path)
    )
    with pytest.raises(DataError, match=tmp_path.name):
        check_equipment(empty)


def test_the_task_is_completed_by_the_base_model() -> None:
    first, again = task_of_settings(settings()), task_of_settings(settings(name=None))
    assert first == again and first.digest == again.digest, "the same for all members"
    assert first.base.architecture == "LlamaForCausalLM" and first.base.digest.startswith("0x")
    other = task_of_settings(settings("training.steps=3"))
    assert other.base == first.base and other.digest != first.digest


def test_a_task_of_impossible_settings_is_refused() -> None:
    with pytest.raises(FormatError, match="minimum_updates"):
        task_of_settings(settings("experiment.task.minimum_updates=-1"))


def test_the_packaged_agreement_names_the_members() -> None:
    agreement = agreement_of(None, CONSORTIUM_ID, MEMBERS)
    assert set(agreement.parties) == set(MEMBERS) and agreement.consortium_id == CONSORTIUM_ID


def test_an_own_agreement(tmp_path: Path) -> None:
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps({"title": "Ours", "purpose": "to learn", "terms": ["Be honest."]}))
    agreement = agreement_of(path, CONSORTIUM_ID, MEMBERS)
    assert agreement.title == "Ours"
    assert agreement.digest != agreement_of(None, CONSORTIUM_ID, MEMBERS).digest


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read the agreement"),
        ("{", "is not an agreement"),
        ("[]", "is not an agreement"),
        ('{"title": "Ours", "purpose": "to learn"}', "is not an agreement: it lacks terms; give JSON with title"),
        ("{}", "is not an agreement: it lacks purpose, terms, title"),
        ('{"title": "Ours", "purpose": "to learn", "terms": "none"}', "is not an agreement: its terms are no list"),
    ],
)
def test_an_agreement_that_is_none(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "agreement.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=words):
        agreement_of(path, CONSORTIUM_ID, MEMBERS)
