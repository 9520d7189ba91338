"""Signed checkpoints as documents: read back exactly, whatever a member signed; anything else is refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.disputes.signers import ANCHOR, checkpoint, signed
from unit.ledger.actors import BOREALIS, delegate, word_of

from orchestrator.disputes.signed import LIMIT, SignedCheckpoint, read_signed, write_signed
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.canonical import canonical_bytes, sha256
from orchestrator.types import Address, Digest

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "signed-checkpoint.md"
UINT64 = st.integers(0, 2**64 - 1)


@given(sequence=UINT64, size=UINT64, block=UINT64, epoch=UINT64, chain=st.integers(0, 2**256 - 1))
def test_every_checkpoint_that_can_be_signed_has_a_document(
    sequence: int, size: int, block: int, epoch: int, chain: int
) -> None:
    document = signed(sequence=sequence, tree_size=size, private_block=block, epoch=epoch, private_chain_id=chain)
    again = SignedCheckpoint.from_bytes(document.to_bytes())
    assert again == document
    assert again.signer() == delegate(BOREALIS)


def test_content_is_all_but_what_may_change() -> None:
    assert signed(epoch=2, previous_head=word_of("x"), consortium_digest=word_of("y")).content == signed().content
    for change in ({"tree_size": 44}, {"awards_root": word_of("z")}, {"private_block": 22}, {"sequence": 4}):
        assert signed(**change).content != signed().content


def test_a_signature_is_for_one_anchor() -> None:
    document = signed()
    for other in (Address("0x" + "a3" * 20), ANCHOR):
        elsewhere = SignedCheckpoint(
            document.checkpoint, BOREALIS, document.signature, 1 if other == ANCHOR else 31337, other
        )
        assert elsewhere.signer() != delegate(BOREALIS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version 2 is unknown"),
        ({"format": "loranchor/checkpoint"}, "expected the format loranchor/signed-checkpoint"),
        ({"signature": "0x" + "ab" * 64}, "signature is not 0x and 130"),
        ({"signature": "0x" + "AB" * 65}, "signature is not 0x and 130"),
        ({"anchor": "0x" + "A2" * 20}, "anchor is"),
        ({"organisation": "Borealis"}, "not an organisation's name"),
        ({"public_chain_id": 31337}, "decimal string"),
        ({"checkpoint": []}, "checkpoint is not an object"),
        ({"note": "x"}, "unknown member note"),
    ],
)
def test_what_is_no_document_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(FormatError, match=re.escape(words)):
        SignedCheckpoint.from_bytes(canonical_bytes(signed().document() | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sequence": "3"}, "is the text 3"),
        ({"sequence": str(2**64)}, "is the text"),
        ({"sequence": -1}, "an integer from 0"),
        ({"sequence": True}, "an integer from 0"),
        ({"private_chain_id": 1337}, "decimal string"),
        ({"records_root": "0x12"}, "64 lower-case"),
        ({"version": 1}, "version does not belong there"),
        ({"more": 1}, "unknown member more"),
    ],
)
def test_a_checkpoint_in_another_form_is_refused(change: dict[str, Any], words: str) -> None:
    document = signed().document()
    with pytest.raises(FormatError, match=re.escape(words)):
        SignedCheckpoint.from_bytes(canonical_bytes(document | {"checkpoint": document["checkpoint"] | change}))


def test_files_are_named_in_errors_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "one.json"
    write_signed(path, signed())
    assert read_signed(path) == signed()
    assert write_signed(path, signed()) == path
    with pytest.raises(ConfigurationError, match=r"one\.json exists and holds something else"):
        write_signed(path, signed(epoch=2))
    assert read_signed(path) == signed()
    with pytest.raises(ConfigurationError, match=r"two\.json"):
        read_signed(tmp_path / "two.json")
    path.write_bytes(b" " * (LIMIT + 1))
    with pytest.raises(FormatError, match=r"one\.json: it has more than"):
        read_signed(path)
    path.write_text(json.dumps(signed().document(), indent=2))
    with pytest.raises(FormatError, match=r"one\.json: .*canonical"):
        read_signed(path)
    with pytest.raises(ConfigurationError, match="cannot write"):
        write_signed(path / "below" / "a-file.json", signed())


def test_the_example_of_the_page_is_read_back() -> None:
    found = re.search(
        r"```json\n(.*?)\n```\n\nSHA-256 of this file: `(0x[0-9a-f]{64})`", PAGE.read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    document = SignedCheckpoint.from_document(json.loads(found[1]))
    assert sha256(document.to_bytes()) == Digest(found[2])
    assert document == signed()
    assert document.checkpoint == checkpoint()
