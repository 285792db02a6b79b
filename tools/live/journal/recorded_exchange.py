"""The exchange of a recorded run, answering again what it answered then.

A loop that is run on it with the same quotes sends the same commands, is told the same, and comes
to the same state. The first command that differs from the recorded one ends the run and says how.

    exchange = RecordedExchange(recorded_entries(disk))
    loop = ExecutionLoop(exchange, ...)
    exchange.follow(lambda: loop.seq)

Answers are told to the millisecond, as clients tell them. Of what the run asked about orders in
doubt only a definite end can be told again: refused, or never there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import BUY, PlaceOrderRequest, QuoteUpdate, RulesSet, Side
from ..core.errors import LiveError, NotSent
from ..core.money import text, to_e9
from ..core.order_rules import OrderRules
from ..exchange import FillEvent, OpenOrder, OrderStatus, PlaceOrderResponse, Position
from ..exchange_query import Found, OrderAnswer
from ..portfolio.ledger import Ledger
from .disk import Disk
from .folding import Told, input_of, is_entry, told_by
from .reader import Reader

PLACED = ("order.place", "order.place_again")
CANCELED = ("order.cancel",)
LISTED = ("order.list_open",)
ASKED = ("order.query", "order.cancel_unknown")
RULED = RulesSet.kind
QUOTED = QuoteUpdate.kind
KEPT_BACK = "not sent: "

_Row: TypeAlias = tuple[str, str, Side, int, int]  # our id, symbol, side, quantity, price


class CommandDiffers(Exception):
    """The run does something else than the recorded one.

    It is no LiveError, because a loop takes those for news of the exchange and goes on.
    """


class RecordedExchange:
    """A client that knows one conversation; `follow` tells it where on the line the loop is."""

    def __init__(self, entries: Iterable[Told]) -> None:
        self._entries = iter(entries)
        self._read: deque[Told] = deque()  # from the place of the loop on, as far as was read
        self._seq: Callable[[], int] = _nowhere
        self._open: dict[str, _Row] = {}
        self._ledger = Ledger()
        self._filled: dict[str, int] = {}
        self._rules: dict[str, OrderRules] = {}
        self._told = 0  # the seq of the fill that was handed out last

    def follow(self, seq: Callable[[], int]) -> None:
        """Take the place on the line from whoever numbers it: the last seq that was given."""
        self._seq = seq

    # What the loop commands.

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        """The recorded answer to the recorded request."""
        seq = self._same(PLACED, {
            "client_order_id": req.client_order_id, "symbol": req.symbol, "side": req.side.value,
            "qty": text(req.qty_e9), "price": text(req.price_e9),
        })  # fmt: skip
        answer = self._answer(seq)
        said = answer.payload
        at_ms = answer.ts_ns // NS_PER_MS
        if answer.topic == "order.accepted":
            order_id: str = said["order_id"]
            self._open[order_id] = (
                req.client_order_id, req.symbol, req.side, req.qty_e9, req.price_e9
            )
            return PlaceOrderResponse(True, order_id, OrderStatus.OPEN, None, at_ms)
        message: str = said["message"]
        if answer.topic == "order.unknown":
            raise LiveError(message)
        if message.startswith(KEPT_BACK):
            raise NotSent(message.removeprefix(KEPT_BACK))
        return PlaceOrderResponse(False, None, OrderStatus.REJECTED, message, at_ms)

    def cancel(self, order_id: str) -> bool:
        """The recorded answer to the recorded cancel."""
        seq = self._same(CANCELED, {"order_id": order_id})
        if self._answer(seq).topic != "order.canceled":
            return False
        self._open.pop(order_id, None)
        return True

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        """Orders that are open by what was told so far, or as the exchange listed them then."""
        listed = dict.fromkeys(self._open)
        here = self._at(self._seq())
        if here is not None and here.topic in LISTED:
            answer = self._answer(here.seq)
            if answer.topic == "order.open_unknown":
                raise LiveError(answer.payload["message"])
            listed = dict.fromkeys(answer.payload["order_ids"])
        orders = [self._shown(order_id) for order_id in listed]
        return [one for one in orders if symbol in (None, one.symbol)]

    def get_positions(self) -> list[Position]:
        """What the fills told so far come to."""
        found = []
        for symbol in sorted(self._ledger.holdings):
            holding = self._ledger.holdings[symbol]
            if holding.qty:
                position = Position(symbol, 0, holding.avg_entry_price)
                position.qty_e9 = holding.qty
                found.append(position)
        return found

    def stream_fills(self) -> Iterator[FillEvent]:
        """The fills that the run booked next at this place of its line."""
        while (told := self._at(self._seq() + 1)) is not None:
            if told.topic != "order.fill" or told.seq <= self._told:
                return
            self._told = told.seq
            fill = _fill_of(told)
            self._book(fill)
            yield fill

    def get_order(self, client_order_id: str) -> OrderAnswer:
        """The recorded end of an order that was in doubt."""
        seq = self._same(ASKED, {"client_order_id": client_order_id})
        answer = self._answer(seq)
        if answer.topic == "order.absent":
            return OrderAnswer(Found.UNKNOWN, None)
        if answer.topic == "order.rejected":
            return OrderAnswer(Found.REJECTED, None, (), answer.payload["message"])
        if answer.topic == "order.query_failed":
            raise LiveError(answer.payload["message"])
        raise CommandDiffers(
            f"seq {seq}: {client_order_id} was found as {answer.topic}, which cannot be told again;"
            " replay the journal instead"
        )

    def cancel_client_order(self, client_order_id: str) -> bool:
        """What it came to is asked for next, and is the answer."""
        self._same(ASKED, {"client_order_id": client_order_id})
        return True

    def get_fills(self) -> None:
        """A conversation holds no listing."""

    def get_balances(self) -> None:
        """A conversation holds no money."""

    def rules_of(self, symbol: str) -> OrderRules | None:
        """The rules that the run was told before its next quote, else those it knew already."""
        here = self._seq()
        for one in self._ahead():
            if one.topic == QUOTED:
                break
            if one.topic == RULED and one.seq > here and one.payload["symbol"] == symbol:
                event = input_of(one)
                assert isinstance(event, RulesSet)
                rules = (event.tick, event.lot, event.min_qty, event.min_notional_e18)
                self._rules[symbol] = OrderRules(*rules)
        return self._rules.get(symbol)

    # The record.

    def _same(self, topics: tuple[str, ...], now: dict[str, Any]) -> int:
        """The seq of the recorded command, which must be this one."""
        seq = self._seq()
        told = self._at(seq)
        if told is None:
            raise CommandDiffers(f"seq {seq}: {_spoken(topics[0], now)}, but the record has ended")
        if told.topic not in topics:
            said = f"the record says {told.topic}"
            raise CommandDiffers(f"seq {seq}: {_spoken(topics[0], now)}, {said}")
        for name, value in now.items():
            was = told.payload.get(name)
            if was != value:
                said = f"the record says {name} {was!r}"
                raise CommandDiffers(f"seq {seq}: {_spoken(told.topic, now)}, {said}")
        return seq

    def _at(self, seq: int) -> Told | None:
        """The entry of this seq; what is before it is behind us."""
        while self._read and self._read[0].seq < min(seq, self._seq()):
            self._read.popleft()
        return next((one for one in self._ahead() if one.seq >= seq), None)

    def _answer(self, seq: int) -> Told:
        """What the world said to the command of this seq."""
        for one in self._ahead():
            if one.cause == seq:
                return one
        raise CommandDiffers(f"seq {seq}: the record ends before the answer")

    def _ahead(self) -> Iterator[Told]:
        yield from self._read
        for one in self._entries:
            self._read.append(one)
            yield one

    # What was told so far.

    def _book(self, fill: FillEvent) -> None:
        taker = fill.liquidity == "taker"
        self._ledger.apply_fill(fill.symbol, fill.side, fill.qty_e9, fill.price_e9, taker)
        filled = self._filled[fill.order_id] = self._filled.get(fill.order_id, 0) + fill.qty_e9
        order = self._open.get(fill.order_id)
        if order is not None and filled >= order[3]:
            del self._open[fill.order_id]

    def _shown(self, order_id: str) -> OpenOrder:
        """An open order; of one that this run never placed nothing but its id is known."""
        name, symbol, side, qty, price = self._open.get(order_id, ("", "", BUY, 0, 0))
        filled = self._filled.get(order_id, 0)
        status = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.OPEN
        shown = OpenOrder(order_id, name, symbol, side, 0, 0, 0, status)
        shown.qty_e9, shown.filled_e9, shown.price_e9 = qty, filled, price
        return shown


def recorded_entries(disk: Disk) -> Iterator[Told]:
    """The line of the run that a journal holds, without what is about the log and the run."""
    return (told_by(one) for one in Reader(disk).poll() if is_entry(one))


def _nowhere() -> int:
    raise CommandDiffers("nobody has said where on the line the loop is; call follow first")


def _fill_of(told: Told) -> FillEvent:
    said = told.payload
    fill = FillEvent(
        said["order_id"], said["symbol"], Side(said["side"]), 0, 0,
        told.ts_ns // NS_PER_MS, said["fill_id"], said["liquidity"],
    )  # fmt: skip
    fill.qty_e9, fill.price_e9 = to_e9(said["qty"], "qty"), to_e9(said["price"], "price")
    return fill


def _spoken(topic: str, now: dict[str, Any]) -> str:
    return f"the run now says {topic} {', '.join(f'{k} {v}' for k, v in now.items())}"
