"""Whether a support picture will do: is it a face at all, and how far is it from what the model was trained on?

Forgetting from one picture works the worse the less the picture is like the training pictures (De Min and others,
arXiv 2407.12069). Two distances, each as a multiple of what 95 of 100 pictures of people that were not trained on keep
below:

- **pixels**: what is left of a picture, shrunk and evened out in light, after its projection on the leading components
  of the training pictures: Turk and Pentland's distance from face space (1991). From :data:`NO_FACE` on it is no face.
- **features**: Mahalanobis distance of the model's feature, with a covariance shrunk towards its diagonal. Above 1 a
  warning is due.

Neither is a face detector: a drawing of a face passes, a real one in odd light may not. Both are this project's own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.data.images.faces import Faces
from orchestrator.data.images.pictures import Scale
from orchestrator.errors import DataError

HEIGHT, WIDTH = 14, 12
COMPONENTS = 24
USUAL = 0.95
NO_FACE = 1.5
SHRINK = 0.2


@dataclass(frozen=True, slots=True)
class Admission:
    """What was found of one picture.

    Attributes:
        pixels, features: the distances, as multiples of the usual bound.
    """

    pixels: float
    features: float

    @property
    def face(self) -> bool:
        return self.pixels < NO_FACE

    @property
    def far(self) -> bool:
        return max(self.pixels, self.features) > 1

    def warning(self) -> str | None:
        """A sentence with the figure, where forgetting is likely to fail."""
        if not self.far:
            return None
        times = max(self.pixels, self.features)
        return (
            f"the picture is {times:.2f} times as far from the training pictures as 95 of 100 faces of strangers are: "
            "forgetting is likely to fail"
        )


@dataclass(frozen=True, slots=True)
class FaceSpace:
    """What the distances are measured by, all float32.

    Attributes:
        mean: (pixels,). components: (components, pixels). feature: (width,). precision: (width, width).
        bounds: (2,), the usual bounds on both distances.
    """

    mean: Tensor
    components: Tensor
    feature: Tensor
    precision: Tensor
    bounds: Tensor

    @classmethod
    def of(cls, training: Faces, others: Faces, model: nn.Module, scale: Scale) -> FaceSpace:
        """From the training pictures; the bounds are those of other people.

        Args:
            model: with ``features``.

        Raises:
            DataError: there are fewer than three training pictures.
        """
        if len(training) < 3:
            raise DataError(f"{len(training)} pictures make no space of faces", mend="give more")
        small = evened(training.pixels)
        mean = small.mean(0)
        components = torch.linalg.svd(small - mean, full_matrices=False).Vh[:COMPONENTS]
        features = _features(model, training.pixels, scale)
        centred = features - features.mean(0)
        spread = centred.T @ centred / (len(centred) - 1)
        level = spread.diagonal().mean().clamp(min=1e-6)
        shrunk = (1 - SHRINK) * spread + SHRINK * level * torch.eye(len(spread))
        found = cls(mean, components, features.mean(0), torch.linalg.inv(shrunk), torch.ones(2))
        usual = found._distances(others.pixels, model, scale).quantile(USUAL, dim=0)
        return cls(found.mean, found.components, found.feature, found.precision, usual.clamp(min=1e-6))

    def judged(self, pixels: Tensor, model: nn.Module, scale: Scale) -> Admission:
        """Of one picture, uint8 (1, channels, height, width)."""
        first, second = (self._distances(pixels, model, scale)[0] / self.bounds).tolist()
        return Admission(first, second)

    def tensors(self) -> dict[str, Tensor]:
        """By name, for a file."""
        return {field.name: getattr(self, field.name).contiguous() for field in fields(self)}

    def _distances(self, pixels: Tensor, model: nn.Module, scale: Scale) -> Tensor:
        """(pictures, 2)."""
        left = evened(pixels) - self.mean
        outside = (left - left @ self.components.T @ self.components).norm(dim=1)
        off = _features(model, pixels, scale) - self.feature
        within = ((off @ self.precision) * off).sum(1).clamp(min=0).sqrt()
        return torch.stack([outside, within], 1)


def evened(pixels: Tensor) -> Tensor:
    """(pictures, 168): grey, shrunk, and of mean 0 and length 1, so that light and contrast do not count.

    A picture of one colour is 0.
    """
    grey = pixels.float().mean(1, keepdim=True)
    small = functional.interpolate(grey, (HEIGHT, WIDTH), mode="area").flatten(1)
    centred = small - small.mean(1, keepdim=True)
    found: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp(min=1.0)
    return found


@torch.no_grad()
def _features(model: nn.Module, pixels: Tensor, scale: Scale) -> Tensor:
    found: Tensor = model.features(scale.applied(pixels))  # type: ignore[operator]
    return found.float()
