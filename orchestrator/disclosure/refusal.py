"""Why a step of a disclosure is refused, by name: what the contract says, and what it need not be asked."""

from __future__ import annotations

from orchestrator.chain.reverts import ContractRefused
from orchestrator.disclosure.moments import shown
from orchestrator.errors import LoranchorError, ProtocolError


class DisclosureRefused(ProtocolError):
    """A step of a disclosure that its rules do not allow now."""


class UnderEmbargo(DisclosureRefused):
    """The report may not be shown yet."""


class EmbargoOver(DisclosureRefused):
    """The report may be shown by now: nothing acknowledges or extends any more."""


class AlreadyAcknowledged(DisclosureRefused):
    """A member has acknowledged the report, or agreed to an extension."""


class EmbargoTooLong(DisclosureRefused):
    """An acknowledgement may bring the end of the embargo forward, not put it off."""


class EmbargoNotLater(DisclosureRefused):
    """An extension that is none."""


class ReportKnown(DisclosureRefused):
    """The same report was committed to before."""


class WrongReport(DisclosureRefused):
    """Digest, salt and reporter do not make the commitment on the chain."""


class AlreadyRevealed(DisclosureRefused):
    """The report is public."""


class UnknownReport(DisclosureRefused):
    """The registry has no report of that number."""


def named(error: ContractRefused) -> LoranchorError:
    """What the contract refused with, in words; the error itself where it is none of the registry's."""
    values = error.values
    ends = shown(values["embargo_ends"]) if "embargo_ends" in values else ""
    report = f"report {values.get('id')}"
    match error.error.removeprefix("DisclosureRegistry"):
        case "UnderEmbargo":
            return UnderEmbargo(f"{report} is under embargo until {ends}", mend="publish it from then on")
        case "EmbargoOver":
            return EmbargoOver(f"the embargo of {report} ended at {ends}", mend="nothing: it may be published by now")
        case "AlreadyAcknowledged":
            return AlreadyAcknowledged(
                f"{report} is acknowledged already", mend="a later end takes `disclosure extend`"
            )
        case "EmbargoTooLong":
            latest = shown(values["latest"])
            return EmbargoTooLong(
                f"an acknowledgement cannot put the end of {report} off from {latest} to {ends}",
                mend="name that end or an earlier one; a later one takes `disclosure extend` and the reporter",
            )
        case "NotLater":
            return EmbargoNotLater(
                f"{report} ends at {shown(values['present'])}, {ends} is not later", mend="name a later end"
            )
        case "WrongReport":
            return WrongReport(f"this is not what {report} was committed to", mend="use the opening of that report")
        case "AlreadyRevealed":
            return AlreadyRevealed(f"{report} is public already", mend="only its reporter may say again where it lies")
        case "UnknownReport":
            return UnknownReport(f"there is no {report}", mend="see `loranchor disclosure status`")
        case _:
            return error
