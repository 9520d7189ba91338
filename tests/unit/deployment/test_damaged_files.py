"""A deployment file that somebody else sent: whatever is in it, it works or is told in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from unit.deployment.records import DESCRIPTION, planned

from orchestrator import deployment as d
from orchestrator.chain.abi import artifact
from orchestrator.chain.deployment import load_deployment
from orchestrator.chain.port import RpcRefused
from orchestrator.deployment.account import NodeAccount
from orchestrator.deployment.compiled import Compiled
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane
from orchestrator.deployment.soundness import check_record
from orchestrator.deployment.survey import survey
from orchestrator.deployment.verification import Verifier
from orchestrator.errors import ConfigurationError, LoranchorError

CHAINS = {"public": 31337, "private": 1337}
KEYS = st.sampled_from(
    ["address", "block", "transaction", "constructor_arguments", "Consortium", "KeyDirectory", "x\ny"]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4),
    st.sampled_from(["0x", "0x" + "ff" * 20, "0x" + "ff" * 32, "0X" + "11" * 20, "9" * 78]),
    st.sampled_from(["\ud800", 2**64, -1, 2**256]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=5
)
WORD = "0x" + "11" * 32
CODE = b"\xfe"


class Chain:
    """A node that has some code everywhere, and knows nothing else."""

    url = "http://127.0.0.1:1"

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id

    def code(self, address: str) -> bytes:
        return CODE

    def transaction_count(self, address: str) -> int:
        return 0

    def call(self, *_: Any, **__: Any) -> bytes:
        return bytes(31) + b"\x01"

    def request(self, method: str, params: Any) -> Any:
        if method == "eth_getTransactionByHash":
            return None
        raise RpcRefused("nothing else is known here")


@cache
def document(role: str) -> str:
    """A whole file, with all that one may have."""
    record = planned(role).document()
    for entry in record["contracts"].values():
        entry["code_hash"] = "0x" + keccak(CODE).hex()
    sent = [{"what": "RoundLedger.bind", "address": "0x" + "12" * 20, "nonce": 6, "transaction": "0x" + "34" * 32}]
    record["bindings"] = {"Consortium": {"block": 9, "transaction": "0x" + "78" * 32, "arguments": [1, "0x", 2, "0x"]}}
    record |= {"deployer": "0x" + "56" * 20, "pending": {"sender": "0x" + "56" * 20, "block": 7, "transactions": sent}}
    return json.dumps(record)


def compiled(role: str) -> dict[str, Compiled]:
    return {name: Compiled(name, "", "", CODE.hex(), {}, "") for name in planned(role).contracts}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


def damaged(role: str, path: tuple[Any, ...], change: str, value: Any) -> Any:
    if not path:
        return value
    found = json.loads(document(role))
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    if change == "drop":
        del holder[path[-1]]
    elif change == "add" and isinstance(holder[path[-1]], list):
        holder[path[-1]].append(value)
    else:
        holder[path[-1]] = value
    return found


def read(folder: Path, role: str) -> None:
    record = d.read_record(folder, CHAINS[role])
    if record is None:
        return
    d.write_record(folder, record)
    if "Consortium" in record.contracts:
        d.description_of(record)
    check_record(record, folder)


def verify(folder: Path, role: str) -> None:
    record = d.read_record(folder, CHAINS[role])
    if record is not None:
        check_record(record, folder)
        chain: Any = Chain(CHAINS[role])
        Verifier(chain, record, planned("private" if role == "public" else "public"), compiled(role), None).verdicts()


def deploy(folder: Path, role: str) -> None:
    chain: Any = Chain(CHAINS[role])
    lane = Lane(chain, NodeAccount("0x" + "56" * 20), patience=0.0, poll=0.0)
    deployer = Deployer(lane, folder, role, DESCRIPTION, dict.fromkeys(d.ORDER[role], "fe"), local=False)
    list(survey(deployer, lambda _: 1, pair=True))
    deployer.run()


def load(folder: Path, role: Any) -> None:
    load_deployment(folder, CHAINS[role], role)


@pytest.mark.parametrize("action", [read, verify, deploy, load])
@pytest.mark.parametrize("role", ["public", "private"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, action: Callable[[Path, str], None], data: Any
) -> None:
    monkeypatch.setattr("orchestrator.deployment.deployer.is_ours", lambda *_: True)
    path = data.draw(st.sampled_from(places(json.loads(document(role)))))
    changed = damaged(role, path, data.draw(st.sampled_from(["replace", "drop", "add"])), data.draw(VALUES))
    d.record_path(tmp_path, CHAINS[role]).write_text(json.dumps(changed))
    try:
        action(tmp_path, role)
    except LoranchorError as error:
        assert "\n" not in str(error) and len(str(error)) < 2000


@given(st.binary(max_size=60))
@example(b"[" * 100_000)
@example(b"\xff\xfe{}")
@example(b"9" * 5000)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_no_document_are_one_line(tmp_path: Path, content: bytes) -> None:
    d.record_path(tmp_path, 1337).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"1337\.json.*; restore it, or get it from another member") as caught:
        d.read_record(tmp_path, 1337)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("Consortium", [], "Consortium: constructor_arguments is (), not a list of 3"),
        ("Consortium", ["0x", [], 2], "constructor_arguments.consortiumId is '0x', not bytes32"),
        ("Consortium", [WORD, [5], 2], "constructor_arguments.members[0] is 5, not a list of 3"),
        ("Consortium", [WORD, [[WORD, "0x1", 5]], 2], "members[0].authority is '0x1', not address"),
        ("Consortium", [WORD, [], 256], "constructor_arguments.quorum is 256, not a uint8"),
        ("RoundLedger", ["0x" + "11" * 20] * 3 + [None], "maxPhaseBlocks is None, not a uint"),
        ("RoundLedger", ["0x" + "11" * 20] * 3 + [True], "maxPhaseBlocks is True, not a uint"),
    ],
)  # fmt: skip
def test_an_argument_of_another_type_is_named(tmp_path: Path, name: str, arguments: list[Any], says: str) -> None:
    changed = json.loads(document("private"))
    changed["contracts"][name]["constructor_arguments"] = arguments
    path = d.record_path(tmp_path, 1337)
    path.write_text(json.dumps(changed))
    record = d.read_record(tmp_path, 1337)
    assert record is not None
    with pytest.raises(ConfigurationError) as caught:
        check_record(record, path)
    assert f"{path}: {name}: constructor_arguments" in str(caught.value) and says in str(caught.value)


def test_a_contract_of_another_side_or_of_nobody_is_named(tmp_path: Path) -> None:
    for name in ("CheckpointAnchor", "Treasury"):
        changed = json.loads(document("private"))
        changed["contracts"][name] = changed["contracts"]["KeyDirectory"]
        d.record_path(tmp_path, 1337).write_text(json.dumps(changed))
        record = d.read_record(tmp_path, 1337)
        assert record is not None
        with pytest.raises(ConfigurationError, match=f"{name} is no contract of the private chain"):
            check_record(record, tmp_path)


@pytest.mark.parametrize(("role", "lost"), [("private", "KeyDirectory"), ("public", "ContributionToken")])
def test_a_gap_in_a_file_is_told_before_anything_is_deployed(tmp_path: Path, role: str, lost: str) -> None:
    changed = json.loads(document(role))
    del changed["contracts"][lost]
    d.record_path(tmp_path, CHAINS[role]).write_text(json.dumps(changed))
    with pytest.raises(
        ConfigurationError, match=rf"\.json lacks {lost}, and has what was deployed after it; restore it"
    ):
        deploy(tmp_path, role)


def test_a_folder_that_cannot_be_written_to_or_read_is_told() -> None:
    """Not even root makes a file there."""
    with pytest.raises(ConfigurationError, match=r"cannot write /proc/1337\.json"):
        d.write_record(Path("/proc"), planned("private"))


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "1337.json").mkdir()
    with pytest.raises(ConfigurationError, match=r"cannot read .*1337\.json: Is a directory"):
        d.read_record(tmp_path, 1337)


def test_every_contract_has_an_abi() -> None:
    assert all(artifact(name) for role in CHAINS for name in planned(role).contracts)
