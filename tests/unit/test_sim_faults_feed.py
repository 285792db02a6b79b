"""A bad feed: what is heard of a market whose stream is silent, stale, crossed or cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.market_builders import SECOND_NS, a_bbo, a_diff, a_snapshot
from tests.unit.sim_builders import Told, a_trade
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, FeedLost, FeedStale, Levels
from tools.live.core.money import SCALE
from tools.live.market.feed import MarketFeed
from tools.live.market.gaps import STALE_NS
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market.recorded import RecordedMarket
from tools.live.market.synthetic import SyntheticMarket
from tools.live.sim.faults.feed import FaultyMarket
from tools.live.sim.faults.plan import Fault, FaultKind, FaultPlan

Kind = FaultKind
T0 = 10**18


def at(second: float) -> int:
    return T0 + int(second * SECOND_NS)


def a_window(kind: FaultKind, begin: float, seconds: float, **more: Any) -> Fault:
    return Fault(kind, int(begin * SECOND_NS), int(seconds * SECOND_NS), **more)


def a_quote(bid: int, ask: int, second: float, symbol: str = "BTCUSDT") -> Bbo:
    return Bbo(symbol, "binance-spot", bid, 1, ask, 2, None, None, at(second))


def behind(*events: Any, plan: tuple[Fault, ...]) -> FaultyMarket:
    return FaultyMarket(Told(*events), FaultPlan(plan))


def heard(*events: Any, plan: tuple[Fault, ...]) -> list[Any]:
    return list(behind(*events, plan=plan))


def quoted(told: list[Any]) -> list[tuple[int, int]]:
    return [(one.bid, one.ask) for one in told]


def test_a_good_feed_tells_what_happens() -> None:
    refused = WireRefused(WireFault.BAD_NUMBER, "B", "x")
    events = (a_bbo(), refused, a_trade(5, 1), a_diff(1, 1), a_snapshot(3))
    market = behind(*events, plan=())
    assert list(market) == list(events)
    assert [(event, tuple(told)) for event, told in market.pairs()] == [
        (event, (event,)) for event in events
    ]


def test_it_describes_the_market_and_what_goes_wrong_with_its_feed_alone() -> None:
    plan = FaultPlan((Fault(Kind.REJECT, nth=(1,)), a_window(Kind.STALE_BOOK, 1, 2)), 5)
    stale = {"kind": "stale_book", "from_ms": 1000, "for_ms": 2000}
    assert FaultyMarket(Told(), plan).describe() == {
        "kind": "told", "faults": {"seed": 5, "fault": [stale]},
    }  # fmt: skip


# Silence.


def test_a_silent_stream_says_nothing_until_our_own_watch_notices() -> None:
    silent = a_window(Kind.SILENT_STREAM, 2, 18)
    quotes = [a_quote(100 + k, 110 + k, k) for k in (0, 1, 3, 5, 9, 21)]
    market = behind(*quotes, plan=(silent,))
    stale = FeedStale("BTCUSDT", "binance-spot", STALE_NS + 1, at(1) + STALE_NS + 1)
    assert list(market) == [quotes[0], quotes[1], stale, quotes[5]]
    assert [event for event, _ in market.pairs()] == [*quotes[:4], None, *quotes[4:]]
    assert [one.kind for one in market.strikes.struck] == [Kind.SILENT_STREAM]


def test_it_is_noticed_before_anything_later_happens_and_at_every_silence() -> None:
    windows = (a_window(Kind.SILENT_STREAM, 1, 8), a_window(Kind.SILENT_STREAM, 11, 8))
    quotes = [a_quote(1, 2, second) for second in (0, 2, 5.5, 10, 12, 15.1, 15.2)]
    pairs = list(behind(*quotes, plan=windows).pairs())
    assert [event for event, _ in pairs] == [
        *quotes[:2], None, *quotes[2:5], None, *quotes[5:],
    ]  # fmt: skip
    noticed = [told[0].ts_ns for event, told in pairs if event is None]  # type: ignore[union-attr]
    assert noticed == [at(5) + 1, at(15) + 1]


def test_a_silence_that_is_old_when_it_begins_is_noticed_at_once() -> None:
    quotes = [a_quote(100, 110, second) for second in (0, 8, 9, 30)]
    trade = a_trade(1, 1, ns=at(9))
    told = heard(*quotes[:3], trade, quotes[3], plan=(a_window(Kind.SILENT_STREAM, 5, 10),))
    stale = FeedStale("BTCUSDT", "binance-spot", 8 * SECOND_NS, at(8))
    assert told == [quotes[0], stale, quotes[3]]


def test_nobody_notices_the_silence_of_what_was_never_heard_or_came_back_in_time() -> None:
    silent = a_window(Kind.SILENT_STREAM, 0, 4)
    assert heard(*[a_quote(1, 2, k) for k in (0, 1, 9)], plan=(silent,)) == [a_quote(1, 2, 9)]
    quotes = [a_quote(1, 2, second) for second in (0, 1, 5, 9, 12)]
    told = heard(*quotes, plan=(a_window(Kind.SILENT_STREAM, 1, 2),))
    assert told == [quotes[0], *quotes[2:]]


def test_each_stream_is_silent_for_itself_and_they_are_noticed_in_their_order() -> None:
    silent = a_window(Kind.SILENT_STREAM, 2, 60)
    first = [a_quote(1, 2, 0.5, "AAA"), a_quote(1, 2, 1, "BBB"), a_quote(1, 2, 1.5, "AAA")]
    later = [a_quote(1, 2, 3, "AAA"), a_quote(1, 2, 3, "BBB"), a_quote(1, 2, 20, "BBB")]
    start = a_trade(1, 1, ns=T0)
    told = heard(start, *first, *later, plan=(silent,))
    assert [(one.symbol, one.ts_ns - T0 - STALE_NS - 1) for one in told[4:]] == [
        ("BBB", SECOND_NS), ("AAA", 3 * SECOND_NS // 2),
    ]  # fmt: skip
    one = a_window(Kind.SILENT_STREAM, 2, 60, symbol="AAA")
    told = heard(start, *first, *later, plan=(one,))
    symbols = [each.symbol for each in told if isinstance(each, Bbo)]
    assert symbols == ["AAA", "BBB", "AAA", "BBB", "BBB"]


def test_facts_are_our_own_and_are_always_heard() -> None:
    lost = FeedLost("BTCUSDT", "binance-spot", "closed", at(2))
    told = heard(a_quote(1, 2, 0), lost, plan=(a_window(Kind.SILENT_STREAM, 1, 60),))
    assert told == [a_quote(1, 2, 0), lost]


def test_a_silence_becomes_facts_of_the_run() -> None:
    quotes = [a_quote(100 + k, 110 + k, k) for k in range(12)]
    market = behind(*quotes, plan=(a_window(Kind.SILENT_STREAM, 1, 9),))
    said = [step[0].__class__.__name__ for step in MarketFeed(market)]
    assert said == ["QuoteUpdate", "FeedStale", "ResyncStarted", "ResyncFinished", "QuoteUpdate",
                    "QuoteUpdate"]  # fmt: skip


# What is stale.


def test_a_stale_quote_has_the_prices_of_before_and_its_own_time() -> None:
    quotes = [a_quote(100 + k, 110 + k, k) for k in range(5)]
    told = heard(*quotes, a_trade(1, 1, ns=at(2)), plan=(a_window(Kind.STALE_BOOK, 2, 2),))
    assert quoted(told[:5]) == [(100, 110), (101, 111), (101, 111), (101, 111), (104, 114)]
    assert [one.ts_ns for one in told] == [at(k) for k in (0, 1, 2, 3, 4, 2)]
    begun_stale = heard(*quotes, plan=(a_window(Kind.STALE_BOOK, 0, 3),))
    assert quoted(begun_stale) == [(100, 110)] * 3 + [(103, 113), (104, 114)]


def test_a_stale_book_changes_nothing_and_then_all_that_was_missed_at_once() -> None:
    def diff(number: int, second: float, bids: Levels = (), asks: Levels = ()) -> DepthDiff:
        return a_diff(number, number, bids=bids, asks=asks, ts_ns=at(second))

    start = a_snapshot(1, ((100, 5), (99, 5)), ((110, 5),), ts_ns=at(0))
    events = (
        start, diff(2, 1, bids=((98, 1),)), diff(3, 2, bids=((100, 0),)),
        diff(4, 3, asks=((109, 7),)), diff(5, 5, bids=((97, 2),)), diff(6, 6, asks=((108, 1),)),
    )  # fmt: skip
    told = heard(*events, plan=(a_window(Kind.STALE_BOOK, 1.5, 3),))
    assert told[:2] == [*events[:2]] and told[5] == events[5]
    assert told[2:4] == [diff(3, 2), diff(4, 3)]
    assert told[4] == diff(5, 5, bids=((100, 0), (97, 2)), asks=((109, 7),))


def test_a_snapshot_in_a_stale_stretch_is_of_before_and_one_behind_it_is_true() -> None:
    first = a_snapshot(1, ((100, 5),), ((110, 5),), ts_ns=at(0))
    stale = a_snapshot(7, ((200, 5),), ((210, 5),), ts_ns=at(2))
    true = a_snapshot(9, ((300, 5),), ((310, 5),), ts_ns=at(9))
    told = heard(first, stale, true, plan=(a_window(Kind.STALE_BOOK, 1, 3),))
    assert told[0] == first and told[2] == true
    assert (told[1].bids, told[1].asks, told[1].sequence) == (first.bids, first.asks, 7)
    begun_stale = heard(first, stale, plan=(a_window(Kind.STALE_BOOK, 0, 3),))
    assert begun_stale[0] == first and begun_stale[1].bids == first.bids


def test_a_quote_behind_a_stale_stretch_leaves_the_book_to_its_own_update() -> None:
    events = (
        a_snapshot(1, ts_ns=at(0)), a_diff(2, 2, bids=((100, 0),), ts_ns=at(1)),
        a_quote(98, 110, 4), a_diff(3, 3, ts_ns=at(5)),
    )  # fmt: skip
    told = heard(*events, plan=(a_window(Kind.STALE_BOOK, 0.5, 2),))
    assert told[2] == events[2]
    assert told[3].bids == ((100, 0),)


# What is crossed, and what is missing.


def test_a_crossed_quote_has_its_sides_exchanged() -> None:
    crossed = heard(a_quote(100, 110, 0), plan=(Fault(Kind.CROSSED_BOOK),))[0]
    assert (crossed.bid, crossed.bid_qty, crossed.ask, crossed.ask_qty) == (110, 2, 100, 1)


def test_a_crossed_update_has_a_bid_above_the_best_offer() -> None:
    start = a_snapshot(1, ((100, 5),), ((110, 5), (112, 5)), ts_ns=at(0))
    second = Fault(Kind.CROSSED_BOOK, nth=(2,))
    told = heard(start, a_diff(2, 2, bids=((99, 1),), ts_ns=at(1)), plan=(second,))
    assert told[0] == start
    assert told[1].bids == ((99, 1), (120, SCALE))
    assert heard(start, plan=(Fault(Kind.CROSSED_BOOK),))[0].bids == ((120, SCALE), (100, 5))
    only_asks = a_snapshot(1, (), ((110, 5),))
    assert heard(only_asks, plan=(Fault(Kind.CROSSED_BOOK),))[0].bids == ((110, SCALE),)
    empty = a_snapshot(1, ((100, 5),), ())
    assert heard(empty, plan=(Fault(Kind.CROSSED_BOOK),)) == [empty]


def test_a_crossed_book_is_not_used_by_a_run() -> None:
    events = (
        a_snapshot(1, ((100, 5),), ((110, 5),), ts_ns=at(0)),
        a_diff(2, 2, bids=((99, 1),), ts_ns=at(1)),
        a_diff(3, 3, bids=((101, 1),), ts_ns=at(2)),
        a_snapshot(9, ((100, 5),), ((110, 5),), ts_ns=at(3)),
    )  # fmt: skip
    market = behind(*events, plan=(Fault(Kind.CROSSED_BOOK, nth=(2,)),))
    quotes = [one.ts_ns - T0 for [one] in MarketFeed(market) if isinstance(one, QuoteUpdate)]
    assert quotes == [0, 3 * SECOND_NS]


def test_a_partial_snapshot_lacks_the_best_level_and_every_other() -> None:
    whole = a_snapshot(1, ((98, 1), (100, 1), (99, 1)), ((110, 1), (112, 1), (111, 1)))
    [cut] = heard(whole, plan=(Fault(Kind.PARTIAL_SNAPSHOT),))
    assert isinstance(cut, DepthSnapshot)
    assert (cut.bids, cut.asks) == (((99, 1),), ((111, 1),))
    diff = a_diff(1, 1)
    assert heard(diff, plan=(Fault(Kind.PARTIAL_SNAPSHOT),)) == [diff]


# Markets that tell prices only.


@pytest.mark.parametrize("steps", (1, 3))
def test_the_synthetic_market_can_be_misheard_too(steps: int) -> None:
    market = FaultyMarket(SyntheticMarket(["AAA", "BBB"], steps, T0), FaultPlan())
    told = list(market)
    assert [(one.symbol, one.source) for one in told] == [  # type: ignore[union-attr]
        ("AAA", "synthetic"), ("BBB", "synthetic"),
    ] * steps  # fmt: skip
    assert {one.bid_qty for one in told if isinstance(one, Bbo)} == {0}


def test_recorded_quotes_can_be_misheard_too(tmp_path: Path) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text("symbol,bid,ask,timestamp_ms\nAAA,1,2,1735689600000\n")
    [quote] = FaultyMarket(RecordedMarket(str(file)), FaultPlan((Fault(Kind.CROSSED_BOOK),)))
    assert isinstance(quote, Bbo) and (quote.bid, quote.ask) == (2 * SCALE, SCALE)


def test_what_a_market_tells_beside_what_happens_goes_wrong_and_what_happens_does_not() -> None:
    first, second, third = a_quote(1, 2, 0), a_quote(1, 2, 1), a_quote(2, 3, 20)

    class Telling:
        def __iter__(self) -> Iterator[Bbo]:
            return iter([first, second, third])

        def describe(self) -> dict[str, Any]:
            return {}

        def pairs(self) -> Iterator[tuple[Bbo | None, tuple[Bbo, ...]]]:
            yield None, (first, second)
            yield third, (third, first)
            yield third, ()

    good = FaultyMarket(Telling(), FaultPlan())
    assert good.tells_all and not good.hides_bars
    assert [(event, tuple(told)) for event, told in good.pairs()] == [*Telling().pairs()]
    assert list(good) == [first, second, third, first]
