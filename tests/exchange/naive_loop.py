"""The loop that everybody writes first: it makes a market, and believes what it is told.

It quotes the same strategy as the product's loop, keeps its own position and list of open orders,
and respects a limit. A request without an answer is sent again; a cancel is done when it was sent;
a fill is counted when it comes; a quote is good until the next one comes. On a good line its
books are right, which a test makes sure of.
"""

from __future__ import annotations

from tools.live.core.contracts_v1 import BUY, OrderAccepted, OrderCanceled, OrderRejected, Side
from tools.live.core.errors import LiveError
from tools.live.core.outputs_v1 import PlaceOrderRequest
from tools.live.exchange import FillEvent, OpenOrder
from tools.live.exchange_answers import Answer
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.orders import WorkingOrder
from tools.live.strategy.two_sided import TwoSided

TIMEOUT_NS = 2 * 10**9
MOST_TRIES = 3


class Sent:
    """A request that has no answer yet; `intent` is what it was for, however often it is sent."""

    def __init__(self, intent: int, symbol: str, side: Side, qty: int, price: int) -> None:
        self.intent = intent
        self.symbol, self.side, self.qty, self.price = symbol, side, qty, price
        self.tries = 0
        self.sent_ns = 0


class NaiveLoop:
    """A market maker of one screen; with `looks` it looks for an order before it sends it again."""

    def __init__(
        self, exchange: FaultyExchange, qty: int, spread_bps: int, limit: int, looks: bool = False
    ) -> None:
        self.exchange = exchange
        self.strategy = TwoSided(base_qty=qty, spread_bps=spread_bps)
        self.limit = limit
        self.looks = looks
        self.stopped = False
        self.positions: dict[str, int] = {}
        self.open: dict[str, Sent] = {}  # by the exchange's id
        self.waiting: dict[str, Sent] = {}  # by our own name
        self.intent_of: dict[str, int] = {}
        self.counted: dict[str | None, int] = {}  # for whoever judges it; it never looks
        self.prefix = "N"
        self._names = self._intents = 0

    def on_quote(self, symbol: str, bid: int, ask: int, now_ns: int) -> None:
        """Take the old quotes away and put new ones, as far as the limit lets them."""
        if self.stopped:
            return
        self.cancel_all(symbol)
        for side, qty, price in self.strategy.intents(symbol, bid, ask):
            if self._worst(symbol, side) + qty <= self.limit:
                self._intents += 1
                self._send(Sent(self._intents, symbol, side, qty, price), now_ns)

    def on_answers(self, now_ns: int) -> None:
        """Whatever has come in by now."""
        for answer in self.exchange.stream_answers():
            self._hear(answer)
        for name, sent in list(self.waiting.items()):
            if now_ns - sent.sent_ns >= TIMEOUT_NS:
                self._again(name, sent, now_ns)

    def cancel_all(self, symbol: str | None = None) -> None:
        """A cancel that was sent is as good as done."""
        for order_id, sent in list(self.open.items()):
            if symbol in (None, sent.symbol):
                del self.open[order_id]
                try:
                    self.exchange.cancel(order_id)
                except LiveError:
                    pass  # it will have filled

    def restart(self) -> None:
        """A new process, which begins with nothing but the position that it wrote down."""
        self.open, self.waiting, self.prefix = {}, {}, self.prefix + "N"

    def stop(self) -> None:
        """The end of trading, or its kill switch: cancel everything."""
        self.stopped = True
        self.cancel_all()

    def knows(self, order: WorkingOrder) -> bool:
        """Whether it takes this order of the exchange to be open, or to become so."""
        return order.order_id in self.open or order.request.client_order_id in self.waiting

    def _hear(self, answer: Answer) -> None:
        if isinstance(answer, FillEvent):
            self.counted[answer.fill_id] = self.counted.get(answer.fill_id, 0) + 1
            signed = answer.qty_e9 if answer.side is BUY else -answer.qty_e9
            self.positions[answer.symbol] = self.positions.get(answer.symbol, 0) + signed
            sent = self.open.get(answer.order_id)
            if sent is not None:
                sent.qty -= answer.qty_e9
                if sent.qty <= 0:
                    del self.open[answer.order_id]
        elif isinstance(answer, OrderAccepted):
            sent = self.waiting.pop(answer.client_order_id, None)
            if sent is not None:
                self.open[answer.order_id] = sent
                if self.stopped:
                    self.cancel_all()
        elif isinstance(answer, OrderRejected):
            self.waiting.pop(answer.client_order_id, None)
        elif isinstance(answer, OrderCanceled):
            self.open.pop(answer.order_id, None)

    def _send(self, sent: Sent, now_ns: int) -> None:
        self._names += 1
        name = f"{self.prefix}{self._names}"
        sent.tries += 1
        sent.sent_ns = now_ns
        self.intent_of[name] = sent.intent
        self.waiting[name] = sent
        request = PlaceOrderRequest(name, sent.symbol, sent.side, 1, 1)
        request.qty_e9, request.price_e9 = sent.qty, sent.price
        try:
            response = self.exchange.place_limit(request)
        except LiveError:
            return  # a timeout: it is sent again
        if not response.success:
            del self.waiting[name]
        elif response.order_id is not None:
            self.open[response.order_id] = self.waiting.pop(name)

    def _again(self, name: str, sent: Sent, now_ns: int) -> None:
        """No answer in time: send it again, and in the end it was refused."""
        del self.waiting[name]
        if self.looks and any(one.client_order_id == name for one in self._listed()):
            return
        if sent.tries < MOST_TRIES and not self.stopped:
            self._send(sent, now_ns)

    def _listed(self) -> list[OpenOrder]:
        try:
            return self.exchange.get_open_orders()
        except LiveError:
            return []

    def _worst(self, symbol: str, side: Side) -> int:
        """How long, or short, we may be when all of this side fills."""
        held = self.positions.get(symbol, 0) * (1 if side is BUY else -1)
        mine = (*self.open.values(), *self.waiting.values())
        return held + sum(one.qty for one in mine if (one.symbol, one.side) == (symbol, side))
