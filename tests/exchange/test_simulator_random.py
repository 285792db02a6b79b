"""Two thousand random accounts: the books add up, and a restored account goes on as if nothing was.

Each run draws its limits, latencies and costs, then orders, prices, cancels and pauses. A twin does
the same, but is stored as JSON and restored at random points. What is checked after every step is
worked out here from the executions alone, not by the code under test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.unit.prop import chance
from tools.live.sim.simulator import ExecutionSimulator
from tools.live.sim.simulator_actions import ActionType
from tools.live.sim.simulator_checkpoint import restore, take_checkpoint
from tools.live.sim.simulator_checkpoint_text import deserialize_checkpoint, serialize_checkpoint
from tools.live.sim.simulator_checks import OrderValidator
from tools.live.sim.simulator_contracts import (
    LATENCY_FAST, LATENCY_INSTANT, LATENCY_NORMAL, LATENCY_SLOW, LatencyConfig, Order,
    OrderExecution, OrderSide, OrderStatus, OrderType,
)  # fmt: skip
from tools.live.sim.simulator_limits import (
    DrawdownLimitRule, ExposureLimitRule, PositionLimitRule, RiskConfig,
)  # fmt: skip

RUNS = 2_000
BATCH = 100
STEPS = 30
SYMBOLS = ("SPY", "QQQ", "X")
START = datetime(2026, 1, 5, 9, 30)
MS = timedelta(milliseconds=1)
UNEVEN = LatencyConfig(0 * MS, 0 * MS, 3 * MS, 7 * MS)

Step = tuple[Any, ...]


def a_simulator(rng: Random) -> ExecutionSimulator:
    risk = None
    if rng.random() < 0.5:
        pct = Decimal(rng.choice((20, 60, 100, 250)))
        risk = RiskConfig(
            rng.choice((None, PositionLimitRule(Decimal(60), None),
                        PositionLimitRule(None, Decimal(5_000)))),
            rng.choice((None, ExposureLimitRule(pct, pct))),
            rng.choice((None, DrawdownLimitRule(Decimal(3), Decimal(5)))),
        )  # fmt: skip
    short = rng.random() < 0.3
    held = {"SPY": Decimal(rng.randint(1, 30))} if rng.random() < 0.3 else {}
    prices = {"SPY": Decimal(100)} if rng.random() < 0.8 else {}
    return ExecutionSimulator(
        rng.choice((0, 1_000, 10_000)),
        rng.choice((0, 5, Decimal("12.5"))),
        rng.choice((0, Decimal("0.005"), 1)),
        rng.choice((LATENCY_INSTANT, LATENCY_FAST, LATENCY_NORMAL, LATENCY_SLOW, UNEVEN)),
        risk,
        seed=rng.randint(0, 99),
        initial_positions=held,
        initial_prices=prices if held else {},
        validator=OrderValidator("0.5", 200, allow_short=short),
    )


def steps(rng: Random) -> Iterator[Step]:
    """What people do, with times that never go back."""
    now, number = START, 0
    mid = dict.fromkeys(SYMBOLS, 10_000)
    for _ in range(STEPS):
        now += rng.choice((0, 1, 3, 20, 60, 150, 900)) * MS
        drawn = rng.random()
        if drawn < 0.4:
            number += rng.random() < 0.95  # else an id that is taken
            yield "order", an_order(rng, max(number, 1), mid, now), now
        elif drawn < 0.52:
            yield "cancel", f"o{rng.randint(1, max(number, 1))}", now
        elif drawn < 0.57:
            yield "wait", now
        elif drawn < 0.6:
            yield rng.choice((("off",), ("on",), ("day",)))
        else:
            for symbol in SYMBOLS:
                mid[symbol] = max(100, mid[symbol] + rng.randint(-300, 300))
            named = rng.sample(SYMBOLS, rng.randint(1, 3))
            volumes = {s: Decimal(rng.randint(0, 20)) for s in named if rng.random() < 0.4}
            yield "prices", {s: Decimal(mid[s]).scaleb(-2) for s in named}, volumes, now


def an_order(rng: Random, number: int, mid: dict[str, int], now: datetime) -> Order:
    symbol = rng.choice(SYMBOLS)
    kind = rng.choice((OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT, OrderType.STOP))
    near = Decimal(max(1, mid[symbol] + rng.randint(-400, 400))).scaleb(-2)
    return Order(
        f"o{number}", symbol, rng.choice((OrderSide.BUY, OrderSide.BUY, OrderSide.SELL)), kind,
        rng.choice((1, Decimal("2.5"), 10, 40, 1_000, 0)), now,
        limit_price=near if kind is OrderType.LIMIT or rng.random() < 0.3 else None,
        stop_price=near if kind is OrderType.STOP else None,
    )  # fmt: skip


def do(simulator: ExecutionSimulator, step: Step) -> object:
    """One step; an order is copied, because two simulators must not share it."""
    match step:
        case ("order", order, now):
            return simulator.submit_order(order.copy(), now).copy()
        case ("cancel", order_id, now):
            found = simulator.cancel_order(order_id, now)
            return None if found is None else found.copy()
        case ("wait", now):
            return simulator.process_until(now)
        case ("prices", prices, volumes, now):
            return simulator.process_market_data(now, prices, volume=volumes)
        case ("off",):
            return simulator.disable_trading()
        case ("on",):
            return simulator.enable_trading()
    if not simulator.account.unpriced:
        simulator.reset_daily_risk_tracking()
    return None


def spelled(simulator: ExecutionSimulator) -> str:
    return json.dumps(serialize_checkpoint(take_checkpoint(simulator)), sort_keys=True)


class Witness:
    """Knows what was reported and which prices were sent, and so what must hold."""

    def __init__(self, simulator: ExecutionSimulator) -> None:
        self.opening_cash = simulator.cash
        self.opening = dict(simulator.positions)
        self.told: list[OrderExecution] = []
        self.prices: dict[str, list[tuple[datetime, Decimal]]] = {s: [] for s in SYMBOLS}

    def hears(self, step: Step, result: object) -> None:
        if step[0] == "prices":
            for symbol, price in step[1].items():
                self.prices[symbol].append((step[3], price))
        if isinstance(result, list):
            self.told += result

    def check(self, simulator: ExecutionSimulator) -> None:
        orders = [*simulator.completed_orders.values(), *simulator.pending_orders.values(),
                  *simulator.arriving_orders.values()]  # fmt: skip
        cash, held = self.opening_cash, dict(self.opening)
        reserved, executed = Decimal(0), 0
        for order in orders:
            sign = 1 if order.side is OrderSide.BUY else -1
            executed += len(order.executions)
            for one in order.executions:
                cash -= sign * one.quantity * one.price + one.commission
                held[order.symbol] = held.get(order.symbol, 0) + sign * one.quantity
                self.check_fill(simulator, order, one)
            assert order.filled_quantity == sum(e.quantity for e in order.executions)
            assert order.is_complete() is (order.order_id in simulator.completed_orders)
            if order.status is OrderStatus.FILLED:
                assert not order.remaining_quantity()
            if not order.is_complete() and sign > 0:
                reserved += order.remaining_quantity() * self.unit(simulator, order)
        assert cash == simulator.cash
        assert {s: q for s, q in held.items() if q} == simulator.positions
        assert reserved == simulator.reserved_cash
        assert simulator.available_cash == cash - reserved >= 0 <= cash
        if not simulator.validator.allow_short:
            selling = {s: Decimal(0) for s in SYMBOLS}
            for order in orders:
                if order.side is OrderSide.SELL and not order.is_complete():
                    selling[order.symbol] += order.remaining_quantity()
            assert all(simulator.get_position(s) >= selling[s] >= 0 for s in SYMBOLS)
        assert len(self.told) + len(simulator.desk.unreported) == executed
        open_ids = {o.order_id for o in orders if not o.is_complete()}
        kinds = [(a.order_id, a.action_type) for a in simulator.action_queue.actions]
        assert len(set(kinds)) == len(kinds) and {name for name, _ in kinds} <= open_ids
        assert set(simulator.arriving_orders) <= {name for name, _ in kinds}

    def unit(self, simulator: ExecutionSimulator, order: Order) -> Decimal:
        """What a share of an open buy may cost; a market order's is that of its first price."""
        commission = simulator.commission_per_share
        if order.order_type is OrderType.LIMIT or (order.stop_price and order.limit_price):
            assert order.limit_price is not None
            return order.limit_price + commission
        if order.stop_price is not None:
            return order.stop_price * (1 + simulator.slippage_bps / 10_000) + commission
        return Decimal(simulator.account.units[order.order_id]).scaleb(-9)

    def check_fill(self, simulator: ExecutionSimulator, order: Order, one: OrderExecution) -> None:
        buy = order.side is OrderSide.BUY
        capped = order.order_type is OrderType.LIMIT or order.stop_price is not None
        if order.limit_price is not None and capped:
            assert one.price <= order.limit_price if buy else one.price >= order.limit_price
        assert one.quantity <= order.quantity
        assert one.commission == one.quantity * simulator.commission_per_share
        assert one.is_partial is (one.quantity < order.quantity)
        assert order.submitted_at is not None and one.timestamp >= order.submitted_at
        seen = [row for row in self.prices[order.symbol] if row[0] <= one.timestamp]
        newest = [price for when, price in seen if when == one.timestamp]
        before = [price for when, price in seen if when < one.timestamp][-1:]
        slip = simulator.slippage_bps / 10_000
        fair = [price * (1 + (slip if buy else -slip)) for price in (*before, *newest)]
        if order.limit_price is not None and capped:
            cap = order.limit_price
            fair = [min(price, cap) if buy else max(price, cap) for price in fair]
        assert one.price in fair


@pytest.mark.parametrize("batch", range(RUNS // BATCH))
def test_a_restored_account_goes_on_as_if_nothing_was(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        rng = chance(seed)
        simulator = a_simulator(rng)
        twin = restore(take_checkpoint(simulator))
        witness = Witness(simulator)
        restores = {rng.randrange(STEPS) for _ in range(3)}
        told: list[str] = []
        for place, step in enumerate(steps(rng)):
            result = do(simulator, step)
            assert do(twin, step) == result, f"seed {seed} step {place}"
            witness.hears(step, result)
            witness.check(simulator)
            if isinstance(result, list):
                told += [one.execution_id for one in result]
            if place in restores:
                twin = restore(deserialize_checkpoint(json.loads(spelled(twin))))
        assert spelled(twin) == spelled(simulator), f"seed {seed}"
        assert told == sorted(told), f"seed {seed}"
        ends = {action.action_type for action in simulator.action_queue.actions}
        assert ends <= set(ActionType)


def test_the_runs_reach_what_they_are_for() -> None:
    """Fills, partial ones, refusals of many kinds, cancels and things on their way all occur."""
    seen: dict[str, int] = {}
    for seed in range(150):
        rng = chance(seed)
        simulator = a_simulator(rng)
        for step in steps(rng):
            do(simulator, step)
        for order in simulator.completed_orders.values():
            name = order.rejection_reason or order.status
            seen[name] = seen.get(name, 0) + 1
            if len(order.executions) > 1:
                seen["in parts"] = seen.get("in parts", 0) + 1
            if order.triggered and order.executions:
                seen["stopped"] = seen.get("stopped", 0) + 1
        for action in simulator.action_queue.actions:
            seen[action.action_type + " waits"] = seen.get(action.action_type + " waits", 0) + 1
    for name in (
        "filled", "cancelled", "in parts", "stopped", "insufficient_funds", "invalid_quantity",
        "risk_position_limit", "risk_exposure_limit", "risk_drawdown_limit",
        "risk_trading_disabled", "submit waits", "fill waits", "cancel waits",
    ):  # fmt: skip
        assert seen.get(name, 0) >= 3, (name, seen)
