"""Reads a certificate of version 2 member by member: what is not understood is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.commitment.consequences import Consequence
from orchestrator.commitment.figures import MOST_SAMPLES, MOST_VALUE
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.reader import Reader

_LEAST = -2 * MOST_VALUE


def check_shape(certificate: Mapping[str, Any]) -> None:
    """Looks at every member's form, not at what it says.

    Raises:
        FormatError: one is missing, unknown or malformed; names it.
    """
    reader = Reader(certificate, "certificate")
    for name in ("consortium_id", "request_id"):
        reader.digest(name)
    reader.integer("private_chain_id")
    _request(reader.inner("request"))
    _effect(reader.inner("effect"))
    _lineage(reader.inner("lineage"))
    _takes(reader.inner("takes"))
    _manifest(reader.inner("manifest"))
    _rules(reader.inner("rules"))
    for row in reader.inners("results"):
        _result(row)
    for row in reader.inners("figures"):
        _figure(row)
    _awards(reader.inner("awards"))
    for name in ("not_evaluated", "limits"):
        reader.texts(name)
    reader.end()


def _request(reader: Reader) -> None:
    reader.integer("number", least=1)
    reader.organisation("organisation")
    for name in ("owners", "supporters"):
        reader.organisations(name, least=1)
    reader.choice("scope", {"contributions", "round", "organisation"})
    if reader.text("reason", empty=True):  # an owner needs none
        reader.label("reason")
    reader.choice("mode", set(Mode))
    reader.flag("urgent")
    reader.choice("approved_by", {"owner", "quorum"})
    reader.digests("updates", least=1)
    reader.digest("digest")
    reader.end()


def _effect(reader: Reader) -> None:
    for name in ("approved", "effective"):
        _place(reader.inner(name))
    if reader.take("round") is not None:
        round_ = reader.inner("round")
        round_.integer("id", least=1)
        round_.flag("failed")
        _ids(round_, "void")
        round_.end()
    reader.end()


def _place(reader: Reader) -> None:
    reader.integer("block")
    reader.integer("log_index")
    reader.end()


def _lineage(reader: Reader) -> None:
    for row in reader.inners("revoked"):
        for name in ("update", "ciphertext_digest", "data_statement"):
            row.digest(name)
        row.organisation("organisation")
        row.integer("round", least=1)
        row.end()
    for name in ("leaves", "descendants", "stays", "returns"):
        _ids(reader, name)
    reader.end()


def _ids(reader: Reader, name: str) -> None:
    """Ids in the order of the manifest, each once."""
    for place, item in enumerate(reader.texts(name)):
        Reader({"id": item}, f"{reader.place}.{name}[{place}]").digest("id")


def _takes(reader: Reader) -> None:
    for row in reader.inners("hardening"):
        _hardening(row)
    for place, members in enumerate(_list(reader, "rounds_to_train")):
        Reader({"members": members}, f"{reader.place}.rounds_to_train[{place}]").organisations("members", least=1)
    reader.end()


def _hardening(reader: Reader) -> None:
    """An entry of the manifest."""
    reader.choice("kind", {"hardening"})
    reader.digest("request_id")
    reader.text("method")
    for name in ("round", "sigma_nano"):
        reader.integer(name, least=1)
    reader.texts("modules", least=1)
    reader.end()


def _list(reader: Reader, name: str) -> list[Any]:
    value = reader.take(name)
    if not isinstance(value, list):
        reader.bad(name, "is not a list")
    return value


def _manifest(reader: Reader) -> None:
    for name in ("before", "after"):
        reader.digest(name)
    documents = reader.inner("documents")
    for name in ("before", "after"):
        document = documents.inner(name)
        for digest in ("base", "settings", "entries_root"):
            document.digest(digest)
        document.text("strategy")
        document.integer("count")
        document.end()
    documents.end()
    reader.end()


def _rules(reader: Reader) -> None:
    reader.integer("fold", least=1)
    reader.digest("task")
    reader.end()


def _result(reader: Reader) -> None:
    reader.organisation("organisation")
    reader.text("metric", empty=True)
    for name in ("before", "after"):
        reader.integer(name, least=-MOST_VALUE, most=MOST_VALUE)
    reader.integer("samples", most=MOST_SAMPLES)
    _place(reader.inner("recorded"))
    if reader.take("data_statement") is not None:
        reader.digest("data_statement")
    reader.end()


def _figure(reader: Reader) -> None:
    reader.text("metric", empty=True)
    reader.integer("members", least=1)
    reader.integer("samples")
    for name in ("before", "after", "change", "least_change", "largest_change"):
        reader.integer(name, least=_LEAST, most=-_LEAST)
    reader.end()


def _awards(reader: Reader) -> None:
    reader.choice("consequence", set(Consequence))
    for row in reader.inners("listed"):
        row.integer("sequence", least=1)
        for name in ("root", "update"):
            row.digest(name)
        row.integer("index")
        row.text("account")
        row.decimal("amount")
        row.end()
    reader.end()
