"""Release reports on real chains and real IPFS, by their verbs: recorded, endorsed, disputed, overridden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from killed_daemon import PASSWORD
from real_world import World, world
from unit.ledger.actors import word_of

from orchestrator.cli import run
from orchestrator.errors import GateFailed
from orchestrator.keystore import Keystore
from orchestrator.release.check import Finding
from orchestrator.release.clearance import clear
from orchestrator.release.policy import Bound, Policy
from orchestrator.release.report import ReleaseReport, Row
from orchestrator.release.signed import SignedReport, digest_to_sign
from orchestrator.types import Digest, OrganisationId

AURORA = OrganisationId("aurora")
MANIFEST = word_of("manifest")
POLICY = Policy("mine", frozenset({"membership"}), {"membership": Bound(0.55, 0.6)}, {})


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        (tmp_path / "password").touch(mode=0o600)
        (tmp_path / "password").write_text(PASSWORD + "\n")
        yield found


def report_of(made: World, auc: float) -> tuple[SignedReport, Path]:
    """A member's report, signed by its keystore, and its file."""
    row = Row.of(POLICY.judged(Finding("membership", "pass", {"auc": auc}, "auc")))
    model: Digest = word_of("model")
    found = ReleaseReport(
        MANIFEST, model, (), "causal_lm", POLICY.name, POLICY.digest, tuple(POLICY.required), {}, (row,), model, {}
    )
    with Keystore.open(made.members[AURORA].home, PASSWORD, roles=("delegate",)) as keystore:
        signature = keystore.sign_digest("delegate", digest_to_sign(AURORA, found))
    signed, path = SignedReport(found, AURORA, signature), made.folder / f"{auc}.json"
    path.write_bytes(signed.to_bytes() + b"\n")
    return signed, path


def typed(made: World, *words: str, name: str) -> int:
    member = made.members[OrganisationId(name)]
    secret = [] if words[0] == "records" else ["--password-file", str(made.folder / "password")]
    return run(["release", *words, "--home", str(member.home), *secret])


@pytest.mark.slow
def test_a_quorum_stands_behind_a_report_and_overrides_another(made: World, capsys: Any) -> None:
    passing, passing_file = report_of(made, 0.5)
    failing, failing_file = report_of(made, 0.9)
    assert typed(made, "record", str(passing_file), name="aurora") == 0
    assert typed(made, "override", str(failing_file), "--reason", "shown at a fair", name="aurora") == 0
    assert typed(made, "override", str(passing_file), "--reason", "none is needed", name="aurora") == 2
    capsys.readouterr()
    assert typed(made, "records", "--json", name="borealis") == 0
    recorded, override = json.loads(capsys.readouterr().out)["records"]
    assert recorded["object"] == passing.report.digest and recorded["subject"] == MANIFEST
    assert override["subject"] == failing.report.digest and not override["agreed"]
    with pytest.raises(GateFailed):
        clear(failing, made.ledger, MANIFEST, POLICY)

    assert typed(made, "dispute", override["id"], "--reason", "who measured this?", name="cumulus") == 0
    for one in (recorded, override):
        assert typed(made, "endorse", one["id"], name="borealis") == 0
    assert typed(made, "endorse", override["id"], name="cumulus") == 7
    assert "has endorsed or disputed" in capsys.readouterr().err
    assert clear(passing, made.ledger, MANIFEST, POLICY).record == recorded["id"]
    assert clear(failing, made.ledger, MANIFEST, POLICY).override == override["id"]
