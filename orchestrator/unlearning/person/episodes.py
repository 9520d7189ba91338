"""Simulated requests: people of the training set who will not be forgotten are asked for, to learn how it is done.

Source: De Min and others, arXiv 2407.12069: training identities are grouped in sets of N; of each of a set one picture
is the support S, all of theirs are D_f, and the validation pictures D_v are of others.
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
        people: who asks. support: a picture of each. forget: all pictures of them. validation: some of others.
    """

    people: tuple[int, ...]
    support: Support
    forget: Batch
    validation: Batch


def batch_of(faces: Faces, scale: Scale) -> Batch:
    """Pictures as a model takes them, and labels."""
    return {"pixel_values": scale.applied(faces.pixels), "labels": faces.labels}


def targets_of(faces: Faces) -> Tensor:
    """Float32 (faces, outputs): attributes as they are, a class as one of so many."""
    if faces.labels.ndim == 2:
        return faces.labels
    return torch.nn.functional.one_hot(faces.labels, len(faces.names)).float()


def support_of(faces: Faces, scale: Scale) -> Support:
    """These pictures as a request: whose they are is numbered by first appearance."""
    places: dict[int, int] = {}
    numbers = [places.setdefault(person, len(places)) for person in faces.people.tolist()]
    return Support(scale.applied(faces.pixels), targets_of(faces), torch.tensor(numbers))


def episodes(
    training: Faces, validation: Faces, scale: Scale, *, together: int, epochs: int, seed: int, shown: int = 64
) -> Iterator[Episode]:
    """All sets of N people, anew for each epoch.

    Args:
        training: whose people ask. validation: of other people. together: N; people left over wait for another epoch.
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
        for start in range(0, len(people) - together + 1, together):
            asking = order[start : start + together].tolist()
            yield _episode(training, validation, scale, asking, shown, generator)


def _episode(
    training: Faces, validation: Faces, scale: Scale, asking: list[int], shown: int, generator: torch.Generator
) -> Episode:
    forget = training.of(asking)
    chosen = []
    for person in asking:
        own = (forget.people == person).nonzero()[:, 0]
        chosen.append(int(own[torch.randint(len(own), (1,), generator=generator)]))
    seen = torch.randperm(len(validation), generator=generator)[:shown]
    support = support_of(forget.at(chosen), scale)
    return Episode(tuple(asking), support, batch_of(forget, scale), batch_of(validation.at(seen), scale))
