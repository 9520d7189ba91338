"""`revoke verify` with files alone: no connection, no keys, no torch, and every rejection by its name."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from unit.audit.life import Life
from unit.ledger.actors import AURORA, BOREALIS, CONSORTIUM_ID, CUMULUS, private_key, sign, word_of

from orchestrator.audit import Evidence, handover_files
from orchestrator.audit.recomputed import Recomputed
from orchestrator.cli import run
from orchestrator.commitment.certificate import (
    build_certificate,
    certificate_bytes,
    certificate_digest,
    digest_of,
)
from orchestrator.commitment.electorate import Electorate, electorate_of
from orchestrator.commitment.endorsed import EndorsedCertificate, endorsed_certificate
from orchestrator.ledger.canonical import canonical_bytes, sha256
from orchestrator.types import Digest, RequestId

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="session")
def own(evidence: Evidence) -> Recomputed:
    return Recomputed(evidence)


@pytest.fixture(scope="session")
def request_id(own: Recomputed) -> RequestId:
    return next(item.id for item in own.state.revocations.values() if item.certificate is not None)


@pytest.fixture(scope="session")
def electorate(own: Recomputed, request_id: RequestId, life: Life) -> Electorate:
    ledger = life.private.addresses["RevocationLedger"]
    return electorate_of(own.records, request_id, consortium_id=CONSORTIUM_ID, ledger=ledger)


@pytest.fixture(scope="session")
def endorsed(own: Recomputed, request_id: RequestId) -> EndorsedCertificate:
    document = build_certificate(own.state, request_id, own.specs, consortium_id=CONSORTIUM_ID)
    return endorsed_certificate(own.records, request_id, certificate_bytes(document))


@pytest.fixture
def folder(tmp_path: Path, own: Recomputed, endorsed: EndorsedCertificate, electorate: Electorate) -> Path:
    """What an auditor has: the certificate, the members, and a handover."""
    for path, data in handover_files(own).items():
        place = tmp_path / "handover" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (tmp_path / "certificate.json").write_bytes(endorsed.to_bytes())
    (tmp_path / "members.json").write_bytes(electorate.to_bytes())
    return tmp_path


@pytest.fixture
def verify(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("it connects to something")

    monkeypatch.setattr(socket.socket, "connect", refused)

    def ran(certificate: Path | None = None, **options: object) -> tuple[int, dict[str, Any]]:
        named = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        code = run(["revoke", "verify", str(certificate or folder / "certificate.json"), *named, "--json"])
        captured = capsys.readouterr()
        return code, json.loads(captured.out or captured.err)

    return ran


def rejected(document: Mapping[str, Any]) -> list[str]:
    return [item["name"] for item in document["rejected"]]


def test_it_holds_with_members_alone(verify: Run, folder: Path, request_id: RequestId) -> None:
    code, told = verify(members=folder / "members.json", request=request_id)
    assert (code, told["accepted"], told["rejected"]) == (0, True, [])
    assert told["signers"] == [AURORA, BOREALIS]
    assert any("give --handover" in item for item in told["not_checked"])
    assert any("give --head" in item for item in told["not_checked"])


def test_it_holds_against_records_and_head(verify: Run, folder: Path, evidence: Evidence) -> None:
    head = evidence.public.anchored[-1].head
    code, told = verify(members=folder / "members.json", handover=folder / "handover", head=head)
    assert (code, told["rejected"]) == (0, [])
    assert any(f"leads to the head {head}" in item for item in told["checked"])


def test_a_certificate_of_a_handover_has_its_signatures_there(
    verify: Run, folder: Path, endorsed: EndorsedCertificate
) -> None:
    alone = folder / "handover" / "certificates" / f"{endorsed.signed}.json"
    code, told = verify(alone, handover=folder / "handover")
    assert (code, told["signers"]) == (0, [AURORA, BOREALIS])
    code, told = verify(alone, members=folder / "members.json")
    assert (code, told["error"]["code"]) == (2, "ConfigurationError")
    assert "without signatures" in told["error"]["message"]


def test_a_certificate_of_a_handover_that_was_altered(verify: Run, folder: Path, endorsed: EndorsedCertificate) -> None:
    path = folder / "handover" / "certificates" / f"{endorsed.signed}.json"
    changed = folder / "changed.json"
    changed.write_bytes(path.read_bytes().replace(b'"reason":"withdrawn"', b'"reason":"WITHDRAWN"'))
    code, told = verify(changed, handover=folder / "handover")
    assert (code, rejected(told)) == (8, ["altered", "records", "records"])
    changed.write_bytes(certificate_bytes({**endorsed.certificate, "request_id": word_of("mine")}))
    code, told = verify(changed, handover=folder / "handover")
    assert (code, rejected(told)) == (8, ["other-request"])


def test_a_head_before_the_certification_does_not_cover_it(verify: Run, folder: Path, evidence: Evidence) -> None:
    early = evidence.public.anchored[0].head
    for head, words in ((early, "covers the certification"), (word_of("x"), "no checkpoint of the handover")):
        code, told = verify(handover=folder / "handover", head=head)
        assert (code, rejected(told)) == (8, ["anchor"])
        assert words in told["rejected"][0]["message"]


def test_altered_records_are_under_no_head(verify: Run, folder: Path, evidence: Evidence) -> None:
    path = folder / "handover" / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if b'"PrekeyPublished"' in line)
    salt = json.loads(lines[place])["salt"].encode()
    lines[place] = lines[place].replace(salt, b"0x" + b"ab" * 32)
    path.write_bytes(b"".join(lines))
    code, told = verify(handover=folder / "handover", head=evidence.public.anchored[-1].head)
    assert (code, rejected(told)) == (8, ["anchor"])
    assert "the records are not those under the root of checkpoint" in told["rejected"][0]["message"]


def test_records_that_say_otherwise(verify: Run, folder: Path, own: Recomputed, endorsed: EndorsedCertificate) -> None:
    """A quorum has signed figures that nobody recorded: by themselves they follow from their rows."""
    document = json.loads(json.dumps(endorsed.certificate))
    for part in (*document["results"], *document["figures"]):
        part.update(before=1, after=2)
    for part in document["figures"]:
        part.update(change=1, least_change=1, largest_change=1)
    path = folder / "lie.json"
    path.write_bytes(_signed(document, own, AURORA, BOREALIS).to_bytes())
    assert verify(path, members=folder / "members.json")[0] == 0
    code, told = verify(path, members=folder / "members.json", handover=folder / "handover")
    assert (code, rejected(told)) == (8, ["records", "records"])
    assert "certified with" in told["rejected"][0]["message"]
    assert "differs from the records in 'figures'" in told["rejected"][1]["message"]


def test_members_that_the_records_do_not_imply(verify: Run, folder: Path, electorate: Electorate) -> None:
    lower = {**electorate.document(), "quorum": 1}
    (folder / "members.json").write_bytes(Electorate.from_document(lower).to_bytes())
    code, told = verify(members=folder / "members.json", handover=folder / "handover")
    assert (code, rejected(told)) == (8, ["records"])


def test_a_forged_one_is_rejected_by_name(verify: Run, folder: Path, endorsed: EndorsedCertificate) -> None:
    forged = sign(private_key("delegate", CUMULUS), b"\x01" * 32)
    made = EndorsedCertificate(endorsed.certificate, endorsed.signed, ((AURORA, forged), *endorsed.signatures[1:]))
    (folder / "forged.json").write_bytes(made.to_bytes())
    code, told = verify(folder / "forged.json", members=folder / "members.json")
    assert (code, told["accepted"], rejected(told)) == (8, False, ["forged", "quorum-missing"])
    assert told["checked"] == []


def test_replayed_for_another_request(verify: Run, folder: Path) -> None:
    code, told = verify(members=folder / "members.json", request=word_of("mine"))
    assert (code, rejected(told)) == (8, ["other-request"])


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"private_chain_id": 2018}, ["other-chain"]),
        ({"consortium_id": word_of("others")}, ["other-consortium"]),
        ({"request_id": word_of("mine")}, ["other-request"]),
        ({"request_id": word_of("mine"), "private_chain_id": 1}, ["other-chain", "other-request"]),
    ],
)
def test_replayed_before_the_records_of_others(
    verify: Run, folder: Path, own: Recomputed, endorsed: EndorsedCertificate, change: dict[str, Any], names: list[str]
) -> None:
    made = _signed({**endorsed.certificate, **change}, own, AURORA, BOREALIS)
    (folder / "other.json").write_bytes(made.to_bytes())
    code, told = verify(folder / "other.json", handover=folder / "handover")
    assert (code, rejected(told), told["signers"]) == (8, names, [])


def test_a_request_that_the_records_have_not_certified(verify: Run, folder: Path) -> None:
    path = folder / "handover" / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if b'"RevocationCertified"' in line)
    path.write_bytes(b"".join(lines[:place]))
    code, told = verify(handover=folder / "handover")
    assert (code, rejected(told)) == (8, ["records"])
    assert "was not certified" in told["rejected"][0]["message"]


def test_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    members = ["--members", str(folder / "members.json")]
    assert run(["revoke", "verify", str(folder / "certificate.json"), *members]) == 0
    out = capsys.readouterr().out
    assert "nothing speaks against it; it is signed by aurora, borealis" in out
    assert "not checked  whether the figures are true" in out
    assert run(["revoke", "verify", str(folder / "certificate.json"), *members, "--request", word_of("mine")]) == 8
    assert "REJECTED     other-request: it is of request" in capsys.readouterr().out


def test_what_is_missing_or_malformed_is_said_in_one_line(verify: Run, folder: Path) -> None:
    for code, words, options in (
        (2, "nothing says who could certify it", {}),
        (2, "--head is compared with a handover's records", {"members": folder / "members.json", "head": word_of("x")}),
        (2, "--head: '0x' is no digest", {"handover": folder / "handover", "head": "0x"}),
        (2, "there is no handover folder", {"handover": folder / "none"}),
        (2, "cannot read", {"members": folder / "none.json"}),
        (7, "expected the format loranchor/members", {"members": folder / "certificate.json"}),
        (7, "the handover has no records.jsonl", {"handover": folder / "handover" / "tasks"}),
    ):
        found, told = verify(**options)
        assert (found, words in told["error"]["message"]) == (code, True), told
    (folder / "records.json").write_bytes(b"[]")
    assert verify(folder / "records.json", members=folder / "members.json")[0] == 7


def test_broken_lines_of_a_handover_are_named(verify: Run, folder: Path) -> None:
    path = folder / "handover" / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for broken in (b"[]\n", b'{"record":{},"salt":1}\n', b"{\n", lines[2].replace(b'"kind":"', b'"kind":"X')):
        path.write_bytes(b"".join([*lines[:2], broken, *lines[3:]]))
        code, told = verify(handover=folder / "handover")
        assert code == 7 and told["error"]["message"].startswith("records.jsonl: line 3: ")


def test_torch_and_web3_are_not_loaded() -> None:
    program = (
        "import sys, orchestrator.commands.revoke_verify, orchestrator.audit.certificates,"
        " orchestrator.commitment.examination\n"
        "print([name for name in ('torch', 'web3', 'orchestrator.keystore') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _signed(document: dict[str, Any], own: Recomputed, *members: str) -> EndorsedCertificate:
    ledger = own.evidence.private.deployment.address("RevocationLedger")
    found = digest_of(document)
    assert found == sha256(certificate_bytes(document))
    message = certificate_digest(
        RequestId(Digest(document["request_id"])), found, own.evidence.private.chain_id, ledger
    )
    signatures = tuple((name, sign(private_key("delegate", name), message)) for name in members)
    return EndorsedCertificate(document, found, signatures)  # type: ignore[arg-type]


@pytest.mark.parametrize("listed", [5, None, "text"])
def test_checkpoints_that_are_no_list_are_told(listed: object, verify: Run, folder: Path) -> None:
    path = folder / "handover" / "checkpoints.json"
    document = json.loads(path.read_bytes())
    path.write_bytes(canonical_bytes({**document, "checkpoints": listed}))
    code, told = verify(handover=folder / "handover")
    assert (code, told["error"]["code"]) == (7, "FormatError")
