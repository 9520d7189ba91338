"""Samples that an organisation has withdrawn: no training or evaluation of its own uses them again.

``withdrawn.json`` in the organisation's home; it never leaves it. The list holds no text and no digest that a guess at
the text could be tested with by somebody who lacks the key: of each sample SHA-256(salt ‖ id), its salt being made of
the key and the id. These commitments are what a request tells; whoever is given a salt can check one of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.errors import DataError
from orchestrator.files import write_json
from orchestrator.types import Digest

FILE = "withdrawn.json"
FORMAT, VERSION = "loranchor/withdrawn", 1
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The list. ``key``: 32 bytes. ``commitments``: of the samples."""

    key: bytes
    commitments: frozenset[Digest] = frozenset()

    @classmethod
    def read(cls, home: Path) -> Withdrawn | None:
        """The list of a home; None where nothing was withdrawn yet.

        Raises:
            DataError: it is damaged. Nothing is trained then: it could be of what was withdrawn.
        """
        path = home / FILE
        try:
            document: Any = json.loads(path.read_bytes())
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ValueError("another format or version")
            found = cls(bytes.fromhex(document["key"]), frozenset(map(Digest, document["commitments"])))
            if len(found.key) != KEY_BYTES:
                raise ValueError("a key of another length")
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            mend = "restore it from a backup: it says which samples may not be used any more"
            raise DataError(f"the list of withdrawn samples {FILE} cannot be read: {error}", mend=mend) from error
        return found

    @classmethod
    def empty(cls) -> Withdrawn:
        """A new list with a key of its own."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def write(self, home: Path) -> None:
        """Keep the list, readable by its owner alone."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "key": self.key.hex(),
            "commitments": sorted(self.commitments),
        }
        write_json(home / FILE, document, mode=0o600)

    def __contains__(self, sample: Digest) -> bool:
        return self.commitment(sample) in self.commitments

    def salt(self, sample: Digest) -> bytes:
        """32 bytes that open the commitment of a sample to whoever is given them."""
        return hmac.digest(self.key, b"loranchor withdrawn salt 1/" + sample.encode(), "sha256")

    def commitment(self, sample: Digest) -> Digest:
        """SHA-256(salt ‖ id), the id as its 32 bytes."""
        return Digest("0x" + hashlib.sha256(self.salt(sample) + bytes.fromhex(sample[2:])).hexdigest())

    def with_samples(self, samples: Iterable[Digest]) -> Withdrawn:
        """The list with more samples."""
        return replace(self, commitments=self.commitments | {self.commitment(item) for item in samples})
