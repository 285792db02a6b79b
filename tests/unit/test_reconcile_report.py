"""The published door: five arguments in, seven facts out."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, ETH, T0_MS, T0_NS, a_fake, a_loop, a_quote, e9, some_params
from tests.unit.reconcile_world import PlainVenue, Venue
from tools.live.audit.reconcile_report import (
    FeeSchedule, ReconReport, reconcile_orders_fills_positions,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError, LiveError
from tools.live.core.order import CANCELED
from tools.live.order_store import InMemoryOrderStore


def now_ms() -> int:
    return T0_MS


def report(
    venue: PlainVenue, store: InMemoryOrderStore, fees: FeeSchedule | None = None
) -> ReconReport:
    return reconcile_orders_fills_positions(venue, store, now_ms, [ETH, BTC, BTC], fees)


def test_a_run_of_the_demo_agrees_with_its_exchange() -> None:
    loop = a_loop(a_fake(fill_rate=0.5, partial=0.5))
    for _ in range(20):
        loop.on_quote(a_quote(), some_params())
        loop.on_fill()
    found = reconcile_orders_fills_positions(
        loop.exchange, loop.order_store, now_ms, [BTC], FeeSchedule(1, 7, 2)
    )
    assert (found.timestamp_ms, found.symbols, found.divergence_count) == (T0_MS, [BTC], 0)
    assert found.orders_local_only == found.orders_remote_only == []
    assert found.position_deltas == {} and found.fees_report is not None
    assert found.fees_report["maker_count"] == loop.stats["orders_filled"] > 0
    assert found.fees_report["net_bps"] == -1.0, "1 paid, 2 received"


def test_every_divergence_is_counted() -> None:
    store, venue = InMemoryOrderStore(), PlainVenue()
    for name, symbol in (("X1", BTC), ("X2", BTC), ("X3", BTC), ("Y1", "XRPUSDT")):
        store.accept(store.create(symbol, "Buy", 2, 100, T0_MS), name, T0_NS)
    venue.place("CLI00000001", BTC, BUY, e9(2), e9(100), "X1")
    venue.place("CLI00000003", BTC, BUY, e9(2), e9(100), "X3")
    store.move(store.orders["CLI00000003"], CANCELED, T0_NS)
    venue.place("", BTC, SELL, e9(2), e9(100), "A9")
    venue.place("", "XRPUSDT", SELL, e9(2), e9(100), "A8")
    venue.held = {BTC: e9(3), ETH: e9(-1), "XRPUSDT": e9(5)}
    store.apply_fill(store.orders["CLI00000001"], "E1", e9(1), e9(100), T0_NS)
    store.apply_fill(store.orders["CLI00000003"], "E2", e9(1), e9(100), T0_NS)
    found = report(venue, store)
    assert found == ReconReport(
        T0_MS, [BTC, ETH], ["CLI00000002"], ["A9", "X3"], {BTC: 1.0, ETH: -1.0}, None, 5
    )


def test_sells_and_retired_orders_count_in_positions() -> None:
    store, venue = InMemoryOrderStore(retain=0), PlainVenue()
    for side, order_id, qty in (("Buy", "X1", 5), ("Sell", "X2", 2), ("Sell", "X3", 4)):
        order = store.create(BTC, side, qty, 100, T0_MS)
        store.accept(order, order_id, T0_NS)
        store.apply_fill(order, f"E{order_id}", e9(min(qty, 3)), e9(100), T0_NS)
    assert len(store.orders) == 2 and store.retired.orders == 1
    venue.held = {BTC: e9(3 - 2 - 3)}
    assert report(venue, store).position_deltas == {}


def test_fees_by_who_took() -> None:
    store, venue = InMemoryOrderStore(), Venue()
    order = store.create(BTC, "Buy", 10, 100, T0_MS)
    store.accept(order, "X1", T0_NS)
    other = store.create("XRPUSDT", "Buy", 10, 100, T0_MS)
    store.accept(other, "Y1", T0_NS)
    row = venue.place("CLI00000001", BTC, BUY, e9(10), e9(100), "X1")
    for name, qty, liquidity in (("E1", 1, "maker"), ("E2", 3, "taker")):
        venue.fill(row, e9(qty), name).liquidity = liquidity
        store.apply_fill(order, name, e9(qty), e9(100), T0_NS)
    store.apply_fill(other, "E9", e9(1), e9(100), T0_NS)
    found = report(venue, store, FeeSchedule("1.0", 7, 0.5))
    assert found.fees_report == {
        "gross_notional": 400.0, "maker_notional": 100.0, "taker_notional": 300.0,
        "maker_count": 1, "taker_count": 1, "fees_absolute": 0.22, "rebates_absolute": 0.005,
        "net_absolute": 0.215, "fees_bps": 5.5, "rebates_bps": 0.125, "net_bps": 5.375,
        "maker_taker_ratio": 0.25,
    }  # fmt: skip


def test_without_fills_all_fees_are_zero() -> None:
    fees = report(Venue(), InMemoryOrderStore(), FeeSchedule()).fees_report
    assert fees is not None and len(fees) == 12 and not any(fees.values())


@pytest.mark.parametrize("question", ["orders", "positions"])
def test_silence_is_an_error(question: str) -> None:
    venue = PlainVenue()
    venue.silent[question] = 1
    with pytest.raises(LiveError, match=f"did not answer: {question} timed out; reconcile again"):
        report(venue, InMemoryOrderStore())


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ContractError, match="symbols 'BTCUSDT' is one text"):
        reconcile_orders_fills_positions(Venue(), InMemoryOrderStore(), now_ms, BTC, None)
    with pytest.raises(ContractError, match="maker_rebate_bps -1 must be 0 or more"):
        FeeSchedule(maker_rebate_bps=-1)
