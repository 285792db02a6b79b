"""A checkpoint as plain data for JSON, and strictly back; older forms are brought up to date.

The field `sha256` is over the canonical form of all the others, so that a damaged file is known as
one. The form of version 1.0.0 has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ..core.codec import sha256
from ..core.errors import ContractError
from ..core.money import to_e9
from .simulator_checkpoint import CHECKPOINT_VERSION, ExecutionCheckpoint
from .simulator_migrations import migrated
from .simulator_names import check_name, check_seed
from .simulator_numbers import moment_from
from .simulator_text import (
    CUSTOM, LATENCIES, action_data, action_from, cash, count, decimal, fields, flag, latency_data,
    latency_from, listed, mapping, order_data, order_from, risk_data, risk_from, text,
)  # fmt: skip

_KEYS: tuple[str, ...] = ExecutionCheckpoint.__match_args__
_ORDERS = ("pending_orders", "completed_orders", "arriving_orders")
_CASH = ("cash", "initial_cash", "opening_cash", "peak_value", "daily_start_value")
_OPTIONAL = ("opening_cash", "peak_value", "daily_start_value")
_E9 = ("slippage_bps", "commission_per_share", "min_order_quantity", "max_order_quantity")
_FLAGS = ("trading_enabled", "allow_short", "clock_started")
_QUANTITIES = ("positions", "prices", "reserved_per_share")


def serialize_checkpoint(checkpoint: ExecutionCheckpoint) -> dict[str, Any]:
    """Plain data that JSON can hold."""
    data = {name: getattr(checkpoint, name) for name in _KEYS}
    for name in (*_CASH, *_E9):
        data[name] = None if data[name] is None else str(data[name])
    for name in _ORDERS:
        data[name] = [order_data(order) for order in data[name]]
    for name in _QUANTITIES:
        data[name] = {key: str(value) for key, value in data[name].items()}
    data["checkpoint_timestamp"] = checkpoint.checkpoint_timestamp.isoformat()
    data["opening_positions"] = {
        symbol: [str(qty), str(price)]
        for symbol, (qty, price) in checkpoint.opening_positions.items()
    }
    data["actions"] = [action_data(action) for action in checkpoint.actions]
    data["unreported"] = list(checkpoint.unreported)
    data["symbols"] = None if checkpoint.symbols is None else list(checkpoint.symbols)
    latency, risk = checkpoint.latency_config, checkpoint.risk_config_data
    data["latency_config"] = None if latency is None else latency_data(latency)
    data["risk_config_data"] = None if risk is None else risk_data(risk_from(risk))
    data["sha256"] = sha256(data)
    return data


def deserialize_checkpoint(told: Mapping[str, Any]) -> ExecutionCheckpoint:
    """The checkpoint that plain data means, of any version; a ContractError says what is wrong."""
    raw = mapping(told, "checkpoint")
    if raw.get("version") == CHECKPOINT_VERSION:
        claimed = raw.pop("sha256", None)
        if claimed != sha256(raw):
            raise ContractError("the checkpoint is damaged: its sha256 is of other content")
    data = fields(migrated(raw, CHECKPOINT_VERSION), _KEYS, "checkpoint")
    made: dict[str, Any] = {"version": text(data["version"], "version")}
    for name in _CASH:
        absent = name in _OPTIONAL and data[name] is None
        made[name] = None if absent else cash(data[name], name)
    for name in _E9:
        made[name] = decimal(data[name], name)
    for name in _FLAGS:
        made[name] = flag(data[name], name)
    for name in _ORDERS:
        made[name] = tuple(order_from(one) for one in listed(data[name], name))
    for name in _QUANTITIES:
        made[name] = _amounts(data[name], name)
    made["simulator_id"] = check_name(data["simulator_id"], "simulator_id")
    made["checkpoint_timestamp"] = moment_from(data["checkpoint_timestamp"], "checkpoint_timestamp")
    made["opening_positions"] = _opening(data["opening_positions"])
    made["actions"] = tuple(action_from(one) for one in listed(data["actions"], "actions"))
    made["unreported"] = tuple(text(o, "execution id") for o in listed(data["unreported"], "told"))
    made["executions_total"] = count(data["executions_total"], "executions_total")
    made["seed"] = check_seed(data["seed"])
    symbols = data["symbols"]
    made["symbols"] = None if symbols is None else tuple(
        text(one, "symbol") for one in listed(symbols, "symbols")
    )
    made["latency_config_name"] = _latency_name(data["latency_config_name"])
    latency, risk = data["latency_config"], data["risk_config_data"]
    made["latency_config"] = None if latency is None else latency_from(latency)
    made["risk_config_data"] = None if risk is None else MappingProxyType(
        risk_data(risk_from(risk))
    )
    return ExecutionCheckpoint(**made)



def _amounts(told: object, what: str) -> Mapping[str, Decimal]:
    data = mapping(told, what)
    return MappingProxyType({
        key: decimal(data[key], f"{what} of {key:.60}", to_e9) for key in data
    })  # fmt: skip


def _opening(told: object) -> Mapping[str, tuple[Decimal, Decimal]]:
    data = mapping(told, "opening_positions")
    made = {}
    for symbol in data:
        row = listed(data[symbol], "opening position")
        if len(row) != 2:
            raise ContractError(f"opening position of {symbol!r:.60} is no quantity with a price")
        made[symbol] = decimal(row[0], "opening quantity", to_e9), decimal(row[1], "opening price")
    return MappingProxyType(made)


def _latency_name(told: object) -> str:
    name = text(told, "latency_config_name")
    if name not in LATENCIES and name != CUSTOM:
        known = ", ".join([*LATENCIES, CUSTOM])
        raise ContractError(f"latency_config_name {name!r:.60} is not one of {known}")
    return name
