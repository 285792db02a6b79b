"""Market data from a path, whatever it holds: a capture, a dump, a table, or a journal's folder.

    market = open_market("btcusdt.jsonl.gz")
    print(market.format)                  # capture
    for item in market:                   # canonical events and coded refusals, in file order
        ...

What is not understood is refused here, before anything trades; what goes wrong later names the
line. Each iteration reads the file anew, in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .core.errors import ContractError
from .market.importers.content import Content
from .market.importers.detect import Form, find_form
from .market.importers.lines import Heard, Item


class MarketSource:
    """One source of market data, to be read as often as wanted."""

    def __init__(self, content: Content, form: Form) -> None:
        self.format = form.name
        self.content = content
        self._form = form
        self._number = 0
        self._sha256 = ""

    def __iter__(self) -> Iterator[Item]:
        for _, _, items in self.heard():
            yield from items

    def heard(self) -> Iterator[Heard]:
        """What is said, with the line up to which it was read and how many lines it took."""
        try:
            for one in self._form.read(self.content):
                self._number = one[0]
                yield one
        except ContractError as error:
            raise self._named(error) from None

    def describe(self) -> dict[str, Any]:
        """Which market this is: the format, and the hash of the plain content."""
        self._sha256 = self._sha256 or self.content.sha256()
        return {"kind": "market", "format": self.format, "sha256": self._sha256,
                **self._form.options}  # fmt: skip

    def where(self) -> int:
        """The number of the last line that was read."""
        return self._number

    def _named(self, error: ContractError) -> ContractError:
        """The refusal with the file in it."""
        what, _, advice = str(error).partition("; ")
        named = f"{self.content.field} {self.content.path!r}"
        if named in what:
            return error
        return ContractError(f"{what} of {named}; {advice}")


def open_market(
    path: str, *, field: str = "market", symbol: str | None = None, source: str | None = None
) -> MarketSource:
    """The market data at a path; a ContractError says why it is none that we read.

    `symbol` and `source` say what the data does not; they also overrule what is found out.
    """
    content = Content(path, field)
    return MarketSource(content, find_form(content, symbol=symbol, source=source))


