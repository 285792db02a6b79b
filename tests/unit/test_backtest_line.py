"""What a backtest hears of its own run, beside what it records."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.backtest_builders import small
from tools.live.backtest_line import PerformanceLine
from tools.live.core.contracts_v1 import (
    BUY, Fill, Frozen, FundingPaid, GapDetected, OrderRejected, QuoteUpdate, ResyncStarted,
    Unfrozen,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.line import Line
from tools.live.core.money import SCALE
from tools.live.exchange import FakeExchangeClient, FillEvent
from tools.live.portfolio.performance import Booked, Performance


class Drawn:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def quote(self, symbol: str, ts_ns: int) -> None:
        self.told.append((symbol, ts_ns))

    def fill(self, fill: Booked) -> None:
        self.told.append(fill)

    def frozen(self, is_frozen: bool, ts_ns: int) -> None:
        self.told.append((is_frozen, ts_ns))


class Talkative(FakeExchangeClient):
    """Says every fill twice, and one fill that is of no order."""

    def stream_fills(self) -> Any:
        for fill in super().stream_fills():
            yield fill
            yield fill
            yield FillEvent("NEVER", fill.symbol, fill.side, 1, 1, fill.timestamp_ms, "N")


def test_the_line_within_hears_everything_in_its_order() -> None:
    plain, measured = small(), small()
    recorded = Line()
    plain.loop.line = recorded
    for _ in plain.loop.trade(plain.params, plain.feed):
        pass
    within = Line()
    measured.loop.line = within
    result = measured.result()
    assert within.entries == recorded.entries and len(within.entries) > 100
    assert str(result.figures) == str(small().result().figures)


def test_only_fills_that_were_booked_count() -> None:
    run = small(exchange=lambda: Talkative(1.0, 0.0, 0, 0.0))
    run.run(until_step=1)
    fold = run.loop.fold
    assert (fold.duplicate_fills, fold.refused_fills) == (4, 4)
    assert sum(track.fills for track in run.performance.tracks.values()) == 4
    figures = run.result().figures
    assert figures["trading"]["fills"] == 4 and run.loop.risk_monitor.frozen


def a_line(inner: Line | None = None) -> tuple[PerformanceLine, Performance, Drawn]:
    run = small()
    performance, drawn = Performance(), Drawn()
    return PerformanceLine(inner, run.loop.fold, performance, drawn), performance, drawn


def test_without_a_line_within_nothing_is_kept() -> None:
    line, _, _ = a_line()
    line.input(1, 1, 0, QuoteUpdate("A", 99, 101, 5))
    line.quiet()
    line.interrupt()
    assert (line.entries, line.anchor(), line.last_ns) == (None, None, 5)


def test_with_one_it_is_asked() -> None:
    within = Line()
    line, _, drawn = a_line(within)
    line.hearing(QuoteUpdate)(1, 1, 0, "A", 99, 101, 5)
    line.quiet()
    line.interrupt()
    assert line.entries == within.entries and len(within.entries) == 1
    assert (line.anchor(), drawn.told) == (None, [("A", 5)])


def test_a_reset_in_the_middle_is_no_run() -> None:
    with pytest.raises(ContractError, match="a backtest measures one run; begin a new one"):
        a_line()[0].clear()


def test_a_market_that_is_not_known_is_told_once_each() -> None:
    line, performance, _ = a_line()
    line.input(1, 1, 0, QuoteUpdate("A", 99, 101, 5))
    for fact in (GapDetected("A", "x", 1, 2, 6), ResyncStarted("A", "x", "gap", 6)):
        line.input(2, 2, 0, fact)
        assert performance.tracks["A"].markouts.mid == 0
        line.input(3, 3, 0, QuoteUpdate("A", 99, 101, 7))
        assert performance.tracks["A"].markouts.mid == 100


def test_a_freeze_is_drawn() -> None:
    line, _, drawn = a_line()
    line.output(1, 1, 0, Frozen("why", None, 5))
    line.output(2, 2, 0, Unfrozen("why", "who", 6))
    assert drawn.told == [(True, 5), (False, 6)]
    bare = PerformanceLine(None, small().loop.fold, Performance())
    bare.output(1, 1, 0, Frozen("why", None, 5))


def test_funding_is_measured() -> None:
    run = small()
    run.run(until_step=3)
    for amount in (-5, 3):
        run.loop.take(FundingPaid("BTCUSDT", amount * SCALE**2, "why", run.now_ns))
    costs = run.result().figures["costs"]
    assert costs["funding_usd"] == -2.0 and run.report is not None
    assert costs["pnl_usd"] == run.report["pnl"]["net_usd"]


def test_an_execution_has_its_fee_and_its_reason() -> None:
    run = small(exchange="simulated", fill_rate=None, drawn=True)
    result = run.result()
    assert run.history is not None
    fills = [point.fill for one in run.history.symbols.values() for point in one.fills]
    assert fills and all(fill.why for fill in fills)
    assert f": {fills[0].why.partition(' ')[0]}" in result.html()


def test_a_told_fee_counts() -> None:
    class Told(FakeExchangeClient):
        def stream_fills(self) -> Any:
            for fill in super().stream_fills():
                fill.fee_e18 = SCALE**2
                yield fill

    run = small(exchange=lambda: Told(1.0, 0.0, 0, 0.0), iterations=1)
    assert run.result().figures["costs"]["fees_usd"] == -4.0


def test_a_fill_of_an_unknown_order_is_nothing() -> None:
    line, performance, drawn = a_line()
    line.input(1, 1, 0, Fill("F", "O", "A", BUY, 1, 1, "", 5))
    line.input(2, 2, 0, OrderRejected("C", "no", 6))
    line.settle()
    assert (performance.tracks, drawn.told) == ({}, [])
