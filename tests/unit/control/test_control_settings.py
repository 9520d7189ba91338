"""What the group ``daemon`` may say."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from orchestrator import cli
from orchestrator.daemon.control_settings import ControlSettings
from orchestrator.daemon.gate import Gate, Mode
from orchestrator.errors import ConfigurationError
from orchestrator.settings import compose


def read(*overrides: str) -> ControlSettings:
    return ControlSettings.of(compose(overrides).group("daemon"))


def test_by_default_it_acts_by_itself_and_listens_on_the_loopback_alone() -> None:
    found = read()
    assert found == ControlSettings()
    assert (found.gate, found.api.host, found.api.open_metrics) == (Gate(Mode.AUTO), "127.0.0.1", False)


def test_a_service_logs_json_at_a_port_that_stays() -> None:
    found = read("daemon=service", "daemon.mode=oversight")
    assert (found.log_format, found.api.port, found.gate.mode) == ("json", 8645, Mode.OVERSIGHT)
    assert found.api.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("daemon.mode=careful", "daemon.mode is 'careful'; choose one of auto, oversight, manual"),
        ("daemon.dry_run=maybe", "daemon.dry_run is 'maybe'; give true or false"),
        ("daemon.log.format=xml", "choose one of text, json"),
        ("daemon.log.level=loud", "choose one of debug, info, warning, error"),
        ("daemon.log=json", "daemon.log is 'json'"),
        ("daemon.api.port=70000", "give a whole number from 0 to 65535"),
        ("daemon.api.port=1.5", "give a whole number"),
        ("daemon.api.requests_per_second=0", "give a number from 0.1"),
        ("daemon.api.burst=true", "daemon.api.burst is True"),
        ("daemon.api.hosts=a.example", "give a list of names"),
        ("daemon.api.host=localhost", "give an IP address"),
        ("daemon.api.host=0.0.0.0", "other machines can reach; use 127.0.0.1, or set daemon.api.remote=true"),
    ],
)
def test_what_makes_no_sense_is_named(override: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(override)
    assert said in str(caught.value)


def test_other_machines_are_listened_to_only_on_purpose() -> None:
    found = read("daemon.api.host=0.0.0.0", "daemon.api.remote=true", "daemon.api.hosts=[aurora.example]")
    assert (found.api.host, found.api.hosts) == ("0.0.0.0", ("aurora.example",))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1"])
def test_the_loopback_has_many_addresses(host: Any) -> None:
    assert read(f"daemon.api.host='{host}'").api.host == host


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mode", "careful"], "daemon.mode is 'careful'; choose one of auto, oversight, manual"),
        (["daemon.api.host=0.0.0.0"], "or set daemon.api.remote=true"),
        (["daemon=nope"], "there is no daemon 'nope'; choose one of local, service"),
    ],
)
def test_a_daemon_does_not_start_with_such(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "organisation.json").write_text(
        json.dumps({"format": "loranchor/organisation", "version": 1, "name": "aurora", "settings": {},
                    "authority": "0x" + "aa" * 20, "delegate": "0x" + "bb" * 20})
    )  # fmt: skip
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    assert cli.run(["daemon", "run", "--home", str(tmp_path), *words]) == 2
    root.handlers[:], root.level = before, level
    told = capsys.readouterr().err
    assert told.startswith("error: ") and told.count("\n") == 1 and said in told
