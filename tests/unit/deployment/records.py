"""A deployment as it is planned, and its record."""

from __future__ import annotations

from dataclasses import replace

from orchestrator import deployment as d

ADDRESS = "0x" + "ad" * 20
DESCRIPTION = d.development_description([f"0x{number:040x}" for number in range(1, 8)])


def planned(role: str) -> d.DeploymentRecord:
    """A record as a whole run makes it."""
    record = d.DeploymentRecord(31337 if role == "public" else 1337, role, DESCRIPTION.consortium_id)
    for place, name in enumerate(d.ORDER[role], start=1):
        address = f"0x{place:040x}"
        arguments = d.constructor_arguments(name, DESCRIPTION, record.addresses)
        entries = {name: (address, arguments)}
        if inner := d.deploys_with(name, DESCRIPTION, address):
            entries[inner[0]] = (f"0x{place + 100:040x}", inner[1])
        made = {
            key: d.ContractRecord(where, place, f"0x{place:064x}", tuple(d.as_json(values)), f"0x{place:064x}")
            for key, (where, values) in entries.items()
        }
        record = replace(record, contracts={**record.contracts, **made})
    return record
