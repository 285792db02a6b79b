"""The page: whole, harmless, the same bytes every time, and true to the report and its line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tools.live.core.codec import canonical
from tools.live.core.contracts_v1 import EdgeUpdate, Entry, Frozen, QuoteUpdate
from tools.live.core.line import Line
from tools.live.core.money import SCALE
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import ExecutionLoop, ExecutionParams, run_shadow_demo
from tools.live.order_store import InMemoryOrderStore
from tools.live.reports import html_charts, html_symbols, html_tables
from tools.live.reports.html import render_fragment, render_page
from tools.live.reports.html_history import History
from tools.live.reports.shadow_report import ShadowReport
from tools.live.risk_monitor import RuntimeRiskMonitor

ROOT = Path(__file__).resolve().parent.parent.parent
FROZEN_MS = 1_735_689_600_000
HOSTILE = "\"'><script>alert(1)</script></svg></pre></style><!--\x00\u202e&lt;"
VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

RUNS: dict[str, dict[str, Any]] = {
    "default": {},
    "sample": {"iterations": 20, "edge_freeze_threshold_bps": 3.0},
    "computed": {"iterations": 100, "edge": "computed", "edge_freeze_threshold_bps": -100},
    "computed, frozen": {"iterations": 60, "edge": "computed", "edge_freeze_threshold_bps": 99},
    "tight": {"iterations": 40, "max_total_notional_usd": 3000},
    "nothing fills": {"fill_rate": 0.0, "edge": "computed"},
    "all rejected": {"reject_rate": 1.0},
    "one step": {"iterations": 1, "symbols": ["BTCUSDT"], "latency_ms": 0},
    "frozen at once": {"edge_freeze_threshold_bps": 11.0},
    "many symbols": {"iterations": 12, "symbols": [f"S{n}" for n in range(12)]},
}


def a_run(**changed: Any) -> ShadowReport:
    return run_shadow_demo(clock=lambda: FROZEN_MS, **changed)


@pytest.fixture(scope="module", params=RUNS)
def report(request: pytest.FixtureRequest) -> ShadowReport:
    return a_run(**RUNS[request.param])


class Page(HTMLParser):
    """A page taken apart: its tags in balance, its attributes, its text by class."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.json = ""
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"{tag} has an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1][1].get("class") == "report-json":
            self.json += data

    def attributes(self, name: str) -> list[str]:
        return [str(attrs[name]) for _, attrs in self.tags if name in attrs]


class Quotes:
    """A feed of a few quotes of any symbol."""

    steps, start_ns = 8, FROZEN_MS * 10**6

    def __init__(self, symbols: list[str]) -> None:
        self.symbols = symbols

    def describe(self) -> dict[str, object]:
        return {"kind": "by hand"}

    def __iter__(self) -> Iterator[list[QuoteUpdate]]:
        for step in range(self.steps):
            at = self.start_ns + step * 10**9
            price = (100 + step) * SCALE
            yield [QuoteUpdate(name, price, price + SCALE, at) for name in self.symbols]


def a_loop() -> ExecutionLoop:
    exchange = FakeExchangeClient(0.9, 0.1, 100, 0.2, 7)
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=10_000,
        max_total_notional_usd=50_000,
        edge_freeze_threshold_bps=1.5,
    )
    return ExecutionLoop(
        exchange, InMemoryOrderStore(), monitor, lambda: FROZEN_MS, line=Line()
    )


def run_on(loop: ExecutionLoop, symbols: list[str]) -> ShadowReport:
    params = ExecutionParams(symbols, 8, 10_000, 50_000, 1.5)
    data = loop.run_shadow(params, Quotes(symbols))
    assert loop.line is not None
    return ShadowReport(data, loop.line.entries)


# Whole and harmless.


def test_the_page_is_whole_and_asks_for_nothing(report: ShadowReport) -> None:
    page = Page(report.html())
    names = [tag for tag, _ in page.tags]
    assert names.count("main") == names.count("h1") == 1
    assert not {"script", "iframe", "img", "object", "embed", "form", "base"}.intersection(names)
    assert [attrs["href"] for tag, attrs in page.tags if tag == "link"] == ["data:,"]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not page.attributes("src")
    assert not re.search(r"https?:|url\(|@import|//[a-z]", report.html())


def test_the_embedded_json_is_the_report_itself(report: ShadowReport) -> None:
    assert Page(report.html()).json == str(report)
    assert Page(report._repr_html_()).json == str(report)


def test_headings_never_skip_a_level(report: ShadowReport) -> None:
    for text, first in ((report.html(), 1), (report._repr_html_(), 2)):
        levels = [int(t[1]) for t, _ in Page(text).tags if re.fullmatch("h[1-6]", t)]
        assert levels[0] == first == min(levels)
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))


def test_every_chart_has_a_name_that_exists(report: ShadowReport) -> None:
    page = Page(report.html())
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    named = " ".join(page.attributes("aria-labelledby")).split()
    assert sorted(named) == sorted(ids)


def test_no_number_of_a_drawing_is_odd(report: ShadowReport) -> None:
    for value in Page(report.html()).attributes("d"):
        assert re.fullmatch(r"[MLHVhzaA0-9 .-]+", value), value
        assert "nan" not in value and "e" not in value


def test_same_run_same_bytes_and_other_run_other_ids() -> None:
    one, two, other = a_run(), a_run(), a_run(iterations=30)
    assert one.html() == two.html() and one._repr_html_() == two._repr_html_()
    ids = set(Page(one._repr_html_()).attributes("id"))
    assert not ids.intersection(Page(other._repr_html_()).attributes("id"))


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import hashlib; from tools.live.execution_loop import run_shadow_demo;"
        "page = run_shadow_demo(clock=lambda: 0).html();"
        "print(hashlib.sha256(page.encode()).hexdigest())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
        ).stdout
        for seed in ("0", "1")
    ]  # fmt: skip
    assert said[0] == said[1] and len(said[0]) == 65


def test_symbols_and_reasons_are_text_and_nothing_else() -> None:
    loop = a_loop()
    loop.freeze(HOSTILE, HOSTILE, HOSTILE)
    loop.unfreeze(HOSTILE, HOSTILE)
    report = run_on(loop, [HOSTILE, "S" * 4000])
    loop.freeze(HOSTILE, HOSTILE, HOSTILE)
    frozen = run_on(loop, [HOSTILE])
    for shown in (report, frozen):
        for text in (shown.html(), shown._repr_html_()):
            page = Page(text)
            assert "script" not in [tag for tag, _ in page.tags]
            assert not re.search("[\x00\u202e]", text)
            assert page.json == str(shown)
            assert text.encode("utf-8")
    assert "alert(1)" in Page(frozen.html()).text


def test_a_lone_surrogate_cannot_stop_the_page_from_being_saved(tmp_path: Path) -> None:
    loop = a_loop()
    loop.freeze("bad \ud800 text", "desk")
    report = run_on(loop, ["A"])
    report.save(str(tmp_path / "page.html"))
    assert "bad \\ud800 text" in (tmp_path / "page.html").read_text(encoding="utf-8")


# True to the report.


def test_a_frozen_run_says_so_first_and_marks_it() -> None:
    text = a_run(**RUNS["sample"]).html()
    assert "Frozen after 18.4 s (2025-01-01T00:00:18.4Z)." in text
    assert "BTCUSDT: Edge degradation: 2.80 BPS &lt; 3.00 BPS" in text
    assert text.count('<rect class="frozen"') == 7  # three charts of the run, two a symbol


def test_a_run_that_never_froze_has_no_mark() -> None:
    text = a_run().html()
    assert "Never frozen." in text and 'class="frozen"' not in text


def test_a_freeze_from_before_the_line_is_marked_from_the_start() -> None:
    loop = a_loop()
    loop.risk_monitor.freeze("set by hand", None, None)
    report = run_on(loop, ["A"])
    kept = [entry for entry in report.events if not isinstance(entry.event, Frozen)]
    text = render_page(report.data, kept)
    assert "Frozen from the start.</strong> set by hand" in text
    assert '<rect class="frozen" x="0.00%"' in text


def test_a_freeze_before_the_line_that_has_a_time_says_since_when() -> None:
    report = a_run()
    data = deepcopy(report.data)
    at = "2024-12-31T23:59:59+00:00"
    data["risk"] |= {"frozen": True, "first_freeze_utc": at, "first_freeze_reason": None}
    assert f"Frozen since {at}.</strong> no reason given" in render_page(data, report.events)


def test_a_lifted_freeze_is_counted() -> None:
    loop = a_loop()
    loop.freeze("lunch", "desk")
    loop.unfreeze("back", "desk")
    assert "Trading at the end, after 1 freeze." in run_on(loop, ["A"]).html()


def test_refusals_are_drawn_by_reason() -> None:
    text = a_run(**RUNS["tight"]).html()
    assert re.search(r"The gate refused \d+ intents\.", text)
    assert '<th scope="row">total limit</th>' in text


def test_a_run_without_refusals_says_that() -> None:
    assert "The gate refused nothing." in a_run().html()
    assert "The exchange rejected nothing." in a_run(reject_rate=0.0).html()


def test_reasons_beyond_the_room_are_one_row() -> None:
    scene = html_charts.make_scene(
        History((), maker_bps=0, taker_bps=0), a_run().data, "k", 1
    )
    scene.history.rejections.update({f"no_{number}": 1 for number in range(20)}, **{"": 5})
    text = html_charts.refusals_chart(scene, {"refusals": {}, "risk_blocks": 0})
    assert "(no message)" in text and "9 other reasons" in text


def test_only_refusals_draw_no_orders() -> None:
    text = a_run(max_total_notional_usd=1).html()
    assert "No order was sent." in text and "Nothing was traded." in text


def test_an_edge_that_is_never_measured_is_said() -> None:
    assert "No edge was measured in this run." in a_run(**RUNS["nothing fills"]).html()


def test_an_edge_that_is_no_number_is_counted() -> None:
    report = a_run(iterations=3)
    last = report.events[-1]
    lost = Entry(last.seq + 1, "feed", 1, 0, EdgeUpdate("ETHUSDT", None, last.event.ts_ns + 1))
    text = render_page(report.data, [*report.events, lost])
    assert "Not a number: 1 update." in text


def test_equal_edges_share_one_line() -> None:
    assert ">BTCUSDT +1</text>" in a_run().html()
    assert " and 5 more: 2.67 at the end" in a_run(**RUNS["many symbols"]).html()


def test_eight_symbols_are_drawn_and_the_others_listed() -> None:
    text = a_run(**RUNS["many symbols"]).html()
    assert text.count('<figure class="symbol">') == html_symbols.DRAWN
    assert "Not drawn: 4 symbols with less volume" in text


def test_fills_that_do_not_fit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_symbols, "MARKS", 10)
    report = a_run(symbols=["BTCUSDT"])
    text = report.html()
    fills = report.data["orders"]["filled"]
    assert f"not drawn: {fills - 10} fills" in text
    assert len(re.findall('<path class="(?:buy|sell)" d="[^"]*"><title>', text)) == 10


def test_rows_that_do_not_fit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_tables, "ROWS", 5)
    text = a_run(**RUNS["many symbols"]).html()
    assert "7 more rows are only in the JSON report." in text


def test_without_events_the_tables_stand_alone() -> None:
    data = a_run().data
    for text in (render_page(data, ()), render_fragment(data, ())):
        page = Page(text)
        assert "No events were recorded" in page.text and "Volume" in page.text
        assert "figure" not in [tag for tag, _ in page.tags]
        assert page.json == canonical(data) + "\n"


def test_a_report_that_went_through_json_shows_the_same() -> None:
    report = a_run()
    assert render_page(json.loads(str(report)), report.events) == report.html()


def test_a_symbol_that_was_only_judged_has_a_panel_without_prices() -> None:
    report = a_run(iterations=2)
    first = report.events[0]
    only = Entry(1, "feed", 1, 0, EdgeUpdate("LONELY", SCALE, first.event.ts_ns))
    page = Page(render_page(report.data, [only]))
    assert "0 buys and 0 sells on 0 quotes" in page.text


def test_a_run_that_saw_nothing_has_no_rows() -> None:
    data = deepcopy(a_run(iterations=1).data)
    data["positions"] |= {"by_symbol": {}, "net_pos_usd": {}, "marks": {}}
    data["risk"]["worst_case_usd"], data["edge"]["last_bps"] = {}, {}
    assert "No symbol was quoted." in render_page(data, ())


def test_a_loss_is_told_apart() -> None:
    report = a_run(symbols=["BTCUSDT"], fee_maker_bps=50)
    assert report.data["pnl"]["net_usd"] < 0
    assert '<dd class="loss">\N{MINUS SIGN}' in report.html()


def test_a_line_that_does_not_lead_to_the_report_is_said() -> None:
    report = a_run()
    other = deepcopy(report.data)
    other["pnl"]["net_usd"] += 1
    note = "does not lead to the report"
    assert note in render_page(other, report.events)
    assert note not in report.html()


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("steps", [700, 7000])
def test_the_size_of_a_page_is_bounded(steps: int) -> None:
    report = a_run(
        iterations=steps, max_inventory_usd_per_symbol=10**9, max_total_notional_usd=10**9
    )
    assert len(report.events) > 14 * steps
    assert len(report.html()) < 1_000_000


def test_the_work_for_a_page_grows_as_its_events_do() -> None:
    """Counted in lines of code run, which no neighbour's load can change."""
    few, many = (
        a_run(iterations=steps, max_inventory_usd_per_symbol=10**9, max_total_notional_usd=10**9)
        for steps in (500, 2000)
    )
    assert lines_run(many.html) < 5 * lines_run(few.html)


def lines_run(work: Callable[[], str]) -> int:
    """How many lines of Python a piece of work runs."""
    count = 0

    def on_line(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return on_line

    before = sys.gettrace()
    sys.settrace(on_line)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
