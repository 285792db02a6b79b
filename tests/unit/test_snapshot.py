"""The state as plain data: exact, independent of the hour, and different when the state is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.unit.builders import BTC, ETH, T0_NS, a_fill, a_fold, a_quote_event, e9, placed
from tools.live.core import codec
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import (
    BUY, CancelFailed, EdgeUpdate, FreezeOrdered, OrderAccepted, OrderCanceled, ParamsSet,
)  # fmt: skip
from tools.live.fold import Fold
from tools.live.reports.snapshot import snapshot, state_sha256


def a_state(origin_ns: int = T0_NS) -> Fold:
    """Two open orders of BTC, one of them filled in part, and an edge."""
    fold = a_fold()
    buy, sell = placed(fold.step(a_quote_event(ts_ns=origin_ns)))
    fold.step(OrderAccepted(buy.client_order_id, "X1", origin_ns + 1))
    fold.step(OrderAccepted(sell.client_order_id, "X2", origin_ns + 2))
    fold.step(a_fill(qty="0.004", ts_ns=origin_ns + 3))
    fold.step(EdgeUpdate(BTC, e9(5), origin_ns + 4))
    return fold


def hash_of(fold: Fold, origin_ns: int = T0_NS) -> str:
    return state_sha256(fold, 9, origin_ns)


def test_the_state_is_what_it_says() -> None:
    state = snapshot(a_state(), 9, T0_NS)
    assert state["seq"] == 9
    assert state["orders"] == {
        "pending": 0, "open": 1, "partially_filled": 1, "filled": 0, "canceled": 0, "rejected": 0,
    }  # fmt: skip
    qty, price, cost = e9("0.01"), e9(50_000), e9("0.004") * e9(50_000)
    assert state["live_orders"] == [
        ["CLI00000001", "X1", BTC, "Buy", "partially_filled", qty, price, e9("0.004"), cost, 0, 3],
        ["CLI00000002", "X2", BTC, "Sell", "open", qty, price, 0, 0, 0, 2],
    ]
    held = state["holdings"][BTC]
    assert held[0] == held[6] == e9("0.004")
    assert held[1] == -held[3] == cost
    assert held[-1] == [[e9("0.004"), price]]
    assert state["exposures"][BTC][:2] == [e9("0.006"), qty]
    assert state["edge_bps"] == {BTC: e9(5)}
    assert (state["frozen"], state["freezes"]) == (False, [None, None])


def test_a_freeze_is_in_the_state_with_its_time_since_the_origin() -> None:
    fold = a_state()
    fold.step(FreezeOrdered("halt", ETH, "ada", T0_NS + NS_PER_S))
    state = snapshot(fold, 9, T0_NS)
    assert state["frozen"]
    assert state["freezes"] == [["halt (ada)", ETH, NS_PER_S]] * 2
    fold.monitor.freeze("outside")
    assert snapshot(fold, 9, T0_NS)["freezes"][1] == ["outside", None, None]


def test_the_state_is_exact_plain_data() -> None:
    fold = a_state()
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(CancelFailed("X1", "no", T0_NS))
    state = snapshot(fold, 9, T0_NS)
    assert codec.canonical(json.loads(json.dumps(state))) == codec.canonical(state)
    assert "." not in json.dumps({**state, "freezes": []})


def test_equal_states_at_different_hours_hash_equally() -> None:
    later = T0_NS + 3_600 * NS_PER_S
    assert hash_of(a_state()) == hash_of(a_state(later), later)


CHANGES: dict[str, Callable[[Fold], object]] = {
    "a quote": lambda fold: fold.step(a_quote_event(1, 2, ETH)),
    "an edge": lambda fold: fold.step(EdgeUpdate(BTC, e9(6), T0_NS)),
    "no edge": lambda fold: fold.step(EdgeUpdate(ETH, None, T0_NS)),
    "a cancel": lambda fold: fold.step(OrderCanceled("X2", T0_NS)),
    "a fill": lambda fold: fold.step(a_fill(fill_id="F2", qty="0.000000001")),
    "a freeze": lambda fold: fold.monitor.freeze("halt"),
    "another mark": lambda fold: fold.monitor.on_quote(BTC, e9(1), e9(2)),
    "a crossed quote": lambda fold: fold.monitor.on_quote(BTC, e9(50_025), e9(49_975)),
    "a refusal": lambda fold: fold.monitor.check_before_order(BTC, "hold", 1),
    "a failed cancel": lambda fold: fold.step(CancelFailed("X1", "no", T0_NS)),
    "an outside fill": lambda fold: fold.monitor.on_fill(BTC, BUY, 1, 50_000),
    "a counter": lambda fold: fold.stats.update(risk_blocks=1),
    "params": lambda fold: fold.step(ParamsSet(e9(2), 0, T0_NS)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_what_decides_the_future_changes_the_hash(change: str) -> None:
    fold = a_state()
    before = hash_of(fold)
    CHANGES[change](fold)
    assert hash_of(fold) != before


def test_the_place_on_the_line_is_part_of_the_hash() -> None:
    fold = a_state()
    assert state_sha256(fold, 9, T0_NS) != state_sha256(fold, 10, T0_NS)
