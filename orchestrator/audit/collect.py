"""Reads everything an audit needs from both chains, each up to one block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from orchestrator.audit.contracts import OTHER_VIEWS, code_is_ours
from orchestrator.audit.evidence import (
    Binding,
    ConsortiumFacts,
    DeployedCode,
    Evidence,
    PrivateSide,
    PublicSide,
    SentCall,
    Side,
)
from orchestrator.audit.metered import MeteredChain
from orchestrator.audit.objects import TIMEOUT, Objects
from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.codec import decode_event, event_values
from orchestrator.chain.contracts import PublicContracts, private_of, public_of
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.logs import SenderBook, read_logs
from orchestrator.chain.port import ChainReader, RawLog
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxy import Proxy
from orchestrator.chain.public_events import read_anchored, read_awards
from orchestrator.chain.reader import read_attestations, read_due, read_records
from orchestrator.chain.senders import ForgedSender, NoSender, UnknownType, recover_sender
from orchestrator.deployment.links import LINKS
from orchestrator.errors import ChainError, ProtocolError
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.records import Record
from orchestrator.ledger.schema import KINDS, fields_from_event
from orchestrator.storage.store import ObjectReader
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId

T = TypeVar("T")


@dataclass(frozen=True)
class Sources:
    """Where an audit reads. Nothing here holds a key.

    Attributes:
        public, private: the two chains. store: any IPFS node that reaches the members' nodes.
        public_deployment, private_deployment: where the contracts are; the auditor's own trust anchors.
        timeout: seconds to wait for an object that should be there.
        addresses_handed: whether the deployments are from a handover, for want of the auditor's own.
    """

    public: ChainReader
    private: ChainReader
    store: ObjectReader
    public_deployment: Deployment
    private_deployment: Deployment
    timeout: float = TIMEOUT
    addresses_handed: bool = False


def collect(sources: Sources) -> Evidence:
    """Read both chains.

    Raises:
        ChainError: a chain is down, or its node contradicts itself.
    """
    public, private = MeteredChain(sources.public), MeteredChain(sources.private)
    public_side = read_public(public, sources.public_deployment)
    private_side = read_private(private, sources.private_deployment)
    objects = Objects(sources.store, timeout=sources.timeout)
    usage = {"public_calls": public.calls, "private_calls": private.calls}
    return Evidence(public_side, private_side, objects, sources.addresses_handed, usage)


def read_public(chain: ChainReader, deployment: Deployment) -> PublicSide:
    """The public chain up to its last final block.

    Raises:
        ChainError: it is down, or its node contradicts itself.
    """
    side = PublicSide(**_base(chain, deployment))
    if not code_is_ours(side):
        return side
    contracts, first, last = public_of(chain, deployment), deployment.first_block, side.block
    membership, broken = _until_broken(_membership(chain, contracts, first, last))
    anchored = tuple(read_anchored(chain, contracts, first, last))
    return replace(
        side,
        consortium=consortium_facts(contracts.consortium, last),
        links=_links(side, contracts.proxies),
        calls=_calls(chain, (item.place.transaction for item in anchored)),
        membership=membership,
        broken=broken,
        anchored=anchored,
        head=contracts.anchor.head(block=last),
        awards=tuple(read_awards(chain, contracts, first, last)),
        supply=token_supply(contracts, last),
        equivocations=tuple(_equivocations(chain, contracts.anchor, first, last)),
    )


def read_private(chain: ChainReader, deployment: Deployment) -> PrivateSide:
    """The private chain up to its last final block.

    Raises:
        ChainError: it is down, or its node contradicts itself.
    """
    side = PrivateSide(**_base(chain, deployment))
    if not code_is_ours(side):
        return side
    contracts, first, last = private_of(chain, deployment), deployment.first_block, side.block
    ignored: list[str] = []

    def on_ignored(log: RawLog, why: str) -> None:
        ignored.append(f"the event in block {log.block}, log {log.log_index}: {why}")

    records, broken = _until_broken(read_records(chain, contracts, first, last, on_ignored=on_ignored))
    due = tuple(read_due(chain, contracts, first, last, on_ignored=on_ignored))
    return replace(
        side,
        consortium=consortium_facts(contracts.consortium, last),
        links=_links(side, contracts.proxies),
        calls=_calls(chain, (record.transaction for record in records if record.kind == "VerdictRevealed")),
        records=records,
        ignored=tuple(ignored),
        broken=broken,
        due=due,
        attestations=tuple(read_attestations(chain, contracts, first, last, on_ignored=on_ignored)),
        block_hashes={block.number: block.hash for block in chain.blocks(sorted({item.block for item in due}))},
    )


def _base(chain: ChainReader, deployment: Deployment) -> dict[str, Any]:
    last = max(chain.block_number() - chain.finality_depth, 0)
    contracts = {
        name: DeployedCode(item, chain.code(Address(item.address)), _creation(chain, Digest(item.transaction)))
        for name, item in deployment.contracts.items()
    }
    base = {"chain_id": chain.chain_id, "deployment": deployment, "contracts": contracts}
    return {**base, "block": last, "block_hash": chain.block(last).hash}


def _creation(chain: ChainReader, transaction: Digest) -> SentCall | None:
    if chain.receipt(transaction) is None:
        return None
    return _calls(chain, [transaction]).get(transaction)


def _calls(chain: ChainReader, transactions: Iterable[Digest]) -> Mapping[Digest, SentCall]:
    """Those whose fields hash to their hash; of a type that is not read, nothing is known."""
    hashes = list(dict.fromkeys(transactions))
    found = zip(hashes, chain.transactions(hashes), strict=True)
    calls = ((hash_, _call(chain, hash_, fields)) for hash_, fields in found)
    return {hash_: call for hash_, call in calls if call is not None}


def _call(chain: ChainReader, hash_: Digest, fields: Mapping[str, Any]) -> SentCall | None:
    signer: Address | None
    try:
        signer = recover_sender(fields, expected_hash=hash_, chain_id=chain.chain_id)
    except UnknownType:
        return None
    except ForgedSender:
        signer = None
    to = fields.get("to")
    return SentCall(
        to=None if to is None else rpc.address(to, "transaction target"),
        data=rpc.data(fields.get("input", fields.get("data")), "transaction data"),
        nonce=rpc.quantity(fields.get("nonce"), "transaction nonce"),
        block=rpc.quantity(fields.get("blockNumber"), "transaction block"),
        signer=signer,
    )


def consortium_facts(consortium: ConsortiumProxy, block: int) -> ConsortiumFacts:
    """What a Consortium contract answers as of a block."""
    current, binding = consortium.current(block=block), _view(consortium, "binding", block)
    return ConsortiumFacts(
        consortium_id=consortium.consortium_id(),
        epoch=current.epoch,
        quorum=current.quorum,
        consortium_digest=current.consortium_digest,
        members=consortium.members(block=block),
        binding=Binding(*binding.values()),
    )


def _links(side: Side, proxies: Iterable[Proxy]) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for proxy in proxies:
        for view in (*LINKS[side.deployment.side].get(proxy.contract, {}), *OTHER_VIEWS.get(proxy.contract, ())):
            answer = _view(proxy, view, side.block)
            found[f"{proxy.contract}.{view}"] = list(answer.values()) if isinstance(answer, dict) else answer
    return found


def _membership(chain: ChainReader, contracts: PublicContracts, first: int, last: int) -> Iterator[Record]:
    """The public Consortium's events in the form of records, so that one fold serves both chains."""
    proxy = contracts.consortium
    events = {topic: entry for topic, entry in proxy.artifact.events.items() if entry["name"] in KINDS}
    book = SenderBook(chain)
    for logs in read_logs(chain, [proxy.address], first, last, list(events)):
        for log, signer in zip(logs, book.attribute(logs), strict=True):
            entry = events[log.topics[0]]
            yield Record(
                kind=entry["name"],
                chain_id=chain.chain_id,
                contract=log.address,
                block=log.block,
                transaction=log.transaction,
                log_index=log.log_index,
                sender="",
                signer=NO_ADDRESS if isinstance(signer, NoSender) else signer,
                salt=ZERO_DIGEST,
                fields=fields_from_event(entry["name"], decode_event(entry, log.topics, log.data)),
            )


def _equivocations(chain: ChainReader, anchor: Proxy, first: int, last: int) -> Iterator[tuple[int, OrganisationId]]:
    topic = anchor.artifact.topic("EquivocationProven")
    for logs in read_logs(chain, [anchor.address], first, last, [topic]):
        for log in logs:
            values = event_values(anchor.artifact.events[topic], log.topics, log.data)
            yield values["sequence"], OrganisationId(values["organisation"])


def _until_broken(records: Iterator[Record]) -> tuple[tuple[Record, ...], str]:
    """What can be read, and why there is no more."""
    found: list[Record] = []
    try:
        for record in records:
            found.append(record)
    except ChainError:
        raise
    except ProtocolError as error:
        return tuple(found), error.message
    return tuple(found), ""


def token_supply(contracts: PublicContracts, block: int) -> int:
    """What the token says it has minted, in its smallest unit."""
    return int(_view(contracts.token, "totalSupply", block))


def _view(proxy: Proxy, view: str, block: int) -> Any:
    return cast("Callable[..., Any]", proxy._view)(view, block=block)
