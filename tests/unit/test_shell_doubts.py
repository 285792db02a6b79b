"""The shell when the line to the exchange is bad: lost, late, double and impossible answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from tests.sim.venue import Ended, Script, Strike, Venue, Wire
from tests.unit.builders import (
    BTC, T0_MS, T0_NS, PlainExchange, a_monitor, a_quote, events_of, recorded, some_params,
    states,
)  # fmt: skip
from tools.live.core.contracts_v1 import (
    BUY, SELL, CancelUnknown, Fill, FreezeOrdered, OrderAbandoned, OrderAbsent, OrderAccepted,
    OrderCanceled, OrderUnknown, PlaceOrderRequest, QueryFailed, QueryOrder,
    Reapproved, TimerFired,
)  # fmt: skip
from tools.live.core.errors import LiveError
from tools.live.core.line import Line
from tools.live.core.order import CANCELED, FILLED, OPEN, PENDING, REJECTED
from tools.live.exchange import FillEvent, IExchangeClient, OrderStatus, PlaceOrderResponse
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.execution_loop import ExecutionLoop
from tools.live.order_store import InMemoryOrderStore
from tools.live.outbox import SECOND_NS, SETTLE_NS
from tools.live.risk_monitor import RuntimeRiskMonitor

BUY_ID, SELL_ID = "CLI00000001", "CLI00000002"


def a_loop_on(
    exchange: IExchangeClient, monitor: RuntimeRiskMonitor | None = None
) -> ExecutionLoop:
    loop = ExecutionLoop(
        exchange, InMemoryOrderStore(), monitor or a_monitor(), lambda: T0_MS, line=Line()
    )
    if isinstance(exchange, Wire):
        exchange.clock = lambda: loop.event_clock.ns
    return loop


def on_a_bad_line(*faults: Strike) -> tuple[ExecutionLoop, Venue]:
    """A loop that has answered one quote over a line with these faults."""
    venue = Venue()
    loop = a_loop_on(Wire(venue, dice=Script(*faults)))
    loop.on_quote(a_quote(), some_params())
    return loop, venue


def count(loop: ExecutionLoop, *kinds: type) -> list[int]:
    return [len(events_of(loop, kind)) for kind in kinds]


@pytest.mark.parametrize("fault", ["lost_reply", "garbled_reply", "twice"])
def test_an_order_whose_answer_got_lost_is_found(fault: str) -> None:
    loop, venue = on_a_bad_line(fault)
    assert states(loop) == [OPEN, OPEN]
    assert venue.accepted == [BUY_ID, SELL_ID]
    assert count(loop, OrderUnknown, QueryOrder, OrderAccepted) == [1, 1, 2]


def test_what_was_found_is_tied_to_the_quote_that_led_to_it() -> None:
    loop, venue = on_a_bad_line("lost_reply")
    venue.trade(BUY_ID, 10**6)
    loop.on_fill()
    quote, fill = recorded(loop)[1], recorded(loop)[-1]
    assert isinstance(fill.event, Fill)
    assert fill.corr == quote.seq
    query = next(entry for entry in recorded(loop) if isinstance(entry.event, QueryOrder))
    assert fill.cause == query.seq


def test_an_order_that_filled_while_the_answer_got_lost_is_booked_once() -> None:
    loop, venue = on_a_bad_line("lost_reply", "silent")
    assert states(loop) == [PENDING, OPEN]
    venue.trade(BUY_ID, loop.order_store.orders[BUY_ID].qty_e9)
    loop.on_fill()  # the fill of an order that may be the one in doubt is kept
    assert count(loop, Fill, FreezeOrdered) == [0, 0]
    loop.event_clock.advance_to(T0_NS + SECOND_NS)
    loop._ask_due()
    assert states(loop) == [FILLED, OPEN]
    loop.on_fill()
    assert loop.stats["orders_filled"] == 1
    assert loop.fold.duplicate_fills == 1
    assert loop.risk_monitor.ledger.qty(BTC) == venue.held[BTC]


def test_a_fill_of_another_order_is_not_kept_back_by_a_doubt() -> None:
    loop, venue = on_a_bad_line("lost_reply", "silent")
    venue.trade(SELL_ID, 10**6)
    loop.on_fill()
    assert count(loop, Fill) == [1]


def test_a_fill_of_nobody_is_refused_while_another_side_is_in_doubt() -> None:
    loop, _ = on_a_bad_line("lost_reply", "silent")
    loop._book([FillEvent("Z9", BTC, SELL, 1, 1, T0_MS, "E9")])
    assert loop.risk_monitor.frozen
    assert loop.fold.refused_fills == 1


def test_a_kept_fill_is_refused_once_nothing_explains_it() -> None:
    loop, venue = on_a_bad_line("lost_request", "silent")
    loop._book([FillEvent("Z9", BTC, BUY, 1, 1, T0_MS, "E9")])
    assert loop.fold.refused_fills == 0
    loop._rejected(BUY_ID, "no", 0, 0)
    loop.on_fill()
    assert loop.fold.refused_fills == 1


def test_a_lost_request_is_sent_again_once_it_cannot_arrive_any_more() -> None:
    loop, venue = on_a_bad_line("lost_request")
    assert states(loop) == [PENDING, OPEN]
    loop._wait_for_answers()
    assert states(loop) == [OPEN, OPEN]
    assert venue.accepted == [SELL_ID, BUY_ID]
    assert count(loop, OrderAbsent, Reapproved) == [2, 1]
    assert loop.event_clock.ns == T0_NS + SETTLE_NS


def test_a_request_that_comes_in_late_is_not_sent_again() -> None:
    venue = Venue()
    wire = Wire(venue, dice=Script("late_request"))
    wire.rng.randrange = lambda top: 3 * SECOND_NS  # type: ignore[assignment, method-assign]
    loop = a_loop_on(wire)
    loop.on_quote(a_quote(), some_params())
    assert states(loop) == [PENDING, OPEN]
    loop._wait_for_answers()
    assert states(loop) == [OPEN, OPEN]
    assert sorted(venue.accepted) == [BUY_ID, SELL_ID]
    assert count(loop, Reapproved) == [0]


def test_what_nobody_wants_any_more_is_canceled_by_our_id_and_given_up() -> None:
    loop, venue = on_a_bad_line("lost_request")
    loop.freeze("stop", "ada")
    loop._wait_for_answers()
    assert states(loop) == [REJECTED, CANCELED]
    assert loop.order_store.orders[BUY_ID].message == "abandoned: the exchange never had it"
    assert count(loop, CancelUnknown, OrderAbandoned, Reapproved) == [1, 1, 0]
    assert venue.accepted == [SELL_ID]
    assert not loop.fold.unresolved


def test_a_cancel_that_finds_the_order_after_all_is_heard_of() -> None:
    """The exchange's index was behind: it had the order all the time."""
    loop, venue = on_a_bad_line("lost_reply", "silent")
    loop.freeze("stop", "ada")
    order = loop.fold.outbox.doubts[BUY_ID]
    order.dropping = True
    loop._wait_for_answers()
    assert venue.orders[BUY_ID].found is Found.CANCELED
    assert states(loop) == [CANCELED, CANCELED]
    assert count(loop, CancelUnknown, OrderAbandoned) == [1, 0]
    assert not loop.fold.outbox.doubts


def test_a_request_that_was_kept_back_is_no_doubt() -> None:
    loop, venue = on_a_bad_line("kept_back")
    assert states(loop) == [REJECTED, OPEN]
    assert loop.order_store.orders[BUY_ID].message == "not sent: no connection"
    assert not loop.fold.outbox.doubts


def test_a_second_attempt_that_was_kept_back_leaves_the_doubt() -> None:
    """Nothing has left this time, but the first time it had."""
    loop, _ = on_a_bad_line("lost_request", ("kept_back", 2))
    loop._wait_for_answers()
    assert count(loop, OrderUnknown, Reapproved) == [2, 2]
    assert states(loop) == [OPEN, OPEN]


def test_a_second_attempt_can_be_rejected() -> None:
    loop, _ = on_a_bad_line("lost_request", ("refused", 2))
    loop._wait_for_answers()
    assert states(loop) == [REJECTED, OPEN]
    assert not loop.fold.outbox.doubts


def test_a_yes_without_an_id_is_no_answer() -> None:
    exchange = PlainExchange()
    exchange.place_limit = lambda req: PlaceOrderResponse(  # type: ignore[method-assign]
        True, None, OrderStatus.OPEN
    )
    loop = a_loop_on(exchange)
    loop.on_quote(a_quote(), some_params())
    assert states(loop) == [PENDING, PENDING]
    doubted = events_of(loop, OrderUnknown)[0]
    assert doubted.message == "taken without an id"  # type: ignore[union-attr]


def test_an_exchange_that_cannot_be_asked_leaves_it_in_doubt_but_not_for_ever_waiting() -> None:
    exchange = PlainExchange()

    def lost(req: PlaceOrderRequest) -> PlaceOrderResponse:
        raise TimeoutError

    exchange.place_limit = lost  # type: ignore[method-assign]
    loop = a_loop_on(exchange)
    loop.on_quote(a_quote(), some_params())
    loop._wait_for_answers()
    assert states(loop) == [PENDING, PENDING]
    assert list(loop.fold.outbox.doubts) == [BUY_ID, SELL_ID]
    assert count(loop, TimerFired) == [32]
    assert events_of(loop, OrderUnknown)[0].message == "TimeoutError"  # type: ignore[union-attr]


def test_an_exchange_that_lists_its_open_orders_helps_that_far() -> None:
    exchange = PlainExchange()
    place = exchange.place_limit

    def lost(req: PlaceOrderRequest) -> PlaceOrderResponse:
        place(req)
        raise TimeoutError

    exchange.place_limit = lost  # type: ignore[method-assign]
    loop = a_loop_on(exchange)
    loop.on_quote(a_quote(), some_params())
    assert states(loop) == [OPEN, OPEN]


def answering(loop: ExecutionLoop, answers: Iterable[OrderAnswer]) -> None:
    given = iter(answers)
    loop.exchange.get_order = lambda name: next(given)  # type: ignore[attr-defined]


def test_an_answer_that_cannot_be_freezes_and_leaves_the_doubt() -> None:
    loop, _ = on_a_bad_line("lost_request")
    answering(loop, [OrderAnswer(Found.FILLED, None)])
    loop._take(TimerFired(loop.event_clock.advance_to(T0_NS + SETTLE_NS)))
    reason = f"the exchange says filled of {BUY_ID} and does not show it"
    (frozen,) = events_of(loop, FreezeOrdered)
    assert (frozen.reason, frozen.actor) == (reason, "outbox")  # type: ignore[union-attr]
    assert events_of(loop, QueryFailed)[-1].message == reason  # type: ignore[union-attr]
    assert list(loop.fold.outbox.doubts) == [BUY_ID]


def test_an_order_that_was_rejected_in_silence_is_heard_of() -> None:
    loop, _ = on_a_bad_line("lost_request")
    answering(loop, [OrderAnswer(Found.REJECTED, None, message="no money")])
    loop._take(TimerFired(loop.event_clock.advance_to(T0_NS + SETTLE_NS)))
    assert states(loop) == [REJECTED, OPEN]
    assert loop.order_store.orders[BUY_ID].message == "no money"


def test_an_order_that_has_ended_is_not_asked_for() -> None:
    loop, _ = on_a_bad_line()
    loop.cancel_all("stop")
    loop._carry_out([QueryOrder(BUY_ID, T0_NS)], 0, 0)
    assert isinstance(loop.exchange, Wire)
    assert loop.exchange.asked == []


def test_an_order_that_is_not_kept_any_more_is_not_asked_for() -> None:
    loop, _ = on_a_bad_line()
    wire = loop.exchange
    assert isinstance(wire, Wire)
    loop._carry_out([QueryOrder("CLI00000099", T0_NS)], 0, 0)
    assert wire.asked == []


def test_an_order_that_was_canceled_while_the_answer_got_lost_is_heard_of() -> None:
    loop, venue = on_a_bad_line("lost_reply", "silent")
    venue.trade(BUY_ID, 10**6)
    venue.orders[BUY_ID].found = Found.CANCELED
    loop._wait_for_answers()
    assert states(loop) == [CANCELED, OPEN]
    assert count(loop, OrderAccepted, Fill, OrderCanceled) == [2, 2, 1]
    assert loop.fold.late_fills == 0
    assert loop.risk_monitor.ledger.qty(BTC) == 10**6


def test_a_cancel_that_was_not_confirmed_is_tried_again() -> None:
    loop, _ = on_a_bad_line("lost_cancel_reply", "lost_cancel")
    loop.cancel_all("stop")
    assert states(loop) == [OPEN, OPEN]
    assert len(loop.fold.unresolved) == 2
    loop._wait_for_answers()
    assert states(loop) == [CANCELED, CANCELED]
    assert not loop.fold.unresolved


def test_a_bug_of_the_client_is_no_lost_answer() -> None:
    exchange = PlainExchange()

    def broken(req: PlaceOrderRequest) -> PlaceOrderResponse:
        raise ZeroDivisionError

    exchange.place_limit = broken  # type: ignore[method-assign]
    loop = a_loop_on(exchange)
    with pytest.raises(ZeroDivisionError):
        loop.on_quote(a_quote(), some_params())
    assert states(loop) == [PENDING, REJECTED]
    assert count(loop, OrderUnknown) == [0]


def test_the_end_of_a_process_is_not_caught() -> None:
    with pytest.raises(Ended):
        on_a_bad_line("ends_after")


def test_any_error_of_ours_or_of_the_system_is_a_lost_answer() -> None:
    for error in (LiveError("odd"), OSError(5, "io"), TimeoutError()):
        exchange = PlainExchange()

        def lost(req: PlaceOrderRequest, error: Exception = error) -> PlaceOrderResponse:
            raise error

        exchange.place_limit = lost  # type: ignore[method-assign]
        loop = a_loop_on(exchange)
        loop.on_quote(a_quote(), some_params())
        assert len(loop.fold.outbox.doubts) == 2


def a_nameless_fill(order_id: str, qty: float, cum_qty: float | None) -> FillEvent:
    return FillEvent(order_id, BTC, BUY, 49_987.5, qty, T0_MS, cum_qty=cum_qty)


def test_an_execution_without_a_name_is_known_by_what_it_makes_of_its_order() -> None:
    loop, _ = on_a_bad_line()
    first = a_nameless_fill("V1", 0.004, 0.004)
    loop._book([first, first, a_nameless_fill("V1", 0.004, 0.008), first])
    assert loop.order_store.orders[BUY_ID].filled_e9 == 8 * 10**6
    assert loop.fold.duplicate_fills == 2
    assert list(loop.order_store.fills) == ["V1@4000000", "V1@8000000"]


def test_the_same_total_with_another_quantity_is_a_conflict() -> None:
    loop, _ = on_a_bad_line()
    loop._book([a_nameless_fill("V1", 0.004, 0.004), a_nameless_fill("V1", 0.003, 0.004)])
    assert loop.fold.refused_fills == 1


def test_without_either_every_report_counts_after_a_restart_too() -> None:
    loop, _ = on_a_bad_line()
    loop._book([a_nameless_fill("V1", 0.004, None)])
    loop.take_over(loop.fold, loop.seq, loop.event_clock.ns)
    loop._book([a_nameless_fill("V1", 0.004, None)])
    assert list(loop.order_store.fills) == ["V1/1", "V1/2"]


def test_what_filled_before_a_cancel_is_booked_before_it() -> None:
    loop, venue = on_a_bad_line()
    venue.trade(BUY_ID, 10**6)
    loop.cancel_all("a test")
    kinds = [entry.event.kind for entry in recorded(loop)][-5:]
    assert kinds == [
        "order.cancel", "order.fill", "order.canceled", "order.cancel", "order.canceled",
    ]  # fmt: skip
    assert loop.fold.late_fills == 0


def test_a_cancel_counts_even_if_the_stream_of_fills_breaks_just_then() -> None:
    loop, _ = on_a_bad_line()
    wire = loop.exchange
    assert isinstance(wire, Wire)

    def broken() -> Iterator[FillEvent]:
        raise ConnectionError("stream lost")
        yield

    wire.stream_fills = broken  # type: ignore[method-assign]
    loop.cancel_all("a test")
    assert states(loop) == [CANCELED, CANCELED]
    with pytest.raises(ConnectionError):
        loop.on_fill()
