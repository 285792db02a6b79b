"""A disk, a venue and the time beside which durable runs come and go, for their tests."""

from __future__ import annotations

from typing import Any

from tests.sim.sim_disk import SimDisk
from tests.sim.venue import MS, SECOND, Dice, Venue, VenueOrder, Wire, never
from tests.unit.builders import BTC, T0_NS, a_quote, some_params
from tools.live.core.contracts_v1 import BUY, PlaceOrderRequest
from tools.live.durable_run import DurableRun
from tools.live.journal.disk import Disk
from tools.live.journal.reader import Reader

LIMITS: dict[str, Any] = {
    "max_inventory_usd_per_symbol": 10_000,
    "max_total_notional_usd": 50_000,
    "edge_freeze_threshold_bps": 1.5,
}


class Desk:
    """A disk, a venue and the time; runs come and go."""

    def __init__(self) -> None:
        self.disk: Disk = SimDisk()
        self.venue = Venue()
        self.now_ns = T0_NS
        self.wire = Wire(self.venue)

    def open(self, dice: Dice = never, **given: Any) -> DurableRun:
        self.wire = Wire(self.venue, dice=dice)
        self.wire.clock = lambda: self.now_ns
        return DurableRun.open(
            self.disk, self.wire, clock=lambda: self.now_ns // MS, **{**LIMITS, **given}
        )

    def end(self) -> None:
        assert isinstance(self.disk, SimDisk)
        self.disk.kill9()
        self.now_ns += SECOND

    def topics(self) -> list[str]:
        return [one.topic for one in Reader(self.disk).poll()]

    def wait(self, run: DurableRun, seconds: int) -> None:
        self.now_ns += seconds * SECOND
        run.on_timer()


def quote(run: DurableRun, desk: Desk) -> None:
    run.on_quote(a_quote(timestamp_ms=desk.now_ns // MS), some_params())


def states(run: DurableRun) -> list[Any]:
    return [order.state for order in run.loop.order_store.get_all()]


def order_of(name: str) -> VenueOrder:
    return VenueOrder("V77", name, PlaceOrderRequest(name, BTC, BUY, 1, 100))
