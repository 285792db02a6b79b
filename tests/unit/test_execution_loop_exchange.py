"""The loop against an exchange as a user writes it: answers, fills, silence, positions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_MS, PlainExchange, a_loop, a_monitor, a_quote, e9, events_of, quoted,
    some_params, states,
)  # fmt: skip
from tools.live.audit.laws import LawsBroken
from tools.live.core.clock import NS_PER_MS
from tools.live.core.contracts_v1 import (
    BUY, SELL, Fill, FillFault, FillRefused, LateFill, OrderRejected, ParamsSet, Approved,
)  # fmt: skip
from tools.live.exchange import OrderStatus, PlaceOrderRequest, PlaceOrderResponse, Position
from tools.live.order_store import OrderState


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
    assert loop.event_clock.ns // NS_PER_MS == T0_MS
    assert loop.fold.ack_ns == {0: 2}


@pytest.mark.parametrize(("answered_ms", "now_ms"), [(5, T0_MS), (T0_MS + 9, T0_MS + 9)])
def test_an_answer_moves_the_clock_forward_only(answered_ms: int, now_ms: int) -> None:
    exchange = PlainExchange()
    exchange.place_limit = lambda req: PlaceOrderResponse(  # type: ignore[method-assign]
        True, req.client_order_id, OrderStatus.OPEN, None, answered_ms
    )
    assert quoted(exchange).event_clock.ns // NS_PER_MS == now_ms


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
    ],
)
def test_an_answer_without_success_is_a_rejection(
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
    loop.on_quote(a_quote(), some_params())
    assert states(loop) == [OrderState.PENDING] * 2
    assert loop.risk_monitor.worst_case_e18(BTC) == e9("0.01") * e9(50_000)
    del exchange.place_limit
    loop.on_quote(a_quote(), some_params())
    assert loop.stats["risk_blocks"] == 2
    loop.on_edge_update(BTC, 1.0)
    assert loop.fold.unresolved == {
        "CLI00000001": "never acknowledged", "CLI00000002": "never acknowledged",
    }  # fmt: skip
    report = loop.run_shadow(some_params(iterations=1))
    assert report["risk"]["unresolved_cancels"] == loop.fold.unresolved
    assert report["orders"]["in_doubt"] == ["CLI00000001", "CLI00000002"]


def test_a_position_may_differ_by_what_an_order_in_doubt_may_do() -> None:
    exchange = PlainExchange()
    exchange.place_limit = fail_to_place  # type: ignore[method-assign]
    loop = a_loop(exchange)
    loop.on_quote(a_quote(), some_params())
    moved = iter([0, e9("0.01")])
    exchange.get_positions = lambda: [  # type: ignore[method-assign]
        Position(BTC, next(moved) / 10**9, 0.0)
    ]
    assert loop.run_shadow(some_params(iterations=1))["orders"]["in_doubt"]
    moved = iter([0, e9("0.010000001")])
    with pytest.raises(LawsBroken, match="exchange_positions"):
        loop.run_shadow(some_params(iterations=1))


@pytest.mark.parametrize("recording", [False, True], ids=["unrecorded", "recorded"])
def test_what_a_broken_client_kept_from_being_sent_is_rejected(recording: bool) -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange, recorded=recording)

    def broken(req: PlaceOrderRequest) -> PlaceOrderResponse:
        raise ZeroDivisionError

    exchange.place_limit = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        loop.on_quote(a_quote(), some_params())
    assert states(loop) == [OrderState.PENDING, OrderState.REJECTED]
    if recording:
        assert len(events_of(loop, Approved)) == 2
    assert str(loop.order_store.get_all()[1].message).startswith("withheld: ")
    assert loop.risk_monitor.worst_case_e18(BTC) == e9("0.01") * e9(50_000)


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
