"""The page: well formed, no script, nothing from outside obeyed, its charts by hand."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.unit.md_replay_builders import (
    BTC, CENT, SOURCE, a_plan, a_quote, a_snapshot, a_trade, at, gapped, replayed, whole,
)  # fmt: skip
from tools.live.core.market_v1 import GapDetected, ResyncStarted
from tools.live.core.money import SCALE
from tools.live.market.drift import DriftFigures
from tools.live.md_replay_charts import (
    MOST_NAMED, drift_chart, histogram, log_of, log_ticks, make_canvas, spread_chart, timeline,
)  # fmt: skip
from tools.live.md_replay_page import MOST_FAILURES, MOST_FEEDS, render_page
from tools.live.md_replay_report import form
from tools.live.md_replay_run import BBO, DEPTH, Feed, Replay

INPUT = {"kind": "market", "format": "capture", "sha256": "ab" * 32}
CANVAS = make_canvas(at(0), at(10), "x")


def page_of(replay: Replay, failures: list[str] | None = None) -> str:
    found = replay.failures(replay.tally.read) if failures is None else failures
    data = {**form(replay, INPUT), "status": "x", "failures": found}
    return render_page(replay, data)


class Nesting(HTMLParser):
    """Every element that is opened is closed in its turn, and every id is there once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-labelledby":
                self.named += (value or "").split()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closed at once."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("mode", ["compare", DEPTH, BBO])
def test_it_is_well_formed_and_every_chart_has_its_name(mode: str) -> None:
    parser = Nesting()
    parser.feed(page_of(replayed(*gapped(), a_quote(9, symbol="ETHUSDT"), plan=a_plan(mode))))
    assert parser.open == [] and len(set(parser.ids)) == len(parser.ids)
    assert sorted(parser.named) == sorted(parser.ids) and parser.ids


def test_it_has_no_script_and_asks_for_nothing() -> None:
    page = page_of(replayed(*whole()))
    assert "default-src 'none'" in page and "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:,")', page) and "url(" not in page
    assert "color-scheme" in page and page.startswith("<!DOCTYPE html>\n")


def test_the_same_result_gives_the_same_bytes() -> None:
    assert page_of(replayed(*gapped())) == page_of(replayed(*gapped()))


def test_it_says_what_it_is_about() -> None:
    page = page_of(replayed(*whole()))
    assert "<title>Market replay: binance-spot BTCUSDT</title>" in page
    assert "<p>8 lines of a capture; 8 events in 0.007 s; time counts from" in page
    assert "2023-11-14T22:13:20Z" in page
    assert "No gap, no crossed book." in page and "All 8 lines are accounted for." in page
    tiles = re.findall(r'<dt>([^<]+)</dt><dd class="">([^<]+)</dd>', page)
    assert tiles == [
        ("Compared", "3"), ("Drift p50, ticks", "1"), ("Drift p90, ticks", "3"),
        ("Drift p99, ticks", "3"), ("Drift p999, ticks", "3"), ("Depth messages", "3"),
        ("Quotes", "4"), ("Trades", "1"), ("Latency p99", "2 ms"), ("Health", "1.0"),
    ]  # fmt: skip


def test_every_chart_and_the_table_of_differences_are_in_it() -> None:
    page = page_of(replayed(*whole()))
    assert re.findall("<h3>([^<]+)</h3>", page) == [
        "Gaps", "Drift by ticks", "Drift over time", "Spread over time", "Differences", "Lines",
        "Terms", "Hashes",
    ]  # fmt: skip
    differences = page.partition("<h3>Differences</h3>")[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">([^<]+)</th>' + 6 * "<td>([^<]+)</td>", differences)
    assert rows[0] == ("bid", "0.00333333", "0", "0.01", "0.01", "0.01", "0.01")
    assert rows[4] == ("worst, ticks", "1.33333", "1", "3", "3", "3", "3")
    assert rows[5] == ("time apart", "1.333 ms", "1 ms", "2 ms", "2 ms", "2 ms", "2 ms")
    assert [row[0] for row in rows[1:4]] == ["ask", "mid", "spread"]


def test_the_result_is_in_it_as_it_is_printed() -> None:
    replay = replayed(*whole())
    found = re.search(r'<pre class="report-json">(.*?)</pre>', page_of(replay), re.DOTALL)
    assert found is not None
    assert json.loads(html.unescape(found[1])) == {
        **form(replay, INPUT), "status": "x", "failures": []
    }  # fmt: skip


def test_findings_stand_at_the_top() -> None:
    page = page_of(replayed(*gapped()))
    assert '<div class="verdict bad"><p><strong>1 finding.</strong></p>' in page
    assert "<div><p>gap: binance-spot BTCUSDT lacks 12..20</p></div></div>" in page
    assert "more</p>" not in page
    many = page_of(replayed(*whole()), [f"finding {n}" for n in range(MOST_FAILURES + 2)])
    assert f"{MOST_FAILURES + 2} findings" in many and "<p>and 2 more</p>" in many
    assert f"finding {MOST_FAILURES - 1}<" in many and f"finding {MOST_FAILURES}<" not in many


def test_names_of_others_are_harmless() -> None:
    page = page_of(replayed(a_quote(0, symbol="<b>\x1b")))
    assert "&lt;b&gt;\\u001b" in page and "<b>" not in page


def test_the_largest_feeds_are_drawn_and_the_rest_named() -> None:
    names = [f"S{n:02}" for n in range(MOST_FEEDS + 2)]
    quotes = [a_quote(n, symbol=name) for n, name in enumerate(names)]
    page = page_of(replayed(*quotes, a_quote(50, symbol=names[-1])))
    assert page.count("<h3>Gaps</h3>") == MOST_FEEDS
    assert f"<h2>{SOURCE} {names[-1]}</h2>" in page and "<h2>Not drawn</h2>" in page
    assert f'<th scope="row">{SOURCE} {names[-2]}</th><td>1</td><td>0</td>' in page
    assert f"{SOURCE} S02 and {len(names) - 3} more</title>" in page
    assert "Not drawn" not in page_of(replayed(*quotes[:MOST_FEEDS]))
    assert f"{SOURCE} S02</title>" in page_of(replayed(*quotes[:3]))


def test_a_result_of_nothing_is_a_page_too() -> None:
    page = page_of(replayed())
    assert "Market replay: nothing" in page and "0 events in 0 s" in page
    trades = page_of(replayed(a_trade(0)))
    assert "No quote was compared with a book." in trades and "No spread was seen." in trades
    assert "<h3>Differences</h3>" not in trades
    assert '<dt>Latency p99</dt><dd class="">-</dd>' in page_of(replayed(a_quote(0)))


def test_modes_without_a_comparison_show_none() -> None:
    page = page_of(replayed(*whole(), plan=a_plan(DEPTH)))
    assert "Drift" not in page.partition("JSON result")[0] and "<dt>Compared</dt>" not in page
    assert "<h3>Spread over time</h3>" in page and "<h3>Gaps</h3>" in page
    assert "<h3>Gaps</h3>" not in page_of(replayed(*whole(), plan=a_plan(BBO)))


def test_what_was_not_compared_is_told_beside_the_differences() -> None:
    assert "in price. Not compared: 1 no book." in page_of(replayed(*whole()))
    assert "quote and book, in price.</p>" in page_of(replayed(a_snapshot(0), a_quote(1)))


def test_counts_terms_and_hashes() -> None:
    page = page_of(replayed(*whole()))
    for name, value in (("lines read", "8"), ("tick", "0.01"), ("drift keep", "200000"),
                        ("input sha256", "ab" * 32)):  # fmt: skip
        assert f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' in page


# Charts.


def test_the_timeline_draws_use_shades_stops_and_marks_gaps() -> None:
    chart = timeline(CANVAS, replayed(*gapped()).feeds[SOURCE, BTC])
    lines = re.findall(r'<path class="line c3" d="M(\d+) 5000L(\d+) 5000"/>', chart)
    assert lines == [("0", "1000"), ("1000", "5000"), ("9000", "10000")]
    assert re.findall(r'<rect class="frozen" x="([\d.]+)%" y="0" width="([\d.]+)%"', chart) == [
        ("10.00", "0.00"), ("50.00", "40.00")
    ]  # fmt: skip
    assert "<title>missing 12..20 at 0.005 s</title>" in chart and ">start<" in chart
    assert "Not usable for 0.004 s of 0.01 s; 1 gap, 9 updates missing." in chart
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>([^<]*)</td><td>([^<]*)</td>', chart)
    assert rows == [
        ("start", "0.001 s", "0 s"), ("gap", "0.005 s", "0.004 s"), ("gap 12..20", "0.005 s", "")
    ]  # fmt: skip


def test_a_stop_that_lasts_is_shaded_to_the_end() -> None:
    chart = timeline(CANVAS, replayed(*gapped()[:7]).feeds[SOURCE, BTC])
    assert 'x="50.00%" y="0" width="50.00%"' in chart
    assert re.findall(r'<path class="line c3" d="M(\d+)', chart) == ["0", "1000"]


def test_a_book_that_was_always_usable_has_one_line_and_no_table() -> None:
    chart = timeline(CANVAS, Feed(SOURCE, BTC, a_plan().terms))
    assert 'd="M0 5000L10000 5000"' in chart and "<details>" not in chart


def test_only_the_first_stops_are_named() -> None:
    feed = Feed(SOURCE, BTC, a_plan().terms)
    for number in range(MOST_NAMED + 3):
        feed.take(ResyncStarted(BTC, SOURCE, "gap", at(number)))
    assert timeline(CANVAS, feed).count(">gap</text>") == MOST_NAMED


def test_what_lies_before_the_first_event_is_at_the_beginning() -> None:
    feed = Feed(SOURCE, BTC, a_plan().terms)
    feed.take(GapDetected(BTC, SOURCE, 1, 1, at(-5)))
    assert "at 0 s</title>" in timeline(CANVAS, feed)


def test_logarithms_are_integers_and_near_enough() -> None:
    assert [log_of(value, 1) for value in (0, 1, 3, 7, 1023)] == [0, 64, 128, 192, 640]
    assert log_of(CENT, CENT) == 64 and log_of(-5, 1) == 0
    assert log_of(CENT // 2, CENT) == 37  # 64 * log2(1.5)
    assert log_of(9, 1) == 212 and log_of(10**24, 1) == 5102


def test_a_logarithmic_axis_is_labelled_at_each_tenfold() -> None:
    axis = log_ticks(5000, 1, lambda value: f"{value:,}")
    assert axis.labels == ("0", "1", "10", "100", "1,000")
    assert axis.values == tuple(log_of(value, 1) for value in (0, 1, 10, 100, 1000))
    assert axis.low == 0 and axis.high == log_of(5000, 1) * 26 // 25
    assert log_ticks(0, 1, str).high == 1 and log_ticks(0, 1, str).labels == ("0",)
    assert log_ticks(10, 1, str).labels == ("0", "1", "10")


def _figures(*quotes: tuple[int, int]) -> DriftFigures:
    told = [a_quote(2 + n, bid, ask) for n, (bid, ask) in enumerate(quotes)]
    return replayed(a_snapshot(1), *told).feeds[SOURCE, BTC].meter.figures()


def test_the_histogram_has_a_bar_for_each_edge() -> None:
    chart = histogram(CANVAS, _figures((100, 102), (100, 102), (101, 102), (100, 107), (100, 109)))
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>(\d)</td><td>([^<]+)</td><td>([^<]+)<',
                      chart)  # fmt: skip
    assert rows == [
        ("0", "2", "40.000 %", "40.000 %"), ("1", "1", "20.000 %", "60.000 %"),
        ("2", "0", "0.000 %", "60.000 %"), ("5", "1", "20.000 %", "80.000 %"),
        ("10", "1", "20.000 %", "100.000 %"),
    ]  # fmt: skip
    areas = re.findall(r'<path class="area c1" d="M(\d+) (\d+)H(\d+)V', chart)
    assert [(left, right) for left, _, right in areas] == [
        ("240", "1760"), ("2240", "3760"), ("6240", "7760"), ("8240", "9760")
    ]  # fmt: skip
    assert chart.count("H10000V10000H") == len(areas) == 4  # each stands on the axis
    full = log_of(2, 1) * 26 // 25
    assert [int(top) for _, top, _ in areas] == [
        (full - log_of(count, 1)) * 10000 // full for count in (2, 1, 1, 1)
    ]  # fmt: skip
    labels = re.findall(r'x="([\d.]+)%" y="100%" dy="17" text-anchor="\w+">(\d+)<', chart)
    assert labels == [("10.00", "0"), ("30.00", "1"), ("50.00", "2"), ("70.00", "5"),
                      ("90.00", "10")]  # fmt: skip
    assert "5 quotes compared; 40.0 % agree exactly." in chart


def test_a_histogram_may_have_no_bar_at_zero() -> None:
    chart = histogram(CANVAS, _figures((101, 102)))
    assert "1 quote compared; 0.0 % agree exactly." in chart
    assert chart.count('class="area c1"') == 1 and '<th scope="row">0</th><td>0</td>' in chart


def test_the_spread_is_that_of_quotes_and_book() -> None:
    feed = replayed(a_quote(0, 100, 110), a_snapshot(1), a_quote(5, 100, 103)).feeds[SOURCE, BTC]
    chart = spread_chart(CANVAS, feed, CENT)
    assert "Quotes from 0.03 to 0.1; book from 0.02 to 0.02, in price." in chart
    assert "Means in slices of 0.001 s, behind them the range of the quotes." in chart
    for style in ("line c1", "line c2", "area position", "end c1", "end c2"):
        assert f'class="{style}"' in chart
    rows = re.findall(r'<th scope="row">(\w+)</th><td>([^<]+)</td><td>([^<]+)</td>', chart)
    assert rows == [("quotes", "0 s", "0.1"), ("quotes", "0.005 s", "0.03"),
                    ("book", "0.001 s", "0.02")]  # fmt: skip
    book = spread_chart(CANVAS, replayed(a_snapshot(1)).feeds[SOURCE, BTC], CENT)
    assert "Book from 0.02 to 0.02" in book and "range of the book" in book and "c1" not in book


def test_lines_are_means_and_the_band_is_the_range() -> None:
    feed = Feed(SOURCE, BTC, a_plan().terms)
    for ms, ticks in ((0, 1), (0, 3), (5, 7)):
        feed.drift.add(at(ms), ticks * CENT)
    chart = drift_chart(CANVAS, feed, CENT)
    full = log_of(7, 1) * 26 // 25
    low, mean, high, last = (
        (full - log_of(value, 1)) * 10000 // full for value in (1, 2, 3, 7)
    )
    assert f'd="M0 {mean}H5000V{last}H10000"' in chart
    assert f'd="M0 {high}H5000V{last}H10000V{last}H5000V{low}H0z"' in chart
    rows = re.findall(r'<th scope="row">drift</th><td>([^<]+)</td>' + 3 * "<td>([^<]+)</td>", chart)
    assert rows == [("0 s", "1", "2", "3"), ("0.005 s", "7", "7", "7")]
    assert re.findall(r'dx="-8" dy="4" text-anchor="end">([^<]+)<', chart) == ["0", "1"]


def test_drift_over_time_is_in_ticks() -> None:
    feed = replayed(*whole()).feeds[SOURCE, BTC]
    chart = drift_chart(CANVAS, feed, CENT)
    assert "Drift from 0 to 3, in ticks." in chart and 'class="line c1"' in chart
    gap = drift_chart(CANVAS, replayed(*gapped()).feeds[SOURCE, BTC], CENT)
    assert 'class="frozen" x="50.00%" y="0" width="40.00%"' in gap
    assert drift_chart(CANVAS, replayed(a_quote(0)).feeds[SOURCE, BTC], CENT) == ""


def test_an_instant_still_has_an_axis() -> None:
    canvas: Any = make_canvas(at(0), at(0), "x")
    assert canvas.time.high > 0 and canvas.since(at(0) + SCALE) == SCALE
