"""Which order of the run is which of life: by name where both have it, else by place and time.

First by client order id: equal names on one symbol and side are one order. Then, of what is left
and filled, by symbol and side:

1. each order of life looks at the eight filled orders of the run before it in time and the eight
   behind it (of many at one instant the first looks at the first, and so on); those within the
   window in time and price are pairs, and a pair costs its distance in time plus its distance in
   price, each as a part of its window;
2. pairs are taken by cost, the cheapest first, whenever both of them are still free; equal ones by
   the place of life's order in its file, then by that of the run's;
3. what is still left goes through 1 and 2 again, looking at what is still free, until nothing is
   found any more, at most 16 times.

One to one, and the same whatever the order of work: n orders take about n log n steps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..core.clock import NS_PER_S
from ..core.money import BPS, SCALE
from ..core.record import record
from .deals import Deal

Pair: TypeAlias = tuple[Deal, Deal]  # life's, and the run's
_NEIGHBOURS = 8
_ROUNDS = 16


@record
class Window:
    """How far apart two orders without a common name may be: in time, and in price."""

    ns: int = 60 * NS_PER_S
    bps_e9: int = 100 * SCALE


@record
class Matched:
    """Pairs in the order of life, and what has no partner on either side.

    A run's order that did not fill can only have a partner by its name. `by_name` is how many
    pairs have one; `names_shared` tells whether the two sides know each other's names at all.
    """

    pairs: tuple[Pair, ...]
    by_name: int
    names_shared: bool
    life_only: tuple[Deal, ...]
    run_only: tuple[Deal, ...]


def match(life: Sequence[Deal], run: Sequence[Deal], window: Window | None = None) -> Matched:
    """Pair the orders of life with those of the run."""
    life = sorted(life, key=lambda one: one.seq)
    named = {one.client_order_id: one for one in run if one.client_order_id}
    partner: dict[int, Deal] = {}  # by the seq of life's order
    taken: dict[int, bool] = {}
    for one in life:
        other = named.get(one.client_order_id)
        if other is not None and not taken.get(other.seq) and _alike(one, other):
            partner[one.seq] = other
            taken[other.seq] = True
    by_name = len(partner)
    for _ in range(_ROUNDS):
        free_life = [one for one in life if one.seq not in partner]
        free_run = [one for one in run if one.seq not in taken and one.filled]
        found = _by_place(free_life, free_run, window or Window())
        if not found:
            break
        for ours, theirs in found:
            partner[ours.seq] = theirs
            taken[theirs.seq] = True
    return Matched(
        tuple((one, partner[one.seq]) for one in life if one.seq in partner),
        by_name, by_name > 0,
        tuple(one for one in life if one.seq not in partner),
        tuple(one for one in run if one.seq not in taken),
    )  # fmt: skip


def _alike(one: Deal, other: Deal) -> bool:
    return one.symbol == other.symbol and one.side is other.side


def _by_place(life: list[Deal], run: list[Deal], window: Window) -> list[Pair]:
    """The cheapest pairs of orders that both filled, each order at most once."""
    market: dict[tuple[str, str], list[Deal]] = {}
    for one in run:
        market.setdefault((one.symbol, one.side.value), []).append(one)
    for orders in market.values():
        orders.sort(key=_when)
    times = {key: [_when(one)[0] for one in orders] for key, orders in market.items()}
    pairs = []
    crowd: dict[tuple[str, str, int], int] = {}  # how many of life's came at that instant before
    for one in life:
        key = (one.symbol, one.side.value)
        if key in market:
            cost = _cost(one, window)
            instant = (*key, _when(one)[0])
            ranked = crowd[instant] = crowd.get(instant, -1) + 1
            for other in _near(one, ranked, market[key], times[key]):
                if (paid := cost(other)) is not None:
                    pairs.append((paid, one.seq, other.seq, one, other))
    pairs.sort(key=lambda pair: pair[:3])
    done: list[Pair] = []
    used: dict[tuple[str, int], bool] = {}
    for _, life_seq, run_seq, one, other in pairs:
        if not (used.get(("life", life_seq)) or used.get(("run", run_seq))):
            used["life", life_seq] = used["run", run_seq] = True
            done.append((one, other))
    return done


def _when(one: Deal) -> tuple[int, int]:
    assert one.first_ns is not None, "only what filled has a place in time"
    return one.first_ns, one.seq


def _near(one: Deal, ranked: int, orders: list[Deal], times: list[int]) -> list[Deal]:
    """The nearest in time on either side, for the order of that rank among those at its instant."""
    place = bisect_left(times, _when(one)[0]) + ranked
    return orders[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS]


def _cost(one: Deal, window: Window) -> Callable[[Deal], int | None]:
    """How far an order is from another one; None outside of the window. Whole numbers only."""
    at_ns, cost_e18, filled = _when(one)[0], one.cost_e18, one.filled
    most_bps, most_ns = max(1, window.bps_e9), max(1, window.ns)

    def cost(other: Deal) -> int | None:
        apart_ns = abs(_when(other)[0] - at_ns)
        whole = cost_e18 * other.filled
        apart = abs(whole - other.cost_e18 * filled) * BPS * SCALE // whole
        if apart_ns > window.ns or apart > window.bps_e9:
            return None
        return apart_ns * most_bps + apart * most_ns

    return cost
