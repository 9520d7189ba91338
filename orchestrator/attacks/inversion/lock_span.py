"""The lock of an adapter's inputs, found from a subspace: what its secret diagonal and shift do not hide.

Under the lock the rows of ∂L/∂A span vectors u = γ ⊙ x + β of the text's tokens. With P = 1 − QᵀQ of that span,
P u = 0, so for two of its tokens P (γ ⊙ (x₁ − x₂)) = 0: linear in γ, without β. Stacked over the differences m of a few
tokens, ‖P diag(m) γ‖² = γᵀ (P ∘ Σ m mᵀ) γ, whose smallest eigenvalue is zero if, and but for chance only if, the tokens
are the text's: three of them give 2·(d − rank) equations for d unknowns. So whoever guesses three tokens of a text
knows γ up to its scale, and β up to the span itself, in which it changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from orchestrator.attacks.inversion.spans import Span, residuals
from orchestrator.privacy.keylock.lora import Pair

CERTAIN = 1e-6
"""Smallest eigenvalue over the mean one up to which a guess is looked at; right ones had 10⁻¹², wrong ones 10⁻⁷."""
INSIDE = 0.05
"""Sine of the angle to a span up to which a vector counts as inside; others had 0.2 and more."""
WITNESSES = 4
"""Tokens that must be inside under a lock, the three that were guessed among them."""
TRIES = 400
"""Guesses of three tokens that are looked at."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A lock as far as it can be told: γ with mean 1, β outside of the span.

    Attributes:
        pair: γ and β, float64 [d] each. doubt: smallest eigenvalue over the mean one. tries: guesses looked at.
    """

    pair: Pair
    doubt: float
    tries: int = 1

    def locked(self, inputs: Tensor) -> Tensor:
        """γ ⊙ x + β of inputs [..., d]."""
        scale, shift = self.pair
        return torch.addcmul(shift, inputs.double(), scale)


def estimate(span: Span, inputs: Tensor) -> Estimate:
    """The lock under which all of these tokens are in the span; doubtful where they are not.

    Args:
        inputs: what the norm hands on for three or more tokens, float64 [tokens, d].
    """
    return pooled([(span, inputs)])


def pooled(evidence: Sequence[tuple[Span, Tensor]]) -> Estimate:
    """The lock from several rounds of one key; of two and more β is found in full, as their spans share little.

    Args:
        evidence: of each round its span, and the inputs [tokens, d] of tokens that are known to be in it.
    """
    width = evidence[0][0].basis.shape[1]
    form, normal, right = (torch.zeros(width, side, dtype=torch.float64) for side in (width, width, 1))
    for span, inputs in evidence:
        across = torch.eye(width, dtype=torch.float64) - span.basis.T @ span.basis
        differences = inputs - inputs.mean(0)
        form += across * (differences.T @ differences)
        normal += across
    values, vectors = torch.linalg.eigh(form)
    scale = vectors[:, 0] / vectors[:, 0].mean()
    for span, inputs in evidence:
        middle = (scale * inputs).mean(0)
        right[:, 0] -= middle - (middle @ span.basis.T) @ span.basis
    shift = torch.linalg.pinv(normal, rtol=1e-6, hermitian=True) @ right
    return Estimate((scale, shift[:, 0]), float(values[0].clamp_min(0) / values.mean().clamp_min(1e-300)))


def search(span: Span, inputs: Tensor) -> Estimate | None:
    """Guess three of some tokens, the likelier ones first, until a lock fits; None if none did.

    Args:
        inputs: of tokens that may be in the text, the likeliest first, float64 [tokens, d].
    """
    for tries, guess in enumerate(itertools.islice(_triples(len(inputs)), TRIES), start=1):
        found = estimate(span, inputs[list(guess)])
        if found.doubt < CERTAIN and int((residuals(span, found.locked(inputs)) < INSIDE).sum()) >= WITNESSES:
            return replace(found, tries=tries)
    return None


def _triples(count: int) -> list[tuple[int, ...]]:
    """Of places, the sum of whose ranks is smallest first."""
    return sorted(itertools.combinations(range(count), 3), key=sum)
