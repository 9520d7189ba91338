"""Requests by a picture: what is refused, taken back and stopped, what is on disk afterwards, and windows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.person import folder as folders
from orchestrator.unlearning.person import forgetting
from orchestrator.unlearning.person.forgetting import (
    FORGOTTEN,
    NO_FACE,
    STOPPED,
    TAKEN_BACK,
    Asked,
    close,
    forget,
    queue,
)
from orchestrator.unlearning.subject import Subject
from tests.unit.unlearning.people import SIDE
from tests.unit.unlearning.person_folder import FACES, make_folder, picture, trained_model

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUN = 16
"""Bytes in a row that may not be found again."""


@pytest.fixture(scope="module")
def model() -> Subject:
    return trained_model()


@pytest.fixture
def place(tmp_path: Path, model: Subject) -> Path:
    return make_folder(tmp_path / "model", model)


def files(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_step_is_published_beside_the_base_and_can_be_taken_back(place: Path) -> None:
    before, state = files(place), folders.read_state(place)
    outcome = forget(place, [Asked(picture(1), 0)], now=NOON)
    after = folders.read_state(place)
    assert outcome.result == FORGOTTEN and after.base == state.base != after.current == outcome.model
    base_file = f"model-{state.base[2:]}.safetensors"
    assert files(place)[base_file] == before[base_file]
    assert not (folders.read_kept(place, folders.read_about(place)).people == 0).any()
    with pytest.raises(ConfigurationError, match="stays open until"):
        close(place, now=NOON + timedelta(hours=71))
    assert files(place)[base_file] == before[base_file]
    assert close(place, undo=True, now=NOON) == state.base
    assert [name for name in files(place) if name.startswith("model-")] == [base_file]


def test_a_closed_window_leaves_one_model_and_asks_for_a_new_meta_loss(place: Path) -> None:
    outcome = forget(place, [Asked(picture(1), 0)], now=NOON)
    assert close(place, now=NOON + timedelta(hours=72)) == outcome.model
    assert [name for name in files(place) if name.startswith("model-")] == [f"model-{outcome.model[2:]}.safetensors"]
    with pytest.raises(DataError, match="another model"):
        forget(place, [Asked(picture(2), 1)])
    with pytest.raises(ConfigurationError, match="no window"):
        close(place)


def test_equal_requests_give_equal_bits_and_their_order_is_rounding(tmp_path: Path, model: Subject) -> None:
    people, found = [(picture(1), 0), (FACES.pixels[4:5], 1), (FACES.pixels[8:9], 2)], []
    for name, order in (("a", (0, 1, 2)), ("b", (0, 1, 2)), ("c", (2, 0, 1))):
        place = make_folder(tmp_path / name, model, rate=1e-3, budget=100, step=100)
        for number in order:
            assert forget(place, [Asked(*people[number])], now=NOON).result == FORGOTTEN
        state = folders.read_state(place)
        found.append((state.current, folders.read_model(place, folders.read_about(place), state.current)))
    assert found[0][0] == found[1][0]
    pairs = zip(found[0][1].parameters(), found[2][1].parameters(), strict=True)
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in pairs)


def test_what_costs_others_too_much_is_not_published(tmp_path: Path, model: Subject) -> None:
    place = make_folder(tmp_path / "model", model, rate=50.0)
    state = folders.read_state(place)
    outcome = forget(place, [Asked(picture(1), 0)])
    assert outcome.result == TAKEN_BACK and outcome.before - outcome.after > 2 and "may cost 2" in outcome.words
    assert folders.read_state(place).current == state.base == outcome.model
    assert folders.read_state(place).requests[0]["result"] == TAKEN_BACK


def test_what_is_no_face_is_refused_with_a_figure(place: Path) -> None:
    board = (torch.arange(SIDE).view(-1, 1) + torch.arange(SIDE)).remainder(2).mul(255).to(torch.uint8)
    for pixels in (board.view(1, 1, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE, dtype=torch.uint8)):
        outcome = forget(place, [Asked(pixels)])
        assert outcome.result == NO_FACE and "times as far" in outcome.words
    known = forget(place, [Asked(picture(1), 0)])
    assert known.result == FORGOTTEN and known.admission[0].pixels < outcome.admission[0].pixels


@pytest.mark.parametrize(("rate", "end"), [(1e-5, FORGOTTEN), (0.5, STOPPED)])
def test_fifty_requests_stay_within_the_budget_or_the_queue_says_why(
    tmp_path: Path, model: Subject, rate: float, end: str
) -> None:
    place = make_folder(tmp_path / "model", model, rate=rate, step=100.0)
    others = folders.read_kept(place, folders.read_about(place)).of(range(1, 8))
    scale = folders.read_about(place).scale
    start = forgetting.accuracy(model.model, others, scale)
    outcomes = list(queue(place, (Asked(picture(number), 0) for number in range(50)), now=NOON))
    state = folders.read_state(place)
    left = forgetting.accuracy(folders.read_model(place, folders.read_about(place), state.current), others, scale)
    assert start - left <= 2.0 and len(state.requests) == len(outcomes) and outcomes[-1].result == end
    assert len(outcomes) == 50 if end == FORGOTTEN else "is all" in outcomes[-1].words


class Crash(BaseException):
    """As if the power went."""


@pytest.mark.parametrize("where", ["store_model", "store_state", "store_kept", None])
def test_no_run_of_a_picture_is_left_on_disk_wherever_it_crashes(
    tmp_path: Path, model: Subject, monkeypatch: pytest.MonkeyPatch, where: str | None
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    place, asked = make_folder(tmp_path / "model", model), Asked(picture(3), 0)
    assert "tensor" not in repr(asked)
    if where is not None:
        monkeypatch.setattr(folders, where, _crashing(getattr(folders, where)))
    try:
        forget(place, [asked])
    except Crash:
        assert where is not None
    runs = _runs(asked.pixels)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(run in content for run in runs), path
    monkeypatch.undo()
    state = folders.read_state(place)
    assert folders.read_model(place, folders.read_about(place), state.current) is not None
    assert forget(place, [Asked(picture(4), 0)]).result == FORGOTTEN


def _crashing(real: Callable[..., object]) -> Callable[..., object]:
    def crash(*given: object) -> None:
        real(*given)
        raise Crash

    return crash


def _runs(pixels: torch.Tensor) -> list[bytes]:
    """Of the picture as bytes, as float32, and as the model takes it."""
    from tests.unit.unlearning.people import SCALE

    forms = [pixels, pixels.float(), pixels.float() / 255, SCALE.applied(pixels)]
    whole = [form.contiguous().numpy().tobytes() for form in forms]
    return [one[start : start + RUN] for one in whole for start in range(0, len(one) - RUN, RUN)]


def test_what_was_not_asked_for_rightly_is_told_in_one_line(place: Path, tmp_path: Path) -> None:
    for asked, words in (
        ([], "nobody asks"),
        ([Asked(torch.zeros(1, 3, SIDE, SIDE, dtype=torch.uint8))], "of shape"),
        ([Asked(picture(1), 0, torch.zeros(3))], "3 attributes"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            forget(place, asked)
    with pytest.raises(ConfigurationError, match="holds no model"):
        forget(tmp_path, [Asked(picture(1))])
    with folders.held(place), pytest.raises(ConfigurationError, match="another request"):
        forget(place, [Asked(picture(1))])
    name = f"model-{folders.read_state(place).base[2:]}.safetensors"
    data = bytearray((place / name).read_bytes())
    data[-1] ^= 1
    (place / name).write_bytes(data)
    with pytest.raises(DataError, match="what its name says"):
        forget(place, [Asked(picture(1))])
