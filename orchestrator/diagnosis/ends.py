"""Where an address leads, as far as its text tells."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_MULTIADDRESS = re.compile(r"^/(?:ip4|ip6|dns4?|dns6)/([^/]+)/")


def host_of(address: str) -> str:
    """The host of an HTTP address or a multiaddress; never user or password."""
    found = _MULTIADDRESS.match(address)
    return found.group(1) if found else urlsplit(address).hostname or ""


def is_loopback(address: str) -> bool:
    """Whether only this machine is reached there. A name other than localhost is taken for another machine's."""
    host = host_of(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_in_the_clear(address: str) -> bool:
    """Whether what is said leaves this machine without encryption."""
    return address.startswith("http://") and not is_loopback(address)
