"""A bad line to an exchange: a client like any other, on which a plan of faults strikes.

    exchange = FaultyExchange(SimulatedExchange(...), read_plan(text))

Requests get lost, come late or twice; answers as well, and fills overtake them. While the line is
down nothing is sent, and what the exchange says meanwhile is heard when it is back. What is lost
is lost for the line only: whoever asks the exchange is told the truth, unless it has forgotten.
Where the exchange answers later, a request without an answer is silence; where it answers at once,
it is a timeout. `strikes.struck` is the account of what was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from ...core.clock import NS_PER_MS, EventClock
from ...core.contracts_v1 import (
    Approved, CancelFailed, FundingPaid, OrderAccepted, OrderCanceled, OrderRejected, Side,
)  # fmt: skip
from ...core.errors import LiveError, NotSent
from ...core.order_rules import OrderRules
from ...core.record import fields_of
from ...exchange import (
    FillEvent, IExchangeClient, InProcess, OpenOrder, OrderStatus, PlaceOrderRequest,
    PlaceOrderResponse, Position,
)  # fmt: skip
from ...exchange_answers import Answer, AnsweringExchange
from ...exchange_query import Found, OrderAnswer, QueryableExchange
from ...exchange_rules import told_rules
from .plan import FaultKind, FaultPlan
from .strikes import Strikes

_PENDING = PlaceOrderResponse(True, None, OrderStatus.PENDING)
_TIMEOUT = "no answer in time"
_FOREVER_NS = 1 << 63


class FaultyExchange:
    """An exchange behind a bad line."""

    def __init__(self, exchange: IExchangeClient, plan: FaultPlan) -> None:
        self.exchange = exchange
        self.strikes = Strikes(plan)
        self._answering = exchange if isinstance(exchange, AnsweringExchange) else None
        self._clock = EventClock()
        self._before: Callable[[], int] = lambda: 0
        self._here_ns = 0  # the time at our end, as far as a world has told it
        self._seq = 0
        self._late: list[tuple[int, int, Callable[[], None]]] = []  # requests on their way
        self._held: list[tuple[int, int, Answer]] = []  # answers on their way
        self._offered: object = None  # the answer to which a world has called us last
        self._picks = any(one.symbol or one.side for one in plan.faults)
        self._about: dict[str, tuple[str, Side]] = {}  # symbol and side, by either id

    def join(self, line: EventClock, before: Callable[[], int]) -> None:
        """Live on the line of a loop, with the exchange."""
        self._clock, self._before = line, before
        if isinstance(self.exchange, InProcess):
            self.exchange.join(line, before)

    def describe(self) -> dict[str, Any]:
        """The exchange, and what is to go wrong with it."""
        exchange = self.exchange
        told = exchange.describe() if isinstance(exchange, InProcess) else {
            "client": exchange.__class__.__name__
        }
        return {**told, "faults": self.strikes.plan.describe()}

    # Requests.

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        """Send a request over the line, as far as it gets."""
        now_ns = self._now_ns()
        self._run_late(now_ns)
        name, symbol, side = req.client_order_id, req.symbol, req.side
        if self._picks:
            self._about[name] = symbol, side
        if self._is_down(FaultKind.DISCONNECT) or self._strikes(FaultKind.NOT_SENT, name):
            raise NotSent("the line is down")
        if self._is_down(FaultKind.OUTAGE) or self._strikes(FaultKind.LOSE_REQUEST, name):
            return self._silence()
        if self._strikes(FaultKind.RATE_LIMIT, name):
            return self._refusal("too many requests")
        if self._strikes(FaultKind.REJECT, name):
            return self._refusal("the exchange takes no orders now")
        late = self.strikes.strike(FaultKind.LATE_REQUEST, now_ns, name, symbol, side)
        if late is not None:
            self._later(now_ns + late.by_ns, lambda: self._arrive(req))
            return self._silence()
        response = self.exchange.place_limit(req)
        if self._strikes(FaultKind.TWICE, name):
            self._arrive(req)
        return self._heard(req, response)

    def cancel(self, order_id: str) -> bool | None:
        """Send a cancel over the line, as far as it gets."""
        now_ns = self._now_ns()
        self._run_late(now_ns)
        if self._is_down(FaultKind.DISCONNECT):
            raise LiveError("the line is down")
        if self._is_down(FaultKind.OUTAGE) or self._strikes(FaultKind.LOSE_CANCEL, order_id):
            return self._no_word()
        late = self.strikes.strike(FaultKind.LATE_CANCEL, now_ns, order_id, *self._of(order_id))
        if late is not None:
            self._later(now_ns + late.by_ns, lambda: self._arrive_cancel(order_id))
            return self._no_word()
        confirmed = self.exchange.cancel(order_id)
        if not confirmed:
            return confirmed
        heard = self._on_the_way(OrderCanceled(order_id, now_ns), now_ns)
        if [due for due, _ in heard] == [now_ns]:
            return True
        for due_ns, answer in heard:
            self._hold(due_ns, answer)
        return self._no_word()

    # Answers.

    def stream_answers(self) -> Iterator[Answer]:
        """What has come over the line by now; what is delayed, double or lost is the plan's."""
        self._run_late(self._now_ns())
        for answer in self._said():
            now_ns = self._now_ns()
            for due_ns, heard in self._on_the_way(answer, now_ns):
                self._hold(due_ns, heard)
            yield from self._due()
        yield from self._due()

    def stream_fills(self) -> Iterator[FillEvent]:
        """The same for who wants nothing but fills; other answers stay where they are."""
        others = []
        for answer in self.stream_answers():
            if isinstance(answer, FillEvent):
                yield answer
            else:
                others.append(answer)
        for answer in others:
            self._hold(0, answer)

    def next_answer_ns(self) -> int | None:
        """When the next answer may come; None when none is on its way."""
        times = [queue[0][0] for queue in (self._late, self._held) if queue]
        if self._answering is not None:
            theirs = self._answering.next_answer_ns()
            if theirs is not None:
                times.append(self._through_ns(max(theirs, self._now_ns())))
        due_ns = min(times, default=_FOREVER_NS)
        return due_ns if due_ns < _FOREVER_NS else None

    # A world that drives the exchange drives the line as well.

    def next_due_ns(self) -> int | None:
        """When something that is on the line comes to either end of it; None when nothing does."""
        due_ns = self._late[0][0] if self._late else _FOREVER_NS
        if self._held and self._held[0] is not self._offered:
            due_ns = min(due_ns, self._held[0][0])
        return due_ns if due_ns < _FOREVER_NS else None

    def come_to(self, ns: int) -> bool:
        """Requests arrive that are due by now; whether there is an answer to be heard, too."""
        self._here_ns = max(self._here_ns, ns)
        self._run_late(ns)
        first = self._held[0] if self._held else None
        if first is None or first[0] > ns or first is self._offered:
            return False
        self._offered = first
        return True

    # Questions.

    def get_order(self, client_order_id: str) -> OrderAnswer:
        """What the exchange says of one order of ours."""
        exchange = self._asked()
        if self._is_down(FaultKind.AMNESIA):
            return OrderAnswer(Found.UNKNOWN, None)
        if not isinstance(exchange, QueryableExchange):
            raise LiveError("this exchange cannot be asked for one order")
        return exchange.get_order(client_order_id)

    def cancel_client_order(self, client_order_id: str) -> bool:
        """Cancel by our own id, and hear at once what came of it."""
        exchange = self._asked()
        if self._is_down(FaultKind.AMNESIA):
            return False
        if not isinstance(exchange, QueryableExchange):
            raise LiveError("this exchange cannot cancel by our id")
        return exchange.cancel_client_order(client_order_id)

    def get_fills(self) -> list[FillEvent] | None:
        """All executions, as the exchange has them."""
        exchange = self._asked()
        return exchange.get_fills() if isinstance(exchange, QueryableExchange) else None

    def get_balances(self) -> dict[str, int] | None:
        """Money, as the exchange has it."""
        exchange = self._asked()
        return exchange.get_balances() if isinstance(exchange, QueryableExchange) else None

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        """Orders that rest, where the exchange remembers them."""
        exchange = self._asked()
        return [] if self._is_down(FaultKind.AMNESIA) else exchange.get_open_orders(symbol)

    def get_positions(self) -> list[Position]:
        """Positions that are not flat."""
        return self._asked().get_positions()

    def rules_of(self, symbol: str) -> OrderRules | None:
        """Its rules are known before anything goes over the line, so nothing strikes them."""
        return told_rules(self.exchange, (symbol,))[symbol]

    def _asked(self) -> IExchangeClient:
        """The exchange, when it can be asked."""
        self._run_late(self._now_ns())
        for kind in (FaultKind.DISCONNECT, FaultKind.OUTAGE):
            if self._is_down(kind):
                raise LiveError("the exchange does not answer")
        return self.exchange

    # What strikes.

    def _strikes(self, kind: FaultKind, about: str) -> bool:
        found = self.strikes.strike(kind, self._now_ns(), about, *self._of(about))
        return found is not None

    def _is_down(self, kind: FaultKind) -> bool:
        return self.strikes.lasts(kind, self._now_ns()) is not None

    def _through_ns(self, ns: int) -> int:
        """When something gets through that comes to the line at this time: it may be down."""
        self._is_down(FaultKind.DISCONNECT)  # it is told that it is
        over_ns = self.strikes.over_ns(FaultKind.DISCONNECT, ns)
        return _FOREVER_NS if over_ns is None else over_ns

    def _of(self, name: str) -> tuple[str | None, Side | None]:
        return self._about.get(name, (None, None))

    def _on_the_way(self, answer: Answer, now_ns: int) -> list[tuple[int, Answer]]:
        """When an answer arrives, once, twice or never."""
        if isinstance(answer, FundingPaid):  # no order's; the line only holds it up
            return [(self._through_ns(now_ns), answer)]
        lose, late, double = _KINDS[answer.__class__]
        if isinstance(answer, OrderAccepted) and answer.client_order_id in self._about:
            self._about[answer.order_id] = self._about[answer.client_order_id]
        name = answer.client_order_id if isinstance(answer, OrderRejected) else answer.order_id
        symbol, side = self._of(name)
        strike = self.strikes.strike
        if strike(lose, now_ns, name, symbol, side) is not None:
            return []
        held = strike(late, now_ns, name, symbol, side)
        due_ns = self._through_ns(now_ns if held is None else now_ns + held.by_ns)
        skew = strike(FaultKind.CLOCK_SKEW, now_ns, name, symbol, side)
        if skew is not None:
            answer = _skewed(answer, skew.by_ns)
        twice = double is not None and strike(double, now_ns, name, symbol, side) is not None
        return [(due_ns, answer)] * (2 if twice else 1)

    # What is on its way.

    def _said(self) -> Iterator[Answer]:
        if self._answering is not None:
            return self._answering.stream_answers()
        return iter(self.exchange.stream_fills())

    def _due(self) -> Iterator[Answer]:
        """What has arrived; our clock moves to each one's arrival."""
        held, now_ns = self._held, self._now_ns()
        while held and held[0][0] <= now_ns:
            due_ns, _, answer = heappop(held)
            self._clock.advance_to(due_ns)
            yield answer

    def _hold(self, due_ns: int, answer: Answer) -> None:
        self._seq += 1
        heappush(self._held, (due_ns, self._seq, answer))

    def _later(self, due_ns: int, arrive: Callable[[], None]) -> None:
        self._seq += 1
        heappush(self._late, (due_ns, self._seq, arrive))

    def _run_late(self, now_ns: int) -> None:
        """Let the requests arrive that are due."""
        self.strikes.start(now_ns)
        late = self._late
        while late and late[0][0] <= now_ns:
            heappop(late)[2]()

    def _arrive(self, req: PlaceOrderRequest) -> None:
        """A request that nobody waits for any more; one that is too old is not taken."""
        now_ns = self._now_ns()
        if isinstance(req, Approved) and now_ns > req.expires_ns:
            return
        try:
            response = self.exchange.place_limit(req)
        except LiveError:  # nobody is there to be told
            return
        if response.status is OrderStatus.PENDING:
            return
        for due_ns, answer in self._on_the_way(_answer_of(req, response, now_ns), now_ns):
            self._hold(due_ns, answer)

    def _arrive_cancel(self, order_id: str) -> None:
        now_ns = self._now_ns()
        try:
            confirmed = self.exchange.cancel(order_id)
        except LiveError:
            return
        if confirmed is None:
            return
        answer = OrderCanceled(order_id, now_ns) if confirmed else CancelFailed(
            order_id, "the exchange said no", now_ns
        )
        for due_ns, heard in self._on_the_way(answer, now_ns):
            self._hold(due_ns, heard)

    def _heard(self, req: PlaceOrderRequest, response: PlaceOrderResponse) -> PlaceOrderResponse:
        """An answer at once, as the line lets it through."""
        if response.status is OrderStatus.PENDING:
            return response
        now_ns = self._now_ns()
        arrivals = self._on_the_way(_answer_of(req, response, now_ns), now_ns)
        at_once = bool(arrivals) and arrivals[0][0] == now_ns
        for due_ns, answer in arrivals[1:] if at_once else arrivals:
            self._hold(due_ns, answer)
        return response if at_once else self._silence()

    def _silence(self) -> PlaceOrderResponse:
        if self._answering is None:
            raise LiveError(_TIMEOUT)
        return _PENDING

    def _no_word(self) -> bool | None:
        if self._answering is None:
            raise LiveError(_TIMEOUT)
        return None

    def _refusal(self, message: str) -> PlaceOrderResponse:
        now_ms = self._now_ns() // NS_PER_MS
        return PlaceOrderResponse(False, None, OrderStatus.REJECTED, message, now_ms)

    def _now_ns(self) -> int:
        return max(self._clock.ns, self._here_ns) or self._before() * NS_PER_MS


_KINDS: dict[type, tuple[FaultKind, FaultKind, FaultKind | None]] = {
    OrderAccepted: (FaultKind.LOSE_ANSWER, FaultKind.LATE_ANSWER, FaultKind.DUPLICATE_ANSWER),
    OrderRejected: (FaultKind.LOSE_ANSWER, FaultKind.LATE_ANSWER, FaultKind.DUPLICATE_ANSWER),
    OrderCanceled: (FaultKind.LOSE_CANCEL_ANSWER, FaultKind.LATE_CANCEL_ANSWER, None),
    CancelFailed: (FaultKind.LOSE_CANCEL_ANSWER, FaultKind.LATE_CANCEL_ANSWER, None),
    FillEvent: (FaultKind.LOSE_FILL, FaultKind.LATE_FILL, FaultKind.DUPLICATE_FILL),
}


def _answer_of(
    req: PlaceOrderRequest, response: PlaceOrderResponse, now_ns: int
) -> OrderAccepted | OrderRejected:
    """What was said at once, as it would be said later."""
    if response.success and response.order_id is not None:
        return OrderAccepted(req.client_order_id, response.order_id, now_ns)
    return OrderRejected(req.client_order_id, response.message or "", now_ns)


def _skewed(answer: Answer, by_ns: int) -> Answer:
    """The same by a clock that is ahead or behind."""
    if isinstance(answer, FillEvent):
        made = FillEvent.__new__(FillEvent)
        for name in FillEvent.__slots__:
            setattr(made, name, getattr(answer, name))
        made.timestamp_ms = max(answer.timestamp_ms + by_ns // NS_PER_MS, 0)
        return made
    said = [getattr(answer, name) for name in fields_of(answer)]
    said[-1] = max(said[-1] + by_ns, 0)
    return answer.__class__(*said)
