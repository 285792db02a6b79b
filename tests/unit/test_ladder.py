"""One side of a generated book: moving, changing, trading, telling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.prop import chance
from tools.live.market.ladder import Ladder

TICK, LOT = 10, 3


def of(*draws: float) -> Callable[[], float]:
    """A source of exactly these draws."""
    return iter(draws).__next__


def a_ladder(*draws: float, bids: bool = True) -> Ladder:
    """Three levels with 1, 2 and 3 lots from the lowest price up, the best at 100 ticks."""
    ladder = Ladder(of(0.0, 0.1, 0.2, *draws), bids=bids, tick=TICK, lot=LOT)
    ladder.move(100, 3, 10)
    ladder.changes()
    return ladder


def test_bids_go_down_from_the_best_and_asks_go_up() -> None:
    assert a_ladder().levels() == ((1000, 9), (990, 6), (980, 3))
    assert a_ladder(bids=False).levels() == ((1000, 3), (1010, 6), (1020, 9))
    assert a_ladder().top() == (1000, 9)
    assert a_ladder(bids=False).top() == (1000, 3)


def test_the_first_levels_are_changes_too() -> None:
    ladder = Ladder(of(0.0, 0.1, 0.99), bids=True, tick=TICK, lot=LOT)
    ladder.move(100, 3, 10)
    assert ladder.changes() == ((1000, 30), (990, 6), (980, 3))
    assert ladder.changes() == ()


@pytest.mark.parametrize(
    ("best", "levels", "changed"),
    [
        (100, 3, ()),
        (101, 3, ((1010, 15), (980, 0))),
        (99, 3, ((1000, 0), (970, 15))),
        (102, 3, ((1020, 18), (1010, 15), (990, 0), (980, 0))),
        (104, 3, ((1040, 21), (1030, 18), (1020, 15), (1000, 0), (990, 0), (980, 0))),
        (103, 3, ((1030, 21), (1020, 18), (1010, 15), (1000, 0), (990, 0), (980, 0))),
        (90, 2, ((1000, 0), (990, 0), (980, 0), (900, 18), (890, 15))),
        (100, 1, ((990, 0), (980, 0))),
        (100, 5, ((970, 18), (960, 15))),
        (101, 5, ((1010, 18), (970, 15))),
    ],
)
def test_moving_tells_who_came_and_who_is_gone(
    best: int, levels: int, changed: tuple[tuple[int, int], ...]
) -> None:
    ladder = a_ladder(0.4, 0.5, 0.6)
    # Whoever comes is drawn from the lowest price up, here 5, 6 and 7 lots.
    ladder.move(best, levels, 10)
    assert ladder.changes() == changed
    assert ladder.best == best and ladder.top()[0] == best * TICK
    assert [price for price, _ in ladder.levels()] == [(best - n) * TICK for n in range(levels)]


def test_asks_tell_the_best_first() -> None:
    ladder = a_ladder(0.4, bids=False)
    ladder.move(101, 3, 10)
    assert ladder.changes() == ((1000, 0), (1030, 15))


def test_chance_changes_a_level() -> None:
    ladder = a_ladder(0.0, 0.95, 0.99, 0.0)
    ladder.stir(10)
    assert ladder.changes() == ((980, 30),)
    ladder.stir(10)
    assert ladder.changes() == ((1000, 3),)


def test_a_level_that_stays_as_it_is_is_no_change() -> None:
    ladder = a_ladder(0.5, 0.1)
    ladder.stir(10)
    assert ladder.changes() == ()


@pytest.mark.parametrize(
    ("there", "drawn", "taken", "left"),
    [(1, 0.99, 1, 1), (2, 0.99, 1, 1), (3, 0.0, 1, 2), (9, 0.0, 1, 8), (9, 0.99, 4, 5),
     (10, 0.99, 5, 5)],
)  # fmt: skip
def test_a_trade_takes_up_to_half_and_leaves_the_last_lot(
    there: int, drawn: float, taken: int, left: int
) -> None:
    ladder = Ladder(of(there / 10 - 0.05), bids=True, tick=TICK, lot=LOT)
    ladder.move(100, 1, 10)
    ladder.changes()
    assert ladder.top() == (1000, there * LOT)
    assert ladder.take(of(drawn)) == taken * LOT
    assert ladder.top() == (1000, left * LOT)
    assert ladder.changes() == (((1000, left * LOT),) if left != there else ())


@pytest.mark.parametrize("bids", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_what_it_tells_builds_what_it_has(seed: int, bids: bool) -> None:
    rng = chance(seed)
    ladder = Ladder(rng.random, bids=bids, tick=TICK, lot=LOT)
    told: dict[int, int] = {}
    best = 500
    for _ in range(300):
        best += rng.randint(-4, 4)
        ladder.move(best, rng.randint(1, 6), 20)
        for _ in range(rng.randint(0, 3)):
            ladder.stir(20)
            ladder.take(rng.random)
        for price, qty in ladder.changes():
            told[price] = qty
            if not qty:
                del told[price]
        assert ladder.levels() == tuple(sorted(told.items(), reverse=bids))
        assert ladder.top() == (best * TICK, told[best * TICK])
