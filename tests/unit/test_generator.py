"""The generated market: exact books, numbering, time, and streams that leave each other alone."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest

from tests.unit.generated_world import T0, a_plan, events_of, read, shown
from tests.unit.prop import chance, some_of
from tools.live.core import codec
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.market.disturb import Drop
from tools.live.market.generator import FORESIGHT, MIN_LATENCY_NS, GeneratedMarket
from tools.live.market.plan import described, lowest_mid
from tools.live.market.regimes import STEP_NS, Regime, mids

SYMBOLS = ("AUSD", "BUSD", "BTCUSDT")
BP = SCALE * 3 // 10  # a basis point of three thousand, the tick of AUSD


def told(events: Sequence[MarketEvent]) -> str:
    """A stream as one text, so that comparing a long one is quick."""
    return "\n".join(map(repr, events))


def digest(events: Sequence[MarketEvent]) -> str:
    lines = [codec.canonical([one.kind, one.ts_ns, codec.payload_of(one)]) for one in events]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def mids_of(events: Sequence[MarketEvent]) -> dict[int, int]:
    """Twice the mid in ticks of AUSD, by step; a step that tells no quote keeps the last."""
    quotes = {event.exchange_ns: event for event in events if isinstance(event, Bbo)}
    found, last = {}, 0
    for step in range(600):
        quote = quotes.get(T0 + step * STEP_NS)
        if quote is not None:
            last = (quote.bid + quote.ask) // BP
        found[step] = last
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_promise_of_the_stream_holds_under_any_plan(seed: int) -> None:
    rng = chance(seed)
    regimes = some_of(rng, list(Regime))
    plan = a_plan(
        *some_of(rng, SYMBOLS),
        seed=seed,
        schedule=tuple((rng.choice(regimes), rng.randint(1, 8)) for _ in range(4)),
        tick=rng.choice((0, SCALE // 100, 3 * SCALE // 10)),
        lot=rng.choice((1, SCALE // 1000, 5 * SCALE)),
        spread_ticks=rng.randint(1, 30),
        levels=rng.choice((1, 2, 7, 40)),
        correlation_e9=rng.choice((0, SCALE // 2, SCALE)),
        toxic_e9=rng.choice((0, SCALE // 2, SCALE)),
        snapshot_seconds=rng.choice((0, 1, 3)),
    )
    events = list(GeneratedMarket(plan))
    readers = read(events)
    assert set(readers) == set(plan.symbols)
    assert {event.symbol: event.kind for event in reversed(events)} == dict.fromkeys(
        plan.symbols, "md.depth_snapshot"
    )
    assert told(list(GeneratedMarket(plan))) == told(events)


def test_the_first_messages_by_hand() -> None:
    events = [event for event in events_of(seed=42) if not isinstance(event, Trade)]
    snapshot, quote, diff = events[:3]
    assert isinstance(snapshot, DepthSnapshot) and isinstance(diff, DepthDiff)
    mid = 3_000 * SCALE
    assert [price for price, _ in snapshot.bids] == [mid - (5 + n) * BP for n in range(10)]
    assert [price for price, _ in snapshot.asks] == [mid + (5 + n) * BP for n in range(10)]
    assert all(qty % (SCALE // 1000) == 0 for _, qty in snapshot.bids + snapshot.asks)
    assert all(0 < qty <= SCALE // 10 for _, qty in snapshot.bids + snapshot.asks)
    assert (snapshot.sequence, snapshot.exchange_ns) == (20, T0)
    assert shown(quote) == (*snapshot.bids[0], *snapshot.asks[0])
    assert (diff.first, diff.exchange_ns) == (21, T0 + STEP_NS)


def test_the_same_plan_gives_the_same_bytes_for_ever() -> None:
    schedule = tuple((regime, 2) for regime in Regime) + ((Regime.CALM, 1),)
    events = events_of(*SYMBOLS, seed=7, schedule=schedule, toxic_e9=SCALE // 2,
                       correlation_e9=SCALE // 3, snapshot_seconds=2)  # fmt: skip
    assert len(events) == 820
    assert digest(events) == "241955fc75a60e463e183f5852d0c6ac384fb71cecacefc7394d2f44b18fa3fd"


def test_the_quotes_stand_around_the_mid_of_the_walk() -> None:
    schedule = ((Regime.CALM, 3), (Regime.BURST, 2), (Regime.THIN, 2))
    plan = a_plan(seed=5, schedule=schedule, spread_ticks=7)
    regimes = [regime for regime, seconds in schedule for _ in range(10 * seconds)]
    walk = list(mids(seed=5, symbol="AUSD", regimes=regimes, first=10_000,
                     floor=lowest_mid(plan), correlation_e9=0))  # fmt: skip
    spreads = {Regime.CALM: 7, Regime.BURST: 14, Regime.THIN: 28}
    seen = 0
    for event in GeneratedMarket(plan):
        if isinstance(event, Bbo):
            assert event.exchange_ns is not None
            step = (event.exchange_ns - T0) // STEP_NS
            spread = spreads[regimes[step]]
            bid = walk[step] - spread // 2
            assert (event.bid, event.ask) == (bid * BP, (bid + spread) * BP)
            seen += 1
    assert seen > 60


def test_a_thin_market_has_few_levels_with_little_on_them() -> None:
    schedule = ((Regime.THIN, 5), (Regime.CALM, 5), (Regime.THIN, 5))
    for levels, thin in ((10, 2), (40, 10), (3, 1)):
        events = events_of(schedule=schedule, levels=levels, snapshot_seconds=4)
        snapshots = [event for event in events if isinstance(event, DepthSnapshot)]
        assert [len(one.bids) for one in snapshots] == [thin, thin, levels, thin]
        assert max(qty for _, qty in snapshots[0].bids + snapshots[0].asks) <= 20 * SCALE // 1000
        read(events)


def test_a_halt_is_silent_and_ends_with_a_new_snapshot() -> None:
    schedule = ((Regime.CALM, 3), (Regime.HALTED, 4), (Regime.CALM, 3))
    events = events_of(*SYMBOLS, schedule=schedule, snapshot_seconds=1)
    halt, resume = T0 + 3 * NS_PER_S, T0 + 7 * NS_PER_S
    times = [event.exchange_ns or 0 for event in events]
    assert not [at for at in times if halt <= at < resume]
    assert max(at for at in times if at < halt) == halt - STEP_NS
    for symbol, reader in read(events).items():
        mine = [event for event in events if event.symbol == symbol]
        first, second = (event for event in mine if event.exchange_ns == resume)
        before = mine[: mine.index(first)]
        assert isinstance(first, DepthSnapshot) and isinstance(second, Bbo)
        last = max(event.sequence or 0 for event in before if isinstance(event, DepthDiff))
        assert first.sequence is not None and first.sequence > last > 0
        assert reader.counts["md.depth_snapshot"] == 3 + 3


def test_a_market_that_opens_halted_shows_itself_once() -> None:
    schedule = ((Regime.HALTED, 2), (Regime.CALM, 1))
    events = events_of(schedule=schedule)
    kinds = [(event.kind, event.exchange_ns) for event in events[:4]]
    resume = T0 + 2 * NS_PER_S
    assert kinds == [("md.depth_snapshot", T0), ("md.bbo", T0),
                     ("md.depth_snapshot", resume), ("md.bbo", resume)]  # fmt: skip
    read(events)
    assert events[:2] == events_of()[:2]  # it opens as a calm one does


def test_the_book_is_told_whole_again_from_time_to_time_or_never() -> None:
    for every, times in ((0, [0]), (4, [0, 4, 8]), (10, [0]), (5, [0, 5])):
        events = events_of(snapshot_seconds=every)
        told_at = [event.exchange_ns for event in events if isinstance(event, DepthSnapshot)]
        assert told_at == [T0 + seconds * NS_PER_S for seconds in times]


def test_messages_travel_between_one_and_eighteen_milliseconds() -> None:
    late = [e.ts_ns - e.exchange_ns for e in events_of(seed=3, schedule=((Regime.BURST, 30),))
            if e.exchange_ns is not None]  # fmt: skip
    assert MIN_LATENCY_NS <= min(late) < 1_100_000
    assert 15_000_000 < max(late) <= MIN_LATENCY_NS + 255**3
    assert 4_000_000 < sum(late) / len(late) < 9_000_000


def test_what_is_received_at_once_goes_by_the_order_of_the_symbols() -> None:
    for symbols in (SYMBOLS, SYMBOLS[::-1]):
        rank = {symbol: place for place, symbol in enumerate(symbols)}
        keys = [(event.ts_ns, rank[event.symbol]) for event in events_of(*symbols)]
        assert keys == sorted(keys)


# Streams that leave each other alone.


@pytest.mark.parametrize("correlation", [0, SCALE // 2, SCALE])
def test_another_symbol_leaves_the_others_as_they_are(correlation: int) -> None:
    alone = {
        symbol: told(events_of(symbol, correlation_e9=correlation, toxic_e9=SCALE // 2))
        for symbol in SYMBOLS
    }
    for symbols in (SYMBOLS, SYMBOLS[::-1], SYMBOLS[1:]):
        together = events_of(*symbols, correlation_e9=correlation, toxic_e9=SCALE // 2)
        for symbol in symbols:
            assert told([e for e in together if e.symbol == symbol]) == alone[symbol]


def test_a_longer_market_begins_like_a_shorter_one() -> None:
    short = events_of(schedule=((Regime.CALM, 5),))
    assert told(events_of(schedule=((Regime.CALM, 9),))[: len(short)]) == told(short)


def test_another_seed_is_another_market() -> None:
    assert mids_of(events_of(seed=1)) != mids_of(events_of(seed=2))


def test_another_share_of_informed_traders_changes_sides_and_nothing_before_them() -> None:
    benign, toxic = events_of(), events_of(toxic_e9=SCALE)
    assert mids_of(benign) == mids_of(toxic)
    times = [[e.exchange_ns for e in events if isinstance(e, Trade)] for events in (benign, toxic)]
    assert times[0] == times[1]


def test_the_start_only_moves_the_times() -> None:
    early, late = events_of(start_ns=0), events_of()
    assert len(early) == len(late)
    for one, other in zip(early, late, strict=True):
        assert other.ts_ns - one.ts_ns == T0
        assert codec.payload_of(one) | {"exchange_ns": 0} == (
            codec.payload_of(other) | {"exchange_ns": 0}
        )


# Who knows what comes.


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0, SCALE * 6 // 10, SCALE])
def test_an_informed_aggressor_goes_where_the_mid_will_be_in_a_second(
    share: int, seed: int
) -> None:
    events = events_of(seed=seed, toxic_e9=share, schedule=((Regime.BURST, 60),))
    mid = mids_of(events)
    right = wrong = 0
    for event in events:
        if isinstance(event, Trade) and event.exchange_ns is not None:
            step = (event.exchange_ns - T0) // STEP_NS
            coming = mid.get(step + FORESIGHT, mid[step]) - mid[step]
            if coming:
                agrees = (coming > 0) is (event.side is BUY)
                right, wrong = right + agrees, wrong + (not agrees)
    assert right + wrong > 1000
    expected = 0.5 + share / SCALE / 2
    assert abs(right / (right + wrong) - expected) < 0.06
    assert share < SCALE or not wrong


def test_without_a_view_the_informed_pick_a_side_at_random() -> None:
    events = events_of(toxic_e9=SCALE, schedule=((Regime.CALM, 60),), tick=2 * BP * 10,
                       spread_ticks=1, levels=2)  # fmt: skip
    mid = mids_of(events)
    sides = [e.side for e in events if isinstance(e, Trade) and e.exchange_ns is not None
             and mid[(e.exchange_ns - T0) // STEP_NS]
             == mid.get((e.exchange_ns - T0) // STEP_NS + FORESIGHT)]  # fmt: skip
    assert 5 < sum(side is BUY for side in sides) < len(sides) - 5


# The market as a thing.


def test_it_can_be_walked_again_and_says_what_it_is() -> None:
    plan = a_plan("AUSD", "BUSD", seed=9)
    market = GeneratedMarket(plan)
    assert list(market) == list(market)
    assert market.plan is plan
    assert market.describe() == {"kind": "generated", **described(plan)}


def test_a_wrong_plan_is_refused_before_anything_is_drawn() -> None:
    with pytest.raises(ContractError, match="^levels 0 is not a whole number"):
        GeneratedMarket(a_plan(levels=0))


def test_the_disturbances_of_the_plan_happen_to_its_messages() -> None:
    whole = events_of()
    market = GeneratedMarket(a_plan(disturbances=(Drop(3, 5),)))
    assert told(list(market)) == told(whole[:2] + whole[5:])
    assert told(list(market.undisturbed())) == told(whole)


@pytest.mark.usefixtures("untraced")
def test_its_memory_does_not_grow_with_its_length() -> None:
    peaks = []
    for seconds in (10, 100):
        plan = a_plan(*SYMBOLS, schedule=((Regime.CALM, seconds),))
        tracemalloc.start()
        count = sum(1 for _ in GeneratedMarket(plan))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert count > 6_000
    assert peaks[1] < peaks[0] + 20_000


def test_nothing_is_made_before_it_is_asked_for() -> None:
    market: Any = iter(GeneratedMarket(a_plan(schedule=((Regime.CALM, 604_800),))))
    assert len(list(islice(market, 5))) == 5
