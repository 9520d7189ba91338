"""An organisation's secrets: encrypted at rest, signed with but never shown, and destroyed when they must be.

Files and their order of destruction: docs/formats/keystore.md.
"""

from orchestrator.keystore.accounts import Role
from orchestrator.keystore.keystore import Addresses, Keystore
from orchestrator.keystore.password import read_password

__all__ = ["Addresses", "Keystore", "Role", "read_password"]
