"""Which queue model fills our orders when life filled them."""

from __future__ import annotations

import pytest

from tests.unit.life_files import E9, MS, T0
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, MarketEvent, Trade
from tools.live.sim.queue_fit import (
    QueueFit, QueueReplay, Waited, checked_powers, in_words,
)  # fmt: skip

PRICE = 100 * E9
POWERS = ("0.5", "1", "2", "4")


def a_quote(at: int, bid_qty: int, bid: int = PRICE, symbol: str = "X") -> Bbo:
    return Bbo(symbol, "s", bid, bid_qty * E9, bid + E9, 9 * E9, None, T0 + at * MS,
               T0 + at * MS)  # fmt: skip


def a_trade(at: int, qty: int) -> Trade:
    at_ns = T0 + at * MS
    return Trade("X", "s", f"t{at}", SELL, PRICE, qty * E9, None, at_ns, at_ns)


def an_order(
    filled: int | None, *, arrived: int = 1, left: int | None = None, side: Side = BUY,
    price: int = PRICE,
) -> Waited:  # fmt: skip
    return Waited(
        "A", "X", side, E9, price, T0 + arrived * MS, None if left is None else T0 + left * MS,
        None if filled is None else T0 + filled * MS,
    )  # fmt: skip


def fitted(
    orders: list[Waited], events: list[MarketEvent], powers: tuple[str, ...] = POWERS
) -> QueueFit | None:
    replay = QueueReplay(orders, powers)
    for event in events:
        replay.hear(event)
    return replay.fit(1)


# 30 ahead, 10 behind; 20 are canceled; then trades of 1 show how many are left before us.
MARKET: list[MarketEvent] = [
    a_quote(0, 30), a_quote(2, 40), a_quote(3, 20), *(a_trade(10 + n, 1) for n in range(40)),
]  # fmt: skip


def filled_under(power: str) -> int:
    """When the exchange of that power fills the order, in ms."""
    replay = QueueReplay([an_order(None)], (power, "16"))
    for event in MARKET:
        replay.hear(event)
    return (replay._filled[0][0] - T0) // MS


@pytest.mark.parametrize("power", POWERS)
def test_the_power_that_life_had_fits_best(power: str) -> None:
    fit = fitted([an_order(filled_under(power))], MARKET)
    assert fit is not None and fit.used == 1 and fit.left_out == 0
    assert in_words(fit.best_e9) == f"power:{power}"
    place = POWERS.index(power)
    assert in_words(fit.low_e9) == f"power:{POWERS[max(0, place - 1)]}"
    assert in_words(fit.high_e9) == f"power:{POWERS[min(3, place + 1)]}"
    assert fit.tells
    scores = {one.model: one for one in fit.scores}
    assert scores[f"power:{power}"].mean_ns == 0
    assert scores["pessimistic"].mean_ns > 0 and "log" in scores
    at = filled_under(power)
    for other in POWERS:
        apart = min(abs(filled_under(other) - at), at - 1)
        assert scores[f"power:{other}"].mean_ns == apart * MS


def test_more_canceled_before_us_fills_earlier() -> None:
    times = [filled_under(power) for power in POWERS]
    assert times == sorted(times, reverse=True) and len(set(times)) == 4


def test_an_order_that_life_never_filled_counts_to_its_end() -> None:
    at = filled_under("4")
    fit = fitted([an_order(None, left=at + 1)], MARKET, ("1", "4"))
    assert fit is not None
    scores = {one.model: one for one in fit.scores}
    assert scores["power:4"].mean_ns == MS and scores["power:4"].only_model == 1
    assert scores["pessimistic"].mean_ns == 0 and scores["pessimistic"].only_model == 0


def test_what_the_model_never_fills_costs_as_long_as_it_waited() -> None:
    fit = fitted([an_order(9)], [a_quote(0, 30), a_quote(2, 40), a_quote(50, 40)])
    assert fit is not None
    assert {one.mean_ns for one in fit.scores} == {8 * MS}
    assert {one.only_life for one in fit.scores} == {1}
    assert in_words(fit.best_e9) == "power:1"  # all are equal: the middle of them
    assert (fit.low_e9, fit.high_e9, fit.tells) == (E9 // 2, 4 * E9, False)


def test_orders_leave_at_their_cancel_or_when_nothing_more_can_be_lost() -> None:
    for order in (an_order(None, left=5), an_order(3)):
        replay = QueueReplay([order], POWERS)
        for event in MARKET:
            replay.hear(event)
        assert not any(list(venue.resting()) for venue in replay._venues["X"])


def test_at_one_instant_the_market_moves_first() -> None:
    replay = QueueReplay([an_order(None, arrived=5)], POWERS)
    for event in (a_quote(0, 30), a_quote(5, 40), a_quote(6, 40)):
        replay.hear(event)
    assert {order.ahead for order in replay._working[0]} == {40 * E9}


def test_an_order_that_takes_or_comes_before_the_market_tells_nothing() -> None:
    takes = an_order(2, price=PRICE + E9)
    early = an_order(2, arrived=-5, left=60)
    assert fitted([takes, early], MARKET) is None
    fit = fitted([takes, early, an_order(20)], MARKET)
    assert fit is not None and (fit.used, fit.left_out) == (1, 2)
    assert fitted([an_order(9)], [a_quote(0, 5, symbol="Y")]) is None
    replay = QueueReplay([takes], POWERS)
    replay.hear(a_quote(0, 30))
    replay._act(T0 + 2 * MS)
    assert not any(list(venue.resting()) for venue in replay._venues["X"])
    sells = fitted([an_order(9, side=SELL, price=PRICE + E9)], MARKET)
    assert sells is not None and sells.used == 1


@pytest.mark.parametrize(
    ("powers", "told"),
    [(("1",), "1 powers are not 2 to 32"), (("2", "1"), "do not rise"), (("1", "1"), "do not"),
     (("1", "x"), "not a number"), (("0", "1"), "n of the power queue")],
)  # fmt: skip
def test_a_grid_rises(powers: tuple[str, ...], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        QueueReplay([], powers)


def test_powers_in_words() -> None:
    assert checked_powers(("0.5", "16")) == [E9 // 2, 16 * E9]
    assert in_words(E9 // 2) == "power:0.5" and in_words(16 * E9) == "power:16"
