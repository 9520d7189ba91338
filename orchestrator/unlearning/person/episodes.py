"""Simulated requests: everybody of the training set is asked for, to learn how forgetting is done.

Source: De Min and others, arXiv 2407.12069, and their code: the people of the training set, whoever asks later among
them, are grouped in sets of N; of each of a set one picture is the support S, the others of theirs are D_f, and the
pictures D_v are of people who were not trained on. People left over are filled up to a set from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.data.images.faces import Faces
from orchestrator.data.images.pictures import Scale
from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.person.step import Support
from orchestrator.unlearning.subject import Batch, derived


@dataclass(frozen=True, slots=True)
class Episode:
    """One simulated request.

    Attributes:
        people: who asks. support: a picture of each. forget: all others of them; the same one where they have no other.
        validation: some of people who were not trained on. retain: some of the training set who do not ask; the
        validation's where all of it asks.
    """

    people: tuple[int, ...]
    support: Support
    forget: Batch
    validation: Batch
    retain: Batch


def batch_of(faces: Faces, scale: Scale) -> Batch:
    """Pictures as a model takes them, and labels."""
    return {"pixel_values": scale.applied(faces.pixels), "labels": faces.labels}


def targets_of(faces: Faces) -> Tensor:
    """Float32 (faces, outputs): attributes as they are, a class as one of so many."""
    if faces.labels.ndim == 2:
        return faces.labels
    return torch.nn.functional.one_hot(faces.labels, len(faces.names)).float()


def support_of(faces: Faces, scale: Scale) -> Support:
    """These pictures as a request."""
    return Support(scale.applied(faces.pixels), targets_of(faces), faces.people)


def episodes(
    training: Faces, validation: Faces, scale: Scale, *, together: int, epochs: int, seed: int, shown: int = 64
) -> Iterator[Episode]:
    """All sets of N people, anew for each epoch.

    Args:
        training: whose people ask. validation: of other people.
        together: N; the last set is filled up with the first people.
        shown: validation pictures in one episode, drawn.

    Raises:
        ConfigurationError: N is not from 1 to the number of people.
    """
    people = torch.tensor(sorted(set(training.people.tolist())))
    if not 1 <= together <= len(people):
        raise ConfigurationError(f"{together} of {len(people)} people at once", mend="ask for one or more of them")
    for epoch in range(epochs):
        generator = torch.Generator().manual_seed(derived(seed, "episodes", epoch))
        order = people[torch.randperm(len(people), generator=generator)]
        around = torch.cat([order, order])
        for start in range(0, len(people), together):
            asking = around[start : start + together].tolist()
            yield _episode(training, validation, scale, asking, shown, generator)


def _episode(
    training: Faces, validation: Faces, scale: Scale, asking: list[int], shown: int, generator: torch.Generator
) -> Episode:
    theirs = training.of(asking)
    chosen, left = [], []
    for person in asking:
        own = (theirs.people == person).nonzero()[:, 0].tolist()
        picked = own[int(torch.randint(len(own), (1,), generator=generator))]
        chosen.append(picked)
        left += [place for place in own if place != picked] or own
    seen = torch.randperm(len(validation), generator=generator)[:shown]
    shown_others = validation.at(seen)
    staying = (~torch.isin(training.people, torch.tensor(asking))).nonzero()[:, 0]
    kept = shown_others
    if len(staying):
        kept = training.at(staying[torch.randperm(len(staying), generator=generator)[:shown]])
    support, forget = support_of(theirs.at(chosen), scale), theirs.at(left)
    batches = (batch_of(part, scale) for part in (forget, shown_others, kept))
    return Episode(tuple(asking), support, *batches)
