"""The simulator's account: the ledger, the cash, the last prices, and what open orders hold back.

Positions and what trades cost are the `Ledger`'s, and what a symbol can still become is an
`Exposure` as the gate of the loop keeps it. Open buys hold back the cash of their worst case, open
sells their shares; so `free_e18` is what a new order may spend, and it never falls below zero.
"""

from __future__ import annotations

from ..core.contracts_v1 import BUY, SELL, Side
from ..core.money import BPS, SCALE, divide_half_even
from ..portfolio.ledger import Ledger
from ..risk.exposure import Exposure
from .simulator_contracts import Order, OrderSide

_WHOLE_E9 = BPS * SCALE
_SIDES: dict[OrderSide, Side] = {OrderSide.BUY: BUY, OrderSide.SELL: SELL}


class Account:
    """Cash, holdings and reservations, all exact integers."""

    def __init__(self, cash_e18: int, *, slippage_bps_e9: int, commission_e9: int) -> None:
        self.cash_e18 = cash_e18
        self.slippage_bps_e9 = slippage_bps_e9
        self.commission_e9 = commission_e9  # a share
        self.ledger = Ledger()
        self.exposures: dict[str, Exposure] = {}
        self.unpriced: dict[str, None] = {}  # held, but without a price so far
        self.units: dict[str, int] = {}  # order: the cash held back for each share of it
        self.reserved_of: dict[str, int] = {}  # symbol: cash held back
        self.reserved_e18 = 0
        self._worth_e18 = 0

    @property
    def free_e18(self) -> int:
        """Cash that no open order holds back."""
        return self.cash_e18 - self.reserved_e18

    @property
    def value_e18(self) -> int | None:
        """Cash and positions at the last prices; None when one of them has no price yet."""
        return None if self.unpriced else self.cash_e18 + self._worth_e18

    def exposure(self, symbol: str) -> Exposure:
        """What a symbol can become, whether it was ever heard of or not."""
        found = self.exposures.get(symbol)
        if found is None:
            found = self.exposures[symbol] = Exposure(self.ledger.holding(symbol))
        return found

    def held(self, symbol: str) -> int:
        """The signed position."""
        return self.ledger.qty(symbol)

    def price(self, symbol: str) -> int:
        """The last price seen, 0 when there is none."""
        found = self.exposures.get(symbol)
        return 0 if found is None else found.mark

    def mark(self, symbol: str, price: int) -> None:
        """A new last price."""
        exposure = self.exposure(symbol)
        self._worth_e18 += exposure.holding.qty * (price - exposure.mark)
        exposure.mark = price
        self.unpriced.pop(symbol, None)

    def adopt(self, symbol: str, qty: int, price: int) -> None:
        """Hold this much from the start, taken over at a price; 0 when nobody knows one."""
        exposure = self.exposure(symbol)
        self.ledger.adopt(symbol, qty, price)
        self._worth_e18 += qty * exposure.mark
        if qty and not exposure.mark:
            self.unpriced[symbol] = None

    def slipped(self, side: OrderSide, price: int) -> int:
        """A price made worse by the slippage, to the nearest step of 10^-9."""
        worse = self.slippage_bps_e9 if side is OrderSide.BUY else -self.slippage_bps_e9
        return divide_half_even(price * (_WHOLE_E9 + worse), _WHOLE_E9)

    def unit(self, order: Order) -> int:
        """The most that a share of an order can cost, commission included; 0: nobody can say.

        A gap can make a stop or a market order dearer: then its fill is checked once more.
        """
        price = order.cap_e9
        if price is None:
            trigger = order.trigger_e9
            mark = self.price(order.symbol) if trigger is None else trigger
            price = self.slipped(order.side, mark)
        return price + self.commission_e9 if price else 0

    def reserve(self, order: Order, unit: int) -> None:
        """Hold back what an order may still need; `unit` is 0 where that is not known yet."""
        exposure = self.exposure(order.symbol)
        leaves = order.leaves_e9
        if order.side is OrderSide.SELL:
            exposure.sells += leaves
            return
        exposure.buys += leaves
        self.set_unit(order, unit)

    def set_unit(self, order: Order, unit: int) -> None:
        """Hold back so much cash for each share that a buy has left."""
        change = (unit - self.units.get(order.order_id, 0)) * order.leaves_e9
        self.units[order.order_id] = unit
        self._change_reserved(order.symbol, change)

    def release(self, order: Order, qty: int) -> None:
        """Give back what a part of an order held: it fills now, or never."""
        exposure = self.exposures[order.symbol]
        if order.side is OrderSide.SELL:
            exposure.sells -= qty
            return
        exposure.buys -= qty
        self._change_reserved(order.symbol, -qty * self.units[order.order_id])

    def _change_reserved(self, symbol: str, change: int) -> None:
        self.reserved_e18 += change
        self.reserved_of[symbol] = self.reserved_of.get(symbol, 0) + change

    def lacks(self, order: Order, qty: int, price: int) -> int:
        """How much cash an execution would need beyond what it may use; 0 when it is covered."""
        commission = qty * self.commission_e9
        if order.side is OrderSide.BUY:
            usable = self.free_e18 + qty * self.units[order.order_id]
            return max(0, qty * price + commission - usable)
        return max(0, commission - qty * price - self.free_e18)

    def book(self, side: OrderSide, symbol: str, qty: int, price: int, commission_e18: int) -> None:
        """Move the position, and the cash by what the execution cost."""
        exposure = self.exposure(symbol)
        holding = exposure.holding
        before, cash = holding.qty, holding.cash_e18
        self.ledger.apply_fill(symbol, _SIDES[side], qty, price, taker=True)
        self._worth_e18 += (holding.qty - before) * exposure.mark
        self.cash_e18 += holding.cash_e18 - cash - commission_e18
