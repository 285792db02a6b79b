"""`sim/order_words`: the spellings of other systems become our orders, and back."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from tests.unit.prop import a_price, a_qty, a_side, chance
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.sim.order_checks import fault
from tools.live.sim.order_words import read_order, words_of
from tools.live.sim.orders import OrderKind, OrderRequest, TimeInForce

UNIT = 10**9
PLAIN: dict[str, Any] = {"client_order_id": "C1", "symbol": "BTC", "side": "buy", "qty": "2"}


def read(**told: Any) -> OrderRequest:
    return read_order(json.dumps({**PLAIN, **told}).encode(), "order.json")


def test_an_order_of_ours_is_read() -> None:
    raw = b"""{"client_order_id": "a1", "symbol": "BTCUSDT", "side": "buy", "qty": 0.1,
               "type": "stop_limit", "stop": 101, "price": "101.5", "time_in_force": "DAY"}"""
    assert read_order(raw, "o") == OrderRequest(
        "a1", "BTCUSDT", BUY, UNIT // 10, OrderKind.STOP_LIMIT, 101_500_000_000, 101 * UNIT,
        time_in_force=TimeInForce.DAY,
    )  # fmt: skip


@pytest.mark.parametrize(("told", "wanted"), [
    ({"price": 1, "type": "LIMIT", "timeInForce": "gtc"}, {}),
    ({"limit_price": 1}, {}),
    ({"limitPrice": "1.0", "type": None}, {}),
    ({"price": 1, "side": "SELL"}, {"side": SELL}),
    ({"price": 1, "timeInForce": "GTX"}, {"post_only": True}),
    ({"price": 1, "tif": "po"}, {"post_only": True}),
    ({"price": 1, "type": "LIMIT_MAKER"}, {"post_only": True}),
    ({"price": 1, "postOnly": True}, {"post_only": True}),
    ({"price": 1, "postOnly": "false", "reduceOnly": "true"}, {"reduce_only": True}),
    ({"price": 1, "icebergQty": "0.5"}, {"display": UNIT // 2}),
    ({"price": 1, "oco": "exits", "oto": "C0"}, {"one_cancels_other": "exits", "after": "C0"}),
    ({"price": 1, "tif": "GTD", "goodTillDate": 1_700_000_000_000},
     {"time_in_force": TimeInForce.GTD, "expires_ns": 1_700_000_000 * 10**9}),
    ({"price": 1, "tif": "GTD", "expires": "2026-01-01T00:00:00Z"},
     {"time_in_force": TimeInForce.GTD, "expires_ns": 1_767_225_600 * 10**9}),
    ({"type": "market"}, {"kind": OrderKind.MARKET, "price": None}),
    *(({"type": spelled, "stopPrice": 3}, {"kind": kind, "price": None, "stop": 3 * UNIT})
      for spelled, kind in (
          ("stop", OrderKind.STOP), ("STOP_MARKET", OrderKind.STOP),
          ("stop-loss", OrderKind.STOP), ("Take Profit", OrderKind.MARKET_IF_TOUCHED),
          ("TAKE_PROFIT_MARKET", OrderKind.MARKET_IF_TOUCHED),
          ("market_if_touched", OrderKind.MARKET_IF_TOUCHED),
      )),
    ({"type": "stop-limit", "triggerPrice": 3, "price": 1},
     {"kind": OrderKind.STOP_LIMIT, "stop": 3 * UNIT}),
    ({"type": "STOP_LOSS_LIMIT", "stop_price": 3, "price": 1},
     {"kind": OrderKind.STOP_LIMIT, "stop": 3 * UNIT}),
    ({"type": "trailing_stop", "trail_price": "0.5"},
     {"kind": OrderKind.TRAILING_STOP, "price": None, "trail": UNIT // 2}),
    ({"type": "TRAILING_STOP_MARKET", "callbackRate": 0.5},
     {"kind": OrderKind.TRAILING_STOP, "price": None, "trail_bps": 50 * UNIT}),
])  # fmt: skip
def test_other_spellings_mean_the_same(told: dict[str, Any], wanted: dict[str, Any]) -> None:
    made: dict[str, Any] = {"side": BUY, "price": UNIT} | wanted
    assert read(**told) == OrderRequest("C1", "BTC", qty=2 * UNIT, **made)


@pytest.mark.parametrize(("told", "said"), [
    ({"pirce": 1}, "unknown field 'pirce' of order.json; did you mean 'price'?"),
    ({"price": 1, "limitPrice": 1}, "order.json says price twice; keep one of them"),
    ({"symbol": None}, "order.json has no symbol; an order needs one"),
    ({"qty": True}, "qty True of order.json is not a number"),
    ({"qty": [1]}, "qty [1] of order.json is not a number"),
    ({"qty": "1_0"}, "qty of order.json '1_0' is not a number; give digits like 0.01"),
    ({"qty": 0.0000000001}, "qty of order.json '1e-10' has more than 9 decimals; round it first"),
    ({"symbol": 5}, "symbol 5 of order.json is not a text"),
    ({"side": "long"}, "side 'long' of order.json is not buy or sell"),
    ({"side": 1}, "side 1 of order.json is not buy or sell"),
    ({"price": 1, "type": "limt"}, "type 'limt' of order.json is not known; did you mean 'limit'?"),
    ({"price": 1, "tif": "OPG"}, "time_in_force 'OPG' of order.json is not known; "
     "known are GTC, IOC, FOK, DAY, GTD, GTX, PO"),
    ({"price": 1, "postOnly": 1}, "post_only 1 of order.json is not true or false"),
    ({"price": 1, "expires": "x", "expires_ns": 1},
     "order.json has expires_ns and expires; keep one of them"),
    ({"price": 1, "expires": "tomorrow"},
     "expires of order.json 'tomorrow' is not of the form 2025-01-01T00:00:00Z"),
    ({"price": 1, "expires_ns": 0}, "expires_ns 0 of order.json is not a whole number in range"),
    ({"price": 1, "expires_ns": 2**63},
     f"expires_ns {2**63} of order.json is not a whole number in range"),
    ({"price": 1, "goodTillDate": 2**50},
     f"good_till_date {2**50} of order.json is not a whole number in range"),
    ({"price": 1, "goodTillDate": "1"},
     "good_till_date '1' of order.json is not a whole number in range"),
    ({"type": "trailing_stop", "trail_bps": 5, "trail_percent": 5},
     "order.json has trail_bps and trail_percent; keep one of them"),
    ({"type": "STOP", "stop": 5, "price": 5},
     "order.json: a stop order has no price, this one 5; write stop_limit"),
    ({}, "order.json: a limit order needs a price"),
])  # fmt: skip
def test_what_is_no_order_is_told_why(told: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as error:
        read(**told)
    assert str(error.value) == said


@pytest.mark.parametrize(("raw", "said"), [
    (b"[]", "o is no order; write an object with symbol, side and qty"),
    (b'{"symbol": "A", "symbol": "B"}', "o has the key 'symbol' twice"),
    (b'{"qty": NaN}', "o holds NaN; JSON numbers are finite"),
])  # fmt: skip
def test_what_is_no_object_is_told_why(raw: bytes, said: str) -> None:
    with pytest.raises(ContractError) as error:
        read_order(raw, "o")
    assert str(error.value) == said


@pytest.mark.parametrize("seed", range(20))
def test_every_order_comes_back_as_it_went(seed: int) -> None:
    rng = chance(seed)
    for _ in range(50):
        request = a_request(rng)
        raw = json.dumps(words_of(request)).encode()
        assert read_order(raw, "o") == request


def a_request(rng: Random) -> OrderRequest:
    """Any order that makes sense."""
    kind, force, qty = rng.choice(list(OrderKind)), rng.choice(list(TimeInForce)), a_qty(rng)
    if kind is OrderKind.MARKET and force is TimeInForce.GTD:
        force = TimeInForce.IOC
    limited = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
    rests = limited and force not in (TimeInForce.IOC, TimeInForce.FOK)
    trails = kind is OrderKind.TRAILING_STOP
    needs_stop = not trails and kind not in (OrderKind.LIMIT, OrderKind.MARKET)
    in_bps = rng.random() < 0.5
    made = OrderRequest(
        f"C{rng.randint(1, 99)}", rng.choice(("BTC", "\u00e9\u4e2d", 'A"B')), a_side(rng), qty,
        kind, price=a_price(rng) if limited else None,
        stop=a_price(rng) if needs_stop or (trails and rng.random() < 0.5) else None,
        trail=a_price(rng) if trails and not in_bps else None,
        trail_bps=rng.randint(1, 10**13 - 1) if trails and in_bps else None,
        time_in_force=force,
        expires_ns=rng.randint(1, 2**62) if force is TimeInForce.GTD else None,
        post_only=rests and rng.random() < 0.3, reduce_only=rng.random() < 0.3,
        display=rng.randint(1, qty) if rests and rng.random() < 0.3 else None,
        one_cancels_other=rng.choice((None, "exits")), after=rng.choice((None, "C0")),
    )  # fmt: skip
    assert fault(made) is None
    return made
