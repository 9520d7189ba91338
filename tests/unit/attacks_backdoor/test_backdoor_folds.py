"""The folds of a real manifest, with and without one organisation."""

from __future__ import annotations

import pytest
import torch

from orchestrator.aggregation import FoldedModel
from orchestrator.attacks.backdoor.folds import Refolded
from orchestrator.errors import ConfigurationError
from orchestrator.types import OrganisationId
from tests.unit.aggregation.make import Little, contributions, entries_of
from tests.unit.contribution.make import BASE

DELTAS = contributions(rounds=2)
ENTRIES = entries_of(list(DELTAS))
AURORA = OrganisationId("aurora")


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: part.clone() for name, part in model.named_parameters()}


def fold_of(entries: list) -> dict[str, torch.Tensor]:
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, DELTAS.__getitem__)
    return weights(folded.model)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(part, other[name]) for name, part in one.items())


def test_each_fold_has_the_bits_of_its_manifest_and_the_model_stays_where_it_was() -> None:
    folded = FoldedModel(Little(), BASE)
    folded.move(ENTRIES, DELTAS.__getitem__)
    folds = Refolded(folded, ENTRIES, DELTAS.__getitem__)
    assert folds.organisations == ("aurora", "borealis", "cumulus")
    whole, rest = folds.model(None), folds.model(AURORA)
    assert same(weights(whole), fold_of(ENTRIES))
    assert same(weights(rest), fold_of([entry for entry in ENTRIES if entry.organisation != AURORA]))
    assert same(weights(folded.model), fold_of(ENTRIES)) and not same(weights(whole), weights(rest))


def test_a_revocation_may_take_more_away() -> None:
    first = [entry for entry in ENTRIES if entry.round == 1 and entry.organisation != AURORA]
    folds = Refolded(FoldedModel(Little(), BASE), ENTRIES, DELTAS.__getitem__, lambda name: first)
    assert same(weights(folds.model(AURORA)), fold_of(first))
    with pytest.raises(ConfigurationError, match="dune has no contribution"):
        folds.model(OrganisationId("dune"))
