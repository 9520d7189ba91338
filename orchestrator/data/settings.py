"""What the settings say about an organisation's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orchestrator.anonymise import Anonymisation
from orchestrator.errors import ConfigurationError
from orchestrator.sensitivity import Declaration

Adversary = Literal["none", "label_flip"]


@dataclass(frozen=True, slots=True)
class DataSettings:
    """One organisation's data.

    Attributes:
        source: ``sotu``, ``vader``, ``chitchat``, ``text`` or ``csv``.
        shard: which part of it; keys depend on the source.
        folder: where the files are; None is the cache, for the packaged sources.
        validation_share: part of the documents that is held out, in millionths.
        validation_limit: at most so many held-out samples are used.
        seed: of the split and of the order of batches.
        adversary: ``label_flip`` turns the labels of the training part around, never those of the held-out part.
        provenance, permission, sensitivity: what the organisation states about the data, in its own words.
        declared: what it states besides in words that policies understand (`data.statement`).
        anonymise: what is taken out of the texts before training; None for nothing.
    """

    source: str
    shard: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    validation_share: int = 100_000
    validation_limit: int = 24
    seed: int = 0
    adversary: Adversary = "none"
    provenance: str = "not stated"
    permission: str = "not stated"
    sensitivity: str = "not stated"
    declared: Declaration = field(default_factory=Declaration)
    anonymise: Anonymisation | None = None

    @classmethod
    def from_experiment(cls, data: Mapping[str, Any], organisation: Mapping[str, Any], seed: int) -> DataSettings:
        """Read them out of an experiment's ``data`` and one entry of its ``organisations``.

        Raises:
            ConfigurationError: a key is missing, the adversary unknown, statement or anonymise set wrong.
        """
        try:
            folder = data.get("folder")
            settings = cls(
                source=data["source"],
                shard=dict(organisation["shard"]),
                folder=Path(folder) if folder else None,
                validation_share=data["validation"]["share"],
                validation_limit=data["validation"]["limit"],
                seed=seed,
                adversary=organisation.get("adversary") or "none",
                **{key: data[key] for key in ("provenance", "permission", "sensitivity") if key in data},
                declared=Declaration.from_settings(data.get("statement")),
                anonymise=Anonymisation.from_settings(data.get("anonymise")),
            )
        except (KeyError, TypeError) as error:
            raise ConfigurationError(f"the experiment's data settings lack {error}") from error
        if settings.adversary not in ("none", "label_flip"):
            raise ConfigurationError(f"unknown adversary {settings.adversary!r}", mend="choose one of none, label_flip")
        return settings
