"""Organisations that train one network together: each round adds everybody's difference, weighted.

The model is base + Σ weight·difference over all rounds, as a fold is, so one organisation can be left out of it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.types import OrganisationId

Difference = Mapping[str, Tensor]
Work = Callable[[nn.Module, OrganisationId, int], None]
"""Trains a network in place as an organisation does in a round."""


def federated(base: nn.Module, names: Sequence[OrganisationId], work: Work, rounds: int) -> Kept:
    """The folds of a federation: of all, and without each organisation's differences, the others' as they were sent.

    Every difference counts 1/organisations in all folds: leaving one out does not make the others' larger.
    """
    sent: dict[OrganisationId, list[Difference]] = {name: [] for name in names}
    for number in range(rounds):
        current = folded(base, sent)
        for name in names:
            sent[name].append(_difference(current, name, number, work))
    folds: dict[OrganisationId | None, nn.Module] = {name: folded(base, sent, without=name) for name in names}
    return Kept({None: folded(base, sent), **folds})


def folded(
    base: nn.Module, sent: Mapping[OrganisationId, Sequence[Difference]], *, without: OrganisationId | None = None
) -> nn.Module:
    """base + 1/organisations · Σ differences of all but one."""
    model = copy.deepcopy(base)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            for owner, differences in sent.items():
                for difference in differences if owner != without else ():
                    parameter.add_(difference[name] / len(sent))
    return model.eval()


def _difference(current: nn.Module, name: OrganisationId, number: int, work: Work) -> Difference:
    own = copy.deepcopy(current)
    work(own, name, number)
    before = dict(current.named_parameters())
    return {path: (part - before[path]).detach() for path, part in own.named_parameters()}


def boosted(work: Work, owner: OrganisationId, factor: float) -> Work:
    """The same work, where one organisation's difference is so many times as large.

    Averages dilute a backdoor that one of many plants; this is how its owner makes up for it (E. Bagdasaryan and
    others, arXiv:1807.00459).
    """

    def work_boosted(network: nn.Module, name: OrganisationId, number: int) -> None:
        before = copy.deepcopy(network)
        work(network, name, number)
        if name == owner:
            with torch.no_grad():
                for parameter, start in zip(network.parameters(), before.parameters(), strict=True):
                    parameter.copy_(start + factor * (parameter - start))

    return work_boosted
