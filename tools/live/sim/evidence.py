"""Why an order filled: a closed list of reasons, and the numbers that show it.

A fill that cannot be explained cannot be trusted. So each execution carries its reason and one
line with what the exchange saw: the trade or the level, the queue ahead before and after, the
book. The line is made of exact decimal numbers, so equal runs say equal words.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from ..core import money
from ..core.market_v1 import Trade
from ..core.record import record
from .orders import WorkingOrder

# The same few prices and quantities are told again and again.
text = lru_cache(maxsize=4096)(money.text)

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
    """The reason of a fill, and its evidence in one line."""

    reason: FillReason
    evidence: str

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
