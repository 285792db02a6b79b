"""`python -m tools.live record --journal DIR`: what a feed says, from standard input, kept at once.

A line is a message, with the time in front at which it was received, or without: then the clock
says when, the same for all that arrive together. What arrives together is durable before the next
is read. The input's end, or a signal, ends the recording: it says of every symbol that the feed is
lost, and closes the journal.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from .console import DEBUG, EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED, Parser, emit, run
from .core.clock import Clock, environment_clock
from .core.errors import ContractError, InvariantBroken
from .core.market_v1 import FeedLost
from .journal.market_facts import RECORD
from .journal.os_disk import OsDisk
from .market.importers.capture import (
    SOURCES, STAMPED, Normalize, find_source, normalizer, received_ns,
)  # fmt: skip
from .market.importers.detect import check_names
from .market.importers.lines import Lines
from .market.normalize.wire import WireRefused
from .market_cli import COMMON, END, new_folder, note, tell
from .market_journal import MarketJournal

PROG = "python -m tools.live record"
MOST_UNKNOWN = 1000
_READ_BYTES = 256 * 1024
_EXITS = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}
PARSER = Parser(
    usage=f"{PROG} --journal DIR [FLAGS]",
    about="Keep the messages of a feed, a line each on standard input, in a journal: bare JSON,\n"
    "or behind the time in ns at which it was received. Ends with its input or by a signal.",
    flags=COMMON,
    examples=(
        f"{PROG} --journal market-1 < capture.jsonl",
        f"some-feed | {PROG} --journal market-2 --source binance-usdm",
    ),
    end=END,
)


def main(argv: Sequence[str] | None = None, *, source: int = 0) -> int:
    """Record what the descriptor `source` gives and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(
        lambda: _main(given, source), debug=DEBUG.name in given, task="the recording",
        again="see with `journal verify` what was kept",
    )  # fmt: skip


def _main(argv: list[str], descriptor: int) -> int:
    options = PARSER.parse(argv)
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    folder = new_folder(options["journal"], f"{PROG} --journal DIR")
    check_names(options["symbol"], options["source"])
    source = options["source"]
    if source is not None and source not in SOURCES:
        raise ContractError(f"source {source!r} is not known; give one of {', '.join(SOURCES)}")
    with _signals() as caught:
        recording = _Recording(folder, environment_clock(), source, options["symbol"])
        try:
            for block in _blocks(descriptor, caught):
                recording.hear(block)
            recording.end("signal" if caught.numbers else "end of input")
            code = recording.finish(options)
        finally:
            recording.let_go()
    return _EXITS[caught.numbers[0]] if caught.numbers else code


class _Caught:
    """The signals that came, and a pipe that wakes up whoever waits for input."""

    def __init__(self) -> None:
        self.numbers: list[signal.Signals] = []
        self.wake, self._write = os.pipe()

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self.numbers.append(signal.Signals(number))
        os.write(self._write, b"!")

    def close(self) -> None:
        os.close(self.wake)
        os.close(self._write)


@contextmanager
def _signals() -> Iterator[_Caught]:
    """Note the signals that end a recording, so that none comes in the middle of a write."""
    caught = _Caught()
    before = {number: signal.signal(number, caught) for number in _EXITS}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        caught.close()


def _blocks(descriptor: int, caught: _Caught) -> Iterator[bytes]:
    """What arrives, as it arrives."""
    while not caught.numbers:
        select.select([descriptor, caught.wake], [], [])
        if caught.numbers or not (block := os.read(descriptor, _READ_BYTES)):
            return
        yield block


class _Recording:
    """A journal that is written line by line, from when the source is known."""

    def __init__(
        self, folder: str, clock: Clock, source: str | None, symbol: str | None
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._source = source
        self._symbol = symbol
        self._lines = Lines()
        self._number = 0
        self._waiting: list[tuple[int, bytes]] = []
        self._normalize: Normalize | None = None
        self._journal: MarketJournal | None = None
        self._about: dict[str, Any] = {}
        self._shown: list[str] = []
        self._known: dict[tuple[str, str], None] = {}
        self._last_ns = 0

    def hear(self, block: bytes) -> None:
        """Take what arrived together, and make it durable."""
        self._take(self._lines.add(block))

    def end(self, reason: str) -> None:
        """Take a last line without an end, and say that nothing more will come."""
        self._take(self._lines.rest())
        journal = self._begun()
        for source, symbol in self._known:
            journal.add_fact(FeedLost(symbol, source, reason, self._last_ns))

    def finish(self, options: dict[str, Any]) -> int:
        """Close the journal and print what came of it."""
        journal = self._begun()
        counts = journal.counts(self._lines.number)
        broken = counts.broken(journal.stored())
        if broken is not None:
            raise InvariantBroken(f"{broken}; report it with the input")
        head = journal.finish(counts, max(self._clock.now_ns(), 0))
        return tell(counts, self._shown, options, about=self._about, folder=self._folder,
                    head=head, verb="recorded")  # fmt: skip

    def let_go(self) -> None:
        if self._journal is not None:
            self._journal.let_go()

    def _take(self, lines: list[bytes]) -> None:
        now_ns = self._clock.now_ns()
        self._waiting += [self._stamped(line, now_ns) for line in lines]
        if self._normalize is None and not self._finds_source():
            return
        journal, waiting = self._begun(), self._waiting
        self._waiting = []
        first = self._lines.number - len(waiting)
        for number, (ts_ns, message) in enumerate(waiting, first + 1):
            self._say(journal, number, ts_ns, message)
        journal.commit()

    def _say(self, journal: MarketJournal, number: int, ts_ns: int, message: bytes) -> None:
        assert self._normalize is not None
        if not message:
            journal.hear(1, ())
            return
        items = self._normalize(message, ts_ns)
        for item in items:
            if not isinstance(item, WireRefused):
                self._known[item.source, item.symbol] = None
        self._last_ns = max(self._last_ns, ts_ns)
        refused = journal.hear(1, items)
        if refused:
            note(self._shown, number, refused)

    def _stamped(self, line: bytes, now_ns: int) -> tuple[int, bytes]:
        self._number += 1
        match = STAMPED.match(line)
        if match is None:
            return now_ns, line
        return received_ns(match[1], self._number), line[match.end() :]

    def _finds_source(self) -> bool:
        """Whether the source is given, or the messages so far say which it is."""
        source = self._source or find_source(message for _, message in self._waiting)
        if source is None:
            if len(self._waiting) > MOST_UNKNOWN:
                known = ", ".join(SOURCES)
                raise ContractError(f"{len(self._waiting)} messages of no venue that is known;"
                                    f" give --source, one of {known}")  # fmt: skip
            return False
        self._source = source
        self._normalize = normalizer(source, self._symbol, self._waiting)
        return True

    def _begun(self) -> MarketJournal:
        """The journal, begun when there is something to put into it."""
        if self._journal is None:
            if self._source is None:
                raise ContractError("the input ended before any message said whose it is; give"
                                    " --source")  # fmt: skip
            about = {"format": "feed", "kind": "market", "source": self._source}
            if self._symbol is not None:
                about["symbol"] = self._symbol
            self._about = about
            holder = f"process {os.getpid()} (record)"
            self._journal = MarketJournal.begin(
                OsDisk(self._folder), {**about, "start_ns": str(self._clock.now_ns())},
                how=RECORD, holder=holder, time_ns=self._clock.now_ns(),
            )  # fmt: skip
        return self._journal


if __name__ == "__main__":
    sys.exit(main())
