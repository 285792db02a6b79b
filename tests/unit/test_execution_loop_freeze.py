"""The freeze as the loop carries it out: on the exchange, verified, retried, and never silent."""

from __future__ import annotations

import pytest

from tests.unit.builders import (
    BTC, ETH, PlainExchange, a_loop, a_monitor, a_quote, events_of, frozen_while_sending, quoted,
    recorded, some_params, states,
)  # fmt: skip
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, CancelFailed, CancelOrder, Approved,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.exchange import OpenOrder, PlaceOrderRequest, PlaceOrderResponse
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore, OrderState
from tools.live.reports.snapshot import snapshot


def refuse(order_id: str) -> bool:
    return False


def raise_os_error(order_id: str) -> bool:
    raise TimeoutError("no answer")


def raise_live_error(order_id: str) -> bool:
    raise ContractError("no such route")


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


def test_an_adapter_that_breaks_on_a_cancel_leaves_no_order_forgotten() -> None:
    """A bug in the adapter may end the call; at the next edge every cancel is tried again."""
    exchange = PlainExchange()
    loop = quoted(exchange, quotes=2)

    def broken(order_id: str) -> bool:
        raise KeyError(order_id)

    exchange.cancel = broken  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        loop.on_edge_update(BTC, 1.0)
    del exchange.cancel
    loop.on_edge_update(BTC, 1.0)
    assert exchange.resting == {}


# Frozen while an order is on its way.


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
    assert len(events_of(loop, Approved)) == 2
    assert loop.stats["orders_rejected"] == 1


def test_an_order_accepted_while_a_freeze_was_ordered_is_canceled_too() -> None:
    loop, exchange = frozen_while_sending()
    loop.on_edge_update(BTC, 9.0)
    assert exchange.resting == {}


def test_a_freeze_of_the_monitor_itself_is_carried_out_at_the_next_edge() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    loop.risk_monitor.freeze("guard outside", BTC)
    loop.on_edge_update(BTC, 9.0)
    assert exchange.resting == {}
