"""A deployment from a document of unknown origin."""

from __future__ import annotations

from typing import Any, cast

from orchestrator.chain.abi import PRIVATE, PUBLIC
from orchestrator.chain.deployment import Deployment, Side
from orchestrator.deployment import ContractRecord
from orchestrator.deployment.fields import Fields
from orchestrator.deployment.record import FORMAT, VERSION
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.types import Digest


def parse_deployment(document: Any) -> Deployment:
    """Check and read a deployment.

    Raises:
        FormatError: it is none of this version, or lacks a contract.
    """
    try:
        return _parse(document)
    except ConfigurationError as error:
        raise FormatError(error.message) from error


def _parse(document: Any) -> Deployment:
    fields = Fields(document, "the deployment")
    role, entries = fields.text("role"), document.get("contracts")
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise FormatError(f"the deployment is not {FORMAT} version {VERSION}")
    if role not in ("public", "private") or not isinstance(entries, dict):
        raise FormatError(f"the deployment's role is {role!r}, or its contracts are missing")
    wanted = PUBLIC if role == "public" else PRIVATE
    if missing := [name for name in wanted if name not in entries]:
        raise FormatError(f"the deployment lacks {', '.join(missing)}")
    contracts = {name: _contract(Fields(entries[name], name)) for name in wanted}
    chain_id, consortium = fields.integer("chain_id"), Digest(fields.digest("consortium_id"))
    return Deployment(chain_id, cast("Side", role), consortium, contracts)


def _contract(fields: Fields) -> ContractRecord:
    return ContractRecord(
        address=fields.address("address"),
        block=fields.integer("block"),
        transaction=fields.digest("transaction"),
        constructor_arguments=fields.arguments("constructor_arguments"),
        code_hash=fields.digest("code_hash"),
    )
