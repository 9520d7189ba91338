"""Who gets in: tokens and their scopes, names of the host, sizes and numbers of requests."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from unit.control.api_world import World
from unit.protocol.simulation import Simulation

from orchestrator.daemon.api.app import Terms
from orchestrator.daemon.api.guards import MAX_BODY, Bucket, host_of
from orchestrator.daemon.api.tokens import Scope, Tokens, read_token, token_path
from orchestrator.errors import ConfigurationError

READS = [
    "/",
    "/docs",
    "/openapi.json",
    "/metrics",
    "/v1/status",
    "/v1/pending",
    "/v1/effects",
    "/v1/rounds",
    "/v1/rounds/1",
    "/v1/contributions",
    "/v1/revocations",
    "/v1/alarms",
    "/v1/events",
]
ACTS = ["/v1/pending/approve", "/v1/pending/deny", "/v1/pause", "/v1/resume", "/v1/alarms/clear"]


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"operator:{token}".encode()).decode()}


def test_these_are_all_operations(world: World) -> None:
    described = {
        (method, path.replace("{number}", "1"))
        for path, methods in world.app.openapi()["paths"].items()
        for method in methods
    }
    assert described == {("get", path) for path in [*READS[3:], "/healthz", "/readyz"]} | {
        ("post", path) for path in ACTS
    }


@pytest.mark.parametrize("path", READS)
def test_reading_needs_a_token(world: World, path: str) -> None:
    refused = world.client().get(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "Unauthorised")
    for scope in (Scope.READ, Scope.ACT):
        assert world.client(scope).get(path).status_code == 200


@pytest.mark.parametrize("path", ACTS)
def test_acting_needs_the_token_to_act(world: World, path: str) -> None:
    body = {"effect": "submit/2"} if "pending" in path else {"alarm": "X"} if "alarms" in path else None
    before = world.control.book.approvals
    assert world.client().post(path, json=body).status_code == 401
    refused = world.client(Scope.READ).post(path, json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Refused")
    assert world.control.book.approvals == before
    assert world.client(Scope.ACT).post(path, json=body).status_code == (404 if "alarms" in path else 200)


@pytest.mark.parametrize("path", ACTS)
def test_what_a_browser_sends_by_itself_never_acts(world: World, path: str) -> None:
    """Basic credentials go along with requests that other pages make."""
    headers = basic(world.token(Scope.ACT))
    assert world.client().get("/", headers=headers).status_code == 200
    assert world.client().post(path, headers=headers, json={"effect": "submit/2"}).status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic",
        "Basic ???",
        "Basic /w==",
        "Basic eA==",
        "Digest abc",
        "Bearer \xe4\xf6",
        "Bearer " + "a" * 9000,
    ],
)
def test_no_other_header_lets_anybody_in(world: World, header: str) -> None:
    answer = world.client().get("/v1/status", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_probes_need_no_token_and_say_yes_or_no(world: World) -> None:
    assert world.client().get("/healthz").json() == {"alive": True}
    assert world.client().get("/readyz").json() == {"ready": True}
    world.node.ready, world.node.reasons = False, ("the private chain is silent",)
    answer = world.client().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert world.client().get("/healthz").status_code == 200


def test_metrics_can_be_opened(tmp_path: Path, life: Simulation) -> None:
    world = World(tmp_path, life=life, terms=Terms(open_metrics=True))
    assert world.client().get("/metrics").status_code == 200
    assert world.client().get("/v1/status").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "aurora.example", "127.0.0.2"])
def test_a_name_that_somebody_points_at_this_machine_is_refused(world: World, host: str) -> None:
    answer = world.client(Scope.ACT).get("/v1/status", headers={"Host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "WrongHost")


def test_a_name_can_be_allowed(tmp_path: Path, life: Simulation) -> None:
    world = World(tmp_path, life=life, terms=Terms(hosts=("Aurora.example",)))
    for host in ("aurora.example:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:9"):
        assert world.client(Scope.READ).get("/v1/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [(b"a.b:80", "a.b"), (b"[::1]:80", "[::1]"), (b"[::1]", "[::1]"), (b"", ""), (b"[", ""), (b"A", "a")],
)
def test_names_of_hosts(header: bytes, name: str) -> None:
    assert host_of(header) == name


@pytest.mark.parametrize("announced", [True, False])
def test_a_long_body_is_refused_before_it_is_looked_at(world: World, announced: bool) -> None:
    body = b'{"effect": "' + b"a" * MAX_BODY + b'"}'
    client = world.client(Scope.ACT)
    answer = client.post("/v1/pending/approve", content=body if announced else iter([body[:100], body[100:]]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TooLarge")


@pytest.mark.parametrize("body", [b"[" * 16_000, b'{"effect":' * 1_600])
def test_a_deep_body_is_refused_before_it_is_parsed(world: World, body: bytes) -> None:
    answer = world.client(Scope.ACT).post("/v1/pending/approve", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "Invalid")


@pytest.mark.parametrize("length", [b"-1", b"x", b"9" * 30])
def test_a_strange_length_is_refused(world: World, length: bytes) -> None:
    headers = {"Content-Length": length}
    assert world.client(Scope.ACT).post("/v1/pause", headers=headers).status_code == 413


def test_too_many_requests_wait_and_probes_do_not(tmp_path: Path, life: Simulation) -> None:
    world = World(tmp_path, life=life, terms=Terms(rate=0.001, burst=3))
    client = world.client(Scope.READ)
    found = [client.get("/v1/status").status_code for _ in range(5)]
    assert found == [200, 200, 200, 429, 429]
    assert client.get("/v1/status").headers["retry-after"] == "1"
    assert all(client.get("/healthz").status_code == 200 for _ in range(5))


def test_who_has_no_token_does_not_keep_the_operator_out(tmp_path: Path, life: Simulation) -> None:
    """Any page in a browser, and any program on this machine, can send requests without one; so may a reader."""
    world = World(tmp_path, life=life, terms=Terms(rate=0.001, burst=3))
    for scope, refused in ((Scope.NONE, 401), (Scope.READ, 403)):
        client = world.client(scope)
        assert [client.post("/v1/pause").status_code for _ in range(4)] == [refused] * 3 + [429]
    assert world.client(Scope.ACT).post("/v1/pause").status_code == 200


def test_the_bucket_fills_again() -> None:
    now = [0.0]
    bucket = Bucket(2, 2, lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.5
    assert [bucket.take(), bucket.take()] == [True, False]
    now[0] = 100
    assert [bucket.take() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("path", ["/", "/v1/status", "/healthz", "/nowhere"])
def test_every_answer_is_nobody_elses(world: World, path: str) -> None:
    answer = world.client(Scope.READ).get(path, headers={"Origin": "http://evil.example"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    preflight = world.client().options(path, headers={"Origin": "http://a", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 401


def test_a_browser_is_asked_for_a_token_only_on_pages(world: World) -> None:
    assert world.client().get("/").headers["www-authenticate"].startswith("Basic ")
    assert world.client().get("/v1/status").headers["www-authenticate"] == "Bearer"


# -- the files


def test_tokens_are_private_long_and_different(tmp_path: Path) -> None:
    Tokens(tmp_path)
    paths = [token_path(tmp_path, scope) for scope in (Scope.READ, Scope.ACT)]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]
    assert paths[0].parent.stat().st_mode & 0o777 == 0o700
    tokens = {read_token(path) for path in paths}
    assert len(tokens) == 2 and all(len(token) >= 43 for token in tokens)
    Tokens(tmp_path)
    assert {read_token(path) for path in paths} == tokens, "a start keeps them"


def test_a_token_is_renewed_by_removing_its_file(world: World) -> None:
    old = world.token(Scope.ACT)
    token_path(world.home, Scope.ACT).unlink()
    assert world.tokens.scope_of(old) is Scope.NONE
    assert world.token(Scope.ACT) != old
    assert world.tokens.scope_of(world.token(Scope.ACT)) is Scope.ACT


def test_a_file_that_others_can_read_lets_nobody_in(world: World) -> None:
    path = token_path(world.home, Scope.ACT)
    token = world.token(Scope.ACT)
    path.write_text(token + "\n")
    path.chmod(0o644)
    assert world.tokens.scope_of(token) is Scope.NONE
    with pytest.raises(ConfigurationError, match="mode 0644"):
        Tokens(world.home)


def test_an_empty_or_odd_file_is_refused(tmp_path: Path) -> None:
    Tokens(tmp_path)
    path = token_path(tmp_path, Scope.READ)
    for content in (b"", b"\n", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"read\.token"):
            Tokens(tmp_path)


def test_no_answer_holds_a_token(world: World) -> None:
    secrets = [world.token(Scope.READ), world.token(Scope.ACT)]
    client: TestClient = world.client(Scope.ACT)
    for path in READS:
        assert client.get(path).status_code == 200
        assert not [secret for secret in secrets if secret in client.get(path).text]


def test_what_is_not_there_needs_a_token_too(world: World) -> None:
    """So that no route can forget to ask for it."""
    assert world.client().get("/nowhere").status_code == 401
    assert world.client(Scope.READ).put("/v1/status").status_code == 403
    assert world.client(Scope.ACT).put("/v1/status").status_code == 405
    assert world.client(Scope.READ).get("/nowhere").status_code == 404
