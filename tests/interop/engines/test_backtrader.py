"""Backtrader, the real package, with our exchange for a broker: the same strategy on either.

Where Backtrader's own broker and ours mean the same (market orders at the next open, stops that
the market reaches), cash and every notification are the same numbers.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tools.live.core.errors import ContractError
from tools.live.engines.backtrader_adapter import ExchangeBroker
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.terms import Terms

HOUR = timedelta(hours=1)
CASH = 10_000
Heard = tuple[int, int, str, float, float]
Act = Callable[[Any, int], None]


@pytest.fixture(autouse=True)
def _package(must_have: Callable[[str, bool], None]) -> None:
    must_have("the package backtrader", importlib.util.find_spec("backtrader") is not None)


def bars(count: int = 60) -> list[tuple[float, float, float, float]]:
    """A market that goes up and down in whole steps; no two bars alike."""
    made, price = [], 100.0
    for number in range(count):
        close = 100.0 + (number * 7) % 23 - (number * 3) % 17
        made.append((price, max(price, close) + 1.5, min(price, close) - 1.25, close))
        price = close + 0.5
    return made


def ours(**terms: Any) -> Callable[[], Any]:
    return lambda: ExchangeBroker(SimulatedExchange(Terms(cash_e18=CASH * 10**18, **terms)))


def run(act: Act, broker: Callable[[], Any] | None = None, data: Any = None) -> tuple[Any, ...]:
    """What a strategy hears of its orders, its trades' profits, its cash and its value."""
    import backtrader as bt

    bt.Order.refbasis = itertools.count(1)
    rows = data or bars()

    class Told(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.told: list[Heard] = []
            self.orders: list[Any] = []
            self.profits: list[float] = []

        def notify_order(self, order: Any) -> None:
            done = order.executed
            name = order.getstatusname()
            self.told.append((len(self), order.ref, name, round(done.price, 9), done.size))

        def notify_trade(self, trade: Any) -> None:
            if trade.isclosed:
                self.profits.append(round(trade.pnl, 6))

        def next(self) -> None:
            act(self, len(self))

    class Bars(bt.feed.DataBase):  # type: ignore[misc]
        def start(self) -> None:
            super().start()
            self.rows = iter(enumerate(rows))

        def _load(self) -> bool:
            found = next(self.rows, None)
            if found is None:
                return False
            number, (opened, high, low, close) = found
            when = datetime(2024, 1, 1) + number * HOUR
            self.lines.datetime[0] = bt.date2num(when)
            self.lines.open[0], self.lines.high[0] = opened, high
            self.lines.low[0], self.lines.close[0] = low, close
            self.lines.volume[0], self.lines.openinterest[0] = 1000, 0
            return True

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Bars(), name="X")
    cerebro.addstrategy(Told)
    if broker is None:
        cerebro.broker.setcash(CASH)
    else:
        cerebro.broker = broker()
    (strategy,) = cerebro.run()
    held = cerebro.broker.getposition(strategy.data)
    cash, value = cerebro.broker.getcash(), cerebro.broker.getvalue()
    # Each order's own story; how the stories of one bar interleave is nobody's promise.
    told = sorted(strategy.told, key=lambda one: one[1])
    return told, strategy.profits, round(cash, 6), round(value, 6), held.size, strategy


def alternate(strategy: Any, bar: int) -> None:
    if bar % 9 == 1:
        strategy.buy(size=3)
    elif bar % 9 == 5:
        strategy.close()
    elif bar % 9 == 7:
        strategy.sell(size=1)
        strategy.buy(size=1)


def test_market_orders_are_the_same_to_the_last_number() -> None:
    theirs, mine = run(alternate), run(alternate, ours())
    assert len(theirs[0]) > 60 and theirs[1]
    assert mine[:5] == theirs[:5]


def test_a_stop_that_the_market_walks_through_trades_at_its_level() -> None:
    import backtrader as bt

    def act(strategy: Any, bar: int) -> None:
        if bar == 2:
            strategy.buy(size=2)
            strategy.sell(size=2, price=94.0, exectype=bt.Order.Stop)

    theirs, mine = run(act), run(act, ours())
    assert mine[:5] == theirs[:5] and (mine[4], len(mine[1])) == (0, 1)
    assert [one[3] for one in mine[0] if one[2] == "Completed"][1] == 94.0


def test_a_limit_never_gets_more_than_its_limit_at_rest() -> None:
    """Theirs gives the open where it is better; ours rested before, and is a maker."""
    import backtrader as bt

    def act(strategy: Any, bar: int) -> None:
        if bar == 1:
            strategy.buy(size=1, price=96.0, exectype=bt.Order.Limit)

    told = run(act, ours())[0]
    assert [one[2:] for one in told] == [
        ("Submitted", 0.0, 0), ("Accepted", 0.0, 0), ("Completed", 96.0, 1.0),
    ]  # fmt: skip


def test_a_bracket_ends_with_one_exit() -> None:
    import backtrader as bt

    def act(strategy: Any, bar: int) -> None:
        if bar == 1:
            strategy.buy_bracket(size=2, exectype=bt.Order.Market, stopprice=90.0, limitprice=108.0)

    told, _, _, _, held, _ = run(act, ours())
    ends = {ref: name for _, ref, name, _, _ in told}
    assert held == 0 and sorted(ends.values()) == ["Canceled", "Completed", "Completed"]


def test_cancels_and_ends() -> None:
    import backtrader as bt

    def act(strategy: Any, bar: int) -> None:
        if bar == 1:
            limit = bt.Order.Limit
            strategy.orders = [
                strategy.buy(size=1, price=50.0, exectype=limit),
                strategy.buy(size=1, price=51.0, exectype=limit, valid=timedelta(hours=2)),
                strategy.buy(size=1, price=52.0, exectype=bt.Order.Close),
                strategy.buy(size=1, price=53.0, exectype=limit),
            ]
            strategy.cancel(strategy.orders[3])
        if bar == 4:
            strategy.cancel(strategy.orders[0])
            strategy.cancel(strategy.orders[0])

    told = run(act, ours())[0]
    ends = {ref: (bar, name) for bar, ref, name, _, _ in told}
    assert ends == {1: (5, "Canceled"), 2: (3, "Expired"), 3: (2, "Rejected"), 4: (2, "Canceled")}


def test_delays_count() -> None:
    """An order that takes 40 minutes misses the open of an hour's bar."""
    slow = Delays(submit=Constant(40 * 60 * 10**9))
    told = run(alternate, ours(delays=slow))[0]
    prompt = run(alternate, ours())[0]
    assert [one[3] for one in told if one[2] == "Completed"] != [
        one[3] for one in prompt if one[2] == "Completed"
    ]
    assert told[0][2] == "Submitted" and told[1][2] == "Accepted"


def test_an_exchange_that_counts_no_cash_is_refused() -> None:
    with pytest.raises(ContractError, match=r"no count of cash; give Terms\(cash_e18"):
        ExchangeBroker(SimulatedExchange())
