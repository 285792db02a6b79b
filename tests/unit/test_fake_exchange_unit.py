"""The fake exchange (`tools.live.exchange`): the published draws, ids, fills and positions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.unit import prop
from tools.live import exchange as port
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse,
    Position,
)  # fmt: skip

ALWAYS = {"fill_rate": 1.0, "reject_rate": 0.0, "partial_fill_rate": 0.0}
NEVER = {"fill_rate": 0.0, "reject_rate": 0.0}


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")


def a_request(
    side: Side = BUY, qty: float = 1, price: float = 100, symbol: str = "BTCUSDT", number: int = 1
) -> PlaceOrderRequest:
    return PlaceOrderRequest(f"CLI{number:08d}", symbol, side, qty, price)


def run(exchange: FakeExchangeClient, seed: int, count: int) -> list[Any]:
    """A long random run of every call; all that the exchange answered."""
    rng = prop.chance(seed)
    answers: list[Any] = []
    for number in range(count):
        qty, price = prop.a_qty(rng) / SCALE, prop.a_price(rng) / SCALE
        request = a_request(prop.a_side(rng), qty, price, rng.choice(prop.SYMBOLS), number)
        answers.append(exchange.place_limit(request))
        if rng.random() < 0.3:
            answers.append(exchange.cancel(f"ORD{rng.randint(1, count):06d}"))
        if rng.random() < 0.2:
            answers.append(list(exchange.stream_fills()))
            answers.append(exchange.get_positions())
            answers.append(exchange.get_open_orders(rng.choice((None, *prop.SYMBOLS))))
    return answers


def test_an_order_that_fills() -> None:
    exchange = FakeExchangeClient(**ALWAYS, clock=lambda: 1000)
    response = exchange.place_limit(a_request(qty=0.5))
    assert response == PlaceOrderResponse(True, "ORD000001", OrderStatus.FILLED, None, 1100)
    assert list(exchange.stream_fills()) == [
        FillEvent("ORD000001", "BTCUSDT", BUY, 100, 0.5, 1100, "FIL000001", "maker")
    ]
    assert exchange.get_positions() == [Position("BTCUSDT", 0.5, 100.0)]
    assert exchange.get_open_orders() == []


def test_an_order_that_rests() -> None:
    exchange = FakeExchangeClient(**NEVER)
    response = exchange.place_limit(a_request(SELL, 0.5))
    assert (response.success, response.order_id) == (True, "ORD000001")
    assert (response.status, response.message) == (OrderStatus.OPEN, None)
    resting = OpenOrder("ORD000001", "CLI00000001", "BTCUSDT", SELL, 0.5, 0, 100, OrderStatus.OPEN)
    assert exchange.get_open_orders() == [resting]
    assert list(exchange.stream_fills()) == []
    assert exchange.get_positions() == []


def test_an_order_that_is_rejected() -> None:
    exchange = FakeExchangeClient(reject_rate=1.0, clock=lambda: 7, latency_ms=3)
    response = exchange.place_limit(a_request())
    assert response == PlaceOrderResponse(
        False, None, OrderStatus.REJECTED, "Simulated rejection", 10
    )
    assert exchange.get_open_orders() == []
    assert list(exchange.stream_fills()) == []


def test_a_rejection_uses_up_no_exchange_id() -> None:
    exchange = FakeExchangeClient(reject_rate=1.0)
    exchange.place_limit(a_request())
    exchange.reject_rate = 0.0
    assert exchange.place_limit(a_request()).order_id == "ORD000001"
    assert exchange.place_limit(a_request()).order_id == "ORD000002"


def test_an_order_that_fills_in_part() -> None:
    exchange = FakeExchangeClient(fill_rate=1.0, reject_rate=0.0, partial_fill_rate=1.0)
    response = exchange.place_limit(a_request(qty=1))
    draws = Random(42)
    for _ in range(3):
        draws.random()
    part = math.floor((5 * 2**53 + 4 * int(draws.random() * 2**53)) * SCALE / (10 * 2**53))
    assert response.status is OrderStatus.PARTIALLY_FILLED
    (fill,) = exchange.stream_fills()
    assert fill.qty_e9 == part
    (resting,) = exchange.get_open_orders()
    assert (resting.filled_e9, resting.qty_e9) == (part, SCALE)
    assert resting.status is OrderStatus.PARTIALLY_FILLED


def test_the_smallest_order_never_fills_to_nothing() -> None:
    exchange = FakeExchangeClient(fill_rate=1.0, reject_rate=0.0, partial_fill_rate=1.0)
    response = exchange.place_limit(a_request(qty=1e-9))
    assert response.status is OrderStatus.FILLED
    assert [fill.qty_e9 for fill in exchange.stream_fills()] == [1]


@pytest.mark.parametrize("name", ["qty_e9", "price_e9"])
@pytest.mark.parametrize("value", [0, -1])
def test_what_cannot_be_is_rejected_without_a_draw(name: str, value: int) -> None:
    exchange = FakeExchangeClient(**NEVER, clock=lambda: 5, latency_ms=0)
    request = a_request()
    setattr(request, name, value)
    response = exchange.place_limit(request)
    assert response == PlaceOrderResponse(
        False, None, OrderStatus.REJECTED, "qty and price must be above 0", 5
    )
    twin = FakeExchangeClient(**NEVER, clock=lambda: 5, latency_ms=0)
    assert run(exchange, 1, 50) == run(twin, 1, 50)


class Replay:
    """The published draws again, from their description: rejected, filled, partial, fraction."""

    def __init__(self, seed: int, rates: tuple[float, float, float]) -> None:
        self.draw = Random(seed).random
        self.reject_rate, self.fill_rate, self.partial_rate = rates
        self.next = 0

    def place(self, qty: int) -> tuple[str | None, str, int]:
        """Exchange id, status and filled quantity at 10^9."""
        if self.draw() < self.reject_rate:
            return None, "Rejected", 0
        self.next += 1
        order_id = "ORD" + str(self.next).zfill(6)
        if self.draw() >= self.fill_rate:
            return order_id, "Open", 0
        if self.draw() >= self.partial_rate:
            return order_id, "Filled", qty
        numerator, denominator = self.draw().as_integer_ratio()
        part = qty * (5 * denominator + 4 * numerator) // (10 * denominator)
        return order_id, "PartiallyFilled" if part else "Filled", part or qty


@pytest.mark.parametrize("qty", [0.01, 10**15])
@pytest.mark.parametrize(
    ("seed", "rates"),
    [(42, (0.05, 0.7, 0.1)), (7, (0.3, 0.5, 0.5)), (0, (0.0, 1.0, 1.0)), (1, (0.5, 0.0, 0.0))],
)
def test_a_thousand_orders_are_drawn_as_published(
    seed: int, rates: tuple[float, float, float], qty: float
) -> None:
    reject_rate, fill_rate, partial_rate = rates
    exchange = FakeExchangeClient(fill_rate, reject_rate, 100, partial_rate, seed)
    replay = Replay(seed, rates)
    for number in range(1000):
        request = a_request(qty=qty, number=number)
        response = exchange.place_limit(request)
        fills = list(exchange.stream_fills())
        filled = sum(fill.qty_e9 for fill in fills)
        answer = (response.order_id, response.status.value, filled)
        assert answer == replay.place(request.qty_e9), number
        assert len(fills) == (1 if filled else 0)


def test_a_draw_that_equals_its_rate_is_not_below_it() -> None:
    first, second, third = Random(42), Random(42), Random(42)
    second.random()
    third.random()
    third.random()
    never = FakeExchangeClient(fill_rate=0, reject_rate=first.random())
    assert never.place_limit(a_request()).success
    rests = FakeExchangeClient(fill_rate=second.random(), reject_rate=0)
    assert rests.place_limit(a_request()).status is OrderStatus.OPEN
    whole = FakeExchangeClient(fill_rate=1, reject_rate=0, partial_fill_rate=third.random())
    assert whole.place_limit(a_request()).status is OrderStatus.FILLED


def test_the_published_run_by_hand() -> None:
    exchange = FakeExchangeClient(fill_rate=0.7, reject_rate=0.05)
    rejected = [
        number
        for number in range(1, 77)
        if not exchange.place_limit(a_request(qty=0.01)).success
    ]
    statuses = [order.status for order in exchange.get_open_orders()]
    assert rejected == [8, 17, 47]
    assert statuses.count(OrderStatus.OPEN) == 22
    assert statuses.count(OrderStatus.PARTIALLY_FILLED) == 6
    assert len(list(exchange.stream_fills())) == 51


def test_no_seed_means_42() -> None:
    assert run(FakeExchangeClient(), 5, 200) == run(FakeExchangeClient(seed=42), 5, 200)
    assert run(FakeExchangeClient(seed=43), 5, 200) != run(FakeExchangeClient(seed=42), 5, 200)


def test_seed_zero_is_a_seed() -> None:
    zero = run(FakeExchangeClient(seed=0, clock=int), 5, 200)
    assert zero != run(FakeExchangeClient(seed=42, clock=int), 5, 200)


@pytest.mark.parametrize("seed", range(5))
def test_reset_equals_a_new_exchange(seed: int) -> None:
    def new() -> FakeExchangeClient:
        return FakeExchangeClient(0.6, 0.1, 50, 0.4, seed, clock=int)

    used = new()
    run(used, seed + 100, 150)
    used.reset()
    assert used.get_open_orders() == []
    assert used.get_positions() == []
    assert list(used.stream_fills()) == []
    assert run(used, seed, 300) == run(new(), seed, 300)


def test_ids_count_accepted_orders() -> None:
    exchange = FakeExchangeClient(fill_rate=0.5, reject_rate=0.4)
    responses = [exchange.place_limit(a_request()) for _ in range(200)]
    ids = [response.order_id for response in responses if response.success]
    assert ids == [f"ORD{number:06d}" for number in range(1, len(ids) + 1)]
    fills = [fill.fill_id for fill in exchange.stream_fills()]
    assert fills == [f"FIL{number:06d}" for number in range(1, len(fills) + 1)]
    assert len(fills) > 20


def test_fills_are_handed_out_first_in_first_out_and_once() -> None:
    exchange = FakeExchangeClient(**ALWAYS)
    for number in range(5):
        exchange.place_limit(a_request(number=number))
    stream = exchange.stream_fills()
    assert next(stream).order_id == "ORD000001"
    exchange.place_limit(a_request(number=6))
    rest = [fill.order_id for fill in stream]
    assert rest == [f"ORD{number:06d}" for number in range(2, 7)]
    assert list(exchange.stream_fills()) == []


def test_a_fill_is_at_the_limit_price_and_the_makers() -> None:
    exchange = FakeExchangeClient(**ALWAYS)
    exchange.place_limit(a_request(SELL, 2, 123.456))
    (fill,) = exchange.stream_fills()
    assert (fill.side, fill.price, fill.qty, fill.liquidity) == (SELL, 123.456, 2.0, "maker")


def test_the_position_moves_before_the_fill_is_read() -> None:
    exchange = FakeExchangeClient(**ALWAYS)
    exchange.place_limit(a_request(qty=2))
    exchange.place_limit(a_request(SELL, 0.5))
    assert [position.qty for position in exchange.get_positions()] == [1.5]


def test_an_open_order_can_be_canceled_once() -> None:
    exchange = FakeExchangeClient(**NEVER)
    for number in range(3):
        exchange.place_limit(a_request(number=number))
    assert exchange.cancel("ORD000002") is True
    assert exchange.cancel("ORD000002") is False
    assert [order.order_id for order in exchange.get_open_orders()] == ["ORD000001", "ORD000003"]


def test_a_partly_filled_order_can_be_canceled_and_keeps_its_fill() -> None:
    exchange = FakeExchangeClient(fill_rate=1.0, reject_rate=0.0, partial_fill_rate=1.0)
    exchange.place_limit(a_request())
    assert exchange.cancel("ORD000001") is True
    assert exchange.get_open_orders() == []
    assert len(list(exchange.stream_fills())) == 1
    assert len(exchange.get_positions()) == 1


@pytest.mark.parametrize("order_id", ["ORD000001", "ORD999999", "CLI00000001", ""])
def test_what_is_filled_or_unknown_cannot_be_canceled(order_id: str) -> None:
    exchange = FakeExchangeClient(**ALWAYS)
    exchange.place_limit(a_request())
    assert exchange.cancel(order_id) is False


def test_open_orders_are_listed_by_age_or_for_one_symbol() -> None:
    exchange = FakeExchangeClient(**NEVER)
    for number, symbol in enumerate(["B", "A", "B"]):
        exchange.place_limit(a_request(symbol=symbol, number=number))
    assert [order.symbol for order in exchange.get_open_orders()] == ["B", "A", "B"]
    assert [order.order_id for order in exchange.get_open_orders("B")] == ["ORD000001", "ORD000003"]
    assert exchange.get_open_orders("C") == []


def test_what_is_listed_is_a_copy() -> None:
    exchange = FakeExchangeClient(**NEVER)
    exchange.place_limit(a_request())
    exchange.get_open_orders()[0].qty = 99
    assert exchange.get_open_orders()[0].qty == 1.0


def test_settings_are_public_and_the_seed_is_not() -> None:
    exchange = FakeExchangeClient(0.1, 0.2, 3, 0.4, 5)
    settings = (exchange.fill_rate, exchange.reject_rate, exchange.latency_ms)
    assert (*settings, exchange.partial_fill_rate) == (0.1, 0.2, 3, 0.4)
    assert not hasattr(exchange, "seed")
    default = FakeExchangeClient()
    settings = (default.fill_rate, default.reject_rate, default.latency_ms)
    assert (*settings, default.partial_fill_rate) == (0.8, 0.05, 100, 0.1)


def test_it_describes_what_decides_its_answers() -> None:
    assert FakeExchangeClient(1, 0, 3, 0.4, 5).describe() == {
        "client": "FakeExchangeClient", "fill_rate": 1.0, "reject_rate": 0.0,
        "partial_fill_rate": 0.4, "latency_ms": 3, "seed": 5,
    }  # fmt: skip
    assert FakeExchangeClient().describe()["seed"] == 42
    assert type(FakeExchangeClient(1, 0).describe()["fill_rate"]) is float


@pytest.mark.parametrize("name", ["fill_rate", "reject_rate", "partial_fill_rate"])
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, True, "0.5", None])
def test_a_rate_is_a_probability(name: str, value: Any) -> None:
    with pytest.raises(ContractError) as refused:
        FakeExchangeClient(**{name: value})
    assert str(refused.value) == f"{name} {value!r} is not a probability from 0 to 1"


@pytest.mark.parametrize("value", [-1, 3_600_001, 1.5, True, "100", None])
def test_a_latency_is_a_number_of_milliseconds(value: Any) -> None:
    with pytest.raises(ContractError) as refused:
        FakeExchangeClient(latency_ms=value)
    assert str(refused.value) == f"latency_ms {value!r} is not a whole number from 0 to 3600000"


@pytest.mark.parametrize("value", [0, 3_600_000])
def test_the_limits_of_a_latency_are_allowed(value: int) -> None:
    assert FakeExchangeClient(latency_ms=value, fill_rate=0, reject_rate=1).latency_ms == value


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    def slept(seconds: float) -> None:
        raise AssertionError(f"slept {seconds} s")

    monkeypatch.setattr(time, "sleep", slept)


def test_latency_is_virtual(no_sleep: None) -> None:
    now: Callable[[], int] = iter(range(1000, 9000, 1000)).__next__
    exchange = FakeExchangeClient(**ALWAYS, latency_ms=3_600_000, clock=now)
    answers = [exchange.place_limit(a_request()).timestamp_ms for _ in range(2)]
    assert answers == [3_601_000, 3_602_000]
    assert [fill.timestamp_ms for fill in exchange.stream_fills()] == answers


def test_a_fake_without_a_clock_lives_on_the_line_it_joins() -> None:
    exchange = FakeExchangeClient(**ALWAYS, latency_ms=7)
    line = EventClock()
    exchange.join(line, lambda: 1000)
    assert exchange.place_limit(a_request()).timestamp_ms == 1007
    line.advance_to(3_000_000_000)
    assert exchange.place_limit(a_request()).timestamp_ms == 3007
    exchange.join(EventClock(), lambda: 2000)
    assert exchange.place_limit(a_request()).timestamp_ms == 2007


def test_a_fake_with_a_clock_keeps_it() -> None:
    exchange = FakeExchangeClient(**ALWAYS, latency_ms=7, clock=lambda: 5)
    exchange.join(EventClock(9_000_000_000), lambda: 1000)
    assert exchange.place_limit(a_request()).timestamp_ms == 12


def test_without_a_clock_the_frozen_instant_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")
    exchange = FakeExchangeClient(**ALWAYS, latency_ms=250)
    assert exchange.place_limit(a_request()).timestamp_ms == 1_735_689_600_000
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:01Z")
    assert exchange.place_limit(a_request()).timestamp_ms == 1_735_689_601_000
    stamps = [fill.timestamp_ms for fill in exchange.stream_fills()]
    assert stamps == [1_735_689_600_000, 1_735_689_601_000]


def test_the_module_offers_what_its_all_says() -> None:
    assert all(hasattr(port, name) for name in port.__all__)
    assert port.Side is Side
