"""A node with its gate, its operator's book and its API around it: what ``loranchor daemon run`` runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from orchestrator.chain.outbox import SqliteOutbox
from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.control import Control
from orchestrator.daemon.control_settings import ControlSettings
from orchestrator.daemon.deadlines import OwnAct, own_act
from orchestrator.daemon.gate import Approvals
from orchestrator.daemon.hints import Hints
from orchestrator.daemon.node import Node
from orchestrator.daemon.samples import Sampler, Wallet
from orchestrator.daemon.sentences import sentence_of
from orchestrator.daemon.services import Services
from orchestrator.errors import EnvironmentMissing
from orchestrator.protocol.effects import Effect

_log = logging.getLogger(__name__)


class Word:
    """The operator's words for the node, which asks at each tick; tells once what waits, and what is nearly late."""

    def __init__(self, book: OperatorBook, *, dry_run: bool) -> None:
        self._book, self._dry_run = book, dry_run
        self._told: frozenset[str] = frozenset()
        self._warned: tuple[int, str] | None = None
        self.node: Node | None = None

    def __call__(self) -> Approvals:
        if self.node is not None:
            self._tell_waiting(self.node.waiting)
            self._warn(own_act(self.node.state))
        return self._book.approvals

    def _warn(self, act: OwnAct | None) -> None:
        if act is not None and act.pressing and self._warned != (act.round, act.phase):
            self._warned = (act.round, act.phase)
            _log.warning("%s", act.words)

    def _tell_waiting(self, waiting: Iterable[Effect]) -> None:
        for effect in waiting:
            if effect.id not in self._told:
                what = "would begin" if self._dry_run else "waits for the operator"
                _log.info("%s %s: %s", effect.id, what, sentence_of(effect))
        self._told = frozenset(effect.id for effect in waiting)


@contextmanager
def controlled(services: Services, settings: ControlSettings) -> Iterator[Node]:
    """The node with its hints, and its API until the end of the block.

    Raises:
        PortTaken: the API's port is in use. ConfigurationError: its address is wrong, or others can read a token; or a
            chain's ``ws_url`` is none.
        EnvironmentMissing: the API's packages are not installed.
    """
    with Hints.of(services.settings) as hints, _controlled(services, settings, hints) as node:
        yield node


@contextmanager
def _controlled(services: Services, settings: ControlSettings, hints: Hints) -> Iterator[Node]:
    book = OperatorBook(services.journal)
    word = Word(book, dry_run=settings.gate.dry_run)
    node = word.node = Node(services, gate=settings.gate, approvals=word, hints=hints)
    if not settings.api.enabled:
        yield node
        return
    outbox = SqliteOutbox(services.home / "outbox.sqlite")
    senders = {"private": services.private_sender, "public": services.public_sender}
    sampler = Sampler({name: Wallet(sender.chain, sender.address, outbox) for name, sender in senders.items()})
    control = Control(node, settings.gate, book, services.journal, sampler.samples)
    with _served(control, services, settings):
        sampler.start()
        try:
            yield node
        finally:
            sampler.stop()


@contextmanager
def _served(control: Control, services: Services, settings: ControlSettings) -> Iterator[None]:
    try:
        from orchestrator.daemon.api.app import Terms, application
        from orchestrator.daemon.api.server import ApiServer
        from orchestrator.daemon.api.tokens import Tokens
        from orchestrator.daemon.metrics import Meters, registry_of
    except ModuleNotFoundError as error:
        raise EnvironmentMissing(
            f"the API needs {error.name}", mend="pip install 'loranchor[daemon]', or set daemon.api.enabled=false"
        ) from error
    api = settings.api
    senders = {"private": services.private_sender, "public": services.public_sender}
    usage = {name: lambda sender=sender: sender.usage for name, sender in senders.items()}
    registry = registry_of(control, Meters(services.home, services.store, usage))
    terms = Terms((*api.hosts, api.host), api.rate, api.burst, api.open_metrics)
    _, asgi = application(control, Tokens(services.home), registry, terms)
    server = ApiServer(asgi, api.host, api.port, services.home)
    server.start()
    try:
        yield
    finally:
        server.stop()
