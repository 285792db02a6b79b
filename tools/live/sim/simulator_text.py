"""Orders, executions and what is on its way as plain data, and strictly back.

Decimals and times are text, words are their values, nothing is null: the form that ADR-006 stores,
with what it lacks added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from ..core.errors import ContractError
from ..core.money import Number, not_negative_e9, positive_e9, to_e9
from .simulator_actions import ActionType, PendingAction
from .simulator_contracts import (
    LATENCY_FAST, LATENCY_INSTANT, LATENCY_NORMAL, LATENCY_SLOW, LatencyConfig, Order,
    OrderExecution, OrderSide, OrderStatus, OrderType, RejectionReason,
)  # fmt: skip
from .simulator_limits import DrawdownLimitRule, ExposureLimitRule, PositionLimitRule, RiskConfig
from .simulator_numbers import cash_e18, exact, exact_cash, moment_from, span, span_us

Word = TypeVar("Word", bound=Enum)
Item = TypeVar("Item")

ORDER_KEYS = Order.__match_args__
EXECUTION_KEYS = OrderExecution.__match_args__
LATENCIES = {
    "INSTANT": LATENCY_INSTANT, "FAST": LATENCY_FAST, "NORMAL": LATENCY_NORMAL,
    "SLOW": LATENCY_SLOW,
}  # fmt: skip
CUSTOM = "CUSTOM"


def order_data(order: Order) -> dict[str, Any]:
    """All fields of an order, by name."""
    data = {name: _plain(getattr(order, name)) for name in ORDER_KEYS}
    data["executions"] = [execution_data(one) for one in order.executions]
    return data


def execution_data(execution: OrderExecution) -> dict[str, Any]:
    return {name: _plain(getattr(execution, name)) for name in EXECUTION_KEYS}


def order_from(told: object) -> Order:
    """The order that plain data means; a ContractError names the field that is wrong."""
    data = fields(told, ORDER_KEYS, "order")
    symbol = data["symbol"]
    if not isinstance(symbol, str):
        raise _wrong("symbol", symbol, "text")
    return Order(
        text(data["order_id"], "order_id"),
        symbol,
        word(data["side"], OrderSide, "side"),
        word(data["order_type"], OrderType, "order_type"),
        decimal(data["quantity"], "quantity", to_e9),
        moment_from(data["created_at"], "created_at"),
        word(data["status"], OrderStatus, "status"),
        _optional(data["limit_price"], "limit_price", _price),
        _optional(data["submitted_at"], "submitted_at", moment_from),
        decimal(data["filled_quantity"], "filled_quantity"),
        decimal(data["avg_fill_price"], "avg_fill_price"),
        cash(data["total_commission"], "total_commission"),
        [execution_from(one) for one in listed(data["executions"], "executions")],
        _optional(data["rejected_at"], "rejected_at", moment_from),
        _optional(data["rejection_reason"], "rejection_reason", _reason),
        _optional(data["rejection_message"], "rejection_message", text),
        _optional(data["cancelled_at"], "cancelled_at", moment_from),
        _optional(data["stop_price"], "stop_price", _price),
        flag(data["triggered"], "triggered"),
    )


def execution_from(told: object) -> OrderExecution:
    data = fields(told, EXECUTION_KEYS, "execution")
    return OrderExecution(
        text(data["execution_id"], "execution_id"),
        text(data["order_id"], "order_id"),
        moment_from(data["timestamp"], "timestamp"),
        decimal(data["quantity"], "quantity", positive_e9),
        decimal(data["price"], "price", positive_e9),
        cash(data["commission"], "commission"),
        flag(data["is_partial"], "is_partial"),
    )


def action_data(action: PendingAction) -> dict[str, Any]:
    return {
        "action_type": action.action_type.value,
        "order_id": action.order_id,
        "scheduled_time": action.scheduled_time.isoformat(),
        "data": dict(action.data),
    }


def action_from(told: object) -> PendingAction:
    data = fields(told, ("action_type", "order_id", "scheduled_time", "data"), "action")
    kind = word(data["action_type"], ActionType, "action_type")
    inner = fields(data["data"], ("quantity",) if kind is ActionType.FILL else (), "action data")
    if inner:
        inner = {"quantity": str(decimal(inner["quantity"], "quantity", positive_e9))}
    return PendingAction(
        kind,
        text(data["order_id"], "order_id"),
        moment_from(data["scheduled_time"], "scheduled_time"),
        MappingProxyType(inner),
    )


def latency_name(latency: LatencyConfig) -> str:
    """What a latency is called; CUSTOM for one that is none of the four."""
    return next((name for name, known in LATENCIES.items() if known == latency), CUSTOM)


def latency_data(latency: LatencyConfig) -> dict[str, int]:
    """All of a latency, in microseconds."""
    return {f"{name}_us": span_us(getattr(latency, name), name) for name in _LATENCY_KEYS}


def latency_from(told: object) -> LatencyConfig:
    data = fields(told, [f"{name}_us" for name in _LATENCY_KEYS], "latency_config_data")
    return LatencyConfig(*(span(count(data[f"{n}_us"], f"{n}_us")) for n in _LATENCY_KEYS))


def risk_data(config: RiskConfig) -> dict[str, Any]:
    """The limits that are set, as ADR-006 spells them."""
    data: dict[str, Any] = {"trading_enabled": config.trading_enabled}
    for name, kind in _RULES.items():
        rule = getattr(config, name)
        if rule is not None:
            data[name] = {key: _plain(getattr(rule, key)) for key in kind.__match_args__}
    return data


def risk_from(told: object) -> RiskConfig:
    data = mapping(told, "risk_config_data")
    known = [name for name in _RULES if name in data]
    data = fields(data, ["trading_enabled", *known], "risk_config_data")
    rules: dict[str, Any] = {}
    for name in known:
        kind = _RULES[name]
        limits = fields(data[name], kind.__match_args__, name)
        optional = name != "exposure_limit"
        rules[name] = kind(*(
            None if optional and limits[key] is None else decimal(limits[key], key)
            for key in kind.__match_args__
        ))  # fmt: skip
    return RiskConfig(trading_enabled=flag(data["trading_enabled"], "trading_enabled"), **rules)


_LATENCY_KEYS: tuple[str, ...] = LatencyConfig.__match_args__
_RULES: dict[str, Any] = {
    "position_limit": PositionLimitRule, "exposure_limit": ExposureLimitRule,
    "drawdown_limit": DrawdownLimitRule,
}  # fmt: skip


# Reading one value; a ContractError names it.


def fields(told: object, names: tuple[str, ...] | list[str], what: str) -> dict[str, Any]:
    """An object with exactly these keys: what nobody knows may matter."""
    data = mapping(told, what)
    for name in names:
        if name not in data:
            raise ContractError(f"{what} lacks {name}")
    for name in data:
        if name not in names:
            raise ContractError(f"{what} has {name!r:.60}, which nobody knows")
    return data


def mapping(told: object, what: str) -> dict[str, Any]:
    if not isinstance(told, Mapping) or not all(isinstance(name, str) for name in told):
        raise _wrong(what, told, "an object")
    return dict(told)


def listed(told: object, what: str) -> list[Any]:
    if not isinstance(told, list | tuple):
        raise _wrong(what, told, "a list")
    return list(told)


def text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(what, value, "text")
    return value


def flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(what, value, "true or false")
    return value


def count(value: object, what: str) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise _wrong(what, value, "a whole number from 0 on")
    return value


def decimal(
    value: object, what: str, convert: Callable[[Number, str], int] = not_negative_e9
) -> Decimal:
    """Digits as text, of at most nine decimals."""
    if not isinstance(value, str):
        raise _wrong(what, value, "digits as text")
    return exact(convert(value, what))


def cash(value: object, what: str) -> Decimal:
    """Digits as text, of at most eighteen decimals."""
    if not isinstance(value, str):
        raise _wrong(what, value, "digits as text")
    return exact_cash(cash_e18(value, what))


def word(value: object, kind: type[Word], what: str) -> Word:
    """What a word of a closed list stands for."""
    for known in kind:
        if known.value == value:
            return known
    raise _wrong(what, value, f"one of {', '.join(known.value for known in kind)}")


def _price(value: object, what: str) -> Decimal:
    return decimal(value, what, to_e9)


def _reason(value: object, what: str) -> RejectionReason:
    return word(value, RejectionReason, what)


def _optional(value: object, what: str, read: Callable[[object, str], Item]) -> Item | None:
    return None if value is None else read(value, what)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _wrong(what: str, found: object, rule: str) -> ContractError:
    return ContractError(f"{what} {found!r:.80} is not {rule}")
