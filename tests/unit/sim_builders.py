"""Small things for tests of the simulated exchange: orders, quotes, trades, an exchange alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.live.core.market_v1 import Bbo, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, Side
from tools.live.exchange import PlaceOrderResponse
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderKind, OrderRequest
from tools.live.sim.terms import Terms

SYMBOL = "AAA"
MS = 10**6
T0 = 1_735_689_600 * 10**9


def a_request(name: str = "C1", side: Side = BUY, qty: int = 10, **more: Any) -> OrderRequest:
    """A limit order in whole units; prices and quantities are scaled here."""
    if more.setdefault("kind", OrderKind.LIMIT) in (OrderKind.LIMIT, OrderKind.STOP_LIMIT):
        more.setdefault("price", 100)
    for field in ("price", "stop", "trail", "display"):
        if more.get(field) is not None:
            more[field] = int(more[field] * SCALE)
    return OrderRequest(name, more.pop("symbol", SYMBOL), side, qty * SCALE, **more)


def a_quote(
    bid: float = 99, ask: float = 101, bid_qty: int = 5, ask_qty: int = 5, ns: int = T0
) -> Bbo:
    return Bbo(
        SYMBOL, "told", int(bid * SCALE), bid_qty * SCALE, int(ask * SCALE), ask_qty * SCALE, None,
        None, ns,
    )  # fmt: skip


def a_trade(price: float, qty: int, side: Side | None = None, ns: int = T0) -> Trade:
    return Trade(SYMBOL, "told", "T1", side, int(price * SCALE), qty * SCALE, None, None, ns)


class Told:
    """Market events from a list, as a source."""

    def __init__(self, *events: Any) -> None:
        self.events = events

    def __iter__(self) -> Any:
        return iter(self.events)

    def describe(self) -> dict[str, Any]:
        return {"kind": "told"}


class Floor:
    """An exchange without a world: the test tells the time and the market."""

    def __init__(self, terms: Terms | None = None, *events: MarketEvent, ns: int = T0) -> None:
        self.exchange = SimulatedExchange(terms)
        self.at(ns)
        for event in events or (a_quote(),):
            self.hear(event)

    def at(self, ns: int) -> Floor:
        self.exchange.here_ns = ns
        self.exchange.run_to(ns)
        return self

    def hear(self, event: MarketEvent) -> Floor:
        self.exchange.desk.hear(event)
        return self

    def send(self, name: str = "C1", *said: Any, **more: Any) -> PlaceOrderResponse:
        return self.exchange.submit(a_request(name, *said, **more))

    def said(self) -> list[str]:
        """What has arrived, in short: fills as quantity at price, and ends."""
        return [_short(answer) for answer in self.exchange.stream_answers()]

    def open(self) -> list[tuple[str, int]]:
        """The open orders, and what is left of each, in whole units."""
        orders = self.exchange.get_open_orders()
        return [(one.client_order_id, (one.qty_e9 - one.filled_e9) // SCALE) for one in orders]

    def position(self) -> int:
        return self.exchange.desk.accounts.position(SYMBOL) // SCALE


def _short(answer: Any) -> str:
    kind = answer.__class__.__name__
    if kind == "FillEvent":
        return f"{answer.order_id} {answer.qty:g} at {answer.price:g} {answer.liquidity}"
    return f"{kind} {getattr(answer, 'order_id', '') or answer.client_order_id}"


def sends(floor: Floor, names: Sequence[str], **more: Any) -> None:
    """Several orders of one kind."""
    for name in names:
        assert floor.send(name, **more).success, name
