"""Requests to forget a person from one picture, on a model in a folder: checked, taken, measured, and taken back.

Every step of a window is the meta-loss's gradient **at the base**, the only model that it was trained for, and the
model as it is now moves by it: so steps of a window may come in any order, but for rounding. A step that costs more
accuracy on kept pictures than one request may is not published; where the window has cost as much as it may, the queue
stops. What is logged of a request is a random name, the time, figures and digests of models: not the picture, not its
digest, which a list of pictures could be tried against, and not who asked.

While the window is open, the base and its successor lie side by side, and their difference is a gradient of pictures:
from such a gradient pictures can be guessed (``docs/methods/inversion.md``). Closing the window removes the base.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.data.images.faces import Faces
from orchestrator.data.images.pictures import Scale
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.person import artefact
from orchestrator.unlearning.person import folder as folders
from orchestrator.unlearning.person.admission import Admission
from orchestrator.unlearning.person.step import Support, stepped

FORGOTTEN, TAKEN_BACK, NO_FACE, STOPPED = "forgotten", "taken back", "no face", "stopped"
NOBODY = -1
"""Who is on a picture, where that is not said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One who asks.

    Attributes:
        pixels: uint8 (1, channels, height, width), as the model's pictures. person: a number of the training set's, or
            :data:`NOBODY`. shows: float32 (attributes,) of 0 and 1; None takes the model's own answers.
    """

    pixels: Tensor
    person: int = NOBODY
    shows: Tensor | None = None

    def __repr__(self) -> str:
        return "Asked(…)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request.

    Attributes:
        request: its random name. result: forgotten, taken back, no face or stopped. words: why.
        admission: of each picture. before, after: accuracy on kept pictures in percent; after is what it was, or would
            have been. answers: attributes of the pictures that the model answers otherwise now.
    """

    request: str
    result: str
    words: str
    admission: tuple[Admission, ...]
    before: float
    after: float
    answers: int
    base: str
    model: str

    def document(self) -> dict[str, Any]:
        """For the log and for programs."""
        return {
            "request": self.request,
            "result": self.result,
            "words": self.words,
            "pictures": [
                {"pixels": round(one.pixels, 6), "features": round(one.features, 6), "warning": one.warning()}
                for one in self.admission
            ],
            "kept_before": round(self.before, 6),
            "kept_after": round(self.after, 6),
            "answers_changed": self.answers,
            "base": self.base,
            "model": self.model,
        }


def forget(folder: Path, asked: Sequence[Asked], *, now: datetime | None = None) -> Outcome:
    """Forget whoever is on these pictures, all in one step.

    Raises:
        ConfigurationError: there is no such folder, another process is at it, nobody asks, or a picture is of another
            shape. DataError: a file of the folder is not what it should be, or the window was closed and the meta-loss
            is for a former model. NotFinite: a weight after the step is not; nothing changed then.
    """
    if not asked:
        raise ConfigurationError("nobody asks to be forgotten", mend="give a picture")
    with folders.held(folder):
        at = _opened(folder, asked)
        start, before = (accuracy(model, at.others, at.about.scale) for model in (at.base, at.current))
        names = (at.state.base, at.state.current)
        outcome = Outcome(secrets.token_hex(8), NO_FACE, "", at.judged, before, before, 0, *names)
        if not all(one.face for one in at.judged):
            far = max(one.pixels for one in at.judged)
            words = f"a picture is {far:.2f} times as far from faces as 95 of 100 faces: it is taken for none"
            return _logged(folder, at.state, replace(outcome, words=words), now)
        moved, answers = _moved(folder, at, asked)
        after = accuracy(moved, at.others, at.about.scale)
        outcome = replace(outcome, after=after, answers=answers)
        refused = _refused(at.about, start, before, after)
        if refused is not None:
            result, words = refused
            return _logged(folder, at.state, replace(outcome, result=result, words=words), now)
        digest = folders.store_model(folder, moved)
        if at.fewer:
            folders.store_kept(folder, at.others)
        told = replace(outcome, result=FORGOTTEN, words="one step was taken", model=digest)
        opened = at.state.opened or _text(now)
        return _logged(folder, replace(at.state, current=digest, opened=opened), told, now)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A folder read for a request; ``others`` are the kept pictures less those of who asks, ``fewer`` if there were."""

    about: folders.About
    state: folders.State
    base: nn.Module
    current: nn.Module
    others: Faces
    fewer: bool
    judged: tuple[Admission, ...]


def _opened(folder: Path, asked: Sequence[Asked]) -> _Opened:
    about, state = folders.read_about(folder), folders.read_state(folder)
    _check(about, asked)
    base, current = (folders.read_model(folder, about, digest) for digest in (state.base, state.current))
    kept = folders.read_kept(folder, about)
    people = {one.person for one in asked}
    left = [place for place, person in enumerate(kept.people.tolist()) if person not in people]
    if not left:
        raise DataError("no kept pictures but of those who ask", mend="make the folder anew with more people")
    space = folders.read_space(folder)
    judged = tuple(space.judged(one.pixels, base, about.scale) for one in asked)
    return _Opened(about, state, base, current, kept.at(left), len(left) < len(kept), judged)


def queue(folder: Path, asked: Iterable[Asked], *, now: datetime | None = None) -> Iterator[Outcome]:
    """One request after the other, each in a step of its own, until the window has cost as much as it may.

    Raises:
        As :func:`forget`.
    """
    for one in asked:
        outcome = forget(folder, [one], now=now)
        yield outcome
        if outcome.result == STOPPED:
            return


def close(folder: Path, *, undo: bool = False, now: datetime | None = None) -> str:
    """End the window: the model as it is now becomes the base, or with ``undo`` the base the model.

    Returns:
        The digest of the model that is left.

    Raises:
        ConfigurationError: no window is open, or it must stay open for longer; see :func:`folders.held`.
        DataError: a file of the folder is not what it should be.
    """
    with folders.held(folder):
        about, state = folders.read_about(folder), folders.read_state(folder)
        if state.opened is None:
            raise ConfigurationError(
                "no window is open: nothing was forgotten since the last one", mend="nothing to do"
            )
        ends = datetime.fromisoformat(state.opened) + timedelta(hours=about.window_hours)
        if not undo and (now or datetime.now(UTC)) < ends:
            raise ConfigurationError(
                f"the window stays open until {ends.isoformat(timespec='minutes')}",
                mend="close it then, or take all of it back with --undo",
            )
        digest = state.base if undo else state.current
        entry = {"time": _text(now), "result": "undone" if undo else "closed", "base": digest, "model": digest}
        told = replace(state, base=digest, current=digest, opened=None, requests=(*state.requests, entry))
        folders.store_state(folder, told)
        return digest


@torch.no_grad()
def accuracy(model: nn.Module, faces: Faces, scale: Scale) -> float:
    """Percent of attributes answered right."""
    logits = model(scale.applied(faces.pixels))
    return 100 * float(((logits > 0) == (faces.labels > 0.5)).double().mean())


def support_of(asked: Sequence[Asked], model: nn.Module, scale: Scale) -> Support:
    """The pictures as the meta-loss takes them; what they show is what was said, or what the model says."""
    pixels = scale.applied(torch.cat([one.pixels for one in asked]))
    with torch.no_grad():
        answers = (model(pixels) > 0).float()
    targets = [answers[place] if one.shows is None else one.shows for place, one in enumerate(asked)]
    return Support(pixels, torch.stack(targets), torch.tensor([one.person for one in asked]))


def _refused(about: folders.About, start: float, before: float, after: float) -> tuple[str, str] | None:
    """Why a step is not published; accuracies on kept pictures: the base, the model as it is, and as it would be."""
    if before - after > about.step_points:
        cost, most = before - after, about.step_points
        return TAKEN_BACK, f"it would cost {cost:.2f} points of kept accuracy, and a request may cost {most:g}"
    if start - after > about.budget_points:
        cost, most = start - after, about.budget_points
        return STOPPED, f"this window would have cost {cost:.2f} points of kept accuracy, and {most:g} is all"
    return None


def _moved(folder: Path, at: _Opened, asked: Sequence[Asked]) -> tuple[nn.Module, int]:
    """The model as it is now, moved by the gradient at the base; and how many answers on the pictures changed."""
    base, current = at.base, at.current
    meta, rate = artefact.load(folder / at.state.meta, base)
    support = support_of(asked, base, at.about.scale)
    weights = {name: one.detach().clone().requires_grad_() for name, one in base.named_parameters()}
    target = stepped(base, weights, meta, support, rate=rate)
    with torch.no_grad():
        before = current(support.pixel_values) > 0
        for name, parameter in current.named_parameters():
            parameter.add_(target[name] - weights[name])
        changed = int(((current(support.pixel_values) > 0) != before).sum())
    return current, changed


def _check(about: folders.About, asked: Sequence[Asked]) -> None:
    wanted = (1, about.channels, about.height, about.width)
    for one in asked:
        if tuple(one.pixels.shape) != wanted:
            raise ConfigurationError(f"a picture of shape {tuple(one.pixels.shape)}", mend=f"this model takes {wanted}")
        if one.shows is not None and tuple(one.shows.shape) != (len(about.attributes),):
            raise ConfigurationError(
                f"{len(one.shows)} attributes of a picture", mend=f"this model has {', '.join(about.attributes)}"
            )


def _logged(folder: Path, state: folders.State, outcome: Outcome, now: datetime | None) -> Outcome:
    entry = {"time": _text(now), **outcome.document()}
    folders.store_state(folder, replace(state, requests=(*state.requests, entry)))
    return outcome


def _text(now: datetime | None) -> str:
    return (now or datetime.now(UTC)).isoformat(timespec="seconds")
