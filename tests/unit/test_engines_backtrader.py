"""The broker for Backtrader, with a stand-in for the package; the real one is met in interop."""

from __future__ import annotations

import itertools
import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit import backtrader_stand_in as stand_in
from tests.unit.backtrader_stand_in import Data, Order
from tools.live.core.contracts_v1 import FundingPaid
from tools.live.core.errors import ContractError
from tools.live.engines.backtrader_adapter import ExchangeBroker
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.fees import FlatFees
from tools.live.sim.liquidity import LiquidityRule
from tools.live.sim.terms import Terms

CASH_E18 = 10_000 * 10**18
HOUR_NS = 3600 * 10**9


class Desk:
    """A broker with one feed or two, driven bar by bar."""

    def __init__(self, *names: str, **terms: Any) -> None:
        self.datas = [Data(name, number) for number, name in enumerate(names or ("X",), 1)]
        self.data = self.datas[0]
        self.broker = ExchangeBroker(SimulatedExchange(Terms(cash_e18=CASH_E18, **terms)))
        self.broker.cerebro = SimpleNamespace(datas=self.datas)
        self.broker.start()

    def bar(self, *prices: float, data: Data | None = None) -> list[tuple[int, str]]:
        (self.data if data is None else data).bar(*prices)
        self.broker.next()
        return self.told()

    def told(self) -> list[tuple[int, str]]:
        found = []
        while (order := self.broker.get_notification()) is not None:
            found.append((order.ref, order.status))
        return found

    def buy(self, size: float = 1.0, **given: Any) -> Order:
        made: Order = self.broker.buy(None, self.data, size, **given)
        return made

    def sell(self, size: float = 1.0, **given: Any) -> Order:
        made: Order = self.broker.sell(None, self.data, size, **given)
        return made


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backtrader", stand_in.module())
    monkeypatch.setattr(Order, "numbers", itertools.count(1))


def test_a_market_order_trades_at_the_next_open() -> None:
    desk = Desk(fees=partial(FlatFees, maker_bps=10, taker_bps=20))
    desk.bar(100, 102, 99, 101)
    order = desk.buy(2, plimit=None, note="first")
    assert desk.told() == [(1, "Submitted")] and order.info == {"note": "first"}
    assert desk.bar(103, 104, 102, 103.5) == [(1, "Accepted"), (1, "Completed")]
    assert (order.executed.price, order.executed.size, order.executed.remsize) == (103.0, 2.0, 0.0)
    assert order.executed.comm == pytest.approx(0.412) and order.executed.opened == 2
    assert desk.broker.getcash() == pytest.approx(10_000 - 206 - 0.412)
    assert desk.broker.getvalue() == desk.broker.fundvalue == desk.broker.getcash() + 207
    assert desk.broker.getvalue([desk.data]) == 207 and desk.broker.getvalue([Data()]) == 0
    closing = desk.sell(2)
    desk.bar(105, 105, 104, 104)
    assert (closing.executed.closed, closing.executed.pnl) == (-2.0, 4.0)
    assert closing.executed.closed_fee == pytest.approx(0.42) and order.executed.closed_fee == 0
    assert closing.executed.remsize == 0 and desk.broker.getposition(desk.data).size == 0
    assert desk.broker.orderstatus(closing) == "Completed"
    desk.broker.stop()


def test_a_fill_in_part() -> None:
    desk = Desk(liquidity=LiquidityRule(unknown_qty=10**9))
    desk.bar(100, 101, 99, 100)
    order = desk.sell(3, price=100.0, exectype="Limit")
    told = desk.bar(100, 100, 99, 99)
    assert told[:3] == [(1, "Submitted"), (1, "Accepted"), (1, "Partial")]
    assert (order.status, order.executed.remsize) == ("Partial", -2.0)


def test_stops_and_limits_trade_on_the_way_of_the_bar() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    buy = desk.buy(price=97.0, exectype="Limit")
    stop = desk.sell(price=95.0, exectype="Stop")
    both = desk.sell(price=94.0, plimit=93.5, exectype="StopLimit")
    assert [one.ref for one in desk.broker.get_orders_open()] == [1, 2, 3]
    assert desk.broker.get_orders_open(safe=True)[0] is not buy
    desk.bar(100, 106, 94.5, 105)
    assert (buy.executed.price, stop.executed.price, both.status) == (97.0, 95.0, "Accepted")
    desk.bar(96, 97, 92, 96)
    assert both.executed.price == 94.0


def test_trailing_stops() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    by_price = desk.sell(exectype="StopTrail", trailamount=3.0)
    by_share = desk.sell(exectype="StopTrail", trailpercent=0.05)
    desk.bar(100, 110, 100, 110)
    live = [one.request for one in desk.broker.exchange.desk.live.values()]
    assert [(one.trail, one.trail_bps) for one in live] == [(3 * 10**9, None), (None, 500 * 10**9)]
    assert by_price.alive() and by_share.alive()
    desk.bar(108, 108, 100, 101)
    assert not by_price.alive() and not by_share.alive()


def test_a_bracket() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    entry = desk.buy(transmit=False)
    stop = desk.sell(price=95.0, exectype="Stop", parent=entry, transmit=False)
    assert desk.told() == []
    target = desk.sell(price=105.0, exectype="Limit", parent=entry)
    assert [ref for ref, _ in desk.told()] == [1, 2, 3]
    desk.bar(100, 106, 99, 104)
    assert [one.status for one in (entry, stop, target)] == ["Completed", "Canceled", "Completed"]


def test_one_cancels_the_other() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    low = desk.buy(price=98.0, exectype="Limit", valid=0)
    high = desk.sell(price=120.0, exectype="Limit", oco=low, valid=0)
    desk.bar(100, 101, 97, 100)
    assert (low.status, high.status) == ("Completed", "Canceled")


def test_the_end_of_time() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    dated = desk.buy(price=50.0, exectype="Limit", valid=desk.data.datetime[0] + 1.5 / 24)
    of_day = desk.buy(price=51.0, exectype="Limit", valid=0)
    desk.bar(100, 101, 99, 100)
    desk.bar(100, 101, 99, 100)
    assert (dated.status, of_day.status) == ("Expired", "Accepted")
    for _ in range(24):
        desk.bar(100, 101, 99, 100)
    assert of_day.status == "Expired"


def test_cancels() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    held, sent = (desk.buy(price=50.0, exectype="Limit") for _ in range(2))
    desk.broker.cancel(held)
    desk.broker.cancel(held)
    desk.bar(100, 101, 99, 100)
    desk.broker.cancel(sent.clone())
    assert (held.status, sent.status) == ("Canceled", "Canceled")
    desk.broker.cancel(SimpleNamespace(ref=99))
    of_day = desk.buy(price=50.0, exectype="Limit", valid=0)
    desk.bar(100, 101, 99, 100)
    desk.broker.cancel(of_day)
    desk.broker.cancel(of_day)
    assert of_day.status == "Canceled"


def test_a_cancel_of_what_is_not_confirmed_does_nothing() -> None:
    desk = Desk(delays=Delays(submit=Constant(HOUR_NS), acknowledge=Constant(HOUR_NS // 2)))
    desk.bar(100, 101, 99, 100)
    order = desk.buy()
    desk.bar(100, 101, 99, 100)
    desk.broker.cancel(order)
    desk.bar(100, 101, 99, 100)
    assert order.status == "Completed"


def test_funding_is_in_the_cash() -> None:
    desk = Desk()
    desk.broker.exchange.answers.funded(FundingPaid("X", 5, "test", 6), 6)
    assert desk.bar(100, 101, 99, 100) == []


def test_what_has_no_equal_is_rejected() -> None:
    desk = Desk()
    desk.bar(100, 101, 99, 100)
    order = desk.buy(exectype="Close")
    none = desk.buy(price=0.0, exectype="Limit")
    desk.bar(100, 101, 99, 100)
    assert order.status == none.status == "Rejected"
    assert order.info["why"] == "execution type Close is not simulated; use a limit or a stop"
    assert none.info["why"]


def test_two_feeds_each_with_bars_of_its_own() -> None:
    desk = Desk("", "Y")
    other = desk.datas[1]
    desk.bar(100, 101, 99, 100)
    desk.bar(50, 51, 49, 50, data=other)
    order = desk.broker.buy(None, other, 1)
    desk.bar(100, 101, 99, 100)
    assert order.status == "Submitted"
    desk.bar(52, 53, 51, 52, data=other)
    assert order.executed.price == 52.0
    assert desk.broker.exchange.get_positions()[0].symbol == "Y"
    first = desk.buy()
    desk.bar(100, 101, 99, 100)
    assert first.status == "Completed"
    assert [one.symbol for one in desk.broker.exchange.get_positions()] == ["Y", "data1"]


def test_a_scheme_by_name() -> None:
    desk = Desk()
    scheme = stand_in.CommInfo()
    assert desk.broker.getcommissioninfo(desk.data) is not scheme
    desk.broker.addcommissioninfo(scheme, "X")
    assert desk.broker.getcommissioninfo(desk.data) is scheme


def test_an_exchange_without_cash_is_refused() -> None:
    with pytest.raises(ContractError, match="keeps no count of cash"):
        ExchangeBroker(SimulatedExchange())
