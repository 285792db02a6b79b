"""What would have been traded while frozen, by hand."""

from __future__ import annotations

import pytest

from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, SELL, Intent
from tools.live.core.money import SCALE
from tools.live.portfolio.edge_counterfactual import WouldBe

E18 = SCALE * SCALE
UNLIMITED = 10**40


def wish(one: WouldBe, *intents: Intent, held: int = 0, limit: int = UNLIMITED) -> None:
    one.would_quote(intents, 0, held=held * SCALE, limit_e18=limit, maker_bps=SCALE)


def quote(one: WouldBe, bid: int, ask: int, ts_ns: int = 0) -> None:
    one.on_quote(bid * SCALE, ask * SCALE, ts_ns)


def standing(*intents: Intent) -> WouldBe:
    """Quotes that stand on a market of 99 to 101."""
    one = WouldBe()
    quote(one, 99, 101)
    wish(one, *intents)
    return one


BUY_AT_98 = (BUY, 2 * SCALE, 98 * SCALE)
SELL_AT_102 = (SELL, 2 * SCALE, 102 * SCALE)


@pytest.mark.parametrize(("bid", "ask", "qty"), [
    (97, 98, 2), (96, 97, 2), (97, 99, 0), (99, 101, 0), (101, 103, 0), (102, 104, -2),
    (103, 104, -2),
])  # fmt: skip
def test_it_fills_when_a_later_quote_trades_through_it(bid: int, ask: int, qty: int) -> None:
    one = standing(BUY_AT_98, SELL_AT_102)
    assert one.qty == 0
    quote(one, bid, ask, 1)
    assert one.qty == qty * SCALE
    assert one.markouts.fills == (1 if qty else 0)


def test_the_money_of_a_fill_by_hand() -> None:
    """Two bought at 98 for a fee of a basis point of 196, worth 96.5 each at the end."""
    one = standing(BUY_AT_98)
    quote(one, 97, 98, 1)
    fee = 196 * E18 // 10_000
    assert (one.cash, one.fees, one.volume) == (-196 * E18 - fee, fee, 196 * E18)
    assert one.pnl_e18 == -E18 - fee
    quote(one, 96, 97, 2)
    assert one.pnl_e18 == -3 * E18 - fee


def test_what_was_not_traded_through_stands_on() -> None:
    one = standing(BUY_AT_98, SELL_AT_102)
    quote(one, 99, 101, 1)
    quote(one, 97, 98, 2)
    quote(one, 90, 91, 3)
    assert (one.qty, [side for side, *_ in one.standing]) == (2 * SCALE, [SELL])
    quote(one, 102, 103, 4)
    assert (one.qty, one.standing, one.markouts.fills) == (0, (), 2)


def test_two_alike_fill_both() -> None:
    one = standing(BUY_AT_98, BUY_AT_98)
    quote(one, 97, 98, 1)
    assert (one.qty, one.standing) == (4 * SCALE, ())


def test_the_next_answer_replaces_the_last() -> None:
    one = standing(BUY_AT_98)
    wish(one, SELL_AT_102)
    assert [side for side, *_ in one.standing] == [SELL]


def test_the_strategy_is_asked_once_a_second() -> None:
    one = WouldBe()
    assert one.is_due(0)
    one.would_quote((), 7, held=0, limit_e18=0, maker_bps=0)
    assert not one.is_due(6 + NS_PER_S)
    assert one.is_due(7 + NS_PER_S)
    for ending in (one.on_unfreeze, lambda: one.on_unusable(8)):
        one.would_quote((), 0, held=0, limit_e18=0, maker_bps=0)
        assert not one.is_due(8)
        ending()
        assert one.is_due(8)


def test_what_is_no_order_does_not_stand() -> None:
    one = standing((BUY, 0, SCALE), (BUY, SCALE, 0), (SELL, -1, SCALE), (SELL, 1, -1))
    assert one.standing == ()


@pytest.mark.parametrize(("held", "limit", "sides"), [
    (0, 196, [BUY]), (0, 195, []), (0, 204, [BUY, SELL]), (1, 293, [SELL]), (1, 294, [BUY, SELL]),
    (9, 0, [SELL]), (-9, 0, [BUY]), (2, 0, [SELL]), (-2, 0, [BUY]), (1, 101, []), (1, 102, [SELL]),
    (-1, 98, [BUY]),
])  # fmt: skip
def test_it_keeps_to_the_limit_of_its_symbol(held: int, limit: int, sides: list[object]) -> None:
    """As the gate would: equal to the limit passes, and so does what only reduces."""
    one = standing()
    wish(one, BUY_AT_98, SELL_AT_102, held=held, limit=limit * E18)
    assert [side for side, *_ in one.standing] == sides


def test_what_it_would_hold_counts_beside_what_is_held() -> None:
    one = standing(BUY_AT_98)
    quote(one, 97, 98, 1)
    wish(one, BUY_AT_98, held=1, limit=489 * E18)
    assert one.standing == ()
    wish(one, BUY_AT_98, held=1, limit=490 * E18)
    assert len(one.standing) == 1


def test_a_fill_is_measured_from_the_middle_it_was_quoted_on() -> None:
    one = standing(BUY_AT_98)
    quote(one, 97, 98, 1)
    quote(one, 90, 92, 20 * NS_PER_S)
    first = one.markouts.horizons[0]
    assert (first.notional, first.capture) == (200 * E18, 4 * E18)
    assert first.adverse == 2 * (200 - 195) * E18 // 2
    assert first.fee == one.fees


def test_lifting_the_freeze_ends_it_at_the_last_middle() -> None:
    one = standing(BUY_AT_98, SELL_AT_102)
    quote(one, 97, 98, 1)
    wish(one, BUY_AT_98)
    before = one.pnl_e18
    one.on_unfreeze()
    assert (one.qty, one.standing, one.pnl_e18) == (0, (), before)
    quote(one, 50, 51, 2)
    assert one.pnl_e18 == before


def test_nothing_stands_on_an_unusable_market() -> None:
    one = standing(BUY_AT_98)
    one.on_unusable(5)
    assert (one.standing, one.markouts.mid, one.mark) == ((), 0, 100 * SCALE)
    quote(one, 90, 91, 6)
    assert one.qty == 0


def test_what_has_not_begun_is_worth_nothing() -> None:
    one = WouldBe()
    assert (one.mark, one.qty, one.cash, one.fees, one.volume, one.pnl_e18) == (0,) * 6


def test_a_market_without_a_middle_keeps_the_last_mark() -> None:
    one = standing()
    one.on_quote(0, 0, 1)
    assert (one.mark, one.markouts.mid) == (100 * SCALE, 0)
