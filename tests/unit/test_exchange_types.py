"""The types of `tools.live.exchange`: positional, mutable, comparable, exact inside."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.unit import prop
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse,
    Position,
)  # fmt: skip

# Type, arguments by position, what they are called, and the repr.
TYPES: dict[str, tuple[Any, tuple[Any, ...], tuple[str, ...], str]] = {
    "request": (
        PlaceOrderRequest, ("CLI00000001", "BTCUSDT", BUY, 0.01, 50_000.0),
        ("client_order_id", "symbol", "side", "qty", "price"),
        "PlaceOrderRequest(client_order_id='CLI00000001', symbol='BTCUSDT',"
        " side=<Side.BUY: 'Buy'>, qty=0.01, price=50000.0)",
    ),
    "response": (
        PlaceOrderResponse, (True, "ORD000001", OrderStatus.OPEN, "why", 5),
        ("success", "order_id", "status", "message", "timestamp_ms"),
        "PlaceOrderResponse(success=True, order_id='ORD000001',"
        " status=<OrderStatus.OPEN: 'Open'>, message='why', timestamp_ms=5)",
    ),
    "fill": (
        FillEvent, ("ORD000001", "BTCUSDT", SELL, 50_000.0, 0.01, 5, "FIL000001", "maker"),
        ("order_id", "symbol", "side", "price", "qty", "timestamp_ms", "fill_id", "liquidity"),
        "FillEvent(order_id='ORD000001', symbol='BTCUSDT', side=<Side.SELL: 'Sell'>,"
        " price=50000.0, qty=0.01, timestamp_ms=5, fill_id='FIL000001', liquidity='maker')",
    ),
    "open order": (
        OpenOrder,
        ("ORD000001", "CLI00000001", "BTCUSDT", BUY, 0.01, 0.005, 50_000.0, OrderStatus.OPEN),
        ("order_id", "client_order_id", "symbol", "side", "qty", "filled_qty", "price", "status"),
        "OpenOrder(order_id='ORD000001', client_order_id='CLI00000001', symbol='BTCUSDT',"
        " side=<Side.BUY: 'Buy'>, qty=0.01, filled_qty=0.005, price=50000.0,"
        " status=<OrderStatus.OPEN: 'Open'>)",
    ),
    "position": (
        Position, ("BTCUSDT", -0.5, 50_000.0), ("symbol", "qty", "avg_entry_price"),
        "Position(symbol='BTCUSDT', qty=-0.5, avg_entry_price=50000.0)",
    ),
}  # fmt: skip
CHANGED: dict[type, Any] = {
    str: "other", bool: False, float: 0.25, int: 9, OrderStatus: OrderStatus.FILLED,
}  # fmt: skip


def test_a_fill_may_tell_what_was_charged_and_why() -> None:
    plain = FillEvent("ORD000001", "BTCUSDT", SELL, 50_000.0, 0.01, 5)
    assert (plain.fee_e18, plain.why) == (None, "")
    told = FillEvent("ORD000001", "BTCUSDT", SELL, 50_000.0, 0.01, 5, fee_e18=-7, why="queue")
    assert (told.fee_e18, told.why) == (-7, "queue")


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")


def changed(value: Any) -> Any:
    if value in (BUY, SELL):
        return SELL if value is BUY else BUY
    return CHANGED[type(value)]


@pytest.mark.parametrize("case", TYPES)
def test_fields_are_positional_and_named(case: str) -> None:
    kind, values, names, _ = TYPES[case]
    made = kind(*values)
    assert tuple(getattr(made, name) for name in names) == values
    assert kind(**dict(zip(names, values, strict=True))) == made
    assert kind.__match_args__ == names


@pytest.mark.parametrize("case", TYPES)
def test_repr_shows_human_numbers(case: str) -> None:
    kind, values, _, shown = TYPES[case]
    assert repr(kind(*values)) == shown


@pytest.mark.parametrize("case", TYPES)
def test_every_field_can_be_changed_and_counts_for_equality(case: str) -> None:
    kind, values, names, _ = TYPES[case]
    for name, value in zip(names, values, strict=True):
        made = kind(*values)
        assert made == kind(*values)
        setattr(made, name, changed(value))
        assert getattr(made, name) == changed(value)
        assert made != kind(*values), name


@pytest.mark.parametrize("case", TYPES)
def test_there_is_no_room_for_other_attributes(case: str) -> None:
    kind, values, _, _ = TYPES[case]
    made = kind(*values)
    with pytest.raises(AttributeError):
        made.note = "x"
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


def test_what_may_be_left_out() -> None:
    response = PlaceOrderResponse(False, None, OrderStatus.REJECTED)
    assert (response.message, response.timestamp_ms) == (None, None)
    fill = FillEvent("ORD000001", "BTCUSDT", BUY, 1, 1, 5)
    assert (fill.fill_id, fill.liquidity) == (None, "")


def test_statuses_are_the_exchanges_words() -> None:
    assert [status.value for status in OrderStatus] == [
        "Pending", "Open", "Filled", "PartiallyFilled", "Canceled", "Rejected",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (PlaceOrderRequest, ("C", "A", BUY, -1, 1), "qty -1 must be 0 or more"),
        (PlaceOrderRequest, ("C", "A", BUY, 1, "x"), "price 'x' is not a number"),
        (FillEvent, ("O", "A", BUY, 1, float("nan"), 0), "qty nan is not a finite number"),
        (OpenOrder, ("O", "C", "A", BUY, 1, -1, 1, OrderStatus.OPEN), "filled_qty -1 must be"),
        (Position, ("A", "x", 1.0), "qty 'x' is not a number"),
    ],
)
def test_a_number_that_cannot_be_names_its_field(
    kind: Any, values: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ContractError) as refused:
        kind(*values)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("case", ["request", "fill", "open order"])
def test_a_side_may_be_its_word_and_nothing_else(case: str) -> None:
    kind, values, names, _ = TYPES[case]
    named = dict(zip(names, values, strict=True))
    assert kind(**{**named, "side": "Sell"}).side is SELL
    with pytest.raises(ValueError, match="'Hold' is not a valid Side"):
        kind(**{**named, "side": "Hold"})


def test_the_average_entry_price_by_hand() -> None:
    exchange = FakeExchangeClient(fill_rate=1, reject_rate=0, partial_fill_rate=0)

    def trade(side: Any, qty: float, price: float) -> list[Position]:
        exchange.place_limit(PlaceOrderRequest("C", "A", side, qty, price))
        return exchange.get_positions()

    assert trade(BUY, 1, 100) == [Position("A", 1, 100.0)]
    assert trade(BUY, 3, 104) == [Position("A", 4, 103.0)]
    assert trade(SELL, 1, 200) == [Position("A", 3, 103.0)]
    assert trade(SELL, 5, 90) == [Position("A", -2, 90.0)]
    assert trade(SELL, 2, 80) == [Position("A", -4, 85.0)]
    assert trade(BUY, 1, 10) == [Position("A", -3, 85.0)]
    assert trade(BUY, 3, 10) == []
    assert trade(BUY, 2, 7) == [Position("A", 2, 7.0)]


def test_the_smallest_cost_is_kept() -> None:
    exchange = FakeExchangeClient(fill_rate=1, reject_rate=0, partial_fill_rate=0)
    exchange.place_limit(PlaceOrderRequest("C", "A", SELL, 1e-9, 1e-9))
    assert exchange.get_positions() == [Position("A", -1e-9, 1e-9)]


def naive_average(held: list[Fraction], signed: int, price: int) -> None:
    """Average cost as venues keep it, in fractions: quantity and average price."""
    qty, average = held
    if qty * signed >= 0:
        held[1] = (qty * average + signed * price) / (qty + signed)
    elif abs(signed) > abs(qty):
        held[1] = Fraction(price)
    held[0] = qty + signed


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(30))
def test_positions_are_those_of_a_naive_average_cost_model(seed: int) -> None:
    exchange = FakeExchangeClient(fill_rate=1, reject_rate=0, partial_fill_rate=0)
    held = {symbol: [Fraction(0), Fraction(0)] for symbol in prop.SYMBOLS}
    for fill in prop.fills(prop.chance(seed), 150):
        request = PlaceOrderRequest("C", fill.symbol, fill.side, 1, 1)
        request.qty_e9, request.price_e9 = fill.qty, fill.price
        exchange.place_limit(request)
        signed = fill.qty if fill.side is BUY else -fill.qty
        naive_average(held[fill.symbol], signed, fill.price)
        found = exchange.get_positions()
        expected = [symbol for symbol in sorted(held) if held[symbol][0]]
        assert [position.symbol for position in found] == expected
        for position in found:
            qty, average = held[position.symbol]
            assert position.qty_e9 == qty
            # Each partial close may round the cost by half a step of 10^-18.
            tolerance = Fraction(100) / abs(qty) / SCALE + average / SCALE**2
            assert abs(Fraction(position.avg_entry_price) - average / SCALE) <= max(
                tolerance, average / SCALE / 10**15
            )


@pytest.mark.parametrize("bought_first", [True, False], ids=["long", "short"])
def test_closing_a_third_leaves_the_nearest_cost(bought_first: bool) -> None:
    """Three steps at a cost of 5 (10^-18): what two of them cost is 3.33, so 3 and not 4."""
    exchange = FakeExchangeClient(fill_rate=1, reject_rate=0, partial_fill_rate=0)
    sides = (BUY, SELL) if bought_first else (SELL, BUY)
    for side, qty, price in ((sides[0], 2, 1), (sides[0], 1, 3), (sides[1], 1, 9)):
        request = PlaceOrderRequest("C", "A", side, 1, 1)
        request.qty_e9, request.price_e9 = qty, price
        exchange.place_limit(request)
    (position,) = exchange.get_positions()
    assert position.avg_entry_price == 3 / (2 * SCALE)
