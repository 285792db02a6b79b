"""The bad line: what gets through, what does not, when, how often; with either kind of exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.bad_line import MS, a_request, behind, heard
from tests.unit.builders import BTC, T0_MS, T0_NS, PlainExchange
from tests.unit.late_exchange import LateExchange, accepted, canceled, filled, rejected
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import (
    BUY, REQUEST_LIFE_NS, SELL, CancelFailed, OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from tools.live.core.errors import LiveError, NotSent
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, InProcess, OrderStatus, PlaceOrderResponse,
)  # fmt: skip
from tools.live.exchange_answers import AnsweringExchange
from tools.live.exchange_query import QueryableExchange
from tools.live.sim.faults.plan import Fault, FaultKind, FaultPlan
from tools.live.sim.faults.wire import FaultyExchange

Kind = FaultKind


def test_a_good_line_changes_nothing() -> None:
    plain = PlainExchange()
    faulty, _ = behind(plain)
    response = faulty.place_limit(a_request())
    assert (response.success, response.order_id) == (True, "X1")
    plain.reports.append(filled("X1", BUY))
    assert [answer.__class__ for answer in heard(faulty)] == [FillEvent]
    assert faulty.cancel("X1") is True
    assert faulty.cancel("X1") is False
    assert faulty.next_answer_ns() is None
    assert faulty.strikes.struck == []


def test_it_is_every_port_that_a_loop_knows() -> None:
    faulty, _ = behind(PlainExchange())
    assert isinstance(faulty, (AnsweringExchange, QueryableExchange, InProcess))
    assert isinstance(faulty, AnsweringExchange) and isinstance(faulty, InProcess)


def test_it_says_what_is_behind_it_and_what_is_to_go_wrong() -> None:
    plan = FaultPlan((Fault(Kind.REJECT, nth=(2,)),), 3)
    faults = {"seed": 3, "fault": [{"kind": "reject", "nth": [2]}]}
    fake = FakeExchangeClient()
    assert FaultyExchange(fake, plan).describe() == {**fake.describe(), "faults": faults}
    plain = FaultyExchange(PlainExchange(), plan)
    assert plain.describe() == {"client": "PlainExchange", "faults": faults}


def test_the_exchange_behind_it_joins_the_line_with_it() -> None:
    fake, line = FakeExchangeClient(latency_ms=0), EventClock()
    FaultyExchange(fake, FaultPlan()).join(line, lambda: T0_MS)
    line.advance_to(T0_NS + 5 * MS)
    assert fake.place_limit(a_request()).timestamp_ms == T0_MS + 5


# Requests.


def test_what_is_not_sent_is_said_to_be() -> None:
    plain = PlainExchange()
    faulty, _ = behind(plain, Fault(Kind.NOT_SENT, nth=(1,)))
    with pytest.raises(NotSent, match="the line is down"):
        faulty.place_limit(a_request())
    assert not plain.resting
    assert faulty.place_limit(a_request(2)).success


def test_a_lost_request_is_a_timeout_where_answers_come_at_once() -> None:
    plain = PlainExchange()
    faulty, _ = behind(plain, Fault(Kind.LOSE_REQUEST))
    with pytest.raises(LiveError, match="no answer in time"):
        faulty.place_limit(a_request())
    assert not plain.resting


def test_a_lost_request_is_silence_where_answers_come_later() -> None:
    late = LateExchange()
    faulty, _ = behind(late, Fault(Kind.LOSE_REQUEST))
    assert faulty.place_limit(a_request()).status is OrderStatus.PENDING
    assert late.asked == []


@pytest.mark.parametrize(
    ("kind", "message"),
    [(Kind.REJECT, "the exchange takes no orders now"), (Kind.RATE_LIMIT, "too many requests")],
)
def test_a_refusal_never_reaches_the_exchange(kind: FaultKind, message: str) -> None:
    plain = PlainExchange()
    rate = {"limit": 1, "window_ns": 10**9} if kind is Kind.RATE_LIMIT else {"nth": (2,)}
    faulty, _ = behind(plain, Fault(kind, **rate))  # type: ignore[arg-type]
    assert faulty.place_limit(a_request()).success
    response = faulty.place_limit(a_request(2))
    assert (response.success, response.order_id, response.status) == (
        False, None, OrderStatus.REJECTED,
    )  # fmt: skip
    assert (response.message, response.timestamp_ms) == (message, T0_MS)
    assert len(plain.resting) == 1


@pytest.mark.parametrize("make", [PlainExchange, LateExchange])
def test_a_late_request_arrives_when_its_time_has_come(make: Callable[[], Any]) -> None:
    exchange = make()
    faulty, line = behind(exchange, Fault(Kind.LATE_REQUEST, by_ns=30 * MS))
    if isinstance(exchange, PlainExchange):
        with pytest.raises(LiveError):
            faulty.place_limit(a_request())
    else:
        assert faulty.place_limit(a_request()).status is OrderStatus.PENDING
    assert faulty.next_answer_ns() == T0_NS + 30 * MS
    line.advance_to(T0_NS + 30 * MS - 1)
    assert heard(faulty) == []
    line.advance_to(T0_NS + 30 * MS)
    said = heard(faulty)
    if isinstance(exchange, PlainExchange):
        assert said == [OrderAccepted("CLI00000001", "X1", T0_NS + 30 * MS)]
    else:
        assert exchange.asked == ["CLI00000001"]


def test_a_request_that_arrives_too_late_is_not_taken(approved: Any) -> None:
    plain = PlainExchange()
    faulty, line = behind(plain, Fault(Kind.LATE_REQUEST, by_ns=REQUEST_LIFE_NS + MS))
    with pytest.raises(LiveError):
        faulty.place_limit(approved)
    line.advance_to(T0_NS + REQUEST_LIFE_NS + MS)
    assert heard(faulty) == [] and not plain.resting


def test_a_request_may_come_twice() -> None:
    plain = PlainExchange()
    faulty, _ = behind(plain, Fault(Kind.TWICE))
    assert faulty.place_limit(a_request()).order_id == "X1"
    assert heard(faulty) == [OrderAccepted("CLI00000001", "X2", T0_NS)]
    assert list(plain.resting) == ["X1", "X2"]


@pytest.mark.parametrize("kind", [Kind.TWICE, Kind.LATE_REQUEST])
def test_an_exchange_that_cannot_answer_a_copy_tells_nobody(kind: FaultKind) -> None:
    """Whoever waits for something else is not told of it either."""
    plain, copies = PlainExchange(), []
    place = plain.place_limit

    def once(req: Any) -> PlaceOrderResponse:
        copies.append(req.client_order_id)
        if len(copies) > 1:
            raise LiveError("it exists already")
        return place(req)

    plain.place_limit = once  # type: ignore[method-assign]
    late = {"nth": (2,), "by_ns": MS} if kind is Kind.LATE_REQUEST else {}
    faulty, line = behind(plain, Fault(kind, **late))  # type: ignore[arg-type]
    assert faulty.place_limit(a_request()).order_id == "X1"
    if kind is Kind.LATE_REQUEST:
        with pytest.raises(LiveError, match="no answer in time"):
            faulty.place_limit(a_request())
    line.advance_to(T0_NS + MS)
    assert heard(faulty) == []
    assert copies == ["CLI00000001", "CLI00000001"]


def test_a_late_cancel_that_the_exchange_cannot_answer_is_silence() -> None:
    plain = PlainExchange()
    faulty, line = behind(plain, Fault(Kind.LATE_CANCEL, by_ns=MS))

    def broken(order_id: str) -> bool:
        raise LiveError("it cannot tell")

    plain.cancel = broken  # type: ignore[method-assign]
    with pytest.raises(LiveError, match="no answer in time"):
        faulty.cancel("X1")
    line.advance_to(T0_NS + MS)
    assert heard(faulty) == []


def test_the_times_of_a_plan_count_from_the_first_thing_of_any_kind() -> None:
    plain = PlainExchange()
    faulty, line = behind(plain, Fault(Kind.LOSE_CANCEL, from_ns=10 * MS, for_ns=MS))
    faulty.place_limit(a_request())
    line.advance_to(T0_NS + 10 * MS)
    with pytest.raises(LiveError):
        faulty.cancel("X1")


def test_a_lost_cancel_leaves_the_order_where_it_is() -> None:
    plain = PlainExchange()
    faulty, _ = behind(plain, Fault(Kind.LOSE_CANCEL))
    faulty.place_limit(a_request())
    with pytest.raises(LiveError, match="no answer in time"):
        faulty.cancel("X1")
    assert list(plain.resting) == ["X1"]
    late = LateExchange()
    faulty, _ = behind(late, Fault(Kind.LOSE_CANCEL))
    assert faulty.cancel("X1") is None
    assert late.canceled == []


@pytest.mark.parametrize("there", [True, False])
def test_a_late_cancel_may_come_behind_the_fill(there: bool) -> None:
    plain = PlainExchange()
    faulty, line = behind(plain, Fault(Kind.LATE_CANCEL, by_ns=20 * MS))
    faulty.place_limit(a_request())
    with pytest.raises(LiveError):
        faulty.cancel("X1")
    if not there:
        plain.resting.clear()
    line.advance_to(T0_NS + 20 * MS)
    ended = OrderCanceled("X1", T0_NS + 20 * MS)
    failed = CancelFailed("X1", "the exchange said no", T0_NS + 20 * MS)
    assert heard(faulty) == [ended if there else failed]


def test_a_late_cancel_of_an_exchange_that_answers_later_is_answered_by_it() -> None:
    late = LateExchange()
    faulty, line = behind(late, Fault(Kind.LATE_CANCEL, by_ns=20 * MS))
    assert faulty.cancel("X1") is None
    line.advance_to(T0_NS + 20 * MS)
    assert heard(faulty) == []
    assert late.canceled == ["X1"]
    faulty, _ = behind(late)
    assert faulty.cancel("X2") is None


# Answers.


def test_a_lost_answer_is_of_an_order_that_is_there() -> None:
    plain = PlainExchange()
    faulty, _ = behind(plain, Fault(Kind.LOSE_ANSWER))
    with pytest.raises(LiveError, match="no answer in time"):
        faulty.place_limit(a_request())
    assert list(plain.resting) == ["X1"]
    late = LateExchange()
    faulty, _ = behind(late, Fault(Kind.LOSE_ANSWER, nth=(1,)))
    assert faulty.place_limit(a_request()).status is OrderStatus.PENDING
    late.queue += [accepted(1), accepted(2)]
    assert heard(faulty) == [accepted(2)]


def test_a_late_answer_lets_the_fill_overtake_it() -> None:
    late = LateExchange()
    faulty, line = behind(late, Fault(Kind.LATE_ANSWER, by_ns=30 * MS))
    faulty.place_limit(a_request())
    late.queue += [accepted(1), filled("X1", BUY)]
    assert [answer.__class__ for answer in heard(faulty)] == [FillEvent]
    assert faulty.next_answer_ns() == T0_NS + 30 * MS
    line.advance_to(T0_NS + 30 * MS)
    assert heard(faulty) == [accepted(1)]


def test_an_answer_at_once_may_come_late_or_twice() -> None:
    late = Fault(Kind.LATE_ANSWER, nth=(1,), by_ns=30 * MS)
    faulty, line = behind(PlainExchange(), late, Fault(Kind.DUPLICATE_ANSWER, nth=(2,)))
    with pytest.raises(LiveError):
        faulty.place_limit(a_request())
    assert faulty.place_limit(a_request(2)).order_id == "X2"
    assert heard(faulty) == [OrderAccepted("CLI00000002", "X2", T0_NS)]
    line.advance_to(T0_NS + 30 * MS)
    assert heard(faulty) == [OrderAccepted("CLI00000001", "X1", T0_NS)]


def test_a_refusal_at_once_may_be_lost_or_late_as_well() -> None:
    plain = PlainExchange()
    no = PlaceOrderResponse(False, None, OrderStatus.REJECTED, None)
    plain.place_limit = lambda req: no  # type: ignore[method-assign]
    faulty, line = behind(plain, Fault(Kind.LATE_ANSWER, by_ns=MS))
    with pytest.raises(LiveError):
        faulty.place_limit(a_request())
    line.advance_to(T0_NS + MS)
    assert heard(faulty) == [OrderRejected("CLI00000001", "", T0_NS)]


@pytest.mark.parametrize("kind", [Kind.DUPLICATE_ANSWER, Kind.DUPLICATE_FILL])
def test_what_is_told_twice_comes_twice(kind: FaultKind) -> None:
    late = LateExchange()
    faulty, _ = behind(late, Fault(kind))
    fill = filled("X1", BUY)
    late.queue += [accepted(1), rejected(2), fill]
    twice = kind is Kind.DUPLICATE_ANSWER
    once = [accepted(1), accepted(1), rejected(2), rejected(2), fill]
    assert heard(faulty) == (once if twice else [accepted(1), rejected(2), fill, fill])


def test_a_lost_fill_is_never_heard_and_a_late_one_later() -> None:
    late = LateExchange()
    lose = Fault(Kind.LOSE_FILL, nth=(1,))
    faulty, line = behind(late, lose, Fault(Kind.LATE_FILL, by_ns=5 * MS, most=1))
    one, two, three = (filled("X1", BUY, fill_id=f"F{n}") for n in (1, 2, 3))
    late.queue += [one, two, three]
    assert heard(faulty) == [three]
    line.advance_to(T0_NS + 5 * MS)
    assert heard(faulty) == [two]


def test_faults_pick_the_symbol_and_side_of_an_order_by_either_of_its_names() -> None:
    late = LateExchange()
    faulty, _ = behind(late, Fault(Kind.LOSE_FILL, symbol=BTC, side=BUY))
    faulty.place_limit(a_request())
    late.queue += [accepted(1), filled("X1", BUY), filled("X1", SELL)]
    assert heard(faulty) == [accepted(1)]
    faulty, _ = behind(late, Fault(Kind.LOSE_FILL, symbol="ETH"))
    faulty.place_limit(a_request())
    late.queue += [accepted(1), filled("X1", BUY)]
    assert len(heard(faulty)) == 2


@pytest.mark.parametrize("kind", [Kind.LOSE_CANCEL_ANSWER, Kind.LATE_CANCEL_ANSWER])
def test_the_answer_to_a_cancel_gets_lost_or_comes_late(kind: FaultKind) -> None:
    by_ns = 7 * MS if kind is Kind.LATE_CANCEL_ANSWER else 0
    plain = PlainExchange()
    faulty, line = behind(plain, Fault(kind, by_ns=by_ns))
    faulty.place_limit(a_request())
    with pytest.raises(LiveError):
        faulty.cancel("X1")
    assert not plain.resting
    line.advance_to(T0_NS + 7 * MS)
    assert heard(faulty) == ([OrderCanceled("X1", T0_NS)] if by_ns else [])
    late = LateExchange()
    faulty, line = behind(late, Fault(kind, by_ns=by_ns))
    late.queue += [canceled("X1"), CancelFailed("X2", "filled", T0_NS)]
    assert heard(faulty) == []
    line.advance_to(T0_NS + 7 * MS)
    assert len(heard(faulty)) == (2 if by_ns else 0)


def test_a_clock_that_is_wrong_stamps_what_it_says() -> None:
    late = LateExchange()
    faulty, _ = behind(late, Fault(Kind.CLOCK_SKEW, by_ns=60_000 * MS))
    fill = filled("X1", BUY)
    late.queue += [accepted(1), fill]
    first, second = heard(faulty)
    assert first == accepted(1, 60_001)
    assert isinstance(second, FillEvent)
    assert second.timestamp_ms == fill.timestamp_ms + 60_000
    assert fill.timestamp_ms == T0_MS + 2 and second.fill_id == fill.fill_id
    faulty, _ = behind(late, Fault(Kind.CLOCK_SKEW, by_ns=-(10**20)))
    late.queue += [accepted(1), fill]
    first, second = heard(faulty)
    assert isinstance(first, OrderAccepted) and first.ts_ns == 0
    assert isinstance(second, FillEvent) and second.timestamp_ms == 0


def test_who_wants_only_fills_leaves_the_other_answers() -> None:
    late = LateExchange()
    faulty, _ = behind(late)
    late.queue += [accepted(1), filled("X1", BUY), canceled("X2")]
    assert [fill.fill_id for fill in faulty.stream_fills()] == ["F1"]
    assert heard(faulty) == [accepted(1), canceled("X2")]


@pytest.fixture
def approved() -> Any:
    """An approved order, as only the gate makes one."""
    from tests.unit.builders import a_fold, a_quote_event, placed

    return placed(a_fold().step(a_quote_event()))[0]
