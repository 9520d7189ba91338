"""Effects of a round, but for training, submitting and judging: prekeys, closing, keys, and the model afterwards."""

from __future__ import annotations

import logging

from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.handlers.masked import settle as settle_masks
from orchestrator.daemon.handlers.training import unrecorded
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.opening import removable_cids
from orchestrator.daemon.results import round_key
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.errors import ContentKeyDestroyed
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.manifest import build_manifest
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)


def publish_prekeys(services: Services, state: NodeState, effect: fx.PublishPrekeys) -> None:
    with services.lock:
        keys = services.keystore.make_prekeys(effect.count)
    services.send_private(services.private.keys.publish_prekeys(keys, leaf_salt()))


def discard_prekeys(services: Services, state: NodeState, effect: fx.DiscardPrekeys) -> None:
    """Private parts stay here: a round that opens meanwhile may be sealed to one of them."""
    services.send_private(services.private.keys.discard_prekeys(leaf_salt()))


def pass_round(services: Services, state: NodeState, effect: fx.PassRound) -> None:
    services.send_private(services.private.rounds.pass_round(effect.round, leaf_salt()))


def close(services: Services, state: NodeState, effect: fx.CloseRound) -> None:
    services.send_private(services.private.rounds.close_round(effect.round, leaf_salt()))


def settle_keys(services: Services, state: NodeState, effect: fx.SettleKeys) -> None:
    """The prekey goes, and with it whatever could be opened of updates that did not become contributions."""
    found = state.ledger.rounds[effect.round]
    services.desk.pop(round_key(found), None)
    services.bench.settle(effect.round)
    settle_masks(services, state.ledger, found)
    active = set(active_updates(state.ledger, effect.round)) if found.closed_block is not None else set()
    kept, own_cids = unrecorded(services, found)
    lost = [update_id for update_id in found.submissions if update_id not in active]
    with services.lock:
        prekey = found.recipients.get(services.me)
        if prekey is not None:
            services.keystore.destroy_prekey(prekey.digest)
        if lost or kept:
            services.keystore.shred([*lost, *kept])
    for cid in (*removable_cids(state.ledger, lost), *own_cids):
        services.store.unpin(cid)
    services.report_traffic()


def evaluate(services: Services, state: NodeState, effect: fx.EvaluateManifest) -> Job | None:
    """Held-out figure of the model as it was when a round closed; measured once, also if the daemon is restarted.

    Where a revocation has destroyed a part of that model before it was measured, there is none, and that is kept.
    """
    label = f"round/{effect.round}"
    found = state.ledger.rounds[effect.round]
    task = services.task_of(found)
    manifest = build_manifest(state.ledger, task, known_tasks(state.ledger, services), at=found.ended)
    if services.figures.manifest_of(effect.round) != manifest.digest:
        services.figures.manifest(effect.round, manifest.digest)  # forgets the figure of another one
    elif services.figures.has(label):
        return None
    opener = services.opener(state.ledger)

    def job() -> None:
        try:
            figure = services.bench.evaluate(task, manifest, opener)
        except ContentKeyDestroyed as error:
            _log.info("the model after round %d cannot be measured any more: %s", effect.round, error)
            services.figures.unavailable(label, str(error))
            return
        services.figures.held_out(label, figure.value, figure.samples)
        services.figures.status("evaluated", round=effect.round)

    return job
