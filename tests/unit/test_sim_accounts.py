"""Positions at their average cost, and cash."""

from __future__ import annotations

from tools.live.core.money import CASH_SCALE, SCALE
from tools.live.exchange import Position
from tools.live.sim.accounts import Accounts


def test_closing_leaves_the_average_and_crossing_restarts_it() -> None:
    accounts = Accounts()
    for qty, price in ((2, 100), (2, 110), (-1, 200)):
        accounts.trade("A", qty * SCALE, price * SCALE, 0)
    assert accounts.positions() == [Position("A", 3, 105.0)]
    accounts.trade("A", -5 * SCALE, 90 * SCALE, 0)
    assert accounts.positions() == [Position("A", -2, 90.0)]
    accounts.trade("A", 2 * SCALE, 90 * SCALE, 0)
    assert accounts.positions() == [] and accounts.position("A") == 0


def test_cash_pays_for_what_is_bought_with_its_fee() -> None:
    accounts = Accounts(1000 * CASH_SCALE, "USDT")
    accounts.trade("A", 2 * SCALE, 100 * SCALE, 3 * CASH_SCALE)
    accounts.trade("B", -1 * SCALE, 50 * SCALE, -1 * CASH_SCALE)
    accounts.pay(7 * CASH_SCALE)
    assert accounts.balances() == {"USDT": (1000 - 200 - 3 + 50 + 1 - 7) * CASH_SCALE}
    assert accounts.position("C") == 0
    assert [one.symbol for one in accounts.positions()] == ["A", "B"]


def test_no_count_of_cash_is_no_balance() -> None:
    assert Accounts().balances() is None
    assert Accounts(0).balances() == {"USD": 0}
    assert Accounts().state() != Accounts(0).state()
