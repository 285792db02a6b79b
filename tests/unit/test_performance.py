"""The sums over a run, and the laws that hold them together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.prop import chance
from tools.live.audit.laws import LawsBroken
from tools.live.audit.laws_performance import LAWS_OF_PERFORMANCE, check_performance
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.portfolio.ledger import Ledger
from tools.live.portfolio.order_tracks import OrderRow
from tools.live.portfolio.performance import Booked, Performance

A, B = "AUSD", "BUSD"


class Desk:
    """A performance beside the ledger that it must agree with."""

    def __init__(self) -> None:
        self.rows: list[OrderRow] = []
        self.performance = Performance(10, self.rows.append)
        self.ledger = Ledger(fee_maker_bps=10**9, fee_taker_bps=7 * 10**9)
        self.number = 0

    def order(self, symbol: str, side: Side, qty: int, price: int, ns: int) -> str:
        self.number += 1
        name = f"{self.number}"
        self.performance.decided(f"C{name}", symbol, side, qty, price, ns)
        self.performance.orders.accepted(f"C{name}", f"O{name}", ns)
        return f"O{name}"

    def fill(
        self, order_id: str, symbol: str, side: Side, qty: int, price: int, ns: int,
        maker: bool = True,
    ) -> None:  # fmt: skip
        before = self.ledger.holding(symbol).realised_e18
        fee = self.ledger.apply_fill(symbol, side, qty, price, not maker)
        realised = self.ledger.holding(symbol).realised_e18 - before
        self.performance.executed(
            Booked(order_id, f"C{order_id[1:]}", symbol, side, qty, price, maker, fee, realised,
                     ns)
        )  # fmt: skip

    def end(self, ns: int) -> None:
        self.performance.finish(ns)
        check_performance(self.performance, self.ledger)


def traded() -> Desk:
    desk = Desk()
    performance = desk.performance
    performance.quote(A, 990_000, 1_010_000, 0)
    performance.quote(B, 100, 100, 5)
    bought = desk.order(A, BUY, 4, 990_000, 5)
    performance.quote(A, 1_000_000, 1_020_000, 20)
    desk.fill(bought, A, BUY, 3, 990_000, 20)
    performance.quote(A, 1_000_000, 1_020_000, 25)
    desk.fill(desk.order(A, SELL, 2, 1_020_000, 25), A, SELL, 2, 1_020_000, 25)
    performance.quote(A, 900_000, 920_000, 41)
    return desk


def test_a_run() -> None:
    desk = traded()
    desk.end(60)
    performance = desk.performance
    track = performance.tracks[A]
    assert (performance.start_ns, performance.end_ns, performance.span_ns) == (0, 60, 60)
    assert (track.qty, track.closing, track.winning) == (1, 1, 1)
    assert track.won_e18 == 2 * 30_000 - track.fees + 297
    assert track.market == -100_000
    assert track.earned == 3 * 20_000 + 2 * 10_000
    assert (track.delay_e18, track.arrival_e18) == (3 * 10_000, -3 * 10_000 - 2 * 10_000)
    assert (performance.gross, performance.most_gross) == (910_000, 3_030_000)
    assert performance.curve.equity == track.equity == performance.total("equity")
    assert performance.curve.samples == 6
    held = 3 * 1_010_000 * 5 + 1_010_000 * 16 + 910_000 * 19
    assert (track.gross_ns, track.net_ns, track.held_ns) == (held, held, 40)
    assert [(row.end, row.filled) for row in desk.rows] == [("filled", 2), ("open", 3)]


def test_a_run_in_which_nothing_happened() -> None:
    desk = Desk()
    desk.end(77)
    assert (desk.performance.span_ns, desk.performance.start_ns) == (0, 77)
    assert Performance().span_ns == 0


def test_a_fill_behind_the_end_of_its_order_has_a_row_of_its_own() -> None:
    desk = traded()
    desk.performance.orders.canceled("O1", 42)
    desk.fill("O1", A, BUY, 1, 990_000, 43)
    assert desk.rows[-1] == OrderRow(
        "C1", "O1", A, BUY, 1, 990_000, "late", 0, 0, 43, 43, 1, 1, 990_000, 99, -80_000, 80_000,
        910_000,
    )  # fmt: skip
    assert desk.performance.late_fills == 1
    desk.end(60)


def test_a_market_that_is_not_known_measures_no_fill() -> None:
    desk = traded()
    desk.performance.unusable(A, 50)
    desk.performance.unusable("NEVER", 50)
    desk.fill(desk.order(A, BUY, 1, 900_000, 51), A, BUY, 1, 900_000, 51)
    desk.end(60)
    horizons = desk.performance.tracks[A].markouts.horizons
    assert [horizon.unmeasured for horizon in horizons] == [1, 1, 1]


def test_a_symbol_may_begin_with_anything() -> None:
    desk = Desk()
    desk.fill("O9", A, BUY, 1, 50, 3)
    desk.performance.decided("C1", B, BUY, 1, 50, 4)
    desk.performance.funded("C", -7, 5)
    desk.ledger.fund("C", -7)
    desk.end(9)
    assert (desk.performance.start_ns, desk.performance.curve.equity) == (3, -7)
    assert [row.mark_then for row in desk.rows] == [50, 0]


@pytest.mark.parametrize("seed", range(20))
def test_the_laws_hold_of_random_runs(seed: int) -> None:
    draw, desk, ns = chance(seed), Desk(), 0
    open_orders: list[tuple[str, str, Side, int]] = []
    for _ in range(300):
        ns += draw.randrange(0, 9) * 10**8
        symbol, what = draw.choice((A, B)), draw.random()
        if what < 0.4:
            bid = draw.randrange(900, 1100) * 10**9
            desk.performance.quote(symbol, bid, bid + draw.randrange(0, 30) * 10**9, ns)
        elif what < 0.6:
            side, qty = draw.choice((BUY, SELL)), draw.randrange(1, 5) * 10**9
            order_id = desk.order(symbol, side, qty, draw.randrange(900, 1100) * 10**9, ns)
            open_orders.append((order_id, symbol, side, qty))
        elif what < 0.95 and open_orders:
            order_id, symbol, side, qty = open_orders.pop(draw.randrange(len(open_orders)))
            filled = draw.randrange(1, qty + 1)
            price = draw.randrange(900, 1100) * 10**9
            desk.fill(order_id, symbol, side, filled, price, ns, draw.random() < 0.7)
            if filled < qty:
                open_orders.append((order_id, symbol, side, qty - filled))
        elif open_orders:
            desk.performance.orders.canceled(open_orders.pop()[0], ns)
    desk.end(ns)
    tracks = desk.performance.tracks.values()
    bought_and_sold = sum(row.notional_e18 for row in desk.rows)
    assert bought_and_sold == sum(track.volume_e18 for track in tracks)
    assert sum(row.arrival_e18 for row in desk.rows) == desk.performance.total("arrival_e18")
    assert sum(row.fees_e18 for row in desk.rows) == desk.performance.total("fees")


def _shift(name: str) -> Callable[[Performance, Ledger], None]:
    def change(performance: Performance, ledger: Ledger) -> None:
        track = performance.tracks[A]
        setattr(track, name, getattr(track, name) + 1)

    return change


def _on_curve(performance: Performance, ledger: Ledger) -> None:
    performance.curve.equity += 1


def _above_the_highest(performance: Performance, ledger: Ledger) -> None:
    performance.curve.high = performance.curve.equity - 1


def _in_ledger(performance: Performance, ledger: Ledger) -> None:
    ledger.holdings[A].realised_e18 += 1


def _not_in_ledger(performance: Performance, ledger: Ledger) -> None:
    del ledger.holdings[A]


def _gross(performance: Performance, ledger: Ledger) -> None:
    performance.gross += 1


def _most(performance: Performance, ledger: Ledger) -> None:
    performance.most_gross = 0


def _net_time(performance: Performance, ledger: Ledger) -> None:
    performance.tracks[A].net_ns = -performance.tracks[A].gross_ns - 1


def _horizon(performance: Performance, ledger: Ledger) -> None:
    performance.tracks[A].markouts.horizons[1].fills += 1


def _sent(performance: Performance, ledger: Ledger) -> None:
    performance.orders.counts[A].sent += 1


def _overfilled(performance: Performance, ledger: Ledger) -> None:
    performance.orders.counts[A].filled_e18 = performance.orders.counts[A].asked_e18 + 1


@pytest.mark.parametrize(
    ("law", "change"),
    [
        ("total_is_its_symbols", _on_curve),
        ("total_is_its_symbols", _above_the_highest),
        ("profit_is_explained", _shift("market")),
        ("profit_is_explained", _shift("capture_e18")),
        ("slippage_is_spread_and_delay", _shift("delay_e18")),
        ("profit_is_the_ledgers", _shift("bought_e18")),
        ("profit_is_the_ledgers", _in_ledger),
        ("profit_is_the_ledgers", _not_in_ledger),
        ("fills_are_measured", _horizon),
        ("exposure_is_bounded", _gross),
        ("exposure_is_bounded", _most),
        ("exposure_is_bounded", _net_time),
        ("orders_end_once", _sent),
        ("orders_end_once", _overfilled),
    ],
)
def test_each_law_is_noticed(law: str, change: Callable[[Performance, Ledger], None]) -> None:
    desk = traded()
    desk.end(60)
    change(desk.performance, desk.ledger)
    with pytest.raises(LawsBroken) as broken:
        check_performance(desk.performance, desk.ledger)
    assert law in [found.law for found in broken.value.violations] and law in LAWS_OF_PERFORMANCE
