"""A model on its way to strangers: exported with its bill and signature, checked, and refused where it was touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_world import error, played
from unit.release_supply.releasing import KEY, PASSWORD, pem, public_pem

from orchestrator.cli import run
from orchestrator.export.record import SIGNATURE, files_of, read_record, write_record
from orchestrator.export.selection import choose
from orchestrator.release.supply.bill import NAME as BOM
from orchestrator.release.supply.bom_reader import read_bom


def test_from_the_records_to_a_receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    (tmp_path / "key.pub").write_bytes(public_pem(KEY))
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    own = ["--key", str(tmp_path / "key.pem"), "--key-password-file", str(tmp_path / "password")]
    public, folder = ["--key", str(tmp_path / "key.pub")], tmp_path / "model"

    def verified() -> dict[str, object]:
        assert run(["model", "verify", str(folder), *public, "--manifest", manifest.digest, "--json"]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    with played(tmp_path / "world", rounds=1) as world:
        manifest = choose(world.history.state, world.history.tasks).manifest
        assert world.typed(monkeypatch, "export", "--format", "merged", "--output", str(folder), *own) == 0
        assert SIGNATURE in capsys.readouterr().out
        assert verified()["contributions"] == len(manifest.entries) == 3
        card = (folder / "README.md").read_text()
        assert manifest.digest in card and BOM in card and "loranchor model verify" in card
        before = read_bom(folder)
        assert not any(name in (folder / BOM).read_text() for name in ("aurora", "borealis", "cumulus"))

        assert world.typed(monkeypatch, "bom", str(folder)) == 0
        assert "already" in capsys.readouterr().out
        (folder / BOM).unlink()
        record = read_record(folder)
        assert record is not None
        write_record({**record, "files": files_of(folder)}, folder)
        assert world.typed(monkeypatch, "bom", str(folder)) == 2
        assert "is signed as it is" in error(capsys)
        (folder / SIGNATURE).unlink()
        assert world.typed(monkeypatch, "bom", str(folder)) == 0
        assert manifest.digest in capsys.readouterr().out and read_bom(folder) == before
        assert run(["model", "sign", str(folder), *own]) == 0
        capsys.readouterr()
        verified()
        assert world.typed(monkeypatch, "export", "--format", "merged", "--output", str(folder)) == 0
        assert "nothing was written" in capsys.readouterr().out

    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(weights))
    assert run(["model", "verify", str(folder), *public]) == 7
    assert "changed-file: model.safetensors" in error(capsys)
