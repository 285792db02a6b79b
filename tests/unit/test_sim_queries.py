"""What the exchange answers when it is asked; most of it is asked in `test_sim_exchange`."""

from __future__ import annotations

from tests.unit.sim_builders import a_request
from tools.live.exchange_query import Found
from tools.live.sim.orders import OrderKind, WorkingOrder
from tools.live.sim.queries import answer_about, open_order
from tools.live.sim.register import Register


def test_an_order_shows_its_limit_also_while_it_waits() -> None:
    order = WorkingOrder(a_request(kind=OrderKind.STOP_LIMIT, stop=90, price=91), "O1", 1)
    order.price = None
    assert open_order(order).price == 91


def test_nobody_of_that_name() -> None:
    assert answer_about(Register(), "C1").found is Found.UNKNOWN
