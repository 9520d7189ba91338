"""Small generators of images: one that a single attack fits (GRNN), and the decoder of a variational autoencoder (GGL).

Both go from a vector through a quarter of the side, by nearest-neighbour enlargement and convolutions, to pixels in
[0, 1]. D. Kingma and M. Welling, "Auto-Encoding Variational Bayes", arXiv:1312.6114.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.data.images import Pictures
from orchestrator.errors import DataError

WIDTH = 32


class Decoder(nn.Module):
    """A vector [batch, latent] to pixels [batch, *shape].

    Args:
        shape: channels, height and width; both sides a multiple of four. width: channels inside.
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int = WIDTH) -> None:
        super().__init__()
        channels, height, side = shape
        if height % 4 or side % 4:
            raise DataError(f"a generator makes images whose sides are multiples of 4, not {height}×{side}")
        self.small = (width, height // 4, side // 4)
        self.spread = nn.Linear(latent, math.prod(self.small))
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        values = functional.silu(self.spread(latent)).reshape(-1, *self.small)
        values = functional.silu(self.first(_twice(values)))
        values = functional.silu(self.second(_twice(values)))
        return torch.sigmoid(self.last(values))


class _Encoder(nn.Module):
    """Pixels to mean and logarithm of the variance, [batch, latent] each."""

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int = WIDTH) -> None:
        super().__init__()
        channels, height, side = shape
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 4, 2, 1), nn.SiLU(), nn.Conv2d(width, width, 4, 2, 1), nn.SiLU(), nn.Flatten()
        )
        self.out = nn.Linear(width * (height // 4) * (side // 4), 2 * latent)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = self.out(self.layers(images)).chunk(2, 1)
        return mean, spread


def trained_decoder(pictures: Pictures, latent: int, *, steps: int, seed: int, batch: int = 64) -> Decoder:
    """The decoder of a variational autoencoder of these images, which are none of the victim's; float32.

    Args:
        latent: entries of its vectors, which are N(0, 1) where images are likely. steps: of Adam, 2e-3.

    Raises:
        DataError: there are fewer than two images, or their sides are no multiples of four.
    """
    if len(pictures) < 2:
        raise DataError("a generator is trained on at least two images")
    shape = tuple(int(size) for size in pictures.pixels.shape[1:])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder, encoder = Decoder(latent, shape), _Encoder(latent, shape)  # type: ignore[arg-type]
        optimizer = torch.optim.Adam([*decoder.parameters(), *encoder.parameters()], lr=2e-3)
        for _ in range(steps):
            images = pictures.pixels[torch.randint(len(pictures), (batch,))].float() / 255
            mean, spread = encoder(images)
            drawn = mean + torch.randn_like(mean) * (spread / 2).exp()
            error = functional.binary_cross_entropy(decoder(drawn), images, reduction="sum") / batch
            apart = (mean.square() + spread.exp() - 1 - spread).sum() / (2 * batch)
            optimizer.zero_grad()
            torch.autograd.backward(error + apart)
            optimizer.step()
    return decoder.eval().requires_grad_(False)


def _twice(values: Tensor) -> Tensor:
    return functional.interpolate(values, scale_factor=2, mode="nearest")
