"""One panel a symbol: the quotes with its fills on them, and the position they add up to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ..core.contracts_v1 import BUY
from ..core.money import CASH_SCALE, SCALE
from .html_charts import POINTS, SAMPLES, Scene, figure, sampled
from .html_history import FillMark, SymbolHistory, spaced, thin
from .html_numbers import NONE, brief, counted, elapsed, exact, fixed, money, safe, value_ticks
from .svg import Plot, share_axis

DRAWN = 8
MARKS = 400


def chosen_symbols(scene: Scene) -> tuple[list[SymbolHistory], list[SymbolHistory]]:
    """The symbols with the most volume, by name, and those that are left to the tables."""
    ranked = sorted(
        scene.history.symbols.values(), key=lambda track: (-track.volume_e18, track.symbol)
    )
    drawn = sorted(ranked[:DRAWN], key=lambda track: track.symbol)
    return drawn, sorted(ranked[DRAWN:], key=lambda track: track.symbol)


def symbol_panel(scene: Scene, track: SymbolHistory, number: int) -> str:
    """Price above, position below, one time axis for both."""
    buys: int = sum(1 for fill in track.fills if fill.side is BUY)
    sells = len(track.fills) - buys
    marks = [track.fills[i] for i in spaced(len(track.fills), MARKS)]
    hidden = len(track.fills) - len(marks)
    told = f"{counted(buys, 'buy')} and {counted(sells, 'sell')}"
    told += f" on {counted(len(track.quotes.ns), 'quote')}"
    if hidden:
        told += f"; not drawn: {counted(hidden, 'fill')}"
    key = (
        '<span class="key"><svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">'
        '<path class="buy" d="M0-4.5 4 3H-4z"/></svg> buy</span> '
        '<span class="key"><svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">'
        '<path class="sell" d="M0 4.5 4-3H-4z"/></svg> sell</span>'
    )
    net = money(track.net_e18, CASH_SCALE, signed=True)
    note = f"{safe(told)}. Net {net} USD. {key}"
    price = _price_plot(scene, track, marks, number)
    position = _position_plot(scene, track, number)
    share_axis(price, position)
    charts = price.render(f"{track.symbol}: bid, ask and middle, with fills", told)
    charts += position.render(f"{track.symbol}: position", _position_told(track))
    return figure(scene, track.symbol, note, charts, _table(scene, track), "symbol")


def _price_plot(
    scene: Scene, track: SymbolHistory, marks: Sequence[FillMark], number: int
) -> Plot:
    quotes = track.quotes
    middles = [(bid + ask) >> 1 for bid, ask in quotes.values]
    chosen = thin(middles, POINTS)
    prices = [price for i in chosen for price in quotes.values[i]]
    prices += [mark.price for mark in marks]
    ticks = value_ticks(min(prices, default=0), max(prices, default=0), SCALE)
    plot = scene.plot(f"price-{number}", ticks, 200)
    plot.time_labels = False
    if chosen:
        times = [scene.since(quotes.ns[i]) for i in chosen]
        bids = [(at, quotes.values[i][0]) for at, i in zip(times, chosen, strict=True)]
        asks = [(at, quotes.values[i][1]) for at, i in zip(times, chosen, strict=True)]
        plot.steps_band(bids, asks, "quote")
        plot.steps([(at, middles[i]) for at, i in zip(times, chosen, strict=True)], "mid")
        plot.end_label(middles[-1], brief(middles[-1]), "c-mid")
    for mark in marks:
        style, shape = ("buy", "up") if mark.side is BUY else ("sell", "down")
        at = scene.since(mark.ns)
        title = f"{mark.side.value} {exact(mark.qty)} at {exact(mark.price)}, {elapsed(at)}"
        title += f": {mark.why}" if mark.why else ""
        plot.marker(at, mark.price, shape, style, title)
    return plot


def _position_plot(scene: Scene, track: SymbolHistory, number: int) -> Plot:
    series = track.position
    chosen = thin(series.values, POINTS)
    points = [(0, 0), *((scene.since(series.ns[i]), series.values[i]) for i in chosen)]
    held = [value for _, value in points]
    plot = scene.plot(
        f"position-{number}", value_ticks(min(held), max(held), SCALE, 3), 84, named=False
    )
    plot.steps_area(points, 0, "position")
    plot.steps(points, "position")
    plot.end_label(held[-1], brief(held[-1]), "c-position")
    return plot


def _position_told(track: SymbolHistory) -> str:
    held = [0, *track.position.values]
    return f"From {exact(min(held))} to {exact(max(held))}, at the end {exact(held[-1])}."


def _table(scene: Scene, track: SymbolHistory) -> str:
    rows = []
    for i in spaced(len(track.quotes.ns), SAMPLES):
        ns = track.quotes.ns[i]
        bid, ask = track.quotes.values[i]
        done = bisect_right(track.position.ns, ns)
        held = track.position.values[done - 1] if done else 0
        rows.append([elapsed(scene.since(ns)), exact(bid), exact(ask), exact(held)])
    why = any(fill.why for fill in track.fills)
    fills = [
        [
            elapsed(scene.since(fill.ns)), fill.side.value, exact(fill.qty), exact(fill.price),
            fixed(fill.qty * fill.price, CASH_SCALE, 2),
            *([safe(fill.why)] if why else ()),
        ]
        for fill in (track.fills[i] for i in spaced(len(track.fills), SAMPLES))
    ]  # fmt: skip
    quotes = sampled(["time", "bid", "ask", "position"], rows or [[NONE] * 4])
    if not fills:
        return quotes
    head = ["fill at", "side", "quantity", "price", "notional USD", *(["why"] if why else ())]
    return quotes + sampled(head, fills)
