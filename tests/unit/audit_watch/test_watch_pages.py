"""The guide, the alert rules and the unit name what is there."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner
from unit.audit_watch.watched_life import Desk
from verb_tree import leaves

from orchestrator.audit.watch import KINDS, Alert, Event, Limits
from orchestrator.audit.watch.exposition import exposition
from orchestrator.audit.watch.loop import Counts
from orchestrator.cli import app
from orchestrator.errors import ConfigurationError
from orchestrator.settings import compose

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "auditor-guide.md").read_text("utf-8")
RULES = yaml.safe_load((ROOT / "deploy" / "monitoring" / "watch-alerts.yaml").read_text("utf-8"))
UNIT = (ROOT / "deploy" / "systemd" / "loranchor-watch@.service").read_text("utf-8")


def test_the_guide_lists_every_kind_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (critical|warning) \| ([^|]+) \|", GUIDE, re.M)
    assert rows == [(kind.name, kind.severity.value, kind.meaning) for kind in KINDS.values()]


def test_settings_are_the_limits() -> None:
    group = compose(["watch.every=5"]).group("watch")
    assert Limits.of(group).every == 5
    assert set(group) == {item.name for item in fields(Limits)}
    assert Limits.of({**group, "every": 60}) == Limits()
    assert all(f"`{name}`" in GUIDE or f"watch.{name}" in GUIDE for name in ("stalled_after", "quiet_after", "misses"))


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "60", 10**10])
def test_a_limit_that_makes_no_sense_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"watch\.every"):
        Limits.of({**compose().group("watch"), "every": value})


def test_alert_rules_name_only_what_is_exposed() -> None:
    desk = Desk()
    desk.life.round()
    desk.look()
    page = exposition(desk.watch.state, desk.seen, Counts(calls={"public": 1}))
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 5
    for rule in rules:
        for name, labels in re.findall(r"(loranchor_watch_[a-z_]+)(?:\{([^}]*)\})?", rule["expr"]):
            sample = next(line for line in page.splitlines() if re.match(rf"{name}[ {{]", line))
            assert all(f"{label}=" in sample for label in re.findall(r"(\w+)=", labels))
        assert rule["annotations"]["summary"] and rule["annotations"]["mend"]
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_the_unit_starts_what_is_there() -> None:
    command = next(line for line in UNIT.splitlines() if line.startswith("ExecStart="))
    assert ("audit", "watch") in leaves() and "loranchor audit watch" in command
    told = CliRunner().invoke(app, ["audit", "watch", "--help"], env={"COLUMNS": "200"}).output
    assert all(option in told for option in re.findall(r"--[a-z-]+", command))


def test_the_example_of_a_line_is_what_is_told() -> None:
    text = re.search(r"```json\n(.*?loranchor/alert.*?)```", GUIDE, re.S)
    assert text is not None
    found = json.loads(text[1])
    alert = Alert(KINDS[found["kind"]], found["subject"], found["text"])
    assert Event(alert, found["state"], found["since"], found["at"]).document() == found
