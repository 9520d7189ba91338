"""A round and its checkpoint through proxies, senders and readers, on Anvil and Ganache with the real contracts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_deployment import Consortium, MemberKeys, deploy, digest, opening
from chain_nodes import anvil, ganache

from orchestrator.chain.deployment import check_code
from orchestrator.chain.port import RawLog, Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, read_anchored, read_awards
from orchestrator.chain.reader import read_attestations, read_due, read_records
from orchestrator.chain.reverts import ContractRefused
from orchestrator.chain.sender import TransactionSender
from orchestrator.chain.structs import AwardLeaf, DueReason, Phase, Submission, Verdict
from orchestrator.cli import run
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_digest, head_of
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.errors import TransactionReverted, WrongChain
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.records import records_tree
from orchestrator.ledger.state import replay
from orchestrator.ledger.words import hex_word
from orchestrator.types import Cid, Digest, UpdateId

NOTHING = Digest("0x" + "00" * 32)


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    with anvil() as public, ganache(tmp_path_factory.mktemp("ganache")) as private:
        yield deploy(public, private, tmp_path_factory.mktemp("deployments"))


def send(consortium: Consortium, member: MemberKeys, call: Call) -> Receipt:
    """By the key that the call wants, on the chain it belongs to."""
    on_public = call.chain_id == consortium.public_chain.chain_id
    chain = consortium.public_chain if on_public else consortium.private_chain
    signer = member.authority if call.role == "authority" else member.delegate
    return TransactionSender(chain, signer, timeout=30, poll=0.02).send(call)


@pytest.fixture(scope="module")
def closed(consortium: Consortium) -> dict[str, UpdateId]:
    """One round from prekeys to its close. Updates by organisation."""
    keys, rounds = consortium.private.keys, consortium.private.rounds
    agreement = digest("agreement")
    for member in consortium.members:
        send(consortium, member, keys.publish_prekeys([member.organisation.encode() * 100], digest("s")))
        send(consortium, member, rounds.accept_agreement(agreement, digest("s")))
    first = consortium.members[0]
    send(consortium, first, rounds.open_round(opening(agreement), digest("s")))
    for member in consortium.members:
        submission = Submission(*(digest(f"{member.organisation}{part}") for part in range(4)), digest("m"), 10, 0)
        send(consortium, member, rounds.submit_update(1, submission, digest("s")))
    submitted = [r for r in _records(consortium) if r.kind == "UpdateSubmitted"]
    updates = {str(r.sender): UpdateId(r.fields["update_id"]) for r in submitted}
    for member in consortium.members:
        call = rounds.release_update(updates[member.organisation], Cid("QmPayload"), Cid("QmHeader"), digest("s"))
        send(consortium, member, call)
    nonce = digest("nonce")
    verdicts = {
        m.organisation: [
            Verdict(update, True, score=1000, reason="") for owner, update in updates.items() if owner != m.organisation
        ]
        for m in consortium.members
    }
    for member in consortium.members:
        commitment = verdict_commitment(1, member.organisation, verdicts[member.organisation], nonce)
        send(consortium, member, rounds.commit_verdicts(1, commitment, digest("s")))
    assert rounds.phase_of(1) is Phase.REVEAL_VERDICTS
    for member in consortium.members:
        send(consortium, member, rounds.reveal_verdicts(1, verdicts[member.organisation], nonce, digest("s")))
    send(consortium, first, rounds.close_round(1, digest("s")))
    return updates


def _records(consortium: Consortium) -> list:  # type: ignore[type-arg]
    contracts, chain = consortium.private, consortium.private_chain
    return list(read_records(chain, contracts, contracts.deployment.first_block, chain.block_number()))


def test_views_are_typed(consortium: Consortium) -> None:
    for contracts in (consortium.public, consortium.private):
        members = contracts.consortium.members()
        assert [m.organisation for m in members] == ["aurora", "borealis", "cumulus"]
        assert [m.delegate for m in members] == [key.delegate.address for key in consortium.members]
        assert contracts.consortium.organisation_of(members[1].delegate) == "borealis"
        assert contracts.consortium.authority_of(members[1].organisation) == members[1].authority
        current = contracts.consortium.current()
        assert (current.epoch, current.quorum) == (1, 2)
        assert not contracts.consortium.paused()
    assert consortium.public.consortium.current() == consortium.private.consortium.current()
    assert consortium.public.anchor.head() == GENESIS_HEAD
    assert consortium.public.awards.token() == consortium.public.token.address
    assert consortium.public.token.symbol() == "LORA"
    assert consortium.public.token.total_supply() == 0


def test_a_view_that_reverts_names_the_error(consortium: Consortium) -> None:
    stranger = consortium.members[0].authority.address
    with pytest.raises(ContractRefused) as caught:
        consortium.private.consortium.organisation_of(stranger)
    assert caught.value.error == "ConsortiumNotADelegate"
    assert caught.value.values == {"account": stranger}


def test_a_round_becomes_records_that_the_ledger_accepts(consortium: Consortium, closed: dict[str, UpdateId]) -> None:
    records = _records(consortium)
    state = replay(records)
    round_ = state.rounds[1]
    assert round_.closed_block is not None
    assert round_.opening.task_cid == "QmTask"
    assert {str(state.updates[u].organisation): u for u in closed.values()} == closed
    assert all(state.updates[u].acceptances == 3 for u in closed.values())
    assert {r.signer for r in records if r.kind == "AgreementAccepted"} == {
        m.authority.address for m in consortium.members
    }
    view = consortium.private.rounds.round(1)
    assert (view.phase, view.accepted, view.released) == (Phase.CLOSED, 3, 3)
    assert consortium.private.rounds.update(closed["aurora"]).acceptances == 3


def test_reading_in_parts_gives_the_same_records(consortium: Consortium, closed: dict[str, UpdateId]) -> None:
    whole = _records(consortium)
    chain, contracts = consortium.private_chain, consortium.private
    assert list(read_records(chain, contracts, 0, chain.block_number(), chunk=3)) == whole
    for cut in (whole[0].block, whole[8].block, whole[-1].block):
        first = list(read_records(chain, contracts, 0, cut))
        rest = read_records(chain, contracts, cut + 1, chain.block_number(), members=replay(first).members)
        assert [*first, *rest] == whole


def test_a_refusal_carries_name_and_values(consortium: Consortium, closed: dict[str, UpdateId]) -> None:
    rounds = consortium.private.rounds
    with pytest.raises(TransactionReverted, match="was refused by the contract: RoundLedgerNotOpen") as caught:
        send(consortium, consortium.members[0], rounds.pass_round(1, digest("s")))
    assert isinstance(caught.value, ContractRefused)
    assert caught.value.code == "TransactionReverted"
    assert caught.value.values["round_id"] == 1


def test_what_an_operator_sends_in_a_members_name_does_not_count(
    consortium: Consortium, closed: dict[str, UpdateId]
) -> None:
    chain, member = consortium.private_chain, consortium.members[0]
    before = _records(consortium)
    chain.request("evm_addAccount", [member.delegate.address, "pass"])
    chain.request("personal_unlockAccount", [member.delegate.address, "pass", 0])
    call = consortium.private.keys.publish_key(b"k" * 32, digest("s"))
    forged = {"from": member.delegate.address, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(500_000)}
    hash_ = chain.request("eth_sendTransaction", [forged])
    receipt = chain.receipt(hash_)
    assert receipt is not None
    assert receipt.succeeded
    assert len(receipt.logs) == 1
    ignored: list[tuple[RawLog, str]] = []
    after = read_records(
        chain, consortium.private, 0, chain.block_number(), on_ignored=lambda log, why: ignored.append((log, why))
    )
    assert list(after) == before
    assert [log.transaction for log, _ in ignored] == [hash_]
    assert "nobody is known to have sent" in ignored[0][1]


def test_a_checkpoint_goes_from_due_to_awards(consortium: Consortium, closed: dict[str, UpdateId]) -> None:
    private, public = consortium.private_chain, consortium.public_chain
    (due,) = read_due(private, consortium.private, 0, private.block_number())
    assert (due.sequence, due.reason, int(due.subject, 16)) == (1, DueReason.ROUND_CLOSED, 1)
    assert due.block_hash == private.block(due.block).hash
    records = [r for r in _records(consortium) if r.block <= due.block]
    awards = (Award(0, closed["aurora"], consortium.members[0].authority.address, 5 * 10**18),)
    tree = awards_tree(1, awards)
    current = consortium.public.consortium.current()
    checkpoint = Checkpoint(
        sequence=1,
        previous_head=GENESIS_HEAD,
        records_root=hex_word(records_tree(records).root()),
        tree_size=len(records),
        private_chain_id=private.chain_id,
        private_block=due.block,
        private_block_hash=due.block_hash,
        manifest_digest=digest("new"),
        awards_root=tree.root,
        consortium_digest=current.consortium_digest,
        epoch=current.epoch,
    )
    anchor = consortium.public.anchor
    to_sign = checkpoint_digest(checkpoint, public.chain_id, anchor.address)
    assert anchor.digest_of(checkpoint) == hex_word(to_sign)
    signatures = {}
    for member in consortium.members[:2]:
        signature = bytes(member.delegate.account.unsafe_sign_hash(to_sign).signature)
        signatures[member.delegate.address] = signature
        send(consortium, member, consortium.private.schedule.attest(1, head_of(checkpoint), signature))
    attested = list(read_attestations(private, consortium.private, 0, private.block_number()))
    assert {a.signer: a.signature for a in attested} == signatures
    assert {a.organisation for a in attested} == {"aurora", "borealis"}

    ordered = [signatures[address] for address in sorted(signatures)]
    send(consortium, consortium.members[2], anchor.anchor(GENESIS, checkpoint, ordered))
    assert anchor.head() == head_of(checkpoint)
    (anchored,) = read_anchored(public, consortium.public, 0, public.block_number())
    assert (anchored.checkpoint, anchored.head, anchored.signers) == (checkpoint, head_of(checkpoint), 0b011)

    distributor = consortium.public.awards
    send(consortium, consortium.members[2], distributor.publish([checkpoint]))
    leaf = AwardLeaf(1, 0, awards[0].update_id, awards[0].account, awards[0].amount)
    claim = distributor.claim(leaf, tree.proof(0))
    with pytest.raises(TransactionReverted, match="AwardDistributorTooEarly"):
        send(consortium, consortium.members[2], claim)
    assert distributor.vested_from(1) == distributor.publication(1).claimable_from
    while public.block_number() < distributor.vested_from(1):
        public.request("evm_mine", [])
    send(consortium, consortium.members[2], claim)
    assert distributor.is_spent(1, 0)
    assert consortium.public.token.balance_of(awards[0].account) == 5 * 10**18
    published, claimed = read_awards(public, consortium.public, 0, public.block_number())
    assert isinstance(published, AwardsPublication)
    assert published.root == tree.root
    assert isinstance(claimed, AwardClaim)
    assert (claimed.index, claimed.amount, claimed.update_id) == (0, 5 * 10**18, closed["aurora"])


def test_other_code_is_refused(consortium: Consortium) -> None:
    with pytest.raises(WrongChain, match="there is no contract Consortium"):
        check_code(consortium.private_chain, consortium.public.deployment)


def doctor(consortium: Consortium, capsys: pytest.CaptureFixture[str], *overrides: str) -> dict[str, dict[str, str]]:
    settings = [
        f"chain.public.url={consortium.public_chain.url}",
        f"chain.private.url={consortium.private_chain.url}",
        f"chain.deployments={consortium.folder}",
        "chain.network=null",
    ]
    run(["doctor", "--json", *settings, *overrides])
    return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_doctor_sees_contracts_and_consortium(consortium: Consortium, capsys: pytest.CaptureFixture[str]) -> None:
    found = doctor(consortium, capsys)
    for name in ("public chain", "private chain", "public contracts", "private contracts", "consortium"):
        assert found[name]["status"] == "ok", found[name]
    assert found["consortium"]["detail"] == "3 members, quorum 2, epoch 1"


def test_doctor_names_another_chain_and_other_code(
    consortium: Consortium, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = doctor(consortium, capsys, "chain.public.chain_id=5")
    assert found["public chain"]["status"] == "broken"
    assert "serves chain 31337, expected chain 5" in found["public chain"]["detail"]

    document = json.loads((consortium.folder / "1337.json").read_text())
    entries = document["contracts"]
    entries["KeyDirectory"]["address"] = entries["RoundLedger"]["address"]
    (tmp_path / "1337.json").write_text(json.dumps(document))
    found = doctor(consortium, capsys, f"chain.deployments={tmp_path}")
    assert found["private contracts"]["status"] == "broken"
    assert "the code of KeyDirectory" in found["private contracts"]["detail"]
    assert found["public contracts"]["status"] == "absent"

    entries["KeyDirectory"]["code_hash"] = entries["RoundLedger"]["code_hash"]
    (tmp_path / "1337.json").write_text(json.dumps(document))
    found = doctor(consortium, capsys, f"chain.deployments={tmp_path}")
    assert "is not that of this version" in found["private contracts"]["detail"]
