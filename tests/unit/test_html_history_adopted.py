"""The page of a run that took something over: `tools.live.reports.html_history`."""

from __future__ import annotations

from tests.unit.builders import BTC, ETH, T0_NS, a_fill, a_quote_event, e9, recorded
from tests.unit.test_fold_adoptions import adopted, execution
from tests.unit.test_laws_adopted import a_quoted_loop, report_of
from tools.live.core.contracts_v1 import Entry, Input, OrderCanceled, PositionAdopted
from tools.live.reports.html_history import CANCELED, FILLED, OPEN, PARTIAL, PENDING, History

NS = T0_NS + 10**9


def history_of(*events: Input) -> History:
    entries = [Entry(seq, "exchange", seq, 0, event) for seq, event in enumerate(events, 1)]
    return History(entries, maker_bps=0, taker_bps=0)


def test_an_adopted_position_is_drawn_and_earns_nothing_by_itself() -> None:
    found = history_of(
        PositionAdopted(BTC, e9(9), NS), a_quote_event(), PositionAdopted(BTC, e9(2), NS),
        a_quote_event(50_075, 50_125, ts_ns=NS + 1),
    )  # fmt: skip
    assert found.symbols[BTC].position.values == [e9(2)]
    assert found.equity.values[-2:] == [0, 200 * 10**18]
    assert ETH not in found.symbols


def test_an_adopted_order_is_counted_where_it_stands() -> None:
    found = history_of(
        a_quote_event(), execution(), adopted(filled=e9(0.005), state="partially_filled"),
        a_fill("H1", "E1", qty=0.005, price=49_000),
        adopted("b", "H2"), adopted("b", "H2", state="canceled"), adopted("b", "H2"),
        adopted("c", "H3", state="rejected"), a_fill("H1", "F1", qty=0.005, price=49_000),
        OrderCanceled("H2", NS),
    )  # fmt: skip
    counts = found.states.values[-1]
    assert (counts[FILLED], counts[CANCELED]) == (1, 1)
    assert (counts[PENDING], counts[OPEN], counts[PARTIAL]) == (0, 0, 0)
    assert found.symbols[BTC].position.values == [e9(0.005)], "what was adopted is no fill"


def test_the_page_ends_with_the_profit_of_the_report() -> None:
    loop, _ = a_quoted_loop()
    loop.take(PositionAdopted(BTC, e9(0.25), 0))
    loop.take(a_quote_event(50_075, 50_125))
    history = History(recorded(loop), maker_bps=0, taker_bps=0)
    pnl = report_of(loop)["pnl"]
    assert isinstance(pnl, dict)
    assert history.equity.values[-1] == round(pnl["net_usd"] * 10**18) == 25 * 10**18
