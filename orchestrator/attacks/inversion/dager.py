"""DAGER on LoRA: tokens out of the span of an adapter's gradient, and their order out of the next layer's.

I. Petrov and others, "DAGER: Exact Gradient Inversion for Large Language Models", arXiv 2405.15586. There: the rows of
∂L/∂W_q of a full matrix. Here the rows of ∂L/∂A = s·Bᵀδᵀx lie in the span of the inputs x, and have its rank while
there are no more tokens than rows; or, A being known, the rows of ∂L/∂B = s·δᵀ(x Aᵀ) in the span of A x, which is so
from the first step on, when B is zero and ∂L/∂A is, too. q and v of a layer read the same inputs: the rows of both
gradients of A are taken together.

Of a BERT-like model, what is tested are tokens at positions, which is the whole text; no second layer is needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.lock_span import INSIDE, Estimate, estimate, pooled, search
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.spans import Probe, distance, row_span
from orchestrator.attacks.inversion.text_order import ordered
from orchestrator.attacks.inversion.text_victim import A, B, TextVictim
from orchestrator.attacks.inversion.text_view import TextView
from orchestrator.errors import ConfigurationError, DataError

Source = Literal["A", "B"]
LIKELY = 12
"""Tokens of either kind, common ones and those nearest to the span, that an adaptive attacker guesses from."""


@dataclass(frozen=True)
class Dager:
    """The attack.

    Attributes:
        length: tokens of a text, which the task's settings make public; of a text whose tokens do not stand out, so
            many are guessed. knowledge: of the lock. source: whose gradient is looked at, A's or B's.
        noise: standard deviation of noise that the attacker knows to be on every number.
        common: tokens that are frequent in texts of that kind, the most frequent first; for an adaptive attacker.
        estimate: of the first layer's lock, from other rounds; only which tokens to guess from
            follows from it, as another text's span leaves another part of β open.
    """

    length: int
    knowledge: Knowledge = Knowledge.NO_LOCK
    source: Source = "A"
    noise: float = 0.0
    common: tuple[int, ...] = ()
    estimate: Estimate | None = None

    def __post_init__(self) -> None:
        if self.source == "B" and self.knowledge is Knowledge.FREE:
            raise ConfigurationError(
                "gradients of B say too little of a lock to find it", mend="attack gradients of A, or with the key"
            )

    @property
    def name(self) -> str:
        return f"dager-{self.source.lower()}"

    def run(self, victim: TextVictim, observed: Observation, *, seed: int = 0) -> Reconstruction:
        """Attack what was seen once; nothing is random."""
        return self.together(victim, [observed])

    def together(self, victim: TextVictim, observed: Sequence[Observation]) -> Reconstruction:
        """Attack what was seen in several rounds of one text, and of one key where there is a lock.

        Returns:
            Tokens [1, tokens]: those in order first, then what else was found. ``figures``: ``rank`` of the span,
            ``accepted`` tokens that lie in it (below half of it, the tokens are the ``length`` nearest), ``ordered``
            tokens, ``doubt`` and ``tries`` of the lock's estimate.

        Raises:
            DataError: the observation is not of the victim's model.
        """
        view = self._view(victim)
        probes = list(self.probes(view, observed, 0))
        rank = float(max((probe.span.rank for probe in probes), default=0))
        if not probes:
            return _found([], [], {"rank": rank, "accepted": 0.0})
        if view.positional:
            tokens, accepted = self._by_position(view, probes)
            return _found(tokens if accepted else [], tokens, {"rank": rank, "accepted": float(accepted)})
        lock = self._lock(view, probes[0])
        tokens, accepted = self._tokens(view, probes, lock)
        # the second layer has a lock of its own, and what it reads depends on the first one's in full
        second = list(self.probes(view, observed, 1)) if _explained(accepted, rank) and lock is None else []
        text = ordered(view, second, tokens, limit=self.length, texts=observed[0].batch)
        known = {} if lock is None else {"doubt": lock.doubt, "tries": float(lock.tries)}
        return _found(text, tokens, {"rank": rank, "accepted": float(accepted), **known})

    def learned(self, victim: TextVictim, rounds: Sequence[Observation]) -> Estimate | None:
        """The first layer's lock from several rounds of different texts; None where no round gives it away."""
        view = self._view(victim)
        inputs = view.first_inputs().cpu().double()
        evidence = []
        for observed in rounds:
            for probe in self.probes(view, [observed], 0):
                found = self._lock(view, probe)
                if found is not None:
                    evidence.append((probe.span, inputs[probe(found.locked(inputs)) < INSIDE]))
        return pooled(evidence) if evidence else None

    def probes(self, view: TextView, observed: Sequence[Observation], depth: int) -> Iterator[Probe]:
        """The probes of a layer that say anything: a span of all of its room holds every vector."""
        modules = view.modules(depth)
        if self.source == "A":
            groups: list[tuple[list[str], Tensor | None]] = [([f"{module}.{A}" for module in modules], None)]
        else:
            factors = [view.layers[module][0].detach().cpu().double() for module in modules]
            groups = [([f"{module}.{B}"], factor) for module, factor in zip(modules, factors, strict=True)]
        for names, factor in groups:
            span = row_span([_tensor(item, name) for item in observed for name in names], noise=self.noise)
            if 0 < span.rank < span.basis.shape[1]:
                yield Probe(span, factor)

    def _tokens(self, view: TextView, probes: Sequence[Probe], lock: Estimate | None) -> tuple[list[int], int]:
        """Tokens, nearest first, and how many lie in the span; the nearest ``length`` where these do not explain it."""
        inputs = view.first_inputs().cpu()
        read = lock.locked(inputs) if lock else view.locked(view.modules(0)[0], inputs)
        far = distance(probes, read)
        accepted, rank = int((far < INSIDE).sum()), max(probe.span.rank for probe in probes)
        if accepted > rank:  # more than fit into it: it is no span of tokens
            accepted = 0
        count = accepted if _explained(accepted, rank) else max(accepted, self.length)
        return far.topk(count, largest=False).indices.tolist(), accepted

    def _by_position(self, view: TextView, probes: Sequence[Probe]) -> tuple[list[int], int]:
        """The nearest token of each position, up to the first at which none lies in the span."""
        module, found = view.modules(0)[0], []
        accepted = 0
        for position in range(self.length):
            far = distance(probes, view.locked(module, view.first_inputs(position).cpu()))
            found.append(int(far.argmin()))
            if accepted == position and float(far.min()) < INSIDE:
                accepted += 1
        return found[: accepted or None], accepted

    def _lock(self, view: TextView, probe: Probe) -> Estimate | None:
        """The lock of the first layer, from guesses of three tokens, and then from all that were found by it."""
        if self.knowledge is not Knowledge.FREE:
            return None
        inputs, before = view.first_inputs().cpu().double(), self.estimate
        nearest = probe(before.locked(inputs) if before else inputs).topk(LIKELY, largest=False).indices.tolist()
        pairs = itertools.zip_longest(() if before else self.common[:LIKELY], nearest)
        likely = dict.fromkeys(token for pair in pairs for token in pair if token is not None)
        guess = search(probe.span, inputs[list(likely)])
        if guess is None:
            return before
        inside = probe(guess.locked(inputs)) < INSIDE
        found = estimate(probe.span, inputs[inside]) if int(inside.sum()) <= probe.span.rank else guess
        return replace(found, tries=guess.tries)

    def _view(self, victim: TextVictim) -> TextView:
        view = victim.view(self.knowledge)
        if view.positional and self.knowledge is Knowledge.FREE:
            raise ConfigurationError("the adaptive attack on a lock is for models whose first layer sees no positions")
        return view


def _explained(accepted: int, rank: float) -> bool:
    """Whether the tokens inside of a span are most of it; else there are more, which stand out less."""
    return accepted > 0 and 2 * accepted >= rank


def _found(text: Sequence[int], tokens: Sequence[int], figures: Mapping[str, float]) -> Reconstruction:
    """Tokens in order first, then those without."""
    placed = set(text)
    everything = [*text, *(token for token in tokens if token not in placed)]
    return Reconstruction(
        torch.tensor([everything], dtype=torch.int64), figures={**figures, "ordered": float(len(text))}
    )


def _tensor(observed: Observation, name: str) -> Tensor:
    if name not in observed.tensors:
        raise DataError(f"what was observed has no {name}", mend="observe the adapter that is attacked")
    return observed.tensors[name]
