"""Lines for people and for programs: what they are about, and what is never in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import word_of

from orchestrator.chain.action import acting
from orchestrator.daemon.logs import configure_logging, correlation, without_secrets

UPDATE = word_of("update", 1)
_log = logging.getLogger("orchestrator.test")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    root = logging.getLogger()
    before, level, stream = list(root.handlers), root.level, io.StringIO()
    configure_logging("json", "info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before, level


def test_a_line_says_when_who_and_what(lines: Callable[[], list[dict[str, Any]]]) -> None:
    _log.info("two words of %s", "aurora")
    found = lines()[0]
    assert (found["level"], found["logger"], found["message"]) == ("info", "orchestrator.test", "two words of aurora")
    assert found["time"].endswith("Z") and len(found["time"]) == 24
    assert set(found) == {"time", "level", "logger", "message"}


def test_what_happens_under_an_effect_names_it(lines: Callable[[], list[dict[str, Any]]]) -> None:
    with acting(f"release/{UPDATE}"):
        _log.warning("a try")
    with acting("attest/7/2"):
        _log.warning("a try")
    _log.warning("%s failed: %s", "submit/3", "no node")
    kept = [{key: value for key, value in line.items() if key not in ("time", "logger", "level")} for line in lines()]
    assert kept == [
        {"message": "a try", "effect": f"release/{UPDATE}", "update": UPDATE},
        {"message": "a try", "effect": "attest/7/2", "sequence": 7, "epoch": 2},
        {"message": "submit/3 failed: no node", "effect": "submit/3", "round": 3},
    ]


def test_an_error_comes_with_its_traceback_in_one_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        raise ValueError("http://user:hunter2@node:1/key")
    except ValueError:
        _log.exception("it broke\nbadly")
    found = lines()
    assert len(found) == 1 and "ValueError" in found[0]["traceback"] and "hunter2" not in json.dumps(found)


@pytest.mark.parametrize("text", ["submit", "submit/1/2", "nope/1", "", "/", "submit/"])
def test_what_is_no_effect_is_not_taken_for_one(text: str) -> None:
    assert correlation(text) in ({}, {"effect": text, "round": ""})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://sepolia.example/v3/0123abcd", "https://sepolia.example/…"),
        ("at http://user:pa55@node:8545: refused", "at http://node:8545: refused"),
        ("wss://a.example/?key=secret done", "wss://a.example/… done"),
        ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("http://127.0.0.1:5001/ is down", "http://127.0.0.1:5001 is down"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer …"),
        ("Basic dXNlcjpwYXNz", "Basic …"),
        ("'https://u:p@[::1]:9/x'", "'https://[::1]:9/…'"),
        (f"update {UPDATE} of round 3", f"update {UPDATE} of round 3"),
    ],
)
def test_keys_of_providers_stay_out(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@given(
    secret=st.from_regex(r"[A-Za-z0-9_.~-]{8,40}", fullmatch=True),
    host=st.sampled_from(["node", "a.example:9", "[::1]"]),
)
def test_no_part_of_an_address_but_its_host_is_logged(secret: str, host: str) -> None:
    for address in (f"https://{secret}@{host}/", f"https://x:{secret}@{host}", f"wss://{host}/v3/{secret}",
                    f"http://{host}?apikey={secret}", f"http://{host}/a#{secret}"):  # fmt: skip
        assert secret not in without_secrets(address).replace(host, "")
