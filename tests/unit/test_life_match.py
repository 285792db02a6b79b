"""Which order of the run is which of life."""

from __future__ import annotations

import pytest

from tests.unit.life_files import E9, MS, T0, a_deal
from tests.unit.prop import chance
from tools.live.core.contracts_v1 import SELL
from tools.live.life import match as matching
from tools.live.life.deals import Deal
from tools.live.life.match import Matched, Window, match

SECOND = 1000 * MS


def pairs(found: Matched) -> list[tuple[int, int]]:
    return [(life.seq, run.seq) for life, run in found.pairs]


def test_a_common_name_wins_over_everything_near() -> None:
    life = [a_deal(1, name="A", at_ns=T0), a_deal(2, name="B", at_ns=T0 + SECOND)]
    run = [a_deal(1, name="B", at_ns=T0), a_deal(2, name="A", at_ns=T0 + 9_000 * SECOND)]
    found = match(life, run)
    assert pairs(found) == [(1, 2), (2, 1)]
    assert found.by_name == 2 and found.names_shared
    assert found.life_only == found.run_only == ()


def test_a_name_on_another_symbol_or_side_is_no_common_name() -> None:
    life = [a_deal(1, name="A"), a_deal(2, name="B"), a_deal(3, name="A")]
    run = [a_deal(1, name="A", symbol="ETHUSDT"), a_deal(2, name="B", side=SELL)]
    found = match(life, run)
    assert pairs(found) == [] and not found.names_shared
    assert len(found.life_only) == 3 and len(found.run_only) == 2


def test_a_name_is_used_once() -> None:
    life = [a_deal(1, name="A"), a_deal(2, name="A")]
    assert pairs(match(life, [a_deal(1, name="A")])) == [(1, 1)]


def test_an_unfilled_order_has_a_partner_only_by_name() -> None:
    resting = a_deal(1, name="A", at_ns=None)
    assert pairs(match([a_deal(1, name="A")], [resting])) == [(1, 1)]
    assert pairs(match([a_deal(1)], [resting])) == []


def test_the_cheapest_pair_is_taken_first_not_the_first_that_comes() -> None:
    life = [a_deal(1, at_ns=T0), a_deal(2, at_ns=T0 + 10 * SECOND)]
    run = [a_deal(1, at_ns=T0 + 11 * SECOND)]
    assert pairs(match(life, run)) == [(2, 1)]


def test_price_counts_as_time_does() -> None:
    life = [a_deal(1, price=100 * E9)]
    near_in_time = a_deal(1, price=101 * E9, at_ns=T0)  # 100 bps: a whole window away
    near_in_price = a_deal(2, price=100 * E9, at_ns=T0 + 59 * SECOND)
    assert pairs(match(life, [near_in_time, near_in_price])) == [(1, 2)]
    assert pairs(match(life, [near_in_time])) == [(1, 1)]


@pytest.mark.parametrize(("bps", "ns", "found"), [(100, 60, 1), (99, 60, 0), (100, 59, 0)])
def test_outside_of_the_window_is_no_pair(bps: int, ns: int, found: int) -> None:
    run = [a_deal(1, price=101 * E9, at_ns=T0 + 60 * SECOND)]
    window = Window(ns * SECOND, bps * E9)
    assert len(match([a_deal(1)], run, window).pairs) == found


def test_equal_costs_go_by_the_place_in_life_and_then_in_the_run() -> None:
    life = [a_deal(1), a_deal(2)]
    run = [a_deal(1), a_deal(2)]
    assert pairs(match(life, run)) == [(1, 1), (2, 2)]
    assert pairs(match(life[::-1], run[::-1])) == [(1, 1), (2, 2)]


def test_a_window_of_nothing_still_pairs_what_is_equal() -> None:
    assert pairs(match([a_deal(1)], [a_deal(1)], Window(0, 0))) == [(1, 1)]


def test_a_crowd_at_one_instant_is_paired_one_to_one() -> None:
    crowd = [a_deal(seq) for seq in range(1, 401)]
    found = match(crowd, crowd)
    assert pairs(found) == [(seq, seq) for seq in range(1, 401)]
    behind = match(crowd, crowd[200:])
    assert len({run.seq for _, run in behind.pairs}) == len(behind.pairs) >= 100


def test_the_rounds_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_ROUNDS", 1)
    assert pairs(match([a_deal(1)], [a_deal(1)])) == [(1, 1)]


@pytest.mark.parametrize("seed", range(20))
def test_one_to_one_whatever_the_order_of_the_lists(seed: int) -> None:
    draw = chance(seed)
    sides = [
        [a_deal(seq, name=f"N{draw.randrange(12)}" if draw.random() < 0.3 else "",
                symbol=draw.choice(["BTCUSDT", "ETHUSDT"]), at_ns=T0 + draw.randrange(90) * SECOND,
                price=(100 + draw.randrange(3)) * E9)
         for seq in range(1, 40)]
        for _ in range(2)
    ]  # fmt: skip
    life, run = sides

    def ends(found: Matched) -> tuple[list[int], list[int]]:
        return (sorted([one.seq for one, _ in found.pairs] + [one.seq for one in found.life_only]),
                sorted([one.seq for _, one in found.pairs] + [one.seq for one in found.run_only]))

    found = match(life, run)
    assert ends(found) == (list(range(1, 40)), list(range(1, 40)))
    for one, other in found.pairs:
        assert one.symbol == other.symbol
    unnamed: list[list[Deal]] = [[one for one in side if not one.client_order_id] for side in sides]
    before = sorted(pairs(match(*unnamed)))
    for side in unnamed:
        draw.shuffle(side)
    assert sorted(pairs(match(*unnamed))) == before


def test_a_long_run_of_orders_is_paired_in_its_order() -> None:
    many = [a_deal(seq, at_ns=T0 + seq * SECOND) for seq in range(1, 2001)]
    assert pairs(match(many, many)) == [(seq, seq) for seq in range(1, 2001)]
