"""Whether a model was called back: a member's signed notice, which came with it or after it."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import MAX_BYTES
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.release.withdrawal import Notice
from orchestrator.types import Digest


def check_notice(path: Path, manifest: Digest) -> None:
    """Refuse a model that a notice withdraws; one of another manifest says nothing of it.

    Whose key the notice bears is told, and not compared: a receiver who was handed it by somebody else than a member
    has all the more reason to ask.

    Raises:
        ModelRefused: the notice is of this manifest, or it is none.
    """
    try:
        with path.open("rb") as file:
            notice = Notice.from_bytes(file.read(MAX_BYTES + 2).removesuffix(b"\n"))
        signer = notice.signer()
    except OSError as error:
        raise ModelRefused(Reason.BAD_NOTICE, f"cannot read the notice {path}: {error.strerror}") from error
    except (FormatError, ProtocolError) as error:
        raise ModelRefused(Reason.BAD_NOTICE, f"{path} is no notice: {error.message}") from error
    if notice.withdrawal.manifest == manifest:
        raise ModelRefused(
            Reason.WITHDRAWN,
            f"{notice.organisation} ({signer}) tells that the model of manifest {manifest} is withdrawn:"
            f" {notice.withdrawal.reason}",
            mend="use a later release; ask the members whether the notice is theirs",
        )
