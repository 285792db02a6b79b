"""Random markets of single orders, ours among them, against a twin that is one list.

The twin keeps everybody in order of arrival in one list and looks through it for each question.
After each event the executions, the touch, what could be taken and the state of every order of ours
are compared, and the laws are held: a traded quantity is used once, of an order never more is
taken than there was, nothing passes a limit, and no queue is below zero.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.unit.prop import chance, some_of
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.sim.evidence import Execution
from tools.live.sim.order_by_order import OrderByOrder
from tools.live.sim.order_events import (
    BookCleared, OrderEvent, RestingAdded, RestingCanceled, RestingReduced, RestingReplaced,
    RestingTraded,
)  # fmt: skip
from tools.live.sim.orders import OrderRequest, WorkingOrder

Row = dict[str, Any]
EVENTS = 600
KINDS = ("added", "added", "added", "traded", "traded", "reduced", "canceled", "replaced")


def sign_of(side: Side) -> int:
    return 1 if side is BUY else -1


class NaiveMarket:
    """Rows in order of arrival; ours have the key `ours`, others `leaves` and `taken`."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def named(self, name: str) -> Row:
        (row,) = [row for row in self.rows if row["name"] == name]
        return row

    def standing(self, side: Side) -> list[Row]:
        """Everybody of one side in priority."""
        rows = [row for row in self.rows if row["side"] is side]
        return sorted(rows, key=lambda row: -sign_of(side) * row["price"])  # stable: by arrival

    def offers(self, side: Side, limit: int | None) -> list[Row]:
        other = SELL if side is BUY else BUY
        return [
            row for row in self.standing(other) if "ours" not in row and free(row) and
            (limit is None or sign_of(side) * row["price"] <= sign_of(side) * limit)
        ]  # fmt: skip

    def fill_ours(self, rows: list[Row], qty: int) -> list[tuple[int, int, int]]:
        found = []
        for row in rows:
            got = min(qty, row["leaves"])
            if got:
                found.append((row["ours"], got, row["price"]))
                row["leaves"] -= got
                qty -= got
        self.rows = [row for row in self.rows if "ours" not in row or row["leaves"]]
        return found

    def add(self, name: str, side: Side, price: int, qty: int, taken: int = 0) -> Any:
        sign = sign_of(side)
        met = [row for row in self.standing(SELL if side is BUY else BUY)
               if "ours" in row and sign * row["price"] <= sign * price]  # fmt: skip
        done = self.fill_ours(met, qty - taken)
        taken += sum(got for _, got, _ in done)
        self.rows.append(
            {"name": name, "side": side, "price": price, "leaves": qty, "taken": taken}
        )
        return done

    def trade(self, name: str, qty: int) -> Any:
        row = self.named(name)
        queue = self.standing(row["side"])
        before = queue[: queue.index(row)]
        if not free(row):
            before = [other for other in before if other["price"] != row["price"]]
        done = self.fill_ours([other for other in before if "ours" in other], qty)
        self.shrink(name, row["leaves"] - qty)
        return done

    def shrink(self, name: str, leaves: int) -> None:
        row = self.named(name)
        row["leaves"] = leaves
        row["taken"] = min(row["taken"], leaves)
        self.rows = [row for row in self.rows if row["leaves"] > 0]

    def replace(self, name: str, new: str, price: int, qty: int) -> Any:
        row = self.named(name)
        if name == new and price == row["price"] and qty <= row["leaves"]:
            self.shrink(name, qty)
            return []
        self.rows.remove(row)
        return self.add(new, row["side"], price, qty, min(row["taken"], qty))

    def take(self, number: int, side: Side, limit: int | None, qty: int) -> Any:
        done = []
        for row in self.offers(side, limit):
            got = min(free(row), qty)
            if got:
                done.append((number, got, row["price"]))
                row["taken"] += got
                qty -= got
        return done

    def ahead(self, number: int) -> int:
        (ours,) = [row for row in self.rows if row.get("ours") == number]
        queue = self.standing(ours["side"])
        return sum(free(row) for row in queue[: queue.index(ours)]
                   if "ours" not in row and row["price"] == ours["price"])  # fmt: skip

    def touch(self, side: Side) -> tuple[int, int]:
        offers = self.offers(SELL if side is BUY else BUY, None)
        best = [row for row in offers if row["price"] == offers[0]["price"]]
        return (best[0]["price"], sum(free(row) for row in best)) if best else (0, 0)


def free(row: Row) -> int:
    left: int = row["leaves"] - row["taken"]
    return left


class World:
    """One market twice, and a stream of events that a venue could have sent."""

    def __init__(self, seed: int) -> None:
        self.rng: Random = chance(seed)
        self.kinds = ["added", *some_of(self.rng, KINDS)]
        self.fast, self.naive = OrderByOrder("X"), NaiveMarket()
        self.ours: dict[int, WorkingOrder] = {}
        self.recorded: dict[str, Side] = {}
        self.middle, self.names, self.numbers = 1_000, 0, 0

    def draw(self, count: int) -> int:
        return int(self.rng.random() * count)

    def a_price(self, side: Side) -> int:
        """One that meets no recorded order of the other side, whatever we took of it."""
        facing = [row["price"] for row in self.naive.standing(SELL if side is BUY else BUY)
                  if "ours" not in row]  # fmt: skip
        price = self.middle - sign_of(side) * (1 + self.draw(4))
        if facing and sign_of(side) * price >= sign_of(side) * facing[0]:
            price = facing[0] - sign_of(side)
        return int(price)

    def step(self) -> None:
        self.middle += self.draw(3) - 1
        chosen = self.rng.random()
        if chosen < 0.15:
            self.come()
        elif chosen < 0.2 and self.ours:
            self.change()
        elif chosen < 0.202:
            self.hear(BookCleared("X", "s", None, 1))
        else:
            self.hear(self.an_event())
        self.compare()

    def an_event(self) -> OrderEvent:
        kind = self.kinds[self.draw(len(self.kinds))]
        if kind == "added" or not self.recorded:
            self.names += 1
            side = BUY if self.rng.random() < 0.5 else SELL
            price, qty = self.a_price(side), 1 + self.draw(9)
            return RestingAdded("X", "s", f"n{self.names}", side, price, qty, None, 1)
        name = [*self.recorded][self.draw(len(self.recorded))]
        side = self.recorded[name]
        if kind == "traded" and self.rng.random() < 0.8:
            name = next(row["name"] for row in self.naive.standing(side) if "ours" not in row)
        part = 1 + self.draw(self.naive.named(name)["leaves"])
        if kind == "traded":
            return RestingTraded("X", "s", name, part, None, 1)
        if kind == "reduced":
            return RestingReduced("X", "s", name, part, None, 1)
        if kind == "canceled":
            return RestingCanceled("X", "s", name, None, 1)
        new = name if self.rng.random() < 0.7 else f"{name}+"
        price = self.naive.named(name)["price"]
        if self.rng.random() < 0.5:
            price = self.a_price(side)
        return RestingReplaced("X", "s", name, new, price, 1 + self.draw(9), None, 1)

    def hear(self, event: OrderEvent) -> None:
        naive, done, most = self.naive, [], 0
        if isinstance(event, RestingAdded):
            most, done = event.qty, naive.add(event.order_id, event.side, event.price, event.qty)
        elif isinstance(event, RestingTraded):
            most, done = event.qty, naive.trade(event.order_id, event.qty)
        elif isinstance(event, RestingReplaced):
            most = event.qty
            done = naive.replace(event.order_id, event.new_id, event.price, event.qty)
        elif isinstance(event, BookCleared):
            naive.rows = [row for row in naive.rows if "ours" in row]
        else:
            left = naive.named(event.order_id)["leaves"] if isinstance(event, RestingReduced) else 0
            naive.shrink(event.order_id, left - getattr(event, "qty", 0))
        found = self.fast.hear(event)
        assert [(e.order.number, e.qty, e.price) for e in found] == done, event
        assert sum(e.qty for e in found) <= most
        self.settle(found)
        self.recorded = {row["name"]: row["side"] for row in naive.rows if "ours" not in row}

    def come(self) -> None:
        """An order of ours takes what it meets, and rests with what is left."""
        self.numbers += 1
        side = BUY if self.rng.random() < 0.5 else SELL
        price = None if self.rng.random() < 0.1 else self.middle + self.draw(9) - 4
        request = OrderRequest(f"C{self.numbers}", "X", side, 1 + self.draw(9), price=price)
        order = WorkingOrder(request, f"O{self.numbers}", self.numbers)
        there = self.fast.fillable(side, price)
        assert (there > 0) is (self.fast.crosses(side, price) if price is not None else there > 0)
        wanted = self.naive.take(order.number, side, price, order.qty)
        done = self.fast.take(order)
        assert [(e.order.number, e.qty, e.price) for e in done] == wanted
        assert sum(e.qty for e in done) == min(there, order.qty)
        self.settle(done)
        if order.leaves and price is not None:
            self.fast.rest(order)
            self.ours[order.number] = order
            self.naive.rows.append({
                "name": "", "ours": order.number, "side": side, "price": price,
                "leaves": order.leaves, "taken": 0,
            })  # fmt: skip

    def change(self) -> None:
        number = [*self.ours][self.draw(len(self.ours))]
        order = self.ours[number]
        (row,) = [row for row in self.naive.rows if row.get("ours") == number]
        leaves = self.draw(order.leaves + 1)
        if leaves:
            self.fast.reduce(order, leaves)
            row["leaves"] = leaves
        else:
            self.fast.leave(order)
            self.naive.rows.remove(row)
            del self.ours[number]

    def settle(self, done: list[Execution]) -> None:
        for execution in done:
            order = execution.order
            limit = order.price
            if limit is not None:
                sign = sign_of(order.side)
                assert sign * execution.price <= sign * limit
            assert execution.qty > 0 and order.leaves >= 0
            if not order.leaves:
                self.ours.pop(order.number, None)

    def compare(self) -> None:
        fast, naive = self.fast, self.naive
        assert (fast.bid, fast.bid_qty) == naive.touch(BUY)
        assert (fast.ask, fast.ask_qty) == naive.touch(SELL)
        for side in (BUY, SELL):
            assert fast.fillable(side, None) == sum(free(row) for row in naive.offers(side, None))
            queue = [row["ours"] for row in naive.standing(side) if "ours" in row]
            assert [order.number for order in fast.resting(side)] == queue
        for number, order in self.ours.items():
            assert order.ahead == naive.ahead(number) >= 0
        assert all(row["taken"] <= row["leaves"] for row in naive.rows)
        assert fast.unknown == 0


@pytest.mark.parametrize("seed", range(12))
def test_the_market_and_its_twin_agree_after_each_event(seed: int) -> None:
    world = World(seed)
    for _ in range(EVENTS):
        world.step()


@pytest.mark.parametrize("seed", range(4))
def test_more_in_front_of_ours_never_fills_more(seed: int) -> None:
    """One order of ours at one price, and others' queue in front of it longer and longer."""
    filled = []
    for before in (0, 1, 5, 20):
        rng, market = chance(seed), OrderByOrder("X")
        if before:
            market.hear(RestingAdded("X", "s", "first", BUY, 100, before, None, 1))
        order = WorkingOrder(OrderRequest("C", "X", BUY, 500, price=100), "O", 1)
        market.rest(order)
        left = before
        for place in range(60):
            market.hear(RestingAdded("X", "s", f"n{place}", BUY, 100, 9, None, 1))
            qty = 1 + int(rng.random() * 3)
            at_front = min(qty, left)
            if at_front:
                market.hear(RestingTraded("X", "s", "first", at_front, None, 1))
                left -= at_front
            if qty > at_front:
                market.hear(RestingTraded("X", "s", f"n{place}", qty - at_front, None, 1))
        filled.append(order.filled)
    assert filled == sorted(filled, reverse=True) and filled[0] > filled[-1]
