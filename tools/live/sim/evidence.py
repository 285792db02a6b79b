"""Why an order filled: a closed list of reasons, and the numbers that show it.

A fill that cannot be explained cannot be trusted. So each execution carries its reason and one
line with what the exchange saw: the trade or the level, the queue ahead before and after, the
book. The line is made of exact decimal numbers, so equal runs say equal words. It is made only
when somebody asks: until then a `Why` keeps the numbers, and most fills are never asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from ..core import money
from ..core.market_v1 import Trade
from ..core.record import record
from .liquidity import UNLIMITED
from .orders import WorkingOrder

# The same few prices and quantities are told again and again.
text = lru_cache(maxsize=4096)(money.text)

# What was seen, in the order in which it is told: only values that never change.
Seen: TypeAlias = tuple[Any, ...]
# The best bid, its quantity, the best ask, and its quantity.
Touch: TypeAlias = tuple[int, int, int, int]

MAKER = "maker"
TAKER = "taker"


class FillReason(str, Enum):
    """What made an order trade."""

    TRADE_AT_PRICE = "trade_at_price"  # a trade at our price reached our place in the queue
    TRADE_THROUGH = "trade_through"  # a trade beyond our price: it would have met us first
    MARKET_CROSSED = "market_crossed"  # the other side came to show our price or a better one
    TOOK_TOUCH = "took_touch"  # we took the best displayed level
    TOOK_LEVEL = "took_level"  # we took a displayed level behind the best
    FULL_LIQUIDITY = "full_liquidity"  # every order fills whole at its price
    MET_ORDER = "met_order"  # single orders of one book met
    BAR_OPEN = "bar_open"  # at the opening price of a bar
    BAR_TOUCHED = "bar_touched"  # a bar reached our limit
    STOP_TRIGGERED = "stop_triggered"  # a bar reached our stop
    TARGET_TRIGGERED = "target_triggered"  # a bar reached our target


@record
class Why:
    """The reason of a fill, and its evidence: one line, or what one is made of."""

    reason: FillReason
    seen: str | Seen

    @property
    def evidence(self) -> str:
        """What the exchange saw, in one line."""
        seen = self.seen
        return seen if isinstance(seen, str) else _TELLING[self.reason](*seen)

    def sentence(self) -> str:
        """Both in one line, as a fill carries it."""
        return f"{self.reason.value}: {self.evidence}"


@record
class Execution:
    """One fill of an order of ours; `liquidity` is "maker" or "taker"."""

    order: WorkingOrder
    qty: int
    price: int
    liquidity: str
    why: Why


def told_trade(trade: Trade) -> str:
    """A trade of the market in words; `side` is the aggressor's."""
    side = "" if trade.side is None else f" {trade.side.value}"
    return f"trade {trade.trade_id}{side} {text(trade.qty)} at {text(trade.price)}"


def told_book(bid: int, bid_qty: int, ask: int, ask_qty: int) -> str:
    """The touch in words, as the market shows it."""
    return f"bid {told_level(bid, bid_qty)}, ask {told_level(ask, ask_qty)}"


def told_level(price: int, qty: int) -> str:
    """A level in words; a price without a quantity is one of unknown size."""
    if not price:
        return "none"
    return f"{text(price)} x {text(qty) if qty else 'unknown'}"


def _told_queue(before: int, after: int) -> str:
    """A queue position in words, before and after."""
    was = "unknown" if before >= UNLIMITED // 2 else text(before)
    return f"ahead {was} before, {'unknown' if after >= UNLIMITED // 2 else text(after)} after"


def _crossing(limit: int, met: Sequence[tuple[int, int]], touch: Touch) -> str:
    """The other side came to show what our order would have met: these prices and quantities."""
    levels = ", ".join([told_level(price, qty) for price, qty in met])
    return f"market crossed {text(limit)} with {levels}; {told_book(*touch)}"


def _through(trade: Trade, limit: int, before: int, touch: Touch) -> str:
    """A trade went through our price, with so much queued before us."""
    queue = _told_queue(before, 0)
    return f"{told_trade(trade)} through {text(limit)}; {queue}; {told_book(*touch)}"


def _at_price(trade: Trade, before: int, after: int, touch: Touch) -> str:
    """A trade at our price, with so much queued before us ahead of it and behind it."""
    return f"{told_trade(trade)}; {_told_queue(before, after)}; {told_book(*touch)}"


def _taking(qty: int, level: int, slipped: str, touch: Touch) -> str:
    """We took so much of a displayed level."""
    return f"took {text(qty)} at {text(level)}{slipped}; {told_book(*touch)}"


def _whole(price: int, touch: Touch) -> str:
    """All of an order was had at this price."""
    return f"whole at {text(price)}; {told_book(*touch)}"


_TELLING: Mapping[FillReason, Callable[..., str]] = {
    FillReason.MARKET_CROSSED: _crossing,
    FillReason.TRADE_THROUGH: _through,
    FillReason.TRADE_AT_PRICE: _at_price,
    FillReason.TOOK_TOUCH: _taking,
    FillReason.TOOK_LEVEL: _taking,
    FillReason.FULL_LIQUIDITY: _whole,
}
