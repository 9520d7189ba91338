"""What a revocation does to the model, by mode."""

from orchestrator.unlearning.modes import Mode, mode, modes
from orchestrator.unlearning.verification import Comparison, compare

__all__ = ["Comparison", "Mode", "compare", "mode", "modes"]
