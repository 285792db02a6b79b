"""The result of `md_replay` as a page: one file, inline SVG, no script, no request.

The same result gives the same bytes. What came from outside is escaped, and the page forbids
itself scripts and requests. The JSON result is embedded as it is printed.
"""

from __future__ import annotations

import html
from typing import Any

from .core import codec
from .core.clock import render_utc
from .market.drift import PERMILLES
from .md_replay_charts import (
    Canvas, drift_chart, figure, histogram, make_canvas, spread_chart, timeline,
)  # fmt: skip
from .md_replay_report import ms_text
from .md_replay_run import BBO, COMPARE, Feed, Replay
from .reports.html import POLICY
from .reports.html_charts import sampled
from .reports.html_numbers import counted, elapsed, safe
from .reports.html_style import PAGE_STYLE, SHEET_CLASS, SHEET_STYLE

MOST_FEEDS = 8
_TITLE_FEEDS = 3
MOST_FAILURES = 10


def render_page(replay: Replay, data: dict[str, Any]) -> str:
    """One complete HTML file."""
    title = _title(replay)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>{PAGE_STYLE}{SHEET_STYLE}</style>\n</head>\n"
        f'<body>\n<main class="{SHEET_CLASS}">{_head(replay, data, title)}{_verdict(data)}'
        f"{_feeds(replay, data)}{_input(data)}{_json(data)}</main>\n</body>\n</html>\n"
    )


def _title(replay: Replay) -> str:
    feeds = replay.sorted_feeds()
    named = ", ".join(safe(f"{one.source} {one.symbol}") for one in feeds[:_TITLE_FEEDS])
    more = len(feeds) - _TITLE_FEEDS
    return f"Market replay: {named or 'nothing'}" + (f" and {more} more" if more > 0 else "")


def _start_ns(replay: Replay) -> int:
    starts = [one.first_ns for one in replay.feeds.values() if one.first_ns is not None]
    return min(starts, default=0)


def _head(replay: Replay, data: dict[str, Any], title: str) -> str:
    start_ns = _start_ns(replay)
    facts = [
        f"{counted(data['lines']['lines_read'], 'line')} of a {safe(data['input']['format'])}",
        f"{counted(data['lines']['decoded_events'], 'event')}"
        f" in {elapsed(replay.end_ns() - start_ns)}",
        f"time counts from {render_utc(start_ns)}",
    ]
    return f"<header><h1>{title}</h1><p>{'; '.join(facts)}</p></header>"


def _verdict(data: dict[str, Any]) -> str:
    failures = data["failures"]
    lines = f"<p>All {data['lines']['lines_read']:,} lines are accounted for.</p>"
    if not failures:
        told = "<p><strong>No gap, no crossed book.</strong></p>"
        return f'<div class="verdict good">{told}{lines}</div>'
    shown = "".join(f"<p>{safe(one)}</p>" for one in failures[:MOST_FAILURES])
    more = len(failures) - MOST_FAILURES
    left = f"<p>and {more:,} more</p>" if more > 0 else ""
    told = f"<p><strong>{counted(len(failures), 'finding')}.</strong></p>"
    return f'<div class="verdict bad">{told}<div>{shown}{left}</div></div>'


def _feeds(replay: Replay, data: dict[str, Any]) -> str:
    """A section a feed, for those with the most messages; the others in a table."""
    feeds = replay.sorted_feeds()
    drawn = sorted(feeds, key=lambda feed: (-feed.messages, feed.source, feed.symbol))[:MOST_FEEDS]
    forms = {(one["source"], one["symbol"]): one for one in data["feeds"]}
    start_ns, end_ns = _start_ns(replay), replay.end_ns()
    named = codec.sha256([data["state_sha256"], data["input"]])[:8]
    parts = []
    for number, feed in enumerate(drawn, 1):
        canvas = make_canvas(start_ns, end_ns, f"md-{named}-{number}")
        parts.append(_feed(replay, canvas, feed, forms[feed.source, feed.symbol]))
    rows = [
        [safe(f"{one.source} {one.symbol}"), f"{one.messages:,}", f"{one.gap_count:,}"]
        for one in feeds if one not in drawn
    ]  # fmt: skip
    if rows:
        table = sampled(["feed", "events", "gaps"], rows)
        parts.append(f"<section><h2>Not drawn</h2>{table}</section>")
    return "".join(parts)


def _feed(replay: Replay, canvas: Canvas, feed: Feed, form: dict[str, Any]) -> str:
    tick = replay.plan.terms.tick
    charts = [] if replay.plan.mode == BBO else [timeline(canvas, feed)]
    if replay.plan.mode == COMPARE:
        charts.append(histogram(canvas, feed.meter.figures()))
        charts.append(drift_chart(canvas, feed, tick))
    charts.append(spread_chart(canvas, feed, tick))
    if form["drift"] is not None and form["drift"]["compared"]:
        charts.append(_differences(form["drift"]))
    return (
        f"<section><h2>{safe(feed.source)} {safe(feed.symbol)}</h2>{_tiles(form)}"
        f'<div class="charts" style="margin-top:26px">{"".join(charts)}</div></section>'
    )


def _tiles(form: dict[str, Any]) -> str:
    drift, counts, health = form["drift"], form["counts"], form["health"]
    rows = []
    if drift is not None:
        rows = [("Compared", f"{drift['compared']:,}")]
        rows += [(f"Drift {name}, ticks", f"{drift['ticks'][name]:,.6g}") for name in PERMILLES]
    latency = health["latency"]
    rows += [
        ("Depth messages", f"{counts['snapshots'] + counts['deltas']:,}"),
        ("Quotes", f"{counts['quotes']:,}"),
        ("Trades", f"{counts['trades']:,}"),
        ("Latency p99", "-" if latency is None else ms_text(latency["p99_ns"])),
        ("Health", f"{health['score']:.1f}"),
    ]
    shown = "".join(f'<div><dt>{name}</dt><dd class="">{value}</dd></div>' for name, value in rows)
    return f'<dl class="tiles">{shown}</dl>'


def _differences(drift: dict[str, Any]) -> str:
    heads = ("mean", *PERMILLES, "high")
    rows = [
        [name, *(f"{drift[key][head]:,.6g}" for head in heads)]
        for name, key in (("bid", "bid"), ("ask", "ask"), ("mid", "mid"), ("spread", "spread"),
                          ("worst, ticks", "ticks"))
    ]  # fmt: skip
    times = drift["nearest_dt_ns"]
    rows.append(["time apart", *(ms_text(round(times[head])) for head in heads)])
    skipped = ", ".join(f"{count:,} {safe(why.replace('_', ' '))}"
                        for why, count in drift["skipped"].items() if count)  # fmt: skip
    note = "Absolute differences between quote and book, in price."
    if skipped:
        note += f" Not compared: {skipped}."
    table = sampled(["difference", *heads], rows)
    return figure("Differences", note, table, "", "wide")


def _input(data: dict[str, Any]) -> str:
    """Where the lines went, by which terms, and the hashes."""
    lines = {**data["lines"], **{f"refused {n}": c for n, c in data["lines"]["refused"].items()}}
    parts = (
        ("Lines", {name.replace("_", " "): f"{n:,}" for name, n in lines.items()
                   if name != "refused"}),
        ("Terms", {name.replace("_", " "): str(value) for name, value in data["terms"].items()}),
    )  # fmt: skip
    shown = "".join(_pairs(heading, rows) for heading, rows in parts)
    hashes = _pairs("Hashes", {"input sha256": data["input"]["sha256"],
                               "state sha256": data["state_sha256"]}, "hashes")  # fmt: skip
    tables = f'<div class="columns">{shown}</div>{hashes}'
    return f'<section class="tables"><h2>Input</h2>{tables}</section>'


def _pairs(heading: str, rows: dict[str, str], style: str = "pairs") -> str:
    body = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{safe(value)}</td></tr>'
        for name, value in rows.items()
    )
    table = f'<table class="{style}"><tbody>{body}</tbody></table>'
    return f"<section><h3>{heading}</h3>{table}</section>"


def _json(data: dict[str, Any]) -> str:
    text = html.escape(codec.canonical(data) + "\n", quote=False)
    return (
        '<details class="json"><summary>JSON result</summary>'
        f'<pre class="report-json">{text}</pre></details>'
    )
