"""Files that tell single orders: JSON Lines of our own, and hftbacktest's arrays.

One object a line, with the fields of its event and no others; prices and quantities are texts, so
that no digit is lost:

    {"kind":"l3.added","order_id":"7","price":"100.5","qty":"2","side":"Buy","symbol":"X",
     "source":"mine","exchange_ns":null,"ts_ns":1723161254087896568}

Nobody but us writes such files, so a line that cannot be read is damage and ends the reading. The
same holds for rows of an array that are no order events of sound numbers: one that is left out
would shift every queue behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..core import codec
from ..core.errors import ContractError
from ..core.market_v1 import Bbo
from ..core.money import positive_e9, text
from ..core.record import declared_types, fields_of
from ..core.words_v1 import Side
from ..market.importers.hftbacktest import KIND, LOCAL, rows, scaled, side_of
from ..market.importers.lines import Lines, wrong
from ..market.normalize.wire import LATEST_NS, Unusable
from .order_by_order import OrderByOrder
from .order_events import (
    ORDER_EVENTS, BookCleared, OrderEvent, RestingAdded, RestingCanceled, RestingReplaced,
    RestingTraded,
)  # fmt: skip

SOURCE = "hftbacktest"
_KINDS: dict[str, type[Any]] = {event.kind: event for event in ORDER_EVENTS}
_SCALED = ("price", "qty")
_LONGEST_NAME = 64
_SIDES = {side.value: side for side in Side}
_TRADE, _CLEAR, _ADD, _CANCEL, _MODIFY, _FILL = 2, 3, 10, 11, 12, 13


def line_of(event: OrderEvent) -> bytes:
    """An event as a line of such a file."""
    told: dict[str, Any] = {"kind": event.kind}
    for name in fields_of(event):
        value = getattr(event, name)
        told[name] = text(value) if name in _SCALED else value
    return codec.canonical(told).encode("ascii") + b"\n"


def read_lines(blocks: Iterable[bytes]) -> Iterator[OrderEvent]:
    """The events of our own JSON Lines; a ContractError names the line that is none."""
    lines = Lines(blocks)
    for batch in lines.batches():
        number = lines.number - len(batch)
        for line in batch:
            number += 1
            try:
                yield _event(codec.load_strict(line, "an order event"))
            except ContractError as error:
                raise wrong(str(error), number) from None


def read_hftbacktest(
    blocks: Iterator[bytes], symbol: str, *, source: str = SOURCE
) -> Iterator[OrderEvent]:
    """The events of an array of single orders (the plain `.npy`), in the order of arrival.

    A fill tells what traded of an order, and the row behind it what became of the order, which
    then changes nothing more. Trades are told twice, so those by price are passed over, and so is
    what only the exchange's side of a backtest sees.
    """
    for number, (ev, exch_ts, local_ts, price, qty, order_id, _, _) in enumerate(rows(blocks), 1):
        kind = ev & KIND
        if not ev & LOCAL or kind == _TRADE:
            continue
        if not 0 < local_ts <= LATEST_NS or not 0 < exch_ts <= LATEST_NS:
            raise wrong(f"times {exch_ts} and {local_ts}; give nanoseconds since 1970", number)
        times, name = (exch_ts, local_ts), str(order_id)
        if kind == _CLEAR:
            yield BookCleared(symbol, source, *times)
        elif kind == _CANCEL:
            yield RestingCanceled(symbol, source, name, *times)
        elif kind == _FILL:
            yield RestingTraded(symbol, source, name, _sound(qty, "qty", number), *times)
        elif kind in (_ADD, _MODIFY):
            numbers = _sound(price, "px", number), _sound(qty, "qty", number)
            side = side_of(ev)
            if kind == _MODIFY:
                yield RestingReplaced(symbol, source, name, name, *numbers, *times)
            elif side is None:
                raise wrong(f"order {name} without a side; set one of the flags", number)
            else:
                yield RestingAdded(symbol, source, name, side, *numbers, *times)
        else:
            raise wrong(f"an event of kind {kind}; give a file of single orders", number)


class OrderMarket:
    """A market source of single orders for `SimulatedWorld`, with quotes for the client.

    `read` gives the events anew each time; the exchange needs `venue=OrderByOrder` in its terms.
    """

    def __init__(self, read: Callable[[], Iterable[OrderEvent]], symbol: str, source: str) -> None:
        self._read = read
        self._symbol = symbol
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        yield from with_quotes(self._read(), self._symbol, self._source)

    def describe(self) -> dict[str, Any]:
        """Which market this is, for the report."""
        return {"format": "order-events", "source": self._source, "symbol": self._symbol}


def with_quotes(
    events: Iterable[OrderEvent], symbol: str, source: str
) -> Iterator[OrderEvent | Bbo]:
    """The events, and behind each that changes the touch the quote that a client would hear."""
    market, before = OrderByOrder(symbol), (0, 0, 0, 0)
    for event in events:
        yield event
        market.hear(event)
        touch = market.bid, market.bid_qty, market.ask, market.ask_qty
        if touch != before:
            before = touch
            yield Bbo(symbol, source, *touch, None, event.exchange_ns, event.ts_ns)


def _sound(value: float, name: str, number: int) -> int:
    try:
        return scaled(value, name, 1)
    except Unusable:
        raise wrong(f"{name} {value!r} is no number above 0 that we take", number) from None


def _event(told: Any) -> OrderEvent:
    kind = told.get("kind") if isinstance(told, dict) else None
    made = _KINDS.get(kind) if isinstance(kind, str) else None
    if made is None:
        shown = f"{kind!a:.40}"
        raise ContractError(f"kind {shown} is none of {', '.join(_KINDS)}; write one of them")
    names, types = fields_of(made), declared_types(made)
    if sorted(told) != sorted((*names, "kind")):
        raise ContractError(f"{kind} has not the fields {', '.join(names)}; write exactly these")
    event: OrderEvent = made(*[_field(name, types[name], told[name]) for name in names])
    return event


def _field(name: str, declared: str, value: Any) -> Any:
    """A field as its event takes it."""
    if value is None and declared.endswith("| None"):
        return None
    return _READERS[name if name in _SCALED else declared.removesuffix(" | None")](name, value)


def _scaled_field(name: str, value: Any) -> int:
    if not isinstance(value, str):
        raise ContractError(f"{name} {value!a:.40} is no text; write it in quotes")
    return positive_e9(value, name)


def _side(name: str, value: Any) -> Side:
    found = _SIDES.get(value) if isinstance(value, str) else None
    if found is None:
        raise ContractError(f"{name} {value!a:.40} is neither Buy nor Sell; write one of them")
    return found


def _name(name: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        raise ContractError(f"{name} {value!a:.40} is no text of 1 to {_LONGEST_NAME} characters")
    return value


def _time(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LATEST_NS:
        raise ContractError(f"{name} {value!a:.40} is no time in nanoseconds since 1970")
    return value


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "price": _scaled_field, "qty": _scaled_field, "Side": _side, "str": _name, "int": _time,
}  # fmt: skip
