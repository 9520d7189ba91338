"""Who signed two contents for one checkpoint, or one that the records do not give. Pure: it compares what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Container
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.commitment.checkpoints import checkpoint_content_digest
from orchestrator.disputes.checkpoint_status import differing
from orchestrator.disputes.signatures import Collection, Seen, Unknown
from orchestrator.disputes.signed import SignedCheckpoint
from orchestrator.errors import ProtocolError
from orchestrator.ledger.checkpoint import CheckpointContent
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId

Key = tuple[int, OrganisationId]


@dataclass(frozen=True)
class Equivocation:
    """One member signed two contents for one sequence: ``a`` and ``b`` prove it to the contract.

    Attributes:
        proven: whether it is on the public chain's record already.
    """

    sequence: int
    organisation: OrganisationId
    a: Seen
    b: Seen
    proven: bool


@dataclass(frozen=True)
class Deviation:
    """A member signed a content that the records do not give.

    One document alone proves nothing to a contract. The records may also look so because this node's chain was changed.
    """

    sequence: int
    organisation: OrganisationId
    seen: Seen
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """What a scan found. ``unknown``: attestations of heads whose checkpoints nobody has shown."""

    equivocations: tuple[Equivocation, ...]
    deviations: tuple[Deviation, ...]
    unknown: tuple[Unknown, ...]

    @property
    def none(self) -> bool:
        return not (self.equivocations or self.deviations or self.unknown)


def compare(found: Collection, contents: Mapping[int, CheckpointContent], proven: Container[Key]) -> Findings:
    """Compare what each member signed for each sequence, with itself and with the records.

    Args:
        contents: what the records give, by sequence; one that could not be recomputed is compared with nothing.
        proven: equivocations on the public chain's record.
    """
    by_member: dict[Key, dict[Digest, Seen]] = defaultdict(dict)
    for item in found.seen:
        key = (item.signed.checkpoint.sequence, item.signed.organisation)
        by_member[key].setdefault(item.signed.content, item)
    equivocations: list[Equivocation] = []
    deviations: list[Deviation] = []
    for key, signed in sorted(by_member.items(), key=lambda entry: entry[0]):
        content = contents.get(key[0])
        honest = None if content is None else _content_digest(content)
        kinds = sorted(signed.values(), key=lambda item: item.signed.content != honest)
        equivocations += [Equivocation(*key, kinds[0], other, key in proven) for other in kinds[1:]]
        if content is not None:
            odd = [item for item in kinds if item.signed.content != honest]
            deviations += [Deviation(*key, item, differing(item.signed.checkpoint, content)) for item in odd]
    return Findings(tuple(equivocations), tuple(deviations), tuple(found.unknown))


def _content_digest(content: CheckpointContent) -> Digest:
    unsigned = content.checkpoint(previous_head=ZERO_DIGEST, consortium_digest=ZERO_DIGEST, epoch=0)
    return checkpoint_content_digest(unsigned)


def check_pair(a: SignedCheckpoint, b: SignedCheckpoint, signers: Sequence[OrganisationId | None]) -> OrganisationId:
    """Whether two documents prove equivocation, by the contract's own rules; before anything is sent.

    Args:
        signers: the organisations whose delegates' keys really signed ``a`` and ``b``; None for a stranger.

    Returns:
        who equivocated.

    Raises:
        ProtocolError: they prove nothing; says why.
    """
    for problem in _objections(a, b, signers):
        raise ProtocolError(problem, mend="see `loranchor checkpoint equivocation scan`")
    return a.organisation


def _objections(a: SignedCheckpoint, b: SignedCheckpoint, signers: Sequence[OrganisationId | None]) -> Iterable[str]:
    if a.checkpoint.sequence != b.checkpoint.sequence:
        yield f"the documents are of two checkpoints, {a.checkpoint.sequence} and {b.checkpoint.sequence}"
    if a.content == b.content:
        yield (
            f"both documents have one content for checkpoint {a.checkpoint.sequence}: previous head, epoch and"
            " consortium digest do not count, since honest members sign the same content again for a newer epoch"
        )
    for name, document, organisation in zip(("first", "second"), (a, b), signers, strict=True):
        if not organisation:
            yield f"the {name} document was signed by {document.signer()}, which never was a member's delegate"
        elif organisation != document.organisation:
            yield f"the {name} document names {document.organisation}, but {organisation} signed it"
    if signers[0] != signers[1]:
        yield f"two members signed the documents, {signers[0]} and {signers[1]}"
