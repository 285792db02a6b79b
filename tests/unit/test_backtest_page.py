"""The tearsheet: whole, asking for nothing, the same bytes each time, and true to its figures."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backtest_builders import FAKE, a_market, small
from tests.unit.test_md_replay_page import Nesting
from tools.live import backtest_charts as charts
from tools.live import backtest_page as page
from tools.live.backtest_charts import markouts_chart, symbol_charts, waterfall
from tools.live.backtest_history import MOST_SYMBOLS, SymbolHistory
from tools.live.backtest_page import render_tearsheet
from tools.live.backtest_result import BacktestResult
from tools.live.backtest_run import Backtest
from tools.live.md_replay_charts import make_canvas

CANVAS = make_canvas(0, 10**9, "x")
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    market = a_market("AUSD", "BUSD")
    return Backtest(market, base_qty=3, drawn=True, **FAKE).result()


@pytest.fixture(scope="module")
def text(result: BacktestResult) -> str:
    return result.html()


def test_the_page_is_whole_and_asks_for_nothing(text: str) -> None:
    nesting = Nesting()
    nesting.feed(text)
    assert nesting.open == [] and len(nesting.ids) == len(set(nesting.ids)) > 8
    assert set(nesting.named) <= set(nesting.ids)
    assert "<script" not in text and "http:" not in text and "https:" not in text
    assert "Content-Security-Policy" in text and not re.search(r"\d\.\d{12}", text.split("<pre")[0])
    assert [int(level) for level in re.findall(r"<h(\d)>", text)][:3] == [1, 2, 3]


def test_the_json_within_is_the_result(result: BacktestResult, text: str) -> None:
    within = re.search(r'<pre class="report-json">(.*?)</pre>', text, re.DOTALL)
    assert within is not None and html.unescape(within[1]) == f"{result}\n"
    assert json.loads(html.unescape(within[1]))["kind"] == "backtest"


def test_all_charts_are_there(text: str) -> None:
    for heading in ("Equity", "Profit and costs", "Markouts", "AUSD", "BUSD"):
        assert f"<h3>{heading}</h3>" in text
    assert text.count('<svg role="img"') == 2 + 1 + 1 + 2 * 2
    assert '<th scope="row">total</th>' in text and "What the figures mean" in text


def test_the_same_run_gives_the_same_bytes_under_any_hash_seed(tmp_path: Path) -> None:
    code = (
        "from tests.unit.backtest_builders import small;"
        "import sys; sys.stdout.write(small(drawn=True).result().html())"
    )
    pages = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONHASHSEED": seed}, check=True,
            capture_output=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert pages[0] == pages[1] == small(drawn=True).result().html().encode()


def test_a_notebook_shows_the_same(result: BacktestResult, text: str) -> None:
    cell = result._repr_html_()
    within = re.search(r'<main class="[a-z-]+">(.*)</main>', text, re.DOTALL)
    assert within is not None and cell.endswith(f"</style>{within[1]}</div>")
    assert cell.startswith('<div class="shadow-sheet"><style>')


def test_without_what_is_drawn_the_rest_is_there(result: BacktestResult) -> None:
    bare = BacktestResult(result.config, result.figures, result.report)
    text = render_tearsheet(bare)
    assert "<h3>Equity</h3>" not in text and "<h2>Symbols</h2>" not in text
    assert "<h3>Profit and costs</h3>" in text


def test_a_run_without_any_fill() -> None:
    text = small(drawn=True, reject_rate=1.0, iterations=3).result().html()
    assert "Nothing was measured." in text and "It never fell." in text and "0 buys" in text


def test_a_run_that_heard_nothing_of_a_market() -> None:
    run = small(drawn=True)
    result = run.result()
    begun = small(drawn=True)
    empty = BacktestResult(result.config, result.figures, result.report, begun.history)
    text = empty.html()
    assert "Nothing was quoted." in text and "<h2>Symbols</h2>" not in text


def test_a_freeze_is_said_and_shaded() -> None:
    text = small(drawn=True, edge_threshold=9, iterations=30).result().html()
    assert '<div class="verdict bad"><p><strong>Ended frozen, 2025-01-01T00:0' in text
    assert '<rect class="frozen"' in text
    assert "Never frozen." in small(iterations=3).result().html()


def test_freezes_that_were_lifted_are_counted_and_a_reason_may_be_missing() -> None:
    run = small(drawn=True)
    run.run(until_step=5)
    run.loop.freeze("a <b> reason", "me")
    run.run(until_step=8)
    run.loop.unfreeze("done", "me")
    text = run.result().html()
    assert "Trading at the end, after 1 freeze." in text and '<rect class="frozen"' in text
    result = run.result()
    risk = {**result.report["risk"], "frozen": True, "first_freeze_utc": None,
            "first_freeze_reason": None}  # fmt: skip
    lost = BacktestResult(result.config, result.figures, {**result.report, "risk": risk})
    assert "<strong>Ended frozen.</strong> no reason given" in lost.html()


def test_what_comes_from_outside_is_text(result: BacktestResult) -> None:
    report: dict[str, Any] = {
        **result.report, "execution": {"iterations": 1, "symbols": ["<b>", "B", "C", "D", "E"]},
    }  # fmt: skip
    text = BacktestResult(result.config, result.figures, report).html()
    assert "<title>Backtest: &lt;b&gt;, B, C, D and 1 more</title>" in text and "<b>" not in text


def test_symbols_beyond_the_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = [f"S{number}" for number in range(MOST_SYMBOLS + 1)]
    result = Backtest(iterations=2, symbols=symbols, drawn=True).result()
    assert "1 symbol more only in the table." in result.html()
    monkeypatch.setattr(page, "MOST_ROWS", 4)
    assert "5 more rows only in the JSON result." in result.html()


def test_the_waterfall_ends_at_the_profit() -> None:
    costs = {"spread_earned_usd": 10.0, "spread_paid_usd": 0.0, "slippage_usd": -1.0,
             "market_usd": -12.0, "fees_usd": -2.0, "rebates_usd": 0.0, "funding_usd": 0.5,
             "pnl_usd": -4.5}  # fmt: skip
    drawn = waterfall(CANVAS, costs)
    assert drawn.count('<path class="area c3"') == 2 and drawn.count('<path class="area c2"') == 3
    assert drawn.count('<path class="area c1"') == 1
    assert drawn.count('<path class="line touch"') == 5
    spans = [sorted(map(int, found)) for found in re.findall(
        r'<path class="area c\d" d="M\d+ (\d+)H\d+V(\d+)H', drawn)]  # fmt: skip
    earned, slippage, market, fees, funding, profit = spans
    assert earned[0] == slippage[0] < market[0] < earned[1] < market[1] == fees[0]
    assert funding[1] == fees[1] and profit == [earned[1], funding[0]]
    assert "earned +10.00, slippage \N{MINUS SIGN}1.00" in drawn and ">paid<" not in drawn


def test_markouts_are_drawn_as_far_as_they_are_known() -> None:
    def row(spread: float | None, *bps: float | None) -> dict[str, Any]:
        return {
            "execution": {"effective_spread_bps": spread},
            "markouts": {name: {"markout_bps": one} for name, one in zip("abc", bps, strict=True)},
        }  # fmt: skip

    symbols = {f"S{number}": row(-5.0, 2.0, None, None) for number in range(charts.MOST_LINES + 1)}
    drawn = markouts_chart(CANVAS, {**row(-4.0, 1.0, -1.0, None), "by_symbol": symbols})
    assert drawn.count('<path class="line c') == charts.MOST_LINES
    assert "all from 2.00 to \N{MINUS SIGN}1.00 bps; S0 from 2.50 to 2.00 bps" in drawn
    alone = markouts_chart(CANVAS, {**row(None, None, None, None), "by_symbol": {
        "A": row(None, None, None, None)}})  # fmt: skip
    assert "Nothing was measured." in alone and "<svg" not in alone


def test_fills_that_are_not_drawn_are_counted(result: BacktestResult) -> None:
    assert result.history is not None
    whole = result.history.symbols["AUSD"]
    some = SymbolHistory()
    some.price, some.position, some.seen = whole.price, whole.position, whole.seen
    some.fills = whole.fills[:2]
    assert f" drawn of {whole.seen} fills" in symbol_charts(CANVAS, "AUSD", some, 1)
    assert "in all" in symbol_charts(CANVAS, "AUSD", whole, 1)
    some.price = SymbolHistory().price
    assert 'class="line mid"' not in symbol_charts(CANVAS, "AUSD", some, 1)
