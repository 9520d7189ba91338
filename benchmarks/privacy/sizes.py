"""The rows of the price list, and how much is trained and attacked for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.harness import Configuration
from orchestrator.privacy.policy import PrivacyPolicy
from orchestrator.privacy.registry import policy_named

RANK = 32
"""Of adapters; an attacked text fits into what one step at this rank shows. The packaged experiments have 8."""
LENGTH = 24
"""Tokens of an attacked text."""
STRENGTH = 500_000
"""Of the adapters' key-lock, millionths: the packaged policy's."""
DELTA_INVERSE = 100_000
NETWORK = "lenet"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list.

    Attributes:
        name: what it is called. policy: as a task names it. strategy: of the fold; images are always averaged.
        noise: multiplier of ``dp``; 0 without.
    """

    name: str
    policy: str
    strategy: str = "ffa"
    noise: float = 0.0

    @property
    def parts(self) -> tuple[str, ...]:
        """The policies by themselves."""
        return tuple(self.policy.split("+"))

    @property
    def promise(self) -> PrivacyPolicy:
        return policy_named(self.policy)


TEXT_ROWS = (
    Row("none, stack", "none", "stack"),
    Row("none", "none"),
    Row("keylock, stack", "keylock", "stack"),
    Row("keylock", "keylock"),
    Row("dp, σ 0.5", "dp", noise=0.5),
    Row("dp, σ 1", "dp", noise=1.0),
    Row("dp+keylock, σ 0.5", "dp+keylock", noise=0.5),
    Row("secagg", "secagg"),
)
IMAGE_ROWS = (
    Row("none", "none", "mean"),
    Row("keylock", "keylock", "mean"),
    Row("dp, σ 0.5", "dp", "mean", 0.5),
    Row("dp, σ 1", "dp", "mean", 1.0),
    Row("secagg", "secagg", "mean"),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """A federation on a pretrained model.

    Attributes:
        rounds, steps, batch: of a member; steps are those of one round. held_out: samples of a member at most.
        rate: chance of a sample to be in a step under ``dp``. clip: of a sample's gradient there.
    """

    experiment: str
    rounds: int
    steps: int
    batch: int
    held_out: int
    rate: float
    clip: float = 1.0


@dataclass(frozen=True, slots=True)
class Images:
    """Three clients that train one LeNet with sigmoids, an epoch a round.

    Attributes:
        images, tests: of Fashion-MNIST. learning: rate of SGD with momentum 0.9. clip: of an image's gradient under
            ``dp``, whose steps see ``batch`` images on average.
    """

    images: int
    tests: int
    rounds: int
    batch: int = 64
    learning: float = 0.05
    clip: float = 1.0


@dataclass(frozen=True, slots=True)
class Attacked:
    """How much is attacked: texts of a row, images of a row, and settings of the attacks on images."""

    texts: int
    images: int
    dlg: Mapping[str, Any] = field(default_factory=dict)
    inverting: Mapping[str, Any] = field(default_factory=dict)


TEXTS: Mapping[str, Mapping[str, Texts]] = {
    "default": {
        "vader": Texts("vader_minilm", 3, 20, 16, 200, 0.005),
        "sotu": Texts("sotu_smollm2", 2, 8, 4, 12, 0.0007),
    },
    "full": {
        "vader": Texts("vader_minilm", 3, 80, 16, 10**6, 0.01),
        "sotu": Texts("sotu_smollm2", 3, 24, 8, 48, 0.002),
    },
}
IMAGES = {"default": Images(12_000, 2_000, 20), "full": Images(60_000, 10_000, 100)}
ATTACKED = {
    "default": Attacked(4, 5, {"rounds": 60, "starts": 3}, {"iterations": 800}),
    "full": Attacked(16, 20, {"rounds": 300, "starts": 10}, {"iterations": 4_000}),
}
SEEDS = {"default": (0,), "full": (0, 1, 2)}
MODELS = {"vader": "packaged:minilm-l6", "sotu": "packaged:smollm2-135m"}
MEMBERS = {"vader": 4, "sotu": 3, "fashion": 3}


def row_of(cell: Configuration) -> Row:
    """The row that a cell belongs to."""
    return Row(*(cell["row"][name] for name in Row.__slots__))
