"""`sim/links`: what a fill or an end of one order means to those that hang on it."""

from __future__ import annotations

import pytest
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.sim import links as links_module
from tools.live.sim.links import Effects, Links, OcoRule
from tools.live.sim.orders import OrderRequest, WorkingOrder

Told = tuple[dict[int, int], list[int]]
NOTHING: Told = ({}, [])


def a_request(
    number: int, qty: int, group: str | None = None, after: int | None = None
) -> OrderRequest:
    name = None if after is None else f"C{after}"
    return OrderRequest(
        f"C{number}", "BTC", SELL, qty, price=100, one_cancels_other=group, after=name
    )


def an_order(
    number: int, qty: int, group: str | None = None, after: int | None = None
) -> WorkingOrder:
    return WorkingOrder(a_request(number, qty, group, after), f"ORD{number:06d}", number)


def told(effects: Effects) -> Told:
    """Who works how much now, and who is to end, by number."""
    work = {order.number: qty for order, qty in effects.work}
    return work, [order.number for order in effects.end]


ENTRY = WorkingOrder(OrderRequest("C1", "BTC", BUY, 10, price=100), "ORD000001", 1)


def a_bracket(links: Links, target: int = 10, stop: int = 10) -> tuple[WorkingOrder, WorkingOrder]:
    """A target (2) and a stop (3) behind an entry (1) for 10 that has not filled yet."""
    exits = an_order(2, target, "exits", after=1), an_order(3, stop, "exits", after=1)
    for order in exits:
        assert told(links.add(order, entry_open=True)) == NOTHING
        assert (order.qty, order.leaves, order.shown, order.filled) == (0, 0, 0, 0)
    return exits


def test_the_first_fill_of_one_cancels_the_others() -> None:
    links = Links()
    one, other, third = (an_order(number, 10, "pair") for number in (1, 2, 3))
    for order in (one, other, third):
        assert told(links.add(order)) == NOTHING
        assert order.leaves == 10
    assert told(links.on_fill(other, 1)) == ({}, [1, 3])
    assert told(links.on_end(one, canceled=True)) == NOTHING
    assert told(links.on_fill(other, 9)) == NOTHING
    assert not links.more_to_come(other)
    assert told(links.on_end(other, canceled=False)) == NOTHING
    assert len(links) == 0


def test_the_cancel_of_one_ends_the_others() -> None:
    links = Links()
    one, other = an_order(1, 10, "pair"), an_order(2, 10, "pair")
    links.add(one)
    links.add(other)
    assert told(links.on_end(one, canceled=True)) == ({}, [2])
    assert told(links.on_end(other, canceled=True)) == NOTHING


def test_one_that_ends_unasked_leaves_the_others() -> None:
    """A stop that found too few buyers must not take the target of what is still held with it."""
    links = Links()
    target, stop = a_bracket(links)
    links.on_fill(ENTRY, 10)
    links.on_end(ENTRY, canceled=False)
    assert told(links.on_fill(stop, 9)) == ({2: 1}, [])
    assert told(links.on_end(stop, canceled=False)) == NOTHING
    assert told(links.on_fill(target, 1)) == NOTHING


def test_orders_that_come_by_themselves_may_reduce_each_other_too() -> None:
    links = Links(apart=OcoRule.REDUCE)
    one, other = an_order(1, 10, "pair"), an_order(2, 8, "pair")
    links.add(one)
    links.add(other)
    assert told(links.on_fill(one, 3)) == ({2: 5}, [])
    late = an_order(3, 5, "pair")
    assert told(links.add(late)) == NOTHING
    assert (late.qty, late.leaves, late.shown) == (2, 2, 2)
    assert told(links.on_fill(other, 5)) == ({1: 2}, [3])
    later = an_order(4, 8, "pair")
    assert told(links.add(later)) == ({}, [4])


def test_an_exit_is_sent_for_what_filled_of_the_entry_and_grows_with_it() -> None:
    links = Links()
    child = an_order(2, 8, after=1)
    links.add(child, entry_open=True)
    assert told(links.on_fill(ENTRY, 3)) == ({2: 3}, [])
    assert links.more_to_come(child)
    assert told(links.on_fill(ENTRY, 4)) == ({2: 7}, [])
    assert told(links.on_fill(ENTRY, 3)) == ({2: 8}, [])
    assert not links.more_to_come(child)
    assert told(links.on_end(ENTRY, canceled=False)) == NOTHING
    assert told(links.on_fill(child, 8)) == NOTHING
    assert told(links.on_end(child, canceled=False)) == NOTHING
    assert len(links) == 0


def test_an_entry_that_ends_without_a_fill_ends_what_hangs_behind_it() -> None:
    links = Links()
    a_bracket(links)
    assert told(links.on_end(ENTRY, canceled=True)) == ({}, [2, 3])


def test_an_entry_that_ends_in_part_leaves_the_exits_for_what_is_held() -> None:
    links = Links()
    target, stop = a_bracket(links)
    late = an_order(4, 5, after=1)
    links.add(late, entry_open=True)
    assert told(links.on_fill(ENTRY, 4)) == ({2: 4, 3: 4}, [])
    assert told(links.on_end(ENTRY, canceled=True)) == ({}, [4])
    assert told(links.on_fill(target, 1)) == ({3: 3}, [])
    assert told(links.on_fill(stop, 3)) == ({}, [2])


def test_exits_that_filled_wait_for_more_of_their_entry() -> None:
    links = Links()
    target, stop = a_bracket(links)
    links.on_fill(ENTRY, 4)
    assert told(links.on_fill(target, 4)) == ({3: 0}, [])
    assert links.more_to_come(target) and links.more_to_come(stop)
    assert told(links.on_fill(ENTRY, 2)) == ({2: 2, 3: 2}, [])
    assert told(links.on_fill(stop, 2)) == ({2: 0}, [])
    assert told(links.on_end(ENTRY, canceled=True)) == ({}, [2, 3])


def test_exits_of_different_size_reduce_the_larger_one() -> None:
    links = Links()
    target, stop = a_bracket(links, target=4)
    assert told(links.on_fill(ENTRY, 10)) == ({2: 4, 3: 10}, [])
    assert told(links.on_fill(target, 4)) == ({3: 6}, [])
    assert told(links.on_end(target, canceled=False)) == NOTHING
    assert told(links.on_fill(stop, 6)) == NOTHING


def test_what_filled_is_given_once_the_oldest_first() -> None:
    links = Links()
    first, second = an_order(2, 6, after=1), an_order(3, 6, after=1)
    links.add(first, entry_open=True)
    links.add(second, entry_open=True)
    assert told(links.on_fill(ENTRY, 4)) == ({2: 4}, [])
    assert told(links.on_fill(ENTRY, 6)) == ({2: 6, 3: 4}, [])


def test_what_a_canceled_exit_no_longer_works_is_free_for_others() -> None:
    links = Links()
    first, second = an_order(2, 6, after=1), an_order(3, 6, after=1)
    links.add(first, entry_open=True)
    links.add(second, entry_open=True)
    links.on_fill(ENTRY, 6)
    links.on_fill(first, 2)
    assert told(links.on_end(first, canceled=True)) == ({3: 4}, [])
    assert told(links.on_fill(ENTRY, 4)) == ({3: 6}, [])


def test_an_exit_that_comes_late_is_sent_at_once_for_what_nobody_has() -> None:
    links = Links()
    late = an_order(2, 6, after=1)
    assert told(links.add(late, entry_filled=7)) == ({2: 6}, [])
    assert told(links.add(an_order(3, 6, after=1), entry_filled=7)) == ({3: 1}, [])
    assert told(links.add(an_order(4, 6, after=1), entry_filled=7)) == ({}, [4])
    links.on_fill(late, 6)
    links.on_end(late, canceled=False)
    assert told(links.add(an_order(5, 6, after=1), entry_filled=7)) == ({}, [5])


def test_a_new_order_may_have_the_name_of_an_entry_that_was_forgotten() -> None:
    links = Links()
    links.add(an_order(2, 6, after=1), entry_open=True)
    links.on_fill(ENTRY, 6)
    links.on_end(ENTRY, canceled=False)
    assert told(links.add(an_order(3, 6, after=1), entry_open=True)) == NOTHING
    assert told(links.on_fill(ENTRY, 5)) == ({3: 5}, [])


def test_the_second_exit_of_a_group_is_less_by_what_the_first_has_filled() -> None:
    links = Links()
    target, stop = an_order(2, 10, "exits", after=1), an_order(3, 10, "exits", after=1)
    assert told(links.add(target, entry_filled=6, entry_open=True)) == ({2: 6}, [])
    links.on_fill(target, 5)
    assert told(links.add(stop, entry_filled=6, entry_open=True)) == ({3: 1}, [])


def test_the_second_exit_of_a_group_that_has_filled_waits_for_more() -> None:
    links = Links()
    target, stop = an_order(2, 10, "exits", after=1), an_order(3, 10, "exits", after=1)
    links.add(target, entry_filled=6, entry_open=True)
    links.on_fill(target, 6)
    assert told(links.add(stop, entry_filled=6, entry_open=True)) == NOTHING
    assert told(links.on_fill(ENTRY, 1)) == ({2: 1, 3: 1}, [])


def test_a_group_behind_an_entry_may_cancel_at_the_first_fill() -> None:
    links = Links(behind_an_entry=OcoRule.CANCEL)
    target, _ = a_bracket(links)
    links.on_fill(ENTRY, 10)
    assert told(links.on_fill(target, 1)) == ({}, [3])


def test_an_exit_may_be_an_entry_itself() -> None:
    links = Links()
    exit_, again = an_order(2, 10, after=1), an_order(3, 10, after=2)
    links.add(exit_, entry_open=True)
    links.add(again, entry_open=True)
    assert told(links.on_fill(ENTRY, 5)) == ({2: 5}, [])
    assert told(links.on_fill(exit_, 2)) == ({3: 2}, [])
    assert told(links.on_end(exit_, canceled=True)) == NOTHING
    assert told(links.on_fill(again, 2)) == NOTHING


def test_of_several_fills_in_one_event_no_more_counts_than_works() -> None:
    links = Links()
    target, stop = a_bracket(links)
    links.on_fill(ENTRY, 4)
    assert links.allowed(target, 4) == 4
    links.on_fill(target, 3)
    assert links.allowed(stop, 4) == 1
    assert links.allowed(ENTRY, 4) == 4


def test_an_order_that_was_amended_works_what_it_leaves() -> None:
    links = Links(apart=OcoRule.REDUCE)
    one, other = an_order(1, 10, "pair"), an_order(2, 10, "pair")
    links.add(one)
    links.add(other)
    links.on_fill(one, 3)
    other.qty, other.leaves = 20, 20
    links.resized(other)
    links.resized(an_order(9, 10))
    assert told(links.on_fill(one, 4)) == ({2: 16}, [])


@pytest.mark.parametrize(("request_", "filled", "is_open", "said"), [
    (a_request(9, 5, after=8), None, False, "after 'C8' names no order that is known here"),
    (a_request(9, 5, after=8), 0, False,
     "order 'C8' has ended without a fill; there is nothing to send this for"),
    (a_request(9, 5, after=8), 0, True, None),
    (a_request(9, 5, after=8), 1, False, None),
    (a_request(9, 5, "new"), None, False, None),
    (a_request(9, 5, "pair"), None, False,
     "an order of group 'pair' has filled already; name another group"),
    (a_request(9, 5, "exits"), None, False,
     "the orders of group 'exits' come after 'C1', not None"),
    (a_request(9, 5, "exits", after=1), 3, True, None),
    (a_request(9, 5, "gone"), None, False,
     "the orders of group 'gone' have ended; name another group"),
])  # fmt: skip
def test_an_order_that_cannot_hang_is_told_why(
    request_: OrderRequest, filled: int | None, is_open: bool, said: str | None
) -> None:
    links = Links()
    pair, gone = an_order(5, 5, "pair"), an_order(6, 5, "gone")
    a_bracket(links)
    links.add(pair)
    links.add(gone)
    links.on_fill(pair, 1)
    links.on_fill(ENTRY, 3)
    links.on_end(gone, canceled=True)
    assert links.refusal(request_, entry_filled=filled, entry_open=is_open) == said


def test_fills_of_orders_that_hang_nowhere_mean_nothing() -> None:
    links = Links()
    assert told(links.on_fill(ENTRY, 5)) == NOTHING
    assert told(links.on_end(ENTRY, canceled=False)) == NOTHING
    assert not links.more_to_come(ENTRY)


def test_only_so_much_of_the_past_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "REMEMBERED", 2)
    links = Links()
    for number in range(1, 5):
        order = an_order(number, 5, f"group{number}")
        links.add(order)
        links.on_end(order, canceled=True)
    said = [links.refusal(a_request(9, 5, f"group{number}")) is None for number in range(1, 5)]
    assert said == [True, True, False, False]


def test_the_state_tells_all_that_decides() -> None:
    links = Links()
    a_bracket(links)
    links.on_fill(ENTRY, 4)
    assert links.state() == (
        ((2, 4, 0), (3, 4, 0)), (("exits", 0),), (("C1", 4, 4),), (), (),
    )  # fmt: skip
    assert len(links) == 3
    links.on_end(ENTRY, canceled=True)
    assert links.state()[2:] == ((), (), (("C1", 4),))
