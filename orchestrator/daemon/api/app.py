"""The API as one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from orchestrator import __version__
from orchestrator.daemon.api import faults, routes
from orchestrator.daemon.api.access import granted, needed
from orchestrator.daemon.api.guards import Asgi, Bucket, Guards
from orchestrator.daemon.api.pages import pages
from orchestrator.daemon.api.tokens import Tokens
from orchestrator.daemon.control import Control
from orchestrator.errors import LoranchorError

_log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SUMMARY = "What a LoRAnchor daemon does, and its operator's word on it."
_BY_STATUS = {404: "NotFound", 405: "WrongMethod"}


@dataclass(frozen=True)
class Terms:
    """How the API behaves.

    Attributes:
        hosts: names it may be addressed by, beside the loopback's.
        rate, burst: requests a second, and at once, of those with the same token and of those with none.
        open_metrics: whether /metrics needs no token.
    """

    hosts: Collection[str] = ()
    rate: float = 20.0
    burst: int = 60
    open_metrics: bool = False


def application(control: Control, tokens: Tokens, registry: CollectorRegistry, terms: Terms) -> tuple[FastAPI, Asgi]:
    """The application, and what a server serves: the same behind its guards."""
    app = FastAPI(
        title="LoRAnchor daemon",
        version=__version__,
        summary=SUMMARY,
        docs_url=None,  # that page loads scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.include_router(pages(app, control, registry))
    app.include_router(routes.reading(control))
    app.include_router(routes.acting(control))
    app.add_exception_handler(LoranchorError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unforeseen)
    return app, Guards(
        app,
        (*LOOPBACK, *terms.hosts),
        lambda: Bucket(terms.rate, terms.burst),
        allows=lambda header: granted(header, tokens),
        needs=lambda method, path: needed(method, path, open_metrics=terms.open_metrics),
    )


async def _told(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LoranchorError)
    return JSONResponse(faults.document(error.code, error.message, error.mend), faults.status_of(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Says where, and never repeats what was sent."""
    assert isinstance(error, RequestValidationError)
    where = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
    status, message, mend = faults.OWN["Invalid"]
    return JSONResponse(faults.document("Invalid", f"{message}: {', '.join(where)}"[:500], mend), status)


async def _plain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "Invalid")
    status, document = faults.own(code)
    return JSONResponse(document, status, headers=error.headers)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    _log.error("the API met %s at %s", type(error).__name__, request.url.path, exc_info=error)
    status, document = faults.own("Unforeseen")
    return JSONResponse(document, status)
