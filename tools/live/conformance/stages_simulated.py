"""The simulated exchange as a candidate: the market around it is set for each order.

Its buys are met by an ask and its sells by a bid, at their own price and with just the quantity
that the fate calls for. Orders that a desk sends later stand before those it sent earlier, so the
market never touches those.
"""

from __future__ import annotations

from ..core.clock import NS_PER_MS, EventClock
from ..core.market_v1 import Bbo, Trade
from ..core.words_v1 import BUY, SELL, Side
from ..exchange import PlaceOrderRequest
from ..sim.delays import FAST, Delays
from ..sim.exchange import SimulatedExchange
from ..sim.orders import OrderRequest, SelfTrade
from ..sim.rules import SymbolRules
from ..sim.terms import Terms
from .candidate import Candidate, Fate, Stage
from .capabilities import KINDS, TIMES, Capabilities
from .stages import T0_MS

_RULES = dict.fromkeys(Stage().symbols, SymbolRules(tick=Stage().price_e9 // 10_000))
_AWAY = 10  # a market that an order does not meet is this far from it, in thousandths


def simulated() -> Candidate:
    """With no delay: it answers at once, as the fake does."""
    return _candidate(False)


def simulated_later() -> Candidate:
    """With delays on every way: requests and answers take their time."""
    return _candidate(True)


def _candidate(later: bool) -> Candidate:
    market = SimulatedMarket(later)
    can = Capabilities(
        answers_later=later, query=True, cancel_by_client_id=True, fills_listing=True,
        balances=True, order_types=KINDS, time_in_force=TIMES, amend=True, post_only=True,
        reduce_only=True, self_trade="cancel_newest", dedupes_client_ids=True,
        sequential_ids=True, liquidity=True, resets=True, deterministic=True, lists_rules=True,
    )  # fmt: skip
    stage = Stage(meets=market.meets, fill=market.fill, advance=market.advance)
    return Candidate(market.exchange, can, stage)


class _Doors:
    """A market that is open until an order is to be refused."""

    def __init__(self) -> None:
        self.open = True

    def is_open(self, symbol: str, ns: int) -> bool:
        return self.open

    def opens_ns(self, symbol: str, ns: int) -> int | None:
        return ns if self.open else None

    def closes_ns(self, symbol: str, ns: int) -> int | None:
        return None


class SimulatedMarket:
    """The market of a simulated exchange, moved by hand, and our clock."""

    def __init__(self, later: bool) -> None:
        self._doors = _Doors()
        terms = Terms(
            delays=FAST if later else Delays(), rules=_RULES, sessions=self._doors,
            self_trade=SelfTrade.CANCEL_NEWEST, cash_e18=0,
        )  # fmt: skip
        self.exchange = SimulatedExchange(terms)
        self.line = EventClock(T0_MS * NS_PER_MS)
        self.exchange.join(self.line, lambda: T0_MS)

    def meets(self, request: object, fate: Fate) -> None:
        """Show a market in which this order, when it arrives, meets its fate."""
        self._doors.open = fate is not Fate.REJECTED
        symbol, side, qty, price = _asked(request)
        there = {Fate.FILLS: qty, Fate.FILLS_IN_PART: (qty + 1) // 2}.get(fate, 0)
        away = price * _AWAY // 1000
        meeting, qty = (price, there) if there else (price + (away if side is BUY else -away), qty)
        if side is BUY:
            self._show(symbol, price - away, qty, meeting, qty)
        else:
            self._show(symbol, meeting, qty, price + away, qty)

    def fill(self, order_id: str, qty: int) -> None:
        """Somebody trades this much at the price of an order that rests."""
        for one in self.exchange.get_open_orders():
            if one.order_id == order_id:
                aggressor = SELL if one.side is BUY else BUY
                trade = Trade(
                    one.symbol, "", "", aggressor, one.price_e9, qty, None, None, self.line.ns
                )
                self._hear(trade)

    def advance(self, ns: int) -> None:
        """Let time pass, and all happen that is due in it."""
        self.line.advance_to(self.line.ns + ns)
        self.exchange.run_to(self.line.ns)

    def _show(self, symbol: str, bid: int, bid_qty: int, ask: int, ask_qty: int) -> None:
        self._hear(Bbo(symbol, "", bid, bid_qty, ask, ask_qty, None, None, self.line.ns))

    def _hear(self, event: Bbo | Trade) -> None:
        self.exchange.run_to(self.line.ns)
        self.exchange.desk.hear(event)


def _asked(request: object) -> tuple[str, Side, int, int]:
    """Symbol, side, quantity and price of a request; one at the market has the stage's price."""
    if isinstance(request, OrderRequest):
        price = request.price if request.price is not None else Stage().price_e9
        return request.symbol, request.side, request.qty, price
    assert isinstance(request, PlaceOrderRequest)
    return request.symbol, request.side, request.qty_e9, request.price_e9
