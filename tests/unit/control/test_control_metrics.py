"""Metrics say what they mean, the page lists them all, and alert rules and dashboard name only what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from unit.chain.memory_outbox import MemoryOutbox
from unit.control.api_world import World
from unit.ledger.actors import AURORA

from orchestrator.chain.memory import MemoryChain
from orchestrator.chain.outbox import Account, Entry, Slot, Status
from orchestrator.daemon.api.tokens import Scope
from orchestrator.daemon.metrics import Meters, registry_of
from orchestrator.daemon.samples import Sampler, Wallet
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

ROOT = Path(__file__).parents[3]
MONITORING = ROOT / "deploy" / "monitoring"
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
NAME = re.compile(r"\b(?:loranchor|process|python)_[a-z0-9_]+")
OF_PROMETHEUS = {"up"}
ME = Address("0x" + "aa" * 20)


@dataclass
class Moved:
    bytes_sent: int = 300
    bytes_received: int = 500
    transactions: int = 7
    gas_used: int = 700_000


def full(world: World) -> CollectorRegistry:
    """A registry in which everything is known."""
    world.control.samples.balances = {"private": 5 * 10**18, "public": 25 * 10**16}
    ledger = world.node.state.ledger
    others = tuple(item for item in ledger.rounds[2].submissions if ledger.updates[item].organisation != AURORA)
    open_round = replace(ledger.rounds[2], submissions=others)
    world.node.state = replace(world.node.state, ledger=ledger.with_(rounds={**ledger.rounds, 2: open_round}))
    world.control.samples.pending_since = {"private": world.control.started - 100, "public": None}
    moved = Moved()
    return registry_of(world.control, Meters(world.home, moved, {"private": lambda: moved, "public": lambda: moved}))


def values(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """Every sample by name and the values of its labels."""
    found = {}
    for family in registry.collect():
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def test_gauges_say_where_the_node_stands(world: World) -> None:
    world.journal.raise_alarm("PRIVATE_CHAIN_REWRITTEN", "planted")
    found, state = values(full(world)), world.node.state
    assert found["loranchor_ready",] == 1 and found["loranchor_paused",] == 0
    assert found["loranchor_effects_waiting",] == 3 and found["loranchor_effects_in_flight",] == 1
    assert found["loranchor_alarm_active", "PRIVATE_CHAIN_REWRITTEN"] == 1
    assert found["loranchor_cursor_lag_blocks", "private"] == 2 and found["loranchor_cursor_lag_blocks", "public"] == 0
    assert 1 <= found["loranchor_head_lag_seconds", "private"] < 60
    assert found["loranchor_account_balance_ether", "public"] == 0.25
    assert 100 <= found["loranchor_pending_transaction_age_seconds", "private"] < 160
    assert found["loranchor_pending_transaction_age_seconds", "public"] == 0
    assert found["loranchor_checkpoint_anchored",] == found["loranchor_checkpoint_due",] == 2
    assert (
        found["loranchor_last_anchor_age_blocks",] == state.private_block - state.anchored[2].checkpoint.private_block
    )
    assert found["loranchor_phase_blocks_left",] == 15 and found["loranchor_round_open",] == 1
    assert found["loranchor_own_act_blocks_left",] == 15 and found["loranchor_own_act_pressing",] == 0
    assert found["loranchor_revocations_unfinished",] == 1 and found["loranchor_unopened",] == len(state.unopened) == 0
    assert found["loranchor_gas_used_total", "public"] == 700_000
    assert found["loranchor_storage_bytes_total", "received"] == 500
    assert found["loranchor_daemon_info", "0.1.0", AURORA, "oversight"] == 1


def test_an_anchor_that_waits_is_seen(world: World) -> None:
    state = world.node.state
    world.node.state = replace(state, anchored={1: state.anchored[1]}, attestations={})
    found = values(full(world))
    assert found["loranchor_missing_cosigners",] == state.ledger.members.quorum == 2
    assert found["loranchor_anchor_waiting_blocks",] == state.private_block - state.ledger.due[1].block > 0


def test_what_is_not_known_is_left_out(world: World) -> None:
    world.node.state = replace(world.node.state, clock=None, anchored={})
    found = values(registry_of(world.control, Meters(world.home)))
    names = {key[0] for key in found}
    assert not names & {"loranchor_phase_blocks_left", "loranchor_last_anchor_age_blocks",
                        "loranchor_account_balance_ether", "loranchor_transactions_total"}  # fmt: skip
    assert found["loranchor_round_open",] == 0


def test_counters_follow_the_journal_each_event_once(world: World) -> None:
    registry = full(world)
    for _ in range(2):
        world.journal.effect_started("collect/1", local=True)
        world.journal.effect_failed("collect/1", "StorageError", "no node")
        world.journal.write("update-refused", update="0x1", code="ObjectMissing", error="gone")
        world.journal.write("update-refused", update="0x1", code="EnvelopeError", error="odd")
        world.journal.effect_started("train/1", local=True)
        world.journal.effect_completed("train/1")
        world.journal.write("rolled-back", side="public", cursor=[])
        world.journal.write("catch-up-answered", catch_up=1, asker="dorado", keys=21)
        values(registry)
    found = values(registry)
    assert found["loranchor_effect_failures_total", "collect", "StorageError"] == 2
    assert found["loranchor_pin_failures_total", "StorageError"] == 2
    assert found["loranchor_pin_failures_total", "ObjectMissing"] == 2
    assert ("loranchor_pin_failures_total", "EnvelopeError") not in found
    assert found["loranchor_effects_completed_total", "train"] == 2
    assert found["loranchor_content_keys_given_total", "dorado"] == 42
    assert found["loranchor_rollbacks_total", "public"] == 2 and found["loranchor_rollbacks_total", "private"] == 0
    assert values(registry_of(world.control, Meters(world.home)))["loranchor_effects_completed_total", "train"] == 2


def test_what_is_scraped_is_what_prometheus_reads(world: World) -> None:
    text = world.client(Scope.READ).get("/metrics").text
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"loranchor_ready", "loranchor_effect_failures", "process_resident_memory_bytes"} <= families


def test_every_metric_has_a_name_of_its_own_and_a_sentence(world: World) -> None:
    families = list(full(world).collect())
    assert len({family.name for family in families}) == len(families)
    assert all(family.documentation for family in families)


# -- pages, rules and the dashboard


def names(world: World) -> set[str]:
    """Names of all samples that there can be."""
    suffix = {"counter": "_total", "info": "_info"}
    return {family.name + suffix.get(family.type, "") for family in full(world).collect()}


def test_the_page_lists_every_metric_and_no_other(world: World) -> None:
    listed = set(re.findall(r"`((?:loranchor|process|python)_[a-z_]+)`", PAGE.split("## Metrics")[1]))
    assert listed == names(world)


def test_the_page_says_of_each_what_the_metric_says_of_itself(world: World) -> None:
    for family in full(world).collect():
        if family.name.startswith("loranchor"):
            row = rf"^\| `{family.name}\w*`(?: \[[a-z, ]+\])? \| {re.escape(family.documentation)} \|$"
            assert re.search(row, PAGE, re.MULTILINE), family.name


def test_the_page_lists_every_operation(world: World) -> None:
    described = {
        f"{method.upper()} {path}" for path, methods in world.app.openapi()["paths"].items() for method in methods
    }
    assert set(re.findall(r"^\| `((?:GET|POST) /[^`]+)`", PAGE, re.MULTILINE)) == described


def expressions(document: Any) -> Iterator[str]:
    """Every PromQL expression in a parsed file."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key in ("expr", "definition") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(document, list):
        for item in document:
            yield from expressions(item)


def read(name: str) -> Any:
    text = (MONITORING / name).read_text("utf-8")
    return json.loads(text) if name.endswith("json") else yaml.safe_load(text)


@pytest.mark.parametrize("name", ["alerts.yaml", "dashboard.json"])
def test_rules_and_dashboard_name_only_what_is_there(world: World, name: str) -> None:
    used = [set(NAME.findall(expression)) for expression in expressions(read(name))]
    assert len(used) > 15
    assert all(found or "up{" in expression for found, expression in zip(used, expressions(read(name)), strict=True))
    assert set().union(*used) <= names(world)


@pytest.mark.parametrize("name", ["alerts.yaml", "dashboard.json"])
def test_labels_are_those_of_their_metric(world: World, name: str) -> None:
    labels = {sample.name: set(sample.labels) for family in full(world).collect() for sample in family.samples}
    labels |= {"loranchor_effect_failures_total": {"effect", "code"}, "loranchor_alarm_active": {"alarm"},
               "loranchor_effects_completed_total": {"effect"}}  # fmt: skip
    for expression in expressions(read(name)):
        for metric, chosen in re.findall(r"\b((?:loranchor|process)_[a-z_]+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)\s*[=!]~?", chosen))
            assert used <= labels[metric] | {"job", "instance"}, expression


def test_every_alert_says_what_to_do() -> None:
    rules = [rule for group in read("alerts.yaml")["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 15
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"] and rule["annotations"]["mend"]
        assert rule["expr"].count("(") == rule["expr"].count(")") and rule["expr"].count("{") == rule["expr"].count("}")


def test_the_note_of_operations_is_alerted_on() -> None:
    """Head lag, cursor lag, pending transactions, balance, last anchor, cosigners, pins."""
    text = (MONITORING / "alerts.yaml").read_text("utf-8")
    for metric in ("head_lag_seconds", "cursor_lag_blocks", "pending_transaction_age_seconds", "account_balance_ether",
                   "anchor_waiting_blocks", "missing_cosigners", "pin_failures_total", "ready"):  # fmt: skip
        assert f"loranchor_{metric}" in text and f"loranchor_{metric}" in json.dumps(read("dashboard.json"))


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in read("dashboard.json")["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells and place["x"] + place["w"] <= 24
        taken |= cells


# -- what the sampler asks


def entry(nonce: int, mark: int, status: Status = Status.PENDING) -> Entry:
    hash_ = Digest(f"0x{mark:064x}")
    return Entry(Slot("submit/1", "RoundLedger.submitUpdate"), 0, nonce, hash_, b"raw", {}, status)


def test_pending_transactions_age_from_when_they_were_first_seen() -> None:
    chain, outbox, now = MemoryChain(1), MemoryOutbox(), [1000.0]
    sampler = Sampler({"private": Wallet(chain, ME, outbox)}, lambda: now[0])
    sampler.look()
    assert sampler.samples.pending_since == {"private": None}
    outbox.add(Account(1, ME), entry(0, 1))
    sampler.look()
    now[0] = 1030
    outbox.add(Account(1, ME), entry(0, 2))
    sampler.look()
    assert sampler.samples.pending_since == {"private": 1000}
    outbox.settle(Digest(f"0x{1:064x}"), Status.MINED)
    sampler.look()
    assert sampler.samples.pending_since == {"private": None}


def test_a_chain_that_is_silent_has_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    well, silent = MemoryChain(1), MemoryChain(2)

    def fails(address: Address) -> int:
        raise ChainError("no answer")

    monkeypatch.setattr(silent, "balance", fails)
    sampler = Sampler({"private": Wallet(well, ME), "public": Wallet(silent, ME)})
    sampler.look()
    assert set(sampler.samples.balances) == set(sampler.samples.pending_since) == {"private"}
