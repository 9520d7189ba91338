"""Do images that the model's confidence leads to resemble its training images more than others of their class?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from orchestrator.attacks.model_inversion import ClassInversion, likeness
from orchestrator.release.check import Finding, Subject, not_run
from orchestrator.release.opened import Images, Opened
from orchestrator.release.parts import Terms
from orchestrator.report.pictures import grid_svg

MOST = 16
"""Classes that are drawn."""
TITLE = "What the model's confidence leads to, above the mean of unseen images of each class"


class Inversion:
    """Class reconstruction (:mod:`orchestrator.attacks.model_inversion`), with a picture beside each class's mean.

    Judged is by how much the nearest member is more like a class's reconstruction than the nearest of as many others,
    mean over classes: what all of a class have in common is no memory. Settings: ``steps``.
    """

    name = "inversion"
    needs = frozenset({"opened", "members", "others", "terms"})
    kinds = frozenset({"image_classifier"})

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> Finding:
        """The finding, with pictures."""
        opened, terms = subject.part("opened", Opened), subject.part("terms", Terms)
        members, others = opened.images("members"), opened.images("others")
        classes = [label for label in range(opened.classes) if _has(members, label) and _has(others, label)]
        if len(classes) < 2:
            return not_run(self.name, "members and others have fewer than two classes in common")
        attack = ClassInversion(steps=int(settings.get("steps", 300)))
        c, h, w = members.pixels.shape[1:]
        found = attack.run(opened.model, opened.classes, (c, h, w))[classes]
        nearer = [_nearer(found[place], members, others, label) for place, label in enumerate(classes)]
        means = torch.stack([others.pixels[others.labels == label].mean(0) for label in classes])
        alike = likeness(found, means)
        right = (alike.argmax(1) == torch.arange(len(classes))).double().mean()
        figures = {
            "members_above_others": sum(nearer) / len(nearer),
            "recognised": float(right),
            "like_own_class": float(alike.diagonal().mean()),
            "classes": float(len(classes)),
        }
        sure = terms.bootstrap.told(f"{len(classes)} classes") + "; a better attack may get sharper images"
        interval = terms.bootstrap.interval(lambda rows: float(rows.mean()), nearer)
        rows = [found[:MOST], means[:MOST]]
        pictures = {
            "What the model's confidence leads to, above the mean of unseen images of each class": grid_svg(rows)
        }
        return Finding(self.name, "pass", figures, "members_above_others", interval, sure=sure, pictures=pictures)


def _has(images: Images, label: int) -> bool:
    return bool((images.labels == label).any())


def _nearer(found: Tensor, members: Images, others: Images, label: int) -> float:
    """Correlation with the nearest member less that with the nearest of as many others."""
    inside, outside = (images.pixels[images.labels == label] for images in (members, others))
    count = min(len(inside), len(outside))
    near = [float(likeness(found[None], part[:count]).max()) for part in (inside, outside)]
    return near[0] - near[1]
