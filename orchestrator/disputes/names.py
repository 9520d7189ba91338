"""Ids as people type them: whole, or as much of the beginning as tells them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from orchestrator.errors import ConfigurationError

Id = TypeVar("Id", bound=str)
_PREFIX = re.compile("0x[0-9a-f]{4,64}")


def one_of(known: Iterable[Id], text: str, what: str) -> Id:
    """The one id that is ``text`` or begins with it; a trailing ``…``, as tables print it, does not matter.

    Args:
        what: what errors call it, such as ``revocation request``.

    Raises:
        ConfigurationError: none does, or several do.
    """
    prefix = text.strip().lower().removesuffix("…").removesuffix("...")
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(f"{text!r} is no id", mend="write 0x and its first digits, at least four")
    found = sorted({item for item in known if item.startswith(prefix)})
    if not found:
        raise ConfigurationError(f"there is no {what} {text}", mend="see the verbs `status` and `show`")
    if len(found) > 1:
        raise ConfigurationError(f"{text} is the beginning of {len(found)} ids", mend=f"such as {found[0]}: write more")
    return found[0]
