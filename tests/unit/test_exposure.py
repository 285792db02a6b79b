"""What a symbol can become at worst, and the cause of a freeze."""

from __future__ import annotations

import pytest

from tools.live.portfolio.ledger import Holding
from tools.live.risk.exposure import Exposure
from tools.live.risk.freeze import FreezeCause


def an_exposure(held: int, buys: int, sells: int) -> Exposure:
    holding = Holding("BTCUSDT")
    holding.qty = held
    exposure = Exposure(holding)
    exposure.buys = buys
    exposure.sells = sells
    return exposure


@pytest.mark.parametrize(
    ("held", "buys", "sells", "worst"),
    [
        (0, 0, 0, 0),
        (5, 0, 0, 5),
        (-5, 0, 0, 5),
        (5, 3, 0, 8),
        (5, 0, 3, 5),
        (5, 0, 12, 7),
        (-5, 3, 0, 5),
        (-5, 12, 0, 7),
        (-5, 2, 4, 9),
        (0, 4, 6, 6),
    ],
)
def test_the_worst_quantity_is_all_of_one_side_filled(
    held: int, buys: int, sells: int, worst: int
) -> None:
    assert an_exposure(held, buys, sells).worst_qty() == worst


def test_the_worst_quantity_is_the_worst_over_every_way_the_orders_may_fill() -> None:
    for held in range(-4, 5):
        for buys in range(4):
            for sells in range(4):
                ways = [
                    abs(held + bought - sold)
                    for bought in range(buys + 1)
                    for sold in range(sells + 1)
                ]
                assert an_exposure(held, buys, sells).worst_qty() == max(ways)


def test_a_new_exposure_has_no_price() -> None:
    assert an_exposure(0, 0, 0).mark == 0


def test_a_cause_says_why_where_and_when() -> None:
    cause = FreezeCause("lost edge", "BTCUSDT", 7)
    assert (cause.reason, cause.symbol, cause.ts_ns) == ("lost edge", "BTCUSDT", 7)
