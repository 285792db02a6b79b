"""The desk of a case: it sends orders, hears what comes of them, and keeps what was heard.

Cases are written once. Whether an adapter answers at once or later, and whether its world can be
driven, is seen to here. Every stream is read with a bound; a call that never returns is beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ..core.contracts_v1 import (
    BUY, CancelFailed, OrderAccepted, OrderCanceled, OrderRejected, Side,
)  # fmt: skip
from ..core.errors import LiveError
from ..core.record import record
from ..exchange import (
    FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip
from ..exchange_answers import Answer
from ..sim.orders import OrderRequest
from .candidate import Candidate, Fate, as_candidate
from .capabilities import Capabilities, has
from .case import CaseFailed, CaseNotDriven

MOST_OF_A_STREAM = 10_000
MOST_POLLS = 1_000
ENDLESS = f"a stream goes on behind {MOST_OF_A_STREAM} items"
POLL_NS = 10**7  # with the polls above: ten seconds in which an answer has to come
WORLD_FAILED = (LiveError, OSError)
Item = TypeVar("Item")


class NoAnswer(CaseFailed):
    """A request has no definite end, however long it is waited for."""


@record
class Placed:
    """A request and the definite answer to it; `order_id` is None when it was refused."""

    request: Any
    order_id: str | None
    message: str
    response: PlaceOrderResponse

    @property
    def qty(self) -> int:
        """The quantity asked for, at 10^9."""
        asked = self.request
        qty: int = asked.qty if isinstance(asked, OrderRequest) else asked.qty_e9
        return qty


class Desk:
    """One adapter in one new world, and everything heard from it in its order of arrival."""

    def __init__(self, make: Callable[[], object], where: str | None = None) -> None:
        self._make = make
        self.where = where
        candidate = as_candidate(make())
        self.exchange: Any = candidate.exchange
        self.can: Capabilities = candidate.capabilities or Capabilities()
        assert candidate.stage is not None
        self.stage = candidate.stage
        self.heard: list[Answer] = []
        self.placed: list[Placed] = []
        self._numbers: dict[Side, int] = {}
        self._named = 0

    def another(self) -> Desk:
        """A desk at another adapter, with a world of its own."""
        return Desk(self._make, self.where)

    def renewed(self) -> Desk:
        """A desk without a memory at the same adapter, as it is behind its reset."""
        same = Candidate(self.exchange, self.can, self.stage)
        return Desk(lambda: same, self.where)

    # What is asked of the exchange.

    def request(
        self,
        side: Side = BUY,
        *,
        qty: int | None = None,
        symbol: str | None = None,
        name: str | None = None,
    ) -> PlaceOrderRequest:
        """A limit order under the next of our ids.

        Later buys bid more and later sells ask less, so that the market can meet the newest order
        without touching the ones before it; our buys stay below our sells.
        """
        self._named += 1
        number = self._numbers.get(side, 0)
        self._numbers[side] = number + 1
        step = self.stage.price_e9 // 10_000
        price = step * (9_500 + number if side is BUY else 10_500 - number)
        made = PlaceOrderRequest(
            f"CLI{self._named:08d}" if name is None else name,
            self.stage.symbols[0] if symbol is None else symbol, side, 1, 1,
        )  # fmt: skip
        made.qty_e9 = self.stage.qty_e9 if qty is None else qty
        made.price_e9 = price
        return made

    def order(self, side: Side = BUY, *, qty: int | None = None, **said: Any) -> OrderRequest:
        """The same as an order of any kind; `said` are more fields of it."""
        like = self.request(side, qty=qty)
        fields = {"price": like.price_e9, **said}
        return OrderRequest(like.client_order_id, like.symbol, side, like.qty_e9, **fields)

    def place(self, request: PlaceOrderRequest, fate: Fate | None = None) -> Placed:
        """Send a limit order and wait for the definite answer."""
        return self._send(self.exchange.place_limit, request, request.client_order_id, fate)

    def submit(self, order: OrderRequest, fate: Fate | None = None) -> Placed:
        """Send an order of any kind and wait for the definite answer."""
        return self._send(self.exchange.submit, order, order.client_order_id, fate)

    def cancel(self, order_id: str) -> bool:
        """Whether the cancel was confirmed; what filled before it is heard before it."""
        behind = len(self.heard)
        confirmed = self.exchange.cancel(order_id)
        if confirmed is None and self.can.answers_later:
            answer = self._wait(
                lambda one: isinstance(one, (OrderCanceled, CancelFailed))
                and one.order_id == order_id,
                behind, f"the cancel of {order_id}",
            )  # fmt: skip
            return isinstance(answer, OrderCanceled)
        if type(confirmed) is not bool:
            raise CaseFailed(f"cancel answered {confirmed!r:.60}, neither True nor False")
        self.settle()
        if confirmed:
            self.heard.append(OrderCanceled(order_id, 0))
        return confirmed

    def open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        """The exchange's own list of open orders."""
        return _listed(self.exchange.get_open_orders(symbol), OpenOrder, "get_open_orders")

    def positions(self) -> dict[str, int]:
        """Signed quantity at 10^9 by symbol, without what is flat."""
        listed = _listed(self.exchange.get_positions(), Position, "get_positions")
        return {one.symbol: one.qty_e9 for one in listed if one.qty_e9}

    # What is heard.

    def settle(self) -> list[FillEvent]:
        """Hear all that is on its way; the executions among it."""
        behind = len(self.heard)
        if not self.can.answers_later:
            self.heard += self.read(self.exchange.stream_fills())
        else:
            for _ in range(MOST_POLLS):
                self.heard += self.read(self.exchange.stream_answers())
                if self.exchange.next_answer_ns() is None:
                    break
                self._let_time_pass()
            else:
                raise CaseFailed(f"answers are still on their way after {MOST_POLLS} polls")
        return [one for one in self.heard[behind:] if isinstance(one, FillEvent)]

    def read(self, stream: Iterable[Item]) -> list[Item]:
        """A whole stream, which has to end."""
        found: list[Item] = []
        for one in stream:
            found.append(one)
            if len(found) > MOST_OF_A_STREAM:
                raise CaseNotDriven(f"{ENDLESS}; fills-011 is about that")
        return found

    def fills(self, order_id: str | None = None) -> list[FillEvent]:
        """The executions heard so far, of one order or of all; a declared repeat counts once."""
        seen: set[str] = set()
        found = []
        for one in self.reports():
            if order_id not in (None, one.order_id):
                continue
            if self.can.repeats_fills and one.fill_id is not None:
                if one.fill_id in seen:
                    continue
                seen.add(one.fill_id)
            found.append(one)
        return found

    def reports(self) -> list[FillEvent]:
        """Every report of an execution, as it was heard."""
        return [one for one in self.heard if isinstance(one, FillEvent)]

    def filled(self, order_id: str | None) -> int:
        """What was heard to have filled of an order, at 10^9."""
        total: int = sum(fill.qty_e9 for fill in self.fills(order_id or ""))
        return total

    def canceled(self) -> list[str]:
        """The orders whose cancel was confirmed, in that order."""
        return [one.order_id for one in self.heard if isinstance(one, OrderCanceled)]

    # The world behind it.

    def meets(self, request: Any, fate: Fate) -> None:
        """Set the world for the next request."""
        if self.stage.meets is None:
            raise CaseNotDriven("the stage has no meets")
        self.stage.meets(request, fate)

    def resting(self, side: Side = BUY, **said: Any) -> Placed:
        """An order that was taken and has not filled."""
        return self.arranged(self.request(side, **said), Fate.RESTS)

    def filling(self, side: Side = BUY, **said: Any) -> Placed:
        """An order that was taken and has filled whole."""
        return self.arranged(self.request(side, **said), Fate.FILLS)

    def arranged(self, request: PlaceOrderRequest, fate: Fate) -> Placed:
        """An order that met its fate; else the case could not begin, and `stage-*` says why."""
        placed = self.place(request, fate)
        self.settle()
        wrong = self.missed(placed, fate)
        if wrong is not None:
            raise CaseNotDriven(wrong)
        return placed

    def missed(self, placed: Placed, fate: Fate) -> str | None:
        """What became of an order that was to meet a fate; None when it met it."""
        filled = self.filled(placed.order_id) if placed.order_id is not None else 0
        met = {
            Fate.REJECTED: placed.order_id is None,
            Fate.RESTS: placed.order_id is not None and not filled,
            Fate.FILLS: filled == placed.qty,
            Fate.FILLS_IN_PART: 0 < filled < placed.qty,
        }
        if met[fate]:
            return None
        became = f"filled {filled} of {placed.qty}" if placed.order_id else "was rejected"
        return f"an order for which the stage arranged {fate.value!r} {became}"

    def trade(self, order_id: str, qty: int) -> list[FillEvent]:
        """Have the world trade with a resting order; the executions that are heard of it."""
        if self.stage.fill is None:
            raise CaseNotDriven("the stage has no fill")
        before = len(self.fills(order_id))
        self.stage.fill(order_id, qty)
        self.settle()
        return self.fills(order_id)[before:]

    def _send(
        self, send: Callable[[Any], Any], request: Any, name: str, fate: Fate | None
    ) -> Placed:
        if fate is not None:
            self.meets(request, fate)
        behind = len(self.heard)
        response = send(request)
        if not isinstance(response, PlaceOrderResponse):
            raise CaseFailed(f"the answer is {type(response).__name__}, not a PlaceOrderResponse")
        if response.status is OrderStatus.PENDING and self.can.answers_later:
            answer = self._wait(
                lambda one: isinstance(one, (OrderAccepted, OrderRejected))
                and one.client_order_id == name,
                behind, name,
            )  # fmt: skip
        else:
            answer = self._at_once(response, name)
            self.heard.append(answer)
        taken = isinstance(answer, OrderAccepted)
        placed = Placed(
            request, answer.order_id if taken else None, "" if taken else answer.message, response
        )
        self.placed.append(placed)
        return placed

    def _at_once(self, response: PlaceOrderResponse, name: str) -> OrderAccepted | OrderRejected:
        ts_ns = (response.timestamp_ms or 0) * 10**6
        if not response.success:
            return OrderRejected(name, response.message or "", ts_ns)
        if not response.order_id:
            raise CaseFailed(
                f"{name} was answered success, {response.status!r:.40} and the id"
                f" {response.order_id!r}: an order that nobody can name"
            )
        return OrderAccepted(name, response.order_id, ts_ns)

    def _wait(self, wanted: Callable[[Answer], bool], behind: int, what: str) -> Any:
        for _ in range(MOST_POLLS):
            self.heard += self.read(self.exchange.stream_answers())
            found = [one for one in self.heard[behind:] if wanted(one)]
            if found:
                return found[0]
            self._let_time_pass()
        raise NoAnswer(f"no answer to {what} within {MOST_POLLS} polls; can the stage advance?")

    def _let_time_pass(self) -> None:
        if self.stage.advance is not None:
            self.stage.advance(POLL_NS)


def flow(desk: Desk, count: int = 24) -> list[Placed]:
    """A mixed day: both symbols, both sides, all fates that can be had, and some cancels."""
    fates: tuple[Fate | None, ...] = (Fate.RESTS, Fate.FILLS, Fate.FILLS_IN_PART)
    if desk.stage.meets is None:
        fates = (None,)
    cancels = has(desk.can, "cancel")
    for number, side in zip(range(count), _sides()):
        symbol = desk.stage.symbols[number % 2]
        request = desk.request(side, qty=desk.stage.qty_e9 * (1 + number % 4), symbol=symbol)
        placed = desk.place(request, fates[number % len(fates)])
        if cancels and number % 5 == 4 and placed.order_id is not None:
            desk.cancel(placed.order_id)
    desk.settle()
    return desk.placed


def _sides() -> Iterator[Side]:
    while True:
        for side in (*Side, *reversed(Side)):
            yield side


def _listed(given: Any, kind: type[Item], method: str) -> list[Item]:
    if not isinstance(given, list) or not all(isinstance(one, kind) for one in given):
        raise CaseFailed(f"{method} gave {given!r:.60}, not a list of {kind.__name__}")
    return given
