"""The naive twin of the order book: one list, sorted anew for each question, and nothing else.

Each order is a row of number, owner, side, price, leaves and age. What comes first is found by
sorting all rows; totals are summed up when they are asked for. Nothing is kept beside the rows, so
there is nothing that could disagree with them.
"""

from __future__ import annotations

from typing import Any

from tools.live.core.contracts_v1 import BUY, Side
from tools.live.sim.book import BookState, LevelState, Match, Outcome, Result, hash_of
from tools.live.sim.orders import SelfTrade, TimeInForce

Row = list[Any]
_NUMBER, _OWNER, _SIDE, _PRICE, _LEAVES, _AGE = range(6)


def _best_bid_first(row: Row) -> tuple[int, int]:
    return -row[_PRICE], row[_AGE]


def _best_ask_first(row: Row) -> tuple[int, int]:
    return row[_PRICE], row[_AGE]


class NaiveBook:
    """The same commands as `Book`."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.age = 0

    def place(
        self, number: int, side: Side, qty: int, price: int | None = None, *, owner: str = "",
        time_in_force: TimeInForce = TimeInForce.GTC, post_only: bool = False,
        self_trade: SelfTrade = SelfTrade.ALLOW,
    ) -> Outcome:  # fmt: skip
        queue = self._crossed(side, price)
        if post_only and queue:
            return Outcome(Result.REFUSED, qty)
        matches, gone, left, stopped = _walk(queue, number, qty, owner, self_trade)
        if time_in_force is TimeInForce.FOK and left:
            return Outcome(Result.CANCELED, qty)
        for match in matches:
            for row in queue:
                if row[_NUMBER] == match.maker:
                    row[_LEAVES] -= match.qty
        self.rows = [r for r in self.rows if r[_LEAVES] and r[_NUMBER] not in gone]
        told = tuple(matches), tuple(gone)
        if not left:
            return Outcome(Result.FILLED, 0, *told)
        if stopped or price is None or time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            return Outcome(Result.CANCELED, left, *told)
        self.age += 1
        self.rows.append([number, owner, side, price, left, self.age])
        return Outcome(Result.RESTS, left, *told)

    def cancel(self, number: int) -> Outcome:
        for row in self.rows:
            if row[_NUMBER] == number:
                self.rows.remove(row)
                return Outcome(Result.CANCELED, row[_LEAVES])
        return Outcome(Result.UNKNOWN, 0)

    def reduce(self, number: int, leaves: int) -> Outcome:
        for row in self.rows:
            if row[_NUMBER] == number:
                if 0 < leaves <= row[_LEAVES]:
                    row[_LEAVES] = leaves
                    return Outcome(Result.RESTS, leaves)
                return Outcome(Result.REFUSED, row[_LEAVES])
        return Outcome(Result.UNKNOWN, 0)

    def move(
        self, number: int, price: int, *, self_trade: SelfTrade = SelfTrade.ALLOW
    ) -> Outcome:
        for row in self.rows:
            if row[_NUMBER] == number:
                return self.replace(number, row[_LEAVES], price, self_trade=self_trade)
        return Outcome(Result.UNKNOWN, 0)

    def replace(
        self, number: int, leaves: int, price: int, *, post_only: bool = False,
        self_trade: SelfTrade = SelfTrade.ALLOW,
    ) -> Outcome:  # fmt: skip
        for row in self.rows:
            if row[_NUMBER] == number:
                break
        else:
            return Outcome(Result.UNKNOWN, 0)
        if row[_PRICE] == price and leaves <= row[_LEAVES]:
            row[_LEAVES] = leaves
            return Outcome(Result.RESTS, leaves)
        if post_only and self._crossed(row[_SIDE], price):
            return Outcome(Result.REFUSED, row[_LEAVES])
        self.rows.remove(row)
        return self.place(
            number, row[_SIDE], leaves, price, owner=row[_OWNER], self_trade=self_trade
        )

    def state(self) -> BookState:
        bids = sorted([r for r in self.rows if r[_SIDE] is BUY], key=_best_bid_first)
        asks = sorted([r for r in self.rows if r[_SIDE] is not BUY], key=_best_ask_first)
        return _levels(bids), _levels(asks)

    def state_hash(self) -> str:
        return hash_of(self.state())

    def _crossed(self, side: Side, price: int | None) -> list[Row]:
        """The rows that an order may meet, in the order in which it meets them."""
        if side is BUY:
            met = [r for r in self.rows
                   if r[_SIDE] is not BUY and (price is None or r[_PRICE] <= price)]  # fmt: skip
            return sorted(met, key=_best_ask_first)
        met = [r for r in self.rows if r[_SIDE] is BUY and (price is None or r[_PRICE] >= price)]
        return sorted(met, key=_best_bid_first)


def _walk(
    queue: list[Row], number: int, qty: int, owner: str, self_trade: SelfTrade
) -> tuple[list[Match], list[int], int, bool]:
    """Whom an order meets, whom it takes out, what is left, whether its owner stopped it."""
    matches: list[Match] = []
    gone: list[int] = []
    for row in queue:
        if not qty:
            break
        if owner and row[_OWNER] == owner and self_trade is not SelfTrade.ALLOW:
            if self_trade in (SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH):
                gone.append(row[_NUMBER])
            if self_trade in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH):
                return matches, gone, qty, True
            continue
        traded = min(qty, row[_LEAVES])
        matches.append(Match(row[_NUMBER], number, row[_PRICE], traded))
        qty -= traded
    return matches, gone, qty, False


def _levels(rows: list[Row]) -> tuple[LevelState, ...]:
    """Sorted rows, put together by price."""
    found: list[LevelState] = []
    start = 0
    for place, row in enumerate(rows):
        if place + 1 == len(rows) or rows[place + 1][_PRICE] != row[_PRICE]:
            here = rows[start : place + 1]
            total: int = sum([r[_LEAVES] for r in here])
            queue = tuple([(r[_NUMBER], r[_OWNER], r[_LEAVES]) for r in here])
            found.append((row[_PRICE], total, queue))
            start = place + 1
    return tuple(found)
