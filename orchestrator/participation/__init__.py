"""Whether this organisation takes part in a round: what it accepts of a task, and what its policy makes of the rest.

Pure: no web3, no IPFS, no torch. What a round would need of other members is in the task; this is what one organisation
decides for itself, and nobody else has to agree.
"""

from orchestrator.participation.acceptance import Limits, refusals

__all__ = ["Limits", "refusals"]
