"""Executions for the tests of fees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from tests.unit.builders import e9
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import CASH_SCALE, Number
from tools.live.sim.fees import NS_PER_DAY, Charged, Fees

CENT = CASH_SCALE // 100


class AnOrder(NamedTuple):
    order_id: str
    side: Side


class AnExecution(NamedTuple):
    order: AnOrder
    qty: int
    price: int
    liquidity: str


def sold(qty: Number, price: Number, order_id: str = "O1", liquidity: str = "taker") -> Charged:
    return AnExecution(AnOrder(order_id, SELL), e9(qty), e9(price), liquidity)


def bought(qty: Number, price: Number, order_id: str = "O1", liquidity: str = "taker") -> Charged:
    return AnExecution(AnOrder(order_id, BUY), e9(qty), e9(price), liquidity)


def fee(fees: Fees, execution: Charged, day: int = 0) -> float:
    """What it costs, as a person would say it."""
    return fees.fee_e18(execution, ts_ns=day * NS_PER_DAY) / CASH_SCALE


def at(utc: str) -> int:
    """The nanoseconds of a time such as 2026-06-01T15:00:00."""
    return int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()) * 10**9
