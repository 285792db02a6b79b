"""Toxic flow freezes a watched edge within so many fills, benign flow does not.

Each run is a small venue that fills what rests when an aggressor hits it, and a mid that walks six
basis points every 1.1 seconds. We quote four basis points around it and pay one: three a fill. A
benign aggressor tosses a coin and leaves us that. A toxic one knows where the mid goes next, which
costs us 4.8 on average, so that 1.8 are lost. The threshold is 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from tests.unit.builders import BTC, T0_MS, a_monitor, e9
from tests.unit.prop import chance
from tools.live.audit.laws_edge import check_watch
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import fee_e18, view_cash
from tools.live.edge_modes import MARKOUTS
from tools.live.exchange import (
    FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.execution_loop import ExecutionLoop, ExecutionParams, Quote
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.edge_watch import EdgeWatch
from tools.live.reports.edge_section import edge_section

SEEDS = 1000
MOST_TOXIC_FILLS = 60  # k: by then every toxic run has frozen, half of them with the 21st
GOOD_FILLS = 200  # a full window, before flow turns toxic
MOST_TURNED_FILLS = 75  # k of such a run
BENIGN_STEPS = 60

STEP_MS = 1_100
HIT_MS = 200  # behind a quote; its markout of a second ends behind the next quote
WALK = 0.0006
PARAMS = ExecutionParams([BTC], 1, 10**9, 10**9, 1.5, 0.01, 8.0, True)


class Venue:
    """Two orders rest at most; an aggressor takes the one on the other side, whole."""

    def __init__(self) -> None:
        self.resting: dict[str, PlaceOrderRequest] = {}
        self.reports: list[FillEvent] = []
        self.named = 0

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        self.named += 1
        order_id = f"X{self.named}"
        self.resting[order_id] = req
        return PlaceOrderResponse(True, order_id, OrderStatus.OPEN)

    def cancel(self, order_id: str) -> bool:
        return self.resting.pop(order_id, None) is not None

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        return []  # it is asked behind a freeze only, when everything was canceled

    def get_positions(self) -> list[Position]:
        return []

    def stream_fills(self) -> Iterator[FillEvent]:
        reports, self.reports = self.reports, []
        return iter(reports)

    def hit(self, buys: bool, now_ms: int) -> None:
        """An aggressor buys from what offers, or sells to what bids."""
        side = SELL if buys else BUY
        for order_id, req in self.resting.items():
            if req.side is side:
                del self.resting[order_id]
                self.reports.append(FillEvent(
                    order_id, BTC, side, req.price, req.qty, now_ms, f"F{order_id}", "maker"
                ))  # fmt: skip
                return


class Run:
    """A loop on such a venue, and the fills that it has got."""

    def __init__(self, threshold: float = 1.5) -> None:
        self.venue = Venue()
        monitor = a_monitor(10**9, 10**9, threshold, maker_bps=1)
        self.loop = ExecutionLoop(
            self.venue, InMemoryOrderStore(0), monitor, lambda: T0_MS, edge=MARKOUTS
        )

    @property
    def fills(self) -> int:
        return self.loop.stats["orders_filled"]

    @property
    def frozen(self) -> bool:
        return self.loop.risk_monitor.frozen

    def trade(
        self, rng: Random, steps: int, *, toxic: bool, through: bool = False, start: int = 0
    ) -> list[tuple[int, int]]:
        """Quote, be hit, and quote again, until it freezes or through that; quotes while frozen."""
        mid = 50_000.0
        quotes = []
        for step in range(start, start + steps):
            now_ms = T0_MS + step * STEP_MS
            bid, ask = round(mid - 25, 2), round(mid + 25, 2)
            self.loop.on_quote(Quote(BTC, bid, ask, now_ms), PARAMS)
            if self.frozen:
                if not through:
                    break
                quotes.append((e9(bid), e9(ask)))
            coming = mid * (1 + rng.gauss(0, WALK))
            self.venue.hit(coming > mid if toxic else rng.random() < 0.5, now_ms + HIT_MS)
            self.loop.on_fill()
            mid = coming
        return quotes


# Within k fills, and not.


def test_toxic_flow_freezes_within_k_fills() -> None:
    took = []
    for seed in range(SEEDS):
        run = Run()
        run.trade(chance(seed), MOST_TOXIC_FILLS + 1, toxic=True)
        assert run.frozen, f"seed {seed} did not freeze"
        took.append(run.fills)
    assert min(took) == sorted(took)[SEEDS // 2] == 21


def test_flow_that_turns_toxic_after_a_good_time_freezes_almost_as_soon() -> None:
    for seed in range(100):
        run, rng = Run(), chance(seed)
        run.trade(rng, GOOD_FILLS, toxic=False)
        assert not run.frozen
        run.trade(rng, MOST_TURNED_FILLS + 1, toxic=True, start=GOOD_FILLS)
        assert run.frozen, f"seed {seed} did not freeze"


def test_benign_flow_does_not_freeze() -> None:
    for seed in range(SEEDS):
        run = Run()
        run.trade(chance(seed), BENIGN_STEPS, toxic=False)
        assert not run.frozen, f"seed {seed} froze"
        assert run.fills == BENIGN_STEPS


# What comes behind a freeze.


def would_be(quotes: list[tuple[int, int]]) -> tuple[int, int]:
    """Fills and money at 10^18 of what we would have quoted from the freeze on, the plain way."""
    fills = pnl = 0
    qty, mark = e9(0.01), sum(quotes[-1]) // 2
    for (bid, ask), (next_bid, next_ask) in pairwise(quotes):
        buy = (bid + ask) * 9_996 // 20_000
        sell = -(-(bid + ask) * 10_004 // 20_000)
        for price, sign, through in ((buy, 1, next_ask <= buy), (sell, -1, next_bid >= sell)):
            if through:
                fills += 1
                pnl += sign * qty * (mark - price) - fee_e18(qty * price, e9(1))
    return fills, pnl


@pytest.mark.parametrize("seed", range(25))
def test_what_the_freeze_saved_is_what_a_plain_account_says(seed: int) -> None:
    run = Run()
    quotes = run.trade(chance(seed), 400, toxic=True, through=True)
    fills, pnl = would_be(quotes)
    counterfactual = edge_section(run.loop.fold, MARKOUTS)["counterfactual"]
    assert fills > 10
    assert (counterfactual["fills"], counterfactual["saved_usd"]) == (fills, view_cash(-pnl))
    assert list(check_watch(watch_of(run), run.fills)) == []
    assert len(run.loop.order_store.get_all()) == 0  # all retired: nothing was sent meanwhile
    assert run.venue.named == 2 * run.fills


def watch_of(run: Run) -> EdgeWatch:
    assert run.loop.fold.watch is not None
    return run.loop.fold.watch


@pytest.mark.parametrize("seed", range(25))
def test_a_second_freeze_needs_twice_the_samples_behind_an_unfreeze(seed: int) -> None:
    run = Run()
    rng = chance(seed)
    run.trade(rng, 200, toxic=True)
    before = run.fills
    run.loop.unfreeze("fixed", "ada")
    run.trade(rng, 200, toxic=True, start=200)
    assert run.frozen
    assert 41 <= run.fills - before <= 2 * MOST_TOXIC_FILLS


@pytest.mark.parametrize("seed", range(25))
def test_flow_that_has_become_benign_is_armed_again_and_trades_on(seed: int) -> None:
    run = Run()
    rng = chance(seed)
    run.trade(rng, 200, toxic=True)
    run.loop.unfreeze("fixed", "ada")
    run.trade(rng, 100, toxic=False, start=200)
    assert not run.frozen
    assert watch_of(run).symbols[BTC].decision.armed
