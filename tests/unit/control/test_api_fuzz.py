"""Whatever follows the description of the API, or breaks it, over a real socket: no 5xx, no write without its token.

Schemathesis makes the requests from ``openapi.json`` and checks the answers against it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from unit.control.api_world import World
from unit.protocol.simulation import Simulation

from orchestrator.daemon.api.server import ApiServer
from orchestrator.daemon.api.tokens import Scope
from orchestrator.protocol import effects as fx

CHECKS: list[Any] = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
OFTEN = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
AT_LENGTH = settings(OFTEN, max_examples=400, derandomize=False, print_blob=True)
OPERATIONS = [
    ("GET", path)
    for path in (
        "/healthz", "/readyz", "/metrics", "/v1/status", "/v1/pending", "/v1/effects", "/v1/rounds",
        "/v1/rounds/{number}", "/v1/contributions", "/v1/revocations", "/v1/alarms", "/v1/events",
    )
] + [("POST", path) for path in ("/v1/pending/approve", "/v1/pending/deny", "/v1/pause", "/v1/resume",
                                 "/v1/alarms/clear")]  # fmt: skip


class Served:
    """A world on a socket, and what its description says."""

    def __init__(self, home: Path, life: Simulation) -> None:
        self.world = World(home, life=life)
        self.world.journal.raise_alarm("PRIVATE_CHAIN_REWRITTEN", "planted")
        self.server = ApiServer(self.world.asgi, "127.0.0.1", 0, home)
        self.server.start()
        self.schema = schemathesis.openapi.from_dict(self.world.app.openapi())
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, case: Any, scope: Scope) -> Any:
        """The answer to a made request. Its own headers stay, but for the token, which is that of the scope."""
        made = case.as_transport_kwargs(base_url=self.server.url)
        headers = {key: value for key, value in dict(made.pop("headers")).items() if key.lower() != "authorization"}
        if scope is not Scope.NONE:
            headers["Authorization"] = f"Bearer {self.world.token(scope)}"
        return self.session.request(**{**made, "headers": headers, "timeout": 20})

    def held(self) -> tuple[Any, ...]:
        """All that a request could change."""
        return self.world.control.book.approvals, self.world.journal.alarms(), self.last_event()

    def last_event(self) -> int:
        last = 0
        while found := self.world.journal.events(after=last):
            last = found[-1]["number"]
        return last


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, life: Simulation) -> Iterator[Served]:
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "fsync", lambda handle: None)
    served = Served(tmp_path_factory.mktemp("home"), life)
    yield served
    served.session.close()
    served.server.stop()
    patch.undo()


def test_these_are_all_operations(served: Served) -> None:
    described = {
        (item.method.upper(), item.path) for item in (found.ok() for found in served.schema.get_all_operations())
    }
    assert described == set(OPERATIONS)


def cases(served: Served, method: str, path: str) -> st.SearchStrategy[Any]:
    """Requests that follow the description, and such that break it, where it can be broken."""
    operation = served.schema[path][method]
    made = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if list(operation.iter_parameters()) or operation.body:
        made.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return st.one_of(made)


def breaks_nothing(served: Served, method: str, path: str, how: settings) -> None:
    """Whatever is asked with the token to act: no 5xx, answers as described, and no secret."""
    secrets = [served.world.token(Scope.READ), served.world.token(Scope.ACT)]
    seen: set[int] = set()

    @how
    @given(case=cases(served, method, path))
    def check(case: Any) -> None:
        answer = served.call(case, Scope.ACT)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code < 500
        assert not [secret for secret in secrets if secret in answer.text]

    check()
    assert seen & {200, 404}, f"nothing of {path} was ever answered: {seen}"


def writes_nothing(served: Served, method: str, path: str, how: settings) -> None:
    """Whatever is asked without the token to act: refused, and nothing has changed."""
    before = served.held()

    @how
    @given(case=cases(served, method, path), scope=st.sampled_from([Scope.NONE, Scope.READ]))
    def check(case: Any, scope: Scope) -> None:
        answer = served.call(case, scope)
        case.validate_response(answer, checks=CHECKS)
        if method == "POST":
            assert answer.status_code == (401 if scope is Scope.NONE else 403)
        elif path.startswith("/v1") and scope is Scope.NONE:
            assert answer.status_code == 401

    check()
    assert served.held() == before


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda item: item)
def test_no_request_breaks_the_daemon(served: Served, method: str, path: str) -> None:
    breaks_nothing(served, method, path, OFTEN)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda item: item)
def test_nothing_is_written_without_the_token_to_act(served: Served, method: str, path: str) -> None:
    writes_nothing(served, method, path, OFTEN)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda item: item)
def test_a_longer_fuzz_finds_no_more(served: Served, method: str, path: str) -> None:
    breaks_nothing(served, method, path, AT_LENGTH)
    writes_nothing(served, method, path, AT_LENGTH)


def test_the_fuzz_reaches_what_it_is_about(served: Served) -> None:
    """The same client, with words that hold: else all of the above could be about refusals alone."""
    served.world.node.waiting = (fx.SubmitUpdate(9),)
    case = served.schema["/v1/pending/approve"]["POST"].Case(body={"effect": "submit/9"}, media_type="application/json")
    assert served.call(case, Scope.ACT).status_code == 200
    assert "submit/9" in served.world.control.book.approvals.approved


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD"]),
    path=st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=40),
    body=st.binary(max_size=200),
)
def test_no_other_request_writes_or_breaks_anything(served: Served, method: str, path: str, body: bytes) -> None:
    before = served.held()
    headers = {"Authorization": f"Bearer {served.world.token(Scope.ACT)}"}
    prepared = requests.Request(method, served.server.url, data=body, headers=headers).prepare()
    prepared.url = served.server.url + "/" + requests.utils.quote(path)
    answer = served.session.send(prepared, timeout=20)
    assert answer.status_code < 500
    assert served.held() == before
