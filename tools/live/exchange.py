"""The port to an exchange: the Protocol, its request and response types, and a seeded fake.

Quantities and prices are integers at 10^9 inside (`qty_e9`, `price_e9`); `qty` and `price` are
views for people. A constructor takes whatever number a person would write. The fake knows no
market: whether an order fills is drawn when it is placed, in the published order of draws.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Protocol, TypeAlias, runtime_checkable

from .core.clock import NS_PER_MS, EventClock, environment_now_ms
from .core.contracts_v1 import BUY, PlaceOrderRequest, Side
from .core.errors import ContractError
from .core.money import SCALE, Number, Scaled, divide_half_even, positive_e9
from .core.record import door
from .core.rng import seeded
from .core.words_later import Telling, Words

__all__ = [
    "FakeExchangeClient", "FillEvent", "IExchangeClient", "InProcess", "OpenOrder",
    "OrderStatus", "PlaceOrderRequest", "PlaceOrderResponse", "Position", "Side",
]  # fmt: skip


class OrderStatus(str, Enum):
    """The exchange's word for where an order stands."""

    PENDING = "Pending"
    OPEN = "Open"
    FILLED = "Filled"
    PARTIALLY_FILLED = "PartiallyFilled"
    CANCELED = "Canceled"
    REJECTED = "Rejected"


@door
class PlaceOrderResponse:
    """The exchange's answer; `timestamp_ms` is when it was given, None when the venue is silent."""

    __slots__ = ("success", "order_id", "status", "message", "timestamp_ms")
    __match_args__ = ("success", "order_id", "status", "message", "timestamp_ms")

    def __init__(
        self,
        success: bool,
        order_id: str | None,
        status: OrderStatus,
        message: str | None = None,
        timestamp_ms: int | None = None,
    ) -> None:
        self.success = success
        self.order_id = order_id
        self.status = status
        self.message = message
        self.timestamp_ms = timestamp_ms


@door
class FillEvent:
    """One execution as the exchange reports it.

    With a `fill_id` a repeated report is recognised, and with `cum_qty`, what the order has filled
    in all with this execution; without either every report counts. `liquidity` is "maker" or
    "taker"; empty means that the venue does not say. So may `fee_e18`, what it charged in money at
    10^18 (below zero a rebate; None: it does not say), and `why`, how the execution came about.
    """

    __slots__ = (
        "order_id", "symbol", "side", "price_e9", "qty_e9", "timestamp_ms", "fill_id", "liquidity",
        "cum_e9", "fee_e18", "told",
    )  # fmt: skip
    price_e9: int
    qty_e9: int
    __match_args__ = (
        "order_id", "symbol", "side", "price", "qty", "timestamp_ms", "fill_id", "liquidity",
    )  # fmt: skip
    price = Scaled("price_e9")
    qty = Scaled("qty_e9")
    told: str | Telling
    why = Words("told")

    def __init__(
        self,
        order_id: str,
        symbol: str,
        side: Side,
        price: Number,
        qty: Number,
        timestamp_ms: int,
        fill_id: str | None = None,
        liquidity: str = "",
        cum_qty: Number | None = None,
        fee_e18: int | None = None,
        why: str = "",
    ) -> None:
        self.order_id = order_id
        self.symbol = symbol
        self.side = Side(side)
        self.price = price
        self.qty = qty
        self.timestamp_ms = timestamp_ms
        self.fill_id = fill_id
        self.liquidity = liquidity
        self.cum_e9 = None if cum_qty is None else positive_e9(cum_qty, "cum_qty")
        self.fee_e18 = fee_e18
        self.told = why


@door
class OpenOrder:
    """An order that the exchange holds open."""

    __slots__ = (
        "order_id", "client_order_id", "symbol", "side", "qty_e9", "filled_e9", "price_e9",
        "status",
    )  # fmt: skip
    qty_e9: int
    filled_e9: int
    price_e9: int
    __match_args__ = (
        "order_id", "client_order_id", "symbol", "side", "qty", "filled_qty", "price", "status",
    )  # fmt: skip
    qty = Scaled("qty_e9")
    filled_qty = Scaled("filled_e9")
    price = Scaled("price_e9")

    def __init__(
        self,
        order_id: str,
        client_order_id: str,
        symbol: str,
        side: Side,
        qty: Number,
        filled_qty: Number,
        price: Number,
        status: OrderStatus,
    ) -> None:
        self.order_id = order_id
        self.client_order_id = client_order_id
        self.symbol = symbol
        self.side = Side(side)
        self.qty = qty
        self.filled_qty = filled_qty
        self.price = price
        self.status = status


@door
class Position:
    """What the exchange says we hold; `qty` is signed, long above zero."""

    __slots__ = ("symbol", "qty_e9", "avg_entry_price")
    qty_e9: int
    __match_args__ = ("symbol", "qty", "avg_entry_price")
    qty = Scaled("qty_e9", signed=True)

    def __init__(self, symbol: str, qty: Number, avg_entry_price: float) -> None:
        self.symbol = symbol
        self.qty = qty
        self.avg_entry_price = avg_entry_price


class IExchangeClient(Protocol):
    """What an exchange adapter must offer.

    `place_limit` answers only with what the exchange has definitely said: taken, or refused. It
    raises NotSent when not a byte has left, and any other LiveError or OSError (a timeout, a
    broken connection, a reply that makes no sense, "this id exists already") when the order may
    be there or not: then the loop asks, and never sends blindly again.
    """

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse: ...

    def cancel(self, order_id: str) -> bool | None: ...

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]: ...

    def get_positions(self) -> list[Position]: ...

    def stream_fills(self) -> Iterator[FillEvent]: ...


@runtime_checkable
class InProcess(Protocol):
    """An exchange inside of this process: it lives on the clock of a run and is a part of it.

    `before` tells the milliseconds as long as nothing has happened on the line. What `describe`
    says decides the answers, so it is in the report and in the hash of the configuration.
    """

    def join(self, line: EventClock, before: Callable[[], int]) -> None: ...

    def describe(self) -> dict[str, Any]: ...


# What the fake keeps of a resting order: the slots of an OpenOrder, in their order.
_Row: TypeAlias = tuple[str, str, str, Side, int, int, int, OrderStatus]

_new_response = PlaceOrderResponse.__new__
_new_fill = FillEvent.__new__


class FakeExchangeClient:
    """A seeded exchange in memory: same seed and same calls, same answers.

    Latency is virtual: it is added to the time stamps, nobody sleeps. Whether an order fills is
    drawn when it is placed, in this order of draws: rejected?, filled?, partial?, which part.
    A fill is always at the limit price and of a resting order, so it is a maker's.
    """

    def __init__(
        self,
        fill_rate: float = 0.8,
        reject_rate: float = 0.05,
        latency_ms: int = 100,
        partial_fill_rate: float = 0.1,
        seed: int | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.fill_rate = _rate(fill_rate, "fill_rate")
        self.reject_rate = _rate(reject_rate, "reject_rate")
        self.latency_ms = _latency(latency_ms)
        self.partial_fill_rate = _rate(partial_fill_rate, "partial_fill_rate")
        self.clock = clock
        self._own_clock = clock is not None
        self._line = EventClock()
        self._seed = 42 if seed is None else seed
        self.reset()

    def reset(self) -> None:
        """Become as new: ids, orders, positions, queued fills and the generator."""
        self._draw = seeded(self._seed).random
        self._next = 1
        self._next_fill = 1
        self._open: dict[str, _Row] = {}
        self._holdings: dict[str, list[int]] = {}  # symbol: [signed quantity, cost at 10^18]
        self._fills: deque[FillEvent] = deque()

    def join(self, line: EventClock, before: Callable[[], int]) -> None:
        """Live on the line of a loop, unless it was made with a clock of its own.

        `before` tells the milliseconds as long as nothing has happened on the line.
        """
        if not self._own_clock:
            self._line = line
            self.clock = before

    def describe(self) -> dict[str, Any]:
        """What this fake was made with: it decides every answer, so it is part of the report."""
        return {
            "client": self.__class__.__name__,
            "fill_rate": float(self.fill_rate),
            "reject_rate": float(self.reject_rate),
            "partial_fill_rate": float(self.partial_fill_rate),
            "latency_ms": self.latency_ms,
            "seed": self._seed,
        }

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        """Reject, rest, fill in part or fill whole, as drawn."""
        qty = req.qty_e9
        price = req.price_e9
        line_ns = self._line.ns
        now_ms = line_ns // NS_PER_MS + self.latency_ms if line_ns else self._own_now_ms()
        if qty <= 0 or price <= 0:
            return _rejection("qty and price must be above 0", now_ms)
        draw = self._draw
        if draw() < self.reject_rate:
            return _rejection("Simulated rejection", now_ms)
        number = self._next
        self._next = number + 1
        order_id = "ORD%06d" % number
        filled = 0
        if draw() < self.fill_rate:
            filled = qty
            if draw() < self.partial_fill_rate:
                filled = _part_of(qty, draw())
        status = OPEN_STATUS
        if filled:
            fill = _new_fill(FillEvent)
            fill.order_id = order_id
            fill.symbol = symbol = req.symbol
            fill.side = side = req.side
            fill.price_e9 = price
            fill.qty_e9 = filled
            fill.timestamp_ms = now_ms
            fill.fill_id = "FIL%06d" % self._next_fill
            fill.liquidity = "maker"
            fill.cum_e9 = fill.fee_e18 = None
            fill.told = ""
            self._next_fill += 1
            self._fills.append(fill)
            move_holding(self._holdings, symbol, filled if side is BUY else -filled, price)
            status = FILLED_STATUS if filled == qty else PARTIAL_STATUS
        if filled != qty:
            self._open[order_id] = (
                order_id, req.client_order_id, req.symbol, req.side, qty, filled, price, status,
            )  # fmt: skip
        response = _new_response(PlaceOrderResponse)
        response.success = True
        response.order_id = order_id
        response.status = status
        response.message = None
        response.timestamp_ms = now_ms
        return response

    def cancel(self, order_id: str) -> bool:
        """True when the order was open and now is not."""
        return self._open.pop(order_id, None) is not None

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        """Orders that rest, oldest first."""
        return [_open_order(row) for row in self._open.values() if symbol in (None, row[2])]

    def get_positions(self) -> list[Position]:
        """Positions that are not flat, by symbol, at their average entry price."""
        return positions_of(self._holdings)

    def stream_fills(self) -> Iterator[FillEvent]:
        """Hand out the queued fills, first in first out; each is handed out once."""
        fills = self._fills
        while fills:
            yield fills.popleft()

    def _own_now_ms(self) -> int:
        """The time of an answer while there is no line, or nothing has happened on it."""
        return environment_now_ms() if self.clock is None else self.clock() + self.latency_ms


def move_holding(holdings: dict[str, list[int]], symbol: str, signed: int, price: int) -> None:
    """Average cost, as venues keep it: closing leaves the average, crossing zero restarts it.

    A holding is a signed quantity and its cost at 10^18.
    """
    holding = holdings.get(symbol)
    if holding is None:
        holding = holdings[symbol] = [0, 0]
    qty, cost = holding
    holding[0] = left = qty + signed
    if not qty or (qty > 0) is (signed > 0):
        holding[1] = cost + signed * price
    elif left and (left > 0) is (qty > 0):
        holding[1] = cost + divide_half_even(cost * signed, qty)
    else:
        holding[1] = left * price


def positions_of(holdings: dict[str, list[int]]) -> list[Position]:
    """Holdings that are not flat, by symbol, at their average entry price."""
    found = []
    for symbol in sorted(holdings):
        qty, cost = holdings[symbol]
        if qty:
            position = Position(symbol, 0, cost / (qty * SCALE))
            position.qty_e9 = qty
            found.append(position)
    return found


OPEN_STATUS = OrderStatus.OPEN
FILLED_STATUS = OrderStatus.FILLED
PARTIAL_STATUS = OrderStatus.PARTIALLY_FILLED
_new_open = OpenOrder.__new__
_DOUBLE_STEPS = 2**53
MAX_LATENCY_MS = 3_600_000


def _rejection(message: str, now_ms: int) -> PlaceOrderResponse:
    return PlaceOrderResponse(False, None, OrderStatus.REJECTED, message, now_ms)


def _part_of(qty: int, drawn: float) -> int:
    """0.5 + 0.4 * drawn of a quantity, exactly, rounded down, at least one step."""
    steps = int(drawn * _DOUBLE_STEPS)
    part = qty * (5 * _DOUBLE_STEPS + 4 * steps) // (10 * _DOUBLE_STEPS)
    return part or qty


def _open_order(row: _Row) -> OpenOrder:
    order = _new_open(OpenOrder)
    for name, value in zip(OpenOrder.__slots__, row, strict=True):
        setattr(order, name, value)
    return order


def _rate(value: float, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ContractError(f"{field} {value!r} is not a probability from 0 to 1")
    return value


def _latency(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_LATENCY_MS:
        most = MAX_LATENCY_MS
        raise ContractError(f"latency_ms {value!r} is not a whole number from 0 to {most}")
    return value
