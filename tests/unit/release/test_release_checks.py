"""Checks of a classifier with its weights, where it is known what they must find."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.attacks.backdoor.triggers import Patch, planted_images
from orchestrator.attacks.evasion.training import Schedule, train
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.release.check import Finding, Subject
from orchestrator.release.checks.backdoors import Backdoors
from orchestrator.release.checks.clusters import ActivationClusters
from orchestrator.release.checks.data import Data
from orchestrator.release.checks.evasion import Evasion
from orchestrator.release.checks.inversion import Inversion
from orchestrator.release.checks.supply import Supply
from orchestrator.release.image_models import ImageConfig, Normalised, fresh, read_image_model, save_image_model
from orchestrator.release.intervals import Bootstrap
from orchestrator.release.opened import Images, Opened
from orchestrator.release.parts import Terms
from orchestrator.release.policy import Policy
from orchestrator.release.settings import ReleaseSettings
from orchestrator.release.statements import Statements, statements_of
from orchestrator.release.subject import gather
from orchestrator.sensitivity import SensitivityPolicy
from orchestrator.settings import compose
from orchestrator.types import OrganisationId
from orchestrator.unlearning.evaluation.models import ModelSettings
from tests.unit.attacks_evasion import bag_world
from tests.unit.attacks_evasion.striped import stripes

CONFIG = ImageConfig("lenet-relu", 4, 1, 8, 0.5, 0.25)
PATCH = Patch(target=1, side=2, margin=0)
GROUP = compose(["release=safe-default"]).group("release")
TERMS = Terms(Bootstrap(200), ReleaseSettings.from_group(GROUP))
CULPRIT, OTHER = OrganisationId("culprit"), OrganisationId("other")


@pytest.fixture(scope="module")
def networks() -> dict[str, Normalised]:
    """One trained as it should be, and one that learnt a patch besides."""
    torch.manual_seed(0)
    images, labels = stripes(200, 1)
    clean = fresh(CONFIG)
    train(clean, images, labels, Schedule(12, 20, 5e-3), seed=0)
    poisoned = copy.deepcopy(clean)
    pixels, changed, _ = planted_images(images, labels, PATCH, 0.5, 0)
    train(poisoned, pixels, changed, Schedule(12, 20, 5e-3), seed=1)
    return {"clean": clean.requires_grad_(False), "poisoned": poisoned.requires_grad_(False)}


def subject(kind: str = "image_classifier", folder: Path = Path(), **parts: Any) -> Subject:
    return Subject(folder, kind, parts={"terms": TERMS, "others": None, "members": None, **parts})


def opened(network: Any, folds: Kept | None = None, **sets: tuple[torch.Tensor, torch.Tensor]) -> dict[str, Any]:
    given = {"others": stripes(300, 2), "members": stripes(200, 1)} | sets
    data = {name: Images(*pair) for name, pair in given.items()}
    found: dict[str, Any] = {"opened": Opened(network, 4, data, folds=folds)}
    return found if folds is None else found | {"folds": folds}


def test_many_steps_take_at_least_what_one_step_does(networks: Mapping[str, Normalised]) -> None:
    settings = {"samples": 80, "budgets": [0.02, 0.1], "judged": 0.1, "steps": 10}
    one, many = Evasion().run(subject(**opened(networks["clean"])), settings)
    assert (one.name, many.name) == ("evasion.fgsm", "evasion.pgd")
    assert many.figures["fallen"] >= one.figures["fallen"] > 0
    assert many.figures["accuracy at 0.100"] <= many.figures["accuracy at 0.020"] <= many.figures["accuracy at 0.000"]
    assert many.interval is not None and many.interval[0] <= many.figures["fallen"] <= many.interval[1]
    with pytest.raises(ConfigurationError, match=r"release\.checks\.evasion"):
        Evasion().run(subject(**opened(networks["clean"])), {"judged": 2.0})


def test_swapped_words_take_a_text_classifier_and_a_vocabulary_without_words_is_told() -> None:
    texts = bag_world.samples((1, ("great", "film", "fine", "plot")), (0, ("awful", "movie", "poor", "plot")))
    given = Opened(bag_world.bag(), 2, {"others": texts}, bag_world.BagTokenizer())
    settings = {"budgets": [0.5], "judged": 0.5}
    (found,) = Evasion().run(subject("classifier", opened=given), settings)
    assert found.name == "evasion.words" and found.value == "fallen" and found.figures["samples"] == 2

    class Bytes(bag_world.BagTokenizer):
        def convert_ids_to_tokens(self, places: Any) -> list[str]:
            return [str(place) for place in places]

    (told,) = Evasion().run(subject("classifier", opened=Opened(bag_world.bag(), 2, {"others": texts}, Bytes())), {})
    assert told.verdict == "not-run" and not told.applies and "where words begin" in told.why


def judged(finding: Finding) -> Finding:
    return Policy.from_group(GROUP).judged(finding)


def test_a_planted_patch_fails_the_model_names_its_owner_and_is_gone_without_it(
    networks: Mapping[str, Normalised],
) -> None:
    poisoned, clean = networks["poisoned"], networks["clean"]
    sizes = {"searched": 60, "judged": 120, "steps": 60, "pixels": 6}
    folds = Kept({None: poisoned, CULPRIT: clean, OTHER: poisoned})
    found = judged(Backdoors().run(subject(**opened(poisoned, folds)), sizes))
    assert found.verdict == "fail" and [name.partition(":")[0] for name in found.named] == [CULPRIT]
    assert "class 1" in found.named[0] and found.figures["other: moved"] == 0
    revoked = Kept({None: clean, OTHER: clean, OrganisationId("third"): clean})
    left = judged(Backdoors().run(subject(**opened(clean, revoked)), sizes))
    assert left.verdict == "pass" and not left.named
    few = Backdoors().run(subject(**opened(poisoned, folds)), {"searched": 200})
    assert few.verdict == "not-run" and "400 are needed" in few.why


def test_planted_members_lie_apart_and_clean_ones_do_not(networks: Mapping[str, Normalised]) -> None:
    images, labels = stripes(200, 1)
    planted = planted_images(images, labels, PATCH, 0.15, 3)[:2]
    found = ActivationClusters().run(subject(**opened(networks["poisoned"], members=planted)), {})
    assert found.verdict == "warn" and found.named[0].startswith("class 1")
    assert ActivationClusters().run(subject(**opened(networks["clean"])), {}).verdict == "pass"


def test_a_reconstruction_is_of_its_class_and_is_drawn(networks: Mapping[str, Normalised]) -> None:
    found = Inversion().run(subject(**opened(networks["clean"])), {"steps": 60})
    assert found.figures["recognised"] == 1.0 and found.figures["like_own_class"] > 0.3
    assert abs(found.figures["members_above_others"]) < 0.2
    (picture,) = found.pictures.values()
    assert picture.startswith("<svg") and picture.count("<path") > 2
    one = opened(networks["clean"], others=(stripes(8, 2)[0], torch.zeros(8, dtype=torch.int64)))
    assert Inversion().run(subject(**one), {}).verdict == "not-run"


def test_a_folder_of_an_image_classifier_is_gathered_and_a_wrong_one_is_told(
    networks: Mapping[str, Normalised], tmp_path: Path
) -> None:
    for name, network in networks.items():
        (tmp_path / name).mkdir()
        save_image_model(network, tmp_path / name)
    for name, seed in (("members", 1), ("others", 2)):
        pixels, labels = stripes(64, seed)
        save_file({"pixels": (255 * pixels).byte(), "labels": labels}, tmp_path / f"{name}.safetensors")
    sets = [f"release.{name}={tmp_path / name}.safetensors" for name in ("members", "others")]

    def gathered(*more: str) -> Any:
        group = compose(["release=figures", *sets, *more]).group("release")
        base, settings = ModelSettings(), ReleaseSettings.from_group(group)
        return gather(str(tmp_path / "clean"), [str(tmp_path / "poisoned")], settings, base)

    folds = f"release.folds={{a: {tmp_path / 'poisoned'}, b: {tmp_path / 'clean'}}}"
    found = gathered(folds)
    assert found.subject.kind == "image_classifier" and found.sets["members"][1] == 64
    assert found.subject.part("opened", Opened).folds.organisations == ("a", "b")
    again = read_image_model(tmp_path / "clean").net.state_dict()
    assert all(torch.equal(again[name], value) for name, value in networks["clean"].net.state_dict().items())
    with pytest.raises(ConfigurationError, match="nothing is left to compare"):
        gathered(f"release.folds={{a: {tmp_path / 'poisoned'}}}")
    with pytest.raises(DataError, match=r"pictures of release\.members"):
        gathered(f"release.others={tmp_path / 'members.safetensors'}")
    with pytest.raises(DataError, match=r"no \.safetensors file"):
        gathered(f"release.others={tmp_path / 'others.jsonl'}")
    (tmp_path / "clean" / "config.json").write_text('{"model_type": "loranchor-image", "network": "nope"}')
    with pytest.raises(DataError, match="no configuration of an image classifier"):
        gathered()


def test_a_pickle_in_the_folder_fails_the_files_and_is_named(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    files, bill, signature = Supply().run(subject(folder=tmp_path), {})
    assert files.verdict == "pass" and {bill.verdict, signature.verdict} == {"not-run"}
    (tmp_path / "optimizer.bin").write_bytes(pickle.dumps(print))
    files = Supply().run(subject(folder=tmp_path), {})[0]
    assert files.verdict == "fail" and "optimizer.bin" in files.named[0] and "pickle" in files.why
    (tmp_path / "optimizer.bin").unlink()
    (tmp_path / "bom.cdx.json").write_text("{}")
    assert Supply().run(subject(folder=tmp_path), {})[1].verdict == "fail"


def statement(name: str, sensitivity_class: str) -> DataStatement:
    told = {"source": "mine", "licence": "mine", "legal_basis": "not-personal", "collected": "2020", "contact": "me"}
    return DataStatement(
        OrganisationId(name), "from here", "mine", "none", sensitivity_class=sensitivity_class, permissions=told
    )


def test_statements_decide_whether_data_may_be_released_and_none_may_be_missing(tmp_path: Path) -> None:
    policy = SensitivityPolicy.from_settings(compose([]).values)
    for name, kind in (("a", "public"), ("b", "confidential")):
        (tmp_path / f"{name}.json").write_bytes(statement(name, kind).to_bytes() + b"\n")

    def found(names: list[str], more: tuple[str, ...] = ()) -> Finding:
        files = ",".join(str(tmp_path / f"{name}.json") for name in names)
        group = compose(["release=safe-default", f"release.statements=[{files}]", *more]).group("release")
        given = statements_of(tmp_path, ReleaseSettings.from_group(group), policy)
        assert isinstance(given, Statements)
        return Data().run(subject(statements=given), {})

    assert found(["a"]).verdict == "pass" and "word of whoever gave them" in found(["a"]).sure
    assert found(["a", "b"]).named == ("b",) and found(["a", "b"]).verdict == "fail"
    assert found(["a"], ("release.data_sets=2",)).verdict == "fail"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        found(["none"])
    assert statements_of(tmp_path, TERMS.settings, policy) is None
