"""Each law notices what breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sim_builders import MS, SYMBOL, T0, a_quote, a_request, a_trade
from tools.live.core.contracts_v1 import CancelFailed, OrderAccepted, OrderCanceled, OrderRejected
from tools.live.core.market_v1 import ResyncStarted
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.exchange import FillEvent, Position
from tools.live.sim.evidence import MAKER, TAKER, Execution, FillReason, Why
from tools.live.sim.laws import Laws
from tools.live.sim.orders import OrderKind, TimeInForce, WorkingOrder

TOUCH, TRADE = FillReason.TOOK_TOUCH, FillReason.TRADE_AT_PRICE


class Case:
    """An order that was sent and taken, and what happens to it, in whole units."""

    def __init__(self, laws: Laws | None = None, **more: Any) -> None:
        self.laws = Laws() if laws is None else laws
        self.request = a_request("C1", **more)
        self.order = WorkingOrder(self.request, "O1", 1)
        self.laws.sent(self.request, T0)

    def taken(self) -> Case:
        self.laws.accepted_at_once("C1", "O1")
        return self

    def executes(
        self,
        qty: int,
        price: float = 100,
        *,
        why: FillReason = TOUCH,
        how: str = TAKER,
        ns: int = T0,
    ) -> Case:
        execution = Execution(self.order, qty * SCALE, int(price * SCALE), how, Why(why, ""))
        self.order.leaves -= qty * SCALE
        self.laws.executed(execution, ns)
        return self

    def told(self, qty: int, ns: int = T0) -> Case:
        self.laws.answered(FillEvent("O1", SYMBOL, self.order.side, 100, qty, 0, "F"), ns)
        return self

    def broken(self) -> list[str]:
        return self.laws.broken


def test_nothing_is_wrong_with_an_honest_life() -> None:
    case = Case(qty=5).taken().executes(2).told(2).executes(3).told(3)
    case.laws.over([Position(SYMBOL, 5, 100.0)])
    case.laws.rests(WorkingOrder(a_request("C2"), "O2", 2))
    assert case.broken() == []


@pytest.mark.parametrize(
    ("case", "law"),
    [
        (Case(Laws(least_submit_ns=5)).executes(1, ns=T0 + 4), "O1 filled before it could arrive"),
        (Case().executes(0), "O1 filled 0"),
        (Case(qty=3).executes(4), "O1 filled 4000000000 of 3000000000"),
        (Case(qty=3).executes(4), "O1 has less than nothing left"),
        (Case(price=100).executes(1, 101), "through its limit"),
        (Case(side=SELL).executes(1, 99), "through its limit"),
        (Case(price=100).executes(1, 99, how=MAKER), "not at its limit"),
        (Case(post_only=True).executes(1), "O1 is post-only and took"),
        (Case(reduce_only=True).executes(1), "O1 is reduce-only and went to 1000000000"),
        (Case().executes(1, why=TRADE), "O1 got 1000000000 more than was traded"),
        (Case().told(1), "O1 filled before it was taken"),
        (Case(qty=9).taken().executes(2).executes(3).told(2).told(2), ""),
    ],
)
def test_what_is_noticed_at_once(case: Case, law: str) -> None:
    assert any(law in one for one in case.broken()) if law else case.broken() == []


def test_a_fill_reaches_nobody_early_nor_behind_the_end() -> None:
    case = Case(Laws(least_fill_ns=10), qty=9).taken().executes(2).told(2, T0 + 9)
    assert case.broken() == ["O1: a fill was told too early"]
    case = Case(qty=9).taken().executes(2)
    case.laws.market(ResyncStarted(SYMBOL, "told", "", T0))
    case.laws.canceled_at_once("O1")
    case.told(2)
    assert case.broken() == ["O1 filled after its end"]


def test_an_order_is_taken_once_and_ends_once() -> None:
    case = Case(Laws(least_submit_ns=MS))
    case.laws.answered(OrderAccepted("C1", "O1", T0), T0)
    case.laws.answered(OrderAccepted("C1", "O1", T0), T0 + MS)
    case.laws.answered(OrderRejected("C1", "", T0), T0 + MS)
    case.laws.answered(OrderCanceled("O1", T0), T0 + MS)
    case.laws.answered(OrderCanceled("O9", T0), T0 + MS)
    case.laws.answered(CancelFailed("O1", "", T0), T0)
    assert case.broken() == [
        "O1 taken too early", "O1 was taken twice", "O1 names two orders", "C1 taken and refused",
        "O1 ended twice", "O9 ended before it was taken",
        f"an answer of {T0} came after one of {T0 + MS}",
    ]  # fmt: skip


def test_what_may_not_rest() -> None:
    laws = Laws()
    for more in ({"time_in_force": TimeInForce.IOC}, {"kind": OrderKind.MARKET}):
        laws.rests(WorkingOrder(a_request(**more), "O1", 1))
    order = WorkingOrder(a_request(), "O1", 1)
    order.ahead, order.shown = -1, 0
    laws.rests(order)
    assert laws.broken == [
        "O1 is IOC and rests", "O1 is GTC and rests", "O1 has -1 before it", "O1 shows 0",
    ]  # fmt: skip


def test_in_the_end_fills_are_positions_and_all_was_told() -> None:
    case = Case(qty=9, time_in_force=TimeInForce.FOK).taken().executes(2)
    case.laws.over([])
    assert case.broken() == [
        "AAA: fills make 2000000000, not {}", "C1 executed 2000000000, told 0",
        "C1 is FOK and filled 2000000000",
    ]  # fmt: skip


def test_a_child_that_fills_or_kills_is_whole_for_each_part() -> None:
    case = Case(qty=9, time_in_force=TimeInForce.FOK, after="C0").executes(2)
    case.laws.over([Position(SYMBOL, 2, 1.0)])
    assert case.broken() == []


def takes(laws: Laws, qty: int, side: Side = BUY, price: float = 101) -> list[str]:
    name = f"T{len(laws.broken)}{qty}{price}{side.value}"
    request = a_request(name, side, qty, kind=OrderKind.MARKET)
    laws.sent(request, T0)
    order = WorkingOrder(request, name, 1)
    order.leaves = 0
    why = Why(TOUCH, "")
    laws.executed(Execution(order, qty * SCALE, int(price * SCALE), TAKER, why), T0)
    return laws.broken


def test_what_is_displayed_is_used_once() -> None:
    laws = Laws(quotes_only=True)
    laws.market(a_quote(99, 101, 5, 5))
    assert takes(laws, 5) == []
    laws.market(a_quote(99, 101, 5, 5))
    assert len(takes(laws, 1)) == 2  # of the side, and of its level
    laws = Laws(quotes_only=True)
    laws.market(a_quote(99, 101, 5, 5))
    laws.market(a_quote(99, 101, 5, 7))
    assert takes(laws, 7) == [] and takes(laws, 5, SELL, 99) == []
    laws.market(a_quote(99, 103, 5, 9))  # what was at 101 is gone
    assert takes(laws, 9, price=103) == [] and takes(laws, 1, price=104) != []


def test_a_crossed_market_shows_nothing_and_an_empty_side_is_gone() -> None:
    laws = Laws(quotes_only=True)
    laws.market(a_quote(102, 101, 5, 5))
    assert takes(laws, 1) != []
    laws = Laws(quotes_only=True)
    laws.market(a_quote(99, 101, 5, 5))
    laws.market(a_quote(99, 0, 5, 0))
    assert takes(laws, 5) == []
    laws = Laws(quotes_only=True, slips=True)
    laws.market(a_quote(99, 101, 2, 2))
    laws.market(a_quote(99, 102, 9, 9))
    assert takes(laws, 9, price=101) == []


def test_a_trade_is_shared() -> None:
    laws = Laws()
    laws.market(a_trade(100, 3))
    case = Case(laws).executes(2, why=TRADE, how=MAKER).executes(1, why=TRADE, how=MAKER)
    assert case.broken() == []
    case.executes(1, why=TRADE, how=MAKER)
    assert len(case.broken()) == 1


@pytest.mark.parametrize(
    ("fills", "broken"),
    [
        ((2, 2), ""),
        ((2, 3), ""),  # the last is all that is left
        ((3,), f"O1 filled {3 * SCALE}, which is no whole lots of {2 * SCALE}"),
        ((1, 4), f"O1 filled {SCALE}, which is no whole lots of {2 * SCALE}"),
    ],
)
def test_a_fill_is_of_whole_lots(fills: tuple[int, ...], broken: str) -> None:
    case = Case(Laws(lots={SYMBOL: 2 * SCALE}), qty=5).taken()
    for qty in fills:
        case.executes(qty)
    assert case.broken() == ([broken] if broken else [])
    elsewhere = Case(Laws(lots={"ELSE": 2 * SCALE}), qty=5).taken().executes(1)
    assert elsewhere.broken() == []
