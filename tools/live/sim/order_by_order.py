"""A market that tells single orders, with ours among them: the true place in every queue.

Others' orders are replayed as they were recorded, ours stand in the same book. The record does not
know of us, so two rules say what we change:

1.  What trades against an order that stands behind one of ours met ours first. Ours gets as much
    as was traded, each traded quantity once, and the recorded order trades as recorded all the
    same. An order that comes to rest beyond our price would have met ours too: what ours got of it
    is gone.
2.  What we took of a recorded order stays taken for as long as that order lives. Only what is left
    of it beyond that can be taken, by any order of ours. When it grows, the growth is new.

Ours do not trade with ours; self-trade prevention is the exchange's. An event about an order that
was never told is passed over and counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent, Trade
from ..core.words_v1 import BUY, SELL, Side
from .book import Book, Level, Resting, opposite
from .evidence import MAKER, TAKER, Execution, FillReason, Why, text, told_book
from .order_events import (
    BookCleared, OrderEvent, RestingAdded, RestingCanceled, RestingReduced, RestingReplaced,
    RestingTraded,
)  # fmt: skip
from .orders import WorkingOrder

OURS = "us"


class Recorded:
    """An order of the record: what is left of it by the record, and what of that we took."""

    __slots__ = ("number", "side", "price", "leaves", "taken")

    def __init__(self, number: int, side: Side, price: int, leaves: int) -> None:
        self.number = number
        self.side = side
        self.price = price
        self.leaves = leaves
        self.taken = 0

    @property
    def free(self) -> int:
        """What can be taken of it."""
        return self.leaves - self.taken


class OrderByOrder:
    """One symbol's market of single orders, with the interface of `SymbolVenue`.

    In the book others have numbers above 0, by their order of arrival, and ours the negative of
    their own.
    """

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.last = 0
        self.last_qty = 0
        self.unknown = 0  # events that name an order which is not there
        self._book = Book()
        self._others: dict[str, Recorded] = {}
        self._by_number: dict[int, Recorded] = {}
        self._ours: dict[int, WorkingOrder] = {}
        self._count = 0

    @property
    def bid(self) -> int:
        """The best bid without ours; 0 when there is none."""
        return self._touch(BUY)[0]

    @property
    def bid_qty(self) -> int:
        return self._touch(BUY)[1]

    @property
    def ask(self) -> int:
        """The best ask without ours; 0 when there is none."""
        return self._touch(SELL)[0]

    @property
    def ask_qty(self) -> int:
        return self._touch(SELL)[1]

    # What the market does.

    def hear(self, event: MarketEvent | OrderEvent) -> list[Execution]:
        """Take in what the market did; the fills of our resting orders, in their priority.

        Of other market data only a trade means something: the last price.
        """
        if isinstance(event, RestingAdded):
            return self._added(event.order_id, event.side, event.price, event.qty)
        if isinstance(event, Trade):
            self.last, self.last_qty = event.price, event.qty
            return []
        if isinstance(event, BookCleared):
            for order_id in list(self._others):
                self._gone(order_id)
            self._refresh(None, 0)
            return []
        if not isinstance(
            event, RestingCanceled | RestingReduced | RestingReplaced | RestingTraded
        ):
            return []
        other = self._others.get(event.order_id)
        if other is None:
            self.unknown += 1
            return []
        if isinstance(event, RestingTraded):
            return self._traded(event, other)
        if isinstance(event, RestingReplaced):
            return self._replaced(event, other)
        left = other.leaves - event.qty if isinstance(event, RestingReduced) else 0
        self._leave_of(event.order_id, other, left)
        self._refresh(other.side, other.price)
        return []

    def _added(self, order_id: str, side: Side, price: int, qty: int) -> list[Execution]:
        if order_id in self._others:
            self.unknown += 1
            return []
        self._count += 1
        other = Recorded(self._count, side, price, qty)
        done = self._meet(order_id, other)
        self._others[order_id] = self._by_number[other.number] = other
        if other.free:
            self._book.rest(other.number, side, other.free, price)
        return done

    def _meet(self, order_id: str, other: Recorded) -> list[Execution]:
        """What an order that comes to rest beyond our prices would have traded with us."""
        if not self._ours:
            return []
        done = []
        for ours in self._ours_to(opposite(other.side), other.price):
            qty = min(ours.shown, other.free)
            if not qty:
                break
            other.taken += qty
            told = f"order {order_id} came {_told(other)}; {self._told_book()}"
            done.append(self._fill(ours, qty, FillReason.MARKET_CROSSED, told))
        return done

    def _traded(self, event: RestingTraded, other: Recorded) -> list[Execution]:
        self.last, self.last_qty = other.price, event.qty
        done, left = [], event.qty
        for ours in self._ours_before(other) if self._ours else ():
            qty = min(ours.shown, left)
            if not qty:
                break
            left -= qty
            same = ours.price == other.price
            reason = FillReason.TRADE_AT_PRICE if same else FillReason.TRADE_THROUGH
            told = (f"{text(event.qty)} of order {event.order_id} traded at {text(other.price)}"
                    f" behind ours; ahead {text(ours.ahead)}; {self._told_book()}")  # fmt: skip
            done.append(self._fill(ours, qty, reason, told))
        self._leave_of(event.order_id, other, other.leaves - event.qty)
        self._refresh(other.side, other.price)
        return done

    def _replaced(self, event: RestingReplaced, other: Recorded) -> list[Execution]:
        keeps = event.new_id == event.order_id and event.price == other.price
        if keeps and event.qty <= other.leaves:
            self._leave_of(event.order_id, other, event.qty)
            self._refresh(other.side, other.price)
            return []
        if event.new_id != event.order_id and event.new_id in self._others:
            self.unknown += 1
            return []
        taken = min(other.taken, event.qty)
        self._gone(event.order_id)
        self._refresh(other.side, other.price)
        self._count += 1
        moved = Recorded(self._count, other.side, event.price, event.qty)
        moved.taken = taken
        done = self._meet(event.new_id, moved)
        self._others[event.new_id] = self._by_number[moved.number] = moved
        if moved.free:
            self._book.rest(moved.number, moved.side, moved.free, moved.price)
        return done

    def _leave_of(self, order_id: str, other: Recorded, leaves: int) -> None:
        """By the record so much is left of an order; it keeps its place."""
        if leaves <= 0:
            self._gone(order_id)
            return
        before = other.free
        other.leaves = leaves
        other.taken = min(other.taken, leaves)
        if before and not other.free:
            self._book.cancel(other.number)
        elif before:
            self._book.reduce(other.number, other.free)

    def _gone(self, order_id: str) -> None:
        other = self._others.pop(order_id)
        del self._by_number[other.number]
        if other.free:
            self._book.cancel(other.number)

    # What our orders do.

    def fillable(self, side: Side, limit: int | None) -> int:
        """What an order of that side could take of others within its limit."""
        found: int = sum([order.leaves for order in self._offers(side, limit)])
        return found

    def crosses(self, side: Side, price: int) -> bool:
        """Whether an order would meet an order of others at once."""
        return next(self._offers(side, price), None) is not None

    def take(self, order: WorkingOrder) -> list[Execution]:
        """Let the order take others' orders within its limit, best price and oldest first."""
        touch = self.ask if order.side is BUY else self.bid
        wanted, met = order.leaves, []
        for offer in self._offers(order.side, order.price):
            met.append((offer, min(offer.leaves, wanted)))
            wanted -= met[-1][1]
            if not wanted:
                break
        done = []
        for offer, qty in met:
            other, price = self._by_number[offer.number], offer.level.price
            told = f"took {text(qty)} of {_told(other)}; {self._told_book()}"
            other.taken += qty
            if other.free:
                self._book.reduce(other.number, other.free)
            else:
                self._book.cancel(other.number)
            self._refresh(other.side, price)
            order.leaves -= qty
            reason = FillReason.TOOK_TOUCH if price == touch else FillReason.TOOK_LEVEL
            done.append(Execution(order, qty, price, TAKER, Why(reason, told)))
        order.shown = min(order.shown, order.leaves)
        return done

    def rest(self, order: WorkingOrder) -> None:
        """What shows of the order becomes the youngest at its price."""
        if order.price is None:
            raise ContractError(f"order {order.order_id} has no limit; it cannot rest")
        self._book.rest(-order.number, order.side, order.shown, order.price, OURS)
        self._ours[order.number] = order
        self._refresh(order.side, order.price)

    def leave(self, order: WorkingOrder) -> None:
        """The order leaves the queue; the slice of an iceberg may be used up."""
        del self._ours[order.number]
        self._book.cancel(-order.number)

    def reduce(self, order: WorkingOrder, leaves: int) -> None:
        """Less of the order is left to fill; it keeps its place."""
        assert 0 < leaves <= order.leaves, "an order that is reduced becomes smaller, not nothing"
        order.leaves = leaves
        if leaves < order.shown:
            order.shown = leaves
            self._book.reduce(-order.number, leaves)

    def resting(self, side: Side | None = None) -> Iterator[WorkingOrder]:
        """Our resting orders in priority, buys before sells; they may change meanwhile."""
        if side is not SELL:
            yield from self._ours_to(BUY, None)
        if side is not BUY:
            yield from self._ours_to(SELL, None)

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        return (
            self.symbol, self.last, self.last_qty, self.unknown, self._count, self._book.state(),
            tuple([(name, other.number, other.leaves, other.taken)
                   for name, other in self._others.items()]),
            tuple([order.state() for order in self._ours.values()]),
        )  # fmt: skip

    def _offers(self, side: Side, limit: int | None) -> Iterator[Resting]:
        """Others' orders that one of that side may take, in their priority."""
        for level in self._book.side(opposite(side)).best_first():
            price = level.price
            if limit is not None and (price > limit if side is BUY else price < limit):
                return
            for order in level:
                if order.number > 0:
                    yield order

    def _ours_to(self, side: Side, price: int | None) -> list[WorkingOrder]:
        """Ours of one side at that price and better ones, in priority."""
        sign = 1 if side is BUY else -1
        found: dict[int, None] = {}
        for order in self._ours.values():
            if order.side is side and order.price is not None:
                if price is None or sign * order.price >= sign * price:
                    found[sign * order.price] = None
        levels = self._book.side(side).levels
        ours: list[WorkingOrder] = []
        for key in sorted(found, reverse=True):
            ours += _ours_in(levels[key], self._ours) if key in levels else []
        return ours

    def _ours_before(self, other: Recorded) -> list[WorkingOrder]:
        """Ours that an aggressor meets before it meets this order.

        An order of which we took all stands nowhere: only better prices come before it for sure.
        """
        before = []
        for order in self._ours_to(other.side, other.price):
            if order.price != other.price:
                before.append(order)
        resting = self._book.orders.get(other.number)
        if resting is not None:
            found = []
            ahead = resting.before
            while ahead is not None:
                if ahead.number < 0:
                    found.append(self._ours[-ahead.number])
                ahead = ahead.before
            before += reversed(found)
        return before

    def _fill(self, order: WorkingOrder, qty: int, reason: FillReason, told: str) -> Execution:
        """A fill of what shows of a resting order; a finished one leaves."""
        price = order.price
        assert price is not None, "an order without a limit rests nowhere"
        if qty == order.shown:
            self._book.cancel(-order.number)
        else:
            self._book.reduce(-order.number, order.shown - qty)
        order.leaves -= qty
        order.shown -= qty
        if not order.leaves:
            del self._ours[order.number]
        return Execution(order, qty, price, MAKER, Why(reason, told))

    def _refresh(self, side: Side | None, price: int) -> None:
        """Tell our orders of a level, or all of them, what others have queued before them."""
        for order in self._ours.values():
            if side is None or (order.side is side and order.price == price):
                resting, order.ahead = self._book.orders.get(-order.number), 0
                before = None if resting is None else resting.before
                while before is not None:
                    order.ahead += before.leaves if before.number > 0 else 0
                    before = before.before

    def _touch(self, side: Side) -> tuple[int, int]:
        """The best price at which others rest, and how much."""
        orders = self._book.orders
        for level in self._book.side(side).best_first():
            theirs = level.qty
            for order in self._ours.values():
                if order.side is side and order.price == level.price and -order.number in orders:
                    theirs -= orders[-order.number].leaves
            if theirs:
                return level.price, theirs
        return 0, 0

    def _told_book(self) -> str:
        return told_book(self.bid, self.bid_qty, self.ask, self.ask_qty)


def _ours_in(level: Level, ours: dict[int, WorkingOrder]) -> list[WorkingOrder]:
    return [ours[-order.number] for order in level if order.number < 0]


def _told(other: Recorded) -> str:
    return f"{other.side.value} {text(other.leaves)} at {text(other.price)}"
