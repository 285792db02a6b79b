"""The published sample run, number for number, and two twins: a naive one and one by hand."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.unit.builders import BTC, ETH, T0_MS
from tools.live.core.contracts_v1 import (
    EdgeUpdate, Fill, Frozen, OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from tools.live.execution_loop import run_shadow_demo
from tools.live.reports.shadow_report import ShadowReport

PARTIAL_QTY = 10**7  # one hundredth at 10^9: what every order of the sample asks for


def sample(**changed: Any) -> ShadowReport:
    asked: dict[str, Any] = {
        "symbols": [BTC, ETH],
        "iterations": 20,
        "max_inventory_usd_per_symbol": 10_000,
        "max_total_notional_usd": 50_000,
        "edge_freeze_threshold_bps": 3.0,
        "fill_rate": 0.7,
        "reject_rate": 0.05,
        "clock": lambda: T0_MS,
    }
    return run_shadow_demo(**{**asked, **changed})


def second_sample() -> ShadowReport:
    return sample(
        symbols=[BTC], iterations=5, edge_freeze_threshold_bps=1.0, fill_rate=0.8, reject_rate=0.0
    )


def test_the_orders_of_the_sample() -> None:
    orders = sample().data["orders"]
    expected = {"placed": 73, "filled": 51, "rejected": 3, "canceled": 28, "risk_blocks": 0}
    assert {key: orders[key] for key in expected} == expected


def test_the_positions_of_the_sample_to_four_places() -> None:
    positions = sample().data["positions"]["by_symbol"]
    assert {symbol: round(qty, 4) for symbol, qty in positions.items()} == {
        BTC: -0.0085,
        ETH: 0.0025,
    }


def test_the_positions_of_the_sample_differ_from_its_floats_by_rounding_only() -> None:
    positions = sample().data["positions"]["by_symbol"]
    assert positions[BTC] == pytest.approx(-0.008492471839165351, abs=6e-9)
    assert positions[ETH] == pytest.approx(0.002515425566175424, abs=6e-9)


def test_the_sample_freezes_once_and_keeps_the_first_cause_beside_the_last() -> None:
    risk = sample().data["risk"]
    assert (risk["frozen"], risk["freeze_events"], risk["freezes_total"]) == (True, 1, 1)
    assert risk["blocks_total"] == 0
    assert risk["last_freeze_reason"] == "Edge degradation: 2.40 BPS < 3.00 BPS"
    assert risk["last_freeze_symbol"] == ETH
    assert risk["first_freeze_reason"] == "Edge degradation: 2.80 BPS < 3.00 BPS"
    assert risk["first_freeze_symbol"] == BTC


def test_the_sample_freezes_in_its_nineteenth_step() -> None:
    before = []
    for entry in sample().events:
        if isinstance(entry.event, Frozen):
            break
        before.append(entry.event)
    updates = [event for event in before if isinstance(event, EdgeUpdate)]
    assert len(updates) == 18 * 2 + 1


def test_the_76_attempts_of_the_sample_and_which_were_rejected() -> None:
    answers = [
        entry.event
        for entry in sample().events
        if isinstance(entry.event, (OrderAccepted, OrderRejected))
    ]
    assert len(answers) == 76
    rejected = [n for n, answer in enumerate(answers, 1) if isinstance(answer, OrderRejected)]
    assert rejected == [8, 17, 47]
    messages = [a.message for a in answers if isinstance(a, OrderRejected)]
    assert messages == ["Simulated rejection"] * 3


def test_six_fills_of_the_sample_are_partial_and_their_rests_are_canceled() -> None:
    events = [entry.event for entry in sample().events]
    partial = {e.order_id for e in events if isinstance(e, Fill) and e.qty < PARTIAL_QTY}
    canceled = {e.order_id for e in events if isinstance(e, OrderCanceled)}
    assert len(partial) == 6
    assert partial < canceled
    assert len(canceled - partial) == 22


def test_the_second_sample() -> None:
    data = second_sample().data
    orders = data["orders"]
    counted = ("placed", "filled", "rejected", "canceled", "risk_blocks", "open_partially_filled")
    assert [orders[name] for name in counted] == [10, 10, 0, 0, 0, 1]
    assert data["positions"]["by_symbol"][BTC] == pytest.approx(-0.0046131344926661445, abs=1e-9)
    assert data["risk"]["frozen"] is False


def naive_sample(symbols: list[str], steps: int, threshold: float, fill: float, reject: float,
                 seed: int) -> dict[str, Any]:  # fmt: skip
    """The published rules written down a second time: floats, no classes, no events."""
    draw = Random(seed).random
    counts = {"placed": 0, "filled": 0, "rejected": 0, "canceled": 0}
    positions: dict[str, float] = {}
    resting = 0
    frozen = False
    for step in range(steps):
        for symbol in symbols:
            for sign in () if frozen else (1, -1):
                if draw() < reject:
                    counts["rejected"] += 1
                    continue
                counts["placed"] += 1
                part = 0.0
                if draw() < fill:
                    part = 0.5 + 0.4 * draw() if draw() < 0.1 else 1.0
                    counts["filled"] += 1
                    positions[symbol] = positions.get(symbol, 0.0) + sign * 0.01 * part
                resting += part < 1.0
        if not frozen and 10.0 - step / steps * 8.0 < threshold:
            frozen = True
            counts["canceled"] = resting
    return {"counts": counts, "positions": positions, "frozen": frozen}


@pytest.mark.parametrize("seed", range(40, 60))
def test_a_naive_twin_agrees_for_any_seed(seed: int) -> None:
    twin = naive_sample([BTC, ETH], 20, 3.0, 0.7, 0.05, seed)
    data = sample(seed=seed).data
    assert {key: data["orders"][key] for key in twin["counts"]} == twin["counts"]
    assert data["positions"]["by_symbol"] == pytest.approx(twin["positions"], abs=1e-8)
    assert data["risk"]["frozen"] is twin["frozen"]


def tiny() -> dict[str, Any]:
    """Two steps of one symbol, everything fills, nothing partial: small enough for paper."""
    return sample(
        symbols=[BTC], iterations=2, edge_freeze_threshold_bps=1.0, fill_rate=1.0,
        reject_rate=0.0, partial_fill_rate=0.0,
    ).data  # fmt: skip


def test_a_tiny_run_by_hand() -> None:
    """Middle 50000, then 50050; half of five basis points of it is 12.5, then 12.5125.

    Buys at 49987.5 and 50037.4875, sells at 50012.5 and 50062.5125, 0.01 each. Each round trip
    earns 0.01 times the distance: 0.25 and 0.25025, together 0.50025. Volume: 499.875 + 500.125
    + 500.374875 + 500.625125 = 2001; the maker's fee of one basis point of that is 0.2001.
    """
    pnl = tiny()["pnl"]
    assert pnl["realised_usd"] == 0.50025
    assert pnl["unrealised_usd"] == 0.0
    assert pnl["volume_usd"] == 2001.0
    assert pnl["fees_usd"] == 0.2001
    assert pnl["net_usd"] == 0.30015
    assert pnl["cash_usd"] == 0.30015


def test_a_tiny_run_by_hand_is_flat_and_was_half_a_thousand_dollars_at_most() -> None:
    """After each buy 0.01 are held at the quote's middle: 500, then 500.5, of a limit of 50000."""
    data = tiny()
    assert data["positions"]["by_symbol"] == {BTC: 0.0}
    assert data["positions"]["marks"] == {BTC: 50050.0}
    assert data["positions"]["total_notional_usd"] == 0.0
    assert data["risk"]["risk_ratio_p95"] == 0.01001
    assert data["edge"]["last_bps"] == {BTC: 6.0}
