"""What is not a verb: the page for people, the description, probes and metrics."""

from __future__ import annotations

import re
import time
from functools import cache
from itertools import islice
from typing import Any

from fastapi import APIRouter, FastAPI, Response, Security
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from orchestrator.daemon.api import models as m
from orchestrator.daemon.api import records, views
from orchestrator.daemon.api.routes import BEARER, responses
from orchestrator.daemon.control import Control

_SHOWN = 10
_DIGEST = re.compile(r"0x[0-9a-f]{64}")


def pages(app: FastAPI, control: Control, registry: CollectorRegistry) -> APIRouter:
    """The routes outside /v1. Probes need no token and say nothing but yes or no."""
    router = APIRouter()

    @router.get("/healthz", tags=["probes"])
    async def healthz() -> m.Live:
        """The process lives."""
        return m.Live()

    @router.get("/readyz", tags=["probes"], responses={503: {"model": m.Readiness, "description": "not ready"}})
    async def readyz(response: Response) -> m.Readiness:
        """The daemon does its work; /v1/status says why not."""
        ready = control.node.health().ready
        response.status_code = 200 if ready else 503
        return m.Readiness(ready=ready)

    @router.get("/metrics", tags=["probes"], response_class=Response, responses=_text(CONTENT_TYPE_LATEST),
                dependencies=[Security(BEARER)])  # fmt: skip
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @router.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(status_page(control))

    @router.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(description_page(app.openapi()))

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    return router


def status_page(control: Control) -> str:
    """The page for people: no script, nothing from elsewhere."""
    state = control.node.state
    ledger = state.ledger
    return (
        _environment()
        .get_template("status.html.j2")
        .render(
            status=views.status(control),
            pending=views.pending(control),
            effects=views.effects(control, _SHOWN),
            rounds=list(islice(records.rounds(ledger), _SHOWN)),
            contributions=list(islice(records.contributions(ledger, state.unopened), _SHOWN)),
            contribution_count=len(ledger.updates),
            revocations=list(islice(records.revocations(ledger), _SHOWN)),
            now=time.time(),
        )
    )


def description_page(description: dict[str, Any]) -> str:
    """The OpenAPI description as a page."""
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    return (
        _environment()
        .get_template("docs.html.j2")
        .render(info=description["info"], operations=operations, schemas=description["components"]["schemas"])
    )


def _text(content_type: str) -> dict[int | str, dict[str, Any]]:
    return responses() | {200: {"content": {content_type: {}}, "description": "The metrics, as text."}}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("orchestrator.daemon.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ago=ago, utc=utc, short=short, sentence=sentence)
    return environment


def ago(seconds: float | None) -> str:
    """A span in the largest unit that says enough."""
    if seconds is None:
        return "not known"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def utc(moment: float | None) -> str:
    """A time of day, for people."""
    return "" if moment is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))


def short(text: str) -> str:
    """Effect ids and digests with their middle left out."""
    return "/".join(f"{part[:10]}…{part[-4:]}" if len(part) > 20 else part for part in text.split("/"))


def sentence(text: str) -> str:
    """A sentence with its digests shortened."""
    return _DIGEST.sub(lambda found: short(found[0]), text)
