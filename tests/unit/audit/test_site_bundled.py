"""The page out of a bundle shows what the page out of the chains shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.audit.bundles import Made, collected, made
from unit.audit.life import Life, whole_life

from orchestrator.audit import Evidence
from orchestrator.audit.site import Material, material_of, material_of_bundle, view_files
from orchestrator.errors import AuditFailure, ConfigurationError


@pytest.fixture
def bundle(life: Life, evidence: Evidence) -> Made:
    return made(life, evidence, "all")


def written(bundle: Made, folder: Path) -> Path:
    path = folder / "audit.bundle"
    path.write_bytes(bundle.data)
    return path


def view(material: Material) -> dict[str, Any]:
    files = dict(view_files(material))
    return {path: json.loads(data) for path, data in files.items() if not path.startswith("objects/")}


def test_both_make_the_same_page(tmp_path: Path) -> None:
    """Of a life whose last records are anchored: those under no root are on the other page alone."""
    life, _ = whole_life()
    life.round()
    evidence = collected(life)
    bundle = made(life, evidence, "all")
    direct, offline = view(material_of(evidence)), view(material_of_bundle(written(bundle, tmp_path), bundle.anchors))
    one, other = direct["index.json"], offline["index.json"]
    assert other["source"] == "bundle"
    for name in ("rounds", "revocations", "segments", "supply", "equivocations", "failed", "checkpoints", "overdue"):
        assert other[name] == one[name], name
    assert other["public"]["head"] == one["public"]["head"]
    assert offline["manifests/0.json"] == direct["manifests/0.json"]
    assert offline["tokens.json"]["events"] == direct["tokens.json"]["events"]
    assert offline["objects.json"] == direct["objects.json"]
    for path in (path for path in direct if path.startswith("segments/")):
        for name in ("records", "peaks", "consistency", "awards", "first", "size"):
            assert offline[path][name] == direct[path][name], (path, name)
    assert other["audit"]["ok"]


@pytest.mark.parametrize("terms", [(), ("round:1",), ("kind:RoundClosed",)])
def test_a_bundle_that_keeps_records_to_itself_makes_no_page(
    life: Life, evidence: Evidence, tmp_path: Path, terms: tuple[str, ...]
) -> None:
    part = made(life, evidence, *(terms or ("none",)))
    with pytest.raises(ConfigurationError, match="keeps records to itself"):
        material_of_bundle(written(part, tmp_path), part.anchors)


def test_a_bundle_that_does_not_hold_makes_no_page(bundle: Made, tmp_path: Path) -> None:
    path = written(bundle, tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(AuditFailure, match="cut"):
        material_of_bundle(path, bundle.anchors)


def test_a_bundle_under_another_anchor_makes_no_page(bundle: Made, tmp_path: Path) -> None:
    other = replace(bundle.anchors, chain_id=5)
    with pytest.raises(AuditFailure):
        material_of_bundle(written(bundle, tmp_path), other)
