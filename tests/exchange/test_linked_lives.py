"""Linked orders on the exchange: what links demand is done to them wherever they are."""

from __future__ import annotations

from tests.exchange.order_lives import Life

Lines = list[tuple[str, str]]

BRACKET: Lines = [
    ("quote 99x5 101x5", ""),
    ("trade 100x1", ""),
    ("A: buy 10 limit 100", ""),
    ("B: sell 10 limit 103 after A oco exits", ""),
    ("C: sell 10 stop at 98 after A oco exits", ""),
]


def lived(lines: Lines) -> Life:
    """Let the lines happen, each with what is to follow."""
    desk = Life()
    for line, follows in lines:
        assert (line, desk.tell(line)) == (line, follows)
    return desk


def test_exits_wait_outside_the_market_till_they_are_sent() -> None:
    desk = lived(BRACKET)
    assert desk.open() == "A:10 B:0 C:0"
    assert desk.tell("trade 104x9") == ""
    assert desk.tell("trade 99.5x4") == "A 4@100 maker"
    assert desk.open() == "A:6 B:4 C:4"


def test_a_resting_exit_that_grows_joins_the_end_of_the_queue() -> None:
    desk = lived([
        *BRACKET,
        ("trade 99.5x4", "A 4@100 maker"),
        ("quote 102x5 103x1", ""),
        ("D: sell 1 limit 103", ""),
        ("trade 99.5x2", "A 2@100 maker"),
        ("trade 103.5x2", "D 1@103 maker; B 1@103 maker"),
    ])
    assert desk.open() == "A:4 B:5 C:5"


def test_a_stop_that_found_too_few_leaves_the_target_for_the_rest() -> None:
    desk = lived([
        *BRACKET,
        ("trade 99.5x4", "A 4@100 maker"),
        ("quote 97x9 98x9", "A 6@100 maker"),
        ("trade 97.5x1", "C 9@97 taker; C canceled"),
    ])
    assert desk.open() == "B:1"
    assert desk.tell("trade 104x1") == "B 1@103 maker; B canceled"
    assert desk.exchange.get_positions() == []


def test_a_stop_that_has_triggered_sells_at_once_what_is_entered_later() -> None:
    desk = lived([
        *BRACKET,
        ("trade 99.5x4", "A 4@100 maker"),
        ("quote 97x9 101x9", ""),
        ("trade 97.5x1", "A 1@100 maker; C 5@97 taker"),
    ])
    assert desk.open() == "A:5 B:0 C:0"
    desk.tell("quote 99x9 101x9")
    assert desk.tell("trade 99.5x2") == "A 2@100 maker; C 2@99 taker"
    assert desk.open() == "A:3 B:0 C:0"


def test_an_exit_that_has_filled_rests_again_when_it_is_sent_again() -> None:
    desk = lived([
        *BRACKET,
        ("trade 99.5x4", "A 4@100 maker"),
        ("trade 103.5x4", "B 4@103 maker"),
        ("trade 99.5x2", "A 2@100 maker"),
    ])
    assert desk.open() == "A:4 B:2 C:2"
    assert desk.tell("trade 103.5x1") == "B 1@103 maker"
    assert desk.open() == "A:4 B:1 C:1"


def test_a_waiting_stop_that_is_taken_back_waits_again_when_it_is_sent_again() -> None:
    desk = lived([
        *BRACKET,
        ("trade 99.5x4", "A 4@100 maker"),
        ("trade 103.5x4", "B 4@103 maker"),
        ("trade 97x1", "A 1@100 maker; C 1@99 taker"),
    ])
    assert desk.open() == "A:5 B:0 C:0"
    assert desk.tell("cancel A") == "A canceled; B canceled; C canceled"


def test_an_entry_that_takes_sends_its_exits_in_the_same_moment() -> None:
    lived([
        ("quote 99x5 101x5", ""),
        ("A: buy 5 stop at 102", ""),
        ("B: sell 5 limit 99 after A", ""),
        ("trade 102x1", "A 5@101 taker; B 5@99 taker"),
    ])


def test_of_two_that_fill_in_one_event_the_second_does_not() -> None:
    desk = lived([
        ("quote 99x5 101x5", ""),
        ("A: sell 4 limit 102 oco pair", ""),
        ("B: sell 4 limit 103 oco pair", ""),
        ("quote 104x9 105x9", "A 4@102 maker; B canceled"),
    ])
    assert desk.open() == ""


def test_of_two_exits_that_fill_in_one_event_the_second_fills_what_is_left() -> None:
    desk = lived([
        ("quote 99x5 101x20", ""),
        ("A: buy 10 market", "A 10@101 taker"),
        ("B: sell 4 limit 102 after A oco exits", ""),
        ("C: sell 10 limit 103 after A oco exits", ""),
        ("quote 104x20 105x9", "B 4@102 maker; C 6@103 maker; C canceled"),
    ])
    assert desk.exchange.get_positions() == []
    assert desk.open() == ""


def test_one_that_takes_at_once_leaves_no_group_to_join() -> None:
    lived([
        ("quote 99x5 101x5", ""),
        ("A: sell 4 limit 99 oco pair", "A 4@99 taker"),
        ("B: sell 4 limit 102 oco pair", "B refused link"),
    ])
