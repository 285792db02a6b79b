"""When an order in doubt is asked for, when it is gone for good, and when somebody is called."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, T0_NS, e9
from tools.live.core.contracts_v1 import BUY, REQUEST_LIFE_NS
from tools.live.core.order import Order
from tools.live.order_store import InMemoryOrderStore
from tools.live.outbox import ALERT_NS, MOST_WAIT_NS, SECOND_NS, SETTLE_NS, Doubt, Outbox, wait_ns


def an_order() -> Order:
    return InMemoryOrderStore().open_pending(BTC, BUY, e9(1), e9(100), T0_NS)


def a_doubt() -> Doubt:
    return Doubt(an_order(), T0_NS)


def test_no_request_can_come_in_behind_the_settle_window() -> None:
    assert REQUEST_LIFE_NS < SETTLE_NS


def test_a_new_doubt_is_asked_about_at_once() -> None:
    assert a_doubt().due_ns == T0_NS


def test_once_is_not_enough_to_be_gone() -> None:
    assert not a_doubt().is_gone(T0_NS + 10 * SETTLE_NS)


def test_twice_within_the_window_is_not_enough_either() -> None:
    doubt = a_doubt()
    assert not doubt.is_gone(T0_NS)
    assert doubt.due_ns == T0_NS + SETTLE_NS
    assert not doubt.is_gone(T0_NS + SETTLE_NS - 1)
    assert doubt.due_ns == T0_NS + SETTLE_NS - 1 + SECOND_NS
    assert doubt.is_gone(T0_NS + SETTLE_NS)


def test_behind_the_window_it_takes_two_answers_a_second_apart() -> None:
    doubt = a_doubt()
    late_ns = T0_NS + 3 * SETTLE_NS
    assert not doubt.is_gone(late_ns)
    assert doubt.due_ns == late_ns + SECOND_NS
    assert doubt.is_gone(late_ns)


def test_another_attempt_begins_the_window_anew() -> None:
    doubt = a_doubt()
    doubt.is_gone(T0_NS)
    doubt.sent_again(T0_NS + SETTLE_NS)
    assert doubt.due_ns == T0_NS + SETTLE_NS
    assert not doubt.is_gone(T0_NS + 2 * SETTLE_NS)
    assert doubt.is_gone(T0_NS + 2 * SETTLE_NS)


def test_silence_is_no_news_and_is_waited_for_longer_and_longer() -> None:
    doubt = a_doubt()
    waits = []
    for _ in range(7):
        doubt.is_silent(T0_NS)
        waits.append((doubt.due_ns - T0_NS) // SECOND_NS)
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert doubt.absent == 0


def test_an_answer_ends_the_silence() -> None:
    doubt = a_doubt()
    doubt.is_silent(T0_NS)
    doubt.is_silent(T0_NS)
    doubt.is_gone(T0_NS)
    doubt.is_silent(T0_NS)
    assert doubt.due_ns == T0_NS + SECOND_NS


def test_another_attempt_ends_the_silence_too() -> None:
    doubt = a_doubt()
    doubt.is_silent(T0_NS)
    doubt.sent_again(T0_NS)
    doubt.is_silent(T0_NS)
    assert doubt.due_ns == T0_NS + SECOND_NS


def test_somebody_is_called_once_when_it_takes_too_long() -> None:
    doubt = a_doubt()
    assert not doubt.is_silent(T0_NS + ALERT_NS - 1)
    assert doubt.is_silent(T0_NS + ALERT_NS)
    assert not doubt.is_silent(T0_NS + 2 * ALERT_NS)


@pytest.mark.parametrize("tried", [8, 9, 100, 10**6])
def test_no_pause_is_longer_than_the_longest(tried: int) -> None:
    assert wait_ns(tried) == MOST_WAIT_NS


def test_an_empty_outbox_waits_for_nothing() -> None:
    outbox = Outbox()
    assert outbox.next_due_ns() is None
    assert list(outbox.due(T0_NS)) == []


def test_the_same_order_is_doubted_once() -> None:
    outbox = Outbox()
    order = an_order()
    doubt = outbox.doubt(order, T0_NS)
    assert outbox.doubt(order, T0_NS + 5) is doubt
    assert doubt.since_ns == T0_NS


def test_what_is_due_comes_in_the_order_of_the_doubts() -> None:
    store, outbox = InMemoryOrderStore(), Outbox()
    doubts = [
        outbox.doubt(store.open_pending(BTC, BUY, e9(1), e9(100), T0_NS), T0_NS - place)
        for place in range(3)
    ]
    doubts[1].due_ns = T0_NS + 1
    assert list(outbox.due(T0_NS)) == [doubts[0], doubts[2]]
    assert outbox.next_due_ns() == T0_NS - 2


def test_failed_cancels_share_one_pause_that_grows() -> None:
    outbox = Outbox()
    outbox.cancel_failed(T0_NS)
    outbox.cancel_failed(T0_NS)
    assert outbox.next_due_ns() == T0_NS + SECOND_NS
    outbox.cancel_failed(T0_NS + SECOND_NS)
    assert outbox.next_due_ns() == T0_NS + 3 * SECOND_NS
    outbox.cancels_done()
    assert outbox.next_due_ns() is None
    outbox.cancel_failed(T0_NS)
    assert outbox.next_due_ns() == T0_NS + SECOND_NS


def test_the_earlier_of_both_kinds_is_due() -> None:
    outbox = Outbox()
    outbox.cancel_failed(T0_NS)
    outbox.doubt(an_order(), T0_NS)
    assert outbox.next_due_ns() == T0_NS
