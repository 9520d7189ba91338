"""A model that a quorum withdrew is cleared by no report, and refused by name where its notice is at hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from unit.ledger.actors import AURORA, BOREALIS, private_key, word_of
from unit.ledger.compacted import endorse, propose
from unit.ledger.history import History
from unit.release.signed_reports import MANIFEST, POLICY, report, signed
from unit.release_supply.releasing import KEY, public_pem, released

from orchestrator.cli import run
from orchestrator.errors import FormatError, GateFailed
from orchestrator.release.check import Finding
from orchestrator.release.clearance import clear
from orchestrator.release.override import WITHDRAWAL_KIND, agreed_withdrawal, recorded
from orchestrator.release.report import Row
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.supply.verify import verify
from orchestrator.release.withdrawal import Notice, Withdrawal, digest_to_sign
from orchestrator.types import Digest


def notice_of(manifest: Digest) -> Notice:
    withdrawal = Withdrawal(manifest, "canaries were found in it")
    raw = private_key("delegate", AURORA).sign_recoverable(digest_to_sign(AURORA, withdrawal), hasher=None)
    return Notice(withdrawal, AURORA, raw[:64] + bytes([raw[64] + 27]))


def test_one_members_word_withdraws_nothing_and_a_quorums_does() -> None:
    history = History()
    artefact = propose(history, MANIFEST, AURORA, kind=WITHDRAWAL_KIND)
    assert clear(signed(report()), history.state, MANIFEST, POLICY).verdict == "pass"
    endorse(history, artefact, BOREALIS)
    found = agreed_withdrawal(history.state, MANIFEST)
    assert found is not None and [item.kind for item in recorded(history.state)] == [WITHDRAWAL_KIND]
    with pytest.raises(GateFailed, match="withdrawn: a quorum withdrew") as caught:
        clear(signed(report()), history.state, MANIFEST, POLICY)
    assert found.id in caught.value.message
    other = word_of("another")
    assert clear(signed(report(manifest=other)), history.state, other, POLICY).verdict == "pass"


def test_a_notice_is_read_as_it_was_written_and_names_its_signer() -> None:
    made = notice_of(MANIFEST)
    assert Notice.from_bytes(made.to_bytes()) == made
    assert made.signer() != replace(made, organisation=BOREALIS).signer()
    with pytest.raises(FormatError, match="signature"):
        Notice.from_document(made.document() | {"signature": "0x00"})


def test_a_withdrawn_folder_is_refused_by_name_and_another_ones_notice_is_not_its(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = released(tmp_path / "model")
    own, other, none = (tmp_path / name for name in ("own.json", "other.json", "none.json"))
    own.write_bytes(notice_of(manifest).to_bytes() + b"\n")
    other.write_bytes(notice_of(MANIFEST).to_bytes())
    none.write_text(json.dumps({"format": "loranchor/withdrawal-notice"}))
    (tmp_path / "key.pub").write_bytes(public_pem(KEY))
    typed = ["model", "verify", str(tmp_path / "model"), "--key", str(tmp_path / "key.pub")]
    assert run([*typed, "--notice", str(other)]) == 0
    assert run([*typed, "--notice", str(other), "--notice", str(own)]) == 7
    told = capsys.readouterr().err
    assert "withdrawn: aurora (0x" in told and "canaries were found in it" in told
    for path in (none, tmp_path / "absent.json"):
        with pytest.raises(ModelRefused) as caught:
            verify(tmp_path / "model", KEY.public_key(), notices=[path])
        assert caught.value.reason is Reason.BAD_NOTICE


def test_a_trend_is_of_one_policy_and_says_what_samples_do_not_explain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(auc: float, name: str) -> str:
        row = POLICY.judged(Finding("membership", "pass", {"auc": auc}, "auc", (auc - 0.02, auc + 0.02)))
        found = replace(report(manifest=word_of(name)), rows=(Row.of(row),))
        path = tmp_path / f"{name}.json"
        path.write_bytes(signed(found).to_bytes())
        return str(path)

    files = [measured(auc, name) for auc, name in ((0.52, "one"), (0.53, "two"), (0.59, "three"))]
    assert run(["release", "trend", *files, "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)["findings"]
    assert line["figures"] == [520000, 530000, 590000] and line["moved"] == "rose"
    assert run(["release", "trend", *files[:2]]) == 0
    assert "rose" not in capsys.readouterr().out
    assert run(["release", "trend", files[0]]) == 2
    assert run(["release", "trend", files[0], files[0]]) == 2
    (tmp_path / "other.json").write_bytes(signed(report(policy=replace(POLICY, name="other"))).to_bytes())
    assert run(["release", "trend", files[0], str(tmp_path / "other.json")]) == 2
    assert "different policies" in capsys.readouterr().err
