"""What counts as equivocation, and what two documents prove."""

from __future__ import annotations

import re

import pytest
from unit.disputes.signers import CONTENT, signed
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of

from orchestrator.disputes.equivocation import check_pair, compare
from orchestrator.disputes.signatures import Collection, Seen, Unknown
from orchestrator.disputes.signed import SignedCheckpoint
from orchestrator.errors import ProtocolError

WRONG = {"awards_root": word_of("other awards")}


def collection(*documents: SignedCheckpoint) -> Collection:
    return Collection([Seen(item, f"file {place}") for place, item in enumerate(documents)])


def test_the_same_content_again_is_none() -> None:
    newer = {"epoch": 2, "consortium_digest": word_of("newer"), "previous_head": word_of("newer head")}
    found = compare(collection(signed(), signed(), signed(**newer)), {3: CONTENT}, set())
    assert found.none


def test_two_contents_are_one_with_the_honest_document_first() -> None:
    found = compare(collection(signed(**WRONG), signed(), signed(AURORA)), {3: CONTENT}, set())
    (equivocation,) = found.equivocations
    assert (equivocation.sequence, equivocation.organisation, equivocation.proven) == (3, BOREALIS, False)
    assert (equivocation.a.signed, equivocation.b.signed) == (signed(), signed(**WRONG))
    (deviation,) = found.deviations
    assert (deviation.organisation, deviation.fields) == (BOREALIS, ("awards_root",))
    assert not found.none


def test_three_contents_are_two_and_what_is_proven_says_so() -> None:
    third = signed(tree_size=44, private_block=20)
    found = compare(collection(signed(), signed(**WRONG), third), {3: CONTENT}, {(3, BOREALIS)})
    assert [item.proven for item in found.equivocations] == [True, True]
    assert {item.a.signed for item in found.equivocations} == {signed()}
    assert {item.fields for item in found.deviations} == {("awards_root",), ("tree_size", "private_block")}


def test_one_wrong_content_is_a_deviation_alone() -> None:
    found = compare(collection(signed(CUMULUS, **WRONG)), {3: CONTENT}, set())
    assert found.equivocations == ()
    assert [item.organisation for item in found.deviations] == [CUMULUS]


def test_what_cannot_be_recomputed_is_compared_with_itself_alone() -> None:
    assert compare(collection(signed(**WRONG)), {}, set()).none
    assert len(compare(collection(signed(**WRONG), signed()), {}, set()).equivocations) == 1


def test_two_sequences_are_two_things() -> None:
    assert compare(collection(signed(), signed(sequence=4)), {3: CONTENT}, set()).none


def test_a_head_that_nobody_shows_is_a_finding() -> None:
    hidden = Unknown(3, CUMULUS, word_of("head"), b"", "attestation")
    assert not compare(Collection(unknown=[hidden]), {}, set()).none


def test_a_pair_that_proves_it() -> None:
    assert check_pair(signed(), signed(**WRONG), [BOREALIS, BOREALIS]) == BOREALIS


@pytest.mark.parametrize(
    ("other", "signers", "words"),
    [
        (signed(), (BOREALIS, BOREALIS), "one content"),
        (signed(epoch=2), (BOREALIS, BOREALIS), "one content"),
        (signed(sequence=4), (BOREALIS, BOREALIS), "two checkpoints, 3 and 4"),
        (signed(CUMULUS, **WRONG), (BOREALIS, CUMULUS), "two members signed the documents, borealis and cumulus"),
        (signed(by=CUMULUS, **WRONG), (BOREALIS, CUMULUS), "the second document names borealis, but cumulus signed it"),
        (signed(**WRONG), (BOREALIS, None), "the second document was signed by 0x"),
        (signed(**WRONG), (None, BOREALIS), "the first document was signed by 0x"),
    ],
)
def test_pairs_that_prove_nothing(other: SignedCheckpoint, signers: tuple[str | None, ...], words: str) -> None:
    with pytest.raises(ProtocolError, match=re.escape(words)):
        check_pair(signed(), other, signers)  # type: ignore[arg-type]
