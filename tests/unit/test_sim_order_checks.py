"""`sim/order_checks`: every impossible order has one clear line, every possible one has none."""

from __future__ import annotations

from typing import Any

import pytest
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.sim.order_checks import checked, fault
from tools.live.sim.orders import OrderKind, OrderRequest, TimeInForce

UNIT = 10**9
LIMIT: dict[str, Any] = {"price": 100 * UNIT}
MARKET: dict[str, Any] = {"kind": OrderKind.MARKET}
STOP: dict[str, Any] = {"kind": OrderKind.STOP, "stop": 90 * UNIT}
STOP_LIMIT: dict[str, Any] = {"kind": OrderKind.STOP_LIMIT, "stop": 90 * UNIT, "price": 89 * UNIT}
TOUCHED: dict[str, Any] = {"kind": OrderKind.MARKET_IF_TOUCHED, "stop": 90 * UNIT}
TRAILING: dict[str, Any] = {"kind": OrderKind.TRAILING_STOP, "trail": UNIT}
TRAILING_BPS: dict[str, Any] = {"kind": OrderKind.TRAILING_STOP, "trail_bps": 50 * UNIT}
IOC, FOK, DAY, GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.DAY, TimeInForce.GTD


def a_request(**changes: Any) -> OrderRequest:
    made: dict[str, Any] = {"client_order_id": "C1", "symbol": "BTC", "side": BUY, "qty": 2 * UNIT}
    return OrderRequest(**(made | changes))


@pytest.mark.parametrize("request_", [
    LIMIT, MARKET, STOP, STOP_LIMIT, TOUCHED, TRAILING, TRAILING_BPS,
    TRAILING | {"stop": 80 * UNIT},
    LIMIT | {"time_in_force": IOC}, LIMIT | {"time_in_force": FOK}, LIMIT | {"time_in_force": DAY},
    LIMIT | {"time_in_force": GTD, "expires_ns": 1}, STOP | {"time_in_force": IOC},
    STOP | {"time_in_force": GTD, "expires_ns": 1}, MARKET | {"time_in_force": DAY},
    LIMIT | {"post_only": True}, STOP_LIMIT | {"post_only": True}, LIMIT | {"display": 2 * UNIT},
    STOP_LIMIT | {"display": 1}, LIMIT | {"reduce_only": True}, MARKET | {"reduce_only": True},
    LIMIT | {"one_cancels_other": "exits", "after": "C0"},
    LIMIT | {"client_order_id": "x" * 128}, LIMIT | {"qty": 10**24},
    TRAILING_BPS | {"trail_bps": 10_000 * UNIT - 1},
])  # fmt: skip
def test_an_order_that_makes_sense_has_no_fault(request_: dict[str, Any]) -> None:
    made = a_request(**request_)
    assert fault(made) is None
    assert checked(made) is made


@pytest.mark.parametrize(("changes", "said"), [
    (LIMIT | {"client_order_id": ""}, "client_order_id '' must have 1 to 128 characters"),
    (LIMIT | {"symbol": "x" * 129}, f"symbol {'x' * 40!r} must have 1 to 128 characters"),
    (LIMIT | {"one_cancels_other": ""}, "one_cancels_other '' must have 1 to 128 characters"),
    (LIMIT | {"after": ""}, "after '' must have 1 to 128 characters"),
    (LIMIT | {"after": "C1"},
     "after 'C1' is the order itself; name the order whose fill sends it"),
    (LIMIT | {"qty": 0}, "qty 0 must be above 0"),
    (LIMIT | {"qty": -UNIT}, "qty -1 must be above 0"),
    (LIMIT | {"qty": 10**24 + 1}, "qty is beyond 1000000000000000 units"),
    ({"price": 0}, "price 0 must be above 0"),
    (STOP | {"stop": 0}, "stop 0 must be above 0"),
    (TRAILING | {"trail": -1}, "trail -0.000000001 must be above 0"),
    (TRAILING_BPS | {"trail_bps": 0}, "trail_bps 0 must be above 0"),
    (LIMIT | {"display": 0}, "display 0 must be above 0"),
    ({}, "a limit order needs a price"),
    (STOP_LIMIT | {"price": None}, "a stop_limit order needs a price"),
    (MARKET | LIMIT, "a market order has no price, this one 100; leave the price out"),
    (TOUCHED | LIMIT,
     "a market_if_touched order has no price, this one 100; leave the price out"),
    (TRAILING | LIMIT, "a trailing_stop order has no price, this one 100; leave the price out"),
    (STOP | LIMIT, "a stop order has no price, this one 100; write stop_limit"),
    (STOP | {"stop": None}, "a stop order needs a stop, the price that triggers it"),
    (STOP_LIMIT | {"stop": None}, "a stop_limit order needs a stop, the price that triggers it"),
    (TOUCHED | {"stop": None},
     "a market_if_touched order needs a stop, the price that triggers it"),
    (LIMIT | {"stop": UNIT}, "a limit order has no stop, this one 1; write stop_limit"),
    (MARKET | {"stop": UNIT}, "a market order has no stop, this one 1; write stop"),
    (LIMIT | {"trail": UNIT}, "a limit order has no trail; write trailing_stop"),
    (STOP | {"trail_bps": UNIT}, "a stop order has no trail; write trailing_stop"),
    (TRAILING | {"trail": None},
     "a trailing_stop needs one of trail and trail_bps, this one has neither"),
    (TRAILING | {"trail_bps": UNIT},
     "a trailing_stop needs one of trail and trail_bps, this one has both"),
    (TRAILING_BPS | {"trail_bps": 10_000 * UNIT},
     "trail_bps 10000 must be below 10000, the whole price"),
    (LIMIT | {"time_in_force": GTD}, "a GTD order needs expires_ns, the time at which it ends"),
    (LIMIT | {"time_in_force": GTD, "expires_ns": 0},
     "a GTD order needs expires_ns, the time at which it ends"),
    (MARKET | {"time_in_force": GTD, "expires_ns": 1},
     "a market order does not wait, so it cannot be GTD; write IOC"),
    (LIMIT | {"expires_ns": 1},
     "expires_ns is for GTD orders, this one is GTC; write GTD or leave it out"),
    (MARKET | {"post_only": True}, "post_only is for orders that rest, not for a market order"),
    (STOP | {"post_only": True}, "post_only is for orders that rest, not for a stop order"),
    (LIMIT | {"post_only": True, "time_in_force": IOC},
     "post_only is for orders that rest, not for IOC ones"),
    (LIMIT | {"display": 1, "time_in_force": FOK},
     "display is for orders that rest, not for FOK ones"),
    (MARKET | {"display": 1}, "display is for orders that rest, not for a market order"),
    (LIMIT | {"display": 3 * UNIT}, "display 3 is more than the quantity 2"),
])  # fmt: skip
def test_an_impossible_order_is_told_why(changes: dict[str, Any], said: str) -> None:
    made = a_request(**changes)
    assert fault(made) == said
    with pytest.raises(ContractError) as error:
        checked(made)
    assert str(error.value) == said


def test_the_first_rule_in_the_stated_order_is_named() -> None:
    """Names, quantities, kind, time in force, flags: everything is wrong with this one."""
    wrong = a_request(
        client_order_id="", qty=0, kind=OrderKind.MARKET, stop=UNIT, time_in_force=GTD,
        post_only=True,
    )  # fmt: skip
    said = fault(wrong)
    assert said is not None and said.startswith("client_order_id")
