"""A patch that one of three organisations plants: it works, it is found, and it goes with its owner's contribution."""

from __future__ import annotations

import pytest
import torch

from orchestrator.attacks.backdoor.disagreement import Detection, Probes, detect
from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.attacks.backdoor.patch_search import FoundPatch, PatchSearch, apart
from orchestrator.attacks.backdoor.success import before_and_after, success_of
from orchestrator.attacks.backdoor.triggers import Patch, planted_images
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.types import OrganisationId
from tests.unit.attacks_backdoor.patch_world import CULPRIT, PATCH, folds, predict
from tests.unit.attacks_evasion.striped import stripes

SEARCH = PatchSearch(pixels=4, steps=60)
PLANTED = 0.5


def detected(share: float) -> Detection[torch.Tensor]:
    probes = Probes(stripes(40, 30)[0], stripes(120, 31)[0], classes=4)
    return detect(folds(share), SEARCH, predict, probes, seed=0)


def test_the_patch_works_until_its_owner_is_left_out() -> None:
    images, labels = stripes(200, 40)
    before, after = before_and_after(folds(PLANTED), CULPRIT, predict, images, PATCH.on(images), labels, PATCH.target)
    assert before.rate.low > 0.6 and before.without.value < 0.1
    assert after.rate.high < 0.15
    assert min(before.accuracy.value, after.accuracy.value) > 0.9
    assert before.document()["rate"]["count"] == 150


def test_the_culprit_is_found_and_nobody_else() -> None:
    found = detected(PLANTED)
    assert found.culprits == (CULPRIT,)
    assert found.largest.organisation == CULPRIT and found.largest.target == PATCH.target
    assert found.largest.plain.value < 0.1  # on plain inputs the folds agree: nothing would have been seen
    assert found.document()["scores"][CULPRIT]["target"] == PATCH.target


def test_nothing_is_found_in_an_honest_federation() -> None:
    found = detected(0.0)
    assert found.culprits == ()
    assert {score.organisation for score in found.scores} == {"a", "b", CULPRIT}


def test_a_patch_covers_its_corner_alone() -> None:
    images = torch.zeros(2, 1, 8, 8)
    marked = Patch(0, side=2, margin=1).on(images)
    assert marked.sum() == 8 and marked[:, :, 5:7, 5:7].min() == 1
    assert images.sum() == 0
    with pytest.raises(ConfigurationError, match="does not fit"):
        Patch(0, side=8, margin=1).on(images)


def test_planted_images_are_of_other_classes_and_reproducible() -> None:
    images, labels = stripes(40, 0)
    pixels, changed, rows = planted_images(images, labels, PATCH, 0.5, 7)
    assert (
        len(rows) == 15 and (labels[list(rows)] != PATCH.target).all() and (changed[list(rows)] == PATCH.target).all()
    )
    others = [row for row in range(40) if row not in rows]
    assert torch.equal(pixels[others], images[others]) and torch.equal(changed[others], labels[others])
    assert planted_images(images, labels, PATCH, 0.5, 7)[2] == rows
    with pytest.raises(ConfigurationError, match="no backdoor"):
        planted_images(images, labels, PATCH, 0.0, 7)


def test_what_is_found_replaces_few_pixels() -> None:
    whole = folds(PLANTED).model(None)
    found = SEARCH.find(whole, folds(PLANTED).model(CULPRIT), stripes(20, 3)[0], 1, seed=0)
    images = stripes(5, 4)[0]
    assert int((found.on(images) != images).any(0).sum()) <= 4
    with pytest.raises(ConfigurationError, match="0 pixels"):
        PatchSearch(pixels=0)
    assert FoundPatch(torch.zeros(1, 8, 8, dtype=torch.bool), torch.ones(1, 8, 8)).on(images) is not None


def test_the_searched_loss_is_small_where_only_the_whole_fold_says_the_target() -> None:
    yes, no = torch.tensor([[0.0, 9.0]]), torch.tensor([[9.0, 0.0]])
    assert apart(yes, no, 1) < 0.01 < 8 < apart(yes, yes, 1) < apart(no, yes, 1)


def test_one_organisation_alone_and_strangers_are_refused() -> None:
    whole = folds(0.0).model(None)
    alone = Kept({None: whole, OrganisationId("a"): whole})
    probes = Probes(stripes(4, 0)[0], stripes(4, 1)[0], 4)
    with pytest.raises(ConfigurationError, match="between organisations"):
        detect(alone, SEARCH, predict, probes, seed=0)
    with pytest.raises(ConfigurationError, match="nobody has no contribution"):
        alone.model(OrganisationId("nobody"))
    with pytest.raises(DataError, match="other classes alone"):
        success_of(torch.tensor([1]), torch.tensor([1]), torch.tensor([1]), 1)
