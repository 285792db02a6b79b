"""Every check at the arrival of an order, in its order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sim_builders import T0, Floor, a_trade
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import SELL
from tools.live.sim.admission import Admission
from tools.live.sim.orders import OrderKind, TimeInForce
from tools.live.sim.rules import SymbolRules
from tools.live.sim.session import DailyHours
from tools.live.sim.terms import Terms

STRICT = Terms(
    rules={"AAA": SymbolRules(tick=SCALE, max_orders=1, max_waiting=1)}, only_listed=True
)


@pytest.mark.parametrize(
    ("terms", "more", "message"),
    [
        (None, {"qty": 0}, "impossible: qty 0 must be above 0"),
        (STRICT, {"symbol": "BBB"}, "unknown_symbol: BBB is not listed here"),
        (None, {"time_in_force": TimeInForce.GTD, "expires_ns": T0}, "expired: its end 2025"),
        (Terms(sessions=DailyHours("09:00", "17:00")), {}, "closed: AAA is closed at 2025-01-01"),
        (STRICT, {"price": 99.5}, "rules: price_off_tick: price 99.5"),
        (None, {"price": 101, "post_only": True}, "would_take: a post-only order at 101 would"),
        (None, {"reduce_only": True}, "would_not_reduce: there is no position of AAA"),
        (None, {"one_cancels_other": "G", "after": "C0"}, "link: after 'C0' names no order"),
    ],
)
def test_why_an_order_is_refused(terms: Terms | None, more: dict[str, Any], message: str) -> None:
    floor = Floor(terms)
    response = floor.send(**more)
    assert not response.success and response.order_id is None
    assert (response.message or "").startswith(message)
    assert floor.open() == []


def test_a_sell_that_would_take_names_the_bid() -> None:
    floor = Floor()
    response = floor.send(side=SELL, price=98, post_only=True)
    assert (response.message or "").endswith("at 98 would take at 99")


def test_rules_know_how_many_orders_there_are_and_the_last_price() -> None:
    floor = Floor(STRICT)
    floor.hear(a_trade(100, 1))
    assert floor.send("C1", qty=1, price=90).success
    assert "too_many_orders" in (floor.send("C2", qty=1, price=90).message or "")
    floor.exchange.cancel("ORD000001")
    assert floor.send("C3", SELL, 1, kind=OrderKind.STOP, stop=90).success
    assert "too_many" in (floor.send("C4", SELL, 1, kind=OrderKind.STOP, stop=90).message or "")


def test_a_symbol_without_rules_has_none() -> None:
    floor = Floor(Terms(rules={"BBB": SymbolRules(tick=SCALE)}))
    assert floor.send(price=99.5).success
    floor = Floor(Terms(rules={"AAA": SymbolRules(tick=SCALE)}))
    assert floor.send(price=99).success
    assert Admission.__name__ == "Admission"


def test_an_order_that_waits_is_not_held_to_the_market() -> None:
    floor = Floor()
    assert floor.send(side=SELL, kind=OrderKind.STOP, stop=90, reduce_only=True).success
