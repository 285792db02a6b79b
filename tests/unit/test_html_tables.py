"""The tables of the page: what a watched edge came to, and what a freeze prevented."""

from __future__ import annotations

from copy import deepcopy

from tests.unit.builders import BTC, ETH, T0_MS
from tests.unit.test_html import Page
from tools.live.execution_loop import run_shadow_demo
from tools.live.reports.html import render_page
from tools.live.reports.html_tables import tables
from tools.live.reports.shadow_report import ShadowReport


def a_frozen_run() -> ShadowReport:
    return run_shadow_demo(
        iterations=60, edge="computed", edge_freeze_threshold_bps=99, clock=lambda: T0_MS
    )


def test_a_watched_edge_has_its_decision_and_what_the_freeze_saved() -> None:
    report = a_frozen_run()
    page = Page(report.html())
    edge = report.data["edge"]
    names = ["Measured edge", "Edge decision", "What the freeze saved", "Would-be edge"]
    places = [page.text.index(name) for name in names]
    assert places == sorted(places)
    decided = page.text[places[1] : places[2]]
    one = edge["decision"][BTC]
    assert f"{BTC}{one['samples']}{one['mean_bps']:.4f}{one['upper_bps']:.4f}frozen" in decided
    assert f"{ETH}17\u2013\u2013armed" in decided
    saved = page.text[places[2] : places[3]]
    would_be = edge["counterfactual"]["by_symbol"][BTC]
    assert f"{BTC}{would_be['fills']}" in saved and f"{would_be['saved_usd']:.4f}" in saved
    horizons = page.text[places[3] :]
    shown = [horizons.index(f"{BTC}{name}") for name in ("0.1s", "1s", "10s")]
    assert shown == sorted(shown)


def test_an_edge_that_cools_down_says_so() -> None:
    report = a_frozen_run()
    data = deepcopy(report.data)
    data["edge"]["decision"][BTC] |= {"armed": False, "fired": False}
    assert "cooling" in Page(render_page(data, report.events)).text


def test_a_scripted_edge_has_no_decision() -> None:
    report = run_shadow_demo(clock=lambda: T0_MS)
    assert "Edge decision" not in tables(report.data, 1)
