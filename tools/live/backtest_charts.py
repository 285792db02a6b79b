"""The charts of a tearsheet: equity and its falls, what profit is made of, markouts, symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .backtest_history import FillPoint, History, SymbolHistory
from .core.contracts_v1 import BUY
from .core.money import CASH_SCALE, SCALE
from .market.slices import Slice, Slices
from .md_replay_charts import Canvas, figure
from .reports.html_charts import sampled
from .reports.html_history import spaced
from .reports.html_numbers import (
    NONE, Ticks, brief, counted, e9, elapsed, exact, fixed, money, safe, value_ticks,
)  # fmt: skip
from .reports.svg import Plot, share_axis

SAMPLES = 12
MOST_LINES = 6
_BAR = 100
_AT_FILL = "at the fill"
# Of the profit: its key in the figures, and how it is called under its bar.
PARTS = (
    ("spread_earned_usd", "earned"), ("spread_paid_usd", "paid"), ("slippage_usd", "slippage"),
    ("market_usd", "market"), ("fees_usd", "fees"), ("rebates_usd", "rebates"),
    ("funding_usd", "funding"),
)  # fmt: skip
_USD = CASH_SCALE // SCALE
BUY_AND_SELL = (
    '<span class="key"><svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">'
    '<path class="buy" d="M0-4.5 4 3H-4z"/></svg> buy</span> '
    '<span class="key"><svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">'
    '<path class="sell" d="M0 4.5 4-3H-4z"/></svg> sell</span>'
)


def equity_charts(canvas: Canvas, history: History, figures: Mapping[str, Any]) -> str:
    """What was earned, and below it how far that is from the highest before."""
    equity, falls = history.equity.slices(), history.drawdown.slices()
    if not equity:
        return figure("Equity", "Nothing was quoted.", "", "", "wide")
    returns, drawdown = figures["returns"], figures["drawdown"]
    last = e9(returns["pnl_usd"]) * _USD
    low, high = (e9(returns[f"{which}_pnl_usd"]) * _USD for which in ("lowest", "highest"))
    tone = "loss" if last < 0 else "gain"
    above = Plot(key=f"{canvas.prefix}-equity", time=canvas.time, height=230,
                 value=value_ticks(min(low, 0), max(high, 0), CASH_SCALE))  # fmt: skip
    above.time_labels = False
    for since_ns, until_ns in history.freezes:
        until = canvas.time.high if until_ns is None else canvas.since(until_ns)
        above.shade(canvas.since(since_ns), until, "frozen")
    means = [(canvas.since(one.from_ns), one.mean) for one in equity]
    above.steps_area(means, 0, tone)
    above.steps_band(*_range(canvas, equity), "quote")
    above.steps([*means[:-1], (means[-1][0], last)], tone)
    above.end_label(last, money(last, CASH_SCALE, signed=True), tone)
    below = Plot(key=f"{canvas.prefix}-fall", time=canvas.time, height=96,
                 value=value_ticks(min(one.low for one in falls), 0, CASH_SCALE, 3))  # fmt: skip
    below.steps_area([(canvas.since(one.from_ns), one.low) for one in falls], 0, "loss")
    below.steps([(canvas.since(one.from_ns), one.low) for one in falls], "loss")
    share_axis(above, below)
    told = (
        f"From {money(low, CASH_SCALE)} to {money(high, CASH_SCALE)}, at the end"
        f" {money(last, CASH_SCALE)} USD."
    )
    fell = _fall_told(drawdown)
    charts = above.render("Profit over time", told) + below.render("Below the highest so far", fell)
    note = f"Profit at the middle of the market, fees taken off, USD. {told} {fell}"
    rows = [
        [elapsed(canvas.since(equity[at].from_ns)), *(
            fixed(value, CASH_SCALE, 4)
            for value in (equity[at].low, equity[at].mean, equity[at].high)
        )]
        for at in spaced(len(equity), SAMPLES)
    ]  # fmt: skip
    table = sampled(["from", "lowest USD", "mean USD", "highest USD"], rows)
    return figure("Equity", safe(note), charts, table, "wide")


def _fall_told(drawdown: Mapping[str, Any]) -> str:
    if not drawdown["depth_usd"]:
        return "It never fell."
    depth = money(e9(drawdown["depth_usd"]), SCALE)
    longest = elapsed(e9(drawdown["longest_s"]))
    back = "and was made up" if drawdown["regained_utc"] else "and was not made up"
    return f"Deepest fall {depth} USD, {back}; longest time below a peak {longest}."


def _range(
    canvas: Canvas, slices: Sequence[Slice]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Lowest and highest of each slice, as two rows of steps."""
    places = [canvas.since(one.from_ns) for one in slices]
    low = [(at, one.low) for at, one in zip(places, slices, strict=True)]
    return low, [(at, one.high) for at, one in zip(places, slices, strict=True)]


def waterfall(canvas: Canvas, costs: Mapping[str, Any]) -> str:
    """How the parts of the profit lead from nothing to all of it."""
    steps, level = [], 0
    for key, name in PARTS:
        amount = e9(costs[key])
        if amount:
            steps.append((name, level, level + amount, amount))
        level += amount
    total = e9(costs["pnl_usd"])
    bars = [*steps, ("profit", 0, total, total)]
    every = [value for _, since, until, _ in bars for value in (since, until)]
    plot = Plot(key=f"{canvas.prefix}-parts", time=_places([name for name, *_ in bars]),
                value=value_ticks(min(every), max(every), SCALE), height=220)  # fmt: skip
    plot.thins = False
    for number, (_, since, until, amount) in enumerate(bars):
        left, right = number * _BAR + 14, (number + 1) * _BAR - 14
        style = "c1" if number == len(steps) else "c3" if amount >= 0 else "c2"
        plot.bar(left, right, since, until, style)
        if number < len(steps):
            plot.line([(right, until), (right + 28, until)], "touch")
    plot.level(0, "base")
    told = ", ".join(f"{name} {money(value, SCALE, signed=True)}" for name, *_, value in bars)
    table = sampled(
        ["part", "USD"], [[safe(name), fixed(value, SCALE, 6)] for name, *_, value in bars]
    )
    note = (
        "What the profit is made of, USD: spread earned and paid, slippage, moves of the market,"
        " fees. Each bar goes on where the one before it ends; what is nothing has none."
    )
    return figure("Profit and costs", note, plot.render("Profit and costs", told), table)


def _places(names: Sequence[str]) -> Ticks:
    """An axis of names instead of times."""
    middles = tuple(number * _BAR + _BAR // 2 for number in range(len(names)))
    return Ticks(0, len(names) * _BAR, middles, tuple(names))


def markouts_chart(canvas: Canvas, figures: Mapping[str, Any]) -> str:
    """What fills were worth when they happened, and a while later."""
    by_symbol = figures["by_symbol"]
    rows = {"all": figures, **{symbol: by_symbol[symbol] for symbol in sorted(by_symbol)}}
    if len(by_symbol) == 1:
        del rows["all"]
    horizons = list(figures["markouts"])
    tracks = {name: _track(row, horizons) for name, row in rows.items()}
    drawn = {name: [value for value in track if value is not None]
             for name, track in tracks.items() if track[0] is not None}  # fmt: skip
    note = (
        "How far the middle of the market was on our side of the price, in basis points, when a"
        " fill happened and later; below zero the fill was a loss. Fees are not in it."
    )
    table = sampled(
        ["symbol", _AT_FILL, *horizons],
        [[safe(name), *(NONE if value is None else fixed(value, SCALE, 3) for value in track)]
         for name, track in tracks.items()],
    )  # fmt: skip
    if not drawn:
        return figure("Markouts", f"{note} Nothing was measured.", "", table)
    every = [value for track in drawn.values() for value in track]
    plot = Plot(key=f"{canvas.prefix}-markouts", time=_places([_AT_FILL, *horizons]),
                value=value_ticks(min(*every, 0), max(*every, 0), SCALE), height=220)  # fmt: skip
    plot.thins = False
    for number, name in enumerate(list(drawn)[:MOST_LINES], 1):
        points = [(place * _BAR + _BAR // 2, value) for place, value in enumerate(tracks[name])
                  if value is not None]  # fmt: skip
        plot.line(points, f"c{number}")
        for at, value in points:
            plot.marker(at, value, "dot", f"c{number}", f"{name} {fixed(value, SCALE, 3)} bps")
        plot.end_label(points[-1][1], name, f"c{number}")
    told = "; ".join(
        f"{name} from {fixed(track[0], SCALE, 2)} to {fixed(track[-1], SCALE, 2)} bps"
        for name, track in list(drawn.items())[:MOST_LINES]
    )
    return figure("Markouts", note, plot.render("Markouts", told), table)


def _track(row: Mapping[str, Any], horizons: Sequence[str]) -> list[int | None]:
    spread = row["execution"]["effective_spread_bps"]
    values = [None if spread is None else -spread / 2]
    values += [row["markouts"][name]["markout_bps"] for name in horizons]
    return [None if value is None else e9(value) for value in values]


def symbol_charts(canvas: Canvas, symbol: str, history: SymbolHistory, number: int) -> str:
    """The price with our fills on it, and the position that they add up to."""
    price = _price_plot(canvas, history, number)
    position = _position_plot(canvas, history.position, number)
    share_axis(price, position)
    fills = [point.fill for point in history.fills]
    buys: int = sum(1 for fill in fills if fill.side is BUY)
    told = f"{counted(buys, 'buy')} and {counted(len(fills) - buys, 'sell')}"
    left = history.seen - len(fills)
    told += f" drawn of {counted(history.seen, 'fill')}" if left else " in all"
    charts = price.render(f"{symbol}: middle of the market, with fills", told)
    charts += position.render(f"{symbol}: position", _held_told(history.position))
    rows = [_fill_row(canvas, history.fills[at]) for at in spaced(len(fills), SAMPLES)]
    heads = ["fill at", "side", "quantity", "price", "middle", "by", "why"]
    table = sampled(heads, rows or [[NONE] * len(heads)])
    note = f"{safe(told)}; behind the line what the middle was between. {BUY_AND_SELL}"
    return figure(symbol, note, charts, table, "wide")


def _price_plot(canvas: Canvas, history: SymbolHistory, number: int) -> Plot:
    slices = history.price.slices()
    prices = [value for one in slices for value in (one.low, one.high)]
    prices += [point.fill.price for point in history.fills]
    plot = Plot(key=f"{canvas.prefix}-price-{number}", time=canvas.time, height=210,
                value=value_ticks(min(prices), max(prices), SCALE))  # fmt: skip
    plot.time_labels = False
    if slices:
        plot.steps_band(*_range(canvas, slices), "quote")
        plot.steps([(canvas.since(one.from_ns), one.mean) for one in slices], "mid")
        plot.end_label(slices[-1].mean, brief(slices[-1].mean), "c-mid")
    for point in history.fills:
        fill = point.fill
        style, shape = ("buy", "up") if fill.side is BUY else ("sell", "down")
        at = canvas.since(fill.ts_ns)
        title = f"{fill.side.value} {exact(fill.qty)} at {exact(fill.price)}, {elapsed(at)}"
        if fill.why:
            title += f": {fill.why}"
        plot.marker(at, fill.price, shape, style, title)
    return plot


def _position_plot(canvas: Canvas, position: Slices, number: int) -> Plot:
    slices = position.slices()
    held = [value for one in slices for value in (one.low, one.high)]
    plot = Plot(key=f"{canvas.prefix}-position-{number}", time=canvas.time, height=90,
                value=value_ticks(min(*held, 0), max(*held, 0), SCALE, 4))  # fmt: skip
    means = [(canvas.since(one.from_ns), one.mean) for one in slices]
    plot.steps_area(means, 0, "position")
    plot.steps(means, "position")
    plot.end_label(means[-1][1], brief(means[-1][1]), "c-position")
    return plot


def _held_told(position: Slices) -> str:
    slices = position.slices()
    low, high = min(one.low for one in slices), max(one.high for one in slices)
    return f"From {exact(low)} to {exact(high)}."


def _fill_row(canvas: Canvas, point: FillPoint) -> list[str]:
    fill = point.fill
    return [
        elapsed(canvas.since(fill.ts_ns)), fill.side.value, exact(fill.qty), exact(fill.price),
        exact(point.mark), "maker" if fill.maker else "taker", safe(fill.why) or NONE,
    ]  # fmt: skip
