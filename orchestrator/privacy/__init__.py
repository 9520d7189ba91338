"""Privacy policies: the only makers of a :class:`~orchestrator.types.ProtectedDelta`.

Without torch: names, promises and settings. :mod:`orchestrator.privacy.protect` needs it.
"""

from orchestrator.privacy.policy import Place, Plain, PrivacyPolicy, Promise
from orchestrator.privacy.registry import MODULES, policies, policy_named
from orchestrator.privacy.settings import PrivacySettings

__all__ = [
    "MODULES",
    "Place",
    "Plain",
    "PrivacyPolicy",
    "PrivacySettings",
    "Promise",
    "policies",
    "policy_named",
]
