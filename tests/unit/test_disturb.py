"""What can happen to messages, and the truth about it: scripts, their refusals, their witness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.unit.generated_world import a_plan, events_of
from tests.unit.prop import chance
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, DepthDiff, FeedLost, FeedStale, MarketEvent
from tools.live.market.disturb import (
    Delay, Disturbance, Done, Drop, Duplicate, Lose, Mishap, check_disturbances,
    described_mishap, disturbed, drawn,
)  # fmt: skip
from tools.live.market.generator import GeneratedMarket

D, U, H, L = Mishap.DROPPED, Mishap.DUPLICATED, Mishap.DELAYED, Mishap.LOST


def quote(number: int, symbol: str = "A", ts_ns: int | None = None) -> Bbo:
    """A message that carries its number; number n is received at 10 n unless it is said."""
    at = 10 * number if ts_ns is None else ts_ns
    return Bbo(symbol, "synthetic", 1, 1, 2, 1, number, 5 * number, at)


def happening(
    script: Sequence[Disturbance], events: Sequence[MarketEvent]
) -> tuple[list[tuple[Any, int]], list[tuple[Mishap, int]]]:
    """What arrives, as numbers and times, and what was done to which number."""
    done: list[Done] = []
    arrived = list(disturbed(events, script, done.append))
    for one in done:
        assert one.event is events[one.number - 1]
    return (
        [(getattr(event, "sequence", event.kind), event.ts_ns) for event in arrived],
        [(one.mishap, one.number) for one in done],
    )


SIX = [quote(number) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("script", "arrived", "done"),
    [
        ([], [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50), (6, 60)], []),
        ([Drop(2, 2)], [(1, 10), (3, 30), (4, 40), (5, 50), (6, 60)], [(D, 2)]),
        ([Drop(5, 9), Drop(1, 3)], [(4, 40)], [(D, 1), (D, 2), (D, 3), (D, 5), (D, 6)]),
        ([Duplicate(2, 3)],
         [(1, 10), (2, 20), (2, 20), (3, 30), (3, 30), (4, 40), (5, 50), (6, 60)],
         [(U, 2), (U, 3)]),
        ([Delay(2, 1)], [(1, 10), (3, 30), (2, 30), (4, 40), (5, 50), (6, 60)], [(H, 2)]),
        ([Delay(1, 4)], [(2, 20), (3, 30), (4, 40), (5, 50), (1, 50), (6, 60)], [(H, 1)]),
        ([Delay(4, 9), Delay(5, 7)], [(1, 10), (2, 20), (3, 30), (6, 60), (5, 60), (4, 60)],
         [(H, 4), (H, 5)]),
        ([Delay(2, 2), Delay(3, 1)], [(1, 10), (4, 40), (2, 40), (3, 40), (5, 50), (6, 60)],
         [(H, 2), (H, 3)]),
        ([Delay(2, 1), Drop(3, 3)], [(1, 10), (2, 30), (4, 40), (5, 50), (6, 60)],
         [(H, 2), (D, 3)]),
        ([Delay(2, 1), Duplicate(3, 3), Drop(6, 6)],
         [(1, 10), (3, 30), (3, 30), (2, 30), (4, 40), (5, 50)], [(H, 2), (U, 3), (D, 6)]),
        ([Drop(7, 8), Lose(61, 70)],
         [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50), (6, 60)], []),
        ([Lose(20, 40)], [(1, 10), ("md.feed_lost", 20), (4, 40), (5, 50), (6, 60)],
         [(L, 2), (L, 3)]),
        ([Lose(21, 41)], [(1, 10), (2, 20), ("md.feed_lost", 21), (5, 50), (6, 60)],
         [(L, 3), (L, 4)]),
        ([Lose(31, 39)],
         [(1, 10), (2, 20), (3, 30), ("md.feed_lost", 31), (4, 40), (5, 50), (6, 60)], []),
        ([Lose(33, 34), Lose(31, 32)],
         [(1, 10), (2, 20), (3, 30), ("md.feed_lost", 31), ("md.feed_lost", 33), (4, 40),
          (5, 50), (6, 60)], []),
        ([Lose(1, 11)], [(2, 20), (3, 30), (4, 40), (5, 50), (6, 60)], [(L, 1)]),
        ([Lose(55, 99), Delay(5, 1)], [(1, 10), (2, 20), (3, 30), (4, 40), ("md.feed_lost", 55)],
         [(H, 5), (L, 5), (L, 6)]),
        ([Lose(42, 45), Delay(4, 1), Delay(2, 4), Delay(3, 2)],
         [(1, 10), ("md.feed_lost", 42), (5, 50), (6, 60)],
         [(H, 2), (H, 3), (H, 4), (L, 3), (L, 4), (L, 2)]),
        ([Lose(20, 45), Delay(4, 2)], [(1, 10), ("md.feed_lost", 20), (5, 50), (6, 60), (4, 60)],
         [(L, 2), (L, 3), (H, 4)]),
        ([Lose(20, 30), Duplicate(2, 2), Drop(1, 1)],
         [("md.feed_lost", 20), (3, 30), (4, 40), (5, 50), (6, 60)],
         [(D, 1), (U, 2), (L, 2), (L, 2)]),
    ],
)  # fmt: skip
def test_a_script_by_hand(
    script: list[Disturbance], arrived: list[tuple[Any, int]], done: list[tuple[Mishap, int]]
) -> None:
    assert happening(script, SIX) == (arrived, done)


def test_a_lost_feed_is_told_for_all_who_were_heard_of_by_then() -> None:
    events = [quote(1, "B"), quote(2, "A"), quote(3, "B"), quote(4, "C"), quote(5, "D")]
    arrived = list(disturbed(events, [Lose(35, 45)]))
    assert arrived[3:] == [
        FeedLost("B", "synthetic", "scripted", 35), FeedLost("A", "synthetic", "scripted", 35),
        quote(5, "D"),
    ]  # fmt: skip


def test_facts_are_messages_like_others() -> None:
    events: list[MarketEvent] = [quote(1), FeedStale("A", "synthetic", 5, 15), quote(2)]
    assert list(disturbed(events, [Delay(2, 1)])) == [
        quote(1), quote(2), FeedStale("A", "synthetic", 5, 20),
    ]  # fmt: skip


def test_a_delayed_message_is_the_same_but_for_its_time() -> None:
    events = events_of()
    done: list[Done] = []
    arrived = list(disturbed(events, [Delay(4, 2)], done.append))
    late = arrived[5]
    assert isinstance(late, type(events[3])) and late is not events[3]
    assert [one for one in late.__match_args__
            if getattr(late, one) != getattr(events[3], one)] == ["ts_ns"]  # fmt: skip
    assert late.ts_ns == events[5].ts_ns == arrived[4].ts_ns
    assert done == [Done(Mishap.DELAYED, 4, events[3])]


def test_without_a_script_the_very_events_come_through() -> None:
    events = events_of()
    assert all(one is other for one, other in zip(disturbed(events, ()), events, strict=True))


def test_it_is_a_stream() -> None:
    def endless() -> Iterator[MarketEvent]:
        number = 0
        while True:
            number += 1
            yield quote(number)

    arriving = disturbed(endless(), [Drop(2, 10**12)])
    assert next(arriving) == quote(1)


# The truth.


@pytest.mark.parametrize("seed", range(10))
def test_the_witness_accounts_for_every_message(seed: int) -> None:
    rng = chance(seed)
    events = events_of("AUSD", "BUSD", seed=seed)
    script: list[Disturbance] = list(drawn(seed, len(events), rng.randint(1, 20)))
    if rng.random() < 0.5:
        from_ns = events[rng.randrange(len(events))].ts_ns
        script.append(Lose(from_ns, from_ns + rng.randint(1, 10**9)))
    done: list[Done] = []
    arrived = list(disturbed(events, script, done.append))
    told = [event for event in arrived if not isinstance(event, FeedLost)]
    counts = {mishap: sum(one.mishap is mishap for one in done) for mishap in Mishap}
    assert len(told) == len(events) + counts[U] - counts[D] - counts[L]
    times = [event.ts_ns for event in arrived]
    assert times == sorted(times)
    untouched = [event for number, event in enumerate(events, start=1)
                 if all(one.number != number for one in done)]  # fmt: skip
    kept = {id(event) for event in untouched}
    assert [event for event in told if id(event) in kept] == untouched


@pytest.mark.parametrize("seed", range(10))
def test_the_gaps_in_the_numbering_are_those_that_the_witness_saw(seed: int) -> None:
    market = GeneratedMarket(a_plan(seed=seed, snapshot_seconds=0))
    events = list(market)
    done: list[Done] = []
    script = drawn(seed, len(events), 12)
    arrived = list(disturbed(events, script, done.append))
    dropped = {(one.event.first, one.event.sequence) for one in done
               if one.mishap is Mishap.DROPPED and isinstance(one.event, DepthDiff)}  # fmt: skip
    heard = {(event.first, event.sequence) for event in arrived if isinstance(event, DepthDiff)}
    sent = {(event.first, event.sequence) for event in events if isinstance(event, DepthDiff)}
    assert sent - heard == dropped


# Scripts by chance.


def test_a_drawn_script_is_of_three_kinds_and_in_order() -> None:
    script = drawn(1, 100, 10)
    kinds = [type(one) for one in script]
    assert all(kinds.count(kind) == 10 for kind in (Drop, Duplicate, Delay))
    places = [one.at if isinstance(one, Delay) else one.first for one in script
              if not isinstance(one, Lose)]  # fmt: skip
    assert places == sorted(places) and len(set(places)) == 30
    assert 1 <= places[0] and places[-1] <= 100
    assert all(one.first == one.last for one in script if isinstance(one, (Drop, Duplicate)))
    assert {one.by for one in script if isinstance(one, Delay)} <= {1, 2, 3, 4, 5}
    assert script == drawn(1, 100, 10) != drawn(2, 100, 10)


def test_a_drawn_script_may_touch_every_message_from_the_first_to_the_last() -> None:
    places = [one.at if isinstance(one, Delay) else one.first for one in drawn(3, 9, 3)
              if not isinstance(one, Lose)]  # fmt: skip
    assert places == list(range(1, 10))


def test_one_of_each_in_three_messages_can_be_drawn() -> None:
    assert sorted(type(one).__name__ for one in drawn(1, 3, 1)) == ["Delay", "Drop", "Duplicate"]


@pytest.mark.parametrize(("messages", "each"), [(9, 4), (9, 0), (9, -1), (2, 1), (0, 1)])
def test_more_than_there_are_cannot_be_drawn(messages: int, each: int) -> None:
    with pytest.raises(ContractError) as refused:
        drawn(1, messages, each)
    assert str(refused.value) == (
        f"each {each} is not from 1 to a third of {messages} messages; draw fewer"
    )


# Refusals.


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ([Drop(0, 1)], "drop first 0 is not a whole number from 1 to 1000000000000; correct it"),
        ([Drop(3, 2)], "drop last 2 is not a whole number from 3 to 1000000000000; correct it"),
        ([Duplicate(True, 2)],
         "duplicate first True is not a whole number from 1 to 1000000000000; correct it"),
        ([Duplicate(1, 10**12 + 1)],
         "duplicate last 1000000000001 is not a whole number from 1 to 1000000000000; correct it"),
        ([Delay(0, 1)], "delay at 0 is not a whole number from 1 to 1000000000000; correct it"),
        ([Delay(1, 0)], "delay by 0 is not a whole number from 1 to 10000; correct it"),
        ([Delay(1, 10_001)], "delay by 10001 is not a whole number from 1 to 10000; correct it"),
        ([Lose(-1, 1)],
         "lose from_ns -1 is not a whole number from 0 to 9223372036854775807; correct it"),
        ([Lose(5, 5)],
         "lose until_ns 5 is not a whole number from 6 to 9223372036854775807; correct it"),
        ([Drop(1, 5), Delay(5, 1)], "message 5 is disturbed twice; keep one of the two"),
        ([Delay(7, 1), Duplicate(7, 8)], "message 7 is disturbed twice; keep one of the two"),
        ([Drop(1, 9), Drop(2, 3)], "message 2 is disturbed twice; keep one of the two"),
        ([Lose(5, 9), Lose(8, 10)], "time 8 is disturbed twice; keep one of the two"),
    ],
)
def test_a_wrong_script_is_refused(script: list[Disturbance], message: str) -> None:
    for refuse in (check_disturbances, lambda wrong: disturbed([], wrong)):
        with pytest.raises(ContractError) as refused:
            refuse(script)
        assert str(refused.value) == message


@pytest.mark.parametrize(
    "script",
    [(), (Drop(1, 1), Drop(2, 2)), (Drop(2, 10**12), Delay(1, 10_000)),
     (Lose(0, 1), Lose(1, 2**63 - 1)), (Drop(1, 3), Lose(0, 99))],
)  # fmt: skip
def test_the_ends_of_the_rules(script: tuple[Disturbance, ...]) -> None:
    check_disturbances(script)


def test_what_is_no_disturbance_is_refused() -> None:
    wrong: Any = "drop 5"
    with pytest.raises(ContractError) as refused:
        check_disturbances([wrong])
    assert str(refused.value) == (
        "disturbance 'drop 5' is not known; take Drop, Duplicate, Delay or Lose"
    )


def test_a_part_of_a_script_as_plain_data() -> None:
    assert described_mishap(Delay(4, 5)) == {"kind": "delay", "at": 4, "by": 5}
