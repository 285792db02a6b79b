"""The life of every type of order on a simulated exchange, each told as a table."""

from __future__ import annotations

import pytest
from tests.exchange.order_lives import Life
from tools.live.sim.orders import SelfTrade
from tools.live.sim.rules import SymbolRules
from tools.live.sim.session import DailyHours, Outside
from tools.live.sim.terms import Terms

# The life of each type: what happens, and what follows from it.
LIVES: dict[str, list[tuple[str, str]]] = {
    "market takes level by level, and what nobody offers ends": [
        ("quote 99x5 101x5", ""),
        ("A: buy 8 market", "A 5@101 taker; A canceled"),
    ],
    "limit takes what it may and rests with the rest": [
        ("quote 99x5 101x5", ""),
        ("A: buy 8 limit 101", "A 5@101 taker"),
        ("trade 100x1", "A 1@101 maker"),
        ("cancel A", "A canceled"),
    ],
    "IOC takes and ends": [
        ("quote 99x5 101x5", ""),
        ("A: buy 8 limit 101 IOC", "A 5@101 taker; A canceled"),
        ("B: buy 8 limit 100 IOC", "B canceled"),
    ],
    "FOK takes all or nothing": [
        ("quote 99x5 101x5", ""),
        ("A: buy 6 limit 101 FOK", "A canceled"),
        ("B: buy 5 limit 101 FOK", "B 5@101 taker"),
    ],
    "post-only never takes": [
        ("quote 99x5 101x5", ""),
        ("A: buy 1 limit 101 post", "A refused would_take"),
        ("B: buy 1 limit 100 post", ""),
        ("trade 100x9", "B 1@100 maker"),
    ],
    "GTD ends at its time": [
        ("quote 99x5 101x5", ""),
        ("A: buy 1 limit 100 till 20", ""),
        ("wait 17", ""),
        ("wait 1", "A canceled"),
        ("B: buy 1 limit 100 till 20", "B refused expired"),
    ],
    "DAY ends with the day": [
        ("A: buy 1 limit 100 DAY", ""),
        ("wait 86398", ""),
        ("wait 1", "A canceled"),
    ],
    "stop waits for the fall and sells at the market": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 3 stop at 98", ""),
        ("trade 98.5x1", ""),
        ("quote 97x5 98x5", ""),
        ("trade 98x1", "A 3@97 taker"),
    ],
    "stop that is behind the market triggers at once": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: buy 3 stop at 100", "A 3@101 taker"),
    ],
    "stop-limit becomes a limit order and may rest": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 3 stop_limit at 98 limit 97.5", ""),
        ("quote 96x5 98x5", ""),
        ("trade 97x1", ""),
        ("quote 98x2 99x5", "A 2@97.5 maker"),
    ],
    "trailing stop follows the high and sells on the way back": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 3 trailing_stop trail 2", ""),
        ("trade 103x1", ""),
        ("trade 102x1", ""),
        ("quote 100.5x5 101.5x5", ""),
        ("trade 101x1", "A 3@100.5 taker"),
    ],
    "trailing stop in basis points follows the low and buys on the way back": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: buy 3 trailing_stop bps 100", ""),
        ("trade 90x1", ""),
        ("trade 90.8x1", ""),
        ("trade 90.9x1", "A 3@101 taker"),
    ],
    "if-touched waits for the better price": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 3 market_if_touched at 103", ""),
        ("trade 102x1", ""),
        ("quote 102x5 104x5", ""),
        ("trade 103x1", "A 3@102 taker"),
    ],
    "two stops trigger in order of age and share what is offered": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 3 stop at 98", ""),
        ("B: sell 3 stop at 99", ""),
        ("trade 97x1", "A 3@99 taker; B 2@99 taker; B canceled"),
    ],
    "iceberg shows slices, and each new one joins the back": [
        ("quote 99x0.5 101x5", ""),
        ("A: sell 6 limit 100 show 2", ""),
        ("B: sell 2 limit 100", ""),
        ("trade 100x2", "A 2@100 maker"),
        ("trade 100x2", "B 2@100 maker"),
        ("trade 100x3", "A 2@100 maker"),
    ],
    "reduce-only sells what is held and no more": [
        ("quote 99x5 101x5", ""),
        ("A: sell 1 market reduce", "A refused would_not_reduce"),
        ("B: buy 2 market", "B 2@101 taker"),
        ("C: sell 5 market reduce", "C 2@99 taker; C canceled"),
    ],
    "OCO: the first fill of one cancels the other": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 4 limit 102 oco pair", ""),
        ("B: sell 4 stop at 98 oco pair", ""),
        ("trade 102.5x1", "A 1@102 maker; B canceled"),
        ("trade 97x1", ""),
        ("trade 103x9", "A 3@102 maker"),
    ],
    "OCO: the cancel of one cancels the other": [
        ("A: sell 4 limit 102 oco pair", ""),
        ("B: sell 4 stop at 98 oco pair", ""),
        ("cancel A", "A canceled; B canceled"),
        ("C: sell 4 limit 102 oco pair", "C refused link"),
    ],
    "OTO: what filled of the first is sent of the second": [
        ("quote 99x5 101x5", ""),
        ("A: buy 4 limit 100", ""),
        ("B: sell 4 limit 103 after A", ""),
        ("trade 104x9", ""),
        ("trade 100x3", "A 3@100 maker"),
        ("trade 104x9", "B 3@103 maker"),
        ("cancel A", "A canceled; B canceled"),
    ],
    "bracket: the exits are for what was entered, and one reduces the other": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: buy 10 limit 100", ""),
        ("B: sell 10 limit 103 after A oco exits", ""),
        ("C: sell 10 stop at 98 after A oco exits", ""),
        ("trade 100x4", "A 4@100 maker"),
        ("trade 103.5x1", "B 1@103 maker"),
        ("cancel A", "A canceled"),
        ("quote 97x9 98x9", ""),
        ("trade 98x1", "C 3@97 taker; B canceled; C canceled"),
    ],
    "bracket: an entry that ends without a fill ends its exits": [
        ("A: buy 10 limit 100", ""),
        ("B: sell 10 limit 103 after A oco exits", ""),
        ("C: sell 10 stop at 98 after A oco exits", ""),
        ("cancel A", "A canceled; B canceled; C canceled"),
        ("D: sell 10 limit 103 after A", "D refused link"),
    ],
    "bracket: an entry that filled at once sends its exits as they come": [
        ("quote 99x5 101x20", ""),
        ("A: buy 10 market", "A 10@101 taker"),
        ("B: sell 10 limit 103 after A oco exits", ""),
        ("C: sell 10 stop at 98 after A oco exits", ""),
        ("trade 103.5x10", "B 10@103 maker; C canceled"),
    ],
    "an amended order fills its new total and no more": [
        ("quote 99x5 101x5", ""),
        ("A: buy 10 limit 100", ""),
        ("trade 100x4", "A 4@100 maker"),
        ("amend A qty 4", "A not amended"),
        ("amend A qty 6", "A amended"),
        ("trade 100x9", "A 2@100 maker"),
        ("amend A qty 9", "A not amended"),
    ],
    "an amended stop waits for its new level": [
        ("quote 99x5 101x5", ""),
        ("trade 100x1", ""),
        ("A: sell 3 stop at 98", ""),
        ("amend A stop 96", "A amended"),
        ("trade 97x1", ""),
        ("trade 96x1", "A 3@99 taker"),
    ],
    "another price is a new arrival, and may take": [
        ("quote 99x5 101x5", ""),
        ("A: buy 3 limit 100", ""),
        ("amend A price 101", "A amended; A 3@101 taker"),
    ],
    "a replacement works what remains": [
        ("quote 99x5 101x5", ""),
        ("A: buy 10 limit 100", ""),
        ("trade 100x4", "A 4@100 maker"),
        ("replace A B: buy 10 limit 100.5", "A canceled"),
        ("trade 100x20", "B 6@100.5 maker"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES.keys())
def test_the_life_of_an_order(life: list[tuple[str, str]]) -> None:
    desk = Life()
    assert [(line, desk.tell(line)) for line, _ in life] == life


IN_LOTS: list[tuple[str, str]] = [
    ("quote 99x5 101x5.7", ""),
    ("A: buy 2 limit 100", ""),
    ("trade 100x0.9", ""),
    ("trade 100x1.9", "A 1@100 maker"),
    ("trade 99.5x0.9", ""),
    ("trade 99.5x1.9", "A 1@100 maker"),
    ("B: buy 8 market", "B 5@101 taker; B canceled"),
    ("quote 99x5 101x0.9", ""),
    ("C: buy 1 limit 101 FOK", "C canceled"),
    ("D: buy 3 limit 100", ""),
    ("quote 99x5 100x0.9", ""),
    ("quote 99x5 100x2.5", "D 2@100 maker"),
    ("trade 100x7.5", "D 1@100 maker"),
    ("quote 99x5 104x5", ""),
    ("E: sell 4 limit 103 show 2", ""),
    ("trade 103x3.5", "E 2@103 maker"),
    ("trade 104x1.5", "E 1@103 maker"),
    ("trade 104x1.5", "E 1@103 maker"),
]


def test_where_a_symbol_has_a_lot_it_trades_in_whole_ones() -> None:
    desk = Life(Terms(rules={"X": SymbolRules(lot=10**9)}))
    assert [(line, desk.tell(line)) for line, _ in IN_LOTS] == IN_LOTS


def test_a_self_trade_is_prevented_as_chosen() -> None:
    told = {}
    for policy in SelfTrade:
        desk = Life(Terms(self_trade=policy))
        lines = ("quote 99x5 101x5", "A: sell 4 limit 100", "B: buy 9 limit 101")
        told[policy] = (*map(desk.tell, lines), desk.open())
    assert told == {
        SelfTrade.ALLOW: ("", "", "B 5@101 taker", "A:4 B:4"),
        SelfTrade.CANCEL_NEWEST: ("", "", "B canceled", "A:4"),
        SelfTrade.CANCEL_OLDEST: ("", "", "A canceled; B 5@101 taker", "B:4"),
        SelfTrade.CANCEL_BOTH: ("", "", "A canceled; B canceled", ""),
    }


def test_a_self_trade_between_the_quotes_is_prevented_too() -> None:
    desk = Life(Terms(self_trade=SelfTrade.CANCEL_OLDEST))
    assert [desk.tell("quote 99x5 101x5"), desk.tell("A: sell 4 limit 100")] == ["", ""]
    assert desk.tell("B: buy 4 limit 100 post") == "B canceled"
    assert desk.tell("C: buy 4 limit 100") == "A canceled"
    assert desk.open() == "C:4"


@pytest.mark.parametrize(("outside", "said"), [
    (Outside.REFUSE, ["A refused closed", "", ""]),
    (Outside.HOLD, ["", "A 2@101 taker", "A canceled"]),
])  # fmt: skip
def test_outside_the_hours_an_order_is_refused_or_held_till_the_open(
    outside: Outside, said: list[str]
) -> None:
    sessions = DailyHours("00:10", "00:20")
    desk = Life(Terms(sessions=sessions, outside=outside))
    desk.tell("quote 99x5 101x2")
    lines = ("A: buy 3 limit 101 DAY", "wait 600", "wait 600")
    assert [desk.tell(line) for line in lines] == said


def test_what_a_symbol_does_not_allow_is_refused_by_its_rule() -> None:
    desk = Life(Terms(rules={"X": SymbolRules(tick=10**9, min_notional_e18=100 * 10**18)}))
    assert desk.tell("A: buy 3 limit 100.5") == "A refused rules"
    assert desk.tell("A: buy 0.5 limit 100") == "A refused rules"
    assert desk.tell("A: buy 3 limit 100") == ""
    assert desk.tell("amend A price 100.5") == "A not amended"
