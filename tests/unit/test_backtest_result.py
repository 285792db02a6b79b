"""The figures of a run: what they are called, that they re-add, and what is not defined."""

from __future__ import annotations

import json
from math import isclose
from typing import Any

import pytest

from tests.unit.backtest_builders import FAKE, a_market, small
from tools.live.audit.laws_performance import LAWS_OF_PERFORMANCE
from tools.live.backtest_result import KIND, VERSION, BacktestResult, figures, order_line
from tools.live.backtest_run import run_backtest
from tools.live.backtest_settings import config_of
from tools.live.core import codec
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import SCALE
from tools.live.portfolio.order_tracks import OrderRow
from tools.live.portfolio.performance import Performance


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return run_backtest(a_market("AUSD", "BUSD"), base_qty=3, **FAKE)


def numbers(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return [one for value in data.values() for one in numbers(value)]
    return [data] if isinstance(data, (int, float)) else []


def test_the_line_is_canonical(result: BacktestResult) -> None:
    data = json.loads(str(result))
    assert str(result) == json.dumps(data, sort_keys=True, separators=(",", ":"))
    assert (data["v"], data["kind"], data["laws"]) == (VERSION, KIND, list(LAWS_OF_PERFORMANCE))
    assert data["config_sha256"] == codec.sha256(result.config)
    assert data["returns"]["pnl_usd"] == data["report"]["pnl"]["net_usd"] != 0
    assert all(one == one for one in numbers(data))


def test_parts_add_up(result: BacktestResult) -> None:
    data = result.figures
    costs = dict(data["costs"])
    pnl = costs.pop("pnl_usd")
    assert isclose(sum(costs.values()), pnl, abs_tol=1e-9)
    assert pnl == data["returns"]["pnl_usd"]
    symbols = data["by_symbol"].values()
    assert isclose(sum(one["pnl_usd"] for one in symbols), pnl, abs_tol=1e-9)
    for section, name in (("trading", "volume_usd"), ("trading", "fills"), ("costs", "fees_usd"),
                          ("execution", "arrival_slippage_usd")):  # fmt: skip
        total = sum(one[section][name] for one in symbols)
        assert isclose(total, data[section][name], abs_tol=1e-9), name
    for horizon in data["markouts"]:
        fills = sum(one["markouts"][horizon]["fills"] for one in symbols)
        row = data["markouts"][horizon]
        assert fills == row["fills"]
        assert fills + row["unmeasured"] == data["trading"]["fills"]


def test_figures_that_say_one_thing_agree(result: BacktestResult) -> None:
    data = result.figures
    returns, trading, execution = data["returns"], data["trading"], data["execution"]
    assert isclose(returns["return"], returns["pnl_usd"] / returns["capital_usd"])
    final = returns["initial_equity_usd"] + returns["pnl_usd"]
    assert isclose(returns["final_equity_usd"], final)
    assert trading["maker_fills"] + trading["taker_fills"] == trading["fills"]
    assert isclose(trading["turnover"], trading["volume_usd"] / returns["capital_usd"])
    assert isclose(trading["hit_rate"], trading["winning_fills"] / trading["closing_fills"])
    markout = data["markouts"]["0.1s"]
    assert isclose(markout["realised_spread_bps"], -2 * markout["markout_bps"])
    assert isclose(
        markout["markout_bps"] + markout["adverse_bps"], -execution["effective_spread_bps"] / 2,
        rel_tol=0.05,
    )  # fmt: skip
    ratios = data["risk_ratios"]
    assert ratios["periods_per_year"] == 365 * 86_400
    assert isclose(
        ratios["sharpe"],
        ratios["mean_usd"] / ratios["deviation_usd"] * ratios["periods_per_year"] ** 0.5,
    )
    times = execution["time_to_first_fill_s"]
    assert times["orders"] == execution["orders"]["touched"] and times["p50"] <= times["p99"]


def test_the_grid_and_the_year_are_asked_for() -> None:
    fine = small(grid="0.5", year_days=252, capital=1000).result().figures
    assert fine["risk_ratios"]["grid_s"] == 0.5
    assert fine["risk_ratios"]["periods_per_year"] == 252 * 86_400 * 2
    assert fine["returns"]["capital_usd"] == 1000.0


def test_what_is_not_defined_is_null() -> None:
    performance = Performance()
    performance.finish(5)
    config = config_of({})
    data = figures(performance, config)
    assert data["risk_ratios"]["sharpe"] is data["risk_ratios"]["mean_usd"] is None
    assert data["trading"]["hit_rate"] is data["execution"]["fill_ratio"] is None
    assert data["execution"]["time_to_fill_s"] == {
        "orders": 0, "p50": None, "p90": None, "p99": None,
    }  # fmt: skip
    assert data["markouts"]["1s"]["markout_bps"] is None and data["markouts"]["1s"]["fills"] == 0
    assert data["drawdown"]["from_utc"] is None and data["drawdown"]["depth_usd"] == 0.0
    assert data["exposure"]["mean_gross_usd"] is data["exposure"]["time_held"] is None
    assert (data["returns"]["return"], data["by_symbol"]) == (0.0, {})


def test_a_fall_that_was_not_made_up() -> None:
    performance = Performance()
    for ns, bid in ((0, 100), (1, 100), (2, 90)):
        performance.quote("A", bid * SCALE, bid * SCALE, ns)
        if ns == 0:
            performance.tracks["A"].qty = SCALE
    performance.finish(9)
    drawdown = figures(performance, config_of({"capital": 100}))["drawdown"]
    assert (drawdown["depth_usd"], drawdown["depth"]) == (10.0, 0.1)
    assert drawdown["from_utc"] == drawdown["trough_utc"] == "1970-01-01T00:00:00.000000002Z"
    assert (drawdown["regained_utc"], drawdown["longest_s"]) == (None, 7e-9)
    performance.curve.move(10 * SCALE * SCALE, 10)


def test_a_fall_that_was_made_up(result: BacktestResult) -> None:
    performance = Performance()
    for ns, bid in ((0, 100), (2, 90), (5, 100)):
        performance.quote("A", bid * SCALE, bid * SCALE, ns)
        performance.tracks["A"].qty = SCALE
    performance.finish(9)
    drawdown = figures(performance, config_of({}))["drawdown"]
    assert drawdown["regained_utc"] == "1970-01-01T00:00:00.000000005Z"


def test_a_line_of_an_order() -> None:
    row = OrderRow(
        "C1", "O1", "A", SELL, 5 * SCALE, 100 * SCALE, "canceled", 1, 2, 3, 4, 2, 2 * SCALE,
        202 * SCALE**2, SCALE**2, SCALE**2, -2 * SCALE**2, 100 * SCALE,
    )  # fmt: skip
    assert json.loads(order_line(row)) == {
        "client_order_id": "C1", "order_id": "O1", "symbol": "A", "side": "Sell", "qty": 5.0,
        "price": 100.0, "end": "canceled", "decided_ns": 1, "accepted_ns": 2, "first_fill_ns": 3,
        "ended_ns": 4, "fills": 2, "filled_qty": 2.0, "avg_price": 101.0, "fees_usd": 1.0,
        "spread_usd": 1.0, "mid_at_decision": 100.0, "arrival_slippage_usd": -2.0,
        "arrival_slippage_bps": -100.0,
    }  # fmt: skip
    bare = OrderRow("C1", "", "A", BUY, 1, 1, "rejected", 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0)
    data = json.loads(order_line(bare))
    for name in ("order_id", "accepted_ns", "first_fill_ns", "avg_price", "mid_at_decision",
                 "arrival_slippage_bps"):  # fmt: skip
        assert data[name] is None
