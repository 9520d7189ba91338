"""What names a person or a machine in a network: e-mail, addresses of pages that name a user, IP and MAC addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

from orchestrator.anonymise.span import Span

EMAIL = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+){0,8}"
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,63})(?![\w@-])",
    re.IGNORECASE,
)
URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'\\^`{|}]+", re.IGNORECASE)
LOGIN = re.compile(r"[a-z][a-z0-9+.-]{1,15}://[^/?#@\s]+@[^/?#\s]", re.IGNORECASE)
"""An address with user information before its host (RFC 3986, 3.2.1)."""
PROFILE = re.compile(
    r"https?://[^/?#\s]+/(?:~|@|(?:u|users?|profile|profiles|people|members?|in)/)[\w%.+-]+"
    r"|https?://(?:www\.|m\.)?(?:github|gitlab|twitter|x|facebook|instagram|tiktok|medium)\.com/@?[\w.-]+/?$",
    re.IGNORECASE,
)
"""A page that belongs to one person, by the paths that sites give to their users."""
TRAILING = ".,;:!?)]}"
IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?[0-9]|\w)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})?(?![\w:])", re.I)
MAC = re.compile(
    r"(?<![\w:.-])(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})(?![\w:-])",
    re.IGNORECASE,
)


def emails(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """Local part and domain as in RFC 5321, without quoted local parts and addresses of hosts by number."""
    if "@" in text:
        yield from (Span(*match.span(), "email") for match in EMAIL.finditer(text))


def user_urls(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """Whole addresses that carry a login, or lead to one person's page."""
    if "://" not in text:
        return
    for match in URL.finditer(text):
        found = match[0].rstrip(TRAILING)
        if LOGIN.match(found) or PROFILE.match(found):
            yield Span(match.start(), match.start() + len(found), "user_url")


def addresses(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """IPv4 in dotted decimals, and IPv6 with at least two of its groups written out."""
    for match in IPV4.finditer(text):
        if _address(match[0]):
            yield Span(*match.span(), "ip")
    if text.count(":") < 2:
        return
    for match in IPV6.finditer(text):
        if sum(map(bool, match[0].split(":"))) >= 2 and _address(match[0]):
            yield Span(*match.span(), "ip")


def _address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def macs(text: str, _: Sequence[str] = ()) -> Iterator[Span]:
    """Six bytes with colons or hyphens; with dots only where a letter tells them from a number."""
    for match in MAC.finditer(text):
        if match[1] or any(letter.isalpha() for letter in match[0]):
            yield Span(*match.span(), "mac")
