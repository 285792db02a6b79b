"""Realised edge: spread captured, less fees, less what the market moved against the fill."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import pytest

from tests.unit import prop
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import SCALE
from tools.live.portfolio.edge import (
    DECIDING_S, HORIZONS_S, MIN_SAMPLES, WINDOW, EdgeTracker, Measured,
)  # fmt: skip

E18 = SCALE * SCALE
CENT = SCALE // 100


class Event(NamedTuple):
    """A quote when `side` is None, else a fill."""

    ts_ns: int
    side: Side | None
    qty: int
    price: int
    fee: int


def at_horizon(tracker: EdgeTracker, seconds: int, symbol: str = "A") -> Measured:
    return tracker.by_symbol[symbol][HORIZONS_S.index(seconds)]


def filled(tracker: EdgeTracker, count: int, side: Side = BUY, fee: int = 0) -> None:
    """Fills of one unit at 99.90 (buys) or 100.10 (sells), all at time zero."""
    price = 9_990 * CENT if side is BUY else 10_010 * CENT
    for _ in range(count):
        tracker.on_fill("A", side, SCALE, price, fee, 0)


def test_the_published_constants() -> None:
    assert (HORIZONS_S, DECIDING_S, WINDOW, MIN_SAMPLES) == ((1, 5, 10), 5, 200, 20)


@pytest.mark.parametrize(
    ("side", "later", "net_bps"),
    [
        (BUY, 100, 9), (BUY, 101, 109), (BUY, 99, -91),
        (SELL, 100, 9), (SELL, 101, -91), (SELL, 99, 109),
    ],
)  # fmt: skip
def test_net_edge_by_hand(side: Side, later: int, net_bps: int) -> None:
    """Capture is 0.10 on 100 = 10 bps, the fee 0.01 = 1 bps, a move of 1.00 = 100 bps."""
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    filled(tracker, 20, side, fee=E18 // 100)
    tracker.on_quote("A", later * SCALE, 5 * NS_PER_S)
    assert tracker.net_bps("A") == net_bps * SCALE


def test_every_part_is_summed_by_hand() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    tracker.on_fill("A", BUY, 2 * SCALE, 99 * SCALE, 7, 0)
    tracker.on_fill("A", SELL, 3 * SCALE, 102 * SCALE, -4, 0)
    tracker.on_quote("A", 103 * SCALE, NS_PER_S)
    measured = at_horizon(tracker, 1)
    assert measured.notional == 500 * E18
    assert measured.capture == (2 * 1 + 3 * 2) * E18
    assert measured.fee == 3
    assert measured.adverse == (2 * -3 + 3 * 3) * E18


def test_each_horizon_waits_for_its_own_quote() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    filled(tracker, 1)
    seen = []
    for second, mid in ((0, 90), (1, 101), (4, 102), (5, 103), (9, 104), (10, 105), (20, 200)):
        tracker.on_quote("A", mid * SCALE, second * NS_PER_S)
        seen.append([len(at_horizon(tracker, horizon).rows) for horizon in HORIZONS_S])
    assert seen == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]
    adverse = [at_horizon(tracker, horizon).adverse // E18 for horizon in HORIZONS_S]
    assert adverse == [100 - 101, 100 - 103, 100 - 105]


def test_a_horizon_ends_exactly_at_its_time() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    tracker.on_fill("A", BUY, SCALE, 99 * SCALE, 0, 7)
    tracker.on_quote("A", 101 * SCALE, 7 + NS_PER_S - 1)
    assert not at_horizon(tracker, 1).rows
    tracker.on_quote("A", 102 * SCALE, 7 + NS_PER_S)
    assert at_horizon(tracker, 1).adverse == -2 * E18


def test_the_middle_is_that_of_the_fill_and_not_of_its_price() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    tracker.on_quote("A", 110 * SCALE, 1)
    tracker.on_fill("A", BUY, SCALE, 109 * SCALE, 0, 2)
    tracker.on_quote("A", 110 * SCALE, 2 * NS_PER_S)
    assert (at_horizon(tracker, 1).notional, at_horizon(tracker, 1).capture) == (110 * E18, E18)


def test_too_few_samples_are_no_edge() -> None:
    tracker = EdgeTracker()
    assert tracker.net_bps("A") is None
    tracker.on_quote("A", 100 * SCALE, 0)
    assert tracker.net_bps("A") is None
    filled(tracker, MIN_SAMPLES)
    assert tracker.net_bps("A") is None
    tracker.on_quote("A", 100 * SCALE, 5 * NS_PER_S - 1)
    assert tracker.net_bps("A") is None
    tracker.on_quote("A", 100 * SCALE, 5 * NS_PER_S)
    assert tracker.net_bps("A") == 10 * SCALE


def test_nineteen_samples_are_too_few() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    filled(tracker, MIN_SAMPLES - 1)
    tracker.on_quote("A", 100 * SCALE, 5 * NS_PER_S)
    assert tracker.net_bps("A") is None
    assert at_horizon(tracker, 5).net_bps() is None


def test_the_deciding_horizon_is_five_seconds() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    filled(tracker, 20)
    for second, mid in ((1, 101), (5, 102), (10, 103)):
        tracker.on_quote("A", mid * SCALE, second * NS_PER_S)
    edges = [at_horizon(tracker, horizon).net_bps() for horizon in HORIZONS_S]
    assert edges == [110 * SCALE, 210 * SCALE, 310 * SCALE]
    assert tracker.net_bps("A") == 210 * SCALE


def test_a_symbol_never_quoted_has_no_middle_to_compare_with() -> None:
    tracker = EdgeTracker()
    filled(tracker, 30)
    tracker.on_quote("A", 100 * SCALE, 20 * NS_PER_S)
    assert tracker.by_symbol == {}
    assert tracker.net_bps("A") is None


def test_symbols_do_not_touch_each_other() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    tracker.on_quote("B", 50 * SCALE, 0)
    filled(tracker, 20)
    tracker.on_quote("B", 60 * SCALE, 5 * NS_PER_S)
    assert tracker.net_bps("A") is None
    tracker.on_quote("A", 100 * SCALE, 5 * NS_PER_S)
    assert tracker.net_bps("A") == 10 * SCALE
    assert tracker.net_bps("B") is None


def test_only_the_newest_fills_count() -> None:
    tracker = EdgeTracker()
    tracker.on_quote("A", 100 * SCALE, 0)
    filled(tracker, 50, fee=E18)
    filled(tracker, WINDOW)
    tracker.on_quote("A", 100 * SCALE, 5 * NS_PER_S)
    measured = at_horizon(tracker, 5)
    assert len(measured.rows) == WINDOW
    assert (measured.fee, measured.notional) == (0, WINDOW * 100 * E18)
    assert tracker.net_bps("A") == 10 * SCALE


def random_events(seed: int, count: int) -> list[Event]:
    rng = prop.chance(seed)
    now, events = 0, [Event(0, None, 0, 100 * SCALE, 0)]
    quote_rate = rng.choice((0.1, 0.3, 0.7))
    for _ in range(count):
        now += rng.randint(0, NS_PER_S // 5)
        price = rng.randint(90, 110) * SCALE + rng.randint(0, 99)
        if rng.random() < quote_rate:
            events.append(Event(now, None, 0, price, 0))
        else:
            fee = rng.randint(-E18, E18)
            events.append(Event(now, prop.a_side(rng), prop.a_qty(rng), price, fee))
    return events


def recomputed(events: list[Event], horizon_s: int) -> int | None:
    """The same edge from the whole history: every fill looks for its own later quote."""
    mids = [(place, event) for place, event in enumerate(events) if event.side is None]
    rows = []
    for place, fill in enumerate(events):
        if fill.side is None:
            continue
        end = fill.ts_ns + horizon_s * NS_PER_S
        mid = [quote.price for at, quote in mids if at < place][-1]
        later = [quote.price for at, quote in mids if at > place and quote.ts_ns >= end]
        if later:
            sign = 1 if fill.side is BUY else -1
            capture = sign * (mid - fill.price) * fill.qty
            adverse = sign * (mid - later[0]) * fill.qty
            rows.append((fill.qty * mid, capture - fill.fee - adverse))
    newest = rows[-200:]
    if len(newest) < 20:
        return None
    net, notional = sum(net for _, net in newest), sum(notional for notional, _ in newest)
    return round(Fraction(net * 10_000 * SCALE, notional))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(12))
def test_the_window_equals_a_recomputation(seed: int) -> None:
    tracker = EdgeTracker()
    events = random_events(seed, 450)
    for place, event in enumerate(events, 1):
        if event.side is None:
            tracker.on_quote("A", event.price, event.ts_ns)
        else:
            tracker.on_fill("A", event.side, event.qty, event.price, event.fee, event.ts_ns)
        if place % 90 == 0 or place == len(events):
            assert tracker.net_bps("A") == recomputed(events[:place], DECIDING_S)
            for horizon in HORIZONS_S:
                expected = recomputed(events[:place], horizon)
                assert at_horizon(tracker, horizon).net_bps() == expected
