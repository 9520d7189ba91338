"""Who is asking: the token in the Authorization header.

``Bearer`` is for programs and may act. ``Basic``, with any name and the token as password, is what a browser asks a
person for; browsers send it along with requests that other pages make, so it only ever reads.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable

from fastapi import Request

from orchestrator.daemon.api.faults import OWN, Refused, Unauthorised
from orchestrator.daemon.api.tokens import Scope, Tokens


def granted(request: Request, tokens: Tokens) -> Scope:
    """What the request's token allows."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return tokens.scope_of(value.strip())
    if scheme.lower() == "basic":
        return min(tokens.scope_of(_password(value.strip())), Scope.READ)
    return Scope.NONE


def needs(scope: Scope, tokens: Tokens) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets only such callers through.

    Raises:
        Unauthorised: no token of this daemon. Refused: a token that only reads.
    """

    async def check(request: Request) -> None:
        found = granted(request, tokens)
        if found is Scope.NONE:
            raise Unauthorised(OWN["Unauthorised"][1], mend=OWN["Unauthorised"][2])
        if found < scope:
            raise Refused(OWN["Refused"][1], mend=OWN["Refused"][2])

    return check


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
