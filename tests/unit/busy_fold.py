"""A fold in which nothing is empty, for the tests of what a checkpoint keeps."""

from __future__ import annotations

from typing import Any

from tests.unit.builders import BTC, ETH, T0_NS, a_fill, a_monitor, a_quote_event, e9
from tools.live.core.contracts_v1 import (
    SELL, CancelFailed, EdgeUpdate, FreezeOrdered, OpenOrdersListed, OrderAbsent, OrderAccepted,
    OrderCanceled, OrderRejected, OrderUnknown, ParamsSet, QueryFailed, UnfreezeOrdered,
)  # fmt: skip
from tools.live.fold import Fold
from tools.live.fold_state import state_of
from tools.live.order_store import InMemoryOrderStore
from tools.live.risk_monitor import RuntimeRiskMonitor


def busy_monitor() -> RuntimeRiskMonitor:
    return a_monitor(threshold=1.5, maker_bps=1, taker_bps=7)


def busy_base() -> Fold:
    return Fold(InMemoryOrderStore(3), busy_monitor(), measure_edge=True)


def accepted(number: int) -> OrderAccepted:
    return OrderAccepted(f"CLI{number:08d}", f"X{number}", T0_NS + number)


def a_busy_fold(*, in_doubt: bool = True) -> Fold:
    """A fold in which nothing is empty: three orders are kept after their end, two are retired."""
    fold = busy_base()
    for event in (
        ParamsSet(e9(0.01), 0, T0_NS),
        a_quote_event(),
        accepted(1),
        accepted(2),
        a_fill("X1", "F1"),
        a_fill("X2", "F2", SELL, 0.004),
        a_quote_event(2_990, 3_010, ETH),
        OrderRejected("CLI00000003", "no", T0_NS),
        accepted(4),
        OrderCanceled("X4", T0_NS),
        a_fill("X4", "F3", SELL, 0.002, 3_000, ETH, "taker"),
        a_quote_event(ts_ns=T0_NS + 6 * 10**9),
        accepted(5),
        accepted(6),
        a_fill("X5", "F4"),
        a_fill("X2", "F2", SELL, 0.004),
        a_fill("X6", "F5", SELL, 0.006),
        a_quote_event(2_990, 3_010, ETH),
        accepted(7),
        a_fill("X7", "F6", qty=0.01, price=3_000, symbol=ETH),
        ParamsSet(e9(20), e9(5), T0_NS),
        a_quote_event(),
        a_fill("X9", "F9"),
        CancelFailed("X6", "no", T0_NS + 9),
        OpenOrdersListed(("Y1", "Y2"), T0_NS + 9),
        UnfreezeOrdered("fixed", "ada", T0_NS),
        FreezeOrdered("halt", ETH, "ada", T0_NS),
        EdgeUpdate(BTC, None, T0_NS),
        EdgeUpdate(ETH, e9(1.25), T0_NS),
    ):
        fold.step(event)
    if in_doubt:
        fold.step(OrderUnknown("CLI00000008", "timeout", T0_NS + 3))
        fold.step(OrderAbsent("CLI00000008", T0_NS + 4))
        fold.step(QueryFailed("CLI00000008", "silent", T0_NS + 5))
    fold.monitor.on_fill(ETH, "Buy", 0.5, 3_000)
    return fold


BUSY = state_of(a_busy_fold())


def without_cancels_on_their_way(state: dict[str, Any]) -> dict[str, Any]:
    """The same state as those told it who did not know that a cancel may be waited for."""
    fold = {key: value for key, value in state["fold"].items() if key != "canceling"}
    assert len(fold) == len(state["fold"]) - 1
    return {**state, "fold": fold}
