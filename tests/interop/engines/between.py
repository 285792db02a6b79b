"""From hftbacktest's rules to ours, one at a time: which rule makes which fill another one.

A plain twin lives the lives of the strategy's orders over the same events. With none of our rules
it fills exactly what hftbacktest fills; with all of them exactly what our exchange fills. So a fill
that differs between the two changes at some rule on the way, and that rule is its explanation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import floor

from tests.interop.engines.quoting import E9, ENTRY_NS, MS, Asked, Filled, market
from tools.live.core.market_v1 import DepthDiff, DepthSnapshot, Trade
from tools.live.core.words_v1 import BUY
from tools.live.sim.queue import ahead_after, queue_model

LOT = 10**6

# In the order in which they are put in force.
RULES = {
    "equal": "a level that is told again unchanged says nothing; there it forgets what was traded",
    "carried": "a trade that the level does not show yet explains a later reduction, too",
    "traded": "what was traded is gone from the level; there it still counts as behind us",
    "pieces": "a large cancel is taken as many small ones, in whole numbers",
    "late": "a reduction that a trade made which is told behind it is no cancel, once it is told",
    "lots": "a partial fill is what a trade has left for us; there it is rounded to lots",
    "through": "a trade beyond our price gives at most its quantity; there the whole order fills",
    "shown": "a market that crosses gives at most what it shows; there the whole order fills",
    "used": "what an order took of a displayed level it does not find there again",
}


class Life:
    """One order at the exchange, at 10^9; `ahead` is a double below the rule of the pieces."""

    def __init__(self, asked: Asked, qty: int, ahead: int) -> None:
        self.asked = asked
        self.leaves = qty
        self.ahead: float = ahead
        self.shown = ahead
        self.traded = 0
        self.cancels: list[Cancel] = []


class Cancel:
    """A reduction that no trade explains so far, and what it took from before an order."""

    def __init__(self, at_ns: int, gone: int, cut: int) -> None:
        self.at_ns = at_ns
        self.gone = gone
        self.cut = cut

    def taken_back(self, traded: int) -> tuple[int, int]:
        """What of a trade this reduction was, and what goes back before the order."""
        part = min(traded, self.gone)
        back = -(-self.cut * part // self.gone) if part else 0
        self.gone -= part
        self.cut -= back
        return part, back


class Twin:
    """The lives of all orders under some of the rules; iterate for the fills."""

    def __init__(
        self, asked: Sequence[Asked], queue: str, rules: Sequence[str], *, partial: bool, qty: int
    ) -> None:
        self.refused: set[int] = set()
        self._waiting = list(reversed(asked))
        self._model = queue_model(queue)
        _, _, n = queue.partition(":")
        self._n = float(n or 0)
        self._rules = frozenset(rules)
        self._partial = partial
        self._qty = qty
        self._lives: list[Life] = []
        self._book: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def fills(self) -> tuple[Filled, ...]:
        """Everything that fills, by order and time."""
        got: dict[tuple[int, int], tuple[int, int]] = {}
        bests = _bests()
        for index, row in enumerate(market()):
            at_ns = row.exchange_ns or 0
            self._let_through(at_ns, bests[index - 1] if index else (0, 0))
            if isinstance(row, Trade):
                made = list(self._trade(row))
            else:
                assert isinstance(row, (DepthDiff, DepthSnapshot))
                made = list(self._depth(row, bests[index]))
            for life, qty in made:
                life.leaves -= qty
                key = life.asked.number, at_ns // MS
                got[key] = life.asked.price, got.get(key, (0, 0))[1] + qty
            self._lives = [life for life in self._lives if life.leaves]
        return tuple(Filled(*key, *got[key]) for key in sorted(got))

    def _let_through(self, now_ns: int, touch: tuple[int, int]) -> None:
        """Orders and cancels that reach the exchange before the next event."""
        bid, ask = touch
        self._lives = [one for one in self._lives if one.asked.cancel_ns + ENTRY_NS > now_ns]
        while self._waiting and self._waiting[-1].submit_ns + ENTRY_NS < now_ns:
            asked = self._waiting.pop()
            if asked.price >= ask if asked.is_buy else asked.price <= bid:
                self.refused.add(asked.number)
                continue
            side = self._book[0 if asked.is_buy else 1]
            self._lives.append(Life(asked, self._qty, side.get(asked.price, 0)))

    def _trade(self, trade: Trade) -> Iterator[tuple[Life, int]]:
        for life in self._lives:
            price, is_buy = life.asked.price, life.asked.is_buy
            if is_buy is (trade.side is BUY):
                continue
            if price == trade.price:
                if qty := self._at_price(life, trade.qty, trade.exchange_ns or 0):
                    yield life, qty
            elif price > trade.price if is_buy else price < trade.price:
                capped = self._partial and "through" in self._rules
                life.ahead = 0
                if qty := min(life.leaves, trade.qty) if capped else life.leaves:
                    yield life, qty

    def _at_price(self, life: Life, traded: int, now_ns: int) -> int:
        stood, left = life.ahead, traded
        if "late" in self._rules:
            for cancel in life.cancels:
                if cancel.at_ns == now_ns:  # the trade is no younger, and the rows are in order
                    part, back = cancel.taken_back(left)
                    left -= part
                    life.ahead += back
        life.traded += left
        life.ahead -= traded
        if life.ahead >= 0:
            life.ahead = min(life.ahead, stood)
        if life.ahead > -LOT / 2:
            return 0
        reached = -life.ahead
        life.ahead = 0
        if not self._partial:
            return life.leaves
        if "lots" not in self._rules:
            reached = floor(reached / LOT + 0.5) * LOT
        return min(life.leaves, int(reached))

    def _depth(
        self, row: DepthDiff | DepthSnapshot, touch: tuple[int, int]
    ) -> Iterator[tuple[Life, int]]:
        bids, asks = self._book
        for is_buy, levels, side in ((True, row.bids, bids), (False, row.asks, asks)):
            told = dict(levels)
            for life in self._lives:
                price = life.asked.price
                if life.asked.is_buy is is_buy and price in told:
                    self._level(life, side.get(price, 0), told[price], row.exchange_ns or 0)
            for price, qty in levels:
                if qty:
                    side[price] = qty
                else:
                    side.pop(price, None)
        bid, ask = touch
        for life in self._lives:
            price = life.asked.price
            if 0 < ask <= price if life.asked.is_buy else bid >= price:
                yield life, min(life.leaves, self._facing(life))

    def _facing(self, life: Life) -> int:
        if not self._partial or "shown" not in self._rules:
            return life.leaves
        limit, bids, asks = life.asked.price, *self._book
        if life.asked.is_buy:
            return sum(qty for price, qty in asks.items() if price <= limit)
        return sum(qty for price, qty in bids.items() if price >= limit)

    def _level(self, life: Life, before: int, now: int, now_ns: int) -> None:
        rules = self._rules
        if now == before and "equal" in rules:
            return
        gone = before - now - life.traded
        explained = max(0, min(life.traded, before - now))
        carried = life.traded - explained if "carried" in rules and now <= before else 0
        life.traded = min(carried, now)
        if gone < 0 or not gone and "traded" in rules:
            life.ahead = min(life.ahead, now)
            return
        level = before - explained if "traded" in rules else before
        if "pieces" in rules:
            stood = int(life.ahead)
            life.ahead = ahead_after(self._model, stood, level, gone)
            if gone:
                life.cancels.append(Cancel(now_ns, gone, stood - life.ahead))
        else:
            life.ahead = min(life.ahead - _cut(life.ahead, level, gone, self._n), now)


def _cut(ahead: float, level: float, gone: float, n: float) -> float:
    """What of a cancel was before us by hftbacktest's formula; n = 0: nothing that need not be."""
    behind = level - ahead
    if not n:
        return max(0.0, gone - behind)
    front, back = (ahead / E9) ** n, (behind / E9) ** n
    share = back / (back + front) if back + front else 1.0
    return (1.0 - share) * gone - min(behind - share * gone, 0.0)


@cache
def _bests() -> tuple[tuple[int, int], ...]:
    """The best bid and ask behind each event."""
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    found = []
    bid = ask = 0
    for row in market():
        if isinstance(row, (DepthDiff, DepthSnapshot)):
            for side, levels in ((bids, row.bids), (asks, row.asks)):
                for price, qty in levels:
                    if qty:
                        side[price] = qty
                    else:
                        side.pop(price, None)
            bid, ask = max(bids, default=0), min(asks, default=0)
        found.append((bid, ask))
    return tuple(found)


def stages(
    asked: Sequence[Asked], queue: str, *, partial: bool, qty: int
) -> Iterator[tuple[str, frozenset[Filled], frozenset[int]]]:
    """Each rule, the last apart: the fills with it and all before it, and who was refused.

    What an order used of what a market showed is our exchange's own business; its effect is what
    is left between the last twin and our exchange.
    """
    names = list(RULES)[:-1]
    for count in range(len(names) + 1):
        twin = Twin(asked, queue, names[:count], partial=partial, qty=qty)
        yield names[count - 1] if count else "", frozenset(twin.fills()), frozenset(twin.refused)
