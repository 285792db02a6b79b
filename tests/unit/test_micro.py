"""Microstructure of one symbol: by hand, at the edges of its window, and beside a slow twin."""

from __future__ import annotations

import pytest

from tests.unit.prop import chance
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.market_v1 import Trade
from tools.live.core.money import SCALE, divide_half_even
from tools.live.market.micro import Micro, MicroFigures

T0 = 1_700_000_000 * NS_PER_S


def a_trade(price: int, qty: int, side: Side | None = BUY, ns: int = T0) -> Trade:
    return Trade("BTCUSDT", "venue", "1", side, price, qty, None, None, ns)


def test_nothing_is_known_before_anything_was_heard() -> None:
    assert Micro().at(T0) == MicroFigures(
        0, 0, None, None, 0, 0, None, None, 0, 0, 0, is_stale=True
    )  # fmt: skip


def test_figures_by_hand() -> None:
    micro = Micro()
    micro.quote(T0, 99 * SCALE, 3 * SCALE, 101 * SCALE, 4 * SCALE)
    micro.trade(a_trade(100 * SCALE, 2 * SCALE))
    micro.trade(a_trade(103 * SCALE, SCALE, SELL))
    micro.trade(a_trade(110 * SCALE, SCALE, None))
    assert micro.at(T0) == MicroFigures(
        bid=99 * SCALE, ask=101 * SCALE, spread=2 * SCALE, spread_bps=200 * SCALE,
        bid_depth=3 * SCALE, ask_depth=4 * SCALE, last_trade=110 * SCALE,
        vwap=413 * SCALE // 4, volume=4 * SCALE, buy_volume=2 * SCALE, sell_volume=SCALE,
        is_stale=False,
    )  # fmt: skip


@pytest.mark.parametrize(("bid", "ask"), [(0, 5), (5, 0)])
def test_an_empty_side_has_no_spread(bid: int, ask: int) -> None:
    micro = Micro()
    micro.quote(T0, bid, bid, ask, ask)
    figures = micro.at(T0)
    assert figures.spread is figures.spread_bps is None
    assert (figures.bid, figures.bid_depth, figures.ask, figures.ask_depth) == (bid, bid, ask, ask)


def test_a_crossed_quote_has_a_spread_below_zero() -> None:
    micro = Micro()
    micro.quote(T0, 101 * SCALE, 1, 99 * SCALE, 1)
    figures = micro.at(T0)
    assert figures.spread == -2 * SCALE and figures.spread_bps == -200 * SCALE


def test_a_trade_counts_for_a_minute() -> None:
    micro = Micro()
    micro.trade(a_trade(100, 2))
    assert micro.at(T0 + 60 * NS_PER_S - 1).volume == 2
    gone = micro.at(T0 + 60 * NS_PER_S)
    assert (gone.volume, gone.buy_volume, gone.vwap, gone.last_trade) == (0, 0, None, 100)


def test_the_trades_of_a_minute_are_at_most_a_thousand() -> None:
    micro = Micro()
    micro.trade(a_trade(500, 7, SELL))
    for _ in range(1000):
        micro.trade(a_trade(100, 1))
    figures = micro.at(T0)
    assert (figures.volume, figures.sell_volume, figures.vwap) == (1000, 0, 100)


def test_it_is_stale_after_a_second_of_silence() -> None:
    micro = Micro()
    micro.quote(T0, 1, 1, 2, 1)
    assert not micro.at(T0 + NS_PER_S).is_stale
    assert micro.at(T0 + NS_PER_S + 1).is_stale
    micro.trade(a_trade(1, 1, ns=T0 + NS_PER_S))
    assert not micro.at(T0 + NS_PER_S + 1).is_stale


def test_a_stamp_that_goes_back_counts_as_the_latest_before_it() -> None:
    micro = Micro()
    micro.quote(T0 + 90 * NS_PER_S, 1, 1, 2, 1)
    micro.trade(a_trade(100, 5))
    figures = micro.at(T0)
    assert figures.volume == 5 and not figures.is_stale
    assert micro.at(T0 + 150 * NS_PER_S - 1).volume == 5
    assert micro.at(T0 + 150 * NS_PER_S).volume == 0


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_a_list_of_all_trades(seed: int) -> None:
    rng = chance(seed)
    micro, told, now = Micro(), list[Trade](), T0
    for _ in range(rng.choice((20, 300, 1500))):
        now += rng.choice((0, 1, NS_PER_S // 50, NS_PER_S, 9 * NS_PER_S)[: rng.randint(1, 5)])
        side = rng.choice((BUY, SELL, None))
        told.append(a_trade(rng.randint(1, 10**14), rng.randint(1, 10**12), side, now))
        micro.trade(told[-1])
    minute = [one for one in told[-1000:] if now - one.ts_ns < 60 * NS_PER_S]
    figures = micro.at(now)
    volume = sum(one.qty for one in minute)
    assert figures.volume == volume
    assert figures.buy_volume == sum(one.qty for one in minute if one.side is BUY)
    assert figures.sell_volume == sum(one.qty for one in minute if one.side is SELL)
    notional = sum(one.price * one.qty for one in minute)
    assert figures.vwap == divide_half_even(notional, volume)
