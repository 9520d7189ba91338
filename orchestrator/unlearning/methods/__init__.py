"""The methods of unlearning, one a file; each works on a whole network and on the ΔW of adapted modules."""

from orchestrator.unlearning.methods.registry import method_named, methods

__all__ = ["method_named", "methods"]
