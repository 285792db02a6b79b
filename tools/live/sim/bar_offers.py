"""What one bar offers one order: whether it trades in it, at which price, and why.

The open is the one moment of a bar that is known. An order that can trade there does: at the open,
which is never worse than its limit. Behind it a bar only tells how far prices went. A limit fills
at its price once the bar went beyond it by `verify_ticks`, a stop at its level and its slippage
worse. Where the way between high and low would matter, the worse way is taken.

Nothing fills beyond its limit. Nothing fills outside the bar but a stop that slipped, and that
says so.
"""

from __future__ import annotations

from ..core.errors import ContractError
from ..core.money import SCALE
from ..core.record import record
from ..core.words_v1 import BUY, Side
from .bar import Bar
from .evidence import MAKER, TAKER, FillReason, text
from .orders import OrderKind, WorkingOrder
from .slippage import FixedBps, Slippage

_CENT = SCALE // 100


@record
class BarPrices:
    """How far a bar must go beyond a limit, and how much worse than its level an order trades.

    `entry` is the slippage of market orders, `stop` of what a stop triggers, `target` of what a
    touched level triggers; None is none, which fills at the level.
    """

    tick: int = _CENT
    verify_ticks: int = 0
    entry: Slippage | None = None
    stop: Slippage | None = None
    target: Slippage | None = None


SLIPPED = BarPrices(stop=FixedBps(20), target=FixedBps(5))


@record
class Offer:
    """A price that a bar offers an order; `at_open` tells that it is the first there is."""

    price: int
    liquidity: str
    reason: FillReason
    told: str
    at_open: bool


def market_offer(order: WorkingOrder, bar: Bar, slippage: Slippage | None) -> Offer:
    """At the open and its slippage, held at the end of the bar."""
    price, told = _held(order.side, bar, bar.open, slippage, order.leaves)
    return Offer(price, TAKER, FillReason.BAR_OPEN, f"open {text(bar.open)}{told}", True)


def limit_offer(order: WorkingOrder, limit: int, bar: Bar, prices: BarPrices) -> Offer | None:
    """At the open where that is better than the limit, else at the limit where the bar went.

    A post-only order was in the book, so it fills at its limit also where the bar opens better.
    """
    sign, far = _facing(order.side, bar)
    beyond = prices.verify_ticks * prices.tick
    if sign * far > sign * limit - beyond:
        return None
    if sign * bar.open < sign * limit and not order.request.post_only:
        told = f"open {text(bar.open)} is better than the limit {text(limit)}"
        return Offer(bar.open, TAKER, FillReason.BAR_OPEN, told, True)
    told = f"limit {text(limit)} reached, the bar went to {text(far)}"
    at_open = sign * bar.open <= sign * limit - beyond
    return Offer(limit, MAKER, FillReason.BAR_TOUCHED, told, at_open)


def stop_offer(
    order: WorkingOrder, level: int, bar: Bar, prices: BarPrices
) -> Offer | None:
    """At the level, or at the open where the bar opens beyond it; slipped."""
    if not stop_reached(order.side, level, bar):
        return None
    gap = stop_gaps(order.side, level, bar)
    start = bar.open if gap else level
    price = _slipped(order.side, start, prices.stop, order.leaves)
    told = f"stop {text(level)}" + (f" behind the open {text(bar.open)}" if gap else " reached")
    if price != start:
        outside = "" if bar.low <= price <= bar.high else ", outside the bar"
        told += f", slipped to {text(price)}{outside}"
    return Offer(price, TAKER, FillReason.STOP_TRIGGERED, told, gap)


def stop_limit_offer(
    order: WorkingOrder, level: int, limit: int, bar: Bar, prices: BarPrices
) -> Offer | None:
    """Like a stop up to its limit; behind it only a trigger at the open leaves a way to the limit.

    A stop that is reached within the bar says nothing of where the bar went afterwards, so a limit
    that the price has passed by then waits for the next bar.
    """
    offer = stop_offer(order, level, bar, prices)
    if offer is None:
        return None
    sign, _ = _facing(order.side, bar)
    start = bar.open if offer.at_open else level
    if sign * start <= sign * limit:
        if sign * offer.price <= sign * limit:
            return offer
        told = f"stop {text(level)} triggered, slipped to the limit {text(limit)}"
        return Offer(limit, TAKER, FillReason.STOP_TRIGGERED, told, offer.at_open)
    if not offer.at_open or (later := limit_offer(order, limit, bar, prices)) is None:
        return None
    told = f"stop {text(level)} triggered at the open {text(bar.open)}, then {later.told}"
    return Offer(limit, MAKER, FillReason.STOP_TRIGGERED, told, False)


def touched_offer(
    order: WorkingOrder, level: int, bar: Bar, prices: BarPrices
) -> Offer | None:
    """A market order once a better price is touched: at the level, or at a better open."""
    if not touch_reached(order.side, level, bar):
        return None
    sign, _ = _facing(order.side, bar)
    gap = sign * bar.open <= sign * level
    start = bar.open if gap else level
    price, slipped = _held(order.side, bar, start, prices.target, order.leaves)
    told = f"target {text(level)}" + (f" behind the open {text(bar.open)}" if gap else " reached")
    return Offer(price, TAKER, FillReason.TARGET_TRIGGERED, told + slipped, gap)


def stop_reached(side: Side, level: int, bar: Bar) -> bool:
    """A buy stop is reached from below, a sell stop from above."""
    return bar.high >= level if side is BUY else bar.low <= level


def touch_reached(side: Side, level: int, bar: Bar) -> bool:
    """A level at which an order trades better than now."""
    return bar.low <= level if side is BUY else bar.high >= level


def stop_gaps(side: Side, level: int, bar: Bar) -> bool:
    """Whether the bar opens at the level or beyond it."""
    return bar.open >= level if side is BUY else bar.open <= level


def level_of(order: WorkingOrder) -> int:
    """The level of an order that has one from its client."""
    level = order.request.stop
    if level is None:
        kind: OrderKind = order.request.kind
        raise ContractError(f"order {order.order_id} is a {kind.value} without a stop; give one")
    return level


def _facing(side: Side, bar: Bar) -> tuple[int, int]:
    """The sign by which a better price is a smaller one, and the best price of the bar."""
    return (1, bar.low) if side is BUY else (-1, bar.high)


def _slipped(side: Side, price: int, slippage: Slippage | None, qty: int) -> int:
    """A bar shows no bid and no ask, so a model that needs them moves nothing."""
    return price if slippage is None else slippage.price(side, price, qty, bid=0, ask=0)


def _held(
    side: Side, bar: Bar, start: int, slippage: Slippage | None, qty: int
) -> tuple[int, str]:
    """A slipped price, but none that the bar never saw; and what to say of it."""
    price = _slipped(side, start, slippage, qty)
    if price == start:
        return price, ""
    if bar.low <= price <= bar.high:
        return price, f", slipped to {text(price)}"
    end = bar.high if side is BUY else bar.low
    return end, f", slipped to the end of the bar {text(end)}"
