"""What a page draws stays within bounds, and is the same each time."""

from __future__ import annotations

from tests.unit.backtest_builders import small
from tools.live.backtest_history import (
    MOST_FILLS, MOST_FREEZES, MOST_SYMBOLS, FillPoint, History, SymbolHistory,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY
from tools.live.portfolio.performance import Booked, Performance


def point(number: int) -> FillPoint:
    return FillPoint(Booked("O", "C", "A", BUY, 1, number, True, 0, 0, number), 1)


def test_few_fills_are_all_kept() -> None:
    history = SymbolHistory()
    for number in range(MOST_FILLS):
        history.keep(point(number))
    assert [one.fill.price for one in history.fills] == list(range(MOST_FILLS))


def test_of_many_every_so_many_th_is_kept() -> None:
    history = SymbolHistory()
    for number in range(MOST_FILLS * 4 + 1):
        history.keep(point(number))
        assert len(history.fills) <= MOST_FILLS
    assert history.seen == MOST_FILLS * 4 + 1
    assert [one.fill.price for one in history.fills] == list(range(0, MOST_FILLS * 4 + 1, 8))


def test_only_some_symbols_are_drawn() -> None:
    performance = Performance()
    history = History(performance)
    for number in range(MOST_SYMBOLS + 1):
        symbol = f"S{number}"
        performance.quote(symbol, 99, 101, number)
        history.quote(symbol, number)
    fill = Booked("O", "C", "S8", BUY, 1, 99, True, 0, 0, 9)
    performance.executed(fill)
    history.fill(fill)
    assert list(history.symbols) == [f"S{number}" for number in range(MOST_SYMBOLS)]
    assert [one.high for one in history.equity.slices()] == [1]


def test_freezes() -> None:
    history = History(Performance())
    history.frozen(False, 1)
    history.frozen(True, 2)
    history.frozen(False, 3)
    history.frozen(False, 4)
    for number in range(MOST_FREEZES):
        history.frozen(True, 10 + number)
    assert history.freezes[:2] == [(2, 3), (10, None)]
    assert len(history.freezes) == MOST_FREEZES


def test_a_run_is_drawn_as_it_went() -> None:
    run = small(drawn=True)
    figures = run.result().figures
    history = run.history
    assert history is not None
    assert sum(one.seen for one in history.symbols.values()) == figures["trading"]["fills"]
    assert history.drawdown.slices()[0].high == 0
    depth = -min(one.low for one in history.drawdown.slices())
    assert depth / 10**18 == figures["drawdown"]["depth_usd"] > 0
    last = max(history.symbols["BTCUSDT"].fills, key=lambda one: one.fill.ts_ns)
    assert last.mark == run.performance.tracks["BTCUSDT"].mark
