"""Market data from a path, whatever it holds: a capture, a dump, a table, or a journal's folder.

    market = open_market("btcusdt.jsonl.gz")
    print(market.format)                  # capture
    for item in market:                   # canonical events and coded refusals, in file order
        ...

What is not understood is refused here, before anything trades; what goes wrong later names the
line. Each iteration reads anew, in constant memory. An event without a receive time was received
when it happened.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from .core.errors import ContractError
from .market.importers.content import Content
from .market.importers.detect import Form, find_form
from .market.importers.lines import Heard, Item
from .market.whole_bars import WholeBar

JOURNAL = "journal"


class MarketSource:
    """One source of market data, to be read as often as wanted."""

    def __init__(
        self, named: str, form: Form, sha256: Callable[[], str]
    ) -> None:
        self.format = form.name
        self._named = named
        self._form = form
        self._find_sha256 = sha256
        self._number = 0

    def __iter__(self) -> Iterator[Item]:
        for number, rows, items in self.heard():
            if rows == len(items) > 1:
                for self._number, item in zip(range(number - rows + 1, number + 1), items):
                    yield item
            else:
                yield from items

    def heard(self) -> Iterator[Heard]:
        """What is said, with the line up to which it was read and how many lines it took."""
        try:
            for one in self._form.read():
                self._number = one[0]
                yield one
        except ContractError as error:
            raise _named(error, self._named) from None

    @property
    def tells_bars(self) -> bool:
        """Whether its trades are the closes of bars."""
        return self._form.bars is not None

    def whole_bars(self) -> Iterator[WholeBar]:
        """All of each bar; nothing where there are none."""
        if self._form.bars is None:
            return
        try:
            for self._number, _, items in self._form.bars():
                yield from [one for one in items if isinstance(one, WholeBar)]
        except ContractError as error:
            raise _named(error, self._named) from None

    def describe(self) -> dict[str, Any]:
        """Which market this is: the format, what was found out, and the hash of the content.

        It is that of the plain bytes, or a journal's last hash. The first call reads all of it.
        """
        return {**self._form.options, "format": self.format, "kind": "market",
                "sha256": self._find_sha256()}  # fmt: skip

    def where(self) -> int:
        """The number of the last line, row or record that was read."""
        return self._number


def open_market(
    path: str, *, field: str = "market", symbol: str | None = None, source: str | None = None
) -> MarketSource:
    """The market data at a path; a ContractError says why it is none that we read.

    `symbol` and `source` say what the data does not; they also overrule what is found out.
    """
    if os.path.isdir(path):
        return _open_journal(path, field, given=symbol is not None or source is not None)
    content = Content(path, field)
    form = find_form(content, symbol=symbol, source=source)
    return MarketSource(f"{field} {path!r}", form, content.sha256)


def open_picked(
    path: str, *, field: str = "market", symbol: str | None = None, source: str | None = None
) -> MarketSource:
    """The same for who picks from the data: what it names itself is not overruled.

    `source` says what a capture is of, and `symbol` what data is of that names none.
    """
    names: list[dict[str, str]] = [{}]
    if symbol is not None:
        names.append({"symbol": symbol} if source is None else {"symbol": symbol, "source": source})
    if source is not None:
        names.insert(0, {"source": source})
    for given in names[:-1]:
        with suppress(ContractError):
            return open_market(path, field=field, **given)
    return open_market(path, field=field, **names[-1])


def _open_journal(path: str, field: str, *, given: bool) -> MarketSource:
    from .journal.os_disk import OsDisk
    from .journal_folder import advised, look_first, named_folder
    from .market_journal import look, read

    if given:
        raise ContractError(f"{field} {path!r} is a journal, whose events name symbol and source;"
                            " leave --symbol and --source")  # fmt: skip
    named_folder(path, field, f"--{field}")
    disk = OsDisk(path)
    try:
        with advised(path, look_first):
            kept = look(disk)
    except ContractError as error:
        raise _named(error, f"{field} {path!r}") from None

    def heard() -> Iterator[Heard]:
        with advised(path, look_first):
            yield from read(disk, kept.last_seq)

    form = Form(JOURNAL, {"finished": "yes" if kept.finished else "no"}, heard)
    return MarketSource(f"{field} {path!r}", form, lambda: kept.head_hash)


def _named(error: ContractError, named: str) -> ContractError:
    """A refusal with the path in it."""
    what, _, advice = str(error).partition("; ")
    if named in what:
        return error
    told = f"{named} {what}" if what.startswith("holds ") else f"{what} of {named}"
    return ContractError(f"{told}; {advice or 'correct it'}")
