"""`loranchor model sign` and `model verify`, typed; and a model that is loaded only after its check."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from unit.release_supply.releasing import (
    KEY,
    OTHER,
    PASSWORD,
    WEIGHTS,
    pem,
    played,
    public_pem,
    released,
    write_papers,
)

from orchestrator.cli import run
from orchestrator.errors import ConfigurationError
from orchestrator.export.record import NAME as RECORD
from orchestrator.export.record import SIGNATURE, files_of, read_record, write_record
from orchestrator.release.supply.bill import NAME as BOM
from orchestrator.release.supply.bom_reader import read_bom
from orchestrator.release.supply.loading import load_verified
from orchestrator.release.supply.making import add_bom
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.supply.signing import sign


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    (tmp_path / "key.pub").write_bytes(public_pem(KEY))
    (tmp_path / "other.pub").write_bytes(public_pem(OTHER))
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return {name: str(tmp_path / name) for name in ("key.pem", "key.pub", "other.pub", "password")}


def test_a_folder_is_signed_and_checked(
    tmp_path: Path, keys: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    manifest = released(folder)
    (folder / SIGNATURE).unlink()
    assert run(["model", "verify", str(folder), "--key", keys["key.pub"]]) == 7
    assert "unsigned" in capsys.readouterr().err
    own = ["--key", keys["key.pem"], "--key-password-file", keys["password"]]
    assert run(["model", "sign", str(folder), *own]) == 0
    assert SIGNATURE in capsys.readouterr().out
    assert run(["model", "verify", str(folder), "--key", keys["key.pub"]]) == 0
    out = capsys.readouterr().out
    assert manifest in out and "give --manifest DIGEST" in out
    assert run(["model", "verify", str(folder), "--key", keys["key.pub"], "--manifest", manifest, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["compared"] and told["contributions"] == 3 and set(told["files"]) >= {WEIGHTS, BOM, RECORD}


def test_refusals_are_one_line_with_their_name(
    tmp_path: Path, keys: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    released(folder)
    check = ["model", "verify", str(folder)]

    def line(*words: str) -> str:
        assert run([*check, *words]) == 7
        (found,) = capsys.readouterr().err.strip().splitlines()
        return str(found)

    assert "another-key" in line("--key", keys["other.pub"])
    assert "another-manifest" in line("--key", keys["key.pub"], "--manifest", "0x" + "5a" * 32)
    (folder / "x.pkl").write_bytes(pickle.dumps(print))
    assert "pickle: x.pkl" in line("--key", keys["key.pub"])
    assert run([*check, "--key", keys["password"]]) == 6
    assert run([*check, "--key", keys["key.pub"], "--manifest", "5a"]) == 2


def test_nothing_is_loaded_before_its_check(tmp_path: Path, keys: dict[str, str]) -> None:
    from orchestrator.models import load_base, resolve

    folder, key = tmp_path / "model", Path(keys["key.pub"])
    base = load_base(resolve("tiny:llama"))
    base.model.save_pretrained(folder)
    (folder / "README.md").write_text("# A card\n")
    manifest = write_papers(folder, played())
    sign(folder, KEY)
    model, verified = load_verified(folder, key, manifest=manifest)
    state = base.model.state_dict()
    assert verified.compared and all(bool((value == state[name]).all()) for name, value in model.state_dict().items())
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(bytes(data))
    with pytest.raises(ModelRefused) as caught:
        load_verified(folder, key, manifest=manifest)
    assert caught.value.reason is Reason.CHANGED


def test_a_bill_is_put_beside_an_older_export_unless_that_is_signed(tmp_path: Path) -> None:
    released(tmp_path)
    bill = read_bom(tmp_path)
    (tmp_path / BOM).write_text("{}")
    write_record_again(tmp_path)
    with pytest.raises(ConfigurationError, match="is signed as it is"):
        add_bom(bill, tmp_path)
    (tmp_path / SIGNATURE).unlink()
    assert add_bom(bill, tmp_path) and not add_bom(bill, tmp_path)
    assert read_bom(tmp_path).items == bill.items
    (tmp_path / WEIGHTS).write_bytes(b"")
    with pytest.raises(ConfigurationError, match="is not what its record says"):
        add_bom(bill, tmp_path)
    (tmp_path / RECORD).unlink()
    with pytest.raises(ConfigurationError, match=f"holds no {RECORD}"):
        add_bom(bill, tmp_path)


def write_record_again(folder: Path) -> None:
    record = read_record(folder)
    assert record is not None
    write_record({**record, "files": files_of(folder)}, folder)
