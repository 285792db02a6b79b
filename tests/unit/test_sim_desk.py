"""What the exchange makes of a request: amendments, replacements, cancels."""

from __future__ import annotations

import pytest

from tests.unit.sim_builders import Floor, a_quote, a_request, a_trade
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.desk import Desk
from tools.live.sim.orders import OrderKind
from tools.live.sim.rules import SymbolRules
from tools.live.sim.terms import Terms


def amend(floor: Floor, order_id: str = "ORD000001", **change: int) -> str | None:
    done = floor.exchange.amend(order_id, **{name: n * SCALE for name, n in change.items()})
    assert done is not None and done.order_id == order_id
    return done.refusal


def test_less_keeps_the_place_and_more_loses_it() -> None:
    floor = Floor()
    floor.send(qty=6, price=99)
    floor.hear(a_trade(99, 3, SELL))
    order = floor.exchange.desk.live["ORD000001"]
    assert amend(floor, qty=4) is None
    assert (order.leaves, order.ahead) == (4 * SCALE, 2 * SCALE)
    assert amend(floor, qty=9) is None
    assert (order.leaves, order.ahead) == (9 * SCALE, 5 * SCALE)
    assert amend(floor, price=100) is None
    assert (order.price, order.ahead) == (100 * SCALE, 0)


def test_what_filled_counts_and_a_new_price_may_take() -> None:
    floor = Floor()
    floor.send(qty=6, price=100)
    floor.hear(a_trade(99, 2, SELL))
    assert "has filled" in (amend(floor, qty=2) or "")
    assert amend(floor, price=101) is None
    assert floor.said() == ["ORD000001 2 at 100 maker", "ORD000001 4 at 101 taker"]
    assert amend(floor, qty=9) == "filled"
    assert amend(floor, "ORD000009", qty=9) == "unknown order"


def test_an_order_that_waits_moves_its_stop() -> None:
    floor = Floor()
    floor.send(side=SELL, qty=4, kind=OrderKind.STOP, stop=95)
    assert amend(floor, qty=3) is None
    assert amend(floor, stop=98) is None
    floor.hear(a_quote(98, 100))
    assert floor.said() == ["ORD000001 3 at 98 taker"]


def test_an_amendment_is_held_to_the_rules() -> None:
    floor = Floor(Terms(rules={"AAA": SymbolRules(tick=SCALE, max_orders=1)}))
    floor.send(price=99, post_only=True)
    done = floor.exchange.amend("ORD000001", price=SCALE // 2)
    assert done is not None and (done.refusal or "").startswith("rules: price_off_tick")
    assert (amend(floor, price=101) or "").startswith("would_take: a post-only order at 101")
    assert amend(floor, price=98) is None


def test_a_replacement_works_what_remains() -> None:
    floor = Floor()
    floor.send("C1", qty=6, price=100)
    floor.hear(a_trade(99, 2, SELL))
    response = floor.exchange.replace("ORD000001", a_request("C2", qty=8, price=98))
    assert response.order_id == "ORD000002"
    assert floor.open() == [("C2", 6)]
    assert floor.said() == ["ORD000001 2 at 100 maker", "OrderCanceled ORD000001"]


@pytest.mark.parametrize(
    ("order_id", "request_", "why"),
    [
        ("ORD000009", a_request("C2"), "not_open: unknown order"),
        ("ORD000001", a_request("C2", SELL), "impossible: a replacement has the side"),
        ("ORD000001", a_request("C2", price=101, post_only=True), "would_take"),
    ],
)
def test_where_the_new_one_is_refused_the_old_one_stays(
    order_id: str, request_: object, why: str
) -> None:
    floor = Floor()
    floor.send("C1", price=99)
    response = floor.exchange.replace(order_id, request_)  # type: ignore[arg-type]
    assert (response.message or "").startswith(why)
    assert floor.open() == [("C1", 10)]


def test_a_cancel_says_why_it_cannot_be() -> None:
    floor = Floor()
    floor.send("C1", BUY, 2, price=101)
    desk = floor.exchange.desk
    assert isinstance(desk, Desk)
    assert desk.cancel("ORD000001") == "filled"
    floor.send("C2")
    assert desk.cancel("ORD000002") is None and desk.cancel("ORD000002") == "canceled"
