"""The frozen vocabulary of market data: what every venue's wire is turned into, and nothing of it.

Append-only like `contracts_v1`, from where the connectivity facts come in as inputs of the line.
Prices and quantities are integers at 10^9. `ts_ns` is when a message was received, `exchange_ns`
when the venue says that it happened, None where it does not say; both are nanoseconds since 1970
UTC. `source` names venue and market (`binance-spot`), `sequence` is the venue's own number.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from .record import record
from .words_v1 import Side

# Price and quantity of each level; in a diff a quantity of 0 takes the level away.
Levels: TypeAlias = tuple[tuple[int, int], ...]

# Data.


@record
class Bbo:
    """The best bid and ask as the venue tells them; a side that is empty has price and size 0."""

    kind = "md.bbo"
    symbol: str
    source: str
    bid: int
    bid_qty: int
    ask: int
    ask_qty: int
    sequence: int | None
    exchange_ns: int | None
    ts_ns: int


@record
class Trade:
    """One execution on the venue; `side` is the aggressor's, None where the venue is silent."""

    kind = "md.trade"
    symbol: str
    source: str
    trade_id: str
    side: Side | None
    price: int
    qty: int
    sequence: int | None
    exchange_ns: int | None
    ts_ns: int


@record
class DepthSnapshot:
    """All levels that the venue shows, as they were behind its update `sequence`."""

    kind = "md.depth_snapshot"
    symbol: str
    source: str
    bids: Levels
    asks: Levels
    sequence: int | None
    exchange_ns: int | None
    ts_ns: int


@record
class DepthDiff:
    """Changed levels: the venue's updates from `first` to `sequence`, both included.

    `previous` is the `sequence` of the message before it, where the venue tells that instead of
    numbering without holes.
    """

    kind = "md.depth_diff"
    symbol: str
    source: str
    bids: Levels
    asks: Levels
    first: int | None
    sequence: int | None
    previous: int | None
    exchange_ns: int | None
    ts_ns: int


# Connectivity: from such a fact until `ResyncFinished` no order leaves on the symbol.


@record
class GapDetected:
    """Updates of the venue did not reach us: these, both included."""

    kind = "md.gap_detected"
    symbol: str
    source: str
    first_missing: int
    last_missing: int
    ts_ns: int


@record
class ResyncStarted:
    """What we hold of the symbol is not to be used; a new beginning is waited for."""

    kind = "md.resync_started"
    symbol: str
    source: str
    reason: str
    ts_ns: int


@record
class ResyncFinished:
    """What we hold of the symbol is the venue's again."""

    kind = "md.resync_finished"
    symbol: str
    source: str
    sequence: int | None
    ts_ns: int


@record
class FeedLost:
    """The connection to the venue ended."""

    kind = "md.feed_lost"
    symbol: str
    source: str
    reason: str
    ts_ns: int


@record
class FeedStale:
    """Nothing was heard of the symbol for so long that its last state may be old."""

    kind = "md.stale"
    symbol: str
    source: str
    silent_ns: int
    ts_ns: int


MarketData: TypeAlias = Bbo | Trade | DepthSnapshot | DepthDiff
MarketFact: TypeAlias = GapDetected | ResyncStarted | ResyncFinished | FeedLost | FeedStale
MarketEvent: TypeAlias = MarketData | MarketFact

MARKET_DATA: tuple[type[Any], ...] = (Bbo, Trade, DepthSnapshot, DepthDiff)
MARKET_FACTS: tuple[type[Any], ...] = (
    GapDetected, ResyncStarted, ResyncFinished, FeedLost, FeedStale,
)  # fmt: skip
