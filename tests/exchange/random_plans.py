"""Random markets and random clients for the simulated exchange, with the laws as their witness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from tools.live.core.market_v1 import Bbo, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.core.record import fields_of
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import OrderStatus
from tools.live.market.feed import Source
from tools.live.sim.delays import Constant, Delays, Uniform
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.fees import FlatFees
from tools.live.sim.laws import Laws
from tools.live.sim.order_checks import fault
from tools.live.sim.orders import OrderKind, OrderRequest, SelfTrade, TimeInForce
from tools.live.sim.queue import PESSIMISTIC, PROPORTIONAL, PowerQueue
from tools.live.sim.rules import SymbolRules
from tools.live.sim.session import ALWAYS_OPEN, DailyHours, Outside
from tools.live.sim.slippage import FixedBps
from tools.live.sim.terms import Terms
from tools.live.sim.triggers import TriggerBy
from tools.live.sim.world import SimulatedWorld

SYMBOLS = ("AAA", "BBB")
MS = 10**6
START_NS = 1_735_689_600 * 10**9
CENT = SCALE // 100


class Told:
    """Market events from a list, as a source."""

    def __init__(self, events: Sequence[MarketEvent]) -> None:
        self.events = events

    def __iter__(self) -> Iterator[MarketEvent]:
        return iter(self.events)

    def describe(self) -> dict[str, Any]:
        return {"kind": "told"}


def a_market(rng: Random, count: int, symbols: Sequence[str] = SYMBOLS) -> list[MarketEvent]:
    """Quotes with quantities and trades around a price that wanders; some share an instant."""
    ns = START_NS
    middle = dict.fromkeys(symbols, 10_000)
    made: list[MarketEvent] = []
    for at in range(count):
        ns += rng.choice((0, 0, 1, 3 * MS, 20 * MS, 400 * MS))
        symbol = rng.choice(symbols)
        middle[symbol] += rng.choice((-3, -1, 0, 0, 0, 1, 3))
        mid, half = middle[symbol], rng.choice((1, 1, 2))
        bid, ask = (mid - half) * CENT, (mid + half) * CENT
        if at < len(symbols):
            symbol = symbols[at]
        if rng.random() < 0.6 or at < len(symbols):
            bid_qty, ask_qty = rng.randint(1, 40) * SCALE, rng.randint(1, 40) * SCALE
            made.append(Bbo(symbol, "told", bid, bid_qty, ask, ask_qty, None, None, ns))
        else:
            side = rng.choice((BUY, SELL, None))
            price = rng.choice((bid, ask, bid - CENT, ask + CENT))
            qty = rng.randint(1, 30) * SCALE
            made.append(Trade(symbol, "told", str(at), side, price, qty, None, None, ns))
    return made


def some_terms(rng: Random, delays: Delays | None = None) -> Terms:
    """Terms of any kind; displayed quantities always bound what fills."""
    ways = [Constant(0), Constant(5 * MS), Uniform(0, 30 * MS), Uniform(10 * MS, 900 * MS)]
    drawn = Delays(*[rng.choice(ways) for _ in fields_of(Delays)])
    return Terms(
        queue=rng.choice((PESSIMISTIC, PROPORTIONAL, PowerQueue(3))),
        slippage=rng.choice((None, FixedBps(2))),
        delays=delays or rng.choice((Delays(), drawn)),
        rules=rng.choice(({}, {"AAA": SymbolRules(lot=2 * SCALE, max_orders=4)})),
        self_trade=rng.choice(tuple(SelfTrade)),
        sessions=rng.choice((*[ALWAYS_OPEN] * 4, DailyHours("00:00:01", "00:00:04"))),
        outside=rng.choice(tuple(Outside)),
        trigger_by=rng.choice(tuple(TriggerBy)),
        fees=rng.choice((None, lambda: FlatFees(maker_bps=-1, taker_bps=5))),
        retain=rng.choice((None, 5)),
        cash_e18=0,
    )


def a_request(rng: Random, number: int, now_ns: int, names: Sequence[str]) -> OrderRequest:
    """An order that makes sense: of any kind, near the market."""
    while True:
        kind = rng.choice((OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.LIMIT, *OrderKind))
        price, stop = [(10_000 + rng.randint(-12, 12)) * CENT for _ in range(2)]
        limited = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
        triggered = kind in (OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.MARKET_IF_TOUCHED)
        force = rng.choice((*[TimeInForce.GTC] * 3, *TimeInForce))
        qty = rng.randint(1, 30) * SCALE
        made = OrderRequest(
            f"C{number}",
            rng.choice(SYMBOLS),
            rng.choice((BUY, SELL)),
            qty,
            kind,
            price if limited else None,
            stop if triggered else None,
            rng.randint(1, 5) * CENT if kind is OrderKind.TRAILING_STOP else None,
            None,
            force,
            now_ns + rng.choice((1, 2000)) * MS if force is TimeInForce.GTD else None,
            limited and rng.random() < 0.15,
            rng.random() < 0.2,
            min(qty, rng.randint(1, 4) * SCALE) if limited and rng.random() < 0.15 else None,
            f"G{rng.randint(number // 6, number // 6 + 1)}" if rng.random() < 0.2 else None,
            rng.choice(names) if names and rng.random() < 0.2 else None,
        )
        if fault(made) is None:
            return made


class Client:
    """Somebody who sends orders at random, and tells the laws everything that comes of it."""

    def __init__(
        self,
        seed: int,
        terms: Terms,
        market: Sequence[MarketEvent] | Source,
        orders: int = 30,
        *,
        quotes_only: bool = True,
    ) -> None:
        self.rng = Random(f"client {seed}")
        self.exchange = SimulatedExchange(terms, seed=seed)
        told = Told(market) if isinstance(market, Sequence) else market
        self.world = SimulatedWorld(told, self.exchange)
        self.laws = Laws(
            least_submit_ns=_least(terms.delays.submit),
            least_fill_ns=_least(terms.delays.fill),
            quotes_only=quotes_only,
            slips=terms.slippage is not None,
            lots={symbol: rules.lot for symbol, rules in terms.rules.items()},
        )
        self.log: list[str] = []
        self.names: list[str] = []
        self.order_ids: list[str] = []
        self.left = orders
        self._instant = terms.delays.is_zero
        self._watch()

    def run(self) -> Client:
        """The whole market, and what comes behind it."""
        exchange, laws = self.exchange, self.laws
        while (step := self.world.advance()) is not None:
            for answer in exchange.stream_answers():
                laws.answered(answer, exchange.here_ns)
                self.log.append(f"{exchange.here_ns} {answer!r}")
            if step and self.left and self.rng.random() < 0.4:
                self.act()
            for venue in exchange.desk.pit.venues.values():
                for order in venue.resting():
                    laws.rests(order)
        for answer in exchange.stream_answers():
            laws.answered(answer, exchange.here_ns)
        laws.over(exchange.get_positions())
        return self

    def act(self) -> None:
        """One thing: an order, or the end or another shape of one."""
        rng, exchange = self.rng, self.exchange
        self.order_ids = [one.order_id for one in exchange.get_open_orders()]
        what = rng.random()
        if what < 0.7 or not self.order_ids:
            request = self._a_request()
            self.laws.sent(request, exchange.here_ns)
            self._heard(request, exchange.submit(request))
        elif what < 0.85:
            order_id = rng.choice(self.order_ids)
            done = exchange.cancel(order_id)
            if done:
                self._drain()
                self.laws.canceled_at_once(order_id)
        elif what < 0.95:
            change = rng.choice(("qty", "price"))
            value = rng.randint(1, 40) * SCALE
            if change == "price":
                value = rng.randint(9990, 10_010) * CENT
            exchange.amend(rng.choice(self.order_ids), **{change: value})
        else:
            request = self._a_request()
            self.laws.sent(request, exchange.here_ns)
            self._heard(request, exchange.replace(rng.choice(self.order_ids), request))

    def _a_request(self) -> OrderRequest:
        self.left -= 1
        made = a_request(self.rng, len(self.names), self.exchange.here_ns, self.names[-4:])
        self.names.append(made.client_order_id)
        return made

    def _heard(self, request: OrderRequest, response: Any) -> None:
        if response.status is OrderStatus.PENDING or not response.success:
            return
        self.laws.accepted_at_once(request.client_order_id, response.order_id)
        self._drain()

    def _drain(self) -> None:
        for answer in self.exchange.stream_answers():
            self.laws.answered(answer, self.exchange.here_ns)
            self.log.append(repr(answer))

    def _watch(self) -> None:
        desk, laws = self.exchange.desk, self.laws
        desk.pit.witness = laws.executed
        hear = desk.hear

        def told(event: MarketEvent) -> None:
            laws.market(event)
            hear(event)

        desk.hear = told  # type: ignore[method-assign]


def _least(delay: Any) -> int:
    return int(delay.describe().get("ns", delay.describe().get("low_ns", 0)))
