"""The doors of the loop: quotes, fills, edges, a run, a reset, the counters, the same again."""

from __future__ import annotations

import json

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_MS, T0_NS, a_fake, a_loop, a_monitor, a_quote, e9, events_of, recorded,
    some_params,
)  # fmt: skip
from tools.live.core.clock import NS_PER_MS, NS_PER_S
from tools.live.core.contracts_v1 import (
    INPUTS, CancelAllOrdered, CancelOrder, EdgeUpdate, Fill, FreezeOrdered, OpenOrdersListed,
    OrderAccepted, ParamsSet, QuoteUpdate, UnfreezeOrdered,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import ExecutionLoop, ExecutionParams, run_shadow_demo
from tools.live.order_store import InMemoryOrderStore, OrderState

COUNTERS = [
    "orders_placed", "orders_filled", "orders_rejected", "orders_canceled", "risk_blocks",
    "freeze_events",
]  # fmt: skip


# Wiring.


def test_a_loop_shows_its_parts_and_its_counters() -> None:
    exchange, store, monitor = a_fake(), InMemoryOrderStore(), a_monitor()
    loop = ExecutionLoop(exchange, store, monitor)
    assert (loop.exchange, loop.order_store, loop.risk_monitor) == (exchange, store, monitor)
    assert loop.stats == dict.fromkeys(COUNTERS, 0)
    assert list(loop.stats) == COUNTERS


def test_the_clock_is_the_callers_or_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert a_loop(now_ms=1234)._clock() == 1234
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")
    loop = ExecutionLoop(a_fake(), InMemoryOrderStore(), a_monitor())
    assert loop._clock() == T0_MS
    loop.freeze("stop", "somebody")
    assert loop.event_clock.ns == T0_MS * NS_PER_MS


def test_an_edge_that_is_neither_scripted_nor_computed_is_an_error() -> None:
    with pytest.raises(ContractError, match="'guessed'"):
        a_loop(edge="guessed")


# on_quote.


def test_a_quote_places_a_buy_and_a_sell_around_the_middle() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(), some_params())
    buy, sell = loop.exchange.get_open_orders()
    assert [(o.side, o.qty, o.price) for o in (buy, sell)] == [
        ("Buy", 0.01, 49_987.5),
        ("Sell", 0.01, 50_012.5),
    ]
    assert [o.client_order_id for o in (buy, sell)] == ["CLI00000001", "CLI00000002"]
    assert [o.state for o in loop.order_store.get_all()] == [OrderState.OPEN] * 2
    assert loop.stats["orders_placed"] == 2


def test_a_quote_while_frozen_does_and_counts_nothing() -> None:
    loop = a_loop()
    loop.freeze("halt", "ada")
    loop.on_quote(a_quote(), some_params())
    assert loop.order_store.get_all() == []
    assert (loop.stats["orders_placed"], loop.stats["risk_blocks"]) == (0, 0)


def test_a_rejected_order_is_stored_with_its_message_and_uses_up_an_id() -> None:
    loop = a_loop(a_fake(reject_rate=1.0))
    loop.on_quote(a_quote(), some_params())
    orders = loop.order_store.get_all()
    assert [o.client_order_id for o in orders] == ["CLI00000001", "CLI00000002"]
    assert [o.state for o in orders] == [OrderState.REJECTED] * 2
    assert [o.message for o in orders] == ["Simulated rejection"] * 2
    assert loop.stats["orders_rejected"] == 2
    assert loop.stats["orders_placed"] == 0


def test_a_refused_order_is_counted_and_never_sent() -> None:
    loop = a_loop(monitor=a_monitor(max_symbol=499))
    loop.on_quote(a_quote(), some_params())
    assert loop.stats["risk_blocks"] == 2
    assert loop.order_store.get_all() == []
    assert loop.exchange.get_open_orders() == []


def test_open_orders_count_so_many_quotes_cannot_pass_the_limit() -> None:
    loop = a_loop(monitor=a_monitor(max_symbol=1_600))
    for _ in range(400):
        loop.on_quote(a_quote(), some_params())
    assert loop.stats["orders_placed"] == 2 * 3
    assert loop.stats["risk_blocks"] == 2 * 397


def test_params_enter_the_line_once_until_they_change() -> None:
    loop = a_loop()
    for qty in (0.01, 0.01, 0.02):
        loop.on_quote(a_quote(), some_params(qty=qty))
    sizes = [event.base_qty for event in events_of(loop, ParamsSet)]
    assert sizes == [e9("0.01"), e9("0.02")]
    assert [o.qty for o in loop.order_store.get_all()] == [0.01] * 4 + [0.02] * 2


@pytest.mark.parametrize(("qty", "spread"), [(0, 5), (-1, 5), (0.01, -1), (0.01, 20_000)])
def test_sizes_and_spreads_that_cannot_be_are_errors(qty: float, spread: float) -> None:
    params = ExecutionParams([BTC], 1, 10_000, 50_000, 1.5, qty, spread)
    with pytest.raises(ContractError, match="base_qty|spread_bps"):
        a_loop().on_quote(a_quote(), params)


# on_fill.


def test_a_fill_reaches_order_position_and_counter() -> None:
    loop = a_loop(a_fake(fill_rate=1.0))
    loop.on_quote(a_quote(), some_params())
    loop.on_fill()
    assert [o.state for o in loop.order_store.get_all()] == [OrderState.FILLED] * 2
    assert [o.avg_fill_price for o in loop.order_store.get_all()] == [49_987.5, 50_012.5]
    assert loop.stats["orders_filled"] == 2
    assert loop.risk_monitor.get_positions() == {BTC: 0.0}


def test_a_partial_fill_counts_once_and_the_rest_stays_open() -> None:
    loop = a_loop(a_fake(fill_rate=1.0, partial=1.0))
    loop.on_quote(a_quote(), some_params())
    loop.on_fill()
    for order in loop.order_store.get_all():
        assert order.state is OrderState.PARTIALLY_FILLED
        assert 0.005 <= order.filled_qty <= 0.009
    assert loop.stats["orders_filled"] == 2
    assert len(loop.exchange.get_open_orders()) == 2


def test_on_fill_without_fills_does_nothing() -> None:
    loop = a_loop()
    loop.on_fill()
    assert recorded(loop) == []


# on_edge_update.


def test_an_edge_at_the_threshold_lets_trading_go_on() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(), some_params())
    loop.on_edge_update(BTC, 1.5)
    assert not loop.risk_monitor.is_frozen()
    assert len(loop.order_store.get_open_orders()) == 2


def test_an_edge_below_it_freezes_and_cancels_on_the_exchange() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(), some_params())
    loop.on_edge_update(BTC, 1.49)
    assert loop.risk_monitor.is_frozen()
    assert loop.exchange.get_open_orders() == []
    assert [o.state for o in loop.order_store.get_all()] == [OrderState.CANCELED] * 2
    assert (loop.stats["freeze_events"], loop.stats["orders_canceled"]) == (1, 2)
    assert events_of(loop, OpenOrdersListed) == [OpenOrdersListed((), T0_NS + 200 * NS_PER_MS)]


def test_more_bad_edges_change_the_last_cause_only() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(), some_params())
    loop.on_edge_update(BTC, 1.0)
    loop.on_edge_update(ETH, 0.5)
    assert (loop.stats["freeze_events"], loop.stats["orders_canceled"]) == (1, 2)
    assert loop.risk_monitor.last_freeze_symbol == ETH
    assert len(events_of(loop, CancelOrder)) == 2


def test_an_edge_that_is_no_number_freezes_and_is_recorded_as_none() -> None:
    loop = a_loop()
    loop.on_edge_update(BTC, float("nan"))
    assert loop.risk_monitor.is_frozen()
    assert events_of(loop, EdgeUpdate) == [EdgeUpdate(BTC, None, T0_NS)]


@pytest.mark.parametrize(
    ("edge", "recorded_as"), [(2.4, "2.4"), (1e-10, 0), (7, 7), (-3.5, "-3.5")]
)
def test_an_edge_is_recorded_at_the_scale_of_the_house(edge: float, recorded_as: str) -> None:
    loop = a_loop()
    loop.on_edge_update(BTC, edge)
    assert events_of(loop, EdgeUpdate) == [EdgeUpdate(BTC, e9(recorded_as), T0_NS)]


# Operators.


def test_an_operator_freezes_cancels_and_unfreezes() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(), some_params())
    loop.freeze("halt", "ada", BTC)
    loop.freeze("halt", "ada", BTC)
    assert loop.exchange.get_open_orders() == []
    assert loop.stats["freeze_events"] == 1
    loop.unfreeze("fixed", "bob")
    loop.on_quote(a_quote(), some_params())
    assert len(loop.exchange.get_open_orders()) == 2
    assert len(events_of(loop, FreezeOrdered)) == 2
    assert events_of(loop, UnfreezeOrdered)[0].actor == "bob"


def test_cancel_all_of_a_symbol_leaves_the_others() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(BTC), some_params())
    loop.on_quote(a_quote(ETH, 2_999, 3_001), some_params())
    loop.cancel_all("tidy up", BTC)
    assert {o.symbol for o in loop.exchange.get_open_orders()} == {ETH}
    loop.cancel_all("tidy up")
    assert loop.exchange.get_open_orders() == []
    assert loop.stats["orders_canceled"] == 4
    assert not loop.risk_monitor.is_frozen()


def test_cancel_all_with_nothing_open_enters_nothing() -> None:
    loop = a_loop()
    loop.cancel_all("tidy up")
    assert recorded(loop) == []


def test_a_requote_cancels_a_symbols_orders_before_its_next_quote() -> None:
    loop = a_loop()
    params = some_params(requote=True)
    loop.on_quote(a_quote(BTC), params)
    loop.on_quote(a_quote(ETH, 2_999, 3_001), params)
    loop.on_quote(a_quote(BTC, 50_000, 50_050), params)
    assert [o.client_order_id for o in loop.exchange.get_open_orders()] == [
        "CLI00000003", "CLI00000004", "CLI00000005", "CLI00000006",
    ]  # fmt: skip
    ordered = [e.event for e in recorded(loop)
               if isinstance(e.event, (CancelAllOrdered, QuoteUpdate))]  # fmt: skip
    assert [type(event) for event in ordered] == [
        QuoteUpdate, QuoteUpdate, CancelAllOrdered, QuoteUpdate,
    ]  # fmt: skip
    assert loop.stats["orders_canceled"] == 2


# Time.


def test_the_clock_of_the_line_never_goes_back() -> None:
    loop = a_loop()
    loop.on_quote(a_quote(timestamp_ms=T0_MS + 5_000), some_params())
    loop.on_quote(a_quote(timestamp_ms=T0_MS), some_params())
    stamps = [entry.event.ts_ns for entry in recorded(loop) if isinstance(entry.event, INPUTS)]
    assert stamps == sorted(stamps)
    first, second = events_of(loop, QuoteUpdate)
    assert first.ts_ns == T0_NS + 5 * NS_PER_S
    assert second.ts_ns == first.ts_ns + 200 * NS_PER_MS


def test_the_fakes_latency_passes_on_the_line() -> None:
    loop = a_loop(a_fake(fill_rate=1.0))
    loop.on_quote(a_quote(), some_params())
    loop.on_fill()
    answered = [T0_NS + 100 * NS_PER_MS, T0_NS + 200 * NS_PER_MS]
    assert [event.ts_ns for event in events_of(loop, OrderAccepted)] == answered
    assert [event.ts_ns for event in events_of(loop, Fill)] == [answered[1], answered[1]]
    assert loop.event_clock.ns // NS_PER_MS == T0_MS + 200


def test_a_fake_with_a_clock_of_its_own_keeps_it() -> None:
    exchange = FakeExchangeClient(0.0, 0.0, 100, clock=lambda: T0_MS + 900)
    loop = a_loop(exchange)
    loop.on_quote(a_quote(), some_params())
    assert loop.event_clock.ns // NS_PER_MS == T0_MS + 1_000


# reset.


def test_a_reset_is_as_new_but_for_the_exchange() -> None:
    loop = a_loop(a_fake(fill_rate=0.5))
    stats = loop.stats
    loop.run_shadow(some_params(iterations=20))
    loop.reset()
    assert loop.stats is stats
    assert stats == dict.fromkeys(COUNTERS, 0)
    assert loop.order_store.get_all() == []
    assert loop.risk_monitor.get_positions() == {}
    assert not loop.risk_monitor.is_frozen()
    assert loop.seq == 0


@pytest.mark.parametrize("recording", [False, True], ids=["unrecorded", "recorded"])
def test_a_run_after_a_reset_is_the_run_of_a_new_loop(recording: bool) -> None:
    loop = a_loop(a_fake(0.7, 0.05, 0.1), recorded=recording)
    first = loop.run_shadow(some_params((BTC, ETH), 50))
    loop.reset()
    loop.exchange.reset()  # type: ignore[attr-defined]
    second = loop.run_shadow(some_params((BTC, ETH), 50))
    second["risk"]["freezes_total"] = first["risk"]["freezes_total"]  # it goes on by contract
    assert second == first


# The same again.


def test_equal_runs_give_equal_bytes() -> None:
    def once() -> str:
        return run_shadow_demo([BTC, ETH], 30, clock=lambda: T0_MS)

    assert once() == once()
    assert json.loads(once())["orders"]["placed"] > 0


def test_another_seed_gives_another_run() -> None:
    one, two = (run_shadow_demo([BTC], 30, clock=lambda: T0_MS, seed=seed) for seed in (1, 2))
    assert one.data["orders"] != two.data["orders"]


def test_params_are_put_in_force_once_and_said_once() -> None:
    loop = a_loop()
    params = some_params(qty=0.02)
    for _ in range(2):
        loop.set_params(params)
    said = ParamsSet(e9("0.02"), e9(5), T0_NS)
    assert [entry.event for entry in recorded(loop)] == [said]
    params.spread_bps = 6
    loop.set_params(params)
    assert events_of(loop, ParamsSet) == [said, ParamsSet(e9("0.02"), e9(6), T0_NS)]
    params.base_qty = 0
    with pytest.raises(ContractError, match="base_qty"):
        loop.set_params(params)
