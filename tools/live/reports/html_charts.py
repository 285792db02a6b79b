"""The charts of the whole run: equity, edge against its threshold, orders by state, refusals.

Each is a figure with a sentence that says what it shows and a table of the same numbers, for those
who cannot see it and for those who want to copy from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.money import CASH_SCALE, SCALE
from ..core.record import record
from .html_history import STATES, Freeze, History, Series, SymbolHistory, spaced, thin
from .html_numbers import (
    NONE, Ticks, count_ticks, counted, e9, elapsed, exact, fixed, money, safe, time_ticks,
    value_ticks,
)  # fmt: skip
from .svg import Plot, bars

POINTS = 600
SAMPLES = 12
BAR_ROWS = 12
STATE_STYLES = ("s-pending", "s-open", "s-partial", "s-filled", "s-canceled", "s-rejected")
_ALIKE = 3
_AFTER = 50


@record
class Scene:
    """What all charts share: the history, one time axis, the freezes, how ids begin, the level
    of the heading above all others."""

    history: History
    time: Ticks
    freezes: tuple[Freeze, ...]
    prefix: str
    level: int

    def since(self, ns: int) -> int:
        """Nanoseconds since the run's first event."""
        return ns - self.history.start_ns

    def plot(self, key: str, value: Ticks, height: int, *, named: bool = True) -> Plot:
        """An empty chart with the freezes already shaded."""
        plot = Plot(key=f"{self.prefix}-{key}", time=self.time, value=value, height=height)
        for freeze in self.freezes:
            until = self.time.high if freeze.until_ns is None else self.since(freeze.until_ns)
            plot.shade(self.since(freeze.from_ns), until, "frozen" if named else "")
        return plot


def make_scene(history: History, data: dict[str, Any], prefix: str, level: int) -> Scene:
    """A report that is frozen while its line never says so was frozen before the line began."""
    freezes = history.freezes
    if data["risk"]["frozen"] and not freezes:
        reason = data["risk"]["first_freeze_reason"] or ""
        freezes = [Freeze(history.start_ns, None, reason, data["risk"]["first_freeze_symbol"])]
    span = history.end_ns - history.start_ns
    shown = span + span // _AFTER  # so that what the last instant changed can be seen
    return Scene(history, time_ticks(shown), tuple(freezes), prefix, level)


def figure(
    scene: Scene, heading: str, note: str, chart: str, table: str, style: str = ""
) -> str:
    """A chart with its heading, the sentence under it, and its numbers folded away."""
    tag = f"h{scene.level + 2}"
    folded = f"<details><summary>Numbers</summary>{table}</details>" if table else ""
    return (
        f'<figure class="{style}"><figcaption><{tag}>{safe(heading)}</{tag}>'
        f"<p>{note}</p></figcaption>{chart}{folded}</figure>"
    )


def sampled(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table whose first column names the row; cells are harmless already."""
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def equity_chart(scene: Scene) -> str:
    """Realised and unrealised profit less fees, at every quote and fill."""
    series = scene.history.equity
    if not series.ns:
        return ""
    chosen = thin(series.values, POINTS)
    points = [(scene.since(series.ns[i]), series.values[i]) for i in chosen]
    low, high, last = min(series.values), max(series.values), series.values[-1]
    plot = scene.plot("equity", value_ticks(min(low, 0), max(high, 0), CASH_SCALE), 240)
    tone = "loss" if last < 0 else "gain"
    plot.steps_area(points, 0, tone)
    plot.steps(points, tone)
    plot.end_label(last, money(last, CASH_SCALE, signed=True), tone)
    fall = scene.history.drawdown()
    told = (
        f"Lowest {money(low, CASH_SCALE)}, highest {money(high, CASH_SCALE)},"
        f" last {money(last, CASH_SCALE)} USD."
    )
    if fall.depth:
        told += (
            f" Deepest fall {money(fall.depth, CASH_SCALE)}, from"
            f" {elapsed(scene.since(fall.from_ns))} to {elapsed(scene.since(fall.to_ns))}."
        )
    rows = [
        [elapsed(scene.since(series.ns[i])), fixed(series.values[i], CASH_SCALE, 4)]
        for i in spaced(len(series.ns), SAMPLES)
    ]
    note = f"Realised and unrealised profit less fees, USD. {told}"
    chart = plot.render("Equity over time", told)
    return figure(scene, "Equity", note, chart, sampled(["time", "equity USD"], rows), "wide")


def edge_chart(scene: Scene, tracks: Sequence[SymbolHistory], threshold: int) -> str:
    """The net edge of each symbol against the threshold below which trading freezes."""
    groups = _alike([track for track in tracks if any(v is not None for v in track.edge.values)])
    missing: int = sum(track.edge.values.count(None) for track in tracks)
    lost = f" Not a number: {counted(missing, 'update')}." if missing else ""
    if not groups:
        return figure(scene, "Edge", f"No edge was measured in this run.{lost}", "", "")
    every = [v for group in groups for v in group[0].edge.values if v is not None]
    ticks = value_ticks(min(*every, threshold), max(*every, threshold), SCALE)
    plot = scene.plot("edge", ticks, 190)
    plot.level(threshold, "threshold")
    plot.end_label(threshold, f"freeze {exact(threshold)}", "c-threshold")
    told = []
    for number, group in enumerate(groups, 1):
        points = _numbers(scene, group[0].edge)
        names = _names(group)
        plot.line(points, f"c{number}")
        plot.marker(*points[-1], "dot", f"c{number}", "")
        shown = group[0].symbol + (f" +{len(group) - 1}" if len(group) > 1 else "")
        plot.end_label(points[-1][1], shown, f"c{number}")
        told.append(f"{names}: {fixed(points[-1][1], SCALE, 2)} at the end")
    desc = f"{'; '.join(told)}; trading freezes below {exact(threshold)}.{lost}"
    note = f"Net edge in basis points. {safe(desc)}"
    chart = plot.render("Net edge over time", desc)
    return figure(scene, "Edge", note, chart, _edge_table(scene, groups))


def _alike(tracks: Sequence[SymbolHistory]) -> list[list[SymbolHistory]]:
    """Symbols whose edges never differ share a line, or the last drawn would hide the others."""
    groups: list[list[SymbolHistory]] = []
    for track in tracks:
        for group in groups:
            if group[0].edge.values == track.edge.values:
                group.append(track)
                break
        else:
            groups.append([track])
    return groups


def _names(group: Sequence[SymbolHistory]) -> str:
    named = ", ".join(track.symbol for track in group[:_ALIKE])
    return named + (f" and {len(group) - _ALIKE} more" if len(group) > _ALIKE else "")


def _numbers(scene: Scene, series: Series[int | None]) -> list[tuple[int, int]]:
    pairs = zip(series.ns, series.values, strict=True)
    known = [(scene.since(ns), value) for ns, value in pairs if value is not None]
    return [known[i] for i in thin([value for _, value in known], POINTS)]


def _edge_table(scene: Scene, groups: Sequence[Sequence[SymbolHistory]]) -> str:
    rows = []
    for group in groups:
        edge = group[0].edge
        for i in spaced(len(edge.ns), SAMPLES):
            value = edge.values[i]
            shown = NONE if value is None else fixed(value, SCALE, 4)
            rows.append([safe(_names(group)), elapsed(scene.since(edge.ns[i])), shown])
    return sampled(["symbols", "time", "net edge bps"], rows)


def orders_chart(scene: Scene) -> str:
    """How many orders stood in which state, as layers."""
    series = scene.history.states
    if not series.ns:
        return figure(scene, "Orders by state", "No order was sent.", "", "")
    chosen = spaced(len(series.ns), POINTS)
    last = series.values[-1]
    plot = scene.plot("orders", count_ticks(sum_of(last)), 190)
    shown = [state for state in range(len(STATES)) if any(row[state] for row in series.values)]
    shown.sort(key=lambda state: _LAYERS.index(state))
    base = 0
    for depth in range(len(shown), 0, -1):  # from the back, so that each layer covers the next
        layer = shown[:depth]
        points = [(0, 0)]
        for i in chosen:
            height: int = sum(series.values[i][state] for state in layer)
            points.append((scene.since(series.ns[i]), height))
        plot.steps_area(points, 0, STATE_STYLES[layer[-1]])
    for state in shown:
        if last[state]:
            middle = base + last[state] // 2
            name = f"{last[state]:,} {_SHORT.get(STATES[state], STATES[state])}"
            plot.end_label(middle, name, STATE_STYLES[state])
        base += last[state]
    told = ", ".join(f"{last[state]:,} {STATES[state]}" for state in shown if last[state])
    rows = [
        [elapsed(scene.since(series.ns[i])), *(f"{series.values[i][s]:,}" for s in shown)]
        for i in spaced(len(series.ns), SAMPLES)
    ]
    table = sampled(["time", *(STATES[state] for state in shown)], rows)
    chart = plot.render("Orders by state over time", f"At the end: {told}.")
    return figure(scene, "Orders by state", f"Count of orders; at the end {told}.", chart, table)


_LAYERS = (3, 2, 1, 0, 4, 5)  # what traded at the bottom, what came to nothing on top
_SHORT = {"partially filled": "partial"}


def sum_of(counts: Sequence[int]) -> int:
    """The number of orders in all states."""
    return sum(counts)


def refusals_chart(scene: Scene, orders: dict[str, Any]) -> str:
    """Why the gate said no to intents, and the exchange to orders."""
    rejected: int = sum(scene.history.rejections.values())
    gate = _reasons(
        "The gate refused", orders["risk_blocks"], "intent", orders["refusals"], "c-refused"
    )
    exchange = _reasons(
        "The exchange rejected", rejected, "order", scene.history.rejections, "s-rejected"
    )
    tag = f"h{scene.level + 2}"
    return (
        f'<figure class="wide"><figcaption><{tag}>Refusals</{tag}></figcaption>'
        f'<div class="reasons">{gate}{exchange}</div></figure>'
    )


def _reasons(who: str, count: int, what: str, counts: dict[str, int], style: str) -> str:
    if not counts:
        return f'<div><p class="note">{who} nothing.</p></div>'
    drawn = bars(_ranked(counts), style)
    return f'<div><p class="note">{who} {counted(count, what)}.</p>{drawn}</div>'


def _ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Most frequent first, equals by name; what does not fit is one row of its own."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    rest: int = sum(count for _, count in rows[BAR_ROWS:])
    named = [(name.replace("_", " ") or "(no message)", count) for name, count in rows[:BAR_ROWS]]
    return named + ([(f"{len(rows) - BAR_ROWS} other reasons", rest)] if rest else [])


def threshold_e9(data: dict[str, Any]) -> int:
    """The edge below which this run freezes, at 10^9."""
    return e9(data["edge"]["threshold_bps"])
