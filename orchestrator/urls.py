"""Addresses of nodes and signers as they may be shown: passwords and keys that are part of them stay out."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown(url: str) -> str:
    """Scheme, host and port. User, password, path and query may be secret: services hand out keys in each of them."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return "(no address)"
    if not parts.scheme or not parts.hostname:
        return "(no address)"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    hidden = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{host}{port}{hidden}"
