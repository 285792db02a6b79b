"""One symbol: what fills captured, what was held, and that the parts are the whole."""

from __future__ import annotations

import pytest

from tests.unit.prop import chance
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.portfolio.symbol_track import SymbolTrack


def track(bid: int = 99, ask: int = 101) -> SymbolTrack:
    made = SymbolTrack("A")
    made.quote(bid, ask, 0)
    return made


def test_a_maker_earns_half_the_spread() -> None:
    made = track()
    assert made.fill(BUY, 2, 99, 1, True, 5) == 2 - 1
    assert (made.earned, made.paid, made.slippage, made.fees, made.equity) == (2, 0, 0, 1, 1)
    assert (made.qty, made.bought_e18, made.sold_e18, made.volume_e18) == (2, 198, 0, 198)
    assert (made.fills, made.maker_fills) == (1, 1)


def test_a_taker_pays_it_and_what_is_beyond_the_touch_is_slippage() -> None:
    made = track()
    made.fill(SELL, 2, 97, 0, False, 5)
    assert (made.earned, made.paid, made.slippage, made.equity) == (0, 2, 4, -6)
    made.fill(BUY, 1, 101, 0, False, 5)
    assert (made.paid, made.slippage, made.maker_fills, made.sold_e18) == (3, 4, 0, 194)


def test_a_maker_has_no_slippage_but_may_have_been_passed() -> None:
    made = track()
    made.fill(BUY, 2, 105, 0, True, 5)
    assert (made.earned, made.paid, made.slippage) == (0, 10, 0)


def test_slippage_is_never_more_than_what_was_lost() -> None:
    made = track(105, 95)  # crossed: the touch is better than the middle
    made.fill(BUY, 1, 101, 0, False, 1)
    assert (made.paid, made.slippage) == (0, 1)
    made.fill(BUY, 1, 98, 0, False, 1)
    assert (made.earned, made.slippage) == (2, 1)


def test_a_market_that_was_never_quoted_is_worth_the_first_price() -> None:
    made = SymbolTrack("A")
    assert made.fill(BUY, 3, 50, 0, False, 1) == 0
    assert (made.mark, made.earned, made.paid, made.slippage) == (50, 0, 0, 0)
    made.fill(SELL, 1, 48, 0, False, 2)
    assert (made.paid, made.slippage, made.mark) == (2, 0, 50)


def test_a_rebate_is_no_fee_below_zero() -> None:
    made = track()
    made.fill(BUY, 1, 100, -3, True, 1)
    assert (made.fees, made.rebates, made.equity) == (0, 3, 3)


def test_what_is_held_earns_the_moves_of_the_market() -> None:
    made = track()
    made.fill(SELL, 2, 100, 0, True, 10)
    assert made.quote(104, 106, 30) == -10
    assert (made.market, made.equity, made.most_gross) == (-10, -10, 210)
    assert (made.gross_ns, made.net_ns, made.held_ns) == (200 * 20, -200 * 20, 20)
    made.fill(BUY, 2, 105, 0, True, 40)
    assert made.quote(1, 3, 60) == 0
    made.hold(70)
    assert (made.gross_ns, made.held_ns) == (200 * 20 + 210 * 10, 30)


def test_fills_against_the_middle_of_their_decision() -> None:
    made = track()
    made.quote(103, 105, 1)
    made.fill(BUY, 2, 103, 0, True, 1)
    made.arrived(2, 103, 100)
    assert (made.arrival_e18, made.delay_e18, made.capture_e18) == (6, 8, 2)
    assert (made.arrival_notional, made.effective_notional) == (200, 208)


def test_fills_that_close() -> None:
    made = track()
    for earned in (5, 0, -3, 1):
        made.close(earned)
    assert (made.closing, made.winning, made.won_e18, made.lost_e18) == (4, 2, 6, 3)


def test_funding() -> None:
    made = track()
    assert (made.fund(-4), made.fund(1), made.funding, made.equity) == (-4, 1, -3, -3)


@pytest.mark.parametrize("seed", range(30))
def test_the_parts_are_the_whole(seed: int) -> None:
    draw = chance(seed)
    made, cash, mark, gross, net = SymbolTrack("A"), 0, 0, 0, 0
    before = 0
    for number in range(200):
        ns = before + draw.randrange(0, 5)
        gross += abs(made.qty) * mark * (ns - before)
        net += made.qty * mark * (ns - before)
        before = ns
        if not number or draw.random() < 0.5:
            bid = draw.randrange(90, 110)
            made.quote(bid, bid + draw.randrange(0, 9), ns)
            mark = made.mark
        elif draw.random() < 0.1:
            cash += made.fund(draw.randrange(-5, 6))
        else:
            side, qty = draw.choice((BUY, SELL)), draw.randrange(1, 9)
            price, fee = draw.randrange(85, 115), draw.randrange(-3, 9)
            made.fill(side, qty, price, fee, draw.random() < 0.5, ns)
            cash -= (qty if side is BUY else -qty) * price + fee
        assert made.equity == cash + made.qty * made.mark == made.explained_e18()
        assert made.earned - made.paid - made.slippage == made.capture_e18
        assert min(made.earned, made.paid, made.slippage, made.fees, made.rebates) >= 0
    made.hold(before)
    assert (made.gross_ns, made.net_ns) == (gross, net)
