"""Finds personal data in a text, by the finders of the kinds that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from orchestrator.anonymise.settings import KINDS, REGIONS
from orchestrator.anonymise.span import Finder, Span, apart
from orchestrator.errors import ConfigurationError


def find(text: str, kinds: Sequence[str] = KINDS, regions: Sequence[str] = REGIONS) -> list[Span]:
    """What of these kinds is in the text, in its order and without overlaps.

    Raises:
        ConfigurationError: the packages of the extra `anonymise` are not installed.
    """
    known = finders()
    return apart(span for kind in KINDS if kind in kinds for span in known[kind](text, regions))


@cache
def finders() -> Mapping[str, Finder]:
    """By kind; imported when first used, since their packages are an extra.

    Raises:
        ConfigurationError: they are not installed.
    """
    try:
        from orchestrator.anonymise import money, network, people
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"anonymising needs the package {error.name}", mend="install loranchor[anonymise]"
        ) from error
    return {
        "email": network.emails,
        "user_url": network.user_urls,
        "ip": network.addresses,
        "mac": network.macs,
        "iban": money.ibans,
        "card": money.cards,
        "coin": money.coins,
        "phone": people.phones,
        "national_id": people.national_ids,
        "birth_date": people.birth_dates,
    }
