"""The simulated exchange as a client sees it: the port, and the wires with their delays.

Where nothing takes any time it answers on the spot, as the fake does. Otherwise a request is on its
way, arrives, and what the exchange makes of it is among the answers once it has come back. Neither
requests nor answers overtake each other. Questions (`get_order`, `get_positions`, ...) are answered
at once, as the exchange stands.

Driven by a `SimulatedWorld` it hears the market; alone it lives on the clock of its loop.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from ..core.clock import NS_PER_MS, EventClock
from ..core.errors import LiveError
from ..core.order_rules import OrderRules
from ..core.outputs_v1 import Approved, PlaceOrderRequest
from ..core.record import fields_of
from ..exchange import FillEvent, OpenOrder, OrderStatus, PlaceOrderResponse, Position
from ..exchange_answers import Answer
from ..exchange_query import OrderAnswer
from .answers import Amended, Answers
from .delays import DrawnDelays
from .desk import Desk
from .due import COMMAND, QUOTE, TIMER, Due, Entry
from .orders import OrderRequest, WorkingOrder, plain_request
from .queries import answer_about, open_order
from .refusals import Refusal, RejectReason
from .terms import Terms

DEFAULT_SEED = 42
_PENDING, _REJECTED = OrderStatus.PENDING, OrderStatus.REJECTED
_NOTHING: Iterator[Any] = iter(())
_new_response = PlaceOrderResponse.__new__


class SimulatedExchange:
    """An exchange on its terms; the same seed, calls and market give the same answers."""

    def __init__(self, terms: Terms | None = None, *, seed: int = DEFAULT_SEED) -> None:
        self.seed = seed
        self._line = EventClock()
        self._before: Callable[[], int] | None = None
        self.renew(Terms() if terms is None else terms)

    def renew(self, terms: Terms) -> None:
        """Become as new, on these terms."""
        self.terms = terms
        self.reset()

    def reset(self) -> None:
        """Become as new: orders, positions, markets, what is on its way, and every generator."""
        delays = self.terms.delays
        self._instant = delays.is_zero
        self.delays = DrawnDelays(delays, self.seed)
        self.due = Due()
        self.answers = Answers(self.delays)
        self.desk = Desk(self.terms, self.due, self.answers)
        self._clock, self._heap = self.desk.clock, self.due.heap
        self.driven = False
        self.here_ns = 0  # the time at our end, as far as a world has told it
        self.requests_under_way = 0
        self.unanswered = 0  # requests by a name that was taken: no answer could be told apart
        self._amendments: deque[Amended] = deque()
        self._newest_request_ns = 0

    def join(self, line: EventClock, before: Callable[[], int]) -> None:
        """Live on the line of a loop; `before` tells the milliseconds till it begins."""
        self._line = line
        self._before = before

    def describe(self) -> dict[str, Any]:
        """Everything that this exchange was made with: it decides every answer."""
        return {"client": self.__class__.__name__, "seed": self.seed, **self.terms.describe()}

    # What a client sends.

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        """A limit order that waits till it is canceled."""
        qty, price = req.qty_e9, req.price_e9
        expires_ns = req.expires_ns if isinstance(req, Approved) else None
        makes_sense = qty > 0 and price > 0
        if makes_sense and self._instant:
            now_ms = self._come_up() // NS_PER_MS
            order = self.desk.admit_plain(req, expires_ns)
            if order is not None:
                return self._taken(order, now_ms)
        request = plain_request(req.client_order_id, req.symbol, req.side, qty, price)
        return self._place(request, expires_ns, makes_sense)

    def submit(self, request: OrderRequest) -> PlaceOrderResponse:
        """An order of any kind."""
        return self._place(request, None, False)

    def cancel(self, order_id: str) -> bool | None:
        """True when the order was open and now is not; None when the request is on its way."""
        if not self._instant:
            self._send(("cancel", order_id), self.delays.cancel_ns())
            return None
        self._come_up()
        desk = self.desk
        return order_id in desk.live and desk.cancel(order_id) is None

    def amend(
        self, order_id: str, *, qty: int | None = None, price: int | None = None,
        stop: int | None = None,
    ) -> Amended | None:  # fmt: skip
        """Change an open order, `qty` being its new total; None when the request is on its way."""
        if not self._instant:
            self._send(("amend", order_id, qty, price, stop), self.delays.submit_ns())
            return None
        now_ns = self._come_up()
        return Amended(order_id, self.desk.amend(order_id, qty, price, stop), now_ns)

    def replace(self, order_id: str, request: OrderRequest) -> PlaceOrderResponse:
        """Put another order in the place of an open one; its `qty` is the total of both.

        The old one is canceled at the moment at which the new one is taken, or neither is done.
        """
        return self._place(request, None, False, order_id)

    # What a client hears, and asks.

    def stream_answers(self) -> Iterator[Answer]:
        """All that has reached us by now, each once; our clock moves to each one's arrival."""
        if not self.driven:
            self.run_to(self._line.ns)
        return self._arrived() if self.answers.under_way else _NOTHING

    def stream_fills(self) -> Iterator[FillEvent]:
        """The fills among the answers, for a client that wants nothing else."""
        if not self.driven:
            self.run_to(self._line.ns)
        return self._arrived_fills() if self.answers.under_way else _NOTHING

    def stream_amendments(self) -> Iterator[Amended]:
        """What became of amendments that were on their way, as far as `stream_answers` came."""
        while self._amendments:
            yield self._amendments.popleft()

    def next_answer_ns(self) -> int | None:
        """When something may be heard again; None when nothing is on its way.

        A request under way counts from its arrival: there is no answer before that.
        """
        arrives_ns = self.answers.next_ns()
        entry = self.due.first() if self.requests_under_way else None
        if entry is not None and (arrives_ns is None or entry[0] < arrives_ns):
            return int(entry[0])
        return arrives_ns

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        """Orders that have not ended, oldest first."""
        live = self.desk.live.values()
        return [open_order(order) for order in live if symbol in (None, order.symbol)]

    def get_positions(self) -> list[Position]:
        """Positions that are not flat, by symbol, at their average entry price."""
        return self.desk.accounts.positions()

    def get_order(self, client_order_id: str) -> OrderAnswer:
        """What became of an order; it raises when that was forgotten."""
        return answer_about(self.desk.register, client_order_id)

    def cancel_client_order(self, client_order_id: str) -> bool:
        """Cancel by our own name, at once."""
        known = self.desk.register.find(client_order_id)
        return isinstance(known, WorkingOrder) and self.desk.cancel(known.order_id) is None

    def get_fills(self) -> list[FillEvent]:
        """The executions of all orders that are remembered, oldest first."""
        return self.desk.register.fills()

    def get_balances(self) -> dict[str, int] | None:
        """Cash by currency at 10^18; None where no count is kept of it."""
        return self.desk.accounts.balances()

    def rules_of(self, symbol: str) -> OrderRules | None:
        """What this exchange takes of a symbol, as far as whoever quotes must keep to it."""
        rules = self.terms.rules.get(symbol)
        return None if rules is None else rules.for_orders()

    # Time.

    def run_to(self, ns: int) -> None:
        """Let everything happen that is due up to this time."""
        due, clock = self.due, self._clock
        while due.heap and (entry := due.first()) is not None and entry[0] <= ns:
            self.handle(due.take())
        if ns > clock.ns:
            clock.ns = ns

    def handle(self, entry: Entry) -> None:
        """Let one thing happen whose time has come."""
        time_ns, rank, _, action = entry
        desk = self.desk
        if time_ns > desk.clock.ns:
            desk.clock.ns = time_ns
        if rank == TIMER:
            desk.timer(*action)
            return
        self.requests_under_way -= 1
        verb, bars = action[0], desk.bars
        if bars is not None:
            bars.request_comes()
        if verb == "place":
            _, request, expires_ns, checked, instead_of = action
            self._arrive(request, expires_ns, checked, instead_of)
        elif verb == "amend":
            _, *said = action
            self.answers.amended(said[0], desk.amend(*said), desk.clock.ns)
        else:
            _, order_id = action
            why = desk.cancel(order_id)
            if why is None:
                self.answers.canceled(order_id, desk.clock.ns)
            else:
                self.answers.cancel_failed(order_id, why, desk.clock.ns)
        if bars is not None:
            bars.request_is_done()

    def state(self) -> tuple[object, ...]:
        """All of it, what is on its way included; two exchanges with one state go on alike."""
        waiting = tuple((*entry[:2], _plain(entry[3])) for entry in self.due.waiting())
        return self.desk.state(), self.answers.state(), waiting, self._newest_request_ns

    def state_hash(self) -> str:
        """The SHA-256 of the state."""
        return hashlib.sha256(repr(self.state()).encode()).hexdigest()

    # The wires.

    def _arrived(self) -> Iterator[Answer]:
        line, under_way = self._line, self.answers.under_way
        while under_way:
            arrives_ns = under_way[0][0]
            if arrives_ns > line.ns:
                if arrives_ns > self.here_ns:
                    return
                line.ns = arrives_ns
            said = under_way.popleft()[1]
            if isinstance(said, Amended):
                self._amendments.append(said)
            else:
                yield said

    def _arrived_fills(self) -> Iterator[FillEvent]:
        for arrives_ns, fill in self.answers.arrived_fills(max(self._line.ns, self.here_ns)):
            self._line.advance_to(arrives_ns)
            yield fill

    def _place(
        self, request: OrderRequest, expires_ns: int | None, checked: bool, instead_of: str = ""
    ) -> PlaceOrderResponse:
        if not self._instant:
            sent = ("place", request, expires_ns, checked, instead_of)
            now_ns = self._send(sent, self.delays.submit_ns())
            return PlaceOrderResponse(True, None, _PENDING, None, now_ns // NS_PER_MS)
        now_ms = self._come_up() // NS_PER_MS
        order = self.desk.admit(request, expires_ns, checked, instead_of)
        if isinstance(order, Refusal):
            if order.reason is RejectReason.DUPLICATE_ID:
                raise LiveError(order.message)  # not a no: the other order may be open
            return PlaceOrderResponse(False, None, _REJECTED, order.message, now_ms)
        return self._taken(order, now_ms)

    def _taken(self, order: WorkingOrder, now_ms: int) -> PlaceOrderResponse:
        """Let an admitted order enter, and say so."""
        self.desk.enter(order)
        response = _new_response(PlaceOrderResponse)
        response.success = True
        response.order_id = order.order_id
        response.status = order.status
        response.message = None
        response.timestamp_ms = now_ms
        return response

    def _arrive(
        self, request: OrderRequest, expires_ns: int | None, checked: bool, instead_of: str
    ) -> None:
        """An order has come to the exchange: its yes or no goes back before its fills."""
        desk, answers = self.desk, self.answers
        order = desk.admit(request, expires_ns, checked, instead_of)
        if not isinstance(order, Refusal):
            answers.accepted(request.client_order_id, order.order_id, desk.clock.ns)
            desk.enter(order)
        elif order.reason is RejectReason.DUPLICATE_ID:
            self.unanswered += 1
        else:
            answers.rejected(request.client_order_id, order.message, desk.clock.ns)

    def _send(self, request: tuple[object, ...], delay_ns: int) -> int:
        """Put a request on its way; what comes back is when it was sent."""
        now_ns = self._now_ns()
        arrives_ns = max(now_ns + delay_ns, self._newest_request_ns, self.desk.clock.ns)
        self._newest_request_ns = arrives_ns
        rank = COMMAND if self.due.is_open(arrives_ns, COMMAND) else QUOTE
        self.due.put(arrives_ns, rank, request)
        if self.desk.bars is not None:
            self.desk.bars.request_leaves(now_ns)
        self.requests_under_way += 1
        return now_ns

    def _come_up(self) -> int:
        """Bring the exchange to the time at our end: no request takes any."""
        now_ns, clock = self._line.ns, self._clock
        if now_ns < self.here_ns or not now_ns:
            now_ns = self._now_ns()
        if self._heap:
            self.run_to(now_ns)
        elif now_ns > clock.ns:
            clock.ns = now_ns
        return clock.ns

    def _now_ns(self) -> int:
        """The time at our end."""
        ns = self._line.ns
        if self.here_ns > ns:
            return self.here_ns
        if not ns and self._before is not None:
            return self._before() * NS_PER_MS
        return ns


def _plain(action: Any) -> tuple[object, ...]:
    """What is due, in values: a request under way, or the order whose time comes."""
    return tuple(
        one.order_id if isinstance(one, WorkingOrder)
        else _told(one) if isinstance(one, OrderRequest) else one
        for one in action
    )  # fmt: skip


def _told(request: OrderRequest) -> tuple[object, ...]:
    values = (getattr(request, name) for name in fields_of(request))
    return tuple(value.value if isinstance(value, Enum) else value for value in values)
