"""Random markets and random orders in them, for proofs about `sim/venue.py`.

Prices are few and quantities small, so that levels empty, grow again, cross and lock all the time.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple, TypeAlias

from tests.unit.prop import some_of
from tools.live.core.market_v1 import Bbo, DepthSnapshot, MarketEvent, Trade
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.orders import OrderRequest, WorkingOrder
from tools.live.sim.queue import LogQueue, PowerQueue, Pessimistic, Proportional, QueueModel

LOWEST, HIGHEST = 95, 105
MODELS: tuple[QueueModel, ...] = (
    Pessimistic(), Proportional(), PowerQueue(1), PowerQueue(2), PowerQueue(3), PowerQueue("0.5"),
    PowerQueue("1.7"), LogQueue(),
)  # fmt: skip


class Enter(NamedTuple):
    """An order comes: it takes what it can, and rests if it has a limit."""

    number: int
    side: Side
    qty: int
    price: int | None
    display: int | None


class Cancel(NamedTuple):
    pick: float


class Reduce(NamedTuple):
    pick: float
    share: float


Step: TypeAlias = MarketEvent | Enter | Cancel | Reduce


def an_order(
    number: int, side: Side, qty: int, price: int | None, display: int | None = None
) -> WorkingOrder:
    request = OrderRequest(f"CLI{number}", "X", side, qty, price=price, display=display)
    return WorkingOrder(request, f"ORD{number:06d}", number)


def steps(rng: Random, count: int) -> list[Step]:
    """A market's life with our orders in it; some kinds of steps are switched off."""
    kinds = some_of(rng, ("bbo", "bbo", "depth", "trade", "trade", "enter", "cancel", "reduce"))
    kinds += ["enter"]
    sizeless = rng.random() < 0.15
    made: list[Step] = []
    middle = 100
    now_ns = 0
    for number in range(count):
        now_ns += rng.choice((0, 10**7, 6 * 10**7, 2 * 10**8))
        middle = min(HIGHEST - 2, max(LOWEST + 2, middle + rng.choice((-1, 0, 0, 0, 1))))
        made.append(_step(rng, rng.choice(kinds), number, now_ns, middle, sizeless))
    return made


def _step(
    rng: Random, kind: str, number: int, now_ns: int, middle: int, sizeless: bool
) -> Step:
    if kind == "bbo":
        spread = rng.choice((0, 1, 1, 1, 2, 3)) if rng.random() < 0.95 else -1
        bid, ask = middle, middle + spread
        bid = 0 if rng.random() < 0.03 else bid
        ask = 0 if rng.random() < 0.03 else ask
        qty = 0 if sizeless else 1
        return Bbo("X", "s", bid, _qty(rng) * qty if bid else 0, ask,
                   _qty(rng) * qty if ask else 0, None, None, now_ns)  # fmt: skip
    if kind == "depth":
        cross = 1 if rng.random() < 0.03 else 0
        bids = [(p, _qty(rng)) for p in range(LOWEST, middle + 1 + cross) if rng.random() < 0.7]
        asks = [(p, _qty(rng)) for p in range(middle + 1, HIGHEST) if rng.random() < 0.7]
        return DepthSnapshot("X", "s", tuple(reversed(bids)), tuple(asks), None, None, now_ns)
    if kind == "trade":
        side = rng.choice((BUY, SELL, BUY, SELL, None))
        price = middle + rng.choice((-2, -1, 0, 0, 1, 1, 2))
        return Trade("X", "s", str(number), side, price, rng.randint(1, 12), None, None, now_ns)
    if kind == "cancel":
        return Cancel(rng.random())
    if kind == "reduce":
        return Reduce(rng.random(), rng.random())
    side = rng.choice((BUY, SELL))
    price = None if rng.random() < 0.15 else middle + rng.randint(-2, 3)
    qty = rng.randint(1, 15)
    return Enter(number, side, qty, price, rng.randint(1, qty) if rng.random() < 0.1 else None)


def _qty(rng: Random) -> int:
    return rng.randint(1, 20)
