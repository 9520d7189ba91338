"""What the members of a round have agreed to begin their adapters with, and which of the factors stays as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from orchestrator.contribution.refusal import ContributionRefused, Reason
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting


@dataclass(frozen=True, slots=True)
class Frozen:
    """The factor of every module that an update did not train.

    Attributes:
        seed: where all A follow from a seed (:func:`~orchestrator.contribution.agreed.agreed_a`), that; such an A does
            not travel.
    """

    factor: Literal["a", "b"]
    seed: int | None = None

    @property
    def document(self) -> dict[str, Any]:
        return {"factor": self.factor} if self.seed is None else {"factor": self.factor, "seed": self.seed}

    @classmethod
    def from_text(cls, text: object) -> Frozen | None:
        """Read it out of a delta's metadata, where it may be missing.

        Raises:
            ContributionRefused: it is not the text of any.
        """
        if text is None:
            return None
        try:
            check_nesting(str(text).encode(), "frozen")
            found = json.loads(str(text))
            frozen = cls(found["factor"], found.get("seed"))
        except (ValueError, KeyError, TypeError, FormatError) as error:
            raise ContributionRefused(Reason.WRONG_FORMAT, "it does not say which factor was frozen") from error
        seeded = frozen.seed is not None
        if frozen.factor not in ("a", "b") or (seeded and frozen.factor == "b"):
            raise ContributionRefused(Reason.WRONG_FORMAT, f"there is no frozen factor {frozen.document}")
        if seeded and (type(frozen.seed) is not int or not 0 <= frozen.seed < 1 << 64):
            raise ContributionRefused(Reason.WRONG_FORMAT, f"{frozen.seed!r} is no seed of a factor")
        return frozen


@dataclass(frozen=True, slots=True)
class Start:
    """See the module.

    Attributes:
        a: by module, (rank, inputs) fp32. b: the same, (outputs, rank); zero where it is missing.
        frozen: what is not trained; None where both factors are.
        fraction_bits: what is trained travels as multiples of 2**-fraction_bits; None for any numbers.
    """

    a: Mapping[str, Tensor]
    b: Mapping[str, Tensor] = field(default_factory=dict)
    frozen: Frozen | None = None
    fraction_bits: int | None = None
