"""The verbs of the fold for money that we are told of: what an execution cost, and funding.

`Fold` inherits them. An execution with its fee is booked like any other, by the same verb; funding
moves cash and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .core.contracts_v1 import Output, Side
from .fold_feed import FeedVerbs

_NOTHING: tuple[Output, ...] = ()


class MoneyVerbs(FeedVerbs):
    """What the fold makes of fees and payments that the exchange names."""

    fill: Callable[..., Sequence[Output]]

    def executed(
        self, fill_id: str, order_id: str, symbol: str, side: Side, qty: int, price: int,
        liquidity: str, fee_e18: int | None, why: str, ts_ns: int,
    ) -> Sequence[Output]:  # fmt: skip
        """`Executed`: a fill at the fee that it names; why it came about is only recorded."""
        return self.fill(fill_id, order_id, symbol, side, qty, price, liquidity, ts_ns, fee_e18)

    def funding_paid(
        self, symbol: str, amount_e18: int, why: str, ts_ns: int
    ) -> Sequence[Output]:
        """`FundingPaid`"""
        self.monitor.ledger.fund(symbol, amount_e18)
        return _NOTHING
