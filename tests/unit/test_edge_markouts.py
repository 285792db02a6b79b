"""Markouts against the middle that prevailed at each horizon, by hand and against a naive twin."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.unit import prop
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import SCALE
from tools.live.portfolio import edge_markouts
from tools.live.portfolio.edge_decision import POLICY, Decision
from tools.live.portfolio.edge_markouts import (
    DECIDING_NS, HORIZON_NAMES, HORIZONS_NS, MOST_WAITING, Horizon, Markouts,
)  # fmt: skip

E18 = SCALE * SCALE
TENTH = NS_PER_S // 10


class Event(NamedTuple):
    """A quote, an unusable market when its price is 0, or with a side a fill."""

    ts_ns: int
    side: Side | None
    qty: int
    price: int
    fee: int


def quoted(*mids: tuple[int, int]) -> Markouts:
    """A symbol with these middles, each at its nanosecond."""
    markouts = Markouts()
    for mid, ts_ns in mids:
        markouts.on_quote(mid * SCALE, ts_ns)
    return markouts


def counts(markouts: Markouts) -> list[tuple[int, int, int]]:
    return [(one.fills, one.unmeasured, len(one.waiting)) for one in markouts.horizons]


def test_the_published_constants() -> None:
    assert HORIZONS_NS == (TENTH, NS_PER_S, 10 * NS_PER_S)
    assert HORIZON_NAMES == ("0.1s", "1s", "10s")
    assert (DECIDING_NS, MOST_WAITING) == (NS_PER_S, 10_000)


def test_every_part_is_summed_by_hand() -> None:
    markouts = quoted((100, 0))
    markouts.on_fill(BUY, 2 * SCALE, 99 * SCALE, 7, 0)
    markouts.on_fill(SELL, 3 * SCALE, 102 * SCALE, -4, 0)
    markouts.on_quote(103 * SCALE, TENTH)
    markouts.on_quote(200 * SCALE, TENTH + 1)
    first = markouts.horizons[0]
    assert (first.fills, first.notional, first.fee) == (2, 500 * E18, 3)
    assert first.capture == (2 * 1 + 3 * 2) * E18
    assert first.adverse == (2 * -3 + 3 * 3) * E18
    assert first.net == first.capture - 3 - first.adverse
    assert counts(markouts) == [(2, 0, 0), (0, 0, 2), (0, 0, 2)]


def test_the_middle_of_a_horizon_is_the_last_at_or_before_it() -> None:
    markouts = quoted((100, 0))
    markouts.on_fill(BUY, SCALE, 100 * SCALE, 0, 5)
    for mid, ts_ns in ((101, 4 + TENTH), (102, 5 + TENTH), (103, 5 + TENTH), (109, 6 + TENTH)):
        markouts.on_quote(mid * SCALE, ts_ns)
    assert markouts.horizons[0].adverse == -3 * E18


def test_what_ends_at_this_instant_still_waits() -> None:
    markouts = quoted((100, 0))
    markouts.on_fill(BUY, SCALE, 100 * SCALE, 0, 0)
    markouts.on_quote(101 * SCALE, TENTH)
    assert counts(markouts)[0] == (0, 0, 1)
    markouts.on_quote(101 * SCALE, TENTH + 1)
    assert counts(markouts)[0] == (1, 0, 0)


def test_without_a_quote_in_between_the_middle_is_that_of_the_fill() -> None:
    markouts = quoted((100, 0))
    markouts.on_fill(SELL, SCALE, 101 * SCALE, 0, 0)
    markouts.on_quote(150 * SCALE, 11 * NS_PER_S)
    assert [(one.capture, one.adverse) for one in markouts.horizons] == [(E18, 0)] * 3


def test_a_horizon_that_ends_while_nobody_knows_the_middle_is_not_measured() -> None:
    markouts = quoted((100, 0))
    markouts.on_fill(BUY, SCALE, 100 * SCALE, 0, 0)
    markouts.on_unusable(TENTH + 1)
    assert counts(markouts) == [(1, 0, 0), (0, 0, 1), (0, 0, 1)]
    markouts.on_quote(104 * SCALE, NS_PER_S + 1)
    assert counts(markouts) == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    markouts.on_quote(105 * SCALE, 10 * NS_PER_S)
    markouts.on_quote(106 * SCALE, 10 * NS_PER_S + 1)
    assert counts(markouts) == [(1, 0, 0), (0, 1, 0), (1, 0, 0)]
    assert markouts.horizons[2].adverse == -5 * E18


def test_the_quote_at_the_end_of_the_horizon_makes_it_known_again() -> None:
    markouts = quoted((100, 0))
    markouts.on_fill(BUY, SCALE, 100 * SCALE, 0, 0)
    markouts.on_unusable(1)
    markouts.on_quote(101 * SCALE, TENTH)
    markouts.on_quote(102 * SCALE, TENTH + 1)
    assert counts(markouts)[0] == (1, 0, 0)


@pytest.mark.parametrize("bad", [0, -3])
def test_a_fill_where_no_middle_is_known_is_unmeasured_at_once(bad: int) -> None:
    never = Markouts()
    never.on_fill(BUY, SCALE, SCALE, 0, 0)
    lost = quoted((100, 0), (bad, 1))
    lost.on_fill(BUY, SCALE, SCALE, 0, 2)
    for markouts in (never, lost):
        assert counts(markouts) == [(0, 1, 0)] * 3
        assert markouts.fills == 1


def test_more_than_can_wait_is_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_markouts, "MOST_WAITING", 3)
    markouts = quoted((100, 0))
    for _ in range(5):
        markouts.on_fill(BUY, SCALE, SCALE, 0, 0)
    assert counts(markouts) == [(0, 2, 3)] * 3
    assert [one.heard for one in markouts.horizons] == [5] * 3


def test_the_decision_hears_of_its_own_horizon_only() -> None:
    decision = Decision(POLICY, DECIDING_NS)
    markouts = Markouts(decision)
    markouts.on_quote(100 * SCALE, 0)
    markouts.on_fill(BUY, 2 * SCALE, 99 * SCALE, 7, 3)
    markouts.on_quote(101 * SCALE, NS_PER_S)
    markouts.on_quote(102 * SCALE, 2 * NS_PER_S)
    assert list(decision.evidence.rows) == [(3, 4 * E18 - 7, 200 * E18)]
    assert [one.decision for one in markouts.horizons] == [None, decision, None]


def random_events(seed: int, count: int) -> list[Event]:
    rng = prop.chance(seed)
    now, events = 0, []
    quote_rate, blind_rate = rng.choice((0.2, 0.5, 0.8)), rng.choice((0.0, 0.1))
    for _ in range(count):
        now += rng.choice((0, rng.randint(0, TENTH // 2), rng.randint(0, 2 * NS_PER_S)))
        price = rng.randint(90, 110) * SCALE + rng.randint(0, 99)
        if rng.random() < quote_rate:
            events.append(Event(now, None, 0, 0 if rng.random() < blind_rate else price, 0))
        else:
            fee = rng.randint(-E18, E18)
            events.append(Event(now, prop.a_side(rng), prop.a_qty(rng), price, fee))
    return events


def recomputed(events: list[Event], horizon_ns: int) -> tuple[int, ...]:
    """The same from the whole history: every fill looks for the last word at or before its end."""
    fills = unmeasured = notional = capture = fee = adverse = 0
    now = max((event.ts_ns for event in events if event.side is None), default=0)
    for place, fill in enumerate(events):
        if fill.side is None:
            continue
        then = [one.price for one in events[:place] if one.side is None]
        end = fill.ts_ns + horizon_ns
        if not then or not then[-1]:
            unmeasured += 1
        elif end < now:
            mid = [one.price for one in events if one.side is None and one.ts_ns <= end][-1]
            if not mid:
                unmeasured += 1
                continue
            signed = fill.qty if fill.side is BUY else -fill.qty
            fills += 1
            notional += fill.qty * then[-1]
            capture += signed * (then[-1] - fill.price)
            fee += fill.fee
            adverse += signed * (then[-1] - mid)
    return fills, unmeasured, notional, capture, fee, adverse


def summed(one: Horizon) -> tuple[int, ...]:
    return one.fills, one.unmeasured, one.notional, one.capture, one.fee, one.adverse


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(20))
def test_the_sums_equal_a_recomputation(seed: int) -> None:
    markouts = Markouts()
    events = random_events(seed, 300)
    for place, event in enumerate(events, 1):
        if event.side is not None:
            markouts.on_fill(event.side, event.qty, event.price, event.fee, event.ts_ns)
        elif event.price:
            markouts.on_quote(event.price, event.ts_ns)
        else:
            markouts.on_unusable(event.ts_ns)
        if place % 60 == 0:
            for horizon in markouts.horizons:
                assert summed(horizon) == recomputed(events[:place], horizon.horizon_ns)
                assert horizon.heard == markouts.fills
