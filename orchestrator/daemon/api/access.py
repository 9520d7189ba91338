"""Who is asking: the token in the Authorization header, and what a request needs.

``Bearer`` is for programs and may act. ``Basic``, with any name and the token as password, is what a browser asks a
person for; browsers send it along with requests that other pages make, so it only ever reads.
"""

from __future__ import annotations

import base64
import binascii

from orchestrator.daemon.api.tokens import Scope, Tokens

PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by machines at any time; they say yes or no to anybody."""


def needed(method: str, path: str, *, open_metrics: bool) -> Scope:
    """The scope that a request needs, by its method and path alone: a new route cannot forget it."""
    if method not in ("GET", "HEAD"):
        return Scope.ACT
    if path in PROBES or (open_metrics and path == "/metrics"):
        return Scope.NONE
    return Scope.READ


def granted(header: str, tokens: Tokens) -> Scope:
    """What the token of an Authorization header allows."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return tokens.scope_of(value.strip())
    if scheme.lower() == "basic":
        return min(tokens.scope_of(_password(value.strip())), Scope.READ)
    return Scope.NONE


def challenge(path: str) -> str:
    """What a caller without a token is asked for: a browser shows a person a form for ``Basic``."""
    return "Bearer" if path.startswith("/v1/") else 'Basic realm="LoRAnchor", charset="UTF-8"'


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
