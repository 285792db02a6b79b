"""A million random commands to the order book and to its naive twin: one full state after each.

Nothing can hide between the two. After every command the whole canonical state is compared: both
sides, every level with its total, every queue order by order with number, owner and what is left,
and with it what the command answered: result, matches in their order, orders taken out. Equal
states have equal hashes, as the hash is a function of the state; it is taken of both all the same,
every so often. What the state does not show are the links backwards and the index by number; these
are walked every so often too, and a wrong one shows at the next cancel that uses it.

A public order book once compared totals by level, and so blessed queues in reverse. That fault is
planted here with a dozen others; each must show within a short prefix of the same streams, and the
reversed queue must not show to a comparison of totals, or the test would be proving nothing.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest

from tests.unit.naive_order_book import NaiveBook
from tests.unit.prop import chance, some_of
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.sim import book as module
from tools.live.sim.book import Book, BookState, Outcome
from tools.live.sim.orders import SelfTrade, TimeInForce

SEEDS = range(20)
COMMANDS = 50_000  # a seed: a million in all
HASH_EVERY = 512
MOST_ORDERS = 14
SHORT_PREFIX = 4_000  # within which every planted fault must show

GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
OWNERS = ("", "", "us", "them")
TIMES = (GTC, GTC, GTC, GTC, IOC, FOK)
POLICIES = tuple(SelfTrade)
KINDS = ("limit", "limit", "limit", "limit", "market", "cancel", "reduce", "move", "replace")

Command = Callable[["AnyBook"], Outcome]


class AnyBook(Protocol):
    """What both twins can do."""

    def place(self, number: int, side: Any, qty: int, price: int | None = None, /, **how: Any
              ) -> Outcome: ...  # fmt: skip
    def cancel(self, number: int) -> Outcome: ...
    def reduce(self, number: int, leaves: int) -> Outcome: ...
    def move(self, number: int, price: int, /, **how: Any) -> Outcome: ...
    def replace(self, number: int, leaves: int, price: int, /, **how: Any) -> Outcome: ...
    def state(self) -> BookState: ...
    def state_hash(self) -> str: ...


class Stream:
    """Random commands about numbers that were given away lately, so that most of them hit."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.kinds = [kind for kind in KINDS if kind == "limit" or rng.random() < 0.8]
        self.owners = some_of(rng, OWNERS)
        self.times = some_of(rng, TIMES)
        self.policies = some_of(rng, POLICIES)
        self.prices = 2 + int(rng.random() * 6)
        self.reach = 6 + int(rng.random() * 14)
        self.number = 0

    def _draw(self, count: int) -> int:
        return int(self.rng.random() * count)

    def _known(self) -> int:
        return max(1, self.number - self._draw(self.reach))

    def next(self, crowded: int | None = None) -> Command:
        """The next command; in a crowded book it takes out the order that is named."""
        if crowded is not None:
            return lambda book: book.cancel(crowded)
        kind = self.kinds[self._draw(len(self.kinds))]
        if kind in ("limit", "market"):
            return self._place(kind)
        number, amount, price = self._known(), self._draw(6), 1 + self._draw(self.prices)
        if kind == "cancel":
            return lambda book: book.cancel(number)
        if kind == "reduce":
            return lambda book: book.reduce(number, amount)
        policy = self.policies[self._draw(len(self.policies))]
        if kind == "move":
            return lambda book: book.move(number, price, self_trade=policy)
        post_only = self.rng.random() < 0.3
        return lambda book: book.replace(
            number, amount + 1, price, post_only=post_only, self_trade=policy
        )

    def _place(self, kind: str) -> Command:
        self.number += 1
        number, qty = self.number, 1 + self._draw(5)
        side = BUY if self.rng.random() < 0.5 else SELL
        price = None if kind == "market" else 1 + self._draw(self.prices)
        how = {
            "owner": self.owners[self._draw(len(self.owners))],
            "time_in_force": self.times[self._draw(len(self.times))],
            "post_only": self.rng.random() < 0.1,
            "self_trade": self.policies[self._draw(len(self.policies))],
        }
        return lambda book: book.place(number, side, qty, price, **how)


def told(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome as a plain tuple, which costs less to compare than records do."""
    matches = [(m.maker, m.taker, m.price, m.qty) for m in outcome.matches]
    return outcome.result.value, outcome.leaves, matches, outcome.removed


def oldest_of(naive: NaiveBook) -> int | None:
    """The order to take out when there are too many for a twin that sorts them all each time."""
    return naive.rows[0][0] if len(naive.rows) > MOST_ORDERS else None


def first_difference(fast: AnyBook, naive: NaiveBook, seed: int, count: int) -> str | None:
    """Run a stream through both; where and how they differ first, or None."""
    stream = Stream(chance(seed))
    for place in range(count):
        command = stream.next(oldest_of(naive))
        ours, theirs = told(command(fast)), told(command(naive))
        if ours != theirs:
            return f"seed {seed}, command {place}: {ours} and not {theirs}"
        if fast.state() != naive.state():
            return f"seed {seed}, command {place}: {fast.state()} and not {naive.state()}"
        if place % HASH_EVERY == 0 and fast.state_hash() != naive.state_hash():
            return f"seed {seed}, command {place}: two hashes of one state"
    return None


def check_links(book: Book) -> None:
    """What the state does not show: links backwards, the index by number, the sorted keys."""
    found = {}
    for ladder in (book.bids, book.asks):
        assert ladder.keys == sorted(ladder.levels) and len(ladder.keys) == len(ladder.levels)
        for level in ladder.best_first():
            before = None
            for order in level:
                assert order.before is before and order.level is level
                found[order.number] = order
                before = order
            assert level.last is before is not None
    assert found == book.orders


@pytest.mark.parametrize("seed", SEEDS)
def test_one_state_after_each_command(seed: int) -> None:
    fast = Book()
    assert first_difference(fast, NaiveBook(), seed, COMMANDS) is None
    check_links(fast)


@pytest.mark.parametrize("seed", range(4))
def test_links_and_index_stay_whole(seed: int) -> None:
    book, naive, stream = Book(), NaiveBook(), Stream(chance(seed))
    for _ in range(2_000):
        command = stream.next(oldest_of(naive))
        command(book), command(naive)
        check_links(book)


MUTANTS = {
    "queue in reverse": (
        "            level.first = order\n        else:\n            last.behind = order\n"
        "        level.last = order\n",
        "            level.last = order\n        else:\n            order.before = None\n"
        "            order.behind = level.first\n            level.first.before = order\n"
        "        level.first = order\n",
    ),
    "worst price first": ("level = levels[keys[-1]]\n            maker",
                          "level = levels[[k for k in keys if k >= limit][0]]\n            maker"),
    "a buy does not take its own limit": ("return -price if side is BUY else price",
                                          "return 1 - price if side is BUY else price"),
    "a sell takes below its limit": ("return -price if side is BUY else price",
                                     "return -price if side is BUY else price - 1"),
    "total of a level forgotten in a match": ("                level.qty -= traded\n", ""),
    "total of a level forgotten in a cancel": ("        level.qty -= order.leaves\n", ""),
    "total of a level forgotten in a reduction": (
        "        order.level.qty += leaves - order.leaves\n", ""),
    "a reduction may enlarge": ("if not 0 < leaves <= order.leaves", "if not 0 < leaves"),
    "a reduction loses the place": (
        "        if price == order.level.price and leaves <= order.leaves:\n",
        "        if price == order.level.price and leaves == order.leaves:\n"),
    "more keeps the place": (
        "        if price == order.level.price and leaves <= order.leaves:\n"
        "            return self.reduce(number, leaves)",
        "        if price == order.level.price:\n"
        "            order.level.qty += leaves - order.leaves\n"
        "            order.leaves = leaves\n"
        "            return _outcome(Result.RESTS, leaves, (), ())"),
    "a replacement forgets its owner": ("owner=order.owner, self_trade", "self_trade"),
    "the rest of an IOC waits": ("if price is None or time_in_force is IOC:", "if price is None:"),
    "FOK counts own orders": ("if order.owner != owner:", "if True:"),
    "FOK wants more than the whole": ("if wanted <= 0:", "if wanted < 0:"),
    "FOK looks past its limit": ("            if key < limit:\n                return True\n", ""),
    "post-only takes": ("            if post_only:\n", "            if False:\n"),
    "a refused replacement is gone": (
        "            return _outcome(Result.REFUSED, order.leaves, (), ())\n"
        "        self._unlink(order)\n        return self.place(",
        "            self._unlink(order)\n"
        "            return _outcome(Result.REFUSED, order.leaves, (), ())\n"
        "        self._unlink(order)\n        return self.place("),
    "the newest takes the oldest with it": ("            if self_trade is not NEWEST:\n",
                                            "            if True:\n"),
    "both goes on behind its own order": ("                if self_trade is not OLDEST:\n"
                                          "                    return _outcome",
                                          "                if self_trade is NEWEST:\n"
                                          "                    return _outcome"),
    "the last of a queue stays its last": (
        "            level.last = before\n", "            pass\n"),
    "a link backwards is stale": ("            behind.before = before\n", "            pass\n"),
    "an empty level stays": ("            keys.pop()\n        else:\n",
                             "            pass\n        else:\n"),
    "a new level in the wrong place": ("keys.insert(bisect_left(keys, key), key)",
                                       "keys.insert(0, key)"),
}  # fmt: skip


def planted(name: str) -> AnyBook:
    """A book with one fault."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    right, wrong = MUTANTS[name]
    assert text.count(right) == 1, f"{name}: its line is there {text.count(right)} times"
    broken = types.ModuleType("tools.live.sim.broken_book")
    broken.__package__ = "tools.live.sim"
    exec(compile(text.replace(right, wrong), "broken_book.py", "exec"), broken.__dict__)
    made: AnyBook = broken.__dict__["Book"]()
    return made


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_fault_shows_within_a_short_prefix(name: str) -> None:
    for seed in SEEDS:
        try:
            if first_difference(planted(name), NaiveBook(), seed, SHORT_PREFIX) is not None:
                return
        except (AssertionError, AttributeError, IndexError, KeyError):
            return  # it broke, which is a way to show
    pytest.fail("nobody noticed")


def totals(state: BookState) -> Iterator[tuple[int, int]]:
    for side in state:
        yield from ((price, total) for price, total, _ in side)


def test_totals_by_level_would_bless_the_reversed_queue() -> None:
    """Places and market orders alone: the totals never differ, the queues do almost at once."""
    stream = Stream(chance(1))
    stream.kinds, stream.owners, stream.policies = ["limit", "market"], [""], [SelfTrade.ALLOW]
    reversed_queue, naive = planted("queue in reverse"), NaiveBook()
    seen = []
    for place in range(2_000):
        command = stream.next()
        command(reversed_queue), command(naive)
        assert list(totals(reversed_queue.state())) == list(totals(naive.state()))
        if reversed_queue.state() != naive.state():
            seen.append(place)
    assert seen and seen[0] < 50
