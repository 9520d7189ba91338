"""The page on block explorers is what its data say, and its data hold together as they would on any chain."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from orchestrator.chain.abi import PRIVATE, PUBLIC, artifact
from orchestrator.chain.senders import recover_sender
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.types import Digest
from tools.setup.paths import ROOT
from tools.walkthrough.page import DATA, OPENZEPPELIN, arguments, build, counted, members, signers
from tools.walkthrough.record import STEPS

ROUND: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
PAGE = (ROOT / "docs" / "block-explorers.md").read_text("utf-8")


def log_of(step: str, contract: str, event: str) -> dict[str, Any]:
    topic = artifact(contract).topic(event)
    return next(log for log in ROUND["steps"][step]["logs"] if log["topics"][0] == topic)


def test_the_page_is_built_from_its_data() -> None:
    assert build() == PAGE


@pytest.mark.parametrize("step", STEPS)
def test_each_transaction_hashes_to_its_hash_and_is_signed(step: str) -> None:
    fields = ROUND["steps"][step]["transaction"]
    signer = recover_sender(fields, expected_hash=Digest(fields["hash"]), chain_id=ROUND["chain_id"])
    assert signer == fields["from"].lower()


def test_the_checkpoint_makes_its_head_and_a_quorum_signed_it() -> None:
    checkpoint = Checkpoint(**arguments(ROUND)["next"])
    log = log_of("anchoring", "CheckpointAnchor", "CheckpointAnchored")
    assert log["topics"][2] == head_of(checkpoint) and checkpoint.previous_head == GENESIS_HEAD
    anchor = ROUND["contracts"]["CheckpointAnchor"]
    assert ROUND["digest_signed"] == "0x" + checkpoint_digest(checkpoint, ROUND["chain_id"], anchor).hex()
    delegates = {delegate: place for place, (_, delegate) in enumerate(members(ROUND))}
    found = signers(ROUND)
    assert all(before < after for before, after in pairwise(found))
    assert counted(ROUND) == sum(1 << delegates[signer] for signer in found)
    quorum = int(log_of("founding", "Consortium", "EpochAdvanced")["data"][66:130], 16)
    assert len(found) >= quorum


def test_awards_follow_from_the_checkpoint() -> None:
    checkpoint = Checkpoint(**arguments(ROUND)["next"])
    published = log_of("publishing", "AwardDistributor", "AwardsPublished")
    assert published["topics"][2] == checkpoint.awards_root
    claim = log_of("claiming", "AwardDistributor", "AwardClaimed")
    transfer = log_of("claiming", "ContributionToken", "Transfer")
    assert int(claim["data"][-64:], 16) == int(transfer["data"], 16) > 0
    assert int(transfer["topics"][1], 16) == 0 and transfer["topics"][2] == claim["topics"][3]


def test_every_event_is_in_the_list_of_what_can_be_searched() -> None:
    for name in dict.fromkeys(PUBLIC + PRIVATE):
        for entry in artifact(name).events.values():
            if entry["name"] not in OPENZEPPELIN:
                assert f"| `{name}` | `{entry['name']}` |" in PAGE
