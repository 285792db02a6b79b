"""Checkpoints of older versions, brought up to date one version at a time.

Version 1.0.0 is that of ADR-006. It does not hold what was on its way, no prices and no
reservations, and its numbers may have more digits than ours. What it lacks is worked out: the last
price of a symbol is that of its last execution, and where the stated cash and positions are not
what the executions come to, the account opened with the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import ContractError
from ..core.money import text as digits_of
from .simulator_contracts import OrderStatus
from .simulator_names import check_name
from .simulator_numbers import (
    exact, exact_cash, moment_from, rounded_cash_e18, rounded_e9, time_ns,
)  # fmt: skip
from .simulator_text import EXECUTION_KEYS, ORDER_KEYS, fields, listed, mapping

_ADDED_KEYS = ("stop_price", "triggered")
_FIRST_ORDER_KEYS = tuple(key for key in ORDER_KEYS if key not in _ADDED_KEYS)
_ENDED = (OrderStatus.FILLED.value, OrderStatus.REJECTED.value, OrderStatus.CANCELLED.value)
_FIRST_KEYS = (
    "version", "simulator_id", "checkpoint_timestamp", "cash", "initial_cash", "positions",
    "pending_orders", "completed_orders",
)  # fmt: skip
_FIRST_OPTIONAL: dict[str, Any] = {
    "peak_value": None, "daily_start_value": None, "trading_enabled": True, "slippage_bps": "5",
    "commission_per_share": "0", "latency_config_name": "INSTANT", "risk_config_data": None,
}  # fmt: skip


def migrated(data: dict[str, Any], version: str) -> dict[str, Any]:
    """The same checkpoint in the form of `version`; ContractError when no way leads there."""
    known = dict(data)
    while known.get("version") != version:
        step = MIGRATIONS.get(str(known.get("version")))
        if step is None:
            raise ContractError(
                f"Checkpoint version {known.get('version')!r:.60} incompatible with current"
                f" version {version}"
            )
        known = step(known)
    return known


def from_1_0_0(data: dict[str, Any]) -> dict[str, Any]:
    """ADR-006's own form."""
    given = {**_FIRST_OPTIONAL, **data}
    made = fields(given, [*_FIRST_KEYS, *_FIRST_OPTIONAL], "checkpoint")
    check_name(made["simulator_id"], "simulator_id")
    pending = [_order(one) for one in listed(made["pending_orders"], "pending_orders")]
    completed = [_order(one) for one in listed(made["completed_orders"], "completed_orders")]
    # A fill without cash left its rejected order among the pending ones.
    completed += [order for order in pending if order["status"] in _ENDED]
    made["pending_orders"] = [order for order in pending if order["status"] not in _ENDED]
    made["completed_orders"] = completed
    for name in ("cash", "peak_value", "daily_start_value"):
        if made[name] is not None:
            made[name] = str(exact_cash(rounded_cash_e18(made[name], name)))
    for name in ("initial_cash", "slippage_bps", "commission_per_share"):
        made[name] = digits_of(rounded_e9(made[name], name))
    held = mapping(made["positions"], "positions")
    positions = {symbol: rounded_e9(held[symbol], "position") for symbol in held}
    made["positions"] = {s: digits_of(qty) for s, qty in positions.items() if qty}
    made.update(_worked_out(made, positions))
    made["version"] = "2.0.0"
    return made


MIGRATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"1.0.0": from_1_0_0}


def _order(told: object) -> dict[str, Any]:
    data = fields(told, _FIRST_ORDER_KEYS, "order")
    for name in ("quantity", "limit_price"):
        if data[name] is not None:
            data[name] = digits_of(rounded_e9(data[name], name))
    data["executions"] = [_execution(one) for one in listed(data["executions"], "executions")]
    # With executions these are their sums, and without any there is nothing to sum.
    data["filled_quantity"] = data["avg_fill_price"] = data["total_commission"] = "0"
    return {**data, "stop_price": None, "triggered": False}


def _execution(told: object) -> dict[str, Any]:
    data = fields(told, EXECUTION_KEYS, "execution")
    for name in ("quantity", "price"):
        data[name] = digits_of(rounded_e9(data[name], name))
    data["commission"] = str(exact_cash(rounded_cash_e18(data["commission"], "commission")))
    return data


def _worked_out(made: dict[str, Any], positions: dict[str, int]) -> dict[str, Any]:
    """What version 1.0.0 does not state, from its executions."""
    opening_cash = rounded_cash_e18(made["cash"], "cash")
    opening = dict(positions)
    last: dict[str, tuple[int, str]] = {}
    for order in (*made["completed_orders"], *made["pending_orders"]):
        symbol = order["symbol"]
        for one in order["executions"]:
            qty, price = rounded_e9(one["quantity"], "quantity"), one["price"]
            signed = qty if order["side"] == "buy" else -qty
            opening[symbol] = opening.get(symbol, 0) - signed
            opening_cash += signed * rounded_e9(price, "price")
            opening_cash += rounded_cash_e18(one["commission"], "commission")
            when = time_ns(moment_from(one["timestamp"], "timestamp"), "timestamp")
            if symbol not in last or when >= last[symbol][0]:
                last[symbol] = when, price
    return {
        "latency_config": None, "arriving_orders": [], "actions": [], "reserved_per_share": {},
        "prices": {symbol: price for symbol, (_, price) in last.items()}, "unreported": [],
        "executions_total": 0, "opening_cash": str(exact_cash(opening_cash)),
        "opening_positions": {s: [str(exact(qty)), "0"] for s, qty in opening.items() if qty},
        "seed": 1, "allow_short": False, "min_order_quantity": "0.001",
        "max_order_quantity": "1000000", "symbols": None, "clock_started": False,
    }  # fmt: skip
