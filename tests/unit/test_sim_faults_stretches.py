"""The bad line over a stretch of time: down, without answers, without memory."""

from __future__ import annotations

import pytest

from tests.unit.bad_line import MS, Asked, a_request, behind, heard
from tests.unit.builders import BTC, T0_MS, T0_NS, PlainExchange
from tests.unit.late_exchange import LateExchange, accepted, filled
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import BUY, FundingPaid, OrderAccepted
from tools.live.core.errors import LiveError, NotSent
from tools.live.exchange import FillEvent, OrderStatus
from tools.live.exchange_query import Found
from tools.live.sim.faults.plan import Fault, FaultPlan
from tools.live.sim.faults.plan import FaultKind as Kind
from tools.live.sim.faults.wire import FaultyExchange


def test_while_the_line_is_down_nothing_is_sent_and_what_is_said_is_heard_later() -> None:
    late = LateExchange()
    down = Fault(Kind.DISCONNECT, from_ns=10 * MS, for_ns=20 * MS)
    faulty, line = behind(late, down)
    faulty.place_limit(a_request())
    line.advance_to(T0_NS + 10 * MS)
    with pytest.raises(NotSent):
        faulty.place_limit(a_request(2))
    with pytest.raises(LiveError, match="the line is down"):
        faulty.cancel("X1")
    late.queue += [accepted(1), filled("X1", BUY)]
    late.next_ns = T0_NS + 12 * MS
    assert faulty.next_answer_ns() == T0_NS + 30 * MS
    assert heard(faulty) == []
    late.next_ns = None
    assert faulty.next_answer_ns() == T0_NS + 30 * MS
    line.advance_to(T0_NS + 30 * MS)
    assert [answer.__class__ for answer in heard(faulty)] == [OrderAccepted, FillEvent]
    assert faulty.place_limit(a_request(2)).status is OrderStatus.PENDING


def test_funding_only_waits_till_the_line_is_back() -> None:
    late = LateExchange()
    faulty, line = behind(late, Fault(Kind.DISCONNECT, for_ns=5 * MS), Fault(Kind.LOSE_FILL))
    paid = FundingPaid(BTC, 1, "", T0_NS)
    late.queue.append(paid)
    assert heard(faulty) == []
    line.advance_to(T0_NS + 5 * MS)
    assert heard(faulty) == [paid]


def test_a_line_that_stays_down_promises_nothing() -> None:
    late = LateExchange()
    faulty, _ = behind(late, Fault(Kind.DISCONNECT))
    late.queue.append(accepted(1))
    late.next_ns = T0_NS
    assert heard(faulty) == []
    assert faulty.next_answer_ns() is None


def test_an_outage_takes_requests_and_answers_nothing() -> None:
    plain = PlainExchange()
    faulty, line = behind(plain, Fault(Kind.OUTAGE, for_ns=5 * MS))
    for ask in (
        lambda: faulty.place_limit(a_request()), lambda: faulty.cancel("X1"),
        faulty.get_open_orders, faulty.get_positions, faulty.get_fills, faulty.get_balances,
        lambda: faulty.get_order("C1"), lambda: faulty.cancel_client_order("C1"),
    ):  # fmt: skip
        with pytest.raises(LiveError):
            ask()
    assert not plain.resting
    line.advance_to(T0_NS + 5 * MS)
    assert faulty.place_limit(a_request()).success


def test_an_exchange_with_amnesia_knows_no_order_and_still_has_them() -> None:
    exchange = Asked()
    faulty, line = behind(exchange, Fault(Kind.AMNESIA, from_ns=MS, for_ns=MS))
    faulty.place_limit(a_request())
    assert len(faulty.get_open_orders()) == 1
    line.advance_to(T0_NS + MS)
    assert faulty.get_open_orders() == []
    assert faulty.get_order("C1").found is Found.UNKNOWN
    assert faulty.cancel_client_order("C1") is False
    line.advance_to(T0_NS + 2 * MS)
    assert len(faulty.get_open_orders(BTC)) == 1
    assert faulty.get_order("C1").found is Found.OPEN
    assert faulty.cancel_client_order("C1") is True


def test_questions_go_to_an_exchange_that_can_be_asked() -> None:
    faulty, _ = behind(Asked())
    assert faulty.get_fills() == [] and faulty.get_balances() == {"USD": 1}
    assert faulty.get_positions() == []
    faulty, _ = behind(PlainExchange())
    assert faulty.get_fills() is None and faulty.get_balances() is None
    with pytest.raises(LiveError, match="cannot be asked for one order"):
        faulty.get_order("C1")
    with pytest.raises(LiveError, match="cannot cancel by our id"):
        faulty.cancel_client_order("C1")


def test_before_anything_has_happened_on_the_line_the_clock_tells_the_time() -> None:
    faulty = FaultyExchange(PlainExchange(), FaultPlan((Fault(Kind.REJECT),)))
    faulty.join(EventClock(), lambda: T0_MS)
    assert faulty.place_limit(a_request()).timestamp_ms == T0_MS
    assert faulty.strikes.struck[0].ts_ns == T0_NS


def test_a_line_that_is_down_again_when_it_comes_back_is_down_until_the_end_of_both() -> None:
    late = LateExchange()
    one = Fault(Kind.DISCONNECT, for_ns=5 * MS)
    other = Fault(Kind.DISCONNECT, from_ns=4 * MS, for_ns=5 * MS)
    faulty, line = behind(late, one, other)
    late.queue.append(accepted(1))
    assert heard(faulty) == []
    line.advance_to(T0_NS + 5 * MS)
    assert heard(faulty) == []
    line.advance_to(T0_NS + 9 * MS)
    assert heard(faulty) == [accepted(1)]


def test_what_is_late_comes_when_the_line_is_up_at_that_time() -> None:
    late = LateExchange()
    down = Fault(Kind.DISCONNECT, from_ns=10 * MS, for_ns=20 * MS)
    faulty, line = behind(late, Fault(Kind.LATE_FILL, by_ns=15 * MS), down)
    late.queue.append(filled("X1", BUY))
    assert heard(faulty) == []
    assert faulty.next_answer_ns() == T0_NS + 30 * MS


def test_only_who_picks_orders_remembers_what_they_were() -> None:
    faulty, _ = behind(PlainExchange(), Fault(Kind.LOSE_FILL))
    faulty.place_limit(a_request())
    assert faulty._about == {}
    faulty, _ = behind(PlainExchange(), Fault(Kind.LOSE_FILL, side=BUY))
    faulty.place_limit(a_request())
    assert faulty._about == {"CLI00000001": (BTC, BUY), "X1": (BTC, BUY)}
