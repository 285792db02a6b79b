"""Told fees and funding, from the line to the report: `tools.live.fold_money`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_NS, PlainExchange, a_fill, a_loop, a_monitor, a_quote, a_quote_event, e9,
    some_params,
)  # fmt: skip
from tests.unit.json_schema import errors
from tests.unit.test_laws_adopted import report_of, violations
from tools.live.core.contracts_v1 import (
    BUY, SELL, CancelOrder, Executed, FillRefused, Frozen, FundingPaid, LateFill, ListOpenOrders,
    OrderAccepted, OrderCanceled, Side,
)  # fmt: skip
from tools.live.core.money import CASH_SCALE, Number
from tools.live.execution_loop import ExecutionLoop, run_shadow_demo
from tools.live.fold import Fold
from tools.live.journal.state_view import state_view
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Holding
from tools.live.reports.html import render_page
from tools.live.reports.html_history import History
from tools.live.reports.schema import SCHEMAS
from tools.live.reports.snapshot import state_sha256

NS = T0_NS + 5
DOLLAR = CASH_SCALE
PAID = FundingPaid(BTC, -DOLLAR, "1 bps", NS)


def executed(
    fee_e18: int | None, *, fill_id: str = "F1", order_id: str = "X1", side: Side = BUY,
    qty: Number = 0.01, price: Number = 50_000, liquidity: str = "maker", why: str = "",
) -> Executed:  # fmt: skip
    return Executed(
        fill_id, order_id, BTC, side, e9(qty), e9(price), liquidity, fee_e18, why, NS
    )


def resting(**how: bool) -> Fold:
    """A fold that charges 1 and 7 bps, whose buy and sell rest as X1 and X2."""
    monitor = a_monitor(maker_bps=1, taker_bps=7)
    fold = Fold(InMemoryOrderStore(), monitor, **how)
    fold.set_params(e9(0.01), e9(5), T0_NS)
    fold.step(a_quote_event())
    fold.step(OrderAccepted("CLI00000001", "X1", T0_NS))
    fold.step(OrderAccepted("CLI00000002", "X2", T0_NS))
    return fold


def held(fold: Fold) -> Holding:
    return fold.monitor.ledger.holdings[BTC]


# An execution with its fee.


@pytest.mark.parametrize("fee", [0, 7 * DOLLAR, -DOLLAR // 3])
def test_a_told_fee_is_charged_as_told(fee: int) -> None:
    fold = resting()
    assert fold.step(executed(fee)) == ()
    assert held(fold).fees_e18 == held(fold).fees_maker_e18 == fee
    assert held(fold).cash_e18 == -500 * DOLLAR - fee
    assert (held(fold).qty, held(fold).maker_fills) == (e9(0.01), 1)
    assert fold.stats["orders_filled"] == 1


def test_a_taker_pays_it_as_a_taker() -> None:
    fold = resting()
    fold.step(executed(3, liquidity="taker"))
    assert (held(fold).fees_taker_e18, held(fold).taker_fills) == (3, 1)
    assert (held(fold).fees_maker_e18, held(fold).maker_fills) == (0, 0)


def test_of_a_venue_that_names_no_side_the_last_quote_tells() -> None:
    fold = resting()
    fold.step(executed(3, liquidity="", price=50_100))
    assert held(fold).fees_taker_e18 == 3


def test_without_a_told_fee_it_is_a_fill() -> None:
    fold, other = resting(), resting()
    fold.step(executed(None, why="a trade at our price"))
    other.step(a_fill("X1", "F1", ts_ns=NS))
    assert state_sha256(fold, 1, T0_NS) == state_sha256(other, 1, T0_NS)
    assert held(fold).fees_e18 == DOLLAR // 20


def test_told_twice_it_counts_once_whichever_way_it_is_told() -> None:
    fold = resting()
    fold.step(executed(3))
    fold.step(executed(5))
    fold.step(a_fill("X1", "F1"))
    assert (fold.duplicate_fills, held(fold).fees_e18) == (2, 3)


def test_what_cannot_be_is_refused_and_freezes() -> None:
    fold = resting()
    outputs = fold.step(executed(3, qty=0.02))
    assert [type(one) for one in outputs] == [
        FillRefused, Frozen, CancelOrder, CancelOrder, ListOpenOrders,
    ]  # fmt: skip
    assert held(fold).fees_e18 == 0


def test_behind_the_end_of_its_order_it_is_late() -> None:
    fold = resting()
    fold.step(OrderCanceled("X1", NS))
    assert [type(one) for one in fold.step(executed(3))] == [LateFill]
    assert held(fold).fees_e18 == 3


def test_the_edge_is_measured_with_the_told_fee() -> None:
    fold = resting(measure_edge=True)
    fold.step(executed(11))
    fold.step(a_quote_event(ts_ns=NS + 6 * 10**9))
    assert [one.fee for one in fold.edge.by_symbol[BTC]] == [11, 11, 0]
    watched = resting(markouts=True)
    watched.step(executed(11))
    watched.step(a_quote_event(ts_ns=NS + 6 * 10**9))
    assert watched.watch is not None
    assert watched.watch.symbols[BTC].markouts.horizons[1].fee == 11


# Funding.


def test_funding_moves_cash_and_nothing_else() -> None:
    fold = resting()
    fold.step(a_fill("X1", "F1"))
    before = {name: getattr(held(fold), name) for name in Holding.__slots__}
    assert fold.step(PAID) == ()
    after = {name: getattr(held(fold), name) for name in Holding.__slots__}
    changed = {name: after[name] for name in after if after[name] != before[name]}
    assert changed == {
        "cash_e18": before["cash_e18"] - DOLLAR, "fundings": 1, "funding_e18": -DOLLAR,
    }  # fmt: skip


def test_payments_add_up() -> None:
    fold = resting()
    for amount in (-5, 7, 0):
        fold.step(FundingPaid(BTC, amount, "", NS))
    assert (held(fold).fundings, held(fold).funding_e18, held(fold).cash_e18) == (3, 2, 2)


def test_a_symbol_that_was_only_paid_for_is_shown() -> None:
    fold = resting()
    assert not fold.monitor.ledger.holding(ETH).traded
    fold.step(FundingPaid(ETH, 5, "", NS))
    assert fold.monitor.ledger.holdings[ETH].traded
    assert fold.monitor.ledger.holdings[ETH].net_e18(0) == 5


def test_the_state_names_what_was_paid_and_how_often() -> None:
    states = []
    for amounts in ((), (0,), (0, 0), (1,), (-1,)):
        fold = resting()
        for amount in amounts:
            fold.step(FundingPaid(BTC, amount, "", NS))
        states.append(state_sha256(fold, 1, T0_NS))
    assert len(dict.fromkeys(states)) == len(states)


def test_the_view_for_people_says_what_came_in() -> None:
    fold = resting()
    fold.step(a_fill("X1", "F1"))
    assert "funding" not in state_view(fold)["positions"][BTC]
    fold.step(FundingPaid(BTC, 3 * DOLLAR // 4, "", NS))
    assert state_view(fold)["positions"][BTC]["funding"] == "0.75"


# In a loop, with its report, its laws and its page.


def a_told_run(*, funded: bool = True) -> ExecutionLoop:
    exchange = PlainExchange()
    loop = a_loop(exchange)
    loop.on_quote(a_quote(), some_params())
    exchange.report("X1", side=BUY, price=49_990.0, liquidity="maker", fill_id="F1")
    exchange.reports[0].fee_e18, exchange.reports[0].why = DOLLAR // 2, "<b>a trade</b>"
    exchange.report("X2", side=SELL, price=50_010.0, qty=0.005, liquidity="maker", fill_id="F2")
    loop.on_fill()
    if funded:
        loop.take(FundingPaid(BTC, -DOLLAR, "1 bps", loop.event_clock.ns))
    return loop


def test_the_report_shows_fees_as_told_and_funding_apart() -> None:
    loop = a_told_run()
    assert violations(loop) == []
    report: dict[str, Any] = report_of(loop)
    pnl = report["pnl"]
    assert report["fees"]["total_usd"] == pnl["fees_usd"] == 0.5
    assert pnl["funding_usd"] == pnl["by_symbol"][BTC]["funding_usd"] == -1.0
    realised, unrealised = pnl["realised_usd"], pnl["unrealised_usd"]
    assert pnl["net_usd"] == pytest.approx(realised + unrealised - 0.5 - 1.0, abs=1e-12)
    assert pnl["cash_usd"] == pytest.approx(-499.9 + 250.05 - 1.5, abs=1e-9)


def test_a_report_says_nothing_of_funding_where_none_was_paid() -> None:
    report = report_of(a_told_run(funded=False))
    assert "funding" not in json.dumps(report)


def test_only_the_symbols_that_were_paid_for_have_the_key() -> None:
    loop = a_told_run()
    loop.take(FundingPaid(ETH, 2 * DOLLAR, "", loop.event_clock.ns))
    loop.fold.monitor.ledger.holding("SOLUSDT").bought = 0
    pnl: Any = report_of(loop)["pnl"]
    assert {name: one["funding_usd"] for name, one in pnl["by_symbol"].items()} == {
        BTC: -1.0, ETH: 2.0,
    }  # fmt: skip
    assert pnl["funding_usd"] == 1.0


def test_the_schema_knows_the_keys_and_closes_the_objects() -> None:
    schema = SCHEMAS["report"]["properties"]["pnl"]
    pnl: Any = report_of(a_told_run())["pnl"]
    assert errors(pnl, schema) == []
    pnl["funding_usd"] = "1"
    assert errors(pnl, schema)


def test_the_page_ends_with_the_profit_of_the_report_and_says_why() -> None:
    loop = a_told_run()
    assert loop.line is not None and loop.line.entries is not None
    entries = list(loop.line.entries)
    report: Any = report_of(loop)
    history = History(entries, maker_bps=0, taker_bps=0)
    net = loop.risk_monitor.ledger.holdings[BTC].net_e18(loop.risk_monitor.mark_e9(BTC))
    assert history.equity.values[-1] == net
    assert [mark.why for mark in history.symbols[BTC].fills] == ["<b>a trade</b>", ""]


def test_a_page_has_the_reasons_and_the_funding() -> None:
    told = run_shadow_demo(iterations=4)
    plain = render_page(told.data, told.events)
    assert ">why<" not in plain and "unding" not in plain
    events = []
    for entry in told.events:
        if entry.event.kind == "order.fill":
            fill: Any = entry.event
            said = (getattr(fill, name) for name in fill.__match_args__[:-1])
            event = Executed(*said, 10**15, "<i>queue</i>", fill.ts_ns)
            entry = entry.__class__(entry.seq, entry.src, entry.corr, entry.cause, event)
        events.append(entry)
    data = json.loads(json.dumps(told.data))
    data["pnl"]["funding_usd"] = -1.5
    page = render_page(data, events)
    assert ">why<" in page and "&lt;i&gt;queue&lt;/i&gt;" in page and "<i>queue" not in page
    assert "Funding" in page and "funding USD" in page
