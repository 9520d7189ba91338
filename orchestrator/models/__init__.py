"""Base models: where they come from, how they are loaded, and the digest that every member computes."""

from orchestrator.models.base import BaseModel, Kind
from orchestrator.models.load import load_base
from orchestrator.models.source import ModelSource, resolve

__all__ = ["BaseModel", "Kind", "ModelSource", "load_base", "resolve"]
