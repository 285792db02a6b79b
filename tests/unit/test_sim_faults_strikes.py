"""Which occurrence is struck: counted, drawn and bounded for each fault by itself."""

from __future__ import annotations

from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import SCALE
from tools.live.sim.faults.plan import Fault, FaultKind, FaultPlan
from tools.live.sim.faults.strikes import Strikes, Struck

MS = 10**6
REJECT, LATE, OUTAGE = FaultKind.REJECT, FaultKind.LATE_FILL, FaultKind.OUTAGE


def armed(*faults: Fault, seed: int = 0) -> Strikes:
    strikes = Strikes(FaultPlan(faults, seed))
    strikes.start(0)
    return strikes


def struck(strikes: Strikes, times: int, kind: FaultKind = REJECT, step_ns: int = MS) -> list[int]:
    """The numbers of the occurrences that were struck, from 1."""
    hit = [strikes.strike(kind, n * step_ns, f"o{n}", "BTC", BUY) for n in range(1, times + 1)]
    return [n for n, fault in enumerate(hit, 1) if fault is not None]


def test_without_a_word_about_when_every_occurrence_is_struck() -> None:
    assert struck(armed(Fault(REJECT)), 3) == [1, 2, 3]
    assert struck(armed(Fault(LATE, by_ns=MS)), 3) == []


def test_some_occurrences_are_struck_by_their_numbers() -> None:
    assert struck(armed(Fault(REJECT, nth=(2, 5))), 6) == [2, 5]


def test_occurrences_are_counted_inside_the_window() -> None:
    window = Fault(REJECT, from_ns=3 * MS, for_ns=4 * MS, nth=(2,))
    assert struck(armed(window), 9) == [4]


def test_a_fault_ends_after_so_many_strikes() -> None:
    assert struck(armed(Fault(REJECT, most=2)), 5) == [1, 2]


def test_chance_strikes_its_share_and_the_same_ones_every_time() -> None:
    fault = Fault(REJECT, chance=SCALE // 4)
    first, again = struck(armed(fault), 1000), struck(armed(fault), 1000)
    assert first == again
    assert 200 < len(first) < 300
    assert struck(armed(fault, seed=1), 1000) != first
    assert struck(armed(Fault(REJECT, chance=0)), 100) == []


def test_a_fault_draws_for_itself() -> None:
    """Another one beside it does not shift what it strikes."""
    one = Fault(REJECT, chance=SCALE // 4)
    beside = armed(one, Fault(LATE, chance=SCALE // 2, by_ns=MS))
    for n in range(100):
        beside.strike(LATE, n * MS, "f", "BTC", BUY)
    assert struck(beside, 200) == struck(armed(one), 200)


def test_symbol_and_side_pick_and_what_is_not_known_of_either_may_be_it() -> None:
    def hit(fault: Fault, symbol: str | None, side: Side | None) -> bool:
        return armed(fault).strike(REJECT, MS, "o", symbol, side) is not None

    buys = Fault(REJECT, symbol="BTC", side=BUY)
    assert hit(buys, "BTC", BUY) and hit(buys, None, None)
    assert not hit(buys, "ETH", BUY) and not hit(buys, "BTC", SELL)


def test_of_two_that_strike_the_first_does_and_both_count() -> None:
    strikes = armed(Fault(REJECT, nth=(1, 2)), Fault(REJECT, nth=(2, 3)))
    assert struck(strikes, 4) == [1, 2, 3]
    assert [one.number for one in strikes.struck] == [0, 0, 1]


def test_a_rate_limit_takes_so_many_in_any_window() -> None:
    limit = Fault(FaultKind.RATE_LIMIT, limit=2, window_ns=10 * MS)
    assert struck(armed(limit), 14, FaultKind.RATE_LIMIT, MS) == [3, 4, 5, 6, 7, 8, 9, 10, 13, 14]
    assert struck(armed(limit), 6, FaultKind.RATE_LIMIT, 5 * MS) == []


def test_times_count_from_the_first_thing_that_happened() -> None:
    strikes = Strikes(FaultPlan((Fault(REJECT, from_ns=5 * MS),)))
    assert strikes.strike(REJECT, 1_000 * MS, "o", None) is None
    assert strikes.strike(REJECT, 1_005 * MS, "o", None) is not None
    strikes.start(0)  # too late to say so
    assert strikes.strike(REJECT, 6 * MS, "o", None) is None


def test_what_lasts_is_on_from_a_time_to_a_time_and_is_told_once() -> None:
    fault = Fault(OUTAGE, from_ns=2 * MS, for_ns=3 * MS)
    strikes = armed(fault)
    on = [ns for ns in range(8) if strikes.lasts(OUTAGE, ns * MS) is not None]
    assert on == [2, 3, 4]
    assert strikes.struck == [Struck(0, OUTAGE, "", 2 * MS)]
    assert strikes.over_ns(OUTAGE, 5 * MS) == 5 * MS
    assert strikes.lasts(FaultKind.AMNESIA, 3 * MS) is None


def test_an_outage_may_be_of_one_symbol() -> None:
    strikes = armed(Fault(FaultKind.SILENT_STREAM, symbol="BTC"))
    assert strikes.lasts(FaultKind.SILENT_STREAM, 0, "ETH") is None
    assert strikes.lasts(FaultKind.SILENT_STREAM, 0, "BTC") is not None


def test_the_account_says_what_was_struck_and_when() -> None:
    strikes = armed(Fault(LATE, by_ns=MS), Fault(REJECT))
    strikes.strike(REJECT, 7, "CLI1", "BTC", BUY)
    strikes.strike(LATE, 9, "FIL1", "BTC", BUY)
    assert strikes.struck == [Struck(1, REJECT, "CLI1", 7), Struck(0, LATE, "FIL1", 9)]
