"""A loop does not begin on orders of an earlier life: `tools.live.execution_loop`."""

from __future__ import annotations

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import BTC, T0_MS, T0_NS, PlainExchange, a_monitor, e9
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.order import CANCELED
from tools.live.execution_loop import ExecutionLoop
from tools.live.journal.durable_store import DurableOrderStore
from tools.live.order_store import InMemoryOrderStore
from tools.live.risk_monitor import RuntimeRiskMonitor


def begin(store: InMemoryOrderStore, monitor: RuntimeRiskMonitor | None = None) -> ExecutionLoop:
    return ExecutionLoop(PlainExchange(), store, monitor or a_monitor(), lambda: T0_MS)


def a_store(*, filled: bool, canceled: bool) -> InMemoryOrderStore:
    store = InMemoryOrderStore()
    order = store.open_pending(BTC, BUY, e9(1), e9(100), T0_NS)
    store.accept(order, "X1", T0_NS)
    if filled:
        store.apply_fill(order, "F1", e9("0.5"), e9(100), T0_NS)
    if canceled:
        store.move(order, CANCELED, T0_NS)
    return store


def test_a_live_order_that_the_gate_does_not_count_is_refused() -> None:
    with pytest.raises(ContractError, match="take a run up with DurableRun"):
        begin(a_store(filled=False, canceled=False))


def test_so_is_a_position_that_nobody_holds() -> None:
    with pytest.raises(ContractError, match="does not know"):
        begin(a_store(filled=True, canceled=True))


def test_what_ended_without_a_trade_does_no_harm() -> None:
    assert begin(a_store(filled=False, canceled=True)).order_store.count(CANCELED) == 1


def test_another_loop_may_go_on_with_both_store_and_monitor() -> None:
    first = begin(InMemoryOrderStore())
    monitor, store = first.risk_monitor, first.order_store
    monitor.review(store.next_id, BTC, BUY, e9(1), e9(100), T0_NS)
    order = store.open_pending(BTC, BUY, e9(1), e9(100), T0_NS)
    store.accept(order, "X1", T0_NS)
    store.apply_fill(order, "F1", e9("0.5"), e9(100), T0_NS)
    monitor.apply_fill(BTC, BUY, e9("0.5"), e9(100), reserved=True)
    assert begin(store, monitor).order_store is store


def test_a_durable_store_with_orders_is_no_way_around_it() -> None:
    disk = SimDisk()
    with DurableOrderStore(disk, holder="a test", time_ns=T0_NS) as store:
        begin(store)
        store.open_pending(BTC, BUY, e9(1), e9(100), T0_NS)
    with pytest.raises(ContractError, match="DurableRun"):
        begin(DurableOrderStore(disk, holder="a test", time_ns=T0_NS))
