"""Runs on a simulated exchange that are left before their time, and what may be left behind."""

from __future__ import annotations

from typing import Any

from tools.live.core.order import PENDING
from tools.live.execution_loop import ExecutionLoop
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.wire import FaultyExchange


def simulated_of(loop: ExecutionLoop) -> SimulatedExchange:
    exchange: Any = loop.exchange
    found = exchange.exchange if isinstance(exchange, FaultyExchange) else exchange
    assert isinstance(found, SimulatedExchange)
    return found


def check_nothing_comes_to_rest(loop: ExecutionLoop) -> None:
    """Whatever is still on its way by now, in an hour nothing of ours is open."""
    exchange = simulated_of(loop)
    assert not exchange.driven
    assert exchange.get_open_orders() == []
    exchange.run_to(loop.event_clock.ns + 3600 * 10**9)
    assert exchange.get_open_orders() == [] and not exchange.due.heap


def in_flight(loop: ExecutionLoop) -> list[str]:
    return [o.client_order_id for o in loop.order_store.live_orders() if o.state is PENDING]
