"""`loranchor evaluate leakage`: cases, what is written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from orchestrator.attacks.inversion.cases import SHARING, attacked, case
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.registry import ATTACKS, attack_named
from orchestrator.cli import app
from orchestrator.errors import ConfigurationError, DataError
from tests.unit.data.image_files import fashion_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fashion_folder(tmp_path_factory.mktemp("images"), 12, 8)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["evaluate", "leakage", *words])
    return done.exit_code, done.output


def test_the_layer_by_layer_attack_as_json_page_and_pictures(tmp_path: Path, folder: Path) -> None:
    out = tmp_path / "out"
    code, told = run("--output", str(out), "--images", "2", "--folder", str(folder), "--json")
    assert code == 0 and json.loads(told)["successes"] == 2
    document = json.loads((out / "leakage.json").read_text())
    assert document == json.loads(told) and document["attack"] == "recursive"
    assert [one["label"] for one in document["images"]] == [True, True]
    page = (out / "leakage.html").read_text()
    assert (
        "2 of 2 images came back" in page
        and page.count("<image") == 4
        and "http" not in page.replace("http://www.w3.org", "")
    )
    assert (out / "leakage.svg").read_text() in page


def test_a_table_for_people(tmp_path: Path, folder: Path) -> None:
    code, told = run("--output", str(tmp_path / "out"), "--images", "1", "--folder", str(folder))
    assert code == 0 and "found" in told
    assert "recursive on lenet and fashion-mnist, attacker: no-lock" in " ".join(told.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--attack", "guess"], "no attack 'guess'"),
        (["--knowledge", "all"], "no attacker knows 'all'"),
        (["--data", "cifar10"], "no images 'cifar10'"),
        (["--network", "alexnet"], "no network 'alexnet'"),
        (["--images", "0"], "0 images"),
        (["--images", "9"], "none has number 8"),
    ],
)
def test_what_has_no_meaning_is_said_in_a_line(tmp_path: Path, folder: Path, words: list[str], said: str) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["evaluate", "leakage", "--output", str(out), "--folder", str(folder), *words])
    assert isinstance(done.exception, ConfigurationError | DataError) and said in done.exception.message
    assert not out.exists()


def test_cases_are_the_same_again_share_networks_and_have_keys_of_their_own(folder: Path) -> None:
    first, again = (case("fashion-mnist", "lenet", 0, locked=True, folder=folder) for _ in range(2))
    second = case("fashion-mnist", "lenet", 1, locked=True, folder=folder)
    other = case("fashion-mnist", "lenet", SHARING, locked=True, folder=folder)
    weights = [one.victim.model.get_parameter("fc.weight") for one in (first, again, second, other)]
    assert torch.equal(first.image, again.image) and not torch.equal(first.image, second.image)
    assert torch.equal(weights[0], weights[1]) and torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[3])
    assert first.victim.key is not None and second.victim.key is not None
    assert not torch.equal(first.victim.key, second.victim.key)


def test_the_shared_weights_under_a_lock_are_those_without_one(folder: Path) -> None:
    locked, free = (
        case("fashion-mnist", "lenet", 0, locked=lock, folder=folder).victim.model for lock in (True, False)
    )
    assert torch.equal(locked.get_parameter("conv1.conv.weight"), free.get_parameter("conv1.weight"))
    assert float(free.get_parameter("conv1.weight").detach().abs().max()) <= 0.5
    assert len(attacked("fashion-mnist", folder)) == 8


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "ggl"])
def test_every_attack_has_its_own_name(name: str) -> None:
    assert attack_named(name, Knowledge.FREE).name == name


def test_a_setting_that_an_attack_has_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not take these settings"):
        attack_named("recursive", Knowledge.FREE, iterations=3)
