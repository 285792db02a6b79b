"""P7: a fill is applied exactly once and none overfills, however and however often it is reported.

The stream repeats, delays and reorders executions, cancels cross them on the way, processes end and
are taken up, and the whole stream is told again to each new one.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim.durable_world import OPS, DurableWorld, scripted
from tests.sim.venue import CANCELING, STREAMING
from tools.live.core.contracts_v1 import BUY
from tools.live.exchange import FillEvent

SEEDS = 40


@pytest.mark.parametrize("seed", range(1000, 1000 + SEEDS))
def test_P07_every_execution_is_booked_once(seed: int, figures: Counter[str]) -> None:
    world = DurableWorld(seed)
    world.rates = {**dict.fromkeys(STREAMING, 0.4), **dict.fromkeys(CANCELING, 0.05)}
    world.ops = (*OPS, *("trade",) * 6, "cancel_all")
    for _ in range(4):
        world.live(25)
    world.come_to_rest()
    figures["executions"] += world.figures["fills"]
    assert world.figures["fills"]


def a_world_with_a_fill() -> tuple[DurableWorld, FillEvent]:
    """A run in which one order has filled in part."""
    world = scripted()
    world.start()
    world.act("quote")
    order = world.venue.resting()[0]
    world.venue.trade(order.name, order.qty // 2)
    world.act("fills")
    return world, world.venue.executions[0]


def test_P07_a_fill_that_is_told_again_after_a_restart_counts_once() -> None:
    world, fill = a_world_with_a_fill()
    for _ in range(3):
        world.end()
        world.start()
        world.act("fills")
    assert world.run is not None
    assert world.run.loop.stats["orders_filled"] == 1
    assert abs(world.run.loop.risk_monitor.ledger.qty(fill.symbol)) == fill.qty_e9
    world.end()
    world.come_to_rest()


def test_P07_a_fill_after_the_cancel_moves_the_position() -> None:
    world, fill = a_world_with_a_fill()
    assert world.run is not None
    order = world.venue.orders["CLI00000001"]
    late = FillEvent(order.order_id, order.symbol, order.side, 1, 1, fill.timestamp_ms, "E-late")
    late.qty_e9, late.price_e9 = order.qty // 4, order.price
    world.run.cancel_all("a test")
    order.filled += late.qty_e9
    world.venue.executions.append(late)
    signed = late.qty_e9 if order.side is BUY else -late.qty_e9
    world.venue.held[order.symbol] += signed
    world.act("fills")
    assert world.run.loop.fold.late_fills == 1
    world.end()
    world.come_to_rest()


def test_P07_an_overfill_is_refused_and_stops_trading_for_good() -> None:
    world, fill = a_world_with_a_fill()
    assert world.run is not None
    order = world.venue.orders["CLI00000001"]
    more = FillEvent(order.order_id, order.symbol, order.side, 1, 1, fill.timestamp_ms, "E-more")
    more.qty_e9, more.price_e9 = order.qty, order.price
    world.venue.executions.append(more)
    world.act("fills")
    loop = world.run.loop
    assert loop.fold.refused_fills == 1
    assert world.run.halted
    assert abs(loop.risk_monitor.ledger.qty(fill.symbol)) == fill.qty_e9
    world.end()
    world.start()
    assert world.run.halted
    before = len(world.venue.accepted)
    world.act("quote")
    assert len(world.venue.accepted) == before


def test_P07_the_same_id_with_other_numbers_is_a_conflict() -> None:
    world, fill = a_world_with_a_fill()
    assert world.run is not None
    other = FillEvent(fill.order_id, fill.symbol, fill.side, 1, 1, fill.timestamp_ms, fill.fill_id)
    other.qty_e9, other.price_e9 = fill.qty_e9 // 2, fill.price_e9
    world.venue.executions.append(other)
    world.act("fills")
    assert world.run.loop.fold.refused_fills == 1
    assert world.run.halted
