"""Every error that LoRAnchor raises on purpose.

    LoranchorError
    ├── ConfigurationError      2   a setting or an argument is wrong
    ├── EnvironmentMissing      3   a program, package or file that must be installed is not there
    │   └── PortTaken           3   a port that was asked for is in use
    ├── DiskError              12   the own disk is full, read-only or broken
    ├── ChainError              4   a chain is down, slow or not the one that was expected
    │   ├── WrongChain          4   chain id or code hash differs from the deployment
    │   ├── SignerSilent        4   a signer elsewhere is down, slow or answers wrongly
    │   └── TransactionReverted 4   a contract refused; carries the contract's error by name
    ├── StorageError            5   IPFS is down or lacks an object
    │   └── ObjectMissing       5
    ├── KeystoreError           6   wrong password, missing or damaged key file
    │   └── ContentKeyDestroyed 6   the key of a sealed update was shredded
    ├── ProtocolError           7   what a member or a chain says breaks the rules
    │   ├── FormatError         7   bytes that are not the format they claim to be
    │   ├── EnvelopeError       7   a sealed object that does not open
    │   ├── BudgetSpent         7   a training would bring this organisation's ε above the task's cap
    │   └── ChainRewritten      7   the private chain no longer holds what this organisation has signed
    ├── AuditFailure            8   an audit found something that does not agree
    ├── GateFailed             10   an evaluated model is not within the limits of its gate
    ├── WorkerError            11   the process that trains and judges ended, over and over
    │   ├── WorkerLimit        11   it needed more memory or time than it may have
    │   └── WorkCancelled      11   what it did was broken off, as somebody asked
    └── DataError               9   a model or data set cannot be used
        ├── StatementIncomplete 9   a data statement lacks what a policy demands
        └── SensitivityRefused  9   data of this class are not to be trained on

The number is the exit code of the command line; 1 is an unforeseen error, 130 an interrupt.
"""

from __future__ import annotations

import re

_LOGIN = re.compile(r"(?<=://)[^/\s@]+@")
"""User and password in an address; whoever wrote it into a setting is not to find it in a log."""


class LoranchorError(Exception):
    """An error with one clear sentence and the way to mend it.

    Args:
        message: what is wrong; names the offending value.
        mend: what the reader can do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, mend: str = "") -> None:
        message = _LOGIN.sub("…@", message)
        super().__init__(message)
        self.message = message
        self.mend = _LOGIN.sub("…@", mend)

    @property
    def code(self) -> str:
        """Stable name of this kind of error, for programs and logs."""
        return type(self).__name__

    def __str__(self) -> str:
        return f"{self.message}; {self.mend}" if self.mend else self.message


class ConfigurationError(LoranchorError):
    exit_code = 2


class EnvironmentMissing(LoranchorError):
    exit_code = 3


class PortTaken(EnvironmentMissing):
    pass


class DiskError(LoranchorError):
    """The own disk does not take what must be kept; nobody else's fault, and tried again once there is room."""

    exit_code = 12


class ChainError(LoranchorError):
    exit_code = 4


class WrongChain(ChainError):
    pass


class SignerSilent(ChainError):
    """The signer that holds a key is no help now; what needed it is tried again, as with a node that is down."""


class TransactionReverted(ChainError):
    """A contract refused a transaction.

    Args:
        error: the contract's custom error by name, such as ``PhaseMismatch``; empty when unknown.
    """

    def __init__(self, message: str, *, error: str = "", mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.error = error


class StorageError(LoranchorError):
    exit_code = 5


class ObjectMissing(StorageError):
    pass


class KeystoreError(LoranchorError):
    exit_code = 6


class ContentKeyDestroyed(KeystoreError):
    pass


class ProtocolError(LoranchorError):
    exit_code = 7


class FormatError(ProtocolError):
    pass


class EnvelopeError(ProtocolError):
    pass


class BudgetSpent(ProtocolError):
    pass


class ChainRewritten(ProtocolError):
    pass


class AuditFailure(LoranchorError):
    exit_code = 8


class GateFailed(LoranchorError):
    exit_code = 10


class WorkerError(LoranchorError):
    exit_code = 11


class WorkerLimit(WorkerError):
    pass


class WorkCancelled(WorkerError):
    pass


class DataError(LoranchorError):
    exit_code = 9


class StatementIncomplete(DataError):
    """Names every member that is not stated."""


class SensitivityRefused(DataError):
    """Of an organisation's own sensitivity policy, before anything is trained."""
