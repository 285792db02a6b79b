"""The charts of one feed: when its book could be used, how far its quotes drift, how wide it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .core.money import text
from .core.record import record
from .market.drift import DriftFigures
from .market.slices import Slice
from .md_replay_run import Feed
from .reports.html_charts import sampled
from .reports.html_history import spaced
from .reports.html_numbers import Ticks, brief, counted, elapsed, safe, time_ticks
from .reports.svg import Plot

SAMPLES = 12
MOST_NAMED = 4
_FINE = 64  # bits of a power, so that the length of a logarithm needs no float


@record
class Canvas:
    """What the charts of a page share: first and last instant, the time axis, how ids begin."""

    start_ns: int
    end_ns: int
    time: Ticks
    prefix: str

    def since(self, ns: int) -> int:
        """Nanoseconds since the first event, not before it."""
        return max(ns - self.start_ns, 0)


def make_canvas(start_ns: int, end_ns: int, prefix: str) -> Canvas:
    """One time axis for all charts."""
    return Canvas(start_ns, end_ns, time_ticks(max(end_ns - start_ns, 1)), prefix)


def figure(heading: str, note: str, chart: str, table: str, style: str = "") -> str:
    """A chart with its heading, the sentence under it, and its numbers folded away."""
    folded = f"<details><summary>Numbers</summary>{table}</details>" if table else ""
    return (
        f'<figure class="{style}"><figcaption><h3>{safe(heading)}</h3>'
        f"<p>{note}</p></figcaption>{chart}{folded}</figure>"
    )


def timeline(canvas: Canvas, feed: Feed) -> str:
    """When the book could be used, when not and why, and where updates are missing."""
    plot = Plot(
        key=f"{canvas.prefix}-use", time=canvas.time, value=Ticks(0, 2, (), ()), height=44
    )
    usable_from, rows = 0, []
    for number, (since, until, reason) in enumerate(_stops(canvas, feed)):
        if since > usable_from:
            plot.line([(usable_from, 1), (since, 1)], "c3")
        plot.shade(since, until, reason if number < MOST_NAMED else "")
        usable_from = until
        rows.append([safe(reason), elapsed(since), elapsed(until - since)])
    end = canvas.since(canvas.end_ns)
    if end > usable_from:
        plot.line([(usable_from, 1), (end, 1)], "c3")
    for gap in feed.gaps:
        missing = f"{gap.first_missing}..{gap.last_missing}"
        at = canvas.since(gap.ts_ns)
        plot.marker(at, 1, "dot", "loss", f"missing {missing} at {elapsed(at)}")
        rows.append([f"gap {missing}", elapsed(at), ""])
    told = (
        f"Not usable for {elapsed(feed.stopped_until(canvas.end_ns))} of {elapsed(end)};"
        f" {counted(feed.gap_count, 'gap')}, {counted(feed.missing, 'update')} missing."
    )
    chart = plot.render("When the book could be used", told)
    table = sampled(["what", "at", "for"], rows) if rows else ""
    note = f"The line is drawn while the book can be used. {told}"
    return figure("Gaps", note, chart, table, "wide")


def _stops(canvas: Canvas, feed: Feed) -> list[tuple[int, int, str]]:
    """From when to when the book was not usable, and why."""
    ends = ((stop, canvas.end_ns if stop.until_ns is None else stop.until_ns)
            for stop in feed.stops)  # fmt: skip
    return [(canvas.since(stop.from_ns), canvas.since(until), stop.reason) for stop, until in ends]


def histogram(canvas: Canvas, figures: DriftFigures) -> str:
    """How many comparisons were how many ticks apart."""
    if not figures.compared:
        return figure("Drift", "No quote was compared with a book.", "", "", "wide")
    bars = _without_holes(figures.histogram)
    middles = tuple(number * 100 + 50 for number in range(len(bars)))
    across = Ticks(0, len(bars) * 100, middles, tuple(f"{edge:,}" for edge, _ in bars))
    axis = log_ticks(max(count for _, count in bars), 1, lambda count: f"{count:,}")
    plot = Plot(key=f"{canvas.prefix}-histogram", time=across, height=200, value=axis)
    rows, reached = [], 0
    for number, (edge, count) in enumerate(bars):
        reached += count
        if count:
            left, right = number * 100 + 12, number * 100 + 88
            plot.steps_area([(left, log_of(count, 1)), (right, 0)], 0, "c1")
        shares = (f"{100 * part / figures.compared:.3f} %" for part in (count, reached))
        rows.append([f"{edge:,}", f"{count:,}", *shares])
    share = f"{100 * bars[0][1] / figures.compared:.1f} %"
    desc = f"{counted(figures.compared, 'quote')} compared; {share} agree exactly."
    note = (
        "Quotes by the larger of their differences of bid and ask from the nearest top of the book,"
        f" in ticks up to the number under the bar; heights are logarithmic. {desc}"
    )
    table = sampled(["ticks, up to", "quotes", "share", "up to here"], rows)
    return figure("Drift by ticks", note, plot.render("Drift by ticks", desc), table, "wide")


def _without_holes(bars: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every edge from 0 to the last, those that nothing fell under too."""
    counts = dict(bars)
    edges = [0, *(digit * 10**power for power in range(25) for digit in (1, 2, 5))]
    last = bars[-1][0]
    return [(edge, counts.get(edge, 0)) for edge in edges if edge <= last]


def log_of(value: int, unit: int) -> int:
    """The place of a value on a logarithmic axis that begins at 0: in 64ths of a doubling.

    It is an integer's length, so that it comes out the same on every machine.
    """
    ratio: int = (max(value, 0) + unit) ** _FINE // unit**_FINE
    return ratio.bit_length() - 1


def log_ticks(high: int, unit: int, label: Callable[[int], str]) -> Ticks:
    """An axis from 0 to a value: labelled at 0, one unit, and each tenfold of it."""
    values, power = [0], unit
    while power <= high:
        values.append(power)
        power *= 10
    top = max(log_of(high, unit) * 26 // 25, 1)
    return Ticks(0, top, tuple(log_of(value, unit) for value in values),
                 tuple(label(value) for value in values))  # fmt: skip


def spread_chart(canvas: Canvas, feed: Feed, tick: int) -> str:
    """The spread of the quotes and of the book: means as lines, the range of the first behind."""
    quotes, book = feed.quote_spread.slices(), feed.book_spread.slices()
    both = ((quotes, "quotes", "c1"), (book, "book", "c2"))
    shown = [one for one in both if one[0]]
    if not shown:
        return figure("Spread", "No spread was seen.", "", "")
    return _over_time(canvas, feed, "Spread over time", "in price", shown, tick, text)


def drift_chart(canvas: Canvas, feed: Feed, tick: int) -> str:
    """The drift in ticks: the mean as a line, the range behind it."""
    drift = feed.drift.slices()
    if not drift:
        return ""
    return _over_time(
        canvas, feed, "Drift over time", "in ticks", [(drift, "drift", "c1")], tick,
        lambda value: brief(value, tick),
    )  # fmt: skip


def _over_time(
    canvas: Canvas, feed: Feed, heading: str, unit: str,
    shown: Sequence[tuple[tuple[Slice, ...], str, str]], tick: int, say: Callable[[int], str],
) -> str:  # fmt: skip
    """Lines of means over the range of the first of them, on a logarithmic axis.

    They hold their value where nothing was measured; where the book was not usable it is shaded.
    """
    every = [one for slices, _, _ in shown for one in slices]
    axis = log_ticks(max(one.high for one in every), tick, say)
    key = f"{canvas.prefix}-{heading.partition(' ')[0].lower()}"
    plot = Plot(key=key, time=canvas.time, height=200, value=axis)
    for since, until, _ in _stops(canvas, feed):
        plot.shade(since, until, "")
    behind = shown[0][0]
    places = [canvas.since(one.from_ns) for one in behind]
    plot.steps_band(
        [(at, log_of(one.low, tick)) for at, one in zip(places, behind, strict=True)],
        [(at, log_of(one.high, tick)) for at, one in zip(places, behind, strict=True)],
        "position",
    )
    for slices, name, style in reversed(shown):
        means = [(canvas.since(one.from_ns), log_of(one.mean, tick)) for one in slices]
        plot.steps(means, style)
        plot.end_label(means[-1][1], name, style)
    told = "; ".join(
        f"{name} from {say(min(one.low for one in slices))}"
        f" to {say(max(one.high for one in slices))}"
        for slices, name, _ in shown
    )
    width = elapsed(behind[0].until_ns - behind[0].from_ns)
    desc = f"{told[:1].upper()}{told[1:]}, {unit}."
    note = f"{desc} Means in slices of {width}, behind them the range of the {shown[0][1]}."
    chart = plot.render(heading, desc)
    return figure(heading, safe(note), chart, _slice_table(canvas, shown, say))


def _slice_table(
    canvas: Canvas, shown: Sequence[tuple[tuple[Slice, ...], str, str]], say: Callable[[int], str]
) -> str:
    rows = []
    for slices, name, _ in shown:
        for place in spaced(len(slices), SAMPLES):
            one = slices[place]
            values = (say(value) for value in (one.low, one.mean, one.high))
            rows.append([name, elapsed(canvas.since(one.from_ns)), *values])
    return sampled(["of", "from", "lowest", "mean", "highest"], rows)
