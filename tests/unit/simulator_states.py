"""States of the paper-trading simulator as text: a busy one, and one of version 1.0.0."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.unit.simulator_builders import NOON, a_simulator, after, an_order
from tools.live.core.codec import sha256
from tools.live.sim.simulator import ExecutionSimulator
from tools.live.sim.simulator_contracts import LatencyConfig
from tools.live.sim.simulator_limits import (
    DrawdownLimitRule, ExposureLimitRule, PositionLimitRule, RiskConfig,
)  # fmt: skip
from tools.live.sim.simulator_text import order_data

RULES = RiskConfig(
    PositionLimitRule(Decimal(500), None), ExposureLimitRule(Decimal(90), Decimal(80)),
    DrawdownLimitRule(None, Decimal("7.5")), trading_enabled=False,
)  # fmt: skip


def a_busy_one() -> ExecutionSimulator:
    """One that has filled in part, waits for a fill, a cancel and a submission, and told nobody."""
    one = a_simulator(
        latency_config=LatencyConfig(*[timedelta(milliseconds=n) for n in (1, 2, 9, 4)]),
        risk_config=RULES, initial_positions={"X": 3, "Y": 1}, initial_prices={"X": 50},
        simulator_id="busy", seed=9, slippage_bps="2.5", commission_per_share="0.01",
        symbols=["SPY", "X", "Y"],
    )  # fmt: skip
    one.process_market_data("Y", 1, NOON)
    one.enable_trading()
    one.submit_order(an_order(quantity=8))
    one.submit_order(an_order("o2", "sell", "limit", 2, symbol="X", limit=60))
    one.submit_order(an_order("o3", "buy", "stop", 2, symbol="X", stop=55))
    one.process_market_data("SPY", 100, after(5), volume=3)
    one.process_until(after(20))
    one.process_market_data("SPY", 101, after(30))
    one.cancel_order("o2", after(31))
    one.submit_order(an_order("o4", "buy", "limit", 1, limit=7))
    one.submit_order(an_order("o5", "sell", quantity=900))
    one.cancel_order("none", after(31))
    one.process_market_data("X", 56, after(31))
    return one


def resealed(told: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Changed by somebody who can make a right hash."""
    changed = {**told, **changes}
    changed.pop("sha256")
    return {**changed, "sha256": sha256(changed)}


def an_old_order(order_id: str, **given: Any) -> dict[str, Any]:
    made = order_data(an_order(order_id))
    for name in ("stop_price", "triggered"):
        del made[name]
    return {**made, "status": "submitted", "submitted_at": NOON.isoformat(), **given}


def an_old_fill(order_id: str, quantity: str, price: str, ms: int = 0) -> dict[str, Any]:
    return {
        "execution_id": f"exec-{order_id}", "order_id": order_id,
        "timestamp": after(ms).isoformat(), "quantity": quantity, "price": price,
        "commission": "0.05", "is_partial": False,
    }  # fmt: skip


def an_old_one(**given: Any) -> dict[str, Any]:
    """As ADR-006's program wrote it, with all that it would do wrong."""
    fill = an_old_fill("a", "10", "100.12345678901", 5)
    filled = an_old_order(
        "a", status="filled", filled_quantity="10", avg_fill_price="100.12345678901",
        total_commission="0.05", executions=[fill], limit_price="101",
    )  # fmt: skip
    sold = an_old_order(
        "b", status="filled", side="sell", quantity="4", filled_quantity="4", avg_fill_price="99",
        total_commission="0.05", executions=[an_old_fill("b", "4", "99", 2)],
    )  # fmt: skip
    stuck = an_old_order(
        "c", status="rejected", rejected_at=NOON.isoformat(),
        rejection_reason="insufficient_funds", rejection_message="no cash",
    )  # fmt: skip
    return {
        "version": "1.0.0", "simulator_id": "sim-0123abcd",
        "checkpoint_timestamp": after(10).isoformat(), "cash": "9394.66543210990000",
        "initial_cash": "10000", "positions": {"SPY": "6", "OLD": "3", "GONE": "0"},
        "pending_orders": [
            stuck, an_old_order("d", limit_price="9E+1", order_type="limit", quantity="1E+1"),
        ],
        "completed_orders": [filled, sold], **given,
    }  # fmt: skip
