"""The models of an evaluation: folders as `loranchor model export` writes them, as states of one model in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from orchestrator.contribution.peft_folder import CONFIG, read_peft_folder
from orchestrator.contribution.refusal import ContributionRefused
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.export.record import changed_files, read_record
from orchestrator.models import BaseModel, Kind, load_base, resolve
from orchestrator.models.base import tensors_digest
from orchestrator.types import ZERO_DIGEST, Digest
from orchestrator.unlearning.evaluation.findings import ORIGINAL, RETRAINED, ROLES

State = Mapping[str, Tensor]
"""Parameters and buffers by name, float32 on the CPU; states share the tensors that are equal in them."""
_TASKS = {"SEQ_CLS": "classifier", "CAUSAL_LM": "causal_lm"}


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The base of adapters and what it predicts, where folders do not say it; the settings' group ``model``."""

    base: str | None = None
    kind: Kind | None = None
    labels: int = 2


@dataclass(frozen=True, slots=True)
class Models:
    """One model in memory, and the states that it can have.

    Attributes:
        states: by role: ``original``, ``unlearned``, ``retrained``, ``reference 1`` and so on. digests: of each.
    """

    base: BaseModel
    classes: int
    states: Mapping[str, State]
    digests: Mapping[str, Digest]

    @property
    def model(self) -> nn.Module:
        return cast("nn.Module", self.base.model)

    def become(self, role: str) -> None:
        """Give the model in memory the state of a role, bit for bit."""
        with torch.no_grad():
            for name, tensor in _tensors(self.model).items():
                tensor.copy_(self.states[role][name])


def load_models(
    folders: Mapping[str, str], settings: ModelSettings, *, device: str = "cpu", cache: Path | None = None
) -> Models:
    """Load every folder.

    Args:
        folders: by role, ``original`` first: a folder with a merged model, or with a PEFT adapter.
        settings: base of the adapters, and kind where a folder does not say it.

    Raises:
        ConfigurationError: an adapter without a base, a kind that nobody says, or a device that is not there.
        DataError: a folder is none of these, was changed after its export, is not finite, or holds another
            architecture than the first.
    """
    _check_device(device)
    base: BaseModel | None = None
    states: dict[str, State] = {}
    digests: dict[str, Digest] = {}
    for role, name in folders.items():
        folder = Path(name).expanduser()
        _check_export(folder)
        adapter = (folder / CONFIG).is_file()
        found = _adapted(folder, settings, cache) if adapter else _merged(name, settings, cache)
        if base is not None and (found.kind, found.architecture) != (base.kind, base.architecture):
            raise DataError(
                f"{name} is a {found.architecture}, the first model a {base.architecture}",
                mend="give models of one base",
            )
        states[role] = _state(name, found.model, next(iter(states.values()), None))
        digests[role] = tensors_digest(sorted(states[role].items()))
        _check_reference(role, name, digests)
        base = base or found
    if base is None:
        raise ConfigurationError("there is no model to evaluate", mend="give --original and --unlearned")
    base.model.to(device)
    return Models(base, _classes(base), states, digests)


def _check_device(device: str) -> None:
    if not re.fullmatch(r"cpu|cuda(:\d{1,2})?", device):
        raise ConfigurationError(f"evaluation.device is {device!r}", mend="use cpu or cuda")
    number = int(device.partition(":")[2] or 0)
    if device != "cpu" and not number < torch.cuda.device_count():
        raise ConfigurationError(f"device {device} was asked for and there is no GPU", mend="set evaluation.device=cpu")


def _check_reference(role: str, name: str, digests: Mapping[str, Digest]) -> None:
    """Two references that are one say nothing of how much models differ, nor does a model as its own reference; and
    the original, which saw the forget data, is no model retrained without them. The unlearned one may be: by bits."""
    others = [other for other, digest in digests.items() if digest == digests[role] and other != role]
    if (role not in ROLES and others) or (role == RETRAINED and ORIGINAL in others):
        raise DataError(f"{name}, {role}, is the {others[0]} model over again", mend="give another one, or none")


def _merged(name: str, settings: ModelSettings, cache: Path | None) -> BaseModel:
    source = resolve(name, cache=cache)
    kind, labels = _kind(source.folder, settings)
    return load_base(source, kind=kind, labels=labels, cache=cache)


def _adapted(folder: Path, settings: ModelSettings, cache: Path | None) -> BaseModel:
    """The base with ΔW = scale·B·A added, in float32."""
    if settings.base is None:
        raise ConfigurationError(
            f"{folder} is an adapter, and no base is named", mend="add --base NAME or model=NAME, as it was trained on"
        )
    kind = cast("Kind | None", _TASKS.get(str(_json(folder / CONFIG).get("task_type")))) or settings.kind
    if kind is None:
        raise ConfigurationError(f"{folder} does not say what it predicts", mend="choose it with model=NAME")
    base = load_base(resolve(settings.base, cache=cache), kind=kind, labels=settings.labels, cache=cache)
    record = read_record(folder)
    if record is not None and record.get("base") != base.digest:
        raise DataError(
            f"{folder} is an adapter for the base {record.get('base')}, {settings.base} is {base.digest}",
            mend="name the base that it was trained on",
        )
    parameters = dict(base.model.named_parameters())
    try:
        delta = read_peft_folder(
            folder,
            base=base.digest,
            parent_manifest=ZERO_DIGEST,
            shapes=base.shapes,
            values=lambda name: parameters[name],
        )
    except ContributionRefused as error:
        raise DataError(f"the adapter in {folder} cannot be added: {error.message}") from error
    with torch.no_grad():
        for module, low in delta.modules.items():
            parameters[f"{module}.weight"].add_(low.scale * (low.b.float() @ low.a.float()))
        for name, tensor in delta.dense.items():
            parameters[name].add_(tensor.float())
    return base


def _kind(folder: Path | None, settings: ModelSettings) -> tuple[Kind, int]:
    """As the configuration's class says; else as the settings do."""
    config = {} if folder is None else _json(folder / "config.json")
    named: Sequence[Any] = config.get("architectures") or ()
    if any(str(name).endswith("ForSequenceClassification") for name in named):
        return "classifier", len(config.get("id2label") or (0, 0))
    if any(str(name).endswith("ForCausalLM") for name in named):
        return "causal_lm", 0
    if settings.kind is None:
        raise ConfigurationError(
            f"{folder or settings.base} does not say what it predicts",
            mend="choose it with model=NAME or a merged export",
        )
    return settings.kind, settings.labels


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} is no JSON object")
    return found


def _check_export(folder: Path) -> None:
    record = read_record(folder)
    changed = [] if record is None else changed_files(record, folder)
    if changed:
        raise DataError(f"{folder}: {changed[0]} is not what the export's record says", mend="export the model again")


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _state(name: str, model: nn.Module, first: State | None) -> State:
    """A copy, but for what is equal to the first state's."""
    found = {key: tensor.detach().cpu() for key, tensor in _tensors(model).items()}
    if first is not None and {k: t.shape for k, t in found.items()} != {k: t.shape for k, t in first.items()}:
        raise DataError(f"{name} does not hold the tensors of the first model", mend="give models of one base")
    for key, tensor in found.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DataError(f"{name}: {key} is not finite")
    same = {} if first is None else {key: first[key] for key in found if torch.equal(found[key], first[key])}
    return {key: same[key] if key in same else tensor.clone() for key, tensor in found.items()}


def _classes(base: BaseModel) -> int:
    config = base.model.config
    return int(config.num_labels if base.kind == "classifier" else config.vocab_size)
