"""What a revocation does to the model, by mode. No torch.

Methods that make weights forget need torch and are imported by themselves: ``subject``, ``tasks``, ``methods``,
``chain``, ``tuning``, ``configured``.
"""

from orchestrator.unlearning.modes import Mode, mode, modes
from orchestrator.unlearning.verification import Comparison, compare

__all__ = ["Comparison", "Mode", "compare", "mode", "modes"]
