"""A stand-in for the package backtrader: as much of it as our broker touches, and no more."""

from __future__ import annotations

import copy
import itertools
from datetime import datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

DAY_ONE = datetime(2024, 1, 1)
NAMES = ["Market", "Close", "Limit", "Stop", "StopLimit", "StopTrail"]


class Order:
    """One order, with Backtrader's statuses as words."""

    Submitted, Accepted, Partial, Completed = "Submitted", "Accepted", "Partial", "Completed"
    Canceled, Expired, Rejected = "Canceled", "Expired", "Rejected"
    buys = True
    numbers = itertools.count(1)

    def __init__(self, *, owner: Any, data: Any, size: float, pricelimit: float | None = None,
                 price: float | None = None, exectype: str = "Market", valid: Any = None,
                 tradeid: int = 0, trailamount: float | None = None,
                 trailpercent: float | None = None, parent: Any = None,
                 transmit: bool = True) -> None:  # fmt: skip
        self.ref = next(Order.numbers)
        self.owner, self.data, self.parent, self.transmit = owner, data, parent, transmit
        self.size = size if self.buys else -size
        self.exectype, self.valid, self.tradeid = exectype, valid, tradeid
        self.trailamount, self.trailpercent = trailamount, trailpercent
        self.created = SimpleNamespace(price=price, pricelimit=pricelimit)
        self.executed = SimpleNamespace(price=0.0, size=0.0, remsize=self.size, dt=0, comm=0.0)
        self.info: dict[str, Any] = {}
        self.status = "Created"
        self.comminfo: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Order) and self.ref == other.ref

    def isbuy(self) -> bool:
        return self.buys

    def alive(self) -> bool:
        return self.status in ("Created", "Submitted", "Accepted", "Partial")

    def addinfo(self, **given: Any) -> None:
        self.info.update(given)

    def addcomminfo(self, scheme: Any) -> None:
        self.comminfo = scheme

    def getordername(self) -> str:
        return self.exectype

    def submit(self, broker: Any) -> None:
        self.status = self.Submitted

    def accept(self, broker: Any) -> None:
        self.status = self.Accepted

    def cancel(self) -> None:
        self.status = self.Canceled

    def reject(self) -> None:
        self.status = self.Rejected

    def execute(self, dt: Any, size: float, price: float, closed: float, closed_value: float,
                closed_fee: float, opened: float, opened_value: float, opened_fee: float,
                margin: Any, pnl: float, held: float, held_at: float) -> None:  # fmt: skip
        done = self.executed
        done.dt, done.price, done.size = dt, price, done.size + size
        done.comm += closed_fee + opened_fee
        done.closed_fee = closed_fee
        done.pnl, done.closed, done.opened = pnl, closed, opened

    def clone(self) -> Order:
        return copy.copy(self)


class SellOrder(Order):
    buys = False


class Position:
    """A position that is only ever opened, or closed whole."""

    def __init__(self) -> None:
        self.size = self.price = 0.0

    def update(self, size: float, price: float, when: Any) -> tuple[float, float, float, float]:
        opened, closed = (0.0, size) if self.size * size < 0 else (size, 0.0)
        self.size += size
        self.price = price if opened else self.price
        return self.size, self.price, opened, closed


class CommInfo:
    margin = None

    def __init__(self, percabs: bool = True) -> None:
        self.percabs = percabs

    def getvaluesize(self, size: float, price: float) -> float:
        return size * price

    def profitandloss(self, size: float, price: float, new: float) -> float:
        return size * (new - price)


class When:
    """The line of a data feed's times."""

    def __init__(self) -> None:
        self.now = DAY_ONE

    def __getitem__(self, ago: int) -> float:
        return (self.now - DAY_ONE) / timedelta(days=1)

    def datetime(self, ago: int = 0) -> datetime:
        return self.now


class Data:
    """One feed; `bar` puts the next bar in, an hour behind the last."""

    def __init__(self, name: str = "X", number: int = 1) -> None:
        self._name, self._id = name, number
        self.datetime = When()
        self.open, self.high, self.low, self.close = [0.0], [0.0], [0.0], [0.0]
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def __hash__(self) -> int:
        return self._id

    def num2date(self, days: float) -> datetime:
        return DAY_ONE + timedelta(days=days)

    def bar(self, opened: float, high: float, low: float, close: float) -> None:
        self.count += 1
        self.datetime.now += timedelta(hours=1)
        self.open[0], self.high[0], self.low[0], self.close[0] = opened, high, low, close


def module() -> ModuleType:
    """The package."""
    made: Any = ModuleType("backtrader")
    made.BuyOrder, made.SellOrder = Order, SellOrder
    made.Position, made.CommInfoBase = Position, CommInfo
    return made
