"""The line read into series: the same money, orders and edges as the fold's own."""

from __future__ import annotations

from typing import Any

import pytest

from tools.live.core.contracts_v1 import (
    BUY, SELL, Approved, EdgeUpdate, Entry, Fill, FillFault, FillRefused, Frozen,
    OrderAccepted, OrderCanceled, OrderRejected, QuoteUpdate, Side, Unfrozen,
)  # fmt: skip
from tools.live.core.money import SCALE, view, view_cash
from tools.live.execution_loop import run_shadow_demo
from tools.live.reports.html_history import (
    CANCELED, FILLED, OPEN, PARTIAL, PENDING, REJECTED, Drawdown, Freeze, History, Series, spaced,
    thin,
)  # fmt: skip

RUNS: dict[str, dict[str, Any]] = {
    "default": {},
    "sample": {"iterations": 20, "edge_freeze_threshold_bps": 3.0},
    "computed": {"iterations": 100, "edge": "computed", "edge_freeze_threshold_bps": -100},
    "computed, frozen": {"iterations": 60, "edge": "computed", "edge_freeze_threshold_bps": 99},
    "requote": {"iterations": 40, "requote": True, "partial_fill_rate": 0.6},
    "tight": {"iterations": 40, "max_total_notional_usd": 3000},
    "no fill": {"fill_rate": 0.0},
    "one step": {"iterations": 1, "symbols": ["BTCUSDT"]},
    "rebate": {"fee_maker_bps": -0.3, "base_qty": "0.001234567"},
}


def lined(*events: Any) -> list[Entry]:
    return [Entry(seq, "test", seq, seq - 1, event) for seq, event in enumerate(events, 1)]


def read(*events: Any, maker_bps: int = 0, taker_bps: int = 0) -> History:
    return History(lined(*events), maker_bps=maker_bps, taker_bps=taker_bps)


def a_quote(ns: int, bid: int, ask: int) -> QuoteUpdate:
    return QuoteUpdate("A", bid * SCALE, ask * SCALE, ns)


def a_fill(
    ns: int, side: Side, qty: int, price: int, *, name: str = "F1", order: str = "O1",
    liquidity: str = "maker",
) -> Fill:  # fmt: skip
    return Fill(name, order, "A", side, qty * SCALE, price * SCALE, liquidity, ns)


def placed(ns: int, number: int = 1, qty: int = 2) -> Approved:
    # Only the gate makes an approval in the product; here one is needed to be read.
    return Approved(f"C{number}", "A", BUY, qty * SCALE, SCALE, ns)


@pytest.mark.parametrize("name", RUNS)
def test_the_line_ends_where_the_report_does(name: str) -> None:
    report = run_shadow_demo(**RUNS[name])
    data, fees = report.data, report.data["fees"]
    bps = [round(fees[key] * SCALE) for key in ("maker_bps", "taker_bps")]
    history = History(report.events, maker_bps=bps[0], taker_bps=bps[1])
    assert view_cash(history.equity.values[-1]) == data["pnl"]["net_usd"]
    counts = history.states.values[-1] if history.states.values else (0,) * 6
    orders = data["orders"]
    assert counts[PENDING] == 0
    assert counts[OPEN] + counts[PARTIAL] == orders["open"]
    assert counts[PARTIAL] == orders["open_partially_filled"]
    assert counts[FILLED] == orders["filled_full"]
    assert counts[CANCELED] == orders["canceled"]
    assert counts[REJECTED] == orders["rejected"] == sum(history.rejections.values())
    for symbol, qty in data["positions"]["by_symbol"].items():
        assert view(history.symbols[symbol].position.values[-1]) == qty
        assert view(history.ledger.qty(symbol)) == qty


def test_equity_by_hand() -> None:
    history = read(
        a_quote(0, 99, 101), a_fill(1, BUY, 2, 100), a_quote(2, 109, 111),
        a_fill(3, SELL, 2, 112, name="F2"), maker_bps=100 * SCALE,
    )  # fmt: skip
    assert [view_cash(value) for value in history.equity.values] == [
        0, -2, 20 - 2, 19.76
    ]  # fmt: skip
    assert history.symbols["A"].volume_e18 == 424 * SCALE * SCALE


def test_the_deepest_fall_is_from_a_high_to_the_low_after_it() -> None:
    history = read(
        a_fill(0, BUY, 1, 100), a_quote(1, 110, 110), a_quote(2, 105, 105), a_quote(3, 120, 120),
        a_quote(4, 90, 90), a_quote(5, 130, 130), a_quote(6, 129, 129),
    )  # fmt: skip
    assert history.drawdown() == Drawdown(30 * SCALE * SCALE, 3, 4)


def test_a_run_begins_at_zero_so_a_first_loss_is_a_fall() -> None:
    history = read(a_fill(5, BUY, 1, 100), a_quote(7, 90, 90))
    assert history.drawdown() == Drawdown(10 * SCALE * SCALE, 5, 7)


def test_a_fill_told_twice_counts_once() -> None:
    history = read(a_fill(1, BUY, 1, 100), a_fill(2, BUY, 1, 100))
    assert len(history.symbols["A"].fills) == 1
    assert history.ledger.qty("A") == SCALE


def test_a_refused_fill_is_not_drawn() -> None:
    refusal = FillRefused("F1", "O9", FillFault.UNKNOWN_ORDER, "no such order", 1)
    history = read(a_fill(1, BUY, 1, 100), refusal)
    assert not history.symbols


@pytest.mark.parametrize(
    ("side", "price", "quoted", "taker"),
    [
        (BUY, 101, True, True), (BUY, 100, True, False), (SELL, 99, True, True),
        (SELL, 100, True, False), (BUY, 100, False, True),
    ],
)  # fmt: skip
def test_a_silent_venue_is_judged_by_the_last_quote(
    side: Side, price: int, quoted: bool, taker: bool
) -> None:
    quotes = [a_quote(0, 99, 101)] if quoted else []
    history = read(*quotes, a_fill(1, side, 1, price, liquidity=""))
    assert history.ledger.holding("A").taker_fills == taker


def test_orders_move_through_their_states() -> None:
    history = read(
        placed(0), OrderAccepted("C1", "O1", 1), a_fill(2, BUY, 1, 1),
        a_fill(3, BUY, 1, 1, name="F2"),
    )  # fmt: skip
    wanted = [PENDING, OPEN, PARTIAL, FILLED]
    assert [counts.index(1) for counts in history.states.values] == wanted


def test_a_late_fill_moves_the_position_but_not_the_canceled_order() -> None:
    history = read(
        placed(0), OrderAccepted("C1", "O1", 1), OrderCanceled("O1", 2), a_fill(3, BUY, 1, 1)
    )
    assert history.states.values[-1][CANCELED] == 1
    assert history.symbols["A"].position.values == [SCALE]


def test_an_accepted_order_that_is_revoked_is_canceled() -> None:
    history = read(
        placed(0), OrderAccepted("C1", "O1", 1), OrderRejected("C1", "gone", 2),
        placed(3, 2), OrderRejected("C2", "bad", 4), OrderRejected("C2", "bad", 5),
    )  # fmt: skip
    assert history.states.values[-1][CANCELED] == history.states.values[-1][REJECTED] == 1
    assert history.rejections == {"bad": 1}


def test_answers_about_unknown_or_finished_orders_change_nothing() -> None:
    history = read(
        placed(0), OrderAccepted("C1", "O1", 1), OrderAccepted("C1", "O1", 2),
        OrderAccepted("C9", "O9", 3), OrderCanceled("O9", 4), OrderRejected("C9", "no", 5),
        OrderCanceled("O1", 6), OrderCanceled("O1", 7),
    )  # fmt: skip
    assert [counts.index(1) for counts in history.states.values] == [PENDING, OPEN, CANCELED]


def test_a_freeze_lasts_until_it_is_lifted() -> None:
    history = read(
        Unfrozen("not frozen", "desk", 0), Frozen("edge", "A", 1), Unfrozen("fine", "desk", 5),
        Unfrozen("again", "desk", 6), Frozen("loss", None, 9),
    )  # fmt: skip
    assert history.freezes == [Freeze(1, 5, "edge", "A"), Freeze(9, None, "loss", None)]


def test_an_edge_that_is_no_number_stays_in_the_series() -> None:
    history = read(EdgeUpdate("A", SCALE, 1), EdgeUpdate("A", None, 2))
    assert history.symbols["A"].edge.values == [SCALE, None]


def test_time_on_the_page_never_runs_back() -> None:
    history = read(a_quote(5, 1, 1), a_quote(3, 2, 2), a_quote(6, 3, 3))
    assert history.symbols["A"].quotes.ns == [5, 6]
    assert history.end_ns == 6


def test_no_events_make_an_empty_history() -> None:
    history = read()
    assert (history.count, history.start_ns, history.end_ns) == (0, 0, 0)


def test_a_series_keeps_the_last_value_of_an_instant() -> None:
    series: Series[int] = Series()
    for ns, value in ((1, 10), (1, 11), (2, 12)):
        series.put(ns, value)
    assert (series.ns, series.values) == ([1, 2], [11, 12])


@pytest.mark.parametrize("total", [0, 1, 2, 9, 10, 11, 97, 1000, 100_003])
def test_thinning_keeps_ends_and_extremes(total: int) -> None:
    values = [(place * 7919) % 1009 for place in range(total)]
    kept = thin(values, 10)
    assert len(kept) <= 10 and kept == sorted(kept)
    if total:
        assert kept[0] == 0 and kept[-1] == total - 1
        chosen = [values[place] for place in kept]
        assert (min(chosen), max(chosen)) == (min(values), max(values))


@pytest.mark.parametrize("total", [0, 1, 5, 6, 1000])
def test_spacing_keeps_the_ends(total: int) -> None:
    places = spaced(total, 5)
    assert len(places) == min(total, 5) == len(set(places))
    if total:
        assert places[0] == 0 and places[-1] == total - 1
