"""Privacy policies: the only makers of a :class:`~orchestrator.types.ProtectedDelta`."""

from orchestrator.privacy.policy import PrivacyPolicy, PrivacySettings, policies, protect

__all__ = ["PrivacyPolicy", "PrivacySettings", "policies", "protect"]
