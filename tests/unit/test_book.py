"""The book: absolute quantities, the best in order, and the same answers as a naive one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import TypeAlias

import pytest

from tests.unit import prop
from tests.unit.naive_book import NaiveBook
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Levels
from tools.live.market import book as book_module
from tools.live.market.book import FEWEST, MOST, NEAR, Book

AnyBook: TypeAlias = Book | NaiveBook
Change: TypeAlias = tuple[str, Levels, Levels]

BIDS = ((100, 1), (98, 3), (99, 2))
ASKS = ((103, 6), (101, 4), (102, 5))


@pytest.fixture(params=[Book, NaiveBook])
def book(request: pytest.FixtureRequest) -> AnyBook:
    made: AnyBook = request.param()
    made.apply_snapshot(BIDS, ASKS)
    return made


def test_the_best_of_each_side_comes_first(book: AnyBook) -> None:
    assert book.best() == (100, 1, 101, 4)
    assert book.top(2) == (((100, 1), (99, 2)), ((101, 4), (102, 5)))
    assert book.top(9) == (((100, 1), (99, 2), (98, 3)), ((101, 4), (102, 5), (103, 6)))
    assert book.top(0) == ((), ())
    assert book.size() == (3, 3)


def test_depth_adds_up_the_first_levels(book: AnyBook) -> None:
    assert book.depth(0) == (0, 0)
    assert book.depth(1) == (1, 4)
    assert book.depth(2) == (3, 9)
    assert book.depth(9) == (6, 15)


def test_a_quantity_replaces_the_one_before(book: AnyBook) -> None:
    book.apply(((100, 7),), ((101, 8),))
    assert book.best() == (100, 7, 101, 8)
    assert book.size() == (3, 3)


def test_a_level_between_others_is_put_in_its_place(book: AnyBook) -> None:
    book.apply(((97, 1),), ((104, 1),))
    book.apply((), ((105, 2),))
    assert book.top(9)[0][-1] == (97, 1)
    assert book.top(9)[1][-2:] == ((104, 1), (105, 2))


def test_zero_takes_a_level_away(book: AnyBook) -> None:
    book.apply(((100, 0), (98, 0)), ((102, 0),))
    assert book.top(9) == (((99, 2),), ((101, 4), (103, 6)))


def test_the_next_level_is_best_when_the_best_goes(book: AnyBook) -> None:
    book.apply((), ((101, 0),))
    assert book.best() == (100, 1, 102, 5)


def test_an_empty_side_is_zero(book: AnyBook) -> None:
    book.apply(((100, 0), (98, 0), (99, 0)), ())
    assert book.best() == (0, 0, 101, 4)
    assert not book.is_crossed
    book.apply_snapshot((), ())
    assert book.best() == (0, 0, 0, 0)
    assert not book.is_crossed


def test_a_book_crosses_when_a_bid_is_above_an_ask(book: AnyBook) -> None:
    assert not book.is_crossed
    book.apply(((101, 1),), ())
    assert not book.is_crossed, "locked, which may be"
    book.apply(((102, 1),), ())
    assert book.is_crossed


def test_a_snapshot_replaces_all(book: AnyBook) -> None:
    book.apply_snapshot(((5, 5), (4, 0)), ((7, 0), (6, 6)))
    assert book.top(9) == (((5, 5),), ((6, 6),))


def test_a_copy_goes_its_own_way(book: AnyBook) -> None:
    before = book.state_sha256()
    other = book.copy()
    assert other.state_sha256() == before
    other.apply(((100, 0), (90, 1)), ((101, 0), (110, 1)))
    assert book.state_sha256() == before
    assert book.best() == (100, 1, 101, 4)
    assert other.best() == (99, 2, 102, 5)


def test_the_hash_is_of_the_documented_lines(book: AnyBook) -> None:
    lines = b"book-v1\0b 100 1\nb 99 2\nb 98 3\na 101 4\na 102 5\na 103 6\n"
    assert book.state_sha256() == hashlib.sha256(lines).hexdigest()
    book.apply(((99, 0), (98, 0)), ())
    lines = b"book-v1\0b 100 1\na 101 4\na 102 5\na 103 6\n"
    assert book.state_sha256() == hashlib.sha256(lines).hexdigest()


@pytest.mark.parametrize("way", ["apply", "apply_snapshot"])
@pytest.mark.parametrize(
    "bids, asks",
    [
        (((0, 1),), ()), (((-5, 1),), ()), ((), ((0, 1),)), ((), ((-5, 1),)),
        (((5, -1),), ()), ((), ((5, -1),)),
    ],
)  # fmt: skip
def test_an_impossible_level_is_refused_with_its_numbers(
    way: str, bids: Levels, asks: Levels
) -> None:
    price, qty = (*bids, *asks)[0]
    with pytest.raises(ContractError, match=f"^level {price} x {qty} at 10.9: a price is above"):
        getattr(Book(), way)(bids, asks)


def test_taking_an_unknown_level_away_is_normal(book: AnyBook) -> None:
    before = book.state_sha256()
    book.apply(((1, 0), (77, 0)), ((500, 0), (1, 0)))
    assert book.state_sha256() == before


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_naive_book_after_any_changes(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few prices in order, so that the others matter in a small book, too."""
    rng = prop.chance(seed)
    fewest = rng.randint(1, 4)
    near = fewest + rng.randint(0, 4)
    monkeypatch.setattr(book_module, "FEWEST", fewest)
    monkeypatch.setattr(book_module, "NEAR", near)
    monkeypatch.setattr(book_module, "MOST", near + rng.randint(0, 4))
    prop.hold(_same_as_naive, _changes(rng, 60))


@pytest.mark.parametrize("side", [0, 1])
def test_prices_in_order_are_few_and_never_too_few(side: int) -> None:
    book, sign = Book(), (1, -1)[side]
    everything = [5_000 + sign * place for place in range(MOST + 500)]

    def change(prices: list[int], qty: int) -> None:
        levels = tuple((price, qty) for price in prices)
        book.apply(*((levels, ()) if side == 0 else ((), levels)))

    def in_order() -> int:
        return len((book._bids if side == 0 else book._asks).near)

    change(everything[:MOST], 1)
    assert in_order() == MOST
    change(everything[MOST : MOST + 1], 1)
    assert in_order() == NEAR
    change(everything[MOST + 1 :], 1)
    count = NEAR + len(everything) - MOST - 1
    assert in_order() == count
    change(everything[100:200], 0)
    assert in_order() == count, "far from the best"
    change(everything[len(everything) - (count - FEWEST) :], 0)
    assert in_order() == FEWEST
    best = len(everything) - (count - FEWEST) - 1
    assert book.top(1)[side] == ((everything[best], 1),)
    change(everything[best : best + 1], 0)
    assert in_order() == NEAR
    assert book.top(1)[side] == ((everything[best - 1], 1),)
    assert len(book.top(NEAR)[side]) == NEAR
    assert len(book.top(NEAR + 1)[side]) == NEAR + 1


def test_a_snapshot_of_many_levels_has_its_best_in_order() -> None:
    bids = tuple((price, price) for price in range(1, 2 * NEAR))
    asks = tuple((price, price) for price in range(2 * NEAR, 5 * NEAR))
    book, naive = Book(), NaiveBook()
    for one in (book, naive):
        one.apply_snapshot(bids, asks)
    assert book.best() == naive.best()
    assert book.state_sha256() == naive.state_sha256()
    assert (len(book._bids.near), len(book._asks.near)) == (NEAR, NEAR)


def test_a_copy_of_a_large_book_knows_what_is_near() -> None:
    bids = tuple((price, price) for price in range(1, 2 * NEAR))
    asks = tuple((price, price) for price in range(2 * NEAR, 5 * NEAR))
    book, naive = Book(), NaiveBook()
    for one in (book, naive):
        one.apply_snapshot(bids, asks)
    copied = book.copy()
    for one in (copied, naive):
        one.apply(((2, 9), (3, 0), (2 * NEAR - 1, 0)), ((5 * NEAR - 1, 9), (5 * NEAR - 2, 0)))
    assert copied.size() == naive.size()
    assert copied.state_sha256() == naive.state_sha256()


def test_sides_are_quantities_by_price() -> None:
    book = Book()
    book.apply_snapshot(BIDS, ASKS)
    assert book.sides() == (dict(BIDS), dict(ASKS))


def test_single_prices_are_looked_up_near_and_far() -> None:
    book = Book()
    levels = tuple((price, 2 * price) for price in range(1, 3 * NEAR))
    book.apply_snapshot(levels, levels)
    for held in book.held():
        assert all(price in held and held[price] == held.get(price) == qty for price, qty in levels)
        assert 3 * NEAR not in held and held.get(3 * NEAR) is None
        with pytest.raises(KeyError):
            held[3 * NEAR]
    book.apply(((7, 0),), ((7, 5),))
    bids, asks = book.held()
    assert 7 not in bids and asks[7] == 5


def _same_as_naive(changes: Sequence[Change]) -> None:
    book, naive = Book(), NaiveBook()
    for way, bids, asks in changes:
        getattr(book, way)(bids, asks)
        getattr(naive, way)(bids, asks)
        assert book.best() == naive.best()
        assert book.is_crossed == naive.is_crossed
        assert book.top(3) == naive.top(3)
        assert book.depth(2) == naive.depth(2)
        assert book.size() == naive.size()
        assert book.state_sha256() == naive.state_sha256()


def _changes(rng: Random, count: int) -> list[Change]:
    """Few prices, so that levels come, change and go; crossed books are among them."""
    prices = range(1, rng.choice((4, 12, 60)))
    gone = rng.random()
    made = []
    for _ in range(count):
        way = "apply_snapshot" if rng.random() < 0.05 else "apply"
        sides = []
        for _ in range(2):
            some = rng.sample(prices, rng.randint(0, min(6, len(prices))))
            sides.append(
                tuple((p, 0 if rng.random() < gone else rng.randint(1, 9)) for p in some)
            )
        made.append((way, sides[0], sides[1]))
    return made
