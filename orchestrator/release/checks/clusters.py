"""Do training samples of one class fall into two parts inside the model, as poisoned and clean ones do?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.attacks.backdoor.representations import activation_clusters, representations
from orchestrator.release.check import Finding, Subject
from orchestrator.release.opened import Images, Opened, image_classes, text_classes


class ActivationClusters:
    """Activation clustering (arXiv 1811.03728) of the members, under the labels that they were trained under."""

    name = "clusters"
    needs = frozenset({"opened", "members"})
    kinds = frozenset({"classifier", "image_classifier"})

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> Finding:
        """``warn`` where a class has a small part well apart from the rest; such classes are named."""
        opened = subject.part("opened", Opened)
        data, model = opened.data["members"], opened.model
        if isinstance(data, Images):
            features = representations(model, lambda: image_classes(model, data.pixels))
        else:
            texts = data
            features = representations(model, lambda: text_classes(model, texts))
        found = activation_clusters(features[: len(data)], data.labels.numpy())
        apart = [item for item in found if item.suspicious()]
        figures = {f"class {item.label}: share": item.share for item in found}
        figures |= {f"class {item.label}: silhouette": item.silhouette for item in found}
        sure = (
            "bounds of the part's share and silhouette are conventions; a class with two kinds of members looks the"
            " same, and whose samples were not given was not looked at"
        )
        if not apart:
            return Finding(self.name, "pass", figures, why="no class has a small part well apart", sure=sure)
        named = tuple(f"class {item.label}: {len(item.smaller)} of its samples" for item in apart)
        return Finding(self.name, "warn", figures, why=f"{named[0]} lie apart", sure=sure, named=named)
