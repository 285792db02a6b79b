"""Continuity: the venues' documented rules, spans of what was heard, buffers, and advice."""

from __future__ import annotations

import pytest

from tests.unit.market_builders import a_diff
from tools.live.market.gaps import (
    Advice, Fit, Heard, Waiting, advice, begins_anew, fit, follows, is_silent, time_gaps,
)  # fmt: skip


@pytest.mark.parametrize(
    "first, sequence, previous, joint",
    [
        (11, 15, None, 10),
        (13, 15, 9, 9),
        (None, 15, 9, 9),
        (None, 15, 0, 0),
        (0, 15, None, -1),
        (None, 15, None, 14),
        (None, None, None, None),
    ],
)
def test_what_a_diff_follows(
    first: int | None, sequence: int | None, previous: int | None, joint: int | None
) -> None:
    assert follows(a_diff(first, sequence, previous)) == joint


@pytest.mark.parametrize("first", range(1, 16))
@pytest.mark.parametrize("span", range(6))
def test_the_rule_of_binance_spot(first: int, span: int) -> None:
    """As documented: old when u <= last, a gap when U > last + 1, and applied else."""
    last, final = 8, first + span
    expected = Fit.OLD if final <= last else Fit.GAP if first > last + 1 else Fit.NEXT
    assert fit(last, a_diff(first, final)) is expected


@pytest.mark.parametrize(
    "first, sequence, previous, expected",
    [
        (11, 14, 8, Fit.NEXT),  # the chain: pu is the last u
        (11, 14, 9, Fit.GAP),
        (12, 14, 11, Fit.GAP),
        (5, 14, 3, Fit.NEXT),  # a snapshot inside the diff: U <= 8 <= u
        (8, 14, 6, Fit.NEXT),
        (10, 14, 7, Fit.NEXT),  # the snapshot stands in a hole of the numbers
        (4, 8, 3, Fit.OLD),
        (4, 7, 3, Fit.OLD),
    ],
)
def test_the_rule_of_binance_futures(
    first: int, sequence: int, previous: int, expected: Fit
) -> None:
    assert fit(8, a_diff(first, sequence, previous)) is expected


@pytest.mark.parametrize("sequence, expected", [(8, Fit.OLD), (9, Fit.NEXT), (10, Fit.GAP)])
def test_the_rule_of_bybit(sequence: int, expected: Fit) -> None:
    assert fit(8, a_diff(None, sequence)) is expected


def test_without_numbers_the_order_of_arrival_counts() -> None:
    assert fit(8, a_diff(None, None)) is Fit.NEXT
    assert fit(None, a_diff(5, 7)) is Fit.NEXT


@pytest.mark.parametrize(
    "source, sequence, anew",
    [
        ("binance-spot", 5, False), ("binance-usdm", 0, False), ("binance-spot", None, True),
        ("bybit-spot", 5, True), ("bybit-linear", 1, True), ("coinbase", None, True),
        ("not-bybit-", 5, False),
    ],
)  # fmt: skip
def test_snapshots_of_the_stream_begin_anew(
    source: str, sequence: int | None, anew: bool
) -> None:
    assert begins_anew(source, sequence) is anew


def test_silence_is_more_than_the_limit() -> None:
    assert not is_silent(100, 100 + 5_000_000_000)
    assert is_silent(100, 101 + 5_000_000_000)
    assert not is_silent(100, 90)
    assert is_silent(0, 8, 7)
    assert not is_silent(0, 7, 7)


def test_what_was_heard_grows_and_says_what_is_missing() -> None:
    heard = Heard(10)
    assert heard.take(10, 15) is None
    assert heard.take(15, 16) is None
    assert heard.take(12, 18) is None, "an overlap is no gap"
    assert heard.take(20, 22) == (19, 20)
    assert heard.take(18, 20) is None, "late, and stated already"
    assert (heard.begin, heard.end) == (10, 22)


def test_what_comes_before_all_that_was_heard_is_joined_or_leaves_a_hole() -> None:
    heard = Heard(10)
    heard.take(10, 15)
    assert heard.take(8, 10) is None
    assert heard.take(3, 5) == (6, 8)
    assert (heard.begin, heard.end) == (3, 15)


def test_a_snapshot_lacks_what_lies_between_it_and_the_first_update() -> None:
    heard = Heard(10)
    heard.take(10, 15)
    assert heard.join(10) is None
    assert heard.join(7) == (8, 10)
    assert heard.join(8) is None, "stated already"
    assert heard.join(30) is None, "it holds all before it"
    assert (heard.begin, heard.end) == (7, 30)


def test_a_copy_of_a_span_grows_apart() -> None:
    heard = Heard(10)
    heard.take(10, 15)
    other = heard.copy()
    assert (other.begin, other.end) == (10, 15)
    other.take(5, 20)
    assert (heard.begin, heard.end) == (10, 15)


def test_what_waits_leaves_in_order_as_far_as_it_joins() -> None:
    waiting = Waiting()
    made = {first: a_diff(first, first + 1) for first in (11, 13, 15, 19)}
    for first in (15, 13, 19, 11):
        assert waiting.add(made[first])
    assert waiting.take(5) == []
    assert len(waiting) == 4
    assert waiting.take(12) == [made[13], made[15]], "the first is old and leaves as well"
    assert len(waiting) == 1
    assert waiting.take(None) == [made[19]]
    assert waiting.take(None) == []


def test_a_diff_that_waits_twice_leaves_once() -> None:
    waiting = Waiting()
    waiting.add(a_diff(11, 12))
    waiting.add(a_diff(11, 12))
    assert waiting.take(10) == [a_diff(11, 12)]
    assert len(waiting) == 0


def test_a_buffer_counts_levels_and_messages() -> None:
    waiting = Waiting(7)
    assert waiting.add(a_diff(1, 1, bids=((1, 1), (2, 1)), asks=((5, 1),)))
    assert waiting.add(a_diff(2, 2, asks=((5, 1), (6, 1))))
    assert not waiting.add(a_diff(3, 3)), "an empty message needs room, too"
    assert len(waiting) == 0
    assert waiting.add(a_diff(4, 4, bids=tuple((price, 1) for price in range(1, 7))))


def test_room_is_given_back() -> None:
    waiting = Waiting(3)
    for number in range(1, 20):
        assert waiting.add(a_diff(number, number, bids=((1, 1),), asks=((2, 1),)))
        other = waiting.copy()
        assert len(other.take(number - 1)) == 1
        assert len(waiting) == 1
        assert not other.add(a_diff(99, 99, bids=tuple((price, 1) for price in range(1, 4))))
        assert len(waiting.take(number - 1)) == 1


def test_a_copied_buffer_keeps_its_room() -> None:
    waiting = Waiting(2)
    waiting.add(a_diff(1, 1))
    other = waiting.copy()
    assert other.add(a_diff(2, 2))
    assert not other.copy().add(a_diff(3, 3))
    assert len(waiting) == 1


def test_a_buffer_as_plain_data() -> None:
    waiting = Waiting()
    waiting.add(a_diff(2, 3, 1, bids=((7, 8),)))
    assert waiting.plain() == [[2, 3, 1, ((7, 8),), ()]]


@pytest.mark.parametrize(
    "missing, in_a_row, expected",
    [
        (0, 0, None), (0, 3, None), (0, 4, Advice.RECONNECT), (100, 4, Advice.RECONNECT),
        (1, 3, Advice.INCREMENTAL_REFRESH), (99, 0, Advice.INCREMENTAL_REFRESH),
        (100, 0, Advice.FULL_REBUILD),
    ],
)  # fmt: skip
def test_the_advice_of_seed_001(missing: int, in_a_row: int, expected: Advice | None) -> None:
    assert advice(missing, in_a_row) is expected


def test_advice_is_worded_as_the_seed_words_it() -> None:
    assert [one.value for one in Advice] == ["Reconnect", "FullRebuild", "IncrementalRefresh"]


def test_pauses_in_a_row_are_counted() -> None:
    assert time_gaps(0, 100_000_000) == 0
    assert time_gaps(0, 100_000_001) == 1
    assert time_gaps(3, 200_000_000) == 4
    assert time_gaps(3, 1) == 0
