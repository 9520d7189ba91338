"""What reporters find: ``security.txt`` (RFC 9116), a section of SECURITY.md, and the contact object, as files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.disclosure.moments import shown
from orchestrator.disclosure.recipients import Contact
from orchestrator.errors import ConfigurationError
from orchestrator.files import write_atomic
from orchestrator.types import Cid

BEGIN = "<!-- loranchor disclosure: begin -->"
END = "<!-- loranchor disclosure: end -->"
_SECTION = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
_CONTACT = re.compile(r"(?:mailto:[^\s@<>]+@[^\s@<>]+|tel:\+[0-9-]+|https://[^\s<>]+)")
_WEB = re.compile(r"https://[^\s<>]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Published:
    """The settings of the group ``disclosure`` that reporters are to read."""

    contacts: tuple[str, ...]
    languages: tuple[str, ...]
    policy: str | None
    acknowledgments: str | None
    canonical: str | None

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> Published:
        """Read the group.

        Raises:
            ConfigurationError: nobody to write to, or a value that RFC 9116 does not allow there.
        """
        contacts = _texts(group, "contacts", _CONTACT, "a mailto:, tel:+ or https:// address")
        if not contacts:
            raise ConfigurationError(
                "disclosure.contacts is empty", mend="set 'disclosure.contacts=[mailto:security@example.org]'"
            )
        languages = _texts(group, "languages", _LANGUAGE, "a language tag such as en")
        return cls(contacts, languages, *(_web(group, name) for name in ("policy", "acknowledgments", "canonical")))


def security_txt(published: Published, contact: Contact, cid: Cid) -> str:
    """RFC 9116. The key is named, never contained; comments say what the standard has no field for."""
    where = contact.where
    lines = [
        f"# Reports of a model's weaknesses: sealed, under an embargo, in DisclosureRegistry {where.registry}",
        f"# of chain {where.chain_id}. loranchor disclosure report FILE --contact {cid}",
        *(f"Contact: {item}" for item in published.contacts),
        f"Expires: {shown(contact.expires)}",
        f"Encryption: ipfs://{cid}",
    ]
    for name in ("acknowledgments", "canonical", "policy"):
        if (value := getattr(published, name)) is not None:
            lines.append(f"{name.capitalize()}: {value}")
    if published.languages:
        lines.append(f"Preferred-Languages: {', '.join(published.languages)}")
    return "\n".join(lines) + "\n"


def security_section(published: Published, contact: Contact, cid: Cid, embargo_days: int) -> str:
    """The section of SECURITY.md, between its two marks."""
    where = contact.where
    names = ", ".join(item.organisation for item in contact.recipients)
    policy = [f"The whole policy: <{published.policy}>.", ""] if published.policy else []
    return "\n".join(
        [
            BEGIN,
            "## Reporting a weakness of the model",
            "",
            f"Reports are sealed to keys of {names}, and committed to in `DisclosureRegistry`",
            f"`{where.registry}` on chain {where.chain_id}. The embargo is {embargo_days} days. A member may",
            "shorten it, only you and a member together may extend it; after it nobody can keep you from publishing.",
            "",
            "    loranchor disclosure account --to reporter.json",
            f"    loranchor disclosure report report.toml --key-file reporter.json --contact {cid}",
            "",
            f"The keys are good until {shown(contact.expires)}. Questions, and reports without a chain:",
            "",
            *(f"- <{item}>" for item in published.contacts),
            "",
            *policy,
            END,
        ]
    )


def write_contact(folder: Path, published: Published, contact: Contact, cid: Cid, embargo_days: int) -> list[Path]:
    """Write ``contact.json``, ``.well-known/security.txt`` and SECURITY.md, whose other sections stay as they are.

    Raises:
        ConfigurationError: a file cannot be read or written.
    """
    section = security_section(published, contact, cid, embargo_days)
    page = folder / "SECURITY.md"
    files = {
        folder / "contact.json": contact.to_bytes(),
        folder / ".well-known" / "security.txt": security_txt(published, contact, cid).encode(),
    }
    try:
        files[page] = _merged(page.read_text("utf-8") if page.exists() else "# Security\n", section).encode()
        for path, data in files.items():
            write_atomic(path, data)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot write into {folder}: {error}", mend="name another folder with --to"
        ) from error
    return list(files)


def _merged(page: str, section: str) -> str:
    if _SECTION.search(page):
        return _SECTION.sub(lambda _: section, page, count=1)
    return page.rstrip("\n") + "\n\n" + section + "\n"


def _texts(group: Mapping[str, Any], name: str, form: re.Pattern[str], wanted: str) -> tuple[str, ...]:
    values = group[name]
    if not isinstance(values, (list, tuple)):
        raise ConfigurationError(f"disclosure.{name} is {json.dumps(values)}", mend=f"give a list, each {wanted}")
    for value in values:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise ConfigurationError(f"disclosure.{name} has {value!r}, which is not {wanted}", mend="correct it")
    return tuple(values)


def _web(group: Mapping[str, Any], name: str) -> str | None:
    value = group[name]
    if value is not None and (not isinstance(value, str) or not _WEB.fullmatch(value)):
        raise ConfigurationError(f"disclosure.{name} is {value!r}, not an https:// address", mend="correct it, or null")
    return value
