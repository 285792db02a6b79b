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
# What was read up to a line: its number, how many lines it took, and what they say. Where several
# lines say as many things, each says one.
Heard: TypeAlias = tuple[int, int, Sequence[Item]]


class Lines:
    """Lines without their ends; `number` is that of the last one which was given away.

    `batches` takes them from the blocks, as many as come. Whoever gets blocks from elsewhere hands
    each to `add`, and asks for the `rest` behind the last.
    """

    def __init__(self, blocks: Iterable[bytes] = ()) -> None:
        self._blocks = blocks
        self._rest = b""
        self.number = 0

    def batches(self) -> Iterator[list[bytes]]:
        for block in self._blocks:
            if lines := self.add(block):
                yield lines
        if lines := self.rest():
            yield lines

    def add(self, block: bytes) -> list[bytes]:
        """The lines that are whole by now; a ContractError when one cannot be a line."""
        joined = self._rest + block
        if not self.number and joined.startswith(_MARK):
            raise wrong("a byte order mark; save the file without it", 1)
        if b"\0" in block:
            number = self.number + 1 + block.partition(b"\0")[0].count(b"\n")
            raise wrong("a NUL byte; save the file as plain UTF-8 text", number)
        lines = joined.split(b"\n")
        self._rest = lines.pop()
        if lines:
            self._check_length(lines[0], 1)  # the others are shorter than a block
        self._check_length(self._rest, len(lines) + 1)
        self.number += len(lines)
        if b"\r" in joined:  # the block may begin with the second half of a line end
            lines = [line.removesuffix(b"\r") for line in lines]
        return lines

    def rest(self) -> list[bytes]:
        """The last line, when it has no end."""
        rest, self._rest = self._rest, b""
        self.number += 1 if rest else 0
        return [rest.removesuffix(b"\r")] if rest else []

    def _check_length(self, line: bytes, place: int) -> None:
        if len(line) > MAX_LINE:
            what = f"more than {MAX_LINE} bytes; write one message a line"
            raise wrong(what, self.number + place)


def wrong(what: str, line: int) -> ContractError:
    """What is wrong in which line, and what to do about it."""
    what, _, advice = what.partition("; ")
    return ContractError(f"{what} at line {line}; {advice or 'correct the line'}")
