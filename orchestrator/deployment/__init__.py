"""What is deployed where: the consortium's description, the plan of contracts, and ``deployments/<chain id>.json``.

What is named here is pure: no chain, only the standard library and :mod:`orchestrator.errors`. The modules that speak
to a chain (such as ``lane``, ``deployer``, ``verification``) are imported one by one, by ``scripts/deploy.py`` and
``scripts/verify.py``.
"""

from orchestrator.deployment.code import masked
from orchestrator.deployment.consortium import (
    LOCAL_CHAINS,
    ConsortiumDescription,
    MemberDescription,
    development_description,
    read_description,
)
from orchestrator.deployment.plan import ORDER, bindings, constructor_arguments, deploys_with, description_of
from orchestrator.deployment.record import (
    Announced,
    BindingRecord,
    ContractRecord,
    DeploymentRecord,
    Pending,
    as_json,
    read_record,
    record_path,
    write_record,
)

__all__ = [
    "LOCAL_CHAINS",
    "ORDER",
    "Announced",
    "BindingRecord",
    "ConsortiumDescription",
    "ContractRecord",
    "DeploymentRecord",
    "MemberDescription",
    "Pending",
    "as_json",
    "bindings",
    "constructor_arguments",
    "deploys_with",
    "description_of",
    "development_description",
    "masked",
    "read_description",
    "read_record",
    "record_path",
    "write_record",
]
