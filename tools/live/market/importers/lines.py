"""The lines of a file, many at once: each with its number, none too long, nothing odd in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ...core.errors import ContractError
from ...core.market_v1 import MarketEvent
from ..normalize.wire import MAX_MESSAGE, WireRefused

MAX_LINE = MAX_MESSAGE + 64  # a message, and in front of it when it was received
_MARK = b"\xef\xbb\xbf"

Item: TypeAlias = MarketEvent | WireRefused
# What was read up to a line: its number, how many lines it took, and what they say.
Heard: TypeAlias = tuple[int, int, Sequence[Item]]


class Lines:
    """`number` is that of the last line which `batches` has given away."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self.number = 0

    def batches(self) -> Iterator[list[bytes]]:
        """Lines without their ends; `number` counts the last of them once they are given."""
        rest = b""
        for block in self._blocks:
            if not self.number and not rest and block.startswith(_MARK):
                raise wrong("a byte order mark; save the file without it", 1)
            if b"\0" in block:
                before = (rest + block).partition(b"\0")[0].count(b"\n")
                raise wrong("a NUL byte; save the file as plain UTF-8 text", self.number + before + 1)
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if len(rest) > MAX_LINE or (lines and len(lines[0]) > MAX_LINE):
                where = self.number + (1 if lines and len(lines[0]) > MAX_LINE else len(lines) + 1)
                raise wrong(f"more than {MAX_LINE} bytes; write one message a line", where)
            if b"\r" in block:
                lines = [line.removesuffix(b"\r") for line in lines]
            if lines:
                self.number += len(lines)
                yield lines
        if rest:
            self.number += 1
            yield [rest.removesuffix(b"\r")]


def wrong(what: str, line: int) -> ContractError:
    """What is wrong in which line, and what to do about it."""
    what, _, advice = what.partition("; ")
    return ContractError(f"{what} at line {line}; {advice or 'correct the line'}")
