"""The tearsheet of a backtest: one file, inline SVG, no script, no request.

The same result gives the same bytes. What came from outside is escaped, and the page forbids
itself scripts and requests. The JSON result is embedded as it is printed.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .backtest_charts import equity_charts, markouts_chart, symbol_charts, waterfall
from .core.money import SCALE
from .md_replay_charts import Canvas, make_canvas
from .reports.html import POLICY
from .reports.html_charts import sampled
from .reports.html_numbers import NONE, counted, e9, elapsed, fixed, money, safe
from .reports.html_style import PAGE_STYLE, SHEET_CLASS, SHEET_STYLE
from .reports.html_tables import pairs

if TYPE_CHECKING:
    from .backtest_result import BacktestResult

MOST_ROWS = 200
_TITLE_SYMBOLS = 4
_AFTER = 50
_DEFINITIONS = (
    ("Return", "profit over capital; the capital stays what it is and earns no interest"),
    ("Drawdown", "from a highest profit down to the lowest before it is reached again, looked at"
     " at every event; its depth is a share of the capital and that highest profit"),
    ("Sharpe", "mean over sample standard deviation (n - 1) of the differences of the equity"
     " between instants of a fixed grid, times the root of the periods in a year; no interest is"
     " taken off; undefined below two samples"),
    ("Sortino", "the same mean over the root of the mean square of what is below zero, over all"
     " samples"),
    ("Hit rate", "fills that closed something at a gain, their own fee taken off, of all that"
     " closed something"),
    ("Exposure", "value of what was held at the middle of the market, a mean over the whole time;"
     " gross adds up the symbols without signs"),
    ("Spread earned, spread paid", "distance of a fill's price from the middle of the market;"
     " both as we knew them when we heard of the fill; what a taker paid beyond the touch is"
     " slippage"),
    ("Market", "moves of the middle times what was held"),
    ("Arrival slippage", "price against the middle when the order was decided: what the spread"
     " cost and the delay until the fill; below zero it was a gain"),
    ("Effective and realised spread", "twice the distance of the price from the middle at the"
     " fill, and from the middle a while later; below zero it was earned by us"),
    ("Fill ratio", "filled of what was asked for in accepted orders, both at limit prices"),
)  # fmt: skip


def render_tearsheet(result: BacktestResult) -> str:
    """One complete HTML file."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{_title(result.plain())}</title>\n"
        f"<style>{PAGE_STYLE}{SHEET_STYLE}</style>\n</head>\n"
        f'<body>\n<main class="{SHEET_CLASS}">{_sheet(result)}</main>\n</body>\n</html>\n'
    )


def render_fragment(result: BacktestResult) -> str:
    """The same content for a notebook cell; every style rule is bound to one class."""
    return f'<div class="{SHEET_CLASS}"><style>{SHEET_STYLE}</style>{_sheet(result)}</div>'


def _sheet(result: BacktestResult) -> str:
    data = result.plain()
    return (
        f"{_head(data)}{_verdict(data)}{_tiles(data)}{_run(result, data)}{_symbols(result, data)}"
        f"{_by_symbol(data)}{_tables(data)}{_definitions()}{_json(result)}"
    )


def _title(data: Mapping[str, Any]) -> str:
    symbols = data["report"]["execution"]["symbols"]
    named = ", ".join(safe(symbol) for symbol in symbols[:_TITLE_SYMBOLS])
    more = len(symbols) - _TITLE_SYMBOLS
    return f"Backtest: {named}" + (f" and {more} more" if more > 0 else "")


def _head(data: Mapping[str, Any]) -> str:
    span, market = data["span"], data["report"]["params"]["market"]
    told = safe(market.get("format", market["kind"]))
    facts = [
        f"{counted(data['report']['execution']['iterations'], 'step')} of a {told} market",
        f"{elapsed(e9(span['seconds']))} from {safe(span['start_utc'])}",
    ]
    return f"<header><h1>{_title(data)}</h1><p>{'; '.join(facts)}</p></header>"


def _verdict(data: Mapping[str, Any]) -> str:
    risk = data["report"]["risk"]
    laws = len(data["laws"]) + len(data["report"]["integrity"]["laws"])
    held = f"<p>All {laws} conservation laws hold.</p>"
    if not risk["frozen"]:
        freezes = risk["freeze_events"]
        told = "Never frozen"
        if freezes:
            told = f"Trading at the end, after {counted(freezes, 'freeze')}"
        return f'<div class="verdict good"><p><strong>{told}.</strong></p>{held}</div>'
    why = safe(risk["first_freeze_reason"] or "no reason given")
    when = f", {safe(risk['first_freeze_utc'])}" if risk["first_freeze_utc"] else ""
    told = f"<p><strong>Ended frozen{when}.</strong> {why}</p>"
    return f'<div class="verdict bad">{told}{held}</div>'


def _tiles(data: Mapping[str, Any]) -> str:
    returns, ratios, trading = data["returns"], data["risk_ratios"], data["trading"]
    pnl = e9(returns["pnl_usd"])
    rows = [
        ("Profit, USD", money(pnl, SCALE, signed=True), "loss" if pnl < 0 else "gain"),
        ("Return", _percent(returns["return"], 3), ""),
        ("Max drawdown, USD", money(e9(data["drawdown"]["depth_usd"]), SCALE), ""),
        ("Sharpe, a year", _number(ratios["sharpe"], 2), ""),
        ("Sortino, a year", _number(ratios["sortino"], 2), ""),
        ("Fills", f"{trading['fills']:,}", ""),
        ("Fill ratio", _percent(data["execution"]["fill_ratio"], 1), ""),
        ("Hit rate", _percent(trading["hit_rate"], 1), ""),
        ("Effective spread, bps", _number(data["execution"]["effective_spread_bps"], 3), ""),
        ("Turnover", _number(trading["turnover"], 2), ""),
    ]
    shown = "".join(
        f'<div><dt>{name}</dt><dd class="{style}">{value}</dd></div>' for name, value, style in rows
    )
    samples, periods = counted(ratios["samples"], "sample"), e9(ratios["periods_per_year"])
    note = (
        f"Sharpe and Sortino are of {samples}, {elapsed(e9(ratios['grid_s']))} apart, scaled to a"
        f" year of {fixed(periods, SCALE, 0)} such periods."
    )
    return f'<dl class="tiles">{shown}</dl><p class="note">{note}</p>'


def _canvas(data: Mapping[str, Any]) -> Canvas:
    """A little longer than the run, so that what the last instant changed can be seen."""
    start_ns, end_ns = data["span"]["start_ns"], data["span"]["end_ns"]
    end_ns += (end_ns - start_ns) // _AFTER
    return make_canvas(start_ns, end_ns, f"sheet-{data['config_sha256'][:12]}")


def _run(result: BacktestResult, data: Mapping[str, Any]) -> str:
    canvas = _canvas(data)
    equity = "" if result.history is None else equity_charts(canvas, result.history, data)
    charts = f"{equity}{waterfall(canvas, data['costs'])}{markouts_chart(canvas, data)}"
    return f'<section><h2>Run</h2><div class="charts">{charts}</div></section>'


def _symbols(result: BacktestResult, data: Mapping[str, Any]) -> str:
    if result.history is None or not result.history.symbols:
        return ""
    canvas, drawn = _canvas(data), sorted(result.history.symbols)
    charts = "".join(
        symbol_charts(canvas, symbol, result.history.symbols[symbol], number)
        for number, symbol in enumerate(drawn, 1)
    )
    more = len(data["by_symbol"]) - len(drawn)
    left = f'<p class="note">{counted(more, "symbol")} more only in the table.</p>' if more else ""
    return f'<section><h2>Symbols</h2><div class="charts">{charts}</div>{left}</section>'


_COLUMNS = (
    ("profit USD", ("pnl_usd",), 4), ("volume USD", ("trading", "volume_usd"), 2),
    ("fills", ("trading", "fills"), 0), ("hit rate", ("trading", "hit_rate"), 3),
    ("fill ratio", ("execution", "fill_ratio"), 3),
    ("spread bps", ("execution", "effective_spread_bps"), 3),
    ("arrival bps", ("execution", "arrival_slippage_bps"), 3),
    ("1 s markout bps", ("markouts", "1s", "markout_bps"), 3),
    ("fees USD", ("costs", "fees_usd"), 4), ("mean gross USD", ("exposure", "mean_gross_usd"), 2),
)  # fmt: skip


def _by_symbol(data: Mapping[str, Any]) -> str:
    rows = [_row(safe(symbol), row) for symbol, row in sorted(data["by_symbol"].items())]
    left = len(rows) - MOST_ROWS
    note = f'<p class="note">{left:,} more rows only in the JSON result.</p>' if left > 0 else ""
    shown = [*rows[:MOST_ROWS], _row("total", {**data, "pnl_usd": data["returns"]["pnl_usd"]})]
    table = sampled(["symbol", *(name for name, _, _ in _COLUMNS)], shown)
    return f"<section><h2>By symbol</h2>{table}{note}</section>"


def _row(name: str, row: Mapping[str, Any]) -> list[str]:
    cells = [name]
    for _, path, decimals in _COLUMNS:
        value: Any = row
        for key in path:
            value = value[key]
        cells.append(_number(value, decimals))
    return cells


def _tables(data: Mapping[str, Any]) -> str:
    parts = (
        ("Returns", data["returns"]), ("Drawdown", data["drawdown"]),
        ("Ratios", data["risk_ratios"]), ("Exposure", data["exposure"]),
        ("Trading", data["trading"]), ("Execution", data["execution"]),
        ("Settings", _settings(data)),
    )  # fmt: skip
    shown = "".join(f"<section><h3>{name}</h3>{pairs(part)}</section>" for name, part in parts)
    hashes = {
        "config sha256": data["config_sha256"], **{
            name: value for name, value in data["report"]["integrity"].items()
            if name.endswith("sha256") and name != "config_sha256" and value is not None
        },
    }  # fmt: skip
    return (
        f'<section class="tables"><h2>Tables</h2><div class="columns">{shown}</div>'
        f"<section><h3>Integrity</h3>{pairs(hashes, 'pairs hashes')}</section></section>"
    )


def _settings(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data["config"].items() if value is not None}


def _definitions() -> str:
    rows = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{safe(meaning)}</td></tr>'
        for name, meaning in _DEFINITIONS
    )
    return (
        '<section class="tables"><h2>What the figures mean</h2>'
        f'<table class="hashes"><tbody>{rows}</tbody></table></section>'
    )


def _json(result: BacktestResult) -> str:
    text = html.escape(f"{result}\n", quote=False)
    return (
        '<details class="json"><summary>JSON result</summary>'
        f'<pre class="report-json">{text}</pre></details>'
    )


def _number(value: float | None, decimals: int) -> str:
    return NONE if value is None else fixed(e9(value), SCALE, decimals)


def _percent(value: float | None, decimals: int) -> str:
    return NONE if value is None else f"{fixed(e9(value) * 100, SCALE, decimals)} %"
