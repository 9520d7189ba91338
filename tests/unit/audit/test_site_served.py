"""The site as a folder and as a server: all or nothing, read-only, and with a policy that lets nothing in or out."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.audit.site import folder
from orchestrator.audit.site.folder import write_site
from orchestrator.audit.site.headers import HEADERS, POLICY
from orchestrator.audit.site.server import SiteServer
from orchestrator.errors import ConfigurationError, EnvironmentMissing

FILES = [("index.json", b"{}"), ("objects/0xab", b"\x00\x01")]


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A page of two files in the place of the built one."""
    built = tmp_path / "page"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<html><head><title>t</title></head></html>")
    (built / "assets" / "a.js").write_text("1")
    monkeypatch.setattr(folder, "PAGE", built)
    return built


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path / "site", FILES)


@pytest.fixture
def server(site: Path) -> Iterator[SiteServer]:
    with SiteServer(site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: SiteServer, method: str, path: str, host: str | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    headers = {} if host is None else {"Host": host}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_the_site_is_the_page_with_its_view(site: Path) -> None:
    assert (site / "view" / "index.json").read_bytes() == b"{}"
    assert (site / "view" / "objects" / "0xab").read_bytes() == b"\x00\x01"
    assert (site / "assets" / "a.js").read_text() == "1"


def test_the_policy_goes_with_the_files(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert "default-src 'none'; script-src 'self'" in text
    assert "frame-ancestors" not in text  # browsers ignore it there, and say so


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(ConfigurationError, match="no empty folder"):
        write_site(tmp_path / "full", FILES)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield FILES[0]
        raise ValueError("a chain went away")

    with pytest.raises(ValueError, match="went away"):
        write_site(tmp_path / "site", broken())
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_a_page_that_was_not_built_is_told(page: Path, tmp_path: Path) -> None:
    (page / "index.html").unlink()
    with pytest.raises(EnvironmentMissing, match="not built"):
        write_site(tmp_path / "site", FILES)


def test_files_are_served_with_their_types(server: SiteServer) -> None:
    status, headers, body = ask(server, "GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>t</title>" in body
    assert ask(server, "GET", "/view/index.json")[2] == b"{}"
    assert ask(server, "GET", "/assets/a.js?x=1")[1]["content-type"].startswith("text/javascript")
    assert ask(server, "GET", "/view/objects/0xab")[1]["content-type"] == "application/octet-stream"


def test_every_answer_has_the_headers(server: SiteServer) -> None:
    for path in ("/", "/view/index.json", "/nowhere"):
        headers = ask(server, "GET", path)[1]
        assert {name: headers[name.lower()] for name in HEADERS} == HEADERS
        assert headers["cache-control"] == "no-store"
    assert "unsafe" not in POLICY
    assert "*" not in POLICY


ELSEWHERE = (
    "/../page/index.html",
    "/%2e%2e/page/index.html",
    "//etc/passwd",
    "/assets",
    "/view/../../page/index.html",
    "/index.html%00",
)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_nothing_else_is_served(server: SiteServer, path: str) -> None:
    assert ask(server, "GET", path)[0] == 404


def test_links_are_not_followed(site: Path) -> None:
    (site / "link.json").symlink_to("/etc/hostname")
    with SiteServer(site) as server:
        assert "/link.json" not in server.files


def test_a_foreign_name_for_this_machine_is_refused(server: SiteServer) -> None:
    port = server.server_address[1]
    assert ask(server, "GET", "/view/index.json", host=f"evil.example:{port}")[0] == 421
    assert ask(server, "GET", "/view/index.json", host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_only_reads(server: SiteServer, method: str) -> None:
    assert ask(server, method, "/view/index.json")[0] == 501


def test_head_has_no_body(server: SiteServer) -> None:
    status, headers, body = ask(server, "HEAD", "/view/index.json")
    assert (status, headers["content-length"], body) == (200, "2", b"")


def test_a_folder_without_a_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no site"):
        SiteServer(tmp_path)


def test_a_port_in_use_is_told(server: SiteServer, site: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be listened on"):
        SiteServer(site, port=server.server_address[1])
