"""Bars out of trades."""

from __future__ import annotations

import pytest

from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.sim.bar import Bar
from tools.live.sim.bar_making import bars_by_time, bars_by_volume


def a_trade(price: int, qty: int, ts_ns: int, symbol: str = "X") -> Trade:
    return Trade(symbol, "s", "t", BUY, price, qty, None, None, ts_ns)


A_QUOTE = Bbo("X", "s", 1, 1, 2, 1, None, None, 5)


def test_bars_of_equal_times() -> None:
    trades = [a_trade(10, 1, 12), A_QUOTE, a_trade(13, 2, 15), a_trade(9, 3, 19),
              a_trade(11, 4, 40)]  # fmt: skip
    assert list(bars_by_time(trades, 10)) == [
        Bar("X", "s", 10, 13, 9, 9, 6, 10, 20), Bar("X", "s", 11, 11, 11, 11, 4, 40, 50),
    ]
    assert list(bars_by_time([], 10)) == []


def test_symbols_apart() -> None:
    trades = [a_trade(10, 1, 1), a_trade(20, 2, 2, "Y"), a_trade(11, 1, 3)]
    assert list(bars_by_time(trades, 10)) == [
        Bar("X", "s", 10, 11, 10, 11, 2, 0, 10), Bar("Y", "s", 20, 20, 20, 20, 2, 0, 10),
    ]
    assert [bar.symbol for bar in bars_by_volume(trades, 2)] == ["Y", "X"]


def test_bars_of_equal_volumes_split_a_trade() -> None:
    trades = [a_trade(10, 3, 1), a_trade(12, 11, 7), a_trade(9, 4, 8)]
    assert list(bars_by_volume(trades, 5)) == [
        Bar("X", "s", 10, 12, 10, 12, 5, 1, 8), Bar("X", "s", 12, 12, 12, 12, 5, 7, 8),
        Bar("X", "s", 12, 12, 9, 9, 5, 7, 9),
    ]


def test_what_cannot_be() -> None:
    with pytest.raises(ContractError, match="bar length 0 ns must be above 0"):
        list(bars_by_time([], 0))
    with pytest.raises(ContractError, match="bar volume 0 must be above 0"):
        list(bars_by_volume([], 0))
    with pytest.raises(ContractError, match="from a bar that is over; sort the trades by time"):
        list(bars_by_time([a_trade(1, 1, 20), a_trade(1, 1, 19)], 10))
