"""The report as a page: one file or one notebook cell, inline SVG, no script, no request.

Same report and same line, same bytes. Everything that came from outside (symbols, reasons,
messages) is escaped, and the page forbids itself scripts and requests in its own policy. The JSON
report is embedded character for character.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from ..core import codec
from ..core.clock import render_utc
from ..core.contracts_v1 import Entry
from ..core.money import CASH_SCALE, view_cash
from .html_charts import (
    Scene, edge_chart, equity_chart, make_scene, orders_chart, refusals_chart, threshold_e9,
)  # fmt: skip
from .html_history import History
from .html_numbers import counted, e9, elapsed, exact, money, safe
from .html_style import PAGE_STYLE, SHEET_CLASS, SHEET_STYLE
from .html_symbols import chosen_symbols, symbol_panel
from .html_tables import tables, undrawn

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_TITLE_SYMBOLS = 6


def render_page(data: dict[str, Any], events: Sequence[Entry]) -> str:
    """One complete HTML file."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{_title(data)}</title>\n<style>{PAGE_STYLE}{SHEET_STYLE}</style>\n</head>\n"
        f'<body>\n<main class="{SHEET_CLASS}">{_sheet(data, events, 1)}</main>\n</body>\n</html>\n'
    )


def render_fragment(data: dict[str, Any], events: Sequence[Entry]) -> str:
    """The same content for a notebook cell; every style rule is bound to one class."""
    sheet = _sheet(data, events, 2)
    return f'<div class="{SHEET_CLASS}"><style>{SHEET_STYLE}</style>{sheet}</div>'


def _sheet(data: dict[str, Any], events: Sequence[Entry], level: int) -> str:
    fees = data["fees"]
    history = History(events, maker_bps=e9(fees["maker_bps"]), taker_bps=e9(fees["taker_bps"]))
    integrity = data["integrity"]
    named = codec.sha256([integrity["state_sha256"], integrity["config_sha256"]])
    scene = make_scene(history, data, f"sheet-{named[:12]}", level)
    tag = f"h{level + 1}"
    charts = _charts(scene, data) if events else (
        '<p class="empty">No events were recorded, so there is nothing to draw;'
        " the tables are complete.</p>"
    )  # fmt: skip
    return (
        f"{_head(scene, data)}{_verdict(scene, data)}{_tiles(scene, data)}{charts}"
        f'<section class="tables"><{tag}>Tables</{tag}>{tables(data, level + 1)}</section>'
        f"{_json(data)}"
    )


def _title(data: dict[str, Any]) -> str:
    symbols = data["execution"]["symbols"]
    named = ", ".join(safe(symbol) for symbol in symbols[:_TITLE_SYMBOLS])
    more = len(symbols) - _TITLE_SYMBOLS
    return f"Shadow run: {named}" + (f" and {more} more" if more > 0 else "")


def _head(scene: Scene, data: dict[str, Any]) -> str:
    history = scene.history
    facts = [counted(data["execution"]["iterations"], "step")]
    if history.count:
        begun = render_utc(history.start_ns)
        span = elapsed(history.end_ns - history.start_ns)
        facts += [f"{counted(history.count, 'event')} in {span}", f"time counts from {begun}"]
    else:
        facts.append(f"reported {safe(data['runtime']['utc'])}")
    tag = f"h{scene.level}"
    return f"<header><{tag}>{_title(data)}</{tag}><p>{'; '.join(facts)}</p></header>"


def _verdict(scene: Scene, data: dict[str, Any]) -> str:
    risk = data["risk"]
    laws = len(data["integrity"]["laws"])
    held = f"<p>All {laws} conservation laws hold.</p>"
    if not risk["frozen"]:
        told = "Never frozen"
        if risk["freeze_events"]:
            told = f"Trading at the end, after {counted(risk['freeze_events'], 'freeze')}"
        return f'<div class="verdict good"><p><strong>{told}.</strong></p>{held}</div>'
    last = scene.freezes[-1]
    when = "from the start"
    if scene.history.freezes:
        when = f"after {elapsed(scene.since(last.from_ns))} ({render_utc(last.from_ns)})"
    elif risk["first_freeze_utc"]:
        when = f"since {safe(risk['first_freeze_utc'])}"
    symbol = f"{safe(last.symbol)}: " if last.symbol else ""
    return (
        f'<div class="verdict bad"><p><strong>Frozen {when}.</strong>'
        f" {symbol}{safe(last.reason or 'no reason given')}</p>{held}</div>"
    )


def _tiles(scene: Scene, data: dict[str, Any]) -> str:
    pnl, orders = data["pnl"], data["orders"]
    net = e9(pnl["net_usd"])
    tone = "loss" if net < 0 else "gain"
    scale = CASH_SCALE // 10**9
    rows = [
        ("Net P&amp;L, USD", money(net, scale, signed=True), tone),
        ("Realised", money(e9(pnl["realised_usd"]), scale, signed=True), ""),
        ("Unrealised", money(e9(pnl["unrealised_usd"]), scale, signed=True), ""),
        ("Fees", money(e9(pnl["fees_usd"]), scale), ""),
    ]
    if "funding_usd" in pnl:
        rows.append(("Funding", money(e9(pnl["funding_usd"]), scale, signed=True), ""))
    if scene.history.count:
        rows.append(("Max drawdown", money(scene.history.drawdown().depth, CASH_SCALE), ""))
    else:
        rows.append(("Volume", money(e9(pnl["volume_usd"]), scale), ""))
    rows += [
        ("Placed", f"{orders['placed']:,}", ""),
        ("Fills", f"{orders['filled']:,}", ""),
        ("Canceled", f"{orders['canceled']:,}", ""),
        ("Rejected", f"{orders['rejected']:,}", ""),
        ("Refused", f"{orders['risk_blocks']:,}", ""),
    ]
    shown = "".join(
        f'<div><dt>{name}</dt><dd class="{style}">{value}</dd></div>' for name, value, style in rows
    )
    return f'<dl class="tiles">{shown}</dl>'


def _charts(scene: Scene, data: dict[str, Any]) -> str:
    drawn, others = chosen_symbols(scene)
    tag = f"h{scene.level + 1}"
    panels = "".join(symbol_panel(scene, track, n) for n, track in enumerate(drawn, 1))
    rows = [
        [
            safe(track.symbol), f"{len(track.quotes.ns):,}", f"{len(track.fills):,}",
            exact(scene.history.ledger.qty(track.symbol)), money(track.net_e18, CASH_SCALE),
        ]
        for track in others
    ]  # fmt: skip
    left = ""
    if rows:
        named = counted(len(others), "symbol")
        left = f"<p>Not drawn: {named} with less volume.</p>{undrawn(rows)}"
    return (
        f'<section><{tag}>Run</{tag}>{_difference(scene, data)}<div class="charts">'
        f"{equity_chart(scene)}{edge_chart(scene, drawn, threshold_e9(data))}"
        f"{orders_chart(scene)}{refusals_chart(scene, data['orders'])}</div></section>"
        f'<section><{tag}>Symbols</{tag}><div class="charts">{panels}</div>{left}</section>'
    )


def _difference(scene: Scene, data: dict[str, Any]) -> str:
    """A run that began with holdings, or has marks of its own, ends elsewhere than its line."""
    values = scene.history.equity.values
    if not values or view_cash(values[-1]) == data["pnl"]["net_usd"]:
        return ""
    return (
        '<p class="note">The recorded line alone does not lead to the report\'s net profit: the'
        " run began with earlier holdings, or is marked at prices of its own.</p>"
    )


def _json(data: dict[str, Any]) -> str:
    text = html.escape(codec.canonical(data) + "\n", quote=False)
    return (
        '<details class="json"><summary>JSON report</summary>'
        f'<pre class="report-json">{text}</pre></details>'
    )
