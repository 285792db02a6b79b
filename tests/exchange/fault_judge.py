"""The exchange's eyes on a run with faults, and the books of whoever reads a feed naively."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

from tests.unit.sim_builders import Told
from tools.live.core.contracts_v1 import BUY, SELL, QuoteUpdate, Side
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, FeedStale, MarketEvent
from tools.live.exchange import FillEvent, OrderStatus, PlaceOrderRequest, PlaceOrderResponse
from tools.live.market.gaps import STALE_NS
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.feed import FaultyMarket
from tools.live.sim.faults.plan import MARKET, FaultKind, FaultPlan
from tools.live.sim.faults.strikes import Struck
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.orders import OrderRequest, WorkingOrder
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

MS = 10**6
SECOND = 10**9
START_NS = 1_735_689_600 * SECOND
GHOST_NS = 2 * SECOND

Step = Sequence[Any]


class NaiveBooks:
    """A source of depth as everybody reads it first: whatever comes is put into the book."""

    def __init__(self, market: FaultyMarket) -> None:
        self._market = market

    def __iter__(self) -> Iterator[Any]:
        for _, heard in self.pairs():
            yield from heard

    def describe(self) -> dict[str, Any]:
        return self._market.describe()

    def pairs(self) -> Iterator[tuple[Any, Sequence[Any]]]:
        bids, asks = dict[int, int](), dict[int, int]()
        for event, heard in self._market.pairs():
            quotes: list[Any] = []
            for one in heard:
                if isinstance(one, DepthSnapshot):
                    bids, asks = dict(one.bids), dict(one.asks)
                elif isinstance(one, DepthDiff):
                    for side, levels in ((bids, one.bids), (asks, one.asks)):
                        side.update(levels)
                        for price in [price for price in side if not side[price]]:
                            del side[price]
                elif not isinstance(one, FeedStale):
                    quotes.append(one)
                    continue
                if isinstance(one, (DepthSnapshot, DepthDiff)):
                    bid, ask = max(bids), min(asks)
                    quotes.append(
                        Bbo(one.symbol, "told", bid, 1, ask, 1, None, None, one.ts_ns)
                    )
            yield event, quotes


class Judge:
    """The exchange's eyes.

    - position: the loop's own is not what the exchange holds
    - duplicate: one intent stands, or stood, in two orders
    - ghost: an order rests for long of which the loop does not know, or at the very end
    - limit: all that rests could fill beyond the limit; not counted is what nobody could know of
      when the newest order was sent, executions of orders whose cancel was confirmed
    - blind: an order rests although nothing was heard of its market for long
    - crossed: on a bad feed an order took from the market, of a loop that never wants to
    """

    def __init__(
        self, plan: FaultPlan, events: Sequence[MarketEvent], terms: Terms, limit: int,
        naive: bool = False,
    ) -> None:  # fmt: skip
        self.exchange = SimulatedExchange(terms, seed=plan.seed)
        self.line = FaultyExchange(self.exchange, plan)
        told = Told(*events)
        self.bad_feed = any(one.kind in MARKET for one in plan.faults)
        self._market = market = FaultyMarket(told, plan)
        heard: Any = market if self.bad_feed else told
        if naive and self.bad_feed:
            heard = NaiveBooks(market)
        self.world = SimulatedWorld(heard, self.exchange, line=self.line)
        self.limit = limit
        self.found: set[str] = set()
        self._heard_ns = START_NS
        self._unknown_ns: dict[str, int] = {}
        self._unheard: dict[Side, list[FillEvent]] = {BUY: [], SELL: []}
        self._booked: Container[str | None] = ()
        self._place = self.line.place_limit
        self.line.place_limit = self._sends  # type: ignore[method-assign]
        self._filled = self.exchange.answers.filled
        self.exchange.answers.filled = self._trades  # type: ignore[method-assign]
        kinds = [one.kind for one in plan.faults]
        in_order = FaultKind.LOSE_ANSWER not in kinds and FaultKind.LATE_ANSWER not in kinds
        self._refuses_copies = plan.seed % 2 and in_order
        self._arrive = self.exchange._arrive
        self.exchange._arrive = self._copies  # type: ignore[method-assign]
        self.accepted: list[str] = []
        self._enter = self.exchange.desk.enter
        self.exchange.desk.enter = self._takes  # type: ignore[method-assign]
        self._hear = self.exchange.desk.hear
        self.exchange.desk.hear = self._market_moves  # type: ignore[method-assign]

    def _copies(self, request: OrderRequest, *more: Any) -> None:
        """Half of the exchanges refuse a copy of an order, where ours says nothing of it.

        An adapter must not tell that as a refusal to who does not know yet that the first was
        accepted, so it is told only where no acceptance is lost or late.
        """
        before = self.exchange.unanswered
        self._arrive(request, *more)
        if self.exchange.unanswered > before and self._refuses_copies:
            clock = self.exchange.desk.clock
            name = request.client_order_id
            self.exchange.answers.rejected(name, "this id exists already", clock.ns)

    def _takes(self, order: WorkingOrder) -> None:
        self.accepted.append(order.request.client_order_id)
        self._enter(order)

    def _market_moves(self, event: MarketEvent) -> None:
        if self.exchange.desk.live and event.ts_ns - self._heard_ns > STALE_NS + SECOND:
            self.found.add("blind")
        self._hear(event)

    def _trades(self, fill: FillEvent, now_ns: int) -> None:
        for unheard in self._unheard.values():
            unheard.append(fill)
        self._filled(fill, now_ns)

    def _sends(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        """Whoever sends an order should know by now of whatever it has heard of."""
        unheard = self._unheard[req.side]
        if unheard:
            self._unheard[req.side] = [f for f in unheard if f.fill_id not in self._booked]
        return self._place(req)

    def _held(self, side: Side) -> int:
        """The position, without what nobody could know of."""
        held = self.exchange.desk.accounts.position("AAA")
        for fill in self._unheard[side]:
            order = self.exchange.desk.register.ended(fill.order_id)
            if order is not None and order.status is OrderStatus.CANCELED:
                held -= fill.qty_e9 if fill.side is BUY else -fill.qty_e9
        return held if side is BUY else -held

    def watch(self, booked: Container[str | None]) -> None:
        """Whom it watches: the executions that it knows of."""
        self._booked = booked

    def look(self, step: Step, knows: Callable[[WorkingOrder], bool]) -> None:
        """Behind every step, with what was heard in it, and what the loop takes to be open."""
        desk, now_ns = self.exchange.desk, self.exchange.here_ns
        if any(isinstance(said, QuoteUpdate) for said in step):
            self._heard_ns = now_ns
        rests = {BUY: 0, SELL: 0}
        for order in desk.live.values():
            rests[order.side] += order.leaves
            if knows(order):
                self._unknown_ns.pop(order.order_id, None)
            elif now_ns - self._unknown_ns.setdefault(order.order_id, now_ns) > GHOST_NS:
                self.found.add("ghost")
        if any(self._held(side) + rests[side] > self.limit for side in (BUY, SELL)):
            self.found.add("limit")

    def close(self, position: int, intents: Counter[int] | None = None) -> set[str]:
        """When everything is over."""
        exchange = self.exchange
        if position != exchange.desk.accounts.position("AAA"):
            self.found.add("position")
        if exchange.desk.live:
            self.found.add("ghost")
        if intents is not None and any(count > 1 for count in intents.values()):
            self.found.add("duplicate")
        if self.bad_feed and any(fill.liquidity == "taker" for fill in exchange.get_fills()):
            self.found.add("crossed")
        return self.found

    def heard_struck(self) -> list[Struck]:
        """What was done to the feed."""
        return self._market.strikes.struck

    def pass_time(self, seconds: int) -> Iterator[int]:
        """Behind the end of the market, a second at a time."""
        for _ in range(seconds):
            now_ns = self.exchange.here_ns + SECOND
            self.exchange.here_ns = now_ns
            self.exchange.run_to(now_ns)
            self.line.come_to(now_ns)
            yield now_ns
