"""Which conditional jump of the compiled code belongs to which place of the sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PUSH1, PUSH32, JUMPI = 0x60, 0x7F, 0x57
METADATA = 53  # bytes of metadata at the end of the code: the IPFS hash of sources and settings, and the compiler


@dataclass(frozen=True, order=True)
class Range:
    """A piece of a source file, in bytes."""

    path: str
    start: int
    length: int


@dataclass(frozen=True)
class Code:
    """One piece of compiled code: a contract's creation code or its runtime code.

    Attributes:
        contract: name. object: the bytes, with zeros for immutables.
        jumps: source range by the position of each conditional jump.
    """

    contract: str
    object: bytes
    jumps: Mapping[int, Range]

    @property
    def metadata(self) -> bytes:
        """What tells runtime code apart on chain: it has immutables inside, but this end is the compiler's."""
        return self.object[-METADATA:]


def code_of(contract: str, bytecode: Mapping[str, Any], paths: Mapping[int, str]) -> Code:
    """From the compiler's answer; `paths` are source files by their number."""
    code = bytes.fromhex(bytecode["object"])
    ranges = list(_ranges(bytecode["sourceMap"], paths))
    jumps = {}
    for number, (position, opcode) in enumerate(instructions(code)):
        if number >= len(ranges):
            break  # data after the code
        found = ranges[number]
        if opcode == JUMPI and found is not None:
            jumps[position] = found
    return Code(contract, code, jumps)


def instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """Position and opcode of each instruction."""
    position = 0
    while position < len(code):
        opcode = code[position]
        yield position, opcode
        position += 1 + (opcode - PUSH1 + 1 if PUSH1 <= opcode <= PUSH32 else 0)


def _ranges(source_map: str, paths: Mapping[int, str]) -> Iterator[Range | None]:
    """One range an instruction; a source map leaves out what is as in the instruction before."""
    fields = ["0", "0", "-1"]
    for entry in source_map.split(";"):
        for place, field in enumerate(entry.split(":")[:3]):
            if field:
                fields[place] = field
        path = paths.get(int(fields[2]))  # none for what the compiler adds of its own
        yield Range(path, int(fields[0]), int(fields[1])) if path else None
