"""What is watched, in Prometheus' text format: for a file that node_exporter collects, or an endpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from orchestrator.audit.watch.alerts import KINDS, Source
from orchestrator.audit.watch.observation import Observation
from orchestrator.audit.watch.state import State
from orchestrator.errors import ConfigurationError, PortTaken

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Values = Mapping[tuple[tuple[str, str], ...], float]
"""Figures by their labels."""


@dataclass(frozen=True)
class Counts:
    """What the watcher itself has done since it began.

    Attributes:
        looks, failures: looks, and of them those in which a source was silent. calls: to nodes, by chain.
        webhook_failures: messages that were not taken. waiting: alerts that no receiver has taken yet.
    """

    looks: int = 0
    failures: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    webhook_failures: int = 0
    waiting: int = 0


def exposition(state: State, seen: Observation, counts: Counts) -> str:
    """The whole page. What is not known is left out."""
    return "".join(f"{line}\n" for line in _lines(state, seen, counts))


def _lines(state: State, seen: Observation, counts: Counts) -> Iterator[str]:
    standing = dict.fromkeys(KINDS, 0)
    known = dict.fromkeys(KINDS, 0)
    for entry in state.entries.values():
        standing[entry.alert.kind.name] += entry.open
        known[entry.alert.kind.name] += entry.acknowledged
    kinds: Values = {
        (("kind", name), ("severity", KINDS[name].severity.value)): count for name, count in standing.items()
    }
    yield from _family("alerts", "Alerts that stand, by kind.", kinds)
    yield from _family("acknowledged_alerts", "Alerts that somebody knows of.", _labelled("kind", known))
    yield from _family("look_timestamp_seconds", "When the last look was.", {(): seen.at})
    yield from _family("looks_total", "Looks since the start.", {(): counts.looks}, "counter")
    yield from _family("silent_looks_total", "Looks in which a source was silent.", {(): counts.failures}, "counter")
    up = {source.value: int(source not in seen.silent) for source in _sources(seen)}
    yield from _family("source_up", "Whether a source answered in the last look.", _labelled("source", up))
    yield from _chains(seen)
    if seen.objects is not None:
        missing = len(seen.objects.absent)
        states = {"wanted": seen.objects.wanted, "asked": len(seen.objects.asked), "missing": missing}
        yield from _family("objects", "Objects that must be on IPFS.", _labelled("state", states))
    yield from _family("node_calls_total", "Questions to nodes.", _labelled("chain", counts.calls), "counter")
    yield from _family("webhook_failures_total", "Messages not taken.", {(): counts.webhook_failures}, "counter")
    yield from _family("webhook_waiting", "Alerts that no receiver has taken.", {(): counts.waiting})


def _chains(seen: Observation) -> Iterator[str]:
    chains = {"public": seen.public, "private": seen.private}
    there = {name: found.chain for name, found in chains.items() if found is not None}
    blocks = {name: chain.last.number for name, chain in there.items()}
    yield from _family("block", "Newest final block.", _labelled("chain", blocks))
    times = {name: chain.timestamp for name, chain in there.items()}
    yield from _family("block_timestamp_seconds", "When it was made.", _labelled("chain", times))
    if seen.public is not None:
        yield from _family("checkpoint_anchored", "Last anchored checkpoint.", {(): seen.public.sequence})
        yield from _family("epoch", "Epoch of the membership.", {(): seen.public.roll.epoch})
    if seen.private is not None:
        yield from _family("checkpoint_due", "Last checkpoint due.", {(): max(seen.private.due, default=0)})


def _labelled(label: str, values: Mapping[str, float]) -> Values:
    return {((label, key),): value for key, value in values.items()}


def _sources(seen: Observation) -> list[Source]:
    return sorted(seen.seen | seen.silent.keys(), key=str)


def _family(name: str, text: str, values: Values, kind: str = "gauge") -> Iterator[str]:
    if values:
        yield f"# HELP loranchor_watch_{name} {text}"
        yield f"# TYPE loranchor_watch_{name} {kind}"
    for labels, value in values.items():
        told = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels)
        yield f"loranchor_watch_{name}{{{told}}} {value}" if told else f"loranchor_watch_{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Endpoint:
    """``GET /metrics`` on an address of this machine, in a thread of its own, for as long as the context lasts.

    Args:
        where: ``HOST:PORT`` with an IP address; port 0 is any free one.

    Raises:
        ConfigurationError: no such address. PortTaken: somebody listens there.
    """

    def __init__(self, where: str) -> None:
        self._page = b""
        endpoint = self

        class Page(BaseHTTPRequestHandler):
            timeout = 10  # seconds for a request to come

            def do_GET(self) -> None:
                found = self.path.split("?")[0] == "/metrics"
                body = endpoint._page if found else b"only /metrics is here\n"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        host, _, port = where.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ConfigurationError(f"{where} is no address to listen at", mend="give HOST:PORT, as 127.0.0.1:9646")
        try:
            self._server = ThreadingHTTPServer((host, int(port)), Page)
        except OSError as error:
            raise PortTaken(f"cannot listen at {where}: {error.strerror}", mend="choose another port") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/metrics"

    def show(self, page: str) -> None:
        """Give this page from now on."""
        self._page = page.encode()

    def __enter__(self) -> Endpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
