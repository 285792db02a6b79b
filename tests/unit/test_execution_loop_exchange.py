"""The loop against exchanges as users write them: plain, refusing, raising, lying, re-entering."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_MS, PlainExchange, a_loop, a_monitor, a_quote, e9, events_of, recorded,
    some_params,
)  # fmt: skip
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, SELL, CancelFailed, CancelOrder, Fill, FillFault, FillRefused, LateFill,
    OrderRejected, ParamsSet, PlaceOrder,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.exchange import OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse
from tools.live.execution_loop import ExecutionLoop
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore, OrderState
from tools.live.reports.snapshot import snapshot


def quoted(exchange: PlainExchange, quotes: int = 1) -> ExecutionLoop:
    """A loop whose orders of some quotes rest on the exchange: X1 buys, X2 sells, ..."""
    loop = a_loop(exchange)
    for _ in range(quotes):
        loop.on_quote(a_quote(), some_params())
    return loop


def states(loop: ExecutionLoop) -> list[OrderState]:
    return [order.state for order in loop.order_store.get_all()]


def refuse(order_id: str) -> bool:
    return False


def raise_os_error(order_id: str) -> bool:
    raise TimeoutError("no answer")


def raise_live_error(order_id: str) -> bool:
    raise ContractError("no such route")


# A plain exchange.


def test_a_plain_exchange_gets_floats_and_answers_with_the_published_types() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    request = exchange.resting["X1"]
    assert (request.symbol, request.side, request.qty, request.price) == (BTC, BUY, 0.01, 49_987.5)
    exchange.report("X1", price=49_987.5)
    exchange.report("X2", side=SELL, qty=0.004, price=50_012.5)
    loop.on_fill()
    assert states(loop) == [OrderState.FILLED, OrderState.PARTIALLY_FILLED]
    assert loop.risk_monitor.get_positions() == {BTC: 0.006}


def test_an_exchange_that_says_no_time_leaves_the_clock_where_it_is() -> None:
    loop = quoted(PlainExchange())
    assert loop.now_ms() == T0_MS
    assert loop.fold.ack_ms == {0: 2}


def test_a_fill_stamped_in_the_past_does_not_turn_the_clock_back() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.report("X1", timestamp_ms=5)
    exchange.report("X1", timestamp_ms=T0_MS + 70, qty=0.001)
    loop.on_fill()
    assert [event.ts_ns for event in events_of(loop, Fill)] == [T0_MS * 10**6, (T0_MS + 70) * 10**6]


def test_fills_without_ids_all_count() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.report("X1", qty=0.004)
    exchange.report("X1", qty=0.004)
    loop.on_fill()
    assert loop.stats["orders_filled"] == 2
    assert [event.fill_id for event in events_of(loop, Fill)] == ["X1/1", "X1/2"]


def test_a_fill_reported_twice_under_its_id_counts_once() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    for _ in range(2):
        exchange.report("X1", qty=0.004, fill_id="F1")
    loop.on_fill()
    assert loop.stats["orders_filled"] == loop.fold.duplicate_fills == 1
    assert loop.risk_monitor.get_positions() == {BTC: 0.004}


def test_the_venues_word_on_liquidity_reaches_the_fees() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange, a_monitor(maker_bps=1, taker_bps=7))
    loop.on_quote(a_quote(), some_params())
    exchange.report("X1", liquidity="taker")
    exchange.report("X2", side=SELL, price=50_012.5)
    loop.on_fill()
    holding = loop.risk_monitor.ledger.holding(BTC)
    assert (holding.taker_fills, holding.maker_fills) == (1, 1)


@pytest.mark.parametrize(
    "response",
    [
        PlaceOrderResponse(False, None, OrderStatus.REJECTED),
        PlaceOrderResponse(False, "X1", OrderStatus.REJECTED, None),
        PlaceOrderResponse(True, None, OrderStatus.OPEN, None),
    ],
)
def test_an_answer_without_success_or_without_an_id_is_a_rejection(
    response: PlaceOrderResponse,
) -> None:
    exchange = PlainExchange()
    exchange.place_limit = lambda req: response  # type: ignore[method-assign]
    loop = quoted(exchange)
    assert states(loop) == [OrderState.REJECTED] * 2
    assert events_of(loop, OrderRejected)[0].message == ""
    assert loop.stats["orders_rejected"] == 2


# Fills that contradict the books.


@pytest.mark.parametrize(
    ("report", "fault"),
    [
        ({"order_id": "X9"}, FillFault.UNKNOWN_ORDER),
        ({"order_id": "X1", "symbol": ETH}, FillFault.BAD_NUMBERS),
        ({"order_id": "X1", "side": SELL}, FillFault.BAD_NUMBERS),
        ({"order_id": "X1", "qty": 0.02}, FillFault.OVERFILL),
        ({"order_id": "X1", "qty": 0.005, "fill_id": "F0"}, FillFault.CONFLICT),
    ],
    ids=lambda value: value.value if isinstance(value, FillFault) else None,
)
def test_a_contradicting_fill_freezes_and_cancels_on_the_exchange(
    report: dict[str, object], fault: FillFault
) -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.report("X1", qty=0.004, fill_id="F0")
    loop.on_fill()
    exchange.report(**report)  # type: ignore[arg-type]
    loop.on_fill()
    assert [event.fault for event in events_of(loop, FillRefused)] == [fault]
    assert loop.risk_monitor.is_frozen()
    assert exchange.resting == {}
    assert loop.risk_monitor.get_positions() == {BTC: 0.004}


def test_fills_behind_a_contradicting_one_are_still_booked() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.report("X9")
    exchange.report("X1", qty=0.004)
    exchange.report("X2", side=SELL, qty=0.003)
    loop.on_fill()
    assert loop.risk_monitor.get_positions() == {BTC: 0.001}


# The freeze, on the exchange.


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refuse, "the exchange said no"),
        (raise_os_error, "no answer"),
        (raise_live_error, "no such route"),
    ],
)
def test_a_cancel_that_fails_is_unresolved_reported_and_retried_at_every_edge(
    answer: object, why: str
) -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.cancel = answer  # type: ignore[assignment]
    loop.on_edge_update(BTC, 1.0)
    assert loop.fold.unresolved == {"X1": why, "X2": why}
    assert states(loop) == [OrderState.OPEN] * 2
    assert loop.stats["orders_canceled"] == 0
    loop.on_edge_update(BTC, 9.0)
    assert len(events_of(loop, CancelFailed)) == 4
    del exchange.cancel
    loop.on_edge_update(BTC, 1.0)
    assert (loop.fold.unresolved, exchange.resting) == ({}, {})
    assert states(loop) == [OrderState.CANCELED] * 2
    assert loop.stats["orders_canceled"] == 2
    loop.on_edge_update(BTC, 1.0)
    assert len(events_of(loop, CancelOrder)) == 6


def test_one_cancel_that_raises_does_not_keep_the_others_from_being_sent() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange, quotes=2)
    honest = exchange.cancel

    def cancel(order_id: str) -> bool:
        return raise_os_error(order_id) if order_id == "X1" else honest(order_id)

    exchange.cancel = cancel  # type: ignore[method-assign]
    loop.on_edge_update(BTC, 1.0)
    assert list(exchange.resting) == ["X1"]
    assert list(loop.fold.unresolved) == ["X1"]


def test_unresolved_cancels_stand_in_the_report_and_break_no_law() -> None:
    exchange = PlainExchange()
    exchange.cancel = refuse  # type: ignore[method-assign]
    loop = a_loop(exchange, a_monitor(threshold=9))
    report = loop.run_shadow(some_params(iterations=2))
    assert report["risk"]["frozen"]
    assert set(report["risk"]["unresolved_cancels"]) == {"X1", "X2", "X3", "X4"}
    assert report["orders"]["open"] == report["orders"]["placed"] == 4


def test_an_order_that_filled_instead_of_being_canceled_is_booked_and_resolved() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)

    def fill_instead(order_id: str) -> bool:
        request = exchange.resting.pop(order_id)
        exchange.report(order_id, side=request.side, price=request.price)
        return False

    exchange.cancel = fill_instead  # type: ignore[method-assign]
    loop.on_edge_update(BTC, 1.0)
    assert states(loop) == [OrderState.FILLED] * 2
    assert loop.fold.unresolved == {}


def test_an_exchange_that_says_yes_and_still_lists_the_order_is_found_out() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.cancel = lambda order_id: True  # type: ignore[method-assign]
    loop.on_edge_update(BTC, 1.0)
    assert loop.fold.unresolved == dict.fromkeys(
        ("X1", "X2"), "the exchange still lists it as open"
    )


def test_open_orders_that_are_not_ours_are_named() -> None:
    exchange = PlainExchange()
    exchange.resting["Y7"] = PlaceOrderRequest("OTHER1", ETH, BUY, 1, 1)
    loop = quoted(exchange)
    loop.on_edge_update(BTC, 1.0)
    assert loop.fold.foreign_orders == ("Y7",)
    assert list(exchange.resting) == ["Y7"]


def cannot_list(symbol: str | None = None) -> list[OpenOrder]:
    raise ConnectionError("line is down")


def test_an_exchange_that_cannot_list_its_orders_is_unresolved() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.get_open_orders = cannot_list  # type: ignore[method-assign]
    loop.on_edge_update(BTC, 1.0)
    assert "could not list its open orders: line is down" in loop.fold.unresolved["*"]
    assert states(loop) == [OrderState.CANCELED] * 2


def test_an_exchange_that_could_not_list_its_orders_is_asked_again() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.get_open_orders = cannot_list  # type: ignore[method-assign]
    loop.on_edge_update(BTC, 1.0)
    del exchange.get_open_orders
    loop.on_edge_update(BTC, 1.0)
    assert loop.fold.unresolved == {}


def test_what_the_exchange_could_not_list_is_on_the_line_too() -> None:
    """Replaying the inputs must give the same state, or the record lies about the freeze."""
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.get_open_orders = cannot_list  # type: ignore[method-assign]
    loop.on_edge_update(BTC, 1.0)
    again = Fold(InMemoryOrderStore(), a_monitor())
    for entry in recorded(loop):
        if isinstance(entry.event, INPUTS):
            again.step(entry.event)
    assert snapshot(again, loop.seq, 0) == snapshot(loop.fold, loop.seq, 0)


# Late and early.


def test_a_fill_after_its_cancel_moves_the_position_and_not_the_order() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    loop.on_edge_update(BTC, 1.0)
    exchange.report("X1", qty=0.004)
    loop.on_fill()
    assert states(loop) == [OrderState.CANCELED] * 2
    assert loop.risk_monitor.get_positions() == {BTC: 0.004}
    assert [event.qty for event in events_of(loop, LateFill)] == [e9("0.004")]
    assert loop.stats["orders_filled"] == loop.fold.late_fills == 1


def fail_to_place(req: PlaceOrderRequest) -> PlaceOrderResponse:
    raise ConnectionError("sent, no answer")


def test_an_order_without_an_answer_stays_pending_and_counted() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange, a_monitor(max_symbol=510))
    exchange.place_limit = fail_to_place  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        loop.on_quote(a_quote(), some_params())
    assert loop.order_store.get_all()[0].state is OrderState.PENDING
    del exchange.place_limit
    loop.on_quote(a_quote(), some_params())
    assert loop.stats["risk_blocks"] == 2
    loop.on_edge_update(BTC, 1.0)
    assert loop.fold.unresolved["CLI00000001"] == "never acknowledged"


def test_an_order_approved_before_a_freeze_is_withheld_after_it() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange)
    honest = exchange.place_limit

    def freeze_meanwhile(req: PlaceOrderRequest) -> PlaceOrderResponse:
        loop.risk_monitor.freeze("guard outside", BTC)
        return honest(req)

    exchange.place_limit = freeze_meanwhile  # type: ignore[method-assign]
    loop.on_quote(a_quote(), some_params())
    assert exchange.named == 1
    sell = loop.order_store.get_all()[1]
    assert (sell.state, sell.message) == (OrderState.REJECTED, "withheld: frozen")
    assert len(events_of(loop, PlaceOrder)) == 2
    assert loop.stats["orders_rejected"] == 1


def test_an_order_accepted_while_a_freeze_was_ordered_is_canceled_too() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange)
    honest = exchange.place_limit

    def freeze_meanwhile(req: PlaceOrderRequest) -> PlaceOrderResponse:
        loop.freeze("halt", "ada")
        return honest(req)

    exchange.place_limit = freeze_meanwhile  # type: ignore[method-assign]
    loop.on_quote(a_quote(), some_params())
    loop.on_edge_update(BTC, 9.0)
    assert exchange.resting == {}


def test_a_freeze_of_the_monitor_itself_is_carried_out_at_the_next_edge() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    loop.risk_monitor.freeze("guard outside", BTC)
    loop.on_edge_update(BTC, 9.0)
    assert exchange.resting == {}


# Positions.


def test_a_run_takes_positions_held_before_it_as_given() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.report("X1")
    loop.on_fill()
    exchange.held["SOLUSDT"] = e9(3)
    report = loop.run_shadow(some_params(iterations=1))
    assert report["positions"]["by_symbol"] == {BTC: 0.01}


def test_a_run_may_begin_before_earlier_fills_are_read() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.report("X1")
    report = loop.run_shadow(some_params(iterations=1))
    assert report["positions"]["by_symbol"] == {BTC: 0.01}


def test_an_error_in_the_stream_of_fills_is_not_swallowed() -> None:
    def broken() -> Iterator[None]:
        raise ConnectionError("stream lost")
        yield

    exchange = PlainExchange()
    loop = quoted(exchange)
    exchange.stream_fills = broken  # type: ignore[assignment, method-assign]
    with pytest.raises(ConnectionError):
        loop.on_fill()
    assert len(events_of(loop, ParamsSet)) == 1
