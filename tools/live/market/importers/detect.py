"""Which format a file has, found out from its first bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...core.errors import ContractError
from ...core.record import record
from ..synthetic import SYMBOL
from . import capture
from .content import Content
from .lines import Heard, Lines

SAMPLE_BYTES = 256 * 1024


@record
class Form:
    """A format, what was found out or given about the file, and how to read it."""

    name: str
    options: dict[str, str]
    read: Callable[[Content], Iterator[Heard]]


def find_form(content: Content, *, symbol: str | None, source: str | None) -> Form:
    """The format of a file; a ContractError says what stands there and what could."""
    if symbol is not None and not SYMBOL.fullmatch(symbol):
        raise ContractError(
            f"symbol {symbol!r:.60} is not 1 to 32 upper-case letters, digits or . _ / : -;"
            " write it as the venue does"
        )
    start = content.start(SAMPLE_BYTES)
    lines = start.split(b"\n")
    if capture.STAMPED.match(lines[0]):
        return _capture(lines, symbol, source)
    raise ContractError(
        f"{content.field} {content.path!r} begins with {start[:40]!r}, which is no format that is"
        " read; give a capture"
    )


def _capture(lines: list[bytes], symbol: str | None, source: str | None) -> Form:
    """A capture is of one source; `source` says which where the messages do not."""
    first = []
    for line in lines:
        match = capture.STAMPED.match(line)
        if match is not None:
            first.append((int(match[1]), line[match.end() :]))
    found = source or capture.find_source(raw for _, raw in first)
    if found not in capture.SOURCES:
        shown = "no venue" if found is None else f"the source {found!r:.60}"
        known = ", ".join(capture.SOURCES)
        raise ContractError(f"the capture is of {shown} that is known; give --source, one of {known}")

    def read(content: Content) -> Iterator[Heard]:
        normalize = capture.normalizer(found, symbol, first)
        return capture.read(Lines(content.blocks()), normalize)

    options = {"source": found} if symbol is None else {"source": found, "symbol": symbol}
    return Form("capture", options, read)
