"""docs/block-explorers.md, from the text beside this file, the ABIs and what was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact
from orchestrator.chain.codec import decode_event, decode_values
from orchestrator.commitment.signatures import recover
from orchestrator.ledger.words import word
from tools.reference.explorer import declared, log_lines, selector_of, short

HERE = Path(__file__).parent
DATA = HERE / "round.json"
OPENZEPPELIN = {"EIP712DomainChanged"}
"""Events that are never sent."""


def build() -> str:
    """The page as text and data want it."""
    round_ = json.loads(DATA.read_text("utf-8"))
    bits = counted(round_)
    round_ |= {"signers": bits, "signers_bits": f"{bits:0{len(members(round_))}b}"}
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown
    )
    return environment.get_template("page.md.j2").render(
        round=round_,
        blocks={name: "\n".join(_step(round_, name)) for name in round_["steps"]},
        sent=arguments(round_),
        signers=signers(round_),
        members=members(round_),
        searched={side: list(_searched(names)) for side, names in (("public", PUBLIC), ("private", PRIVATE))},
        short=short,
        checksum=to_checksum_address,
        selector=selector_of(artifact("CheckpointAnchor").functions["anchor"]),
    )


def arguments(round_: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the transaction that anchored the checkpoint, by name."""
    entry = artifact("CheckpointAnchor").functions["anchor"]
    sent = bytes.fromhex(round_["steps"]["anchoring"]["transaction"]["input"][2:])
    values = decode_values(entry["inputs"], sent[4:], "anchor")
    return {part["name"]: value for part, value in zip(entry["inputs"], values, strict=True)}


def counted(round_: Mapping[str, Any]) -> int:
    """The bitmap of signers in the event."""
    anchor = artifact("CheckpointAnchor")
    topic = anchor.topic("CheckpointAnchored")
    log = next(item for item in round_["steps"]["anchoring"]["logs"] if item["topics"][0] == topic)
    values = decode_event(anchor.events[topic], log["topics"], bytes.fromhex(log["data"][2:]))
    return int(values["signers"])


def signers(round_: Mapping[str, Any]) -> list[str]:
    """Who signed the digest that the contract's view names, in the order of the signatures."""
    return [recover(word(round_["digest_signed"]), signature) for signature in arguments(round_)["signatures"]]


def members(round_: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Organisations with their delegates, in member order, from the founding's logs."""
    consortium = artifact("Consortium")
    topic = consortium.topic("DelegateRotated")
    found = []
    for log in round_["steps"]["founding"]["logs"]:
        if log["topics"][0] == topic:
            name = bytes.fromhex(log["topics"][1][2:]).rstrip(b"\0").decode("ascii")
            found.append((name, "0x" + log["data"][-40:]))
    return found


def _step(round_: Mapping[str, Any], name: str) -> Iterator[str]:
    """The logs of one transaction, as an explorer's tab shows them."""
    contracts = {address: contract for contract, address in round_["contracts"].items()}
    for place, log in enumerate(round_["steps"][name]["logs"]):
        contract = contracts[log["address"]]
        yield from ([""] if place else [])
        yield from log_lines(contract, artifact(contract).events[log["topics"][0]], log)


def _searched(names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Contract, event, and what it can be found by."""
    for name in names:
        for entry in sorted(artifact(name).events.values(), key=lambda item: str(item["name"])):
            if entry["name"] not in OPENZEPPELIN:
                indexed = [f"`{part['name']}`" for part in entry["inputs"] if part["indexed"]]
                yield name, f"`{declared(entry).partition('(')[0]}`", ", ".join(indexed) or "nothing but the event"
