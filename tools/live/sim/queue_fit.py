"""Which queue model fills our orders when life filled them.

The orders that rested in life are put into the recorded market again, once with each queue model,
all in one reading of it. An order's loss under a model is how far its first fill is from that of
life, at most the time that it waited in life; one that did not fill in life counts there as filling
when it left, or when the market ended. The power n with the least sum of losses is the estimate.
Its interval comes from drawing the orders anew: the powers that win in the middle 95 % of the
draws, and one step of the grid to either side, because between two powers nothing was tried.

Times are those at which the market was heard; an order that would take at once tells nothing about
queues and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent
from ..core.money import SCALE, to_e9
from ..core.record import record
from ..core.rng import stream
from .liquidity import DISPLAYED, LiquidityRule
from .orders import OrderRequest, WorkingOrder
from .queue import PESSIMISTIC, LogQueue, PowerQueue, QueueModel
from .venue import SymbolVenue

POWERS = ("0.5", "1", "1.5", "2", "3", "4", "6", "8")
MOST_POWERS = 32
_DRAWS = 200
_OUTSIDE = 5  # of the draws on either side: 2.5 %
_BLOCKS = 400


@record
class Waited:
    """One order that rested in life; `filled_ns` is its first fill there, `left_ns` its cancel."""

    name: str
    symbol: str
    side: Side
    qty: int
    price: int
    arrived_ns: int
    left_ns: int | None
    filled_ns: int | None


@record
class ModelScore:
    """How far a model is from life: its mean loss, and how many orders filled in one of both."""

    model: str
    mean_ns: int
    only_life: int
    only_model: int


@record
class QueueFit:
    """The best power at 10^9 with its interval, and how all models did; `used` orders told it.

    With `tells` False the interval is the whole grid: these orders do not tell powers apart.
    """

    used: int
    left_out: int
    best_e9: int
    low_e9: int
    high_e9: int
    tells: bool
    scores: tuple[ModelScore, ...]


class QueueReplay:
    """The orders in the recorded market, under many models at once; hear it in its order."""

    def __init__(
        self, orders: Sequence[Waited], powers: Sequence[str] = POWERS,
        liquidity: LiquidityRule = DISPLAYED,
    ) -> None:  # fmt: skip
        self._powers = checked_powers(powers)
        named: list[tuple[str, QueueModel]] = [
            (f"power:{n}", PowerQueue(n)) for n in powers
        ]
        named += [("pessimistic", PESSIMISTIC), ("log", LogQueue())]
        self._names = [name for name, _ in named]
        self._orders = tuple(orders)
        symbols = dict.fromkeys(one.symbol for one in orders)
        self._venues = {
            symbol: [SymbolVenue(symbol, queue=model, liquidity=liquidity) for _, model in named]
            for symbol in symbols
        }
        self._filled: list[dict[int, int]] = [{} for _ in named]  # by model, then by order
        self._working: dict[int, list[WorkingOrder]] = {}
        self._took: dict[int, bool] = {}
        self._actions = self._agenda()
        self._next = 0
        self._now_ns = 0

    def hear(self, event: MarketEvent) -> None:
        """Let the orders act that are due before it, and then the market move."""
        self._act(event.ts_ns)
        self._now_ns = max(self._now_ns, event.ts_ns)
        for model, venue in enumerate(self._venues.get(event.symbol, ())):
            filled = self._filled[model]
            for done in venue.hear(event):
                filled.setdefault(done.order.number, self._now_ns)

    def fit(self, seed: int) -> QueueFit | None:
        """What came of it; None when no order of life rested in this market."""
        used = [
            number for number in range(len(self._orders))
            if number in self._working and number not in self._took
        ]  # fmt: skip
        if not used:
            return None
        losses = [[self._loss(model, number) for model in range(len(self._names))]
                  for number in used]  # fmt: skip
        grid = [[row[place] for place in range(len(self._powers))] for row in losses]
        low, high = _interval(grid, seed)
        first, last = _tied(_added(grid))
        best = (first + last) // 2
        powers = self._powers
        bottom = max(0, min(low, first) - 1)
        top = min(len(powers) - 1, max(high, last) + 1)
        return QueueFit(
            len(used), len(self._orders) - len(used), powers[best], powers[bottom], powers[top],
            bottom > 0 or top < len(powers) - 1,
            tuple(self._score(model, used, losses) for model in range(len(self._names))),
        )  # fmt: skip

    def _agenda(self) -> list[tuple[int, int, int]]:
        """When what happens: arrivals (1) and leavings (0) by time, then by order."""
        actions = []
        for number, one in enumerate(self._orders):
            actions.append((one.arrived_ns, 1, number))
            if one.left_ns is not None:
                actions.append((one.left_ns, 0, number))
            elif one.filled_ns is not None:  # from here on it could lose no more
                actions.append((2 * one.filled_ns - one.arrived_ns, 0, number))
        return sorted(actions)

    def _act(self, before_ns: int) -> None:
        """At one instant the market moves first, so only what is due earlier has happened."""
        actions = self._actions
        while self._next < len(actions) and actions[self._next][0] < before_ns:
            _, arrives, number = actions[self._next]
            self._next += 1
            if arrives:
                self._arrive(number)
            else:
                self._leave(number)

    def _arrive(self, number: int) -> None:
        one = self._orders[number]
        venues = self._venues[one.symbol]
        if not (venues[0].bid or venues[0].ask):
            return  # the market had not begun: nobody knows what was before it
        if venues[0].crosses(one.side, one.price):
            self._took[number] = True
        request = OrderRequest(one.name, one.symbol, one.side, one.qty, price=one.price)
        made = []
        for venue in venues:
            order = WorkingOrder(request, one.name, number)
            made.append(order)
            if number not in self._took:
                venue.rest(order)
        self._working[number] = made

    def _leave(self, number: int) -> None:
        if number in self._took:
            return
        for venue, order in zip(
            self._venues[self._orders[number].symbol], self._working.get(number, ())
        ):
            if order.leaves:
                venue.leave(order)

    def _loss(self, model: int, number: int) -> int:
        """How far off the first fill is; it leaves when it is as late as it waited in life."""
        one = self._orders[number]
        end_ns = self._now_ns if one.left_ns is None else min(one.left_ns, self._now_ns)
        theirs = end_ns if one.filled_ns is None else one.filled_ns
        ours = self._filled[model].get(number)
        if ours is None:
            return 0 if one.filled_ns is None else theirs - one.arrived_ns
        return abs(ours - theirs)

    def _score(self, model: int, used: Sequence[int], losses: list[list[int]]) -> ModelScore:
        total = only_life = only_model = 0
        for number, row in zip(used, losses):
            total += row[model]
            fills = number in self._filled[model]
            lived = self._orders[number].filled_ns is not None
            only_life += lived and not fills
            only_model += fills and not lived
        return ModelScore(self._names[model], total // len(used), only_life, only_model)


def checked_powers(powers: Sequence[str]) -> list[int]:
    """The powers of a grid at 10^9; they must rise."""
    if not 2 <= len(powers) <= MOST_POWERS:
        raise ContractError(f"{len(powers)} powers are not 2 to {MOST_POWERS}; name more, or fewer")
    found = [to_e9(one, "power") for one in powers]
    for before, after in zip(found, found[1:]):
        if after <= before:
            raise ContractError(
                f"powers {','.join(powers):.60} do not rise; sort them and name each once"
            )
    return found


def _added(rows: Sequence[Sequence[int]]) -> list[int]:
    totals = [0] * len(rows[0])
    for row in rows:
        for place, loss in enumerate(row):
            totals[place] += loss
    return totals


def _tied(totals: Sequence[int]) -> tuple[int, int]:
    """The first and the last place of the least loss; orders that fill alike tell nothing apart."""
    least = min(totals)
    places = [place for place, loss in enumerate(totals) if loss == least]
    return places[0], places[-1]


def _interval(rows: Sequence[Sequence[int]], seed: int) -> tuple[int, int]:
    """The places between which the best power stays when the orders are drawn anew."""
    count = len(rows)
    blocks = min(count, _BLOCKS)
    sums = [_added(rows[b * count // blocks : (b + 1) * count // blocks]) for b in range(blocks)]
    chance = stream(seed, "life.queue").random
    found = [
        _tied(_added([sums[int(chance() * blocks)] for _ in range(blocks)])) for _ in range(_DRAWS)
    ]
    lows, highs = sorted(low for low, _ in found), sorted(high for _, high in found)
    return lows[_OUTSIDE], highs[_DRAWS - 1 - _OUTSIDE]


def in_words(power_e9: int) -> str:
    """A power as a queue model is named in terms."""
    whole, rest = divmod(power_e9, SCALE)
    return f"power:{whole}" + (f".{rest:09d}".rstrip("0") if rest else "")
