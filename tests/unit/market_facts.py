"""What a watch says, as short words for tests, and a watch with a book that runs."""

from __future__ import annotations

from tests.unit.market_builders import SPOT, SYMBOL, a_diff, a_snapshot
from tools.live.core.market_v1 import (
    GapDetected, MarketEvent, MarketFact, ResyncFinished, ResyncStarted,
)  # fmt: skip
from tools.live.market.watch import MarketWatch


def started(why: str, ts_ns: int = 1, source: str = SPOT) -> ResyncStarted:
    return ResyncStarted(SYMBOL, source, why, ts_ns)


def finished(sequence: int | None, ts_ns: int = 1, source: str = SPOT) -> ResyncFinished:
    return ResyncFinished(SYMBOL, source, sequence, ts_ns)


def gap(first: int, last: int, ts_ns: int = 1, source: str = SPOT) -> GapDetected:
    return GapDetected(SYMBOL, source, first, last, ts_ns)


def hear(watch: MarketWatch, *events: MarketEvent) -> list[MarketFact]:
    return [fact for event in events for fact in watch.hear(event)]


def a_running_watch() -> MarketWatch:
    """A book 100 x 1 / 110 x 1 behind the update 10."""
    watch = MarketWatch()
    hear(watch, a_diff(5, 10), a_snapshot(10))
    assert watch.is_usable(SPOT, SYMBOL)
    return watch


def best(watch: MarketWatch, source: str = SPOT) -> tuple[int, int, int, int]:
    book = watch.book(source, SYMBOL)
    assert book is not None
    return book.best()
