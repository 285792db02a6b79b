"""The words of a fill's evidence."""

from __future__ import annotations

from tests.unit.sim_venue_builders import a_trade, e9
from tools.live.core.words_v1 import SELL
from tools.live.sim.evidence import FillReason, Why, told_book, told_level, told_trade


def test_a_reason_and_its_evidence_are_one_sentence() -> None:
    assert Why(FillReason.TOOK_TOUCH, "took 1 at 100").sentence() == "took_touch: took 1 at 100"


def test_a_trade_is_told_with_its_aggressor_if_there_is_one() -> None:
    assert told_trade(a_trade("100.5", "0.25", SELL, "81")) == "trade 81 Sell 0.25 at 100.5"
    assert told_trade(a_trade(100, 2, None)) == "trade 7 2 at 100"


def test_a_level_may_be_unknown_or_none() -> None:
    assert told_level(e9(100), e9("0.5")) == "100 x 0.5"
    assert told_level(e9(100), 0) == "100 x unknown"
    assert told_level(0, 0) == "none"
    assert told_book(e9(99), e9(1), 0, 0) == "bid 99 x 1, ask none"


def test_reasons_are_a_closed_list_of_words() -> None:
    assert [reason.value for reason in FillReason] == [
        "trade_at_price", "trade_through", "market_crossed", "took_touch", "took_level",
        "full_liquidity", "met_order", "bar_open", "bar_touched", "stop_triggered",
        "target_triggered",
    ]  # fmt: skip
