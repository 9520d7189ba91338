"""A folder appears whole or not at all, goes on where it was broken off, and never takes another's place."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.aggregation.shards import PROGRESS, RECORD
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.export.folder import MARK, WORK, draft_of, drafted, is_there
from orchestrator.export.record import NAME, Identity, changed_files, read_record, record_of, write_record
from orchestrator.types import Digest

IDENTITY = Identity("merged", Digest("0x" + "aa" * 32), Digest("0x" + "bb" * 32), 0, "fp32", False)


def make(out: Path, identity: Identity = IDENTITY) -> None:
    with drafted(out, identity) as draft:
        (draft / WORK).mkdir(exist_ok=True)
        (draft / "model.safetensors").write_text("weights")
        write_record(record_of(identity, {}, draft), draft)


def test_it_appears_with_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    assert not is_there(out, IDENTITY)
    make(out)
    assert {path.name for path in out.iterdir()} == {NAME, "model.safetensors"}
    assert list(out.parent.iterdir()) == [out] and out.stat().st_mode & 0o777 == 0o755
    assert is_there(out, IDENTITY)
    record = read_record(out)
    assert record is not None and not changed_files(record, out)


@pytest.mark.parametrize(
    "other", [replace(IDENTITY, names=True), replace(IDENTITY, dtype="bf16"), replace(IDENTITY, kind="peft", rank=4)]
)
def test_another_export_is_in_the_way(tmp_path: Path, other: Identity) -> None:
    make(tmp_path / "out")
    with pytest.raises(ConfigurationError, match="holds no such export"):
        is_there(tmp_path / "out", other)


@pytest.mark.parametrize(("number", "mend"), [(errno.ENOSPC, "make room"), (errno.EPERM, "another --output")])
def test_what_helps_follows_from_what_the_system_said(tmp_path: Path, number: int, mend: str) -> None:
    with pytest.raises(ConfigurationError) as caught, drafted(tmp_path / "out", IDENTITY):
        raise OSError(number, "no")
    assert mend in str(caught.value.mend) and not any(tmp_path.iterdir())


def test_links_and_records_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match="is no folder"):
        is_there(tmp_path / "link", IDENTITY)
    (tmp_path / "out").mkdir()
    for content in (b"", b"[]", b'{"format":"loranchor/export","version":2}', b"\xff"):
        (tmp_path / "out" / NAME).write_bytes(content)
        with pytest.raises(ConfigurationError, match="holds no such export"):
            is_there(tmp_path / "out", IDENTITY)


def test_shards_and_ciphertexts_are_kept_for_the_same_export_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    draft = draft_of(out)
    with pytest.raises(KeyboardInterrupt), drafted(out, IDENTITY) as folder:
        (folder / WORK).mkdir()
        (folder / WORK / "sealed").write_text("ciphertext")
        for name in ("model.safetensors", PROGRESS, ".model.safetensors.abc.part", "README.md"):
            (folder / name).write_text("half")
        raise KeyboardInterrupt
    with drafted(out, IDENTITY) as folder:
        assert {path.name for path in folder.iterdir()} == {MARK, WORK, PROGRESS, "model.safetensors"}
        assert (folder / WORK / "sealed").exists()
    assert not draft.exists() and out.is_dir()


def test_shards_without_their_record_are_made_again(tmp_path: Path) -> None:
    """As where the process ended between taking the fold's record away and giving the folder its name."""
    with pytest.raises(KeyboardInterrupt), drafted(tmp_path / "out", IDENTITY) as folder:
        (folder / "model.safetensors").write_text("whole")
        raise KeyboardInterrupt
    with drafted(tmp_path / "out", IDENTITY) as folder:
        assert [path.name for path in folder.iterdir()] == [MARK]


def test_the_record_of_the_fold_does_not_go_out(tmp_path: Path) -> None:
    with drafted(tmp_path / "out", IDENTITY) as folder:
        (folder / RECORD).write_text("{}")
        assert record_of(IDENTITY, {}, folder)["files"] == {}
    assert list((tmp_path / "out").iterdir()) == []


def test_a_draft_of_another_export_is_begun_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), drafted(out, IDENTITY) as folder:
        (folder / "model.safetensors").write_text("whole")
        raise KeyboardInterrupt
    with drafted(out, replace(IDENTITY, dtype="bf16")) as folder:
        assert [path.name for path in folder.iterdir()] == [MARK]


def test_what_failed_before_a_shard_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError), drafted(tmp_path / "out", IDENTITY):
        raise ProtocolError("a contribution is not what was recorded")
    assert list(tmp_path.iterdir()) == []


def test_what_was_fetched_is_not_trusted_again_once_something_was_wrong(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError), drafted(tmp_path / "out", IDENTITY) as folder:
        (folder / WORK).mkdir()
        for name in ("model-1.safetensors", PROGRESS):
            (folder / name).write_text("whole")
        raise ProtocolError("an object was damaged on this disk")
    with drafted(tmp_path / "out", IDENTITY) as folder:
        assert {path.name for path in folder.iterdir()} == {MARK, PROGRESS, "model-1.safetensors"}


def test_a_folder_that_is_not_ours_is_not_cleared(tmp_path: Path) -> None:
    draft = draft_of(tmp_path / "out")
    draft.mkdir()
    (draft / "mine").write_text("mine")
    with pytest.raises(ConfigurationError, match="is in the way"), drafted(tmp_path / "out", IDENTITY):
        raise AssertionError("never reached")
    assert (draft / "mine").read_text() == "mine"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    draft = draft_of(tmp_path / "out")
    draft.mkdir()
    (draft / MARK).write_text(json.dumps(IDENTITY.document()))
    handle = os.open(draft, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(ConfigurationError, match="another process exports"), drafted(tmp_path / "out", IDENTITY):
        raise AssertionError("never reached")
    os.close(handle)
    make(tmp_path / "out")


def test_a_full_disk_is_one_sentence_that_says_where_to_go_on(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="No space left on device") as caught,
        drafted(tmp_path / "out", IDENTITY) as folder,
    ):
        (folder / "model.safetensors").write_text("a whole shard")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(draft_of(tmp_path / "out")) in caught.value.message and "same command again" in caught.value.mend
    assert not (tmp_path / "out").exists()
