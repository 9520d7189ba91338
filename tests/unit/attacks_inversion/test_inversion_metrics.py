"""PSNR and SSIM beside values of scikit-image 0.26, made once by the calls named here."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from orchestrator.attacks.inversion.metrics import mse, psnr, ssim
from orchestrator.errors import DataError


def waves(channels: int, height: int, width: int, shift: float) -> Tensor:
    """Pixels in [0, 1] by a formula, so that another library can be given the same."""
    y, x = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
    lines = [0.5 + 0.5 * torch.sin((x * (k + 1) + shift) / 3) * torch.cos(y / (4 + k)) for k in range(channels)]
    return torch.stack(lines)


# structural_similarity(found, truth, data_range=1.0, channel_axis=0, gaussian_weights=True, sigma=1.5,
# use_sample_covariance=False) and peak_signal_noise_ratio(truth, found, data_range=1.0)
KNOWN = (
    ((1, 28, 28), 0.5, 0.9693447251183072, 23.047533415326402),
    ((3, 32, 32), 1.0, 0.9231669008841664, 20.354133682823566),
    ((3, 17, 23), 2.0, 0.7627875674319536, 15.597702086481728),
)


@pytest.mark.parametrize(("shape", "shift", "similar", "noise"), KNOWN)
def test_as_scikit_image_has_it(shape: tuple[int, int, int], shift: float, similar: float, noise: float) -> None:
    truth = waves(*shape, 0.3)
    found = (waves(*shape, 0.3 + shift) * 0.9).clamp(0, 1)
    assert ssim(found, truth) == pytest.approx(similar, abs=1e-9)
    assert psnr(found, truth) == pytest.approx(noise, abs=1e-9)


def test_equal_images() -> None:
    image = waves(1, 12, 12, 0)
    assert mse(image, image) == 0 and psnr(image, image) == math.inf
    assert ssim(image, image) == pytest.approx(1.0)


def test_a_negative_is_unlike_and_a_flat_image_is_not_like_a_structured_one() -> None:
    image = waves(1, 20, 20, 0)
    assert ssim(1 - image, image) < 0
    assert ssim(torch.full_like(image, 0.5), image) < 0.1


def test_psnr_is_of_the_mean_square_and_not_of_its_root() -> None:
    truth = torch.zeros(1, 11, 11)
    assert mse(truth + 0.1, truth) == pytest.approx(0.01)
    assert psnr(truth + 0.1, truth) == pytest.approx(20.0)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be compared"):
        psnr(torch.zeros(1, 12, 12), torch.zeros(1, 12, 13))
    with pytest.raises(DataError, match="11 pixels"):
        ssim(torch.zeros(1, 10, 12), torch.zeros(1, 10, 12))
