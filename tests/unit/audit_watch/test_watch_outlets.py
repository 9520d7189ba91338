"""Where alerts go: a receiver that is down, slow or sends elsewhere, Prometheus, a full disk, and restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from local_server import Handler, serving
from prometheus_client.parser import text_string_to_metric_families
from unit.audit_watch.watched_life import LIMITS, Desk

from orchestrator.audit.watch import KINDS, Endpoint, Memory, Webhook, address_in
from orchestrator.audit.watch.webhook import KEPT, MOST, bounded
from orchestrator.errors import ConfigurationError, DiskError, PortTaken

SCOPE = {"public": {"chain_id": "31337"}}


class Receiver(Handler):
    """Takes alerts, unless it is told what else to do."""

    taken: list[dict[str, object]]
    status = 200
    elsewhere = ""
    seen: list[str]

    def do_POST(self) -> None:
        type(self).seen.append(self.path)
        if self.elsewhere:
            self.send_response(307)
            self.send_header("Location", self.elsewhere)
            self.end_headers()
            return
        if self.status == 200:
            type(self).taken.append(json.loads(self.body))
        self.give(b"{}", self.status)


@pytest.fixture
def receiver() -> Iterator[tuple[type[Receiver], str]]:
    class Fresh(Receiver):
        taken: list[dict[str, object]] = []  # noqa: RUF012
        seen: list[str] = []  # noqa: RUF012

    with serving(Fresh) as url:
        yield Fresh, url


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def hook(url: str, clock: Clock) -> Webhook:
    return Webhook(f"{url}/hook/secret", every=10, timeout=2, clock=clock)


def alerts(count: int) -> list[dict[str, object]]:
    return [
        {"id": str(n), "state": "raised", "severity": "critical", "kind": "x", "text": str(n)} for n in range(count)
    ]


def test_alerts_arrive_in_batches_and_not_too_often(receiver: tuple[type[Receiver], str]) -> None:
    handler, url = receiver
    clock = Clock()
    webhook = hook(url, clock)
    waiting = alerts(MOST + 3)
    assert webhook.deliver(waiting) == (MOST, "")
    assert webhook.deliver(waiting[MOST:]) == (0, "")  # too early
    clock.now = 10.0
    assert webhook.deliver(waiting[MOST:]) == (3, "")
    assert [len(message["alerts"]) for message in handler.taken] == [MOST, 3]  # type: ignore[arg-type]
    assert str(handler.taken[1]["text"]).splitlines()[0] == f"raised: critical x: {MOST}"
    assert webhook.deliver([]) == (0, "") and handler.seen == ["/hook/secret"] * 2


def test_a_receiver_that_sends_elsewhere_is_not_followed(receiver: tuple[type[Receiver], str]) -> None:
    handler, url = receiver
    with serving(Handler) as other:
        handler.elsewhere = f"{other}/stolen"
        taken, why = hook(url, Clock()).deliver(alerts(1))
    assert taken == 0 and "sends alerts elsewhere (HTTP 307)" in why and "secret" not in why
    assert handler.seen == ["/hook/secret"]


def test_a_receiver_that_is_down_is_tried_less_and_less_often(receiver: tuple[type[Receiver], str]) -> None:
    handler, url = receiver
    handler.status = 503
    clock = Clock()
    webhook, times = hook(url, clock), []
    for now in range(200):
        clock.now = float(now)
        taken, why = webhook.deliver(alerts(1))
        if why:
            times.append(now)
            assert taken == 0 and why.endswith("answered with HTTP 503")
    assert times == [0, 20, 60, 140] and webhook.failures == 4
    handler.status, clock.now = 200, 300.0
    assert webhook.deliver(alerts(1)) == (1, "")
    nobody = Webhook("http://127.0.0.1:9/x?token=secret", every=1, timeout=1)
    assert nobody.deliver(alerts(1))[1] == "http://127.0.0.1:9/… does not take alerts: ConnectionError"


def test_a_proxy_of_the_environment_sees_nothing(
    receiver: tuple[type[Receiver], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert hook(receiver[1], Clock()).deliver(alerts(1)) == (1, "")


def test_what_waits_is_bounded() -> None:
    kept, dropped = bounded(alerts(KEPT + 7))
    assert (len(kept), dropped, kept[0]["id"]) == (KEPT, 7, "7")


@pytest.mark.parametrize("text", ["", "ftp://x.example/", "x", "http://", "http://[::1", "\xff"])
def test_a_file_without_an_address_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "webhook"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="holds no HTTP address"):
        address_in(path)
    with pytest.raises(ConfigurationError, match="cannot read"):
        address_in(tmp_path / "none")


def test_the_address_is_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "webhook"
    path.write_text("https://chat.example/hook/abc \nmore\n")
    assert address_in(path) == "https://chat.example/hook/abc"


def test_an_alert_reaches_its_receiver_once_though_the_process_ends_in_between(
    receiver: tuple[type[Receiver], str], tmp_path: Path
) -> None:
    handler, url = receiver
    handler.status = 500
    memory = Memory(tmp_path / "state.json", SCOPE)
    desk = Desk(outside=True, memory=memory, more={"webhook": Webhook(url, every=1, timeout=2, clock=Clock())})
    desk.life.round()
    desk.life.supply += 1
    assert desk.look() == ["raised tokens-differ"] and handler.taken == []
    assert desk.said == [f"{url} answered with HTTP 500"]
    handler.status = 200
    desk.more = {"webhook": Webhook(url, every=1, timeout=2, clock=Clock())}
    desk.begin()
    assert desk.look() == []
    desk.begin()
    assert desk.look() == []
    (message,) = handler.taken
    (alert,) = message["alerts"]  # type: ignore[misc]
    assert (alert["kind"], alert["state"], alert["format"]) == ("tokens-differ", "raised", "loranchor/alert")
    assert alert["id"] == desk.watch.state.open[0].alert.id


def test_a_disk_that_is_full_stops_no_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(outside=True, memory=Memory(tmp_path / "state.json", SCOPE))
    desk.life.round()
    desk.life.supply += 1

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestrator.audit.watch.memory.write_atomic", full)
    assert desk.look() == ["raised tokens-differ"]
    assert "No space left" in desk.said[0]
    with pytest.raises(DiskError):
        desk.watch.acknowledge([desk.watch.state.open[0].alert.id])
    with pytest.raises(ConfigurationError, match="there is no alert abc"):
        desk.watch.acknowledge(["abc"])


def test_metrics_parse_and_name_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "watch.prom"
    with Endpoint("127.0.0.1:0") as endpoint:
        desk = Desk(more={"endpoint": endpoint, "textfile": path})
        desk.life.round()
        desk.life.supply += 1
        assert "raised tokens-differ" in desk.look()
        page = requests.get(endpoint.url, timeout=5).text
        assert requests.get(endpoint.url.replace("/metrics", "/"), timeout=5).status_code == 404
        with pytest.raises(PortTaken):
            Endpoint(endpoint.url.removeprefix("http://").removesuffix("/metrics"))
    assert page == path.read_text("utf-8")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert {key[1] for key in samples if key[0] == "loranchor_watch_alerts"} == set(KINDS)
    assert samples["loranchor_watch_alerts", "tokens-differ", "critical"] == 1
    assert samples["loranchor_watch_alerts", "equivocation", "critical"] == 0
    assert samples["loranchor_watch_checkpoint_anchored",] == samples["loranchor_watch_checkpoint_due",] == 1
    assert samples["loranchor_watch_objects", "missing"] == 0
    assert samples["loranchor_watch_source_up", "IPFS"] == 1
    assert samples["loranchor_watch_looks_total",] == 1


@pytest.mark.parametrize("where", ["", "9646", "127.0.0.1:x", "127.0.0.1:70000", "nowhere.invalid:1"])
def test_an_address_that_is_none(where: str) -> None:
    with pytest.raises((ConfigurationError, PortTaken)):
        Endpoint(where)


def test_the_loop_looks_less_often_while_a_node_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    desk = Desk(limits=LIMITS)
    desk.life.store.reachable = False
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(float(timeout or 0))
            if len(waits) == 3:
                desk.life.store.reachable = True
            if len(waits) == 6:
                self.set()
            return self.is_set()

    desk.life.store.reachable = True
    desk.life.round()
    desk.life.store.reachable = False
    desk.watch.run(Stop())
    assert waits == [120.0, 240.0, 480.0, 60.0, 60.0, 60.0]
