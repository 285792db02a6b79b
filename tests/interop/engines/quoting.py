"""The strategy of the comparison, and what it came to: decided by market data alone.

At every turn of its clock it quotes the touch that it has heard of, one order a side, and takes
both back when their time is over. Nothing that happens to its orders changes what it does, so two
engines are asked the very same things at the very same times. `on_our_exchange` runs it on the
simulated exchange and writes down what it asked for; another engine repeats that.

The capture's receive clock runs behind the exchange's and is not used. An event was at the exchange
at the exchange's own time, in the order of the file where times are equal, and is heard a constant
latency later. Latencies are no whole milliseconds, the data's times are: no order ever arrives at
the instant of an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.market import captures, recordings
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import OrderAccepted, OrderRejected, QuoteUpdate
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import FillEvent
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.evidence import FillReason
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderRequest
from tools.live.sim.queue import QueueModel
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

MS = 10**6
E9 = 10**9
BEAT_NS = 50 * MS
EVERY = 10  # beats from one quote to the next
LIFE = 9  # beats till it is taken back
CLOCK = "CLOCK"
FEED_NS = 10 * MS + 300_000
ENTRY_NS = 5 * MS + 400_000
RESPONSE_NS = 5 * MS + 200_000
ONE_LOT = 10**6  # at 10^9: the least that Binance's BTCUSDT future trades

MarketRow = DepthSnapshot | DepthDiff | Trade | Bbo


class Asked(NamedTuple):
    """One order of the strategy: `number` is its age from 1; times are those at our end."""

    number: int
    is_buy: bool
    price: int
    submit_ns: int
    cancel_ns: int


class Filled(NamedTuple):
    """What an order got at one instant; `exchange_ms` is when, by the exchange's clock."""

    number: int
    exchange_ms: int
    price: int
    qty: int


class Outcome(NamedTuple):
    """What was asked for, what filled, and who was refused because it would have taken."""

    asked: tuple[Asked, ...]
    fills: tuple[Filled, ...]
    refused: frozenset[int]
    crossed: frozenset[int] = frozenset()  # orders that a market filled by showing their price


@cache
def market() -> tuple[MarketRow, ...]:
    """The futures capture from its snapshot on: depth and trades by the exchange's own time."""
    rows = [one for one in recordings.events(captures.USDM) if not isinstance(one, Bbo)]
    (snapshot,) = [one for one in rows if isinstance(one, DepthSnapshot)]
    beginning, held = snapshot.exchange_ns or 0, snapshot.sequence or 0
    kept = [
        row for row in rows
        if ((row.sequence or 0) > held if isinstance(row, DepthDiff)
            else (row.exchange_ns or 0) >= beginning)
    ]  # fmt: skip
    # The snapshot comes first among equals; it was asked for, the others were sent.
    kept.sort(key=lambda row: (row.exchange_ns or 0, row is not snapshot))
    return tuple(_heard(row) for row in kept)


class Market:
    """The rows, and the beats among them, as a source of a world."""

    def __iter__(self) -> Iterator[MarketRow]:
        rows = market()
        beat_ns = rows[0].exchange_ns or 0
        count = 0
        for row in rows:
            while beat_ns + BEAT_NS <= (row.exchange_ns or 0):
                beat_ns += BEAT_NS
                count += 1
                bid = E9 * (1 + count % 2)
                yield Bbo(
                    CLOCK, row.source, bid, E9, bid + E9, E9, None, beat_ns, beat_ns + FEED_NS
                )
            yield row

    def describe(self) -> dict[str, Any]:
        return {"kind": "capture"}


def on_our_exchange(queue: QueueModel, *, partial: bool, qty: int) -> Outcome:
    """The strategy on the simulated exchange."""
    there, back = Constant(ENTRY_NS), Constant(RESPONSE_NS)
    delays = Delays(there, back, back, there, back, Constant(FEED_NS))
    exchange = SimulatedExchange(Terms(queue=queue, partial=partial, delays=delays))
    line = EventClock()
    exchange.join(line, lambda: 0)
    told, strategy = _Told(), _Strategy(exchange, qty)
    for step in SimulatedWorld(Market(), exchange, symbols=[recordings.SYMBOL, CLOCK]):
        line.advance_to(exchange.here_ns)
        for answer in exchange.stream_answers():
            told.hear(answer)
        for said in step:
            if isinstance(said, QuoteUpdate):
                strategy.hear(said, told)
    complete = {one.number for one in strategy.asked}
    fills = tuple(told.fills(complete))
    return Outcome(tuple(strategy.asked), fills, frozenset(told.refused & complete),
                   frozenset(told.crossed))  # fmt: skip


class _Strategy:
    """Quotes at every tenth beat, and takes back at the ninth behind it."""

    def __init__(self, exchange: SimulatedExchange, qty: int) -> None:
        self.asked: list[Asked] = []
        self._exchange = exchange
        self._qty = qty
        self._beats = 0
        self._touch: QuoteUpdate | None = None
        self._working: list[Asked] = []

    def hear(self, quote: QuoteUpdate, told: _Told) -> None:
        if quote.symbol != CLOCK:
            self._touch = quote
            return
        self._beats += 1
        turn, beat = divmod(self._beats, EVERY)
        if beat == 0 and self._touch is not None:
            self._quote(2 * turn, self._touch, quote.ts_ns)
        elif beat == LIFE:
            for one in self._working:
                self.asked.append(one._replace(cancel_ns=quote.ts_ns))
                if one.number in told.order_ids:
                    self._exchange.cancel(told.order_ids[one.number])

    def _quote(self, number: int, touch: QuoteUpdate, now_ns: int) -> None:
        self._working = [
            Asked(number - 1, True, touch.bid, now_ns, 0),
            Asked(number, False, touch.ask, now_ns, 0),
        ]
        for one in self._working:
            name, side = str(one.number), BUY if one.is_buy else SELL
            self._exchange.submit(
                OrderRequest(
                    name, recordings.SYMBOL, side, self._qty, price=one.price, post_only=True
                )
            )


class _Told:
    """What the exchange answered."""

    def __init__(self) -> None:
        self.order_ids: dict[int, str] = {}
        self.refused: set[int] = set()
        self.crossed: set[int] = set()
        self._numbers: dict[str, int] = {}
        self._got: dict[tuple[int, int], tuple[int, int]] = {}

    def hear(self, answer: object) -> None:
        if isinstance(answer, OrderAccepted):
            number = int(answer.client_order_id)
            self.order_ids[number] = answer.order_id
            self._numbers[answer.order_id] = number
        elif isinstance(answer, OrderRejected):
            self.refused.add(int(answer.client_order_id))
        elif isinstance(answer, FillEvent):
            key = self._numbers[answer.order_id], answer.timestamp_ms
            _, before = self._got.get(key, (0, 0))
            self._got[key] = answer.price_e9, before + answer.qty_e9
            if answer.why.startswith(FillReason.MARKET_CROSSED.value):
                self.crossed.add(key[0])

    def fills(self, complete: set[int]) -> Iterator[Filled]:
        for (number, exchange_ms), (price, qty) in sorted(self._got.items()):
            if number in complete:
                yield Filled(number, exchange_ms, price, qty)


def _heard(row: MarketRow) -> MarketRow:
    """The row, heard a constant time after it was at the exchange."""
    values = {name: getattr(row, name) for name in row.__match_args__}
    values["ts_ns"] = (row.exchange_ns or 0) + FEED_NS
    return type(row)(**values)
