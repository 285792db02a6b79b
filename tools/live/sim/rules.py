"""What a venue allows for a symbol: ticks, lots, smallest and largest, price bands, how many.

The checks are those of live venues, in the order of `RuleCode`: the first one that an order breaks
is the answer. A rule of 0 is no rule. A rule that needs the market's price (the value of an order
without a price, the band) is not checked while no price is known.
"""

from __future__ import annotations

from enum import Enum

from ..core.money import SCALE, cash_text, text
from ..core.order_rules import OrderRules
from ..core.record import record
from ..core.words_v1 import BUY
from .orders import OrderKind, OrderRequest


class RuleCode(str, Enum):
    """The rules by precedence."""

    PRICE_TOO_LOW = "price_too_low"
    PRICE_TOO_HIGH = "price_too_high"
    PRICE_OFF_TICK = "price_off_tick"
    QTY_TOO_SMALL = "qty_too_small"
    QTY_TOO_LARGE = "qty_too_large"
    QTY_OFF_LOT = "qty_off_lot"
    NOTIONAL_TOO_SMALL = "notional_too_small"
    NOTIONAL_TOO_LARGE = "notional_too_large"
    PRICE_OUT_OF_BAND = "price_out_of_band"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_MANY_ORDERS = "too_many_orders"
    TOO_MANY_WAITING = "too_many_waiting"


@record
class RuleBroken:
    """A rule, and the sentence that names the value that broke it."""

    code: RuleCode
    message: str


@record
class SymbolRules:
    """The rules of one symbol: prices, quantities and factors at 10^9, values at 10^18.

    `market_*` are for market orders, where they are stricter. The band is in factors of the
    reference price, for buys and sells. `value_for_market` says whether the smallest and largest
    value hold for market orders too. `max_orders` counts open orders, `max_waiting` those of them
    that wait for a trigger, `max_parts` the slices of an iceberg.
    """

    tick: int = 0
    lot: int = 0
    min_price: int = 0
    max_price: int = 0
    min_qty: int = 0
    max_qty: int = 0
    market_lot: int = 0
    market_min_qty: int = 0
    market_max_qty: int = 0
    min_notional_e18: int = 0
    max_notional_e18: int = 0
    value_for_market: bool = True
    buy_lowest: int = 0
    buy_highest: int = 0
    sell_lowest: int = 0
    sell_highest: int = 0
    max_orders: int = 0
    max_waiting: int = 0
    max_parts: int = 0

    def for_orders(self) -> OrderRules:
        """Those of the rules that whoever quotes has to keep to."""
        return OrderRules(self.tick, self.lot, self.min_qty, self.min_notional_e18)

    def refusal(
        self, request: OrderRequest, *, reference: int = 0, orders: int = 0, waiting: int = 0
    ) -> RuleBroken | None:
        """The first rule that an order breaks beside so many open orders; None when it may pass.

        `reference` is the market's price that the venue goes by, 0 when it is not known.
        """
        return (
            _price(self, "price", request.price)
            or _price(self, "stop", request.stop)
            or _qty(self, "qty", request.qty, request.kind)
            or _qty(self, "display", request.display, request.kind)
            or _value(self, request, reference)
            or _band(self, request, reference)
            or _counts(self, request, orders, waiting)
        )


def _price(rules: SymbolRules, field: str, price: int | None) -> RuleBroken | None:
    if price is None:
        return None
    lowest, highest, tick = rules.min_price, rules.max_price, rules.tick
    if price < lowest:
        return _broken(RuleCode.PRICE_TOO_LOW, field, price, f"below the lowest {text(lowest)}")
    if highest and price > highest:
        return _broken(RuleCode.PRICE_TOO_HIGH, field, price, f"above the highest {text(highest)}")
    if tick and price % tick:
        return _broken(RuleCode.PRICE_OFF_TICK, field, price, f"off the tick {text(tick)}")
    return None


def _qty(rules: SymbolRules, field: str, qty: int | None, kind: OrderKind) -> RuleBroken | None:
    if qty is None:
        return None
    smallest, largest, lots = rules.min_qty, rules.max_qty, [rules.lot]
    if kind is OrderKind.MARKET:
        smallest = max(smallest, rules.market_min_qty)
        largest = min(filter(None, (largest, rules.market_max_qty)), default=0)
        lots.append(rules.market_lot)
    if qty < smallest:
        return _broken(RuleCode.QTY_TOO_SMALL, field, qty, f"below the smallest {text(smallest)}")
    if largest and qty > largest:
        return _broken(RuleCode.QTY_TOO_LARGE, field, qty, f"above the largest {text(largest)}")
    for lot in lots:
        if lot and qty % lot:
            return _broken(RuleCode.QTY_OFF_LOT, field, qty, f"off the lot {text(lot)}")
    return None


def _value(rules: SymbolRules, request: OrderRequest, reference: int) -> RuleBroken | None:
    if request.kind is OrderKind.MARKET and not rules.value_for_market:
        return None
    price = request.price or request.stop or reference
    if not price:
        return None
    value = request.qty * price
    least, most = rules.min_notional_e18, rules.max_notional_e18
    if value < least:
        code, rule = RuleCode.NOTIONAL_TOO_SMALL, f"below the smallest {cash_text(least)}"
    elif most and value > most:
        code, rule = RuleCode.NOTIONAL_TOO_LARGE, f"above the largest {cash_text(most)}"
    else:
        return None
    return RuleBroken(code, f"notional {cash_text(value)} at {text(price)} is {rule}")


def _band(rules: SymbolRules, request: OrderRequest, reference: int) -> RuleBroken | None:
    price = request.price
    if price is None or not reference:
        return None
    is_buy = request.side is BUY
    lowest, highest = (
        (rules.buy_lowest, rules.buy_highest) if is_buy
        else (rules.sell_lowest, rules.sell_highest)
    )  # fmt: skip
    if price * SCALE < reference * lowest:
        rule = f"below {text(lowest)} times the reference {text(reference)}"
    elif highest and price * SCALE > reference * highest:
        rule = f"above {text(highest)} times the reference {text(reference)}"
    else:
        return None
    return _broken(RuleCode.PRICE_OUT_OF_BAND, "price", price, rule)


def _counts(
    rules: SymbolRules, request: OrderRequest, orders: int, waiting: int
) -> RuleBroken | None:
    most, display = rules.max_parts, request.display
    if most and display is not None and (parts := -(-request.qty // display)) > most:
        message = f"an iceberg of {parts} parts is more than the {most} allowed"
        return RuleBroken(RuleCode.TOO_MANY_PARTS, message)
    most = rules.max_orders
    if most and orders >= most:
        message = f"{orders} orders are open already; {most} are allowed"
        return RuleBroken(RuleCode.TOO_MANY_ORDERS, message)
    most = rules.max_waiting
    at_once = request.kind in (OrderKind.MARKET, OrderKind.LIMIT)
    if most and not at_once and waiting >= most:
        message = f"{waiting} orders wait for a trigger already; {most} are allowed"
        return RuleBroken(RuleCode.TOO_MANY_WAITING, message)
    return None


def _broken(code: RuleCode, field: str, value: int, rule: str) -> RuleBroken:
    return RuleBroken(code, f"{field} {text(value)} is {rule}")
