"""What an execution costs: basis points, tiers by volume, so much a share or a contract.

A fee is an exact integer of money at 10^18; below zero it is a rebate. Every division rounds to
nearest, ties to even. Some schedules remember what was traded before: theirs is `state`. What US
regulators take is in `fee_tables`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.money import (
    SCALE, Number, cash_text, divide_half_even, fee_e18, not_negative_e9, text, to_e9,
    to_e18,
)  # fmt: skip
from ..core.record import record

TAKER = "taker"
NS_PER_DAY = 24 * 60 * 60 * NS_PER_S
VOLUME_DAYS = 30
_MOST_ORDERS = 1 << 16  # whose executions so far are remembered


class ChargedOrder(Protocol):
    """What of an order a fee may depend on."""

    @property
    def order_id(self) -> str: ...

    @property
    def side(self) -> Side: ...


class Charged(Protocol):
    """What of an execution a fee may depend on."""

    @property
    def order(self) -> ChargedOrder: ...

    @property
    def qty(self) -> int: ...

    @property
    def price(self) -> int: ...

    @property
    def liquidity(self) -> str: ...


class Fees(Protocol):
    """A fee schedule; it is asked once for each execution, in their order."""

    def fee_e18(self, execution: Charged, *, ts_ns: int) -> int: ...

    def state(self) -> tuple[object, ...]: ...

    def describe(self) -> dict[str, Any]: ...


def money_e18(value: Number, field: str) -> int:
    """Money at 10^18 from what a person writes; as text it may have 18 decimals."""
    return to_e18(value, field) if isinstance(value, str) else to_e9(value, field) * SCALE


class FlatFees:
    """One rate for makers, one for takers, in basis points of the notional."""

    def __init__(self, *, maker_bps: Number = 0, taker_bps: Number = 0) -> None:
        self.maker_bps = to_e9(maker_bps, "maker_bps")
        self.taker_bps = to_e9(taker_bps, "taker_bps")

    def fee_e18(self, execution: Charged, *, ts_ns: int) -> int:
        rate = self.taker_bps if execution.liquidity == TAKER else self.maker_bps
        return fee_e18(execution.qty * execution.price, rate)

    def state(self) -> tuple[object, ...]:
        return ()

    def describe(self) -> dict[str, Any]:
        return {
            "model": "flat", "maker_bps": text(self.maker_bps), "taker_bps": text(self.taker_bps),
        }  # fmt: skip


@record
class Tier:
    """From this volume of the last 30 days on, these rates; all as people write them."""

    volume: Number
    maker_bps: Number
    taker_bps: Number


class TieredFees:
    """Rates by what was traded in the 30 UTC days before today; today counts from tomorrow on.

    `volume` is what the account had traded before the run; it counts as of the day before the
    first execution, and so for 30 days.
    """

    def __init__(self, tiers: Sequence[Tier], *, volume: Number = 0) -> None:
        if not tiers:
            raise ContractError("tiers is empty; give at least one that begins at volume 0")
        self._floors = [not_negative_e9(one.volume, "tier volume") * SCALE for one in tiers]
        self._rates = [
            (to_e9(one.maker_bps, "maker_bps"), to_e9(one.taker_bps, "taker_bps")) for one in tiers
        ]
        rising = all(one < other for one, other in zip(self._floors, self._floors[1:]))
        if self._floors[0] or not rising:
            told = ", ".join(cash_text(floor) for floor in self._floors)
            raise ContractError(f"tier volumes {told} must begin at 0 and rise from tier to tier")
        self._before = not_negative_e9(volume, "volume") * SCALE
        self._days: deque[tuple[int, int]] = deque()  # day and volume, all before today
        self._past = 0
        self._today = -1
        self._traded = 0
        self._tier = 0

    @property
    def volume_e18(self) -> int:
        """What counts today."""
        return self._past

    def fee_e18(self, execution: Charged, *, ts_ns: int) -> int:
        day = ts_ns // NS_PER_DAY
        if day > self._today:
            self._begin(day)
        notional = execution.qty * execution.price
        self._traded += notional
        maker, taker = self._rates[self._tier]
        return fee_e18(notional, taker if execution.liquidity == TAKER else maker)

    def _begin(self, day: int) -> None:
        """A new day: yesterday counts, what is older than 30 days counts no more."""
        days = self._days
        if self._today < 0:
            self._today, self._traded = day - 1, self._before
        if self._traded:
            days.append((self._today, self._traded))
            self._past += self._traded
        while days and days[0][0] < day - VOLUME_DAYS:
            self._past -= days.popleft()[1]
        self._today, self._traded = day, 0
        self._tier = max(n for n, floor in enumerate(self._floors) if floor <= self._past)

    def state(self) -> tuple[object, ...]:
        return (self._today, self._traded, tuple(self._days))

    def describe(self) -> dict[str, Any]:
        tiers = [
            [cash_text(floor), text(maker), text(taker)]
            for floor, (maker, taker) in zip(self._floors, self._rates)
        ]
        return {"model": "tiers", "volume": cash_text(self._before), "tiers": tiers}


class PerUnitFees:
    """So much a share or a contract, at least `minimum` an order, at most so much of its value.

    The order is charged as if its executions were one: each pays what they make due together, less
    what the others paid. So a minimum is paid once, however an order fills. `unit_size` is what one
    unit stands for, such as 100 shares a contract; it only matters for the value.
    """

    def __init__(
        self,
        rate: Number,
        *,
        minimum: Number = 0,
        most_bps: Number | None = None,
        unit_size: int = 1,
    ) -> None:
        self._rate = money_e18(rate, "rate")
        self._minimum = money_e18(minimum, "minimum")
        self._most = None if most_bps is None else not_negative_e9(most_bps, "most_bps")
        self._unit_size = checked_size(unit_size)
        if self._rate < 0 or self._minimum < 0:
            raise ContractError(f"rate {rate!r} and minimum {minimum!r} must be 0 or more")
        # By order: its quantity, its value, and what it has paid.
        self._orders: dict[str, tuple[int, int, int]] = {}

    def fee_e18(self, execution: Charged, *, ts_ns: int) -> int:
        order_id = execution.order.order_id
        qty, value, paid = self._orders.pop(order_id, (0, 0, 0))
        qty += execution.qty
        value += execution.qty * execution.price * self._unit_size
        due = max(divide_half_even(qty * self._rate, SCALE), self._minimum)
        if self._most is not None:
            due = min(due, fee_e18(value, self._most))
        self._orders[order_id] = qty, value, due
        if len(self._orders) > _MOST_ORDERS:
            del self._orders[next(iter(self._orders))]  # the one that traded longest ago
        return due - paid

    def state(self) -> tuple[object, ...]:
        return tuple((order_id, *sums) for order_id, sums in self._orders.items())

    def describe(self) -> dict[str, Any]:
        most = None if self._most is None else text(self._most)
        return {
            "model": "per_unit", "rate": cash_text(self._rate), "most_bps": most,
            "minimum": cash_text(self._minimum), "unit_size": self._unit_size,
        }  # fmt: skip


class SumOfFees:
    """Several schedules at once, such as a broker's and the regulators'."""

    def __init__(self, *parts: Fees) -> None:
        self._parts = parts

    def fee_e18(self, execution: Charged, *, ts_ns: int) -> int:
        fee = 0
        for part in self._parts:
            fee += part.fee_e18(execution, ts_ns=ts_ns)
        return fee

    def state(self) -> tuple[object, ...]:
        return tuple(part.state() for part in self._parts)

    def describe(self) -> dict[str, Any]:
        return {"model": "sum", "parts": [part.describe() for part in self._parts]}


def checked_size(unit_size: int) -> int:
    """How much one unit stands for: a whole number of 1 or more."""
    if type(unit_size) is not int or unit_size < 1:
        raise ContractError(f"unit_size {unit_size!r} must be a whole number of 1 or more")
    return unit_size
