"""Small markets and orders for the tests of one symbol's venue: people's numbers, made whole."""

from __future__ import annotations

from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Levels, Trade
from tools.live.core.money import SCALE, Number, to_e9
from tools.live.core.words_v1 import Side
from tools.live.sim.evidence import Execution
from tools.live.sim.liquidity import DISPLAYED, LiquidityRule
from tools.live.sim.orders import OrderRequest, WorkingOrder
from tools.live.sim.queue import PESSIMISTIC, QueueModel
from tools.live.sim.slippage import Slippage
from tools.live.sim.venue import SymbolVenue

SYMBOL, SOURCE = "X", "somewhere"


def e9(value: Number) -> int:
    return to_e9(value, "value")


def a_venue(
    *, queue: QueueModel = PESSIMISTIC, liquidity: LiquidityRule = DISPLAYED,
    slippage: Slippage | None = None, partial: bool = True,
) -> SymbolVenue:  # fmt: skip
    return SymbolVenue(
        SYMBOL, queue=queue, liquidity=liquidity, slippage=slippage, partial=partial
    )


def a_bbo(
    bid: Number, bid_qty: Number, ask: Number, ask_qty: Number, *, exchange_ns: int | None = None
) -> Bbo:
    numbers = (e9(bid), e9(bid_qty), e9(ask), e9(ask_qty))
    return Bbo(SYMBOL, SOURCE, *numbers, None, exchange_ns, 1)


def a_trade(price: Number, qty: Number, side: Side | None, trade_id: str = "7") -> Trade:
    return Trade(SYMBOL, SOURCE, trade_id, side, e9(price), e9(qty), None, None, 1)


def levels(*pairs: tuple[Number, Number]) -> Levels:
    return tuple((e9(price), e9(qty)) for price, qty in pairs)


def a_snapshot(
    bids: Levels = (), asks: Levels = (), *,
    sequence: int | None = None, exchange_ns: int | None = None,
) -> DepthSnapshot:  # fmt: skip
    return DepthSnapshot(SYMBOL, SOURCE, bids, asks, sequence, exchange_ns, 1)


def a_diff(
    bids: Levels = (), asks: Levels = (), *, first: int | None = None,
    sequence: int | None = None, exchange_ns: int | None = None,
) -> DepthDiff:  # fmt: skip
    return DepthDiff(SYMBOL, SOURCE, bids, asks, first, sequence, None, exchange_ns, 1)


def an_order(
    side: Side, qty: Number, price: Number | None, *, number: int = 1,
    display: Number | None = None,
) -> WorkingOrder:  # fmt: skip
    request = OrderRequest(
        f"CLI{number}", SYMBOL, side, e9(qty), price=None if price is None else e9(price),
        display=None if display is None else e9(display),
    )  # fmt: skip
    return WorkingOrder(request, f"ORD{number:06d}", number)


def told(executions: list[Execution]) -> list[tuple[int, float, float, str, str]]:
    """Executions as a reader would list them: number, quantity, price, maker or taker, reason."""
    return [
        (one.order.number, one.qty / SCALE, one.price / SCALE, one.liquidity, one.why.reason.value)
        for one in executions
    ]
