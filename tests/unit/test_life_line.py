"""The orders of a run from the entries of its line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.life_files import E9, T0
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.life.line import LineOrders, line_deals

PLACE = {"client_order_id": "CLI1", "symbol": "BTC-USD", "side": "Buy", "qty": "2", "price": "10"}
ACCEPT = {"client_order_id": "CLI1", "order_id": "ORD1"}


def a_fill(number: int, **changes: Any) -> dict[str, Any]:
    told = {"fill_id": f"F{number}", "order_id": "ORD1", "symbol": "BTC-USD", "side": "Buy",
            "qty": "1", "price": "10", "liquidity": "maker"}  # fmt: skip
    return {**told, **changes}


def test_an_order_and_its_fills() -> None:
    (deal,) = line_deals([
        ("order.place", T0, PLACE), ("md.quote", T0, {}), ("order.accepted", T0 + 1, ACCEPT),
        ("order.fill", T0 + 2, a_fill(1)),
        ("order.executed", T0 + 3, a_fill(2, price="9", fee="0.5", why="w")),
        ("order.fill", T0 + 4, a_fill(2)), ("order.place_again", T0 + 5, PLACE),
    ], maker_bps=E9, taker_bps=7 * E9)  # fmt: skip
    assert (deal.client_order_id, deal.order_id, deal.symbol, deal.side) == (
        "CLI1", "ORD1", "BTCUSD", BUY,
    )  # fmt: skip
    assert (deal.filled, deal.cost_e18, deal.fills) == (2 * E9, 19 * 10**18, 2)
    assert deal.fee_e18 == 5 * 10**17 + 10**15  # told, and 1 bps of 10
    assert (deal.first_ns, deal.last_ns, deal.sent_ns) == (T0 + 2, T0 + 3, T0)
    assert LineOrders().round_trips() == []
    assert (deal.qty, deal.price, deal.ended_ns, deal.liquidity) == (2 * E9, 10 * E9, None, "maker")


def test_a_fill_may_overtake_its_acknowledgement_and_an_order_may_end_empty() -> None:
    other = {**PLACE, "client_order_id": "CLI2", "side": "Sell"}
    third = {**PLACE, "client_order_id": "CLI3"}
    filled, canceled, refused = line_deals([
        ("order.place", T0, PLACE), ("order.place", T0, other), ("order.place", T0, third),
        ("order.fill", T0 + 1, a_fill(1)), ("order.accepted", T0 + 2, ACCEPT),
        ("order.accepted", T0 + 2, {"client_order_id": "CLI2", "order_id": "ORD2"}),
        ("order.canceled", T0 + 3, {"order_id": "ORD2"}),
        ("order.rejected", T0 + 4, {"client_order_id": "CLI3", "message": ""}),
    ])  # fmt: skip
    assert filled.filled == E9 and filled.fee_e18 is None
    assert (canceled.side, canceled.filled, canceled.ended_ns) == (SELL, 0, T0 + 3)
    assert canceled.first_ns is None and canceled.liquidity == "" and canceled.fee_e18 is None
    assert refused.ended_ns == T0 + 4


def test_a_fill_of_nobody_s_order_is_an_order_of_its_own() -> None:
    first, stranger = line_deals([
        ("order.place", T0, PLACE), ("order.executed", T0, a_fill(9, order_id="EXT", fee=None)),
    ], taker_bps=0)  # fmt: skip
    assert (stranger.seq, stranger.client_order_id, stranger.order_id) == (2, "", "EXT")
    assert stranger.sent_ns is stranger.qty is None and stranger.fee_e18 is None


def test_a_fill_that_tells_no_liquidity_pays_as_a_taker() -> None:
    (deal,) = line_deals(
        [("order.fill", T0, a_fill(1, liquidity=""))], maker_bps=E9, taker_bps=7 * E9
    )
    assert deal.fee_e18 == 7 * 10**15 and deal.liquidity == ""


def test_what_is_no_order_is_not_heard() -> None:
    orders = LineOrders()
    orders.hear("md.quote", T0, {})
    assert orders.deals() == []


def test_fills_in_the_order_of_the_line() -> None:
    orders = LineOrders()
    for number, order_id in ((1, "A"), (2, "B"), (3, "A")):
        orders.hear("order.fill", T0, a_fill(number, order_id=order_id))
    assert [one.fill_id for one in orders.fills()] == ["F1", "F2", "F3"]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("order.place", {**PLACE, "side": "Hold"}), ("order.place", {**PLACE, "symbol": "?"}),
        ("order.place", {**PLACE, "client_order_id": 7}), ("order.place", {}),
        ("order.place", {**PLACE, "qty": "x"}), ("order.place", {**PLACE, "symbol": 3}),
        ("order.accepted", {"order_id": []}), ("order.canceled", {}),
        ("order.fill", a_fill(1, side=None)), ("order.fill", a_fill(1, order_id=5)),
        ("order.fill", a_fill(1, liquidity="both")), ("order.executed", a_fill(1)),
        ("order.executed", a_fill(1, fee="x")), ("order.fill", a_fill(1, fill_id=[])),
        ("order.fill", a_fill(1, price="0")), ("order.place", {**PLACE, "qty": "-1"}),
    ],
)  # fmt: skip
def test_what_is_not_as_the_line_has_it_is_refused(kind: str, payload: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        LineOrders(maker_bps=1, taker_bps=1).hear(kind, T0, payload)
