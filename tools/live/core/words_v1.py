"""The closed lists of words that contracts use: sides, refusals, faults; and one length of time.

Like `contracts_v1` this file is append-only; take the names from there.
"""

from __future__ import annotations

from enum import Enum


class Side(str, Enum):
    """Which way an order trades; the values are the venue's spelling."""

    BUY = "Buy"
    SELL = "Sell"


BUY = Side.BUY
SELL = Side.SELL

# An exchange must refuse a request that is older than this, so that none can come in late.
REQUEST_LIFE_NS = 5_000_000_000


class RefusalReason(str, Enum):
    """Why the gate said no. Listed by precedence: the first that applies is the answer."""

    FROZEN = "frozen"
    UNKNOWN_SIDE = "unknown_side"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    STALE_MARKET = "stale_market"
    BAD_MARK = "bad_mark"
    CROSSED_QUOTE = "crossed_quote"
    IN_DOUBT = "in_doubt"
    SYMBOL_LIMIT = "symbol_limit"
    TOTAL_LIMIT = "total_limit"
    QTY_TOO_SMALL = "qty_too_small"
    NOTIONAL_TOO_SMALL = "notional_too_small"


class FillFault(str, Enum):
    """Why a reported fill was not booked on an order."""

    UNKNOWN_ORDER = "unknown_order"
    CONFLICT = "conflict"
    OVERFILL = "overfill"
    BAD_NUMBERS = "bad_numbers"


class EdgeVerdict(str, Enum):
    """What was made of a measured edge. `COOLING`: a freeze of the symbol was lifted lately."""

    KEPT = "kept"
    COOLING = "cooling"
    FREEZE = "freeze"


def parse_side(text: str) -> Side | None:
    """Buy or Sell in any case; anything else is None, and the gate refuses it."""
    folded = text.lower() if isinstance(text, str) else ""
    if folded == "buy":
        return BUY
    return SELL if folded == "sell" else None
