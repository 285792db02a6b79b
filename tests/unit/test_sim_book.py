"""The order book and its naive twin, held to the same cases; a million more: tests/exchange."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.naive_order_book import NaiveBook
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.sim.book import Book, Match, Outcome, Result, hash_of, opposite
from tools.live.sim.orders import SelfTrade, TimeInForce

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
EMPTY = ((), ())


@pytest.fixture(params=[Book, NaiveBook])
def book(request: pytest.FixtureRequest) -> Any:
    return request.param()


def test_better_prices_first_then_the_older(book: Any) -> None:
    book.place(1, SELL, 5, 102)
    book.place(2, SELL, 3, 101)
    book.place(3, SELL, 4, 101)
    assert book.place(4, BUY, 9, 102) == Outcome(
        Result.FILLED, 0, (Match(2, 4, 101, 3), Match(3, 4, 101, 4), Match(1, 4, 102, 2))
    )
    assert book.state() == ((), ((102, 3, ((1, "", 3),)),))


def test_what_is_left_waits_at_its_limit(book: Any) -> None:
    book.place(1, BUY, 2, 100)
    assert book.place(2, SELL, 5, 99) == Outcome(Result.RESTS, 3, (Match(1, 2, 100, 2),))
    assert book.state() == ((), ((99, 3, ((2, "", 3),)),))
    assert book.place(3, SELL, 1, 99) == Outcome(Result.RESTS, 1)
    assert book.state() == ((), ((99, 4, ((2, "", 3), (3, "", 1))),))


def test_both_sides_show_their_best_price_first(book: Any) -> None:
    for number, price in enumerate((98, 100, 99), 1):
        book.place(number, BUY, 1, price)
        book.place(number + 10, SELL, 1, 203 - price)
    bids, asks = book.state()
    assert [level[0] for level in bids] == [100, 99, 98]
    assert [level[0] for level in asks] == [103, 104, 105]
    assert book.state_hash() == hash_of((bids, asks)) != hash_of(EMPTY)


@pytest.mark.parametrize("how", [{"price": None}, {"price": 101, "time_in_force": IOC}])
def test_what_may_not_wait_is_canceled(book: Any, how: dict[str, Any]) -> None:
    assert book.place(1, BUY, 5, **how) == Outcome(Result.CANCELED, 5)
    book.place(2, SELL, 3, 101)
    assert book.place(3, BUY, 5, **how) == Outcome(Result.CANCELED, 2, (Match(2, 3, 101, 3),))
    assert book.state() == EMPTY


def test_fill_or_kill_fills_whole_or_not_at_all(book: Any) -> None:
    book.place(1, SELL, 3, 101)
    book.place(2, SELL, 3, 102)
    before = book.state()
    assert book.place(3, BUY, 6, 101, time_in_force=FOK) == Outcome(Result.CANCELED, 6)
    assert book.place(3, BUY, 7, 102, time_in_force=FOK) == Outcome(Result.CANCELED, 7)
    assert book.place(3, BUY, 1, 100, time_in_force=FOK) == Outcome(Result.CANCELED, 1)
    assert book.state() == before
    assert book.place(3, BUY, 6, 102, time_in_force=FOK).result is Result.FILLED
    assert book.state() == EMPTY


@pytest.mark.parametrize(("policy", "fills"), [
    (SelfTrade.ALLOW, True), (SelfTrade.CANCEL_OLDEST, True), (SelfTrade.CANCEL_NEWEST, False),
    (SelfTrade.CANCEL_BOTH, False),
])  # fmt: skip
def test_fill_or_kill_and_own_orders(book: Any, policy: SelfTrade, fills: bool) -> None:
    book.place(1, SELL, 2, 101, owner="us")
    book.place(2, SELL, 3, 101)
    made = book.place(3, BUY, 3, 101, owner="us", time_in_force=FOK, self_trade=policy)
    assert (made.result is Result.FILLED) is fills


def test_post_only_is_refused_where_it_would_take(book: Any) -> None:
    book.place(1, SELL, 1, 101)
    assert book.place(2, BUY, 1, 101, post_only=True) == Outcome(Result.REFUSED, 1)
    assert book.place(2, BUY, 1, 100, post_only=True) == Outcome(Result.RESTS, 1)
    assert book.replace(2, 1, 101, post_only=True) == Outcome(Result.REFUSED, 1)
    assert book.replace(2, 2, 99, post_only=True) == Outcome(Result.RESTS, 2)


@pytest.mark.parametrize(("policy", "expected"), [
    (SelfTrade.ALLOW, Outcome(Result.FILLED, 0, (Match(1, 4, 101, 1), Match(2, 4, 101, 1)))),
    (SelfTrade.CANCEL_NEWEST, Outcome(Result.CANCELED, 1, (Match(1, 4, 101, 1),))),
    (SelfTrade.CANCEL_BOTH, Outcome(Result.CANCELED, 1, (Match(1, 4, 101, 1),), (2,))),
    (SelfTrade.CANCEL_OLDEST,
     Outcome(Result.FILLED, 0, (Match(1, 4, 101, 1), Match(3, 4, 101, 1)), (2,))),
])  # fmt: skip
def test_an_order_that_meets_its_owner(book: Any, policy: SelfTrade, expected: Outcome) -> None:
    for number, owner in ((1, "them"), (2, "us"), (3, "")):
        book.place(number, SELL, 1, 101, owner=owner)
    assert book.place(4, BUY, 2, 101, owner="us", self_trade=policy) == expected


def test_orders_of_nobody_may_meet(book: Any) -> None:
    book.place(1, SELL, 1, 101)
    made = book.place(2, BUY, 1, 101, self_trade=SelfTrade.CANCEL_BOTH)
    assert made.result is Result.FILLED


def test_a_cancel_leaves_the_others_in_their_order(book: Any) -> None:
    for number in range(1, 6):
        book.place(number, BUY, number, 100)
    for number, left in ((3, [1, 2, 4, 5]), (1, [2, 4, 5]), (5, [2, 4]), (4, [2]), (2, [])):
        assert book.cancel(number) == Outcome(Result.CANCELED, number)
        assert [order[0] for level in book.state()[0] for order in level[2]] == left
    assert book.cancel(2) == Outcome(Result.UNKNOWN, 0)


def test_a_reduction_keeps_the_place(book: Any) -> None:
    book.place(1, BUY, 5, 100)
    book.place(2, BUY, 5, 100)
    assert book.reduce(1, 2) == Outcome(Result.RESTS, 2)
    assert book.state() == (((100, 7, ((1, "", 2), (2, "", 5))),), ())
    assert book.reduce(1, 3) == book.reduce(1, 0) == Outcome(Result.REFUSED, 2)
    assert book.reduce(9, 1) == Outcome(Result.UNKNOWN, 0)


def test_a_replacement_keeps_the_place_only_where_it_asks_for_less(book: Any) -> None:
    book.place(1, BUY, 5, 100, owner="us")
    book.place(2, BUY, 5, 100)
    assert book.replace(1, 4, 100) == Outcome(Result.RESTS, 4)
    assert [order[0] for order in book.state()[0][0][2]] == [1, 2]
    assert book.replace(1, 5, 100) == Outcome(Result.RESTS, 5)
    assert book.state() == (((100, 10, ((2, "", 5), (1, "us", 5))),), ())
    assert book.replace(9, 1, 100) == book.move(9, 100) == Outcome(Result.UNKNOWN, 0)


def test_an_order_that_moves_is_the_youngest_and_may_match(book: Any) -> None:
    book.place(1, BUY, 5, 99, owner="us")
    book.place(2, BUY, 5, 100)
    book.place(3, SELL, 2, 101)
    assert book.move(1, 99) == Outcome(Result.RESTS, 5)
    assert book.move(1, 100) == Outcome(Result.RESTS, 5)
    assert [order[0] for order in book.state()[0][0][2]] == [2, 1]
    assert book.move(1, 101) == Outcome(Result.RESTS, 3, (Match(3, 1, 101, 2),))
    book.place(4, SELL, 2, 102, owner="us")
    moved = book.move(4, 101, self_trade=SelfTrade.CANCEL_OLDEST)
    assert moved == Outcome(Result.RESTS, 2, (), (1,))


def test_resting_without_matching_may_cross() -> None:
    book = Book()
    book.place(1, SELL, 2, 101)
    book.rest(2, BUY, 1, 102)
    assert book.state() == (((102, 1, ((2, "", 1),)),), ((101, 2, ((1, "", 2),)),))
    assert book.crosses(BUY, 101) and book.crosses(BUY, None) and not book.crosses(BUY, 100)
    assert not Book().crosses(SELL, None)
    assert [level.price for level in book.side(BUY).best_first()] == [102]
    assert [order.number for order in next(book.side(SELL).best_first())] == [1]
    assert opposite(BUY) is SELL and opposite(SELL) is BUY


def test_what_cannot_be_an_order_is_refused_by_name() -> None:
    book = Book()
    book.place(1, BUY, 1, 100)
    with pytest.raises(ContractError, match="number 1 rests already; replace it"):
        book.place(1, BUY, 1, 100)
    for qty, price in ((0, 1), (1, 0), (-1, None)):
        with pytest.raises(ContractError, match=f"order 2 of {qty} at {price} must be above 0"):
            book.place(2, BUY, qty, price)
    for leaves, price in ((0, 1), (1, 0)):
        with pytest.raises(ContractError, match=f"replacement of {leaves} at {price} must be"):
            book.replace(1, leaves, price)
